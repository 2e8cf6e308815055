"""What became of every expected report: five kinds of silence and zero, kept apart (R4, C1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from include.contracts import codes
from include.ledger import DeliveredRow
from include.sources import SourceDefinition, load_sources
from include.steps import reports
from include.steps.reports import Heard

FEED = "KZ-43/laboratory"
FOLDER = {"kind": "folder", "path": "/inbox", "name_pattern": r"(?P<year>\d{4})-(?P<month>\d{2})"}
SINCE = {
    "kind": "http", "url": "https://api.example.kz/laboratories",
    "deliveries": {"by": "since", "field": "changed", "start": "2025-01-01"},
}  # fmt: skip
MAY = datetime(2025, 5, 20, 12, tzinfo=UTC)


def source(
    rhythm: Mapping[str, Any] | None = None, transport: Mapping[str, Any] = FOLDER, region: str = "KZ-43"
) -> dict[str, SourceDefinition]:
    """A source, KZ-43, with one feed of laboratories, due on the 10th, missing from the 31st day on."""
    form = {"kind": "json", "items": "items"} if transport is SINCE else {"kind": "csv"}
    feed = {
        "transport": transport,
        "format": form,
        "rhythm": {"since": "2025-01", "due_days": 10, "late_days": 20} | dict(rhythm or {}),
        "identity": ["record_no"],
        "fields": {
            name: name
            for name in ("record_no", "closed_on", "region_code", "agency", "lab_type", "substances")
        },
    }
    return {
        region: SourceDefinition.model_validate(
            {"source": region, "name": {}, "regions": [region], "feeds": {"laboratory": feed}}
        )
    }


def delivery(period: str, rows: int | None = 5, on: str = "2025-01-01", feed: str = FEED) -> DeliveredRow:
    at = datetime.fromisoformat(on).replace(hour=6, tzinfo=UTC)
    return DeliveredRow(feed, f"{feed} {period} {on}", "file", period, f"{period} {on}", at, rows, 0, None)


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=6, tzinfo=UTC)


def states(
    heard: Heard, known: Mapping[str, SourceDefinition] | None = None, now: datetime = MAY, year: int = 2025
) -> list[str]:
    """The state of each month, January first."""
    return [one.state for one in reports.states(known or source(), heard, [year], now)]


def test_every_kind_of_silence_has_its_own_name() -> None:
    heard = Heard([delivery("2025-01"), delivery("2025-02", rows=0), delivery("2025-03", rows=None)])
    #      January     February         March      April: due on 10 May   May and later
    assert states(heard)[:5] == ["reported", "reported_zero", "waiting", "late", "not_due"]
    assert states(heard, now=at("2025-06-01"))[3] == "missing"
    assert states(Heard([]))[:5] == ["never_reported", "never_reported", "never_reported", "late", "not_due"]


def test_a_state_of_every_kind_is_in_the_code_list() -> None:
    assert codes("report_states") == [
        "reported", "reported_zero", "nothing_new", "waiting", "not_due", "late", "missing", "never_reported",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("now", "state"),
    [("2025-05-10", "not_due"), ("2025-05-11", "late"), ("2025-05-30", "late"), ("2025-05-31", "missing")],
)
def test_due_and_late_days_are_counted_from_the_end_of_the_month(now: str, state: str) -> None:
    assert states(Heard([delivery("2025-01")]), now=at(now))[3] == state


def test_a_day_begins_in_kazakhstan_five_hours_before_it_does_in_greenwich() -> None:
    heard = Heard([delivery("2025-01")])
    assert states(heard, now=datetime(2025, 5, 10, 18, 59, tzinfo=UTC))[3] == "not_due"
    assert states(heard, now=datetime(2025, 5, 10, 19, 0, tzinfo=UTC))[3] == "late"


def test_a_late_report_stays_late_by_its_days_and_one_that_is_out_grows_later() -> None:
    found = reports.states(source(), Heard([delivery("2025-01", on="2025-02-15")]), [2025], MAY)
    assert (found[0].state, found[0].due_on, found[0].received_on, found[0].days_late) == (
        "reported", date(2025, 2, 10), date(2025, 2, 15), 5,
    )  # fmt: skip
    assert (found[1].state, found[1].received_on, found[1].days_late) == ("missing", None, 71)
    assert (found[4].state, found[4].days_late) == ("not_due", 0)


def test_a_correction_does_not_make_a_report_later() -> None:
    heard = Heard([delivery("2025-01", on="2025-02-05"), delivery("2025-01", rows=2, on="2025-03-05")])
    (january, *_) = reports.states(source(), heard, [2025], MAY)
    assert (january.days_late, january.deliveries, january.rows) == (0, 2, 7)


def test_a_zero_that_was_corrected_is_a_report_and_not_a_zero() -> None:
    assert states(Heard([delivery("2025-01", rows=0), delivery("2025-01", rows=3)]))[0] == "reported"


def test_a_file_for_a_quarter_or_a_year_stands_for_each_of_its_months() -> None:
    quarterly = source({"every": "quarter"})
    assert states(Heard([delivery("2025-03")]), quarterly)[:4] == ["reported"] * 3 + ["not_due"]
    assert states(Heard([delivery("2025-02", rows=0)]), quarterly)[:3] == ["reported_zero"] * 3
    yearly = source({"every": "year"})
    assert states(Heard([delivery("2025")]), yearly) == ["reported"] * 12
    assert states(Heard([]), yearly, now=at("2026-01-10")) == ["not_due"] * 12
    assert states(Heard([]), yearly, now=at("2026-01-11")) == ["late"] * 12


def test_an_earlier_year_of_one_file_is_due_after_its_end() -> None:
    with_2024 = source({"years": [2024]})
    assert states(Heard([delivery("2024")]), with_2024, year=2024) == ["reported"] * 12
    assert states(Heard([]), with_2024, now=at("2025-01-09"), year=2024) == ["not_due"] * 12


def test_months_before_the_first_one_are_not_expected() -> None:
    assert len(states(Heard([]), source({"since": "2025-11"}))) == 2
    assert states(Heard([]), year=2024) == []


def test_what_a_source_gives_whenever_it_is_asked_tells_of_a_month_once_that_is_over() -> None:
    asked = source(transport=SINCE)
    heard = Heard(
        [delivery("2025-01", on="2025-01-20"), delivery("2025-02", on="2025-02-03")],
        {FEED: [at("2025-03-02"), at("2025-03-30")]},
    )
    # January by the delivery of 3 February; February by the answer of 2 March, as a delivery came in it; nothing was
    # asked after the end of March.
    assert states(heard, asked)[:5] == ["reported", "reported", "missing", "late", "not_due"]
    again = Heard(heard.deliveries, {FEED: [*heard.answers[FEED], at("2025-04-01"), at("2025-05-02")]})
    assert states(again, asked)[2:5] == ["nothing_new", "nothing_new", "not_due"]


def test_a_source_that_was_asked_and_never_had_anything_is_not_one_that_never_answered() -> None:
    asked = source(transport=SINCE)
    assert states(Heard([], {FEED: [at("2025-02-01")]}), asked)[:3] == ["nothing_new", "missing", "missing"]
    assert states(Heard([], {FEED: []}), asked)[:3] == ["never_reported"] * 3


def test_received_are_the_months_that_were_told_of_and_no_others() -> None:
    heard = Heard([delivery("2025-01"), delivery("2025-02", rows=0), delivery("2025-03", rows=None)])
    assert [report[3:] for report in reports.received(source(), heard)] == [(2025, 1), (2025, 2)]
    asked = source(transport=SINCE)
    answered = Heard([], {FEED: [at("2025-02-01")]})
    assert [report[3:] for report in reports.received(asked, answered)] == [(2025, 1)]


def test_a_monthly_feed_with_a_year_file_expects_both_years_whole() -> None:
    expected = reports.expected(source({"years": [2024]}), [2023, 2024, 2025])
    assert [report[3:] for report in expected] == [
        (year, month) for year in (2024, 2025) for month in range(1, 13)
    ]


def test_every_region_of_the_simulated_country_expects_twelve_months_of_every_dataset() -> None:
    expected = reports.expected(load_sources(), [2025])
    assert len(set(expected)) == len(expected) == 20 * 5 * 12
    assert {report[2] for report in expected} == set(load_sources())


def test_a_year_file_stands_for_twelve_months_and_a_month_delivered_twice_for_one() -> None:
    heard = Heard([delivery(period) for period in ("2024", "2024-03", "2025-01", "2025-01")])
    received = [report[3:] for report in reports.received(source(), heard)]
    assert received == [(2024, month) for month in range(1, 13)] + [(2025, 1)]


def test_reports_of_a_source_that_is_no_longer_defined_still_count_as_received() -> None:
    gone = Heard(
        [delivery("2025-01", feed="KZ-71/laboratory"), delivery("2025-01", feed="CUSTOMS/laboratory")]
    )
    assert [(report[1], report[2]) for report in reports.received({}, gone)] == [
        ("CUSTOMS", "KZ-NAT"),
        ("KZ-71", "KZ-71"),
    ]


@pytest.mark.parametrize("period", ["", "2025-13", "2025-00", "25/03", "March"])
def test_a_period_that_is_neither_year_nor_month_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match="expected a year"):
        reports.months_of(period)


def test_a_region_is_expected_to_report_from_the_month_in_which_it_was_founded() -> None:
    of_abai = source({"since": "2021-01"}, region="KZ-10")
    months = [(year, month) for *_, year, month in reports.expected(of_abai, [2021, 2022])]
    assert months == [(2022, month) for month in range(6, 13)]
    assert [one.month for one in reports.states(of_abai, Heard([]), [2022], MAY)] == list(range(6, 13))
    assert len(reports.expected(source({"since": "2021-01"}), [2021, 2022])) == 24


def test_a_year_is_due_once_a_report_of_it_is() -> None:
    known = source({"since": "2023-11"})
    assert reports.years_due(known, at("2023-12-10")) == []  # November is due on that day
    assert reports.years_due(known, at("2023-12-11")) == [2023]
    assert reports.years_due(known, MAY) == [2023, 2024, 2025]
    assert reports.years_due(source({"years": [2021]}), MAY) == [2021, 2025]
