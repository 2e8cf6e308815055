"""One sheet of a workbook that was looked through, and how much a sheet may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from include.sources.definition import WorkbookFormat
from include.sources.errors import SourceError
from include.sources.formats.raw import Reading

MOST_ROWS, MOST_COLUMNS = 1 << 20, 1 << 14
"""Of a sheet in any of these formats; calamine leaves out what lies beyond."""
BYTES_OF_A_PLACE, BYTES_OF_A_CELL = 32, 80
"""What calamine needs for each place of the rectangle from the first cell to the last, once for each copy, and for
each cell besides its text: at most, as measured."""
BY_COLUMN = 1.5
"""How much more reading by column needs: at most, as measured."""
SHARE_OF_MEMORY = 3
"""One part in so many of the process's memory is what the parsed sheet may take."""
SHOWN_NAMES = 20

Place = tuple[int, int]
Rectangle = tuple[Place, Place]


@dataclass(frozen=True)
class Sheet:
    """A sheet that may be parsed, and what the parser does not tell of it.

    Attributes:
        path: the workbook to parse: a clean copy that holds this sheet alone, or the delivery itself.
        copied: whether `path` is a copy, to be deleted.
        index: the place of the sheet in it.
        name: as the workbook calls it.
        errors: cells that show an error, as (row, column) from 0, in order of row; calamine reads them as empty.
        merged: merged cells; None where only calamine tells them.
        plain: what is known of its cells, if they are texts, numbers and days; else None.
        per_cent: cells that show their number in per cent, each as row × MOST_COLUMNS + column, ascending.
    """

    path: Path
    copied: bool
    index: int
    name: str
    errors: Sequence[tuple[int, int, str]] = ()
    merged: Sequence[Rectangle] | None = None
    plain: PlainCells | None = None
    per_cent: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass
class Extent:
    """The rectangle of the cells that hold something, counted from 0, and what they need.

    Attributes:
        copies: how often calamine holds a sheet at once: of XLS and ODS it parses all, and gives a copy of one.
    """

    reading: Reading
    name: str
    copies: int
    first_row: int = MOST_ROWS
    last_row: int = -1
    first_column: int = MOST_COLUMNS
    last_column: int = -1
    cells: int = 0
    text: int = field(default=0)

    def add(self, rows: np.ndarray, columns: np.ndarray, cells: int, text: int = 0) -> None:
        """Take in further cells: rows and columns that they lie in, how many, bytes of their text.

        Raises:
            SourceError: the sheet is beyond a limit.
        """
        if len(rows):
            self.first_row = min(self.first_row, int(rows.min()))
            self.last_row = max(self.last_row, int(rows.max()))
            self.first_column = min(self.first_column, int(columns.min()))
            self.last_column = max(self.last_column, int(columns.max()))
        self.cells += cells
        self.text += text
        self._check()

    def fits_by_column(self) -> bool:
        """Whether the sheet may be read by column."""
        return self._needed() * BY_COLUMN <= self._most()

    def _needed(self) -> int:
        area = (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)
        return (area * BYTES_OF_A_PLACE + self.text) * self.copies + self.cells * BYTES_OF_A_CELL

    def _most(self) -> int:
        return (self.reading.limits.memory_mb << 20) // SHARE_OF_MEMORY

    def _check(self) -> None:
        limits = self.reading.limits
        rows, columns = self.last_row + 1, self.last_column + 1
        place = f"sheet {self.name!r}"
        for found, most, what, limit in (
            (rows, min(limits.rows, MOST_ROWS), "rows", "rows"),
            (columns, min(limits.columns, MOST_COLUMNS), "columns", "columns"),
        ):
            if found > most:
                raise self.reading.refuse(
                    place, f"a cell that makes it {found} {what}", f"at most {most} {what}",
                    f"Ask the source to delete what stands far off its table; the deployment limits `{limit}`.",
                )  # fmt: skip
        if not rows:
            return
        needed, most = self._needed(), self._most()
        if needed > most:
            raise self.reading.refuse(
                place, f"cells from {cell_name(self.first_row, self.first_column)} to {cell_name(self.last_row, self.last_column)} "
                f"that need {needed >> 20} MiB when parsed", f"at most {most >> 20} MiB, a third of the deployment's `memory_mb`",
                "Ask the source to delete what stands far off its table, or to deliver in parts or as CSV.",
            )  # fmt: skip


@dataclass
class PlainCells:
    """What the look through a sheet tells fastexcel's reader.

    Attributes:
        extent: where the cells stand.
        durations: whether the workbook has a format that shows durations.
        possible: whether all cells are texts, numbers and days as far as one can see.
    """

    extent: Extent
    durations: bool = False
    possible: bool = True
    _places: list[np.ndarray] = field(default_factory=list)
    _values: list[np.ndarray] = field(default_factory=list)

    def add(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray | None) -> None:
        """Take in further numbers and days, at these places counted from 0.

        Args:
            values: of each the number, or nan where it is a day that is written as such; None where that cannot be told.
        """
        if values is None:
            self.possible = False
        elif len(values):
            self._places.append(columns * MOST_ROWS + rows)
            self._values.append(values)

    def by_column(self) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """Columns that hold numbers or days, each with the rows, ascending, and the values."""
        if not self._places:
            return []
        places, values = np.concatenate(self._places), np.concatenate(self._values)
        order = np.argsort(places, kind="stable")
        columns, rows = np.divmod(places[order], MOST_ROWS)
        found, first = np.unique(columns, return_index=True)
        parts = np.split(rows, first[1:]), np.split(values[order], first[1:])
        return list(zip(found.tolist(), *parts, strict=True))


def cell_name(row: int, column: int) -> str:
    """The name of a cell as a sheet shows it: A1 for (0, 0)."""
    return f"{column_name(column)}{row + 1}"


def column_name(column: int) -> str:
    """The letters of a column: A for 0."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def chosen(reading: Reading, declared: WorkbookFormat, names: Sequence[str]) -> int:
    """The place of the one sheet that the definition names or describes.

    Raises:
        SourceError: there is none, or there are several.
    """
    pattern = declared.sheet_pattern
    fitting = [n for n, name in enumerate(names) if fits(declared, name)]
    if len(fitting) == 1:
        return fitting[0]
    wanted = f"one sheet that matches {pattern!r}" if pattern is not None else f"one sheet {declared.sheet!r}"
    raise reading.refuse(
        "workbook", f"{len(fitting)} of them ({listed(names)})" if fitting else f"the sheets {listed(names)}", wanted,
        "Mend format.sheet or format.sheet_pattern of the definition, or ask the source.",
    )  # fmt: skip


def fits(declared: WorkbookFormat, name: str) -> bool:
    """Whether the definition means a sheet of this name."""
    if declared.sheet_pattern is not None:
        return re.fullmatch(declared.sheet_pattern, name) is not None
    return name == declared.sheet


def listed(names: Sequence[str]) -> str:
    """Names of sheets for a message; of very many the first ones."""
    shown = ", ".join(repr(name[:100]) for name in names[:SHOWN_NAMES])
    return f"{shown} and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else shown or "none"


def uncalculated(reading: Reading, name: str, row: int, column: int) -> SourceError:
    """The error for a formula whose value nobody has calculated yet."""
    return reading.refuse(
        f"sheet {name!r}, cell {cell_name(row, column)}", "a formula without a calculated value",
        "a value beside every formula: formulas are not evaluated here",
        "Ask the source to open the file in its spreadsheet program and to save it again, or to deliver values.",
    )  # fmt: skip
