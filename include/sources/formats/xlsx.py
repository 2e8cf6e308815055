"""Workbooks through calamine: cells become text by their own type, merged header cells fill to the right."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, load_workbook

from include.sources.definition import XlsxFormat
from include.sources.formats.raw import (
    RawRows,
    Reading,
    check_headings,
    clean_heading,
    identifier,
    json_record,
)


def read_xlsx(reading: Reading, declared: XlsxFormat) -> RawRows:
    """Every row below the header that is not blank; raw_row is the row number that the sheet shows.

    Dates become YYYY-MM-DD whatever the cell shows; numbers keep the decimal sign the source declares.
    """
    rows = _sheet(reading, declared).to_python(skip_empty_area=False)
    first = declared.title_rows + declared.header_rows
    if len(rows) < first:
        raise reading.refuse(
            f"sheet {declared.sheet}", f"{len(rows)} rows", f"{first} rows of titles and headings at least",
            "Ask the source to deliver again.",
        )  # fmt: skip
    headings = _headings(rows[declared.title_rows : first])
    check_headings(reading, headings, f"sheet {declared.sheet}, row {first}")
    used = [n for n, heading in enumerate(headings) if heading]
    body = [(n, row) for n, row in enumerate(rows[first:], first + 1) if any(cell != "" for cell in row)]
    table = pa.table(
        {"raw_row": pa.array([n for n, _ in body], pa.int64())}
        | {f"c{c}": pa.array([_text(row[c], declared.decimal) for _, row in body], pa.string()) for c in used}
    )
    cells = {headings[c]: f"c{c}" for c in used}
    name = f"sheet_{reading.delivered.label}"
    reading.connection.register(name, table)
    return RawRows(
        relation=identifier(name),
        columns=tuple(cells.values()),
        cells=cells,
        received=json_record(cells),
        rejects="select null::bigint as raw_row, null as received, null as rule where false",
        physical_rows=len(body),
    )


def _sheet(reading: Reading, declared: XlsxFormat) -> CalamineSheet:
    try:
        workbook = load_workbook(str(reading.delivered.path))
    except (CalamineError, OSError) as error:
        raise reading.refuse(
            "file", f"no readable workbook ({type(error).__name__})", "a whole XLSX workbook",
            "Ask the source to deliver again; a truncated or renamed file looks like this.",
        ) from None  # fmt: skip
    if declared.sheet not in workbook.sheet_names:
        raise reading.refuse(
            "workbook", f"the sheets {', '.join(workbook.sheet_names)}", f"a sheet {declared.sheet!r}",
            "Mend format.sheet of the definition, or ask the source.",
        )  # fmt: skip
    return workbook.get_sheet_by_name(declared.sheet)


def _headings(header: list[list[Any]]) -> list[str]:
    """One heading a column; of two header rows `top / bottom`, the top one filled to the right."""
    bottom = [clean_heading(str(cell)) for cell in header[-1]]
    if len(header) == 1:
        return bottom
    top, filled = [clean_heading(str(cell)) for cell in header[0]], ""
    for n, cell in enumerate(top):
        filled = cell or (filled if bottom[n] else "")
        top[n] = filled
    return [
        " / ".join(dict.fromkeys(part for part in pair if part)) for pair in zip(top, bottom, strict=True)
    ]


def _text(cell: Any, decimal: str) -> str | None:
    if cell == "":
        return None
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        text = repr(int(cell)) if cell.is_integer() else format(cell, ".15g")
        return text.replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time | timedelta):
        return str(cell)
    return str(cell)
