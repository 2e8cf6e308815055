"""Counting rules B1-B3 and B5-B7: what a blocked channel is, where it counts and when."""

from tests.unit.statistics.frames import Country, cell, rows

DATASET = "blocking_record"


def channels(country: Country, **where: object) -> int:
    return cell(country.marts()["mart_channels"], **where)["channels"]


def stages(country: Country, **where: object) -> dict[str, int]:
    mart = country.marts()["mart_channels"]
    names = ("detected", "requested", "ordered", "blocked", "still_blocked", "unblocked", "reblocked")
    return {name: cell(mart, stage=name, **where)["channels"] for name in names}


def test_b1_two_records_of_one_channel_are_one_channel_and_their_addresses_are_counted_apart(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {"channel_key": "telegram:shop", "identifier": "https://t.me/shop", "blocked_on": "2025-03-01"},
        {"channel_key": "telegram:shop", "identifier": "@shop", "blocked_on": "2025-03-09"},
        {"channel_key": "telegram:shop", "identifier": "@shop", "blocked_on": "2025-04-09"},
    )
    blocked = cell(country.marts()["mart_channels"], stage="blocked")
    assert (blocked["channels"], blocked["urls"]) == (1, 2)


def test_b2_each_stage_counts_at_its_own_date_and_blocked_means_executed(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {"channel_key": "a", "detected_on": "2025-01-05", "requested_on": "2025-02-05"},
        {"channel_key": "b", "detected_on": "2025-01-05", "requested_on": "2025-02-05", "decision_on": "2025-03-05"},
        {"channel_key": "c", "detected_on": "2025-01-05", "requested_on": "2025-02-05", "decision_on": "2025-03-05",
         "blocked_on": "2025-04-05"},
    )  # fmt: skip
    assert stages(country) == {
        "detected": 3, "requested": 3, "ordered": 2, "blocked": 1, "still_blocked": 1, "unblocked": 0, "reblocked": 0,
    }  # fmt: skip
    assert [channels(country, stage=stage, month=month) for stage, month in
            (("detected", 1), ("requested", 2), ("ordered", 3), ("blocked", 4), ("blocked", 2))] == [3, 3, 2, 1, 0]  # fmt: skip


def test_b3_one_channel_reported_by_two_regions_is_one_for_the_country_and_one_in_each(country):
    country.hears_all(DATASET, "KZ-71", "KZ-75").add(
        DATASET,
        {"region_code": "KZ-71", "channel_key": "telegram:shop", "blocked_on": "2025-03-01"},
        {"region_code": "KZ-75", "channel_key": "telegram:shop", "blocked_on": "2025-04-09"},
    )
    mart = country.marts()["mart_channels"]
    national = cell(mart, stage="blocked")
    assert (national["channels"], national["overlap"]) == (1, 1)
    assert [cell(mart, stage="blocked", region_code=r)["channels"] for r in ("KZ-71", "KZ-75")] == [1, 1]
    assert cell(mart, stage="blocked", region_code="KZ-71")["overlap"] is None


def test_b3_the_regions_minus_the_overlap_are_the_country_to_the_unit_in_every_cell(country):
    regions, platforms, categories = (
        ("KZ-10", "KZ-71", "KZ-75"),
        ("telegram_bot", "vk"),
        ("sale", "advertising"),
    )
    country.hears_all(DATASET, *regions)
    for n in range(60):
        country.add(
            DATASET,
            {
                "region_code": regions[n % 3],
                "channel_key": f"{platforms[n % 2]}:{n % 14}",
                "platform": platforms[n % 2],
                "category": categories[n % 5 % 2],
                "detected_on": f"2025-{n % 4 + 1:02}-05",
                "blocked_on": f"2025-{n % 6 + 4:02}-1{n % 7}" if n % 4 else None,
                "unblocked_on": f"2025-{n % 6 + 5:02}-20" if n % 8 == 1 else None,
            },
        )
    mart = country.marts()["mart_channels"].to_pylist()
    sums: dict[tuple, int] = {}
    for row in mart:
        if row["region_code"] != "KZ":
            cell_of = (row["month"], row["platform"], row["category"], row["stage"])
            sums[cell_of] = sums.get(cell_of, 0) + (row["channels"] or 0)
    national = {
        (r["month"], r["platform"], r["category"], r["stage"]): r for r in mart if r["region_code"] == "KZ"
    }
    assert set(national) >= set(sums)
    assert all(
        sums.get(key, 0) - row["overlap"] == row["channels"]
        for key, row in national.items()
        if row["obs_status"] == ""
    )
    assert max(row["overlap"] for row in national.values()) > 0


