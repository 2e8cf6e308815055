"""Which periods a delivery can be for: from the first that its source reports to the day it was handed over."""

from __future__ import annotations

import re
from datetime import datetime

from include.sources import Feed, Offered, SourceError
from include.sources.transports.moments import month_of
from include.steps.reports import months_of

PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?", re.ASCII)


def refusal(feed_id: str, feed: Feed, offered: Offered, now: datetime) -> SourceError | None:
    """The error of a delivery whose period lies outside; null where it does not.

    A feed that gives whatever there is when it is asked has the month of asking for its period: it has no first one.
    """
    last = month_of(min(offered.received_at, now))
    first = _first(feed)
    found = f"the period {offered.period[:16]}"
    if PERIOD.fullmatch(offered.period):
        months = [f"{year:04}-{month:02}" for year, month in months_of(offered.period, _every(feed))]
        if months[0] <= last and first <= months[-1]:
            return None
    return SourceError(
        feed_id, offered.name, "period", found,
        f"one from {first} on (rhythm), no later than {last}, the month in which it was handed over" if first
        else f"one no later than {last}, the month in which it was handed over",
        "Ask the source for the right name or date; if the source did report then, mend rhythm.since or rhythm.years. "
        "Nothing of it was taken; the other deliveries go on.",
    )  # fmt: skip


def _first(feed: Feed) -> str:
    """The first month that the feed reports; empty where there is none."""
    if feed.rhythm is None or not feed.is_asked_by_period:
        return ""
    return min([feed.rhythm.since, *(f"{year:04}-01" for year in feed.rhythm.years)])


def _every(feed: Feed) -> str:
    return feed.rhythm.every if feed.rhythm else "month"
