"""What holds of a sheet whichever program wrote it: XLSX, XLS and ODS give the same rows as text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt

from include.sources import Limits
from include.sources.formats import sheet, workbook
from include.sources.formats.sheet import PlainCells
from tests.unit.sources.formats.books import WRITERS, Error, Formula, PerCent, remade, xls, xlsx
from tests.unit.sources.formats.opened import Opened, landed, opened, refusal

HEAD = ("n", "s")
kinds = pytest.mark.parametrize("kind", WRITERS)


def form(kind: str, **declared: Any) -> dict[str, Any]:
    sheet = {} if "sheet_pattern" in declared else {"sheet": "Отчёт"}
    return {"kind": kind} | sheet | declared


def book(kind: str, *rows: Any, **more: Any) -> bytes:
    return WRITERS[kind]({"Отчёт": rows}, **more)


def read(folder: Path, kind: str, *rows: Any, **declared: Any) -> Opened:
    return opened(folder, form(kind, **declared), book(kind, HEAD, *rows), *HEAD)


# The sheet -------------------------------------------------------------------------------------------------------


@kinds
def test_a_sheet_is_chosen_by_its_name_or_by_a_pattern_of_it(tmp_path: Path, kind: str) -> None:
    content = WRITERS[kind](
        {"Титул": [["x"]], "Март 2025": [HEAD, ("1", "а")], "Код & слово": [HEAD, ("2", "б")]}
    )
    assert opened(tmp_path, form(kind, sheet="Код & слово"), content, *HEAD).rows == {2: ("2", "б")}
    assert opened(tmp_path, form(kind, sheet_pattern=r"\w+ 20\d\d"), content, *HEAD).rows == {2: ("1", "а")}


@kinds
@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"sheet": "Отчет"}, "found the sheets 'Титул', 'Март', 'Апрель'; expected one sheet 'Отчет'"),
        ({"sheet": "март"}, "found the sheets 'Титул', 'Март', 'Апрель'; expected one sheet 'март'"),
        ({"sheet_pattern": "20.."}, "found the sheets 'Титул', 'Март', 'Апрель'; expected one sheet that matches '20..'"),
        ({"sheet_pattern": "Мар"}, "found the sheets 'Титул', 'Март', 'Апрель'"),
        ({"sheet_pattern": "Март|Апрель"}, "found 2 of them ('Титул', 'Март', 'Апрель'); expected one sheet that matches"),
    ],
)  # fmt: skip
def test_no_sheet_or_several_are_refused_with_the_names_that_there_are(
    tmp_path: Path, kind: str, declared: dict[str, str], said: str
) -> None:
    content = WRITERS[kind]({"Титул": [["x"]], "Март": [HEAD], "Апрель": [HEAD]})
    assert f"workbook: {said}" in refusal(tmp_path, form(kind, **declared), content, *HEAD)


# Rows and headings -----------------------------------------------------------------------------------------------


@kinds
def test_rows_have_the_numbers_that_the_sheet_shows_whatever_is_blank_or_hidden(
    tmp_path: Path, kind: str
) -> None:
    rows = (("Отчёт",), (), HEAD, ("1", "а"), (), ("2", ""), ("", ""), ("3", "в"), (), ())
    content = book(kind, *rows, hidden=[3, 4])
    assert opened(tmp_path, form(kind, title_rows=2), content, *HEAD).rows == {
        4: ("1", "а"), 6: ("2", None), 8: ("3", "в"),
    }  # fmt: skip


@kinds
def test_a_table_may_begin_anywhere_in_the_sheet(tmp_path: Path, kind: str) -> None:
    content = book(kind, (), (), ("", "", "n", "s"), ("", "", "1", "а"))
    assert opened(tmp_path, form(kind, title_rows=2), content, *HEAD).rows == {4: ("1", "а")}


@kinds
def test_sums_and_signatures_below_the_table_are_no_rows(tmp_path: Path, kind: str) -> None:
    rows = (("1", "а"), ("Итого", 1), ("2", "б"), ("", "Итого", 2), (), ("Исполнитель: синтетика",))
    found = read(tmp_path, kind, *rows, footer="^(Итого|Исполнитель)")
    assert found.rows == {2: ("1", "а"), 3: ("Итого", "1"), 4: ("2", "б")}


@kinds
def test_headings_of_several_rows_are_joined_and_merged_ones_filled(tmp_path: Path, kind: str) -> None:
    rows = (("№", "Изъято", "", "Орган"), ("", "вещество", "кг", ""), ("1", "соль", 4.5, "МВД"))
    content = book(kind, *rows, merged=[(0, 0, 1, 0), (0, 1, 0, 2), (0, 3, 1, 3)])
    found = opened(
        tmp_path,
        form(kind, header_rows=2, decimal=","),
        content,
        "№",
        "Изъято / вещество",
        "Изъято / кг",
        "Орган",
    )
    assert found.rows == {3: ("1", "соль", "4,5", "МВД")}


@kinds
def test_merged_cells_have_the_value_that_they_show_and_a_blank_row_stays_none(
    tmp_path: Path, kind: str
) -> None:
    rows = (HEAD, ("1", "а"), ("", "б"), ("", ""), ("2", "в"))
    content = book(kind, *rows, merged=[(1, 0, 3, 0)])
    assert opened(tmp_path, form(kind), content, *HEAD).rows == {2: ("1", "а"), 3: ("1", "б"), 5: ("2", "в")}
    unfilled = opened(tmp_path, form(kind, fill_merged=False), content, *HEAD)
    assert unfilled.rows == {2: ("1", "а"), 3: (None, "б"), 5: ("2", "в")}


@kinds
def test_headings_alone_are_a_report_of_nothing_and_a_blank_sheet_is_none(tmp_path: Path, kind: str) -> None:
    assert read(tmp_path, kind).rows == {}
    assert "found 0 rows; expected 1 rows of titles and headings" in refusal(
        tmp_path, form(kind), book(kind), *HEAD
    )


@kinds
@pytest.mark.parametrize(("head", "said"), [(("n", "m"), "no column 's' (there are: n, m)"), (("n", "s", "s"), "the column 's' more than once")])  # fmt: skip
def test_a_sheet_without_its_headings_is_refused(
    tmp_path: Path, kind: str, head: tuple[str, ...], said: str
) -> None:
    assert f"sheet 'Отчёт', row 1: found {said}" in refusal(
        tmp_path, form(kind), book(kind, head, ("1", "2")), *HEAD
    )


@kinds
def test_a_wide_table_becomes_one_record_a_month(tmp_path: Path, kind: str) -> None:
    """Two rows of headings, the upper one merged over the months; an empty cell is no record, a row of them is one."""
    rows = (("Вещество", "2025", "", "", "Итого"), ("", "январь", "февраль", "март", ""),
            ("соль", 1, None, 2.5, 3.5), ("тұз", None, None, None, 0), ("гашиш", 0, 7, None, 7))  # fmt: skip
    content = book(kind, *rows, merged=[(0, 0, 1, 0), (0, 1, 0, 3), (0, 4, 1, 4)])
    wide = {"columns": "2025 / .*", "name": "Месяц", "value": "Кол-во"}
    found = opened(tmp_path, form(kind, header_rows=2, unpivot=wide), content, "Вещество", "Месяц", "Кол-во")
    assert found.rows == {
        3001: ("соль", "2025 / январь", "1"), 3003: ("соль", "2025 / март", "2.5"), 4000: ("тұз", None, None),
        5001: ("гашиш", "2025 / январь", "0"), 5002: ("гашиш", "2025 / февраль", "7"),
    }  # fmt: skip


# Cells -----------------------------------------------------------------------------------------------------------

NUMBERS: list[tuple[float, str]] = [
    (0.1 + 0.2, "0,3"), (1234567.891, "1234567,891"), (4.10, "4,1"), (2 / 3, "0,666666666666667"), (12.0, "12"), (-0.5, "-0,5"),
    (0.00012, "0,00012"), (1e-7, "0,0000001"), (1e15, "1000000000000000"), (123456789012345, "123456789012345"),
    (1234567890123450000, "1234567890123450000"), (1e23, "100000000000000000000000"), (0, "0"), (980512300123, "980512300123"),
]  # fmt: skip


@kinds
def test_numbers_are_the_digits_that_a_sheet_keeps_with_the_declared_decimal_sign(
    tmp_path: Path, kind: str
) -> None:
    for numbers in (
        NUMBERS,
        NUMBERS[-1:],
        [*NUMBERS[:1], *NUMBERS[-2:]],
    ):  # of one kind, and of several in a column
        found = read(tmp_path, kind, *((number, "x") for number, _ in numbers), decimal=",")
        assert found.cells == [text for _, text in numbers]
    mixed = read(tmp_path, kind, *((number, "x") for number, _ in NUMBERS), ("текст", "x"), decimal=",")
    assert mixed.cells == [*(text for _, text in NUMBERS), "текст"]


@kinds
def test_text_is_text_whatever_it_looks_like(tmp_path: Path, kind: str) -> None:
    texts = [
        "00012",
        "1.10",
        "1e5",
        "=1+1",
        "05.03.2025",
        "NA",
        "true",
        "'x",
        "в две\nстроки",
        "әғқңөұүһі",
        "a&b <c>",
        "  x  y ",
    ]
    assert read(tmp_path, kind, *((text, "x") for text in texts)).cells == texts


@kinds
def test_days_are_days_whatever_format_they_show_and_truth_is_1_or_0(tmp_path: Path, kind: str) -> None:
    cells = [date(2025, 3, 5), datetime(2025, 3, 5, 14, 30), True, False, date(2000, 2, 29)]
    found = read(tmp_path, kind, *((cell, "x") for cell in cells))
    assert found.cells == ["2025-03-05", "2025-03-05 14:30:00", "1", "0", "2000-02-29"]


@kinds
def test_a_date_cell_is_a_date_beside_the_forms_that_are_declared(tmp_path: Path, kind: str) -> None:
    content = book(
        kind, ("n", "d"), ("1", date(2025, 3, 4)), ("2", "05.03.2025"), ("3", "2025/03/06"), ("4", 45721)
    )
    found = landed(tmp_path, form(kind, dates=["%d.%m.%Y"]), content, record_no="n", closed_on="d")
    assert found.accepted == {2: ("1", date(2025, 3, 4)), 3: ("2", date(2025, 3, 5))}
    assert [reasons for reasons, _ in found.quarantined.values()] == [["closed_on.date"]] * 2


@pytest.mark.parametrize("writer", [xlsx, xls])
@pytest.mark.parametrize("from_1904", [False, True])
def test_both_systems_of_dates_give_the_same_days(tmp_path: Path, writer: Any, from_1904: bool) -> None:
    days = [
        date(2025, 3, 5),
        date(1904, 1, 2),
        date(2000, 2, 29),
        date(2024, 12, 31),
        datetime(2025, 3, 5, 23, 59),
    ]
    content = writer({"Отчёт": [HEAD, *((day, "x") for day in days)]}, from_1904=from_1904)
    found = opened(tmp_path, form(writer.__name__), content, *HEAD)
    assert found.cells == ["2025-03-05", "1904-01-02", "2000-02-29", "2024-12-31", "2025-03-05 23:59:00"]


@pytest.mark.parametrize(("system", "day"), [("excel1900", 45721), ("excel1904", 44259)])
@kinds
def test_a_days_number_is_a_day_where_the_definition_says_so(
    tmp_path: Path, kind: str, system: str, day: int
) -> None:
    content = book(kind, ("n", "d"), ("1", day), ("2", str(day)), ("3", day + 0.5), ("4", -1))
    found = landed(tmp_path, form(kind, dates=[system]), content, record_no="n", closed_on="d")
    assert found.accepted == {2: ("1", date(2025, 3, 5)), 3: ("2", date(2025, 3, 5))}
    assert sorted(found.quarantined) == [4, 5]


# Formulas and errors ---------------------------------------------------------------------------------------------


@kinds
def test_of_a_formula_the_value_is_taken_that_was_saved_and_nothing_is_calculated(
    tmp_path: Path, kind: str
) -> None:
    found = read(tmp_path, kind, (Formula("=1+1", 7), "x"), (2, "y"), (Formula("=A3*10", 4.5), "z"))
    assert found.cells == ["7", "2", "4.5"]


@kinds
def test_a_formula_that_nobody_has_calculated_is_refused_with_its_cell(tmp_path: Path, kind: str) -> None:
    content = book(kind, HEAD, ("1", "а"), ("2", Formula("=A1", None)))
    if kind == "xlsx":  # the library writes 0 beside a formula without a value; other programs write none
        content = remade(
            content, {"xl/worksheets/sheet1.xml": lambda part: part.replace(b"</f><v>0</v>", b"</f>")}
        )
    said = "sheet 'Отчёт', cell B3: found a formula without a calculated value"
    assert said in refusal(tmp_path, form(kind), content, *HEAD)


@kinds
def test_an_error_is_the_word_that_it_shows_so_that_no_number_and_no_day_is_read_from_it(
    tmp_path: Path, kind: str
) -> None:
    shown = ("#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!")
    content = book(
        kind,
        ("n", "d"),
        *((str(place), Error(word)) for place, word in enumerate(shown)),
        ("8", "05.03.2025"),
    )
    found = landed(tmp_path, form(kind, dates=["%d.%m.%Y"]), content, record_no="n", closed_on="d")
    assert found.accepted == {9: ("8", date(2025, 3, 5))}
    assert [reasons for reasons, _ in found.quarantined.values()] == [["closed_on.date"]] * 7
    assert all(
        word in received for word, (_, received) in zip(shown, found.quarantined.values(), strict=True)
    )


@kinds
def test_an_error_in_a_merged_cell_shows_in_all_of_it(tmp_path: Path, kind: str) -> None:
    content = book(kind, HEAD, (Error("#N/A"), "а"), ("", "б"), merged=[(1, 0, 2, 0)])
    assert opened(tmp_path, form(kind), content, *HEAD).rows == {2: ("#N/A", "а"), 3: ("#N/A", "б")}


# Other things by that name ---------------------------------------------------------------------------------------

OTHERS = {
    "an HTML page": "<html><head><meta charset='utf-8'></head><body><table><tr><td>n</td></tr></table></body></html>",
    "a workbook as one XML file (Excel 2003)": '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>',
    "an XML file": '<?xml version="1.0"?><report/>',
    "a web page as one file (MHTML)": "MIME-Version: 1.0\r\nContent-Type: multipart/related",
    "text, as of a CSV file": "n;s\r\n1;соль\r\n",
    "a PDF": "%PDF-1.7\n",
    "an empty file": "",
}  # fmt: skip


@kinds
@pytest.mark.parametrize("what", OTHERS)
def test_what_only_has_the_name_of_a_workbook_is_refused_with_a_word_of_what_it_is(
    tmp_path: Path, kind: str, what: str
) -> None:
    assert refusal(tmp_path, form(kind), OTHERS[what], *HEAD).startswith(f"file: found {what}; expected an ")
    marked = b"\xef\xbb\xbf" + OTHERS[what].encode()
    assert OTHERS[what] == "" or f"found {what}" in refusal(tmp_path, form(kind), marked, *HEAD)


@kinds
def test_text_in_utf_16_is_named_too(tmp_path: Path, kind: str) -> None:
    said = "file: found text in UTF-16; expected an "
    assert refusal(tmp_path, form(kind), "n\ts\r\n1\tсоль".encode("utf-16"), *HEAD).startswith(said)


ONE_ANOTHER = {
    ("xlsx", "ods"): "an OpenDocument file (ODS)", ("xlsx", "xls"): "an old Office file (XLS)",
    ("ods", "xlsx"): "an XLSX workbook", ("ods", "xls"): "an old Office file (XLS)",
    ("xls", "xlsx"): "a ZIP archive or XLSX workbook", ("xls", "ods"): "a ZIP archive or XLSX workbook",
}  # fmt: skip


@pytest.mark.parametrize(("declared", "delivered"), ONE_ANOTHER)
def test_a_workbook_of_another_kind_is_named(tmp_path: Path, declared: str, delivered: str) -> None:
    said = f"file: found {ONE_ANOTHER[declared, delivered]}; expected an "
    assert refusal(tmp_path, form(declared), book(delivered, HEAD), *HEAD).startswith(said)


# Limits ----------------------------------------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(rows=3), "found a cell that makes it 4 rows; expected at most 3 rows"),
        (Limits(columns=2), "found a cell that makes it 3 columns; expected at most 2 columns"),
        (Limits(cell_chars=20), "cell B4: found a text of 21 characters; expected at most 20"),
    ],
)
def test_beyond_a_limit_a_sheet_is_refused_with_the_figures(
    tmp_path: Path, kind: str, limits: Limits, said: str
) -> None:
    rows = [HEAD, ("1", "а"), ("2", "б", "в"), ("3", "ә" * 21)]
    message = refusal(tmp_path, form(kind), book(kind, *rows), *HEAD, limits=limits)
    assert message.startswith("sheet 'Отчёт'") and said in message


@kinds
def test_nothing_of_a_workbook_is_left_in_the_folder_but_the_delivery(tmp_path: Path, kind: str) -> None:
    read(tmp_path, kind, ("1", "а"))
    assert [path.name for path in tmp_path.iterdir()] == ["landed"]


# Sheets of texts, numbers and days -------------------------------------------------------------------------------

TEXTS = [
    ("", "Отчёт за март"), (), ("", "n", "s", "", "x"), ("", "1", " а\nб ", "", "  "), ("", "", "", "", ""),
    ("", "0.10", "001", "?", "ә" * 9000), ("", "№ 3", "тұз & <шөп>", "", "="), (), ("", "", "s", "", ""), ("", "Итого", "", "", ""),
]  # fmt: skip
DAY, MOMENT = date(2025, 3, 1), datetime(2025, 3, 1, 14, 30)
MIXED = [
    ("", "Отчёт за", 2025), (), ("", "n", "s", 2.5, "x"), ("", 1, "а", 7, 7), ("", 0.1 + 0.2, "", DAY, 7.0), ("", "", "", "", ""),
    ("", 2 / 3, "0.30", 1234567.891, 5), ("", -1e-7, "№ 3", MOMENT, -5), (), ("", 1e14, "2025-03-01 00:00:00", "31.03.2025", 0),
    ("", 980512300123, date(1912, 12, 31), datetime(2025, 3, 1, 0, 0), 123456789012345), ("", "Итого", 12.5, "", 0.005),
]  # fmt: skip


@kinds
@pytest.mark.parametrize("footer", [None, "^Итого"])
@pytest.mark.parametrize(("rows", "count"), [(TEXTS, 5), (MIXED, 7)], ids=["texts", "mixed"])
def test_a_sheet_that_is_read_by_column_is_the_one_that_is_read_cell_by_cell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, rows: Any, count: int, footer: str | None
) -> None:
    declared = form(kind, title_rows=2, footer=footer, decimal=",")
    content = book(kind, *rows)
    by_column = spied(monkeypatch)
    found = opened(tmp_path, declared, content, "n", "s", "x")
    assert by_column == [True]
    assert len(found.rows) == count - (footer is not None)
    monkeypatch.setattr(workbook, "plain_grid", lambda *_: None)
    cell_by_cell = opened(tmp_path, declared, content, "n", "s", "x")
    assert (found.rows, found.received) == (cell_by_cell.rows, cell_by_cell.received)


@kinds
def test_numbers_and_days_have_their_text_where_they_are_read_by_column(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    by_column = spied(monkeypatch)
    found = opened(tmp_path, form(kind, title_rows=2, decimal=","), book(kind, *MIXED), "n", "2,5", "s", "x")
    assert by_column == [True]
    assert found.rows == {
        4: ("1", "7", "а", "7"), 5: ("0,3", "2025-03-01", None, "7"), 7: ("0,666666666666667", "1234567,891", "0.30", "5"),
        8: ("-0,0000001", "2025-03-01 14:30:00", "№ 3", "-5"), 10: ("1" + "0" * 14, "31.03.2025", "2025-03-01 00:00:00", "0"),
        11: ("980512300123", "2025-03-01", "1912-12-31", "123456789012345"), 12: ("Итого", None, "12,5", "0,005"),
    }  # fmt: skip


EVERYWHERE, NOWHERE = ("xlsx", "xls", "ods"), ()
BY_COLUMN: list[tuple[Any, tuple[str, ...]]] = [
    (7, EVERYWHERE), (0.5, EVERYWHERE), (DAY, EVERYWHERE), (MOMENT, EVERYWHERE), (Formula("=1+1", 2), ("ods",)),
    (True, NOWHERE), (Error("#N/A"), NOWHERE), (1e15, NOWHERE), (PerCent(0.85), EVERYWHERE), (date(1904, 2, 1), NOWHERE), (datetime(2025, 3, 1, 14, 30, 1, 500000), ("xls",)),
]  # fmt: skip


@kinds
@pytest.mark.parametrize(("value", "where"), BY_COLUMN, ids=str)
def test_a_sheet_with_another_value_is_read_cell_by_cell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, value: Any, where: tuple[str, ...]
) -> None:
    by_column = spied(monkeypatch)
    found = read(tmp_path, kind, ("1", "а"), (value, "б"), ("2", value)).rows
    assert (by_column == [True]) == (kind in where)
    monkeypatch.setattr(workbook, "plain_grid", lambda *_: None)
    assert found == read(tmp_path, kind, ("1", "а"), (value, "б"), ("2", value)).rows


@kinds
def test_where_fastexcel_has_another_number_than_the_look_the_sheet_is_read_cell_by_cell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    by_column = spied(monkeypatch)
    given = PlainCells.by_column
    monkeypatch.setattr(
        PlainCells, "by_column", lambda self: [(n, rows, values + 1e-6) for n, rows, values in given(self)]
    )
    assert read(tmp_path, kind, (7.5, "а")).rows == {2: ("7.5", "а")}
    assert by_column == [False]


BUILT_IN = {"[h]:mm:ss": 46}


@pytest.mark.parametrize("shown", ["[h]:mm", "[s]", *BUILT_IN])
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_where_a_format_shows_durations_no_day_is_taken_for_one_and_the_other_way_round(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, shown: str
) -> None:
    by_column = spied(monkeypatch)
    content = with_durations(kind, shown, [(1, DAY), (45721.25, DAY)])
    assert opened(tmp_path, form(kind), content, *HEAD).rows == {
        2: ("24:00:00", "2025-03-01"),
        3: ("1097310:00:00", "2025-03-01"),
    }
    assert by_column == [False]


def with_durations(kind: str, shown: str, rows: Sequence[tuple[float, date]]) -> bytes:
    """A sheet of durations and days."""
    out = io.BytesIO()
    if kind == "xlsx":
        with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
            sheet = book.add_worksheet("Отчёт")
            sheet.write_row(0, 0, HEAD)
            for row, (duration, day) in enumerate(rows, 1):
                sheet.write_number(
                    row, 0, duration, book.add_format({"num_format": BUILT_IN.get(shown, shown)})
                )
                sheet.write_datetime(row, 1, day, book.add_format({"num_format": "dd.mm.yyyy"}))
        return out.getvalue()
    old = xlwt.Workbook()
    old_sheet = old.add_sheet("Отчёт")
    for column, heading in enumerate(HEAD):
        old_sheet.write(0, column, heading)
    for row, (duration, day) in enumerate(rows, 1):
        old_sheet.write(row, 0, duration, xlwt.easyxf(num_format_str=shown))
        old_sheet.write(row, 1, day, xlwt.easyxf(num_format_str="DD.MM.YYYY"))
    old.save(out)
    return out.getvalue()


def test_repeated_numbers_and_days_of_an_ods_stand_wherever_they_are_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    by_column = spied(monkeypatch)
    content = remade(
        book("ods", (*HEAD, "t", "u"), (7.25, "а", DAY)),
        {
            "content.xml": lambda part: part.replace(
                b'office:value-type="float"', b'table:number-columns-repeated="2" office:value-type="float"'
            ).replace(
                b"<table:table-row><table:table-cell table:number-columns",
                b'<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns',
            )
        },
    )
    assert opened(tmp_path, form("ods"), content, *HEAD, "t", "u").rows == dict.fromkeys(
        (2, 3), ("7.25", "7.25", "а", "2025-03-01")
    )
    assert by_column == [True]


@pytest.mark.parametrize("sign", ["=", " = ", "\n="])
def test_an_ods_whose_attributes_stand_apart_from_their_values_is_read_cell_by_cell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sign: str
) -> None:
    by_column = spied(monkeypatch)
    content = remade(
        book("ods", HEAD, ("1", "а"), (date(2025, 3, 1), Error("#N/A"))),
        {"content.xml": lambda part: part.replace(b"value-type=", f"value-type{sign}".encode())},
    )
    assert opened(tmp_path, form("ods"), content, *HEAD).rows == {2: ("1", "а"), 3: ("2025-03-01", "#N/A")}
    assert by_column == []


@kinds
def test_a_sheet_for_which_memory_is_scarce_is_read_cell_by_cell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    content = book(kind, HEAD, *((str(n), "а") for n in range(1, 3000)))
    by_column = spied(monkeypatch)
    for share, expected in ((256, []), (25, [True])):  # of 256 MiB, where 0.7 are needed
        monkeypatch.setattr(sheet, "SHARE_OF_MEMORY", share)
        assert len(opened(tmp_path, form(kind), content, *HEAD, limits=Limits(memory_mb=256)).rows) == 2999
        assert by_column == expected


@kinds
def test_a_sheet_with_merged_cells_is_read_cell_by_cell_unless_they_are_titles_and_headings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    by_column = spied(monkeypatch)
    content = book(kind, HEAD, ("1", "а"), ("2", ""), merged=[(1, 1, 2, 1)])
    assert opened(tmp_path, form(kind), content, *HEAD).rows == {2: ("1", "а"), 3: ("2", "а")}
    assert by_column == []
    rows = (("Отчёт", ""), ("Год", ""), ("№", "кг"), ("1", 2.5))
    for merged in ([(0, 0, 0, 1), (1, 0, 1, 1)], [(1, 0, 1, 1)]):
        content = book(kind, *rows, merged=merged)
        found = opened(tmp_path, form(kind, title_rows=1, header_rows=2), content, "Год / №", "Год / кг")
        assert found.rows == {4: ("1", "2.5")} and by_column.pop()


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        (b'" />', b'" x="1"/>'),
        (b'mergeCell ref="A2:A3"', b"mergeCell ref='A2:A3'"),
        (b'="A2:A3"', b'="a2:A3"'),
    ],
)
def test_an_xlsx_that_tells_its_merged_cells_in_another_way_is_read_cell_by_cell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, usual: bytes, other: bytes
) -> None:
    by_column = spied(monkeypatch)
    content = remade(
        book("xlsx", HEAD, ("1", "а"), ("", "б"), merged=[(1, 0, 2, 0)]),
        {"xl/worksheets/sheet1.xml": lambda part: part.replace(b'A3"/>', b'A3" />').replace(usual, other)},
    )
    assert opened(tmp_path, form("xlsx"), content, *HEAD).rows == {2: ("1", "а"), 3: ("1", "б")}
    assert by_column == []


def spied(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What comes of every attempt to read by column."""
    attempts: list[bool] = []
    original = workbook.plain_grid

    def attempt(*given: Any) -> Any:
        found = original(*given)
        attempts.append(found is not None)
        return found

    monkeypatch.setattr(workbook, "plain_grid", attempt)
    return attempts
