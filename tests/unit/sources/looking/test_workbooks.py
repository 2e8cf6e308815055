"""Workbook samples, written by three other libraries: sheets, titles, headings of two rows, true dates."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from include.sources import SourceError
from tests.unit.sources.looking.seen import LABORATORIES, seen

TITLES: list[tuple[Any, ...]] = [("СИНТЕТИЧЕСКИЕ ДАННЫЕ: сводка за март 2025",), ()]
TYPED: list[tuple[Any, ...]] = [
    (row[0], datetime(2025, 3, day), *row[2:]) for row, day in zip(LABORATORIES[1:], (4, 5, 6), strict=True)
]
FIELDS = {
    "record_no": "Номер",
    "closed_on": "Дата ликвидации",
    "region_code": {"constant": "KZ-43"},
    "agency": "Орган",
    "lab_type": "Тип лаборатории",
    "case_number": "№ ЕРДР",
}
Sheets = dict[str, list[tuple[Any, ...]]]


def xlsx(sheets: Sheets, hidden: str = "", merged: tuple[str, ...] = ()) -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made)
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, day)
                else:
                    sheet.write(number, place, cell)
        for cells in merged:
            sheet.merge_range(cells, rows[int(cells.split(":")[0][1:]) - 1][ord(cells[0]) - ord("A")])
        if name == hidden:
            sheet.hide()
    book.close()
    return made.getvalue()


def xls(rows: list[tuple[Any, ...]]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Свод")
    day = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            sheet.write(number, place, cell, *([day] if isinstance(cell, date) else []))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def ods(rows: list[tuple[Any, ...]]) -> bytes:
    book = OpenDocumentSpreadsheet()
    sheet = Table(name="Свод")
    for row in rows:
        line = TableRow()
        for cell in row:
            kind = {"valuetype": "date", "datevalue": cell.strftime("%Y-%m-%d")} if isinstance(cell, date) else {"valuetype": "string"}  # fmt: skip
            element = TableCell(**kind)
            element.addElement(P(text=str(cell)))
            line.addElement(element)
        sheet.addElement(line)
    book.spreadsheet.addElement(sheet)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("xlsx", xlsx({"Свод": [*TITLES, LABORATORIES[0], *TYPED]})),
        ("xls", xls([*TITLES, LABORATORIES[0], *TYPED])),
        ("ods", ods([*TITLES[:1], (" ",), LABORATORIES[0], *TYPED])),
    ],
)
def test_true_dates_are_read_as_days_and_never_as_a_question(
    tmp_path: Path, kind: str, content: bytes
) -> None:
    found = seen(tmp_path, content, name=f"report_2025-03.{kind}")
    assert (found.format["kind"], found.format["sheet"], found.format["title_rows"]) == (kind, "Свод", 2)
    assert found.format["dates"] == ["%Y-%m-%d"] and not found.asked("format.dates")
    assert found.fields == FIELDS


def test_the_kind_is_that_of_the_content_and_not_of_the_name(tmp_path: Path) -> None:
    found = seen(tmp_path, xls([LABORATORIES[0], *TYPED]), name="report_2025-03.xlsx")
    assert found.format["kind"] == "xls" and found.feed["transport"]["pattern"] == "*.xlsx"


def test_a_merged_heading_of_two_rows_is_joined_with_the_places_below_it(tmp_path: Path) -> None:
    rows = [
        ("№", "Ликвидация", "", "Тип лаборатории", "№ ЕРДР"),
        ("", "дата", "орган", "", ""),
        *LABORATORIES[1:],
    ]
    content = xlsx({"Свод": rows}, merged=("A1:A2", "B1:C1", "D1:D2", "E1:E2"))
    found = seen(tmp_path, content, name="report_2025-03.xlsx")
    assert found.format["header_rows"] == 2
    assert (found.fields["closed_on"], found.fields["agency"]) == ("Ликвидация / дата", "Ликвидация / орган")
    assert found.fields["record_no"] == "№"


def test_days_that_lost_their_format_are_read_by_their_number(tmp_path: Path) -> None:
    rows = [(row[0], 45_720 + n, *row[2:]) for n, row in enumerate(LABORATORIES[1:])]  # 45720: 4 March 2025
    found = seen(tmp_path, xlsx({"Свод": [LABORATORIES[0], *rows]}), name="report_2025-03.xlsx")
    assert found.fields["closed_on"] == "Дата ликвидации" and "excel1900" in found.format["dates"]


def test_of_several_sheets_the_one_with_the_reports_is_taken_and_that_is_a_question(tmp_path: Path) -> None:
    sheets: Sheets = {
        "Титул": [("Отчёт",), ("за март",)],
        "Данные": [*LABORATORIES],
        "Скрытый": [*LABORATORIES],
    }
    found = seen(tmp_path, xlsx(sheets, hidden="Скрытый"), name="report_2025-03.xlsx")
    assert found.format["sheet"] == "Данные"
    (question,) = found.asked("format.sheet")
    assert "'Титул', 'Данные'" in question.what and "Скрытый" not in question.what


def test_a_workbook_that_expands_beyond_the_limits_is_not_opened(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (64 << 20))
    with pytest.raises(SourceError, match="when unpacked"):
        seen(tmp_path, made.getvalue(), name="report_2025-03.xlsx")


def test_half_a_workbook_is_refused_with_what_to_do(tmp_path: Path) -> None:
    whole = xlsx({"Свод": [*LABORATORIES]})
    with pytest.raises(SourceError, match="broken workbook.*deliver again"):
        seen(tmp_path, whole[: len(whole) // 2], name="report_2025-03.xlsx")
