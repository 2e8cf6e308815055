"""Reports: which ones the definitions expect, and what became of each; silence has a name (R4, C1)."""

from __future__ import annotations

import calendar
import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from include.contracts import ALMATY, codelist, codes, day_in_kazakhstan
from include.ledger import DeliveredRow, Ledger
from include.sources import Feed, SourceDefinition
from include.steps import clock, definitions
from include.steps.context import open_ledger
from include.storage.home import Home

Month = tuple[int, int]
Report = tuple[str, str, str, int, int]  # dataset, source_id, region_code, year, month
HEARD = ("reported", "reported_zero", "nothing_new")


@dataclass(frozen=True)
class ReportState:
    """What became of the report of one feed for one month.

    Attributes:
        state: a code of the list `report_states`.
        due_on: last day on which it was in time.
        received_on: day of the first delivery or answer that covers the month, in Kazakhstan's time.
        days_late: days from due to receipt; for what is still out, to the moment it is looked at. 0 in time.
        deliveries: how many different ones cover the month.
        rows: rows of these that are in core, in quarantine or repeated; not those that are for others.
    """

    dataset: str
    source_id: str
    region_code: str
    year: int
    month: int
    state: str
    due_on: date
    received_on: date | None
    days_late: int
    deliveries: int
    rows: int

    @property
    def feed_id(self) -> str:
        """The feed: source and dataset."""
        return f"{self.source_id}/{self.dataset}"


@dataclass(frozen=True)
class Heard:
    """What was heard of the feeds by a moment.

    Attributes:
        deliveries: of all feeds, in order of receipt; those in no committed batch have no rows.
        answers: feed id → when it was asked and had nothing new, for the feeds that give what there is when asked.
    """

    deliveries: Sequence[DeliveredRow]
    answers: Mapping[str, Sequence[datetime]] = field(default_factory=dict)

    def by_feed(self) -> dict[str, list[DeliveredRow]]:
        """The deliveries of every feed that was heard of in any way."""
        found: dict[str, list[DeliveredRow]] = defaultdict(list)
        for delivery in self.deliveries:
            found[delivery.feed_id].append(delivery)
        for feed_id, moments in self.answers.items():
            if moments:
                found.setdefault(feed_id, [])
        return dict(found)


@dataclass
class _OfMonth:
    """What covers one month: deliveries with their rows (null: in no committed batch), answers without a delivery."""

    deliveries: list[DeliveredRow] = field(default_factory=list)
    answers: list[datetime] = field(default_factory=list)

    def rows(self) -> list[int]:
        """Rows of each body of bytes for each period: what was handed over again is no further delivery."""
        found: dict[tuple[str, str], int] = defaultdict(int)
        for delivery in self.deliveries:
            content = delivery.period, delivery.sha256
            found[content] = max(found[content], delivery.rows_for_us or 0)
        return list(found.values())

    def state(self) -> str | None:
        """What they make of the month; null where they say nothing."""
        rows = [d.rows_for_us for d in self.deliveries if d.rows_for_us is not None]
        if rows:
            return "reported" if sum(rows) else "reported_zero"
        return "waiting" if self.deliveries else "nothing_new" if self.answers else None


@dataclass(frozen=True)
class Matrix:
    """The state of every expected report of a year, as known at a moment."""

    year: int
    as_at: datetime
    states: Sequence[ReportState]


def matrix(home: Home, year: int | None = None, as_at: datetime | None = None) -> Matrix:
    """The matrix of a year: the newest that a report came for, where none is named."""
    moment = as_at or clock.now()
    with open_ledger(home) as ledger:
        sources = definitions.in_force(ledger, moment)
        batches = [batch.batch_id for batch in ledger.committed_batches(as_at)]
        found = heard(ledger, sources, batches, moment)
    this_year = moment.astimezone(ALMATY).year
    chosen = year or max((report[3] for report in received(sources, found)), default=this_year)
    return Matrix(chosen, moment, states(sources, found, [chosen], moment))


def heard(
    ledger: Ledger, sources: Mapping[str, SourceDefinition], batch_ids: Sequence[str], as_at: datetime
) -> Heard:
    """What the ledger knows by a moment.

    Args:
        batch_ids: the batches committed by then.
    """
    asked = [
        f"{source.source}/{dataset}"
        for source, dataset, feed in _feeds(sources)
        if not feed.is_asked_by_period
    ]
    aside = set(ledger.set_aside(as_at))
    deliveries = [d for d in ledger.delivered(batch_ids, as_at) if d.delivery_id not in aside]
    return Heard(deliveries, ledger.answers(asked, as_at) if asked else {})


