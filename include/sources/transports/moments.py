"""Moments and months as sources mean them: in the time of Kazakhstan."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from include.contracts import ALMATY


def moment(text: str) -> datetime:
    """An ISO 8601 text as a moment in UTC; without an offset it is the time of Almaty.

    Raises:
        ValueError: it is none.
    """
    found = datetime.fromisoformat(text)
    try:
        return (found if found.tzinfo else found.replace(tzinfo=ALMATY)).astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment before the calendar begins, or after it ends") from None


def month_of(when: datetime) -> str:
    """The month of a moment in Almaty: 2025-03."""
    return f"{when.astimezone(ALMATY):%Y-%m}"


def months(first: str, last: str) -> list[str]:
    """Every month from the first to the last: 2025-01, 2025-02, …"""
    found, day = [], date.fromisoformat(f"{first}-01")
    while f"{day:%Y-%m}" <= last:
        found.append(f"{day:%Y-%m}")
        day = _next_month(day)
    return found


def month_words(month: str) -> dict[str, str]:
    """What {year}, {month}, {first_day}, {last_day} and {next_first_day} stand for."""
    first = date.fromisoformat(f"{month}-01")
    after = _next_month(first)
    return {
        "year": month[:4],
        "month": month[5:],
        "first_day": first.isoformat(),
        "last_day": (after - timedelta(days=1)).isoformat(),
        "next_first_day": after.isoformat(),
    }


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
