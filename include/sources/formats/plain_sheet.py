"""Sheets of texts, numbers and days through fastexcel: calamine's cells as columns, without an object for each.

fastexcel writes every cell as a text, but numbers with nine digits behind the decimal sign at most, and durations like
days. So numbers come from the look through the sheet, and what fastexcel wrote tells which of them are days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.sources.formats.cells import FIRST_LONG, numbers_as_text
from include.sources.formats.sheet import MOST_COLUMNS, Rectangle, Sheet

DAY = r"^(?:19[1-9]\d|[2-9]\d{3})-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d)?$"
"""Of what fastexcel writes: in earlier years it may be a time of day."""
NIGHT = " 00:00:00"
NEAR = 1e-9
"""How near a number is to what fastexcel wrote of it."""


@dataclass
class PlainGrid:
    """The cells of a sheet by column, from its first row on.

    Attributes:
        name: of the sheet.
        left: the first column that holds something; columns begin there.
        texts: the columns; an empty cell is null.
        merged: merged cells, in order of row.
        days: of columns that hold days the rows, ascending; columns and rows from the first ones on.
        row: rows taken so far.
    """

    name: str
    left: int
    texts: list[pa.Array]
    merged: Sequence[Rectangle]
    days: Mapping[int, np.ndarray]
    row: int = 0

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.texts[0])

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.texts)

    def take(self, rows: int) -> list[list[str]]:
        """The next rows, an empty cell as an empty text."""
        found = [column.slice(self.row, rows).to_pylist() for column in self.texts]
        self.row += len(found[0])
        return [[cell or "" for cell in row] for row in zip(*found, strict=True)]

    def rest(self) -> list[pa.Array]:
        """The columns of all rows that are left."""
        begin, self.row = self.row, self.height
        return [column.slice(begin) for column in self.texts]


def plain_grid(sheet: Sheet, decimal: str) -> PlainGrid | None:
    """The sheet, whose cells are plain; None where fastexcel finds other cells than the look did.

    Args:
        decimal: the decimal sign that the source declares.
    """
    plain = sheet.plain
    assert plain
    extent = plain.extent
    cells = fastexcel.read_excel(sheet.path).load_sheet(
        sheet.index, header_row=None, skip_rows=0, dtypes="string"
    )
    found = cells.to_arrow()
    del cells
    width = extent.last_column - extent.first_column + 1
    if found.num_rows != extent.last_row + 1 or found.num_columns != width:
        return None
    columns = [_without_empty(column) for column in found.columns]
    days = {}
    for column, rows, values in plain.by_column():
        place = column - extent.first_column
        if (np.abs(values) >= FIRST_LONG).any():
            return None
        factors = np.where(np.isin(rows * MOST_COLUMNS + column, sheet.per_cent), 100.0, 1.0)
        told = _told(columns[place], rows, values, factors, decimal, plain.durations)
        if told is None:
            return None
        columns[place], days[place] = told
    return PlainGrid(sheet.name, extent.first_column, columns, sorted(sheet.merged or ()), days)


def _without_empty(column: pa.StringArray) -> pa.StringArray:
    """The same texts, in the same memory, with nulls in place of empty ones."""
    _, offsets, content = column.buffers()
    filled = np.diff(np.frombuffer(offsets, np.int32, len(column) + 1)) > 0
    validity = pa.py_buffer(np.packbits(filled, bitorder="little"))
    return pa.StringArray.from_buffers(len(column), offsets, content, validity)


def _told(
    column: pa.StringArray, rows: np.ndarray, values: np.ndarray, factors: np.ndarray, decimal: str, durations: bool
) -> tuple[pa.StringArray, np.ndarray] | None:  # fmt: skip
    """The column with numbers, each times its factor, and days at these rows as text, and the rows of the days.

    None where fastexcel wrote something else there.
    """
    written = column.take(pa.array(rows))
    matches = pc.match_substring_regex(written, DAY).fill_null(False)
    are_days = matches.to_numpy(zero_copy_only=False)
    if durations and are_days.any():
        return None
    numbers = values[~are_days]
    days = pc.replace_substring(written.filter(matches), "T", " ")
    try:
        near = written.filter(pc.invert(matches)).cast(pa.float64()).to_numpy(zero_copy_only=False)
        days.cast(pa.timestamp("s"))
    except pa.ArrowInvalid:
        return None
    if not np.isclose(near, numbers, rtol=NEAR, atol=NEAR).all():
        return None
    column = _replaced(column, rows[are_days], pc.replace_substring(days, NIGHT, ""))
    texts = numbers_as_text(pa.array(numbers * factors[~are_days]), decimal)
    return _replaced(column, rows[~are_days], texts), rows[are_days]


def _replaced(column: pa.StringArray, rows: np.ndarray, texts: pa.StringArray) -> pa.StringArray:
    """The column with these texts at these rows, which ascend."""
    if not len(rows):
        return column
    mask = np.zeros(len(column), dtype=bool)
    mask[rows] = True
    return pc.replace_with_mask(column, pa.array(mask), texts)
