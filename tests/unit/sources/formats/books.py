"""Workbooks of the three kinds from the same rows, written by libraries of others or by hand; all of it is made up."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter
import xlwt

from include.sources.formats.number_formats import is_per_cent

Rows = Sequence[Sequence[Any]]
Merged = Sequence[tuple[int, int, int, int]]
"""Top, left, bottom, right, from 0; the first cell has the value."""


@dataclass(frozen=True)
class Formula:
    """A formula with the value that was calculated when the file was saved; None where it never was."""

    text: str
    value: Any


@dataclass(frozen=True)
class PerCent:
    """A number in a cell with a number format of its own, by default one that shows per cent."""

    value: float
    code: str = "0.0%"


@dataclass(frozen=True)
class Error:
    """A cell that shows an error."""

    text: str


def xlsx(
    sheets: Mapping[str, Rows], merged: Merged = (), hidden: Sequence[int] = (), from_1904: bool = False
) -> bytes:
    """The sheets as XLSX; `merged` and the rows `hidden` are those of every sheet."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "date_1904": from_1904,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        moment = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for top, left, bottom, right in merged:
                sheet.merge_range(top, left, bottom, right, "")
            for row in hidden:
                sheet.set_row(row, None, None, {"hidden": True})
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, Formula):
                        sheet.write_formula(
                            row, column, cell.text, None, 0 if cell.value is None else cell.value
                        )
                    elif isinstance(cell, PerCent):
                        sheet.write(row, column, cell.value, book.add_format({"num_format": cell.code}))
                    elif isinstance(cell, Error):
                        sheet.write_formula(row, column, "=NA()", None, cell.text)
                    elif isinstance(cell, datetime):
                        sheet.write_datetime(row, column, cell, moment)
                    elif isinstance(cell, date):
                        sheet.write_datetime(row, column, cell, day)
                    elif isinstance(cell, str):
                        sheet.write_string(row, column, cell) if cell else None
                    elif cell is not None:
                        sheet.write(row, column, cell)
    return out.getvalue()


CODES = {"#NULL!": 0, "#DIV/0!": 7, "#VALUE!": 15, "#REF!": 23, "#NAME?": 29, "#NUM!": 36, "#N/A": 42}
"""Of errors in XLS ([MS-XLS] 2.5.10); the words of the library for them are not all right."""


def xls(
    sheets: Mapping[str, Rows], merged: Merged = (), hidden: Sequence[int] = (), from_1904: bool = False
) -> bytes:
    """The same as XLS."""
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = from_1904
    day, moment = (xlwt.easyxf(num_format_str=form) for form in ("dd.mm.yyyy", "dd.mm.yyyy hh:mm"))
    values = {}
    for name, rows in sheets.items():
        sheet = book.add_sheet(name, cell_overwrite_ok=True)
        for top, left, bottom, right in merged:
            sheet.merge(top, bottom, left, right)
        for row in hidden:
            sheet.row(row).hidden = True
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, Formula):
                    sheet.write(row, column, xlwt.Formula(cell.text.removeprefix("=")))
                    values[row, column] = cell.value
                elif isinstance(cell, PerCent):
                    sheet.write(row, column, cell.value, xlwt.easyxf(num_format_str=cell.code))
                elif isinstance(cell, Error):
                    sheet.row(row).set_cell_error(column, CODES[cell.text])
                elif isinstance(cell, datetime):
                    sheet.write(row, column, cell, moment)
                elif isinstance(cell, date):
                    sheet.write(row, column, cell, day)
                elif cell not in (None, ""):
                    sheet.write(row, column, cell)
    out = io.BytesIO()
    book.save(out)
    content = out.getvalue()
    for place, value in values.items():
        content = _calculated(content, *place, value)
    return content


