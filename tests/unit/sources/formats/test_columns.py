"""Which column is which: by heading, by place where it has none of its own, by number where there is no heading."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from include.sources import Feed
from tests.unit.sources.formats.opened import opened, refusal

NAMED = {"kind": "csv", "delimiter": ";"}
PLAIN = NAMED | {"header_rows": 0, "columns": 3}


def sheet(*rows: tuple[Any, ...], merged: dict[str, str] | None = None, left: int = 0) -> bytes:
    """A workbook with these rows from the given column on."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet("S")
    for number, row in enumerate(rows):
        page.write_row(number, left, row)
    for cells, text in (merged or {}).items():
        page.merge_range(cells, text)
    book.close()
    return out.getvalue()


# Without a heading -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"comment": "#"}, {"quote": ""}])
def test_a_file_without_a_heading_has_its_columns_by_number(tmp_path: Path, more: dict[str, str]) -> None:
    found = opened(tmp_path, PLAIN | more, "1;а;г\n2;б;\n", "column 1", "column 3")
    assert found.rows == {1: ("1", "г"), 2: ("2", None)}
    assert found.received[1] == '{"column 1":"1","column 2":"а","column 3":"г"}'


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_its_columns_may_be_named_by_the_definition_and_titles_stand_before_it(
    tmp_path: Path, mark: str
) -> None:
    form = NAMED | {"header_rows": 0, "columns": ["№", "вещество"]}
    assert opened(tmp_path, form, f"{mark}1;а\r\n2;б\r\n", "№", "вещество").rows == {
        1: ("1", "а"),
        2: ("2", "б"),
    }
    titled = opened(tmp_path, form | {"title_rows": 2}, f"{mark}Отчёт\n\n1;а\n", "вещество")
    assert titled.rows == {3: ("а",)}


def test_a_row_of_another_width_is_a_reject_where_there_is_no_heading_too(tmp_path: Path) -> None:
    found = opened(tmp_path, PLAIN | {"comment": "#"}, "1;а;г\n2;б\n3;в;г;д\n", "column 1")
    assert found.rows == {1: ("1",)}
    assert found.rejects == {2: ("2;б", "row.columns"), 3: ("3;в;г;д", "row.columns")}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"columns": None}, "columns: expected a number of columns, or their names, with header_rows: 0"),
        ({"header_rows": 1}, "columns: expected only with header_rows: 0"),
        ({"columns": 0}, "expected 1 to 10000 columns, found 0"),
        ({"columns": ["а", "а"]}, "columns: expected each name once"),
        ({"header_rows": 21}, "less than or equal to 20"),
    ],
)
def test_columns_are_declared_where_no_heading_names_them_and_nowhere_else(
    changed: dict[str, Any], said: str
) -> None:
    feed = {
        "transport": {"kind": "folder", "path": "x", "name_pattern": "(?P<year>)"},
        "identity": ["n"],
        "fields": {},
    }
    with pytest.raises(ValueError, match=said):
        Feed.model_validate(feed | {"format": PLAIN | changed})


def test_a_column_beyond_those_declared_is_refused(tmp_path: Path) -> None:
    assert "format.columns: found no column 'column 4'" in refusal(tmp_path, PLAIN, "1;а;г\n", "column 4")


def test_a_sheet_without_a_heading_has_its_columns_by_letter(tmp_path: Path) -> None:
    form = {"kind": "xlsx", "sheet": "S", "header_rows": 0}
    found = opened(tmp_path, form, sheet(("1", "а"), ("2", "б"), left=1), "column B", "column C")
    assert found.rows == {1: ("1", "а"), 2: ("2", "б")}


# By place --------------------------------------------------------------------------------------------------------


def test_a_column_without_a_heading_is_read_by_its_place(tmp_path: Path) -> None:
    assert opened(tmp_path, NAMED, ";герои\nАбай;5\n", "column 1", "герои").rows == {2: ("Абай", "5")}
    form = {"kind": "xlsx", "sheet": "S", "title_rows": 1}
    book = sheet(("Отчёт",), ("", "герои"), ("Абай", "5"), left=2)
    assert opened(tmp_path, form, book, "column C", "герои").rows == {3: ("Абай", "5")}


def test_a_column_under_a_label_alone_is_read_by_the_label(tmp_path: Path) -> None:
    text = "Область;Изъято;;Прочее\n;кг;г;\nАбай;5;6;7\n"
    found = opened(tmp_path, NAMED | {"header_rows": 2}, text, "Область", "Изъято / г", "Прочее")
    assert found.rows == {3: ("Абай", "6", "7")}


