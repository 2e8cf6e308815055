"""A record of a source's register, and how its content changes from report to report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from include.sandbox import periods

Value = str | int | date | Decimal | None
Values = dict[str, Value]


@dataclass
class Record:
    """What one source knows about one event.

    versions: period of the report → contract fields as reported then, the first report first.
    channel, parent: which channel of the simulated country it is about, known here only.
    """

    dataset: str
    source: str
    versions: dict[str, Values]
    channel: str = ""
    parent: str = ""
    marks: list[str] = field(default_factory=list)

    def known_at(self, day: date, delivered: Mapping[str, date]) -> Values:
        """Content that the source holds on a day: its newest version whose report was due by then."""
        due = [period for period in self.versions if delivered[period] <= day]
        return self.versions[due[-1] if due else next(iter(self.versions))]

    def set_everywhere(self, **values: Value) -> None:
        """Give fields that never change, such as the number of the record."""
        for content in self.versions.values():
            content.update(values)

    def correct(self, period: str, **changes: Value) -> None:
        """Report other values from a period on."""
        if period not in self.versions:
            earlier = [p for p in self.versions if p < period]
            self.versions[period] = dict(self.versions[earlier[-1]])
            self.versions = dict(sorted(self.versions.items()))
        for later_period, content in self.versions.items():
            if later_period >= period:
                content.update(changes)


# What becomes known together with a date.
TOGETHER: dict[str, tuple[str, ...]] = {
    "requested_on": (),
    "decision_on": ("decision_number", "authority", "legal_basis"),
    "blocked_on": ("execution_mode",),
    "unblocked_on": (),
}


def staged(
    final: Values, registered: date, dates: Mapping[str, tuple[str, ...]] = TOGETHER
) -> dict[str, Values]:
    """Versions of a record whose dates become known one after another.

    Args:
        final: all values, also of what lies ahead.
        registered: day of the first entry.
        dates: date field → fields that are known with it.

    Returns:
        period → values known at its last day; only periods in which something was new.
    """
    days = {name: day for name in dates if isinstance(day := final.get(name), date)}
    news = {periods.period_of(day) for day in (registered, *days.values())}
    versions: dict[str, Values] = {}
    for period in periods.PERIODS:
        if period not in news:
            continue
        until = periods.last_day(period)
        values = dict(final)
        for name, companions in dates.items():
            if name not in days or days[name] > until:
                values.update(dict.fromkeys((name, *companions)))
        versions[period] = values
    return versions
