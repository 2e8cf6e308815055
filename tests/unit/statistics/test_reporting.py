"""Rules R4, C1 and T4: missing is not zero, coverage stands beside every total, a region has no value before it existed."""

from tests.unit.statistics.frames import Country, cell, reports, rows

DATASET = "laboratory"


def observed(country: Country, **where: object) -> tuple[int | None, str]:
    row = cell(country.marts()["mart_laboratories"], **where)
    return row["laboratories"], row["obs_status"]


def test_r4_a_region_that_reported_none_shows_zero_and_one_that_did_not_report_shows_a_colon(country):
    country.expects(*reports(DATASET, "KZ-71", "KZ-75")).receives(*reports(DATASET, "KZ-71"))
    assert observed(country, region_code="KZ-71") == (0, "")
    assert observed(country, region_code="KZ-75") == (None, ":")


def test_r4_a_missing_month_is_a_colon_and_makes_the_year_and_the_country_partial(country):
    country.expects(*reports(DATASET, "KZ-71", "KZ-75"))
    country.receives(*reports(DATASET, "KZ-75"), *reports(DATASET, "KZ-71", months=[1, 2, 3]))
    country.add(DATASET, {"closed_on": "2025-03-05"})
    assert observed(country, region_code="KZ-71", month=3) == (1, "")
    assert observed(country, region_code="KZ-71", month=4) == (None, ":")
    assert observed(country, region_code="KZ-71") == (1, "p")
    assert observed(country, month=3) == (1, "")
    assert observed(country, month=4) == (0, "p")
    assert observed(country) == (1, "p")


def test_r4_rows_known_from_other_deliveries_show_as_partial(country):
    country.expects(*reports(DATASET, "KZ-71")).receives(*reports(DATASET, "KZ-71", months=[6]))
    country.add(DATASET, {"closed_on": "2025-05-30"})  # dated in May, delivered in June
    assert observed(country, region_code="KZ-71", month=5) == (1, "p")


def test_r4_nothing_from_anyone_is_a_colon_for_the_country_and_for_what_is_not_allocated(country):
    country.expects(*reports(DATASET, "KZ-71"))
    assert observed(country) == (None, ":")
    assert observed(country, region_code="KZ-NAT") == (None, ":")
    assert cell(country.marts()["mart_channels"], stage="blocked")["overlap"] is None


def test_r4_what_is_not_allocated_is_zero_once_anyone_has_reported(country):
    country.hears_all(DATASET, "KZ-71")
    assert observed(country, region_code="KZ-NAT") == (0, "")


def test_r4_what_is_not_allocated_is_missing_when_the_source_that_reports_it_is(country):
    country.nationwide.append("KZ-71")
    country.expects(*reports(DATASET, "KZ-71", "KZ-75"))
    country.receives(*reports(DATASET, "KZ-71", months=[1]), *reports(DATASET, "KZ-75"))
    assert observed(country, region_code="KZ-NAT", month=1) == (0, "")
    assert observed(country, region_code="KZ-NAT", month=2) == (None, ":")
    assert observed(country, region_code="KZ-NAT") == (0, "p")
    assert observed(country, region_code="KZ-75") == (0, "")


def test_r4_a_row_of_a_period_for_which_nobody_was_to_report_is_partial(country):
    country.hears_all(DATASET, "KZ-71").add(DATASET, {"region_code": "KZ-75", "closed_on": "2025-03-05"})
    assert observed(country, region_code="KZ-75") == (1, "p")


def test_r4_the_status_is_that_of_region_and_period_and_the_same_for_every_stage(country):
    country.expects(*reports("blocking_record", "KZ-71")).receives(
        *reports("blocking_record", "KZ-71", months=[1, 2])
    )
    country.add("blocking_record", {"detected_on": "2025-01-10", "blocked_on": "2025-03-01"})
    mart = rows(country.marts()["mart_channels"], region_code="KZ-71", platform="_T", category="_T")
    seen = {(row["month"], row["stage"]): (row["channels"], row["obs_status"]) for row in mart}
    assert seen[1, "detected"] == (1, "") and seen[1, "blocked"] == (0, "")
    assert seen[3, "blocked"] == (1, "p") and seen[3, "detected"] == (None, ":")


