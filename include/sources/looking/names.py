"""What a file's name says: the period, the day of delivery, and a pattern for the names of the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from include.sources.months import MONTH_NAMES, month_of

YEAR, MONTH, DAY = r"(?P<year>20\d{2})", r"(?P<month>0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
M = r"(?:0[1-9]|1[0-2])"
NAMES = "|".join(rf"(?i:{name[:-1]})[^\W\d_]?" for names in MONTH_NAMES for name in names)
DAYS = {
    rf"20\d{{2}}{M}{DAY}": ("%Y%m%d", r"\d{8}"),
    rf"{DAY}\.{M}\.20\d{{2}}": ("%d.%m.%Y", r"\d\d\.\d\d\.\d{4}"),
    rf"{DAY}-{M}-20\d{{2}}": ("%d-%m-%Y", r"\d\d-\d\d-\d{4}"),
    rf"20\d{{2}}-{M}-{DAY}": ("%Y-%m-%d", r"\d{4}-\d\d-\d\d"),
    rf"20\d{{2}}\.{M}\.{DAY}": ("%Y.%m.%d", r"\d{4}\.\d\d\.\d\d"),
    rf"{DAY}{M}20\d{{2}}": ("%d%m%Y", r"\d{8}"),
}
"""How a day of delivery may be written: its shape → its format, and what matches others like it."""
LETTERS = r"[^\W\d_]+"
PERIODS = (
    rf"{YEAR}(?P<sign>[-_.]?){MONTH}(?!\d)", rf"(?<!\d){MONTH}(?P<sign>[-_.]){YEAR}",
    rf"(?P<month>{NAMES})(?P<sign>[-_. ]){YEAR}", rf"{YEAR}(?P<sign>[-_. ])(?P<month>{NAMES})", rf"{YEAR}(?!\d)",
)  # fmt: skip


@dataclass(frozen=True)
class FileName:
    """What a name says.

    Attributes:
        pattern: of `transport.pattern`: the names of the other files.
        name_pattern: of `transport.name_pattern`.
        period: 2025-03 or 2025; "" where the name says none.
        delivered_format: of `transport.delivered_format`, where the name says a day of delivery.
        has_month, has_delivered: which groups the name pattern has besides the year.
    """

    pattern: str
    name_pattern: str
    period: str = ""
    has_month: bool = False
    has_delivered: bool = False
    delivered_format: str = "%Y%m%d"


def read_name(name: str) -> FileName:
    """The period and the day of delivery that a file's name holds."""
    stem, suffix = PurePath(name).stem, PurePath(name).suffix
    pattern = f"*{suffix}" if suffix else "*"
    for day, (form, others) in DAYS.items():
        if said := _with_day(stem, day, others):
            return FileName(pattern, *said, has_delivered=True, delivered_format=form)
    found = _period(stem) or re.search(rf"{YEAR}{MONTH}", stem)  # one day for both
    if found is None:
        return FileName(pattern, r"(?P<year>\d{4})")
    return FileName(pattern, _period_pattern(found), *_period_said(found))


def _with_day(stem: str, day: str, others: str) -> tuple[str, str, bool] | None:
    """Name pattern, period and whether it is a month, of a name with a day of delivery beside its period."""
    delivered = re.search(rf"(?<!\d){day}(?!\d)", stem)
    if delivered is None:
        return None
    blanked = stem[: delivered.start()] + "~" * len(delivered[0]) + stem[delivered.end() :]
    found = _period(blanked)
    if found is None:
        return None
    places = [(*found.span(), _period_pattern(found)), (*delivered.span(), f"(?P<delivered>{others})")]
    (_, first, one), (second, _, other) = sorted(places)
    return one + _escaped(stem[first:second]) + other, *_period_said(found)


def _period_said(found: re.Match[str]) -> tuple[str, bool]:
    """The period, and whether it is a month."""
    parts = found.groupdict()
    said = parts.get("month") or ""
    month = int(said) if said.isdigit() else month_of(said)
    return parts["year"] + (f"-{month:02}" if month else ""), bool(month)


def _escaped(text: str) -> str:
    return re.escape(text).replace(r"\-", "-").replace(r"\ ", " ")


def _period(text: str) -> re.Match[str] | None:
    return next((found for shape in PERIODS if (found := re.search(rf"(?<!\d){shape}", text))), None)


def _period_pattern(found: re.Match[str]) -> str:
    parts = found.groupdict()
    if not parts.get("month"):
        return r"(?P<year>\d{4})"
    sign = _escaped(parts.get("sign") or "")
    month = r"\d{2}" if parts["month"].isdigit() else LETTERS
    groups = [r"(?P<year>\d{4})", f"(?P<month>{month})"]
    if found.start("month") < found.start("year"):
        groups.reverse()
    return sign.join(groups)
