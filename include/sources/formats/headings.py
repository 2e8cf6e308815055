"""The columns of a table by heading or, where they have none of their own, by place.

Headings of several rows are one text a column: `top / bottom`, merged and blank cells filled from above.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from include.sources.definition.formats import PLACE, place_name
from include.sources.formats.raw import Reading, clean_heading

OWN_HEADING = "Call the column by its heading; nothing of this file was taken."

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


def named_columns(
    headings: Sequence[str], places: Sequence[int | str], asked: Iterable[str]
) -> dict[str, int]:
    """Heading → number of its column from 0: those that stand once, and the places that are asked for.

    Args:
        headings: one a column, "" for none.
        places: how each column is called besides: 3, or C.
        asked: headings that the definition reads; a place is found where no heading is called like it.
    """
    times = Counter(headings)
    found = {heading: n for n, heading in enumerate(headings) if heading and times[heading] == 1}
    by_place = {place_name(place): n for n, place in enumerate(places)}
    return {name: by_place[name] for name in asked if name in by_place and name not in times} | found


def record_names(headings: Sequence[str], places: Sequence[int | str]) -> list[str]:
    """What the cells of a record as received are called, each by a name of its own."""
    times = Counter(headings)
    return [
        heading
        if times[heading] == 1 and heading
        else f"{heading} ({place_name(place)})"
        if heading
        else place_name(place)
        for heading, place in zip(headings, places, strict=True)
    ]


def check_places(reading: Reading, headings: Sequence[str], places: Sequence[int | str], where: str) -> None:
    """Refuse a delivery in which a column that is read by its place has a heading of its own: it may have moved."""
    by_place = dict(zip(map(place_name, places), headings, strict=True))
    for name in sorted(reading.feed.headings()):
        if (
            PLACE.fullmatch(name)
            and name not in headings
            and headings.count(by_place.get(name, "")) == 1
            and by_place[name]
        ):
            raise reading.refuse(
                f"{where}, {name}", "a column with a heading of its own", "one without a heading, or with one that stands twice",
                OWN_HEADING,
            )  # fmt: skip
