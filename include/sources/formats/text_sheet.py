"""Sheets that hold nothing but texts, through fastexcel: calamine's cells as columns, without an object for each."""

from __future__ import annotations

from dataclasses import dataclass

import fastexcel
import numpy as np
import pyarrow as pa

from include.sources.formats.sheet import Rectangle, Sheet


@dataclass
class TextGrid:
    """The cells of a sheet by column, from its first row on.

    Attributes:
        name: of the sheet.
        left: the first column that holds something; columns begin there.
        texts: the columns; an empty cell is null.
        row: rows taken so far.
    """

    name: str
    left: int
    texts: list[pa.Array]
    row: int = 0
    merged: tuple[Rectangle, ...] = ()
    begun: int = 0

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
        begin, self.row = self.row, len(self.texts[0])
        return [column.slice(begin) for column in self.texts]


def text_grid(sheet: Sheet) -> TextGrid | None:
    """The sheet of texts, which must fit into memory twice; None where fastexcel finds other cells than the look did."""
    extent = sheet.texts
    assert extent
    reader = fastexcel.read_excel(sheet.path)
    found = reader.load_sheet(sheet.index, header_row=None, skip_rows=0, dtypes="string").to_arrow()
    width = extent.last_column - extent.first_column + 1
    if found.num_rows != extent.last_row + 1 or found.num_columns != width:
        return None
    return TextGrid(sheet.name, extent.first_column, [_without_empty(column) for column in found.columns])


def _without_empty(column: pa.StringArray) -> pa.StringArray:
    """The same texts, in the same memory, with nulls in place of empty ones."""
    _, offsets, content = column.buffers()
    filled = np.diff(np.frombuffer(offsets, np.int32, len(column) + 1)) > 0
    validity = pa.py_buffer(np.packbits(filled, bitorder="little"))
    return pa.StringArray.from_buffers(len(column), offsets, content, validity)
