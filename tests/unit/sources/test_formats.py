"""Formats give text as it stands, the place of each record, and how many there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from include.sources import SourceError, load_sources
from include.sources.formats import Delivered, RawRows, Reading, read
from tests.end_to_end.small import HEADINGS, csv, jsonl, small_place, workbook

ROW = ("1", "05.03.2025", "мефедрон", "4,5", "г", "МВД")


def opened(
    folder: Path, form: str, content: bytes, con: duckdb.DuckDBPyConnection, **changes: Any
) -> RawRows:
    place = small_place(folder / "place", form, **changes)
    feed = load_sources(place.sources)["KZ-43"].feeds["seizure_item"]
    path = folder / "landed"
    path.write_bytes(content)
    return read(Reading(con, folder, Delivered("KZ-43/seizure_item", "a_2025-03_20250405", path), feed))


def cells(
    folder: Path, form: str, content: bytes, heading: str, **changes: Any
) -> list[tuple[int, str | None]]:
    """(raw_row, cell under the heading) of every readable record."""
    with duckdb.connect() as con:
        raw = opened(folder, form, content, con, **changes)
        question = f"select raw_row, {raw.cells[heading]} from {raw.relation} order by raw_row"
        return con.execute(question).fetchall()


def test_text_is_taken_as_it_stands_without_a_guess_at_types(tmp_path: Path) -> None:
    odd = ("00012", "05.03.2025", "NA", "1e5", "null", "МВД")
    assert cells(tmp_path, "csv", csv(odd), "№") == [(2, "00012")]
    assert cells(tmp_path, "csv", csv(odd), "Вещество") == [(2, "NA")]
    assert cells(tmp_path, "csv", csv(odd), "Ед.") == [(2, "null")]


def test_kazakh_letters_survive_kz1048(tmp_path: Path) -> None:
    content = csv(("1", "05.03.2025", "әғқңөұүһі ӘҒҚҢӨҰҮҺІ", "4,5", "г", "МВД")).decode().encode("kz1048")
    assert cells(tmp_path, "kz", content, "Вещество") == [(2, "әғқңөұүһі ӘҒҚҢӨҰҮҺІ")]


def test_the_engine_takes_for_utf8_what_is_utf8(tmp_path: Path) -> None:
    """The reader leaves the check to DuckDB: it must know every fault that Python knows, and no other."""
    edges = (0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xED, 0xF4, 0xFF)
    pieces = [bytes([a]) for a in range(0x80, 0x100)]
    pieces += [bytes([a, b]) for a in range(0xC0, 0x100) for b in edges]
    pieces += [bytes([a, b, c]) for a in range(0xE0, 0x100) for b in edges for c in edges]
    pieces += [bytes([a, b, c, d]) for a in range(0xF0, 0x100) for b in edges for c in (0x80, 0xBF, 0x41) for d in (0x80, 0xC0)]  # fmt: skip
    cells_of = {str(n): b"letters of more than twelve bytes " + piece for n, piece in enumerate(pieces)}
    rows = [b"\n".join([b"n;text", *(n.encode() + b";" + cell for n, cell in cells_of.items()), b""])]
    path = tmp_path / "all.csv"
    path.write_bytes(b"".join(rows))
    with duckdb.connect() as con:
        read_rows = con.execute(
            f"select n, text from read_csv('{path}', auto_detect=false, header=true, delim=';', quote='\"', "
            "escape='\"', new_line='\\n', store_rejects=true, columns={'n': 'VARCHAR', 'text': 'VARCHAR'})"
        ).fetchall()
        kinds = con.execute("select distinct error_type from reject_errors").fetchall()

    def is_utf8(cell: bytes) -> bool:
        try:
            cell.decode()
        except UnicodeDecodeError:
            return False
        return True

    assert {n for n, _ in read_rows} == {n for n, cell in cells_of.items() if is_utf8(cell)}
    assert kinds == [("INVALID ENCODING",)] and 0 < len(read_rows) < len(pieces)


def test_a_byte_order_mark_is_not_part_of_the_first_heading(tmp_path: Path) -> None:
    assert cells(tmp_path, "csv", b"\xef\xbb\xbf" + csv(ROW), "№") == [(2, "1")]


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_both_line_breaks_are_read(tmp_path: Path, line_break: str) -> None:
    content = csv(ROW, ROW).decode().replace("\r\n", line_break).encode()
    assert [n for n, _ in cells(tmp_path, "csv", content, "№")] == [2, 3]


def test_title_rows_count_as_rows_of_the_file(tmp_path: Path) -> None:
    content = "Отчёт\r\nза март\r\n".encode() + csv(ROW)
    assert cells(tmp_path, "csv", content, "№", format={"title_rows": 2}) == [(4, "1")]


def test_records_are_counted_apart_from_the_reader(tmp_path: Path) -> None:
    broken_off = csv(ROW, "2;x", '3;05.03.2025;"a\r\nb";1;г;МВД').rstrip()
    with duckdb.connect() as con:
        raw = opened(tmp_path, "csv", broken_off, con)
        readable = con.execute(f"select count(*) from {raw.relation}").fetchall()[0][0]
        rejects = con.execute(f"select count(*) from ({raw.rejects})").fetchall()[0][0]
        assert (raw.physical_rows, readable, rejects) == (3, 2, 1)


def test_an_object_without_a_key_has_no_value_for_it(tmp_path: Path) -> None:
    content = jsonl(ROW, '{"№": "2"}')
    assert cells(tmp_path, "jsonl", content, "Кол-во") == [(1, "4,5"), (2, None)]


def test_json_null_and_numbers_become_nothing_and_text(tmp_path: Path) -> None:
    content = jsonl(ROW, '{"№": 7, "Кол-во": null}')
    assert cells(tmp_path, "jsonl", content, "№") == [(1, "1"), (2, "7")]
    assert cells(tmp_path, "jsonl", content, "Кол-во") == [(1, "4,5"), (2, None)]


def test_a_key_that_no_object_has_is_a_missing_column(tmp_path: Path) -> None:
    with duckdb.connect() as con, pytest.raises(SourceError, match="keys of the objects: found no column"):
        opened(tmp_path, "jsonl", b'{"a": 1}\n', con)


def test_cells_of_a_workbook_become_text_by_their_own_type(tmp_path: Path) -> None:
    book = workbook(tmp_path / "book.xlsx", (1, "05.03.2025", True, 4.25, 1000000, "МВД"))
    assert cells(tmp_path, "xlsx", book, "№") == [(4, "1")]
    assert cells(tmp_path, "xlsx", book, "Кол-во") == [(4, "4,25")]  # the decimal sign the source declares
    assert cells(tmp_path, "xlsx", book, "Ед.") == [(4, "1000000")]


def test_two_heading_rows_are_read_as_top_and_bottom_filled_over_merged_cells() -> None:
    from include.sources.formats.headings import joined_headings

    top = ["№", "Вещество", "", "Дата", "Дата", ""]
    bottom = ["№", "наименование", "количество", "", "регистрации", ""]
    assert joined_headings([top, bottom]) == [
        "№", "Вещество / наименование", "Вещество / количество", "Дата", "Дата / регистрации", "",
    ]  # fmt: skip


def test_a_message_carries_no_value_of_a_row(tmp_path: Path) -> None:
    content = csv(("СЕКРЕТ", *ROW[1:])).decode().encode("cp1251")
    with duckdb.connect() as con, pytest.raises(SourceError) as error:
        opened(tmp_path, "csv", content, con)
    assert "СЕКРЕТ" not in str(error.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("7;05.03.2025;СЕКРЕТ;4,5".encode(), "there are: none that is declared"),
        ("№;Дата;Вещество;Кол-во;Единица;Орган;25G00000000".encode(), "there are: №, Дата, Вещество, Кол-во, Единица, Орган, …"),
        (csv().replace(b";", b","), "there are: №,Дата,Вещество,Кол-во,Ед.,Орган"),
    ],
    ids=["a record", "a heading and the record behind it", "another delimiter"],
)  # fmt: skip
def test_where_headings_are_missing_no_record_is_shown_instead(tmp_path: Path, row: bytes, said: str) -> None:
    with duckdb.connect() as con, pytest.raises(SourceError) as error:
        opened(tmp_path, "csv", row, con)
    assert said in str(error.value) and "СЕКРЕТ" not in str(error.value)


def test_a_message_is_short_however_long_a_heading_is(tmp_path: Path) -> None:
    with duckdb.connect() as con, pytest.raises(SourceError) as error:
        opened(tmp_path, "csv", csv().replace("Орган".encode(), b"x" * 70_000), con)
    assert "no column 'Орган' (there are: №, Дата" in str(error.value) and len(str(error.value)) < 1000


def test_a_value_that_merged_cells_hide_is_refused_and_the_value_they_show_fills_them(
    tmp_path: Path,
) -> None:
    def merged(hidden: object) -> bytes:
        book = xlsxwriter.Workbook(tmp_path / "book.xlsx")
        sheet = book.add_worksheet("Лист1")
        for number, line in enumerate([("Синтетика",), (), HEADINGS, ROW, ("2", *ROW[1:5])]):
            sheet.write_row(number, 0, line)
        sheet.merge_range(3, 5, 4, 5, "МВД")
        sheet.write(4, 5, hidden)
        book.close()
        return (tmp_path / "book.xlsx").read_bytes()

    assert cells(tmp_path, "xlsx", merged(None), "Орган") == [(4, "МВД"), (5, "МВД")]
    with pytest.raises(SourceError, match="sheet 'Лист1', cell F5: found a value that merged cells hide"):
        cells(tmp_path, "xlsx", merged("КНБ"), "Орган")