def test_every_year_that_core_holds_is_counted_whatever_its_delivery_was_for(country):
    country.hears_all(DATASET, "KZ-71").add(DATASET, {"closed_on": "2023-12-30"}, {"closed_on": "2025-03-05"})
    mart = country.marts_of_every_year()["mart_laboratories"]
    counted = {row["year"]: (row["laboratories"], row["obs_status"]) for row in rows(
        mart, month=None, region_code="KZ", lab_type="_T")}  # fmt: skip
    assert counted == {2023: (1, "p"), 2025: (1, "")}


def test_a_channels_year_may_be_that_of_any_of_its_dates(country):
    country.hears_all("blocking_record", "KZ-71").add(
        "blocking_record",
        {"detected_on": "2022-05-01", "requested_on": "2023-05-01", "blocked_on": "2024-05-01"},
    )
    mart = country.marts_of_every_year()["mart_channels"]
    stages = {row["year"]: row["stage"] for row in rows(
        mart, month=None, region_code="KZ-71", platform="_T", category="_T", channels=1) if row["stage"] in (
        "detected", "requested", "blocked")}  # fmt: skip
    assert stages == {2022: "detected", 2023: "requested", 2024: "blocked"}


def test_a_year_that_was_expected_and_not_reported_has_its_rows(country):
    country.expects(*reports(DATASET, "KZ-71", year=2024)).hears_all(DATASET, "KZ-71")
    mart = country.marts_of_every_year()["mart_laboratories"]
    assert {row["obs_status"] for row in rows(mart, year=2024, region_code="KZ-71")} == {":"}


def test_r4_every_measure_of_a_region_without_reports_is_empty_in_every_mart(country):
    for dataset in country.core:
        country.expects(*reports(dataset, "KZ-71", "KZ-75")).receives(*reports(dataset, "KZ-71"))
    marts = country.marts()
    measures = {
        "mart_channels": ["channels", "urls"], "mart_seizures": ["seizures", "quantity", "mass_kg", "dated_by_registration"],
        "mart_laboratories": ["laboratories"], "mart_prevention": ["activities", "participants_measured", "participants_estimated"],
        "mart_resocialisation": ["enrolled", "employed_12m"],
    }  # fmt: skip
    for mart, names in measures.items():
        silent = rows(marts[mart], region_code="KZ-75")
        assert silent and all(
            row["obs_status"] == ":" and row[name] is None for row in silent for name in names
        ), mart
        assert all(row["obs_status"] == "" for row in rows(marts[mart], region_code="KZ-71")), mart
    assert cell(marts["mart_seizures"], region_code="KZ-71", substance_class="drug")["mass_kg"] == 0
    assert cell(marts["mart_resocialisation"], region_code="KZ-71")["enrolled"] == 0


def test_c1_coverage_counts_expected_and_received_region_months(country):
    country.expects(*reports(DATASET, "KZ-71", "KZ-75")).receives(*reports(DATASET, "KZ-71", months=[1, 2]))
    country.receives(
        *reports(DATASET, "KZ-71", months=[1])
    )  # a second delivery of the same month is one report
    country.receives(*reports(DATASET, "KZ-79"))  # not expected: never makes up for a missing one
    coverage = country.marts()["mart_coverage"]
    counted = {
        (r["region_code"], r["month"]): (r["expected"], r["received"])
        for r in rows(coverage)
        if r["month"] in (None, 1, 3)
    }
    assert counted == {
        ("KZ", None): (24, 2), ("KZ-71", None): (12, 2), ("KZ-75", None): (12, 0),
        ("KZ", 1): (2, 1), ("KZ-71", 1): (1, 1), ("KZ-75", 1): (1, 0), ("KZ", 3): (2, 0), ("KZ-71", 3): (1, 0), ("KZ-75", 3): (1, 0),
    }  # fmt: skip


def test_t4_a_region_has_no_row_before_it_existed(country):
    mart = country.marts(2021, 2022)["mart_laboratories"]
    abai = {(row["year"], row["month"]) for row in rows(mart, region_code="KZ-10")}
    assert abai == {(2022, None)} | {(2022, month) for month in range(6, 13)}
