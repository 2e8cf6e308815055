"""The bytes of a delivery, in the format that the definition of its feed declares."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import groupby

import xlsxwriter

from include.sandbox.cells import Cell, Clerk, encodable
from include.sandbox.reports import Delivery
from include.sources.definition import CsvFormat, WorkbookFormat

MARK = "СИНТЕТИЧЕСКИЕ ДАННЫЕ / СИНТЕТИКАЛЫҚ ДЕРЕКТЕР / SYNTHETIC DATA"
TITLES = {"ru": ("Сводка регионального штаба", "Период"), "kk": ("Өңірлік штабтың мәліметі", "Кезең")}
MARK_WITHOUT_KAZAKH = "СИНТЕТИЧЕСКИЕ ДАННЫЕ / SYNTHETIC DATA"  # for code pages without Kazakh letters
MADE = datetime(2025, 1, 1)  # written into every workbook, so that the same rows are the same bytes


def to_bytes(delivery: Delivery) -> bytes:
    """One delivery as its source would hand it over; the same rows always give the same bytes."""
    form = delivery.clerk.format
    if isinstance(form, CsvFormat):
        return _csv(delivery, form)
    if isinstance(form, WorkbookFormat):
        return _xlsx(delivery, form)
    if form.kind == "jsonl":
        return _jsonl(delivery)
    return _api(delivery)


def _csv(delivery: Delivery, form: CsvFormat) -> bytes:
    headings = delivery.clerk.headings()
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=form.delimiter, quotechar=form.quote, lineterminator="\r\n")
    for title in _titles(delivery)[: form.title_rows]:
        writer.writerow([title])
    writer.writerow(headings)
    for row in delivery.rows:
        cells: list[Cell] = ["" if row.cells.get(h) is None else row.cells[h] for h in headings]
        if row.shape == "long":
            cells.insert(2, "лишнее")
        elif row.shape == "short":
            cells = cells[:-2]
        writer.writerow(cells)
    return text.getvalue().encode(form.encoding)


def _xlsx(delivery: Delivery, form: WorkbookFormat) -> bytes:
    headings = delivery.clerk.headings()
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd.mm.yyyy"})
    book.set_properties({"title": MARK, "created": MADE})
    sheet = book.add_worksheet(form.sheet)
    bold = book.add_format({"bold": True})
    for place, title in enumerate(_titles(delivery)[: form.title_rows]):
        sheet.write_string(place, 0, title, bold)
    row_no = form.title_rows
    if form.header_rows == 2:
        _two_row_header(sheet, row_no, headings, bold)
    else:
        for column, heading in enumerate(headings):
            sheet.write_string(row_no, column, heading, bold)
    row_no += form.header_rows
    for row in delivery.rows:
        for column, heading in enumerate(headings):
            _write_cell(sheet, row_no, column, row.cells.get(heading))
        row_no += 1
    book.close()
    return out.getvalue()


def _titles(delivery: Delivery) -> list[str]:
    title, period = TITLES[delivery.clerk.language]
    mark = MARK if encodable(MARK, delivery.clerk.encoding) else MARK_WITHOUT_KAZAKH
    return [
        f"{mark}. {period}: {delivery.period}",
        f"{title}: {delivery.clerk.source}, {delivery.clerk.dataset}",
        f"{delivery.day:%d.%m.%Y}",
    ]


def _two_row_header(
    sheet: xlsxwriter.worksheet.Worksheet,
    row_no: int,
    headings: Sequence[str],
    bold: xlsxwriter.format.Format,
) -> None:
    """Headings "top / bottom": the top merged over its columns; a single heading merged over both rows."""
    column = 0
    for top, run in groupby(headings, key=lambda heading: heading.split(" / ")[0]):
        parts = [heading.split(" / ")[1:] for heading in run]
        if parts == [[]]:
            sheet.merge_range(row_no, column, row_no + 1, column, top, bold)
        else:
            if len(parts) > 1:
                sheet.merge_range(row_no, column, row_no, column + len(parts) - 1, top, bold)
            else:
                sheet.write_string(row_no, column, top, bold)
            for place, part in enumerate(parts):
                sheet.write_string(row_no + 1, column + place, part[0], bold)
        column += len(parts)


def _write_cell(sheet: xlsxwriter.worksheet.Worksheet, row_no: int, column: int, cell: Cell) -> None:
    if cell is None:
        return
    if isinstance(cell, date):
        sheet.write_datetime(row_no, column, datetime(cell.year, cell.month, cell.day))
    elif isinstance(cell, int | float):
        sheet.write_number(row_no, column, cell)
    else:
        sheet.write_string(row_no, column, cell)


def _jsonl(delivery: Delivery) -> bytes:
    lines = []
    for row in delivery.rows:
        line = json.dumps(row.cells, ensure_ascii=False)
        lines.append(line[: len(line) // 2] if row.shape == "cut" else line)
    return "".join(f"{line}\n" for line in lines).encode()


def _api(delivery: Delivery) -> bytes:
    """The whole delivery as the API keeps it; it is served in pages."""
    body = {
        "synthetic": True,
        "note": MARK,
        "id": delivery.name,
        "period": delivery.period,
        "delivered_at": datetime(delivery.day.year, delivery.day.month, delivery.day.day, 4, tzinfo=UTC)
        .isoformat()
        .replace("+00:00", "Z"),
        "items": [row.cells for row in delivery.rows],
    }
    return json.dumps(body, ensure_ascii=False).encode()


def is_served(clerk: Clerk) -> bool:
    """Whether a feed is served by the API and not by files."""
    return clerk.format.kind == "json"
