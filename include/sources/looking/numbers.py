"""Which signs the numbers of a sample are written with."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

GROUPS = r"[ \u00a0\u202f.,'’]"
NUMBER = re.compile(rf"[+-]?(\d{{1,3}}({GROUPS}\d{{3}})+|\d+)([.,]\d+)?([eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?(\d{1,3}([ \u00a0\u202f'’]\d{3})+|\d+)")
GROUPED = re.compile(rf"[+-]?\d{{1,3}}({GROUPS})\d{{3}}")
LAST = re.compile(r"\d([.,])(\d+)$")


@dataclass(frozen=True)
class Signs:
    """The decimal and the thousands sign; `is_open` where no value tells a thousand from a decimal fraction."""

    decimal: str
    thousands: str
    is_open: bool = False


def is_number(text: str) -> bool:
    """Whether a text is a number in one of the usual ways of writing."""
    return bool(NUMBER.fullmatch(text))


def is_whole(text: str) -> bool:
    """Whether a text is a whole number."""
    return bool(WHOLE.fullmatch(text))


def signs_of(values: Counter[str], likely: str) -> Signs:
    """The signs that read every number of a file.

    Args:
        values: the texts of the number columns.
        likely: the decimal sign where nothing decides.
    """
    decimal: Counter[str] = Counter()
    thousands: Counter[str] = Counter()
    either: Counter[str] = Counter()
    for text, count in values.items():
        signs = re.findall(r"[.,]", text)
        last = LAST.search(text)
        if group := re.search(r"\d([ \u00a0\u202f'’])\d{3}", text):
            thousands["'" if group[1] in "'’" else " "] += count
        if len(set(signs)) == 2:
            decimal[signs[-1]] += count
            thousands[signs[0]] += count
        elif len(signs) > 1:
            thousands[signs[0]] += count
        elif last and len(last[2]) == 3 and GROUPED.match(text) and not text.lstrip("+-").startswith("0"):
            either[last[1]] += count
        elif last:
            decimal[last[1]] += count
    mark = next((sign for sign, _ in thousands.most_common(1)), "")
    if decimal:
        sign = decimal.most_common(1)[0][0]
    elif mark in (".", ","):
        sign = "," if mark == "." else "."
    else:
        sign = likely
    other = "." if sign == "," else ","
    is_open = not decimal and mark not in (".", ",") and bool(either)
    if not mark and either[other] and not is_open:
        mark = other
    return Signs(sign, mark if mark != sign else "", is_open)
