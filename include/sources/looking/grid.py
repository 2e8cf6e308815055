"""Rows of cells → where the titles end, how many rows the heading has, where the footer begins."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from include.sources.formats.raw import clean_heading
from include.sources.looking.dates import formats_of
from include.sources.looking.numbers import is_number
from include.sources.looking.values import LINK

Row = list[str]
SUMS = (
    "итого|всего|барлығы|жиыны|қорытынды|total|sum|подпись|исполнитель|руководитель|начальник|орындаушы|басшы|"
    "примечание:|ескерту:|note:|[*¹²³†]"
)
FOOTER = re.compile(rf"\s*({SUMS})", re.IGNORECASE)
MOST_TITLES, MOST_HEADER_ROWS, FOOTER_ROWS = 50, 3, 10
Merged = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell of a merged range: (row, column)."""


@dataclass(frozen=True)
class Shape:
    """How the rows of a table lie in its file.

    Attributes:
        title_rows: rows before the heading.
        header_rows: rows of the heading.
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
    header_rows = _header_rows(rows, title_rows, merged)
    headings = joined_headings(rows[title_rows : title_rows + header_rows])
    begins = _footer(rows[title_rows + header_rows :]) if ends else []
    words = "|".join(dict.fromkeys(re.escape(begin.lower()) for begin in begins))
    return Shape(title_rows, header_rows, headings, rf"(?i)^\s*({words})" if begins else None, len(begins))


def joined_headings(header: Sequence[Row]) -> list[str]:
    """One heading a column; of several rows `top / bottom`, the upper ones filled to the right over what is below."""
    width = max(map(len, header), default=0)
    rows = [[clean_heading(cell) for cell in row] + [""] * (width - len(row)) for row in header]
    below = [bool(cell) for cell in rows[-1]]
    for row in reversed(rows[:-1]):
        filled = ""
        for place, cell in enumerate(row):
            filled = cell or (filled if below[place] else "")
            row[place] = filled
        below = [had or bool(cell) for had, cell in zip(below, row, strict=True)]
    return [" / ".join(dict.fromkeys(filter(None, parts))) for parts in zip(*rows, strict=True)]


def is_value(cell: str) -> bool:
    """Whether a cell holds a date, a number or a link: no heading does."""
    return is_number(cell) or bool(formats_of(cell)) or bool(LINK.fullmatch(cell) and "." in cell[:-1])


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
