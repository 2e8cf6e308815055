"""Reporting periods of the sandbox: one year file for 2024 and twelve months of 2025."""

from __future__ import annotations

import calendar
import zlib
from datetime import date, timedelta
from functools import cache

PAST_YEAR = 2024
YEAR = 2025
PERIODS: tuple[str, ...] = (str(PAST_YEAR), *(f"{YEAR}-{month:02d}" for month in range(1, 13)))
FIRST_DAY = date(PAST_YEAR, 1, 1)
LAST_DAY = date(YEAR, 12, 31)


def period_of(day: date) -> str:
    """The period whose report brings what was registered on a day; days before 2024 belong to its year file."""
    return str(PAST_YEAR) if day.year <= PAST_YEAR else f"{day.year}-{day.month:02d}"


@cache
def last_day(period: str) -> date:
    """Last day of a period."""
    if "-" not in period:
        return date(int(period), 12, 31)
    year, month = (int(part) for part in period.split("-"))
    return date(year, month, calendar.monthrange(year, month)[1])


def first_day(period: str) -> date:
    """First day of a period."""
    return last_day(period).replace(day=1, month=1) if "-" not in period else last_day(period).replace(day=1)


def later(period: str, steps: int) -> str | None:
    """The period so many reports later; none past the last."""
    place = PERIODS.index(period) + steps
    return PERIODS[place] if place < len(PERIODS) else None


def handed_over(source: str, dataset: str, period: str) -> date:
    """Day on which a source usually hands over a report: 3rd to 10th of the next month, 15th to 24th for a year."""
    habit = zlib.crc32(f"{source}/{dataset}/{period}".encode())
    first = 3 + habit % 8 if "-" in period else 15 + habit % 10
    return last_day(period) + timedelta(days=first)


def months(year: int) -> list[str]:
    """The twelve months of a year as YYYY-MM."""
    return [f"{year}-{month:02d}" for month in range(1, 13)]