def test_b4_a_mirror_is_a_channel_of_its_own(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {"channel_key": "website:shop.example", "blocked_on": "2025-03-01"},
        {
            "channel_key": "website:shop2.example",
            "parent_channel_key": "website:shop.example",
            "blocked_on": "2025-03-02",
        },
    )
    assert channels(country, stage="blocked") == 2


def test_b5_blocked_again_is_a_new_event_but_not_a_new_channel_of_that_year(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {"channel_key": "a", "blocked_on": "2025-02-01", "unblocked_on": "2025-03-01"},
        {"channel_key": "a", "blocked_on": "2025-05-01"},
    )
    assert stages(country) == {
        "detected": 1, "requested": 0, "ordered": 0, "blocked": 1, "still_blocked": 1, "unblocked": 1, "reblocked": 1,
    }  # fmt: skip
    assert channels(country, stage="reblocked", month=5) == 1
    assert channels(country, stage="blocked", month=5) == 0


def test_b5_blocked_again_in_the_next_year_is_a_channel_of_that_year_too(country):
    country.hears_all(DATASET, "KZ-71", year=2024).hears_all(DATASET, "KZ-71").add(
        DATASET,
        {
            "channel_key": "a",
            "detected_on": "2024-05-01",
            "blocked_on": "2024-06-01",
            "unblocked_on": "2024-09-01",
        },
        {"channel_key": "a", "detected_on": "2024-05-01", "blocked_on": "2025-02-01"},
    )
    mart = country.marts(2024, 2025)["mart_channels"]
    assert [cell(mart, stage="blocked", year=year)["channels"] for year in (2024, 2025)] == [1, 1]
    assert [cell(mart, stage="reblocked", year=year)["channels"] for year in (2024, 2025)] == [0, 1]


def test_b2_still_blocked_looks_at_the_end_of_the_rows_own_period(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {
            "channel_key": "a",
            "blocked_on": "2025-02-01",
            "unblocked_on": "2025-03-01",
        },  # open again by year end
        {
            "channel_key": "b",
            "blocked_on": "2025-02-01",
            "unblocked_on": "2025-02-20",
        },  # open again within the month
        {
            "channel_key": "c",
            "blocked_on": "2025-02-01",
            "unblocked_on": "2026-01-05",
        },  # open again only next year
    )
    assert channels(country, stage="blocked") == 3
    assert channels(country, stage="still_blocked") == 1
    assert channels(country, stage="still_blocked", month=2) == 2


def test_b2_a_block_lifted_on_its_day_is_lifted_and_a_block_on_the_day_of_a_lift_stands(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {"channel_key": "a", "blocked_on": "2025-02-01", "unblocked_on": "2025-02-01"},
        {"channel_key": "b", "blocked_on": "2025-02-01", "unblocked_on": "2025-03-01"},
        {"channel_key": "b", "blocked_on": "2025-03-01"},
    )
    assert channels(country, stage="still_blocked") == 1
    assert channels(country, stage="reblocked") == 1


def test_b3_a_channel_lifted_by_one_region_and_blocked_later_by_another_is_still_blocked_in_the_country(
    country,
):
    country.hears_all(DATASET, "KZ-71", "KZ-75").add(
        DATASET,
        {
            "region_code": "KZ-71",
            "channel_key": "a",
            "blocked_on": "2025-02-01",
            "unblocked_on": "2025-03-01",
        },
        {"region_code": "KZ-75", "channel_key": "a", "blocked_on": "2025-04-01"},
    )
    still = {r: channels(country, stage="still_blocked", region_code=r) for r in ("KZ", "KZ-71", "KZ-75")}
    assert still == {"KZ": 1, "KZ-71": 0, "KZ-75": 1}
    again = cell(country.marts()["mart_channels"], stage="reblocked")
    assert (again["channels"], again["overlap"]) == (1, -1)  # neither region alone saw it come back


def test_b6_a_rename_with_the_same_numeric_id_is_the_same_channel(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {
            "channel_key": "telegram:id:777",
            "platform_numeric_id": "777",
            "identifier": "@old",
            "blocked_on": "2025-02-01",
        },
        {
            "channel_key": "telegram:id:777",
            "platform_numeric_id": "777",
            "identifier": "@new",
            "blocked_on": "2025-06-01",
        },
    )
    blocked = cell(country.marts()["mart_channels"], stage="blocked")
    assert (blocked["channels"], blocked["urls"]) == (1, 2)