def _calculated(content: bytes, row: int, column: int, value: float | None) -> bytes:
    """The value of a formula, where xlwt wrote that it has none."""
    record = re.search(rb"\x06\x00.." + re.escape(struct.pack("<HH", row, column)), content, re.DOTALL)
    assert record
    at = record.end() + 2
    return content if value is None else content[:at] + struct.pack("<d", value) + content[at + 8 :]


ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    + " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.2">'
    "<office:body><office:spreadsheet>"
)
ODS_KIND = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def ods(
    sheets: Mapping[str, Rows], merged: Merged = (), hidden: Sequence[int] = (), from_1904: bool = False
) -> bytes:
    """The same as ODS, as LibreOffice writes it; it has no systems of dates."""
    spans = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in merged}
    covered = {
        (row, column)
        for top, left, bottom, right in merged
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    } - set(spans)
    tables = []
    for name, rows in sheets.items():
        lines = []
        for row, cells in enumerate(rows):
            width = max([len(cells), *(column + 1 for r, column in covered if r == row)])
            line = [*cells, *[None] * (width - len(cells))]
            boxes = "".join(
                _box(cell, spans.get((row, column)), (row, column) in covered)
                for column, cell in enumerate(line)
            )
            visibility = ' table:visibility="collapse"' * (row in hidden)
            lines.append(f"<table:table-row{visibility}>{boxes}</table:table-row>")
        tables.append(f"<table:table table:name={quoteattr(name)}>{''.join(lines)}</table:table>")
    return ods_with("".join(tables))


def ods_with(tables: str) -> bytes:
    """An ODS around tables that are written by hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", ODS_KIND, zipfile.ZIP_STORED)
        book.writestr("META-INF/manifest.xml", MANIFEST)
        book.writestr(
            "content.xml", f"{ODS_HEAD}{tables}</office:spreadsheet></office:body></office:document-content>"
        )
    return out.getvalue()


def _box(cell: Any, span: tuple[int, int] | None, is_covered: bool) -> str:
    spanned = (
        f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"' if span else ""
    )
    formula = ""
    if isinstance(cell, Formula):
        formula, cell = f" table:formula={quoteattr('of:' + cell.text)}", cell.value
    if cell in (None, ""):
        kind, text = "", ""
    elif isinstance(cell, PerCent):
        of = "percentage" if is_per_cent(cell.code) else "float"
        kind, text = f' office:value-type="{of}" office:value="{cell.value!r}"', "как видно"
    elif isinstance(cell, Error):
        kind = ' office:value-type="string" office:string-value="" calcext:value-type="error"'
        formula, text = ' table:formula="of:=NA()"', cell.text
    elif isinstance(cell, bool):
        kind, text = (
            f' office:value-type="boolean" office:boolean-value="{str(cell).lower()}"',
            str(cell).upper(),
        )
    elif isinstance(cell, date):
        kind, text = (
            f' office:value-type="date" office:date-value="{cell.isoformat()}"',
            cell.strftime("%d.%m.%Y"),
        )
    elif isinstance(cell, int | float):
        kind, text = f' office:value-type="float" office:value="{cell!r}"', f"{cell:.2f}".replace(".", ",")
    else:
        kind, text = ' office:value-type="string"', cell
    paragraphs = "".join(f"<text:p>{escape(part)}</text:p>" for part in text.split("\n")) if text else ""
    name = f"table:{'covered-' * is_covered}table-cell"
    return f"<{name}{formula}{kind}{spanned}>{paragraphs}</{name}>"


WRITERS: dict[str, Callable[..., bytes]] = {"xlsx": xlsx, "xls": xls, "ods": ods}


def remade(content: bytes, parts: Mapping[str, Callable[[bytes], bytes] | bytes | None]) -> bytes:
    """A ZIP archive with some of its parts changed by a function, replaced or added (bytes), or left out (None)."""
    wanted = dict(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = wanted.pop(name, old.read(name))
            if change is not None:
                new.writestr(name, change(old.read(name)) if callable(change) else change)
        for name, added in wanted.items():
            assert isinstance(added, bytes), f"there is no part {name}"
            new.writestr(name, added)
    return out.getvalue()
