"""Rows of cells → where the titles end, how many rows the heading has, where the footer begins."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from include.sources.formats.headings import joined_headings
from include.sources.looking.dates import formats_of
from include.sources.looking.numbers import is_number
from include.sources.looking.values import LINK

Row = list[str]
SUMS = (
    "итого|всего|барлығы|жиыны|қорытынды|total|sum|подпись|исполнитель|руководитель|начальник|орындаушы|басшы|"
    "примечание:|ескерту:|note:|[*¹²³†]"
)
FOOTER = re.compile(rf"\s*({SUMS})", re.IGNORECASE)
MOST_TITLES, MOST_HEADER_ROWS, FOOTER_ROWS = 50, 20, 10
YEARS = re.compile(r"(19|20)\d\d")
COMPARED = 200
"""So many rows tell whether the first one is a record as they are."""
Merged = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell of a merged range: (row, column)."""


@dataclass(frozen=True)
class Shape:
    """How the rows of a table lie in its file.

    Attributes:
        title_rows: rows before the heading.
        header_rows: rows of the heading; 0 where the first row is a record like the others.
        headings: one for each column, "" for none; of several rows `top / bottom`.
        footer: regular expression of the last rows that are no records; None where there are none.
        footer_rows: how many they are.
    """

    title_rows: int
    header_rows: int
    headings: list[str]
    footer: str | None = None
    footer_rows: int = 0


def shape_of(rows: Sequence[Row], ends: bool = True, merged: Sequence[Merged] = ()) -> Shape | None:
    """The shape of a table; None where no row could be a heading.

    Args:
        rows: the first rows of the file.
        ends: whether they are all there are, so that a footer would be seen.
        merged: merged ranges, where the format knows them.
    """
    title_rows = _first_wide(rows)
    if title_rows is None:
        return None
    header_rows = (
        0 if _is_record(rows[title_rows], rows[title_rows + 1 :]) else _header_rows(rows, title_rows, merged)
    )
    within = [
        ((top - title_rows, left), (bottom - title_rows, right))
        for (top, left), (bottom, right) in merged
        if title_rows <= top < title_rows + header_rows
    ]
    headings = joined_headings(rows[title_rows : title_rows + header_rows], within)
    headings = headings or [""] * len(rows[title_rows])
    begins = _footer(rows[title_rows + header_rows :]) if ends else []
    words = "|".join(dict.fromkeys(re.escape(begin.lower()) for begin in begins))
    return Shape(title_rows, header_rows, headings, rf"(?i)^\s*({words})" if begins else None, len(begins))


def is_value(cell: str) -> bool:
    """Whether a cell holds a date, a number or a link: no heading does."""
    return is_number(cell) or bool(formats_of(cell)) or bool(LINK.fullmatch(cell) and "." in cell[:-1])


def _is_record(first: Row, others: Sequence[Row]) -> bool:
    """Whether a row has what the rows below it have: a date among dates, a link among links, or numbers among numbers.

    Years and the numbers of columns stand in headings as well.
    """
    if not others or _numbers_columns(first):
        return False
    numbers = 0
    for place, cell in enumerate(first):
        kind = _kind(cell)
        below = [row[place] for row in others[:COMPARED] if place < len(row) and row[place]]
        if kind and below and sum(_kind(each) == kind for each in below) >= 0.6 * len(below):
            if kind != "number":
                return True
            numbers += not YEARS.fullmatch(cell)
    return numbers >= 2


def _kind(cell: str) -> str:
    if formats_of(cell):
        return "date"
    return "number" if is_number(cell) else "link" if is_value(cell) else ""


def _first_wide(rows: Sequence[Row]) -> int | None:
    """The first row with about as many filled cells as most rows have."""
    widths = Counter(sum(map(bool, row)) for row in rows if any(row))
    if not widths:
        return None
    usual = max(widths, key=lambda width: (widths[width] * width, width))
    least = max(2, usual * 0.34)
    for place, row in enumerate(rows[: MOST_TITLES + 1]):
        if sum(map(bool, row)) >= least or (usual == 1 and any(row)):
            return place
    return None


def _header_rows(rows: Sequence[Row], first: int, merged: Sequence[Merged]) -> int:
    """The heading and the rows below it that go on with it: merged into it, filling its gaps, or numbering its columns."""
    down = [last[0] for begin, last in merged if begin[0] == first]
    across = [1 for begin, last in merged if begin[0] == first and last[1] > begin[1]]
    count = max([max(down, default=first) - first + 1, 2 if across else 1])
    while count < MOST_HEADER_ROWS and first + count < len(rows):
        above, row = rows[first + count - 1], rows[first + count]
        gaps = [cell for over, cell in zip(above, row, strict=False) if not over and cell]
        plain = not any(is_value(cell) for cell in row if cell)
        pairs = list(zip(above, row, strict=False))
        width = max((place + 1 for place, pair in enumerate(pairs) if any(pair)), default=0)
        covered = all(map(any, pairs[:width])) and len(row) == len(above)
        fits = covered and (len(gaps) >= 2 or (bool(gaps) and _is_grouped(above, row)))
        fills = plain and fits and not all(row[:width])
        if not (fills or _numbers_columns(row)):
            break
        count += 1
    return min(count, MOST_HEADER_ROWS, len(rows) - first)


def _is_grouped(above: Row, row: Row) -> bool:
    """Whether every cell stands below a heading of several columns: one with a gap at its right, or the gap."""
    right = [*above[1:], "end"]
    return all(not over or not beside for over, beside, cell in zip(above, right, row, strict=True) if cell)


def _numbers_columns(row: Row) -> bool:
    filled = [cell for cell in row if cell]
    return len(filled) >= 4 and filled == [str(number) for number in range(1, len(filled) + 1)]


def _footer(rows: Sequence[Row]) -> list[str]:
    """How the last rows begin that are sums, signatures or notes, from the last one up."""
    last = [row for row in rows if any(row)][-FOOTER_ROWS:]
    found = [FOOTER.match(next(cell for cell in row if cell)) for row in reversed(last)]
    return [begin[1] for begin in itertools.takewhile(bool, found) if begin]
