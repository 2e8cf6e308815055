"""Headings of several rows as one text a column: `top / bottom`, merged and blank cells filled from above."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from include.sources.formats.raw import clean_heading

Rectangle = tuple[tuple[int, int], tuple[int, int]]


def joined_headings(header: Sequence[Sequence[str]], merged: Sequence[Rectangle] = ()) -> list[str]:
    """One heading a column; "" where no row has one.

    A blank cell of a row that is not the last belongs to the heading at its left, as long as both stand under the
    same headings, something stands below it, and no merged cell ends between them. A heading merged over several
    rows stands once. One that is merged down to the last row is the heading of its first column.

    Args:
        header: the texts of the heading rows, from above; shorter rows end with blank cells.
        merged: merged cells as ((top, left), (bottom, right)) within `header`, from 0, ends included.
    """
    width = max(map(len, header), default=0)
    rows = [[clean_heading(cell) for cell in row] + [""] * (width - len(row)) for row in header]
    last = len(rows) - 1
    bounds: set[tuple[int, int]] = set()  # a blank cell here is not filled from its left
    for (top, left), (bottom, right) in merged:
        for row in range(top, min(bottom, last) + 1):
            bounds |= {(row, left), (row, right + 1)}
            for column in range(left, min(right + 1, width)):
                rows[row][column] = rows[top][left] if column == left or bottom < last else ""
    for number, texts in enumerate(rows[:-1]):
        for left, column in pairwise(range(width)):
            same = all(above[left] == above[column] for above in rows[:number])
            below = any(lower[column] for lower in rows[number + 1 :])
            if not texts[column] and same and below and (number, column) not in bounds:
                texts[column] = texts[left]
    return [" / ".join(dict.fromkeys(filter(None, column))) for column in zip(*rows, strict=True)]