def test_b7_a_channel_counts_in_the_month_of_its_first_execution_in_the_year(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {"channel_key": "a", "blocked_on": "2025-06-30"},
        {"channel_key": "a", "blocked_on": "2025-02-01"},
    )
    by_month = {r["month"]: r["channels"] for r in rows(country.marts()["mart_channels"], region_code="KZ-71", stage="blocked",
                platform="_T", category="_T") if r["channels"]}  # fmt: skip
    assert by_month == {None: 1, 2: 1}


def test_platform_and_category_are_those_of_the_first_record_and_their_cells_add_up(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {"channel_key": "a", "record_key": "2", "category": "sale", "blocked_on": "2025-02-01"},
        {"channel_key": "a", "record_key": "1", "category": "advertising", "blocked_on": "2025-02-01"},
        {"channel_key": "b", "platform": "vk", "category": "sale", "blocked_on": "2025-02-03"},
    )
    mart = country.marts()["mart_channels"]
    cells = {
        (r["platform"], r["category"]): r["channels"]
        for r in rows(mart, region_code="KZ", stage="blocked", month=None)
    }
    assert cells == {
        ("_T", "_T"): 2, ("_T", "advertising"): 1, ("_T", "sale"): 1, ("telegram_channel", "_T"): 1, ("vk", "_T"): 1,
        ("telegram_channel", "advertising"): 1, ("vk", "sale"): 1,
    }  # fmt: skip


def test_c3_a_channel_of_no_region_counts_in_its_own_row_and_in_the_country(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET, {"region_code": "KZ-NAT", "source_id": "KZ-71", "blocked_on": "2025-02-01"}
    )
    assert {r: channels(country, stage="blocked", region_code=r) for r in ("KZ", "KZ-71", "KZ-NAT")} == {
        "KZ": 1, "KZ-71": 0, "KZ-NAT": 1,
    }  # fmt: skip


# Ids and handles (B1, B3, B6) ----------------------------------------------------------------------------------


def with_id(number: int, handle: str, **more: object) -> dict:
    return {"channel_key": f"telegram:id:{number}", "handle_key": f"telegram:{handle}", "blocked_on": "2025-03-01", **more}  # fmt: skip


def alone(handle: str, **more: object) -> dict:
    return {
        "channel_key": f"telegram:{handle}", "handle_key": f"telegram:{handle}", "blocked_on": "2025-03-01", **more}  # fmt: skip


def test_b6_a_handle_without_and_with_its_id_is_one_channel_and_overlaps_between_regions(country):
    country.hears_all(DATASET, "KZ-71", "KZ-75").add(
        DATASET, alone("shop", region_code="KZ-71"), with_id(5, "shop", region_code="KZ-75"), alone("other")
    )
    blocked = cell(country.marts()["mart_channels"], stage="blocked")
    assert (blocked["channels"], blocked["overlap"]) == (2, 1)
    assert country.candidates() == []


def test_b6_every_handle_of_an_id_is_its_channel(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET, with_id(5, "old_name"), with_id(5, "new_name"), alone("old_name"), alone("new_name")
    )
    assert channels(country, stage="blocked") == 1


def test_b6_a_handle_that_had_two_ids_stays_two_channels_and_is_listed(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        with_id(5, "shop", detected_on="2025-01-01"), with_id(6, "shop", detected_on="2025-02-01", region_code="KZ-75"),
        alone("shop", detected_on="2025-02-02"), alone("shop", detected_on="2024-12-01"), with_id(7, "other"),
    )  # fmt: skip
    assert channels(country, stage="blocked") == 3
    listed = [(row["handle_key"], row["channel_key"], row["regions"]) for row in country.candidates()]
    assert listed == [
        ("telegram:shop", "telegram:id:5", "KZ-71"),
        ("telegram:shop", "telegram:id:6", "KZ-75"),
    ]


def test_b6_a_handle_alone_is_the_id_that_it_had_on_its_day(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        with_id(5, "shop", detected_on="2025-01-01", blocked_on=None),
        with_id(6, "shop", detected_on="2025-02-01", blocked_on="2025-02-01"),
        alone("shop", detected_on="2025-01-15", blocked_on="2025-01-15"),
        alone("shop", detected_on="2025-02-15", blocked_on="2025-02-15"),
    )
    assert [channels(country, stage="blocked", month=month) for month in (1, 2)] == [1, 1]


