"""Workbooks through calamine: one sheet, its headings, and its rows as text; nothing is evaluated or followed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineSheet, load_workbook

from include.sources.definition import WorkbookFormat
from include.sources.definition.formats import place_name
from include.sources.definition.kinds import kinds_by_name
from include.sources.formats.archive import DELIVER_ANEW, SAVE_ANEW
from include.sources.formats.cells import EXACT_DIGITS, FIRST_LONG, text_of, text_of_column
from include.sources.formats.headings import check_places, joined_headings, named_columns, record_names
from include.sources.formats.memory import keep_freed_memory
from include.sources.formats.plain_sheet import PlainGrid, plain_grid
from include.sources.formats.raw import RawRows, Reading, check_headings, identifier, json_record, literal
from include.sources.formats.sheet import MOST_COLUMNS, Rectangle, Sheet, cell_name, column_name

CELLS_AT_ONCE, CELLS_IN_CACHE = 1 << 17, 1 << 13
"""Cells that become text together, and those that are taken from calamine together: rows are dear to hold."""
MOST_IN_MEMORY, BYTES_OF_A_COLUMN = 64 << 20, 512
"""Bytes of rows that lie in memory, and what a column of a batch takes besides its texts, at most."""
NO_REJECTS = "select null::bigint as raw_row, null as received, null as rule where false"
DATE_CELL, LONG_NUMBER, MERGED_NUMBER = "row.date_cell", "row.long_number", "row.merged_number"
RULES = (DATE_CELL, LONG_NUMBER, MERGED_NUMBER)
"""Why a row with values in its cells is none that can be read; a row has the number of its rule, 0 for none."""
TIMES = {datetime, date, time, timedelta}


def read_workbook(reading: Reading, declared: WorkbookFormat) -> RawRows:
    """Every row below the header that is not blank; raw_row is the row number that the sheet shows.

    The text of cells is that of `text_of_column`. Hidden sheets, rows and columns are read like others, error
    cells as the error that they show, numbers shown in per cent in per cent, merged labels with the value that they
    show. A row is a reject where a cell that is read says something else than it was meant to: a date where a name is
    read, a number of more digits than are kept, a number merged over several rows or numbers.

    Raises:
        SourceError: the workbook, or the sheet, cannot be read whole.
    """
    keep_freed_memory()
    sheet = look_through(reading, declared)
    try:
        return _rows(reading, declared, _parsed(reading, declared, sheet))
    finally:
        if sheet.copied:
            sheet.path.unlink(missing_ok=True)


def look_through(reading: Reading, declared: WorkbookFormat) -> Sheet:
    """The declared sheet, ready to be parsed.

    Raises:
        SourceError: the workbook, or the sheet, is nothing that should be parsed.
    """
    if declared.kind == "xlsx":
        from include.sources.formats.xlsx import look_through_xlsx

        return look_through_xlsx(reading, declared)
    if declared.kind == "ods":
        from include.sources.formats.ods import look_through_ods

        return look_through_ods(reading, declared)
    from include.sources.formats.xls import look_through_xls

    return look_through_xls(reading, declared)


@dataclass
class _Grid:
    """The cells of a sheet, row by row.

    Attributes:
        name: of the sheet.
        left: the first column that holds something; rows begin there.
        width: columns from there on.
        rows: all rows from the first one of the sheet.
        errors: error cells that are still ahead, in order of row.
        merged: merged cells that begin at or below the current row, in order of row.
        per_cent: cells that show their number in per cent, as in `Sheet`.
        exact: gives the numbers of many digits that the file has written out, by row and column.
        shared: rows that share a merged number with another row, or have one merged over several numbers.
    """

    name: str
    left: int
    width: int
    rows: Iterator[list[Any]]
    errors: Sequence[tuple[int, int, str]]
    merged: Sequence[Rectangle]
    per_cent: np.ndarray
    exact: Callable[[], dict[tuple[int, int], str]]
    row: int = 0
    taken: int = 0
    shared: set[int] = field(default_factory=set)
    open_merged: list[tuple[Rectangle, Any]] = field(default_factory=list)
    begun: int = 0

    def take(self, rows: int) -> list[list[Any]]:
        """The next rows, with their error cells."""
        found = list(islice(self.rows, rows))
        end = self.row + len(found)
        while self.taken < len(self.errors) and self.errors[self.taken][0] < end:
            row, column, text = self.errors[self.taken]
            found[row - self.row][column - self.left] = text
            self.taken += 1
        first, last = np.searchsorted(self.per_cent, [self.row * MOST_COLUMNS, end * MOST_COLUMNS])
        for row, column in zip(*np.divmod(self.per_cent[first:last], MOST_COLUMNS), strict=True):
            cell = found[row - self.row][column - self.left]
            if type(cell) in (float, int):
                found[row - self.row][column - self.left] = cell * 100.0
        self.row = end
        return found

    def fill(
        self, rows: list[list[Any]], labels: Container[int], numbers: Container[int]
    ) -> tuple[int, int] | None:
        """Give merged cells of the rows taken last the value of their first cell; a blank row stays blank.

        Args:
            rows: the rows.
            labels: columns that are filled.
            numbers: columns of which merged cells hold one number; rows that have it together are noted.

        Returns:
            Row and column of a cell that has another value, which the merged cells hide; None where none does.
        """
        top = self.row - len(rows)
        while self.begun < len(self.merged) and self.merged[self.begun][0][0] < self.row:
            (first, left), _ = rectangle = self.merged[self.begun]
            self.begun += 1
            if first >= top and 0 <= left - self.left < self.width:
                self.open_merged.append((rectangle, rows[first - top][left - self.left]))
        if not self.open_merged:
            return None
        own = [any(cell != "" for cell in row) for row in rows]
        hidden = None
        for ((first, left), (bottom, right)), value in self.open_merged:
            begin, end = left - self.left, min(right + 1 - self.left, self.width)
            for number in range(max(first, top) - top, min(bottom + 1, self.row) - top):
                if not own[number]:
                    continue
                for column in range(begin, end):
                    if rows[number][column] not in ("", value):
                        hidden = hidden or (top + number, self.left + column)
                for column in range(begin, end):
                    if column in labels:
                        rows[number][column] = value
            measured = sum(column in numbers for column in range(begin, end)) if value != "" else 0
            if measured:
                here = [row for row in range(max(first, top), min(bottom + 1, self.row)) if own[row - top]]
                goes_on = first < top or bottom >= self.row
                if measured > 1 or len(here) > 1 or goes_on:
                    self.shared |= set(here)
        self.open_merged = [each for each in self.open_merged if each[0][1][0] >= self.row]
        return hidden


def _parsed(reading: Reading, declared: WorkbookFormat, sheet: Sheet) -> _Grid | PlainGrid:
    try:
        if _may_be_read_by_column(sheet, declared) and (grid := plain_grid(sheet, declared.decimal)):
            _check_merged(reading, sheet.name, grid.merged, grid.height, grid.left + grid.width)
            return grid
        with load_workbook(str(sheet.path)) as workbook:
            found: CalamineSheet = workbook.get_sheet_by_index(sheet.index)
        merged = found.merged_cell_ranges if sheet.merged is None else sheet.merged
    except BaseException as error:  # a panic of the parser is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise reading.refuse(
            f"sheet {sheet.name!r}", f"content that cannot be read ({type(error).__name__})", "a whole workbook",
            SAVE_ANEW,
        ) from None  # fmt: skip
    if not found.start or not found.end:
        return _Grid(sheet.name, 0, 0, iter(()), (), (), sheet.per_cent, dict)
    left, width = found.start[1], found.width
    bottom, right = found.end
    if any(row > bottom or not found.start[1] <= column <= right for row, column, _ in sheet.errors):
        raise reading.refuse(
            f"sheet {sheet.name!r}", "an error cell that is not read", "every cell", SAVE_ANEW
        )
    merged = sorted(merged or ())
    _check_merged(reading, sheet.name, merged, bottom + 1, right + 1)
    shown = sheet.per_cent[(sheet.per_cent // MOST_COLUMNS <= bottom)]
    shown = shown[(shown % MOST_COLUMNS >= left) & (shown % MOST_COLUMNS <= right)]
    return _Grid(
        sheet.name, left, width, found.iter_rows(), sheet.errors, merged, shown, _exact(declared, sheet)
    )


def _exact(declared: WorkbookFormat, sheet: Sheet) -> Callable[[], dict[tuple[int, int], str]]:
    """What gives the numbers of many digits as they are written: XLS holds floats, and ODS is not asked."""
    if declared.kind != "xlsx":
        return dict
    from include.sources.formats.xlsx import long_numbers

    return cache(lambda: long_numbers(sheet.path))


def _may_be_read_by_column(sheet: Sheet, declared: WorkbookFormat) -> bool:
    """Whether all is plain below the headings, and memory is enough."""
    if sheet.plain is None or sheet.merged is None or not sheet.plain.extent.cells:
        return False
    first = declared.title_rows + declared.header_rows
    return all(bottom < first for _, (bottom, _) in sheet.merged) and sheet.plain.extent.fits_by_column()


def _check_merged(reading: Reading, name: str, merged: Sequence[Rectangle], rows: int, columns: int) -> None:
    """Merged cells lie apart from each other: together they are no larger than the sheet, of so many rows and columns."""
    if not merged:
        return
    (tops, lefts), (bottoms, rights) = np.array(merged, dtype=np.int64).transpose(1, 2, 0)
    heights = np.clip(np.minimum(bottoms, rows - 1) - tops + 1, 0, None)
    widths = np.clip(np.minimum(rights, columns - 1) - lefts + 1, 0, None)
    if int((heights * widths).sum()) > rows * columns:
        raise reading.refuse(
            f"sheet {name!r}", "merged cells that overlap", "merged cells apart from each other", SAVE_ANEW
        )


def _rows(reading: Reading, declared: WorkbookFormat, grid: _Grid | PlainGrid) -> RawRows:
    first = declared.title_rows + declared.header_rows
    place = f"sheet {grid.name!r}"
    top = grid.take(first)
    if len(top) < first:
        raise reading.refuse(
            place, f"{len(top)} rows", f"{first} rows of titles and headings at least", DELIVER_ANEW
        )
    letters = [column_name(grid.left + n) for n in range(grid.width)]
    if declared.header_rows:
        headings = _headings(grid, top[declared.title_rows :], declared)
    else:
        headings = [place_name(letter) for letter in letters]
    where = f"{place}, row {first}"
    check_headings(
        reading, headings, where, of_row=bool(declared.header_rows), places=map(place_name, letters)
    )
    check_places(reading, headings, letters, where)
    named = named_columns(headings, letters, reading.feed.headings())
    table = _table(reading, _Columns.of(reading, declared, headings, named), grid)
    if declared.footer is not None:
        table = table.slice(0, _rows_before_footer(table, declared.footer))
    cells = {heading: f"c{n}" for heading, n in named.items()}
    used = [
        n
        for n, heading in enumerate(headings)
        if heading or n in named.values() or table.column(n + 1).null_count < len(table)
    ]
    names = record_names(headings, letters)
    received = json_record({names[n]: f"c{n}" for n in used})
    name = f"sheet_{reading.delivered.label}"
    reading.connection.register(name, table)
    relation, rejects = f"(select * exclude (rule) from {identifier(name)})", NO_REJECTS
    if pc.any(pc.greater(table["rule"], 0)).as_py():
        relation = f"(select * exclude (rule) from {identifier(name)} where rule = 0)"
        which = f"[{', '.join(map(literal, RULES))}][rule]"
        rejects = (
            f"select raw_row, {received} as received, {which} as rule from {identifier(name)} where rule > 0"
        )
    return RawRows(
        relation=relation,
        columns=tuple(f"c{n}" for n in used),
        cells=cells,
        received=received,
        rejects=rejects,
        physical_rows=len(table),
        titles=_titles(grid, top[: declared.title_rows], declared.decimal),
    )


@dataclass(frozen=True)
class _Columns:
    """What the columns of the sheet are read for, by their place from the first one on.

    Attributes:
        declared: the format.
        names: of fields that take a text as it stands.
        numbers: of fields that measure.
        read: that any field reads.
        labels: whose merged cells are filled.
    """

    declared: WorkbookFormat
    names: frozenset[int]
    numbers: frozenset[int]
    read: frozenset[int]
    labels: frozenset[int]

    @classmethod
    def of(
        cls, reading: Reading, declared: WorkbookFormat, headings: list[str], named: Mapping[str, int]
    ) -> _Columns:
        kinds = kinds_by_name(reading.feed, reading.delivered.feed_id.rpartition("/")[2])
        kinds = kinds.with_wide(reading.feed, headings)
        places = {heading: n for n, heading in enumerate(headings) if heading} | dict(named)

        def of(some: Iterable[str]) -> frozenset[int]:
            return frozenset(places[heading] for heading in some if heading in places)

        numbers, filled = of(kinds.numbers), declared.fill_merged
        labels = of(filled) if isinstance(filled, list) else frozenset(range(len(headings)) if filled else ())
        return cls(declared, of(kinds.names), numbers, of(kinds.whole), labels - numbers)


def _titles(grid: _Grid | PlainGrid, rows: list[list[Any]], decimal: str) -> list[list[str]]:
    return [[""] * grid.left + [text_of(cell, decimal) or "" for cell in row] for row in rows]


def _headings(grid: _Grid | PlainGrid, header: list[list[Any]], declared: WorkbookFormat) -> list[str]:
    texts = [[text_of(cell, declared.decimal) or "" for cell in row] for row in header]
    merged = [
        ((top - declared.title_rows, left - grid.left), (bottom - declared.title_rows, right - grid.left))
        for (top, left), (bottom, right) in grid.merged
        if declared.title_rows <= top < declared.title_rows + declared.header_rows and left >= grid.left
    ]
    return joined_headings(texts, merged)


Faults = dict[int, str]
"""Row, counted from 0 within the sheet → the rule that it breaks."""


def _table(reading: Reading, columns: _Columns, grid: _Grid | PlainGrid) -> pa.Table:
    """The rows that are not blank, with the number of the rule that one breaks, or 0.

    Many of them lie in a file without a name, not in memory.
    """
    texts = ((f"c{n}", pa.string()) for n in range(grid.width))
    schema = pa.schema([("raw_row", pa.int64()), *texts, ("rule", pa.int8())])
    pieces = (
        iter([(grid.rest(), _faults_of_plain(grid, columns))])
        if isinstance(grid, PlainGrid)
        else _pieces(reading, columns, grid)
    )
    batches = _batches(reading, grid, pieces, schema)
    kept: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        kept.append(batch)
        size += batch.nbytes + batch.num_columns * BYTES_OF_A_COLUMN
        if size > MOST_IN_MEMORY:
            return _in_a_file(reading, chain(kept, batches), schema)
    return pa.Table.from_batches(kept, schema)


def _in_a_file(reading: Reading, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    handle, path = tempfile.mkstemp(dir=reading.folder, suffix=".arrow")
    try:
        with open(handle, "wb") as file, pa.ipc.new_file(file, schema) as out:  # noqa: PTH123
            for batch in batches:
                out.write(batch)
        return pa.ipc.open_file(pa.memory_map(path)).read_all()
    finally:
        Path(path).unlink()


def _batches(
    reading: Reading, grid: _Grid | PlainGrid, pieces: Iterable[tuple[list[pa.Array], Faults]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:  # fmt: skip
    for texts, faults in pieces:
        begin = grid.row - len(texts[0]) + 1
        _check_length(reading, grid, texts, begin)
        rows = np.arange(begin, grid.row + 1)
        rules = np.zeros(len(rows), dtype=np.int8)
        for row, rule in faults.items():
            if row + 1 >= begin:  # titles and headings are no rows
                rules[row + 1 - begin] = 1 + RULES.index(rule)
        batch = pa.record_batch([pa.array(rows), *texts, pa.array(rules)], schema=schema)
        yield _without_blank_rows(batch)


def _faults_of_plain(grid: PlainGrid, columns: _Columns) -> Faults:
    """The faults of the rows that are left: no cells of theirs are merged, and no number is long."""
    rows = [grid.days[n] for n in columns.names & grid.days.keys()]
    return {int(row): DATE_CELL for found in rows for row in found}


def _pieces(reading: Reading, columns: _Columns, grid: _Grid) -> Iterator[tuple[list[pa.Array], Faults]]:
    while cells := _next_columns(reading, grid, columns):
        faults = _faults(grid, columns, cells)
        yield [text_of_column(column, columns.declared.decimal) for column in cells], faults


def _faults(grid: _Grid, columns: _Columns, cells: list[list[Any]]) -> Faults:
    """The faults of the rows taken last; their numbers of many digits become the text that is written."""
    begin = grid.row - len(cells[0])
    faults: Faults = {}
    for n in columns.names:
        if TIMES & set(map(type, cells[n])):
            found = (row for row, cell in enumerate(cells[n], begin) if type(cell) in TIMES)
            faults |= dict.fromkeys(found, DATE_CELL)
    for n in columns.read:
        for place, cell in enumerate(cells[n]):
            if type(cell) is float and not -FIRST_LONG < cell < FIRST_LONG:
                exact = grid.exact().get((begin + place, grid.left + n), "")
                if len(exact.lstrip("-").rstrip("0")) > EXACT_DIGITS and float(exact) == cell:
                    cells[n][place] = exact
                else:  # as a spreadsheet leaves a longer number: its last digits are lost
                    faults[begin + place] = LONG_NUMBER
    faults |= dict.fromkeys(grid.shared, MERGED_NUMBER)
    grid.shared.clear()
    return faults


def _next_columns(reading: Reading, grid: _Grid, asked: _Columns) -> list[list[Any]]:
    """The cells of the next rows, by column; nothing where there are no more rows.

    Raises:
        SourceError: merged cells hide a value.
    """
    columns: list[list[Any]] = [[] for _ in range(grid.width)]
    few = max(1, CELLS_IN_CACHE // max(1, grid.width))
    while columns and len(columns[0]) * grid.width < CELLS_AT_ONCE and (rows := grid.take(few)):
        hidden = grid.fill(rows, asked.labels, asked.numbers)
        if hidden and asked.declared.fill_merged:
            raise reading.refuse(
                f"sheet {grid.name!r}, cell {cell_name(*hidden)}", "a value that merged cells hide", "one value in merged cells",
                "Ask the source which of them holds, and to part or empty the cells.",
            )  # fmt: skip
        for column, cells in zip(columns, zip(*rows, strict=True), strict=True):
            column.extend(cells)
    return columns if columns and columns[0] else []


def _without_blank_rows(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = batch.columns[1:-1]
    if any(column.null_count == 0 for column in columns):
        return batch
    some = columns[0].is_valid()
    for column in columns[1:]:
        some = pc.or_(some, column.is_valid())
    return batch.filter(some)


def _check_length(reading: Reading, grid: _Grid | PlainGrid, columns: list[pa.Array], begin: int) -> None:
    most = reading.limits.cell_chars
    for number, column in enumerate(columns):
        if (pc.max(pc.binary_length(column)).as_py() or 0) <= most:
            continue
        lengths = pc.utf8_length(column).to_pylist()
        for row, length in enumerate(lengths, begin):
            if (length or 0) > most:
                raise reading.refuse(
                    f"sheet {grid.name!r}, cell {column_name(grid.left + number)}{row}",
                    f"a text of {length} characters", f"at most {most}",
                    f"{DELIVER_ANEW} The limit is the deployment's `cell_chars`.",
                )  # fmt: skip


def _rows_before_footer(table: pa.Table, footer: str) -> int:
    """Rows without those at the end that match."""
    pattern = re.compile(footer)
    for end in range(len(table), 0, -1):
        row = table.slice(end - 1, 1).to_pylist()[0]
        first = next(
            cell for name, cell in row.items() if name not in ("raw_row", "rule") and cell is not None
        )
        if not pattern.search(first):
            return end
    return 0