def expected(sources: Mapping[str, SourceDefinition], years: Sequence[int]) -> list[Report]:
    """One report a month from each feed that declares a rhythm, for whole calendar years (C1).

    None of a month in which the region did not exist yet (T4).
    """
    return [
        (dataset, source.source, region, year, month)
        for source, dataset, feed in _feeds(sources)
        for region in [own_region(sources, source.source)]
        for year in years
        for month in range(1, 13)
        if _is_expected(feed, region, (year, month))
    ]


def years_due(sources: Mapping[str, SourceDefinition], as_at: datetime) -> list[int]:
    """The years of which a report was due before a moment: silence about them is to be seen (R4)."""
    today = day_in_kazakhstan(as_at)
    return [
        year
        for year in range(_first_year(sources, today.year), today.year + 1)
        if any(
            _is_expected(feed, own_region(sources, source.source), (year, month))
            and _due(feed, (year, month))[0] < today
            for source, _, feed in _feeds(sources)
            for month in range(1, 13)
        )
    ]


def received(sources: Mapping[str, SourceDefinition], heard: Heard) -> list[Report]:
    """The months that committed deliveries cover, each once (C1): a year file stands for 12, a quarter for 3.

    Of a feed that gives whatever there is when it is asked, the months after whose end it has answered.
    """
    found: set[Report] = set()
    for feed_id, own in heard.by_feed().items():
        source_id, _, dataset = feed_id.partition("/")
        feed = sources[source_id].feeds.get(dataset) if source_id in sources else None
        region = own_region(sources, source_id)
        for month, here in _by_month(feed, own, heard.answers.get(feed_id, ())).items():
            if here.state() in HEARD:
                found.add((dataset, source_id, region, *month))
    return sorted(found)


def states(
    sources: Mapping[str, SourceDefinition], heard: Heard, years: Sequence[int], as_at: datetime
) -> list[ReportState]:
    """The state of every expected report at a moment, in the order of sources, datasets and months."""
    today = day_in_kazakhstan(as_at)
    by_feed = heard.by_feed()
    found = []
    for source, dataset, feed in _feeds(sources):
        feed_id, region = f"{source.source}/{dataset}", own_region(sources, source.source)
        own = by_feed.get(feed_id)
        by_month = _by_month(feed, own or [], heard.answers.get(feed_id, ()))
        for year in sorted(set(years)):
            for month in range(1, 13):
                if not _is_expected(feed, region, (year, month)):
                    continue
                here = by_month.get((year, month), _OfMonth())
                due, missing_after = _due(feed, (year, month))
                state = here.state() or _silence(today, due, missing_after, own is None)
                moments = [d.received_at for d in here.deliveries] + here.answers
                on = day_in_kazakhstan(min(moments)) if moments else None
                found.append(
                    ReportState(
                        dataset, source.source, region, year, month, state, due, on,
                        max(0, ((on or today) - due).days), len(here.rows()), sum(here.rows()),
                    )
                )  # fmt: skip
    return found


def own_region(sources: Mapping[str, SourceDefinition], source_id: str) -> str:
    """The region whose reports these are: the first that the source names; KZ-NAT for a source no longer defined."""
    if source_id in sources:
        return sources[source_id].regions[0]
    return source_id if source_id in codes("regions") else "KZ-NAT"


def months_of(period: str, every: str = "month") -> list[Month]:
    """The months that a period covers: `2025-03` is one, or its quarter, or its year; `2024` is twelve.

    Args:
        every: the rhythm of the feed: month, quarter, year.

    Raises:
        ValueError: neither a year nor a month.
    """
    year, _, month = period.partition("-")
    if not year.isdigit() or (month and not (month.isdigit() and 1 <= int(month) <= 12)):
        raise ValueError(f"period {period!r}: expected a year (2024) or a month (2025-03)")
    if not month or every == "year":
        return [(int(year), n) for n in range(1, 13)]
    first = int(month) if every == "month" else _quarter(int(month))
    return [(int(year), n) for n in range(first, first + (1 if every == "month" else 3))]


