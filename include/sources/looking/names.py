"""What a file's name says: the period, the day of delivery, and a pattern for the names of the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

YEAR, MONTH, DAY = r"(?P<year>20\d{2})", r"(?P<month>0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
DELIVERED = rf"(?P<delivered>20\d{{2}}(?:0[1-9]|1[0-2]){DAY})"
PERIODS = (rf"{YEAR}(?P<sign>[-_.]?){MONTH}(?!\d)", rf"(?<!\d){MONTH}(?P<sign>[-_.]){YEAR}", YEAR)


@dataclass(frozen=True)
class FileName:
    """What a name says.

    Attributes:
        pattern: of `transport.pattern`: the names of the other files.
        name_pattern: of `transport.name_pattern`.
        period: 2025-03 or 2025; "" where the name says none.
        has_month, has_delivered: which groups the name pattern has besides the year.
    """

    pattern: str
    name_pattern: str
    period: str = ""
    has_month: bool = False
    has_delivered: bool = False


def read_name(name: str) -> FileName:
    """The period and the day of delivery that a file's name holds."""
    stem, suffix = PurePath(name).stem, PurePath(name).suffix
    pattern = f"*{suffix}" if suffix else "*"
    delivered = next((found for found in re.finditer(rf"(?<!\d){DELIVERED}(?!\d)", stem)), None)
    rest = f"{stem[: delivered.start()]}{'~' * 8}{stem[delivered.end() :]}" if delivered else stem
    for shape in PERIODS:
        if found := re.search(rf"(?<!\d){shape}(?!\d)", rest):
            break
    else:
        if not delivered:
            return FileName(pattern, r"(?P<year>\d{4})")
        found, rest, delivered = re.search(rf"{YEAR}{MONTH}", stem), stem, None  # one day for both
        assert found is not None
    parts = found.groupdict()
    has_month = bool(parts.get("month"))
    period = parts["year"] + (f"-{parts['month']}" if has_month else "")
    places = [(found.start(), _period_pattern(rest, found))]
    if delivered:
        places.append((delivered.start(), r"(?P<delivered>\d{8})"))
        ends = {found.start(): found.end(), delivered.start(): delivered.end()}
        (first, one), (second, other) = sorted(places)
        between = stem[ends[first] : second]
        return FileName(
            pattern, one + re.escape(between).replace(r"\-", "-") + other, period, has_month, True
        )
    return FileName(pattern, places[0][1], period, has_month)


def _period_pattern(text: str, found: re.Match[str]) -> str:
    parts = found.groupdict()
    if not parts.get("month"):
        return r"(?P<year>\d{4})"
    sign = re.escape(parts.get("sign") or "").replace(r"\-", "-")
    groups = [r"(?P<year>\d{4})", r"(?P<month>\d{2})"]
    if found.start("month") < found.start("year"):
        groups.reverse()
    return sign.join(groups)
