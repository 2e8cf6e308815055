"""Workbook samples: every visible sheet as a table, through calamine as the reader has it."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineSheet, SheetTypeEnum, SheetVisibleEnum, load_workbook

from include.sources.formats.raw import SPACES
from include.sources.formats.sheet import column_name
from include.sources.looking.grid import shape_of
from include.sources.looking.questions import FEW_LISTED
from include.sources.looking.sample import RECORDS, Sample
from include.sources.looking.table import Decision, Table, table_of


def workbook_tables(sample: Sample, kind: str) -> list[Table]:
    """Each visible sheet that has a heading as a table.

    Raises:
        SourceError: no readable workbook, or one that expands beyond the limits.
    """
    if kind != "xls":
        _check_expansion(sample)
    try:
        with sample.path.open("rb") as file:  # by a path, calamine would go by the end of its name
            workbook = load_workbook(file)
            names = [
                sheet.name
                for sheet in workbook.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
            ]
            sheets = [workbook.get_sheet_by_name(name) for name in names]
    except BaseException as error:  # a panic of the parser is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise sample.refuse(
            "file", f"no readable workbook ({type(error).__name__})", f"a whole {kind} workbook",
            "Ask the source to deliver again; a truncated or renamed file looks like this.",
        ) from None  # fmt: skip
    tables = [table for sheet in sheets if (table := _table(sample, sheet, kind))]
    return [_with_choice(table, names) for table in tables]


def _table(sample: Sample, sheet: CalamineSheet, kind: str) -> Table | None:
    if sheet.total_width > sample.limits.columns:
        raise sample.refuse(
            f"sheet {sheet.name}", f"{sheet.total_width} columns",
            f"at most {sample.limits.columns} (limits.columns)", "Check what the source delivers.",
        )  # fmt: skip
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False, nrows=RECORDS)]
    shape = shape_of(rows, sheet.total_height <= RECORDS, sheet.merged_cell_ranges or ())
    if shape is None:
        return None
    begin = shape.title_rows + shape.header_rows
    keys = {
        "kind": kind, "sheet": sheet.name, "title_rows": shape.title_rows, "header_rows": shape.header_rows,
        "footer": shape.footer,
    }  # fmt: skip
    body = [row for row in rows[begin:] if any(row)]
    merged = _merged(sheet, begin, shape.headings)
    return table_of(keys, shape.headings, body[: -shape.footer_rows or None], merged, has_dates=True)


def _merged(sheet: CalamineSheet, begin: int, headings: list[str]) -> list[Decision]:
    """Whether cells below the heading are merged: a label over several rows is theirs, a number is not."""
    columns = {
        column
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        if top >= begin and bottom > top
        for column in range(left, right + 1)
    }
    if not columns:
        return []
    named = [
        repr(headings[n]) if n < len(headings) and headings[n] else f"column {column_name(n)}"
        for n in sorted(columns)
    ]
    return [
        Decision(
            "format.fill_merged",
            f"cells of {', '.join(named[:FEW_LISTED])} are merged over several rows",
            "a label holds for each of these rows; a number over several rows is one number, and whose it is only the "
            "source can say",
            first=True,
        )
    ]


def _with_choice(table: Table, names: list[str]) -> Table:
    if len(names) > 1:
        table.decisions.append(
            Decision(
                "format.sheet",
                f"{table.format['sheet']!r} was taken of the sheets {', '.join(map(repr, names))}",
                "the others are not read; a name that changes each month needs sheet_pattern",
            )
        )
    return table


def _text(cell: Any) -> str:
    """A cell as text, a number with a full stop."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return repr(int(cell)) if cell.is_integer() else format(cell, ".15g")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip(SPACES)


def _check_expansion(sample: Sample) -> None:
    """Refuse an archive that is larger when unpacked than a delivery may be; the sizes are those that it states."""
    limits = sample.limits
    try:
        with zipfile.ZipFile(sample.path) as archive:
            expanded = sum(each.file_size for each in archive.infolist())
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        expanded = 0  # calamine says that it is none
    if expanded > limits.expanded_bytes or expanded > max(16 << 20, sample.size * limits.expansion):
        raise sample.refuse(
            "workbook", f"{expanded} bytes when unpacked",
            f"at most {limits.expanded_bytes} (limits.expanded_bytes), and {limits.expansion} times its size",
            "Take a smaller file; one that was made to expand so is not opened.",
        )  # fmt: skip
