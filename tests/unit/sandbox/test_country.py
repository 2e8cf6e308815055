"""The simulated country has the size and the oddities that it promises."""

from collections import Counter
from typing import Any

from include.contracts import DATASETS, codelist, load, row_rules
from include.sandbox import simulate
from include.sandbox.reports import MISSING, Delivery
from include.sandbox.truth import current
from include.sandbox.writers import to_bytes


def headline(true: dict[str, Any], figure: str, year: int = 2025) -> float:
    value: float = true["headlines"][str(year)][figure]
    return value


def test_the_same_seed_gives_the_same_deliveries(deliveries: list[Delivery]) -> None:
    again = simulate()
    assert [(d.feed_id, d.name) for d in again] == [(d.feed_id, d.name) for d in deliveries]
    assert all(a.rows == b.rows for a, b in zip(again, deliveries, strict=True))


def test_another_seed_gives_another_country(deliveries: list[Delivery]) -> None:
    other = simulate(seed=7)
    assert [len(d.rows) for d in other] != [len(d.rows) for d in deliveries]


def test_the_same_rows_are_the_same_bytes_in_every_format(deliveries: list[Delivery]) -> None:
    one_of_each = {d.clerk.format.kind: d for d in deliveries if d.period == "2025-03"}
    assert sorted(one_of_each) == ["csv", "json", "jsonl", "xlsx"]
    assert all(to_bytes(delivery) == to_bytes(delivery) for delivery in one_of_each.values())


def test_the_year_2025_is_as_large_as_the_public_figures(true: dict[str, Any]) -> None:
    assert 17_000 <= headline(true, "channels_blocked") < 17_100
    assert 30_000 < headline(true, "drugs_seized") < 31_000
    assert headline(true, "council_meetings") == 62
    assert headline(true, "videos") > 400
    assert 24 <= headline(true, "podcasts") <= 60
    assert headline(true, "events") > 1_100
    assert headline(true, "regions_visited") == 9
    assert 48 <= headline(true, "laboratories_closed") <= 99


def test_the_year_before_is_smaller(true: dict[str, Any]) -> None:
    for figure in ("channels_blocked", "drugs_seized", "laboratories_closed", "events"):
        assert headline(true, figure, 2024) < headline(true, figure)


def test_every_headline_of_the_catalogue_has_a_true_value(true: dict[str, Any]) -> None:
    catalogue = codelist("figures").column("figure_id").to_pylist()
    assert sorted(true["headlines"]["2025"]) == sorted(catalogue)


def test_the_regions_minus_the_overlap_are_the_country(true: dict[str, Any]) -> None:
    rows = [
        row
        for row in true["marts"]["mart_channels"]
        if (row["year"], row["month"], row["platform"], row["category"], row["stage"]) == (2025, None, "_T", "_T", "blocked")
    ]  # fmt: skip
    country = next(row for row in rows if row["region_code"] == "KZ")
    assert country["overlap"] > 200
    assert (
        sum(row["channels"] for row in rows if row is not country) - country["overlap"] == country["channels"]
    )


def test_yearly_totals_of_people_are_far_above_the_suppression_threshold(true: dict[str, Any]) -> None:
    steps = ("enrolled", "trained", "completed", "employed_0m", "employed_3m", "employed_6m", "employed_12m")
    assert min(row[step] for row in true["marts"]["mart_resocialisation"] for step in steps) > 8


def test_a_month_that_never_came_has_no_delivery(deliveries: list[Delivery]) -> None:
    come = {(d.clerk.source, d.clerk.dataset, d.period) for d in deliveries}
    assert len(come) == len(deliveries) == 20 * 5 * 13 - len(MISSING)
    assert not come & MISSING
    assert {dataset for _, dataset, _ in MISSING} == set(DATASETS)


def test_landed_is_accepted_plus_quarantined_plus_duplicate(
    true: dict[str, Any], entries: list[dict[str, Any]]
) -> None:
    balance = true["balance"]
    assert len(balance) == 100
    assert all(b["landed"] == b["accepted"] + b["quarantined"] + b["duplicate"] for b in balance)
    assert sum(b["quarantined"] for b in balance) == sum(bool(e["reasons"]) for e in entries)
    assert sum(b["duplicate"] for b in balance) >= sum(e["kind"] == "duplicate" for e in entries)


def test_everything_is_planted_that_a_pipeline_can_stumble_over(entries: list[dict[str, Any]]) -> None:
    kinds = Counter(entry["kind"] for entry in entries)
    for kind in (
        "duplicate",
        "revision",
        "returned",
        "overlap",
        "mirror",
        "rename",
        "blocked_again",
        "repeat",
    ):
        assert kinds[kind] >= 20, kind
    assert kinds["late"] == 7
    assert kinds["missing_month"] == 5


def test_every_row_rule_that_a_source_can_break_is_broken_somewhere(entries: list[dict[str, Any]]) -> None:
    broken = {(entry["feed_id"].split("/")[1], reason) for entry in entries for reason in entry["reasons"]}
    for dataset in DATASETS:
        endings = {rule.id.split(".")[-1] for rule in row_rules(load(f"core_{dataset}"))}
        crossing = {rule.id for rule in row_rules(load(f"core_{dataset}")) if rule.id.startswith("row.")}
        reasons = {reason for name, reason in broken if name == dataset}
        assert crossing <= reasons
        # no list holds the oldest day of a report, and no free text is short of nothing
        assert endings - {reason.split(".")[-1] for reason in reasons} <= {"minimum", "length", "letters"}


def test_bad_rows_stand_in_every_format_and_in_every_region(
    entries: list[dict[str, Any]], deliveries: list[Delivery]
) -> None:
    formats = {d.feed_id: f"{d.clerk.format.kind} {d.clerk.encoding}" for d in deliveries}
    bad = Counter(formats[entry["feed_id"]] for entry in entries if entry["reasons"])
    assert set(bad) == set(formats.values())
    assert len({entry["feed_id"].split("/")[0] for entry in entries if entry["reasons"]}) == 20


def test_a_record_that_returns_to_earlier_content_ends_with_it(deliveries: list[Delivery]) -> None:
    blocking = [d for d in deliveries if d.clerk.dataset == "blocking_record"]
    returned = {
        row.record.channel: row.record for d in blocking for row in d.rows if row.record and "returned" in row.record.marks
    }  # fmt: skip
    ends = {known.channel: known.values["category"] for known in current(blocking)}
    contents = {
        channel: [v["category"] for v in record.versions.values()] for channel, record in returned.items()
    }
    assert len(contents) >= 20
    assert all(first == third != second for first, second, third in contents.values())
    assert sum(ends[channel] == content[0] for channel, content in contents.items()) >= len(contents) - 2


def test_no_bad_row_shares_its_number_with_a_good_one(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        column = delivery.clerk.column_of("record_no") or delivery.clerk.column_of("seizure_no")
        if column is None:
            continue
        good = {row.cells[column] for row in delivery.rows if row.values}
        bad = {row.cells[column] for row in delivery.rows if row.reasons and row.reasons != ("row.conflict",)}
        assert not (good & bad) - {None}