def test_b6_an_id_that_is_known_later_changes_nothing_that_was_known_before(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET, alone("shop"), with_id(5, "shop_2"), alone("shop_2"), with_id(5, "shop", batch_id="b2")
    )
    known = [
        cell(country.marts(known_batches=batches)["mart_channels"], stage="blocked")["channels"]
        for batches in (["b1"], ["b1", "b2"])
    ]
    assert known == [2, 1]


def test_b6_rows_of_core_from_before_handles_were_kept_count_as_they_are(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET, {"channel_key": "telegram:id:5", "blocked_on": "2025-03-01"}, alone("shop")
    )
    assert channels(country, stage="blocked") == 2


# What is blocked at year end (B2, B3) ---------------------------------------------------------------------------


def test_b2_the_stock_holds_what_any_year_blocked_and_still_blocked_this_years_blocks_alone(country):
    country.hears_all(DATASET, "KZ-71").hears_all(DATASET, "KZ-71", year=2024).add(
        DATASET,
        {"channel_key": "a", "detected_on": "2023-02-01", "blocked_on": "2023-02-01"},
        {
            "channel_key": "b",
            "detected_on": "2024-02-01",
            "blocked_on": "2024-02-01",
            "unblocked_on": "2025-03-01",
        },
        {"channel_key": "c", "blocked_on": "2025-02-01"},
        {"channel_key": "d", "blocked_on": "2025-02-01", "unblocked_on": "2025-03-01"},
        {"channel_key": "d", "identifier": "@d", "blocked_on": "2026-01-01"},
    )
    mart = country.marts(2024, 2025)["mart_channels"]
    counted = {
        (year, stage): cell(mart, stage=stage, year=year)["channels"]
        for year in (2024, 2025)
        for stage in ("blocked", "still_blocked", "blocked_stock")
    }
    assert counted == {
        (2024, "blocked"): 1, (2024, "still_blocked"): 1, (2024, "blocked_stock"): 2,
        (2025, "blocked"): 2, (2025, "still_blocked"): 1, (2025, "blocked_stock"): 2,
    }  # fmt: skip
    assert not rows(mart, stage="blocked_stock", month=12)


def test_b2_the_stock_of_a_year_is_the_same_whichever_years_are_counted(country):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {"channel_key": "a", "detected_on": "2022-02-01", "blocked_on": "2022-02-01"},
        {"channel_key": "a", "identifier": "@a", "detected_on": "2023-02-01", "blocked_on": "2023-02-01"},
        {"channel_key": "b", "blocked_on": "2025-02-01", "platform": "vk"},
    )
    stock = [
        [row for row in rows(marts["mart_channels"], year=2025, stage="blocked_stock") if row["channels"]]
        for marts in (country.marts(2025), country.marts(2024, 2025), country.marts_of_every_year())
    ]
    assert stock[0] == stock[1] == stock[2]
    total = cell(country.marts(2025)["mart_channels"], stage="blocked_stock")
    assert (total["channels"], total["urls"]) == (2, 3)


def test_b3_a_block_that_stands_in_one_region_does_not_outlive_a_later_lift_by_another_in_the_country(
    country,
):
    country.hears_all(DATASET, "KZ-71", "KZ-75").add(
        DATASET,
        {"region_code": "KZ-71", "channel_key": "a", "blocked_on": "2025-02-01"},
        {
            "region_code": "KZ-75",
            "channel_key": "a",
            "blocked_on": "2025-03-01",
            "unblocked_on": "2025-06-01",
        },
    )
    mart = country.marts()["mart_channels"]
    for stage in ("still_blocked", "blocked_stock"):
        counted = {
            place: cell(mart, stage=stage, region_code=place)["channels"]
            for place in ("KZ-71", "KZ-75", "KZ")
        }
        assert counted == {"KZ-71": 1, "KZ-75": 0, "KZ": 0}
        assert cell(mart, stage=stage)["overlap"] == 1


def test_b1_urls_are_the_identifiers_letter_for_letter_of_the_records_that_reached_the_stage_that_year(
    country,
):
    country.hears_all(DATASET, "KZ-71").add(
        DATASET,
        {"channel_key": "a", "identifier": "@Shop", "blocked_on": "2025-02-01"},
        {"channel_key": "a", "identifier": "@shop", "blocked_on": "2025-03-01"},
        {"channel_key": "a", "identifier": "https://t.me/shop"},
    )
    mart = country.marts()["mart_channels"]
    assert [cell(mart, stage=stage)["urls"] for stage in ("detected", "blocked")] == [3, 2]
