"""Writers of the formats that are no text: workbooks and Parquet.

A workbook has a title, headings of two rows, the agency merged over the rows that have it in common, a blank row, cells
of days, numbers, texts and errors, and a footer.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

import odf.opendocument
import odf.table
import odf.text
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import xlwt

from tests.mutation.record import Record, Written

TITLE = "синтетические данные"
HEADINGS = ("№", "Дата", "Вещество", "Кол-во", "Ед.", "Орган", "Упаковка")
TOP = ("№", "Дата", "Вещество", "Изъято", "", "Орган", "Упаковка")
BELOW = ("", "", "", "Кол-во", "Ед.", "", "")
FIRST = 3  # the row of the first record, from 0
AGENCY = 5
ERROR = "#N/A"
Declared = Mapping[str, Any]


def _laid_out(records: Sequence[Record]) -> tuple[list[tuple[int, Record]], list[tuple[int, int]], int]:
    """Row of each record, with a blank row in the middle; first and last rows of one agency; row of the footer."""
    blank = len(records) // 2 // 3 * 3
    rows = [(FIRST + n + (n >= blank), record) for n, record in enumerate(records)]
    merged = []
    for _, group in groupby(rows, key=lambda row: (row[1].agency, row[0] > FIRST + blank)):
        members = [row for row, _ in group]
        merged.append((members[0], members[-1]))
    return rows, merged, rows[-1][0] + 1


def _placed(rows: Sequence[tuple[int, Record]]) -> Written:
    written = Written()
    for row, record in rows:
        written.place(record, row + 1)
    return written


def xlsx(declared: Declared, records: Sequence[Record], from_1904: bool = False) -> Written:
    rows, merged, footer = _laid_out(records)
    written, out = _placed(rows), io.BytesIO()
    with xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_numbers": False, "date_1904": from_1904}
    ) as book:
        book.set_properties({"created": datetime(2025, 1, 1)})
        sheet, as_day = book.add_worksheet("Лист1"), book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_string(0, 0, TITLE)
        sheet.write_row(1, 0, TOP)
        sheet.write_row(2, 0, BELOW)
        sheet.merge_range(1, 3, 1, 4, "Изъято")
        for row, record in rows:
            sheet.write_string(row, 0, record.number)
            sheet.write_datetime(row, 1, record.date, as_day)
            sheet.write_string(row, 2, record.substance)
            sheet.write_number(row, 3, float(record.quantity))
            sheet.write_string(row, 4, record.unit)
            if record.packaging == ERROR:
                sheet.write_formula(row, 6, "=NA()", None, ERROR)
            elif record.packaging:
                sheet.write_string(row, 6, record.packaging)
        agency = dict(rows)
        for first, last in merged:
            if last > first:
                sheet.merge_range(first, AGENCY, last, AGENCY, agency[first].agency)
            else:
                sheet.write_string(first, AGENCY, agency[first].agency)
        sheet.write_string(footer, 0, "Итого")
    written.content = out.getvalue()
    return written


def xlsx_1904(declared: Declared, records: Sequence[Record]) -> Written:
    """As spreadsheet programs of Apple wrote them."""
    return xlsx(declared, records, from_1904=True)


def xls(declared: Declared, records: Sequence[Record]) -> Written:
    rows, merged, footer = _laid_out(records)
    written, out = _placed(rows), io.BytesIO()
    book = xlwt.Workbook(encoding="utf-8")
    sheet, as_day = book.add_sheet("Лист1"), xlwt.easyxf(num_format_str="DD.MM.YYYY")
    sheet.write(0, 0, TITLE)
    for column, (top, below) in enumerate(zip(TOP, BELOW, strict=True)):
        if top != "Изъято" and top:
            sheet.write(1, column, top)
        if below:
            sheet.write(2, column, below)
    sheet.write_merge(1, 1, 3, 4, "Изъято")
    for row, record in rows:
        cells = (record.number, record.date, record.substance, float(record.quantity), record.unit)
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell, *([as_day] if column == 1 else []))
        if record.packaging == ERROR:
            sheet.row(row).set_cell_error(6, 0x2A)
        elif record.packaging:
            sheet.write(row, 6, record.packaging)
    agency = dict(rows)
    for first, last in merged:
        sheet.write_merge(first, last, AGENCY, AGENCY, agency[first].agency)
    sheet.write(footer, 0, "Итого")
    book.save(out)
    written.content = out.getvalue()
    return written


def ods(declared: Declared, records: Sequence[Record]) -> Written:
    rows, merged, footer = _laid_out(records)
    written = _placed(rows)
    span = {first: last - first + 1 for first, last in merged}
    filled: dict[int, list[Any]] = {
        0: [_cell(TITLE)],
        1: [*map(_cell, TOP[:3]), _cell("Изъято", numbercolumnsspanned=2), odf.table.CoveredTableCell(), *map(_cell, TOP[5:])],
        2: [*map(_cell, BELOW)],
        footer: [_cell("Итого")],
    }  # fmt: skip
    for row, record in rows:
        below = row not in span
        filled[row] = [
            _cell(record.number),
            _cell(f"{record.date:%d.%m.%Y}", valuetype="date", datevalue=record.day),
            _cell(record.substance),
            _cell(record.quantity, valuetype="float", value=record.quantity),
            _cell(record.unit),
            odf.table.CoveredTableCell() if below else _cell(record.agency, numberrowsspanned=span[row]),
            _cell(record.packaging),
        ]
    written.content = _spreadsheet(filled.get(row, []) for row in range(footer + 1))
    return written


def _spreadsheet(rows: Iterable[Iterable[Any]]) -> bytes:
    out = io.BytesIO()
    book, sheet = odf.opendocument.OpenDocumentSpreadsheet(), odf.table.Table(name="Лист1")
    for cells in rows:
        line = odf.table.TableRow()
        for cell in cells:
            line.addElement(cell)
        sheet.addElement(line)
    book.spreadsheet.addElement(sheet)
    book.save(out)
    return _undated(out)


def _plain(records: Sequence[Record]) -> tuple[Written, list[list[str | float | date]]]:
    """Rows of texts, numbers and days, of which some are written as texts; a blank row in the middle."""
    written = Written()
    rows: list[list[str | float | date]] = [[TITLE], [*HEADINGS]]
    for n, record in enumerate(records):
        if n == len(records) // 2:
            rows.append([])
        written.place(record, len(rows) + 1)
        cells: list[str | float | date] = [
            *record.cells(f"{record.date:%d.%m.%Y}", record.quantity.replace(".", ","))
        ]
        if n % 3:
            cells[1], cells[3] = record.date, float(record.quantity)
        rows.append(cells)
    return written, [*rows, ["Итого", 12.5]]


def xlsx_plain(declared: Declared, records: Sequence[Record]) -> Written:
    written, rows = _plain(records)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2025, 1, 1)})
        sheet, as_day = book.add_worksheet("Лист1"), book.add_format({"num_format": "dd.mm.yyyy"})
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(row, column, cell, as_day)
                elif isinstance(cell, float):
                    sheet.write_number(row, column, cell)
                elif cell:
                    sheet.write_string(row, column, cell)
    written.content = out.getvalue()
    return written


def xls_plain(declared: Declared, records: Sequence[Record]) -> Written:
    written, rows = _plain(records)
    out = io.BytesIO()
    book = xlwt.Workbook(encoding="utf-8")
    sheet, as_day = book.add_sheet("Лист1"), xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if cell:
                sheet.write(row, column, cell, *([as_day] if isinstance(cell, date) else []))
    book.save(out)
    written.content = out.getvalue()
    return written


def ods_plain(declared: Declared, records: Sequence[Record]) -> Written:
    written, rows = _plain(records)
    written.content = _spreadsheet(map(_plain_cell, cells) for cells in rows)
    return written


def _plain_cell(cell: str | float | date) -> Any:
    if isinstance(cell, date):
        return _cell(f"{cell:%d.%m.%Y}", valuetype="date", datevalue=cell.isoformat())
    if isinstance(cell, float):
        return _cell(f"{cell:.2f}", valuetype="float", value=repr(cell))
    return _cell(cell)


def _undated(made: io.BytesIO) -> bytes:
    """The archive without the time at which it was made: the same records are the same file."""
    out = io.BytesIO()
    with zipfile.ZipFile(made) as archive, zipfile.ZipFile(out, "w") as undated:
        for info in archive.infolist():
            undated.writestr(zipfile.ZipInfo(info.filename), archive.read(info), info.compress_type)
    return out.getvalue()


def _cell(text: str, **given: Any) -> Any:
    cell = odf.table.TableCell(**({"valuetype": "string"} | given if text else given))
    if text:
        cell.addElement(odf.text.P(text=text))
    return cell


def parquet(declared: Declared, records: Sequence[Record]) -> Written:
    """Groups of seven rows; days and numbers as such."""
    columns: dict[str, tuple[pa.DataType, Callable[[Record], Any]]] = {
        "№": (pa.string(), lambda record: record.number),
        "Дата": (pa.date32(), lambda record: record.date),
        "Вещество": (pa.string(), lambda record: record.substance),
        "Кол-во": (pa.float64(), lambda record: float(record.quantity)),
        "Ед.": (pa.string(), lambda record: record.unit),
        "Орган": (pa.string(), lambda record: record.agency),
        "Упаковка": (pa.string(), lambda record: record.packaging or None),
    }
    table = pa.table({name: pa.array(map(of, records), kind) for name, (kind, of) in columns.items()})
    written, out = Written(), io.BytesIO()
    for place, record in enumerate(records, 1):
        written.place(record, place)
    pq.write_table(table, out, row_group_size=7)
    written.content = out.getvalue()
    return written
