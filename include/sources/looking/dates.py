"""Which strptime formats the dates of a sample follow: from all values, since one alone may fit several."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

DAY = r"\d{1,2}"
TIMES = {"": "", r" \d{1,2}:\d\d": " %H:%M", r" \d{1,2}:\d\d:\d\d": " %H:%M:%S",
         r"T\d\d:\d\d": "T%H:%M", r"T\d\d:\d\d:\d\d": "T%H:%M:%S", r"T\d\d:\d\d:\d\dZ": "T%H:%M:%SZ",
         r"[T]\d\d:\d\d:\d\d[+-]\d\d:?\d\d": "T%H:%M:%S%z", r"[ ]\d\d:\d\d:\d\d ?[+-]\d\d:?\d\d": " %H:%M:%S%z",
         r"T\d\d:\d\d:\d\d\.\d{1,6}Z": "T%H:%M:%S.%fZ",
         r"T\d\d:\d\d:\d\d\.\d{1,6}[+-]\d\d:?\d\d": "T%H:%M:%S.%f%z"}  # fmt: skip
DAYS = {
    **{rf"{DAY}\{sep}{DAY}\{sep}\d\d": (f"%d{sep}%m{sep}%y", f"%m{sep}%d{sep}%y") for sep in "./-"},
    **{rf"{DAY}\{sep}{DAY}\{sep}\d{{4}}": (f"%d{sep}%m{sep}%Y", f"%m{sep}%d{sep}%Y") for sep in "./-"},
    **{rf"\d{{4}}\{sep}{DAY}\{sep}{DAY}": (f"%Y{sep}%m{sep}%d", f"%Y{sep}%d{sep}%m") for sep in "./-"},
    r"\d{1,2} [A-Za-z]{3} \d{4}": ("%d %b %Y",), r"\d{1,2} [A-Za-z]{4,9} \d{4}": ("%d %B %Y",),
    r"\d{1,2}-[A-Za-z]{3}-\d{4}": ("%d-%b-%Y",), r"\d{4}-[A-Za-z]{3}-\d{1,2}": ("%Y-%b-%d",),
    r"\d{8}": ("%Y%m%d", "%d%m%Y"),
}  # fmt: skip
MONTHS = {
    **{rf"\d{{1,2}}\{sep}\d{{4}}": (f"%m{sep}%Y",) for sep in "./-"},
    **{rf"\d{{4}}\{sep}\d{{1,2}}": (f"%Y{sep}%m",) for sep in "./-"},
    r"[A-Za-z]{3}[ -]\d{4}": ("%b %Y", "%b-%Y"), r"[A-Za-z]{4,9} \d{4}": ("%B %Y",),
}  # fmt: skip
SHAPES = [
    *((re.compile(day + time), tuple(f + suffix for f in formats)) for day, formats in DAYS.items() for time, suffix in TIMES.items()),
    *((re.compile(month), formats) for month, formats in MONTHS.items()),
]  # fmt: skip
YEARS = range(1990, 2100)
SIGNED = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{4}|\d{4}([./-])\d{1,2}\2\d{1,2}")


def formats_of(text: str) -> tuple[str, ...]:
    """The formats that a text follows, the likeliest first; none where it is no date."""
    for shape, formats in SHAPES:
        if shape.fullmatch(text):
            return tuple(each for each in formats if _is_date(text, each))
    return ()


def looks_like_date(text: str) -> bool:
    """Whether a text is a date or was meant to be one: 31.02.2025."""
    return bool(formats_of(text) or SIGNED.fullmatch(text))


def formats_for(columns: Iterable[Counter[str]]) -> tuple[list[str], list[tuple[str, str]]]:
    """The formats for all values of the date columns of a file.

    Args:
        columns: of each column its values, with how often each stands there.

    Returns:
        formats in the order in which they must be tried, and pairs of formats between which no value decides. Of
        such a pair none is among the formats where both are usual, both are where both are needed, else the first
        is.
    """
    found: Counter[tuple[str, ...]] = Counter()
    for values in columns:
        for text, count in values.items():
            if formats := formats_of(text):
                found[formats] += count
    sure = {formats[0] for formats in found if len(formats) == 1}
    chosen, open_ = set(sure), []
    for formats in found:
        if len(formats) > 1 and len(sure & set(formats)) != 1:
            if not sure & set(formats) and not either_is_usual(formats[0]):
                chosen.add(formats[0])
            if not formats[0].startswith("%Y"):  # nobody writes the day between year and month
                open_.append((formats[0], formats[1]))
    # A year of two digits goes first: the other format would take 25 for the year 25.
    return sorted(chosen, key=lambda each: ("%y" not in each, -_uses(found, each), each)), open_


def either_is_usual(format_: str) -> bool:
    """Whether as many offices write the month first: with slashes, whose order is a matter of the country."""
    return format_.startswith("%d/")


def _uses(found: Counter[tuple[str, ...]], chosen: str) -> int:
    return sum(count for formats, count in found.items() if chosen in formats)


def _is_date(text: str, format_: str) -> bool:
    try:
        return datetime.strptime(text, format_).year in YEARS
    except ValueError:
        return False