def test_a_heading_that_stands_twice_and_is_not_asked_for_is_no_fault(tmp_path: Path) -> None:
    found = opened(tmp_path, NAMED, "n;прим.;прим.\n1;а;б\n", "n")
    assert found.rows == {2: ("1",)}
    assert found.received[2] == '{"n":"1","прим. (column 2)":"а","прим. (column 3)":"б"}'
    form = {"kind": "xlsx", "sheet": "S"}
    assert opened(tmp_path, form, sheet(("n", "п", "п"), ("1", "а", "б")), "n", "column C").rows == {
        2: ("1", "б")
    }
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([each]) for each in "1аб"], names=["n", "п", "п"]), out)
    assert opened(tmp_path, {"kind": "parquet"}, out.getvalue(), "n", "column 2").rows == {1: ("1", "а")}


def test_of_a_heading_that_stands_twice_a_place_says_which(tmp_path: Path) -> None:
    assert opened(tmp_path, NAMED, "n;дата;дата\n1;а;б\n", "n", "column 3").rows == {2: ("1", "б")}
    said = refusal(tmp_path, NAMED, "n;дата;дата\n1;а;б\n", "n", "дата")
    assert "the column 'дата' more than once" in said and "by its place (column 3)" in said


def test_a_place_under_a_heading_of_its_own_is_refused_for_it_may_have_moved(tmp_path: Path) -> None:
    said = refusal(tmp_path, NAMED, "n;новое;\n1;а;б\n", "n", "column 2")
    assert "column 2: found a column with a heading of its own" in said and "новое" not in said


def test_a_heading_that_is_called_like_a_place_is_a_heading(tmp_path: Path) -> None:
    assert opened(tmp_path, NAMED, "column 2;n\n1;а\n", "column 2").rows == {2: ("1",)}


def test_a_doubled_heading_that_unpivot_would_take_is_refused(tmp_path: Path) -> None:
    form = NAMED | {"unpivot": {"columns": "январь|февраль", "name": "m", "value": "v"}}
    assert "format.unpivot matches more than once" in refusal(
        tmp_path, form, "n;январь;январь\n1;2;3\n", "n", "m", "v"
    )


# Headings of many rows -------------------------------------------------------------------------------------------


def test_a_heading_may_have_twenty_rows(tmp_path: Path) -> None:
    text = "".join(f"ч{n};м{n}\n" for n in range(1, 21)) + "а;1\n"
    path = " / ".join(f"м{n}" for n in range(1, 21))
    assert opened(tmp_path, NAMED | {"header_rows": 20}, text, path).rows == {21: ("1",)}


def test_headings_merged_over_rows_and_columns_are_one_text_for_each_column(tmp_path: Path) -> None:
    book = sheet(
        (), (), ("", "", "", "кг", "дел", "кг", "дел"), ("Абай", "х", "у", "1", "2", "3", "4"),
        merged={"A1:A3": "Область", "B1:C3": "Прим.", "D1:G1": "Изъято", "D2:E2": "героин", "F2:G2": "гашиш"},
    )  # fmt: skip
    form = {"kind": "xlsx", "sheet": "S", "header_rows": 3}
    asked = ("Область", "Прим.", "Изъято / героин / кг", "Изъято / гашиш / дел", "column C")
    assert opened(tmp_path, form, book, *asked).rows == {4: ("Абай", "х", "1", "4", "у")}
    book = sheet(
        (), (), ("n", "кг", "дел"), ("1", "2", "3"), merged={"B1:C2": "Изъято"},
    )  # fmt: skip
    assert opened(tmp_path, form, book, "n", "Изъято / кг", "Изъято / дел").rows == {4: ("1", "2", "3")}


# A blank as delimiter --------------------------------------------------------------------------------------------


def test_blanks_part_cells_one_by_one_or_many_as_one(tmp_path: Path) -> None:
    blank = NAMED | {"delimiter": " "}
    assert opened(tmp_path, blank, "n s t\n1  в\n", "n", "s", "t").rows == {2: ("1", None, "в")}
    many = blank | {"merge_delimiters": True}
    text = '  n     s       t\n  1     "а б"   в  \n\n   \n 22    ""      г\n'
    assert opened(tmp_path, many, text, "n", "s", "t").rows == {2: ("1", "а б", "в"), 5: ("22", None, "г")}


def test_a_quoted_cell_before_a_blank_that_parts_is_whole(tmp_path: Path) -> None:
    assert opened(tmp_path, NAMED | {"delimiter": " "}, 'n s\n"а б" в\n', "n", "s").rows == {2: ("а б", "в")}


def test_merged_delimiters_may_be_any_sign(tmp_path: Path) -> None:
    form = NAMED | {"delimiter": "\t", "merge_delimiters": True}
    assert opened(tmp_path, form, "n\t\ts\n1\t\t\tа\n", "n", "s").rows == {2: ("1", "а")}