def _quarter(month: int) -> int:
    """First month of the quarter."""
    return month - (month - 1) % 3


def _feeds(sources: Mapping[str, SourceDefinition]) -> Iterator[tuple[SourceDefinition, str, Feed]]:
    for source in sources.values():
        for dataset, feed in source.feeds.items():
            if feed.rhythm:
                yield source, dataset, feed


def _is_expected(feed: Feed, region: str, month: Month) -> bool:
    rhythm = feed.rhythm
    return (
        rhythm is not None
        and (month[0] in rhythm.years or f"{month[0]}-{month[1]:02}" >= rhythm.since)
        and _last_day(month) >= _exists_from().get(region, date.min)
    )


def _first_year(sources: Mapping[str, SourceDefinition], default: int) -> int:
    """The first year of any rhythm."""
    rhythms = [feed.rhythm for _, _, feed in _feeds(sources) if feed.rhythm]
    firsts = [year for rhythm in rhythms for year in (int(rhythm.since[:4]), *rhythm.years)]
    return min(firsts, default=default)


@functools.cache
def _exists_from() -> dict[str, date]:
    """Region → the day from which it exists, of those that were founded since the others were (T4)."""
    rows = codelist("regions").to_pylist()
    return {row["code"]: date.fromisoformat(row["valid_from"]) for row in rows if row["valid_from"]}


def _last_day(month: Month) -> date:
    return date(*month, calendar.monthrange(*month)[1])


def _by_month(
    feed: Feed | None, deliveries: Sequence[DeliveredRow], answers: Sequence[datetime]
) -> dict[Month, _OfMonth]:
    """What covers each month."""
    found: dict[Month, _OfMonth] = defaultdict(_OfMonth)
    if feed is None or feed.is_asked_by_period:
        every = feed.rhythm.every if feed and feed.rhythm else "month"
        for delivery in deliveries:
            for month in months_of(delivery.period, every):
                found[month].deliveries.append(delivery)
        return found
    # What there is at the moment of asking: a month is told once it was asked for after its end, by everything that
    # came since its beginning up to then.
    moments = sorted([*answers, *(d.received_at for d in deliveries if d.rows_landed is not None)])
    first = min(moments, default=None)
    for month in _months_between(feed, first, max(moments, default=None)):
        begins, ends = (datetime(*at, 1, tzinfo=ALMATY) for at in (month, _after(month)))
        told = next((moment for moment in moments if moment >= ends), None)
        until = told or datetime.max.replace(tzinfo=ALMATY)
        some = [d for d in deliveries if begins <= d.received_at <= until]
        if told or any(d.rows_landed is None for d in some):
            found[month] = _OfMonth(some, [moment for moment in answers if ends <= moment <= until])
    return found


def _months_between(feed: Feed, first: datetime | None, last: datetime | None) -> list[Month]:
    """From the first month of the rhythm, or else of the answers, to that of the last answer."""
    if first is None or last is None:
        return []
    since = feed.rhythm.since if feed.rhythm else f"{first.astimezone(ALMATY):%Y-%m}"
    months = [months_of(since)[0]]
    while months[-1] < (last.astimezone(ALMATY).year, last.astimezone(ALMATY).month):
        months.append(_after(months[-1]))
    return months


def _after(month: Month) -> Month:
    return (month[0] + 1, 1) if month[1] == 12 else (month[0], month[1] + 1)


def _due(feed: Feed, month: Month) -> tuple[date, date]:
    """The last day on which the report of a month is in time, and the last one on which it is late."""
    rhythm = feed.rhythm
    assert rhythm is not None
    year, last = month
    if rhythm.every == "year" or (year in rhythm.years and f"{year}-{last:02}" < rhythm.since):
        last = 12
    elif rhythm.every == "quarter":
        last = _quarter(last) + 2
    ends = _last_day((year, last))
    days = (date.max - ends).days  # of a year beyond reach, that an earlier version of this program took in
    due = ends + timedelta(days=min(rhythm.due_days, days))
    return due, due + timedelta(days=min(rhythm.late_days, (date.max - due).days))


def _silence(today: date, due: date, missing_after: date, never: bool) -> str:
    """What it is called that nothing came."""
    if today <= due:
        return "not_due"
    if today <= missing_after:
        return "late"
    return "never_reported" if never else "missing"
