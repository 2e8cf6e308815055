"""Delimited text: split as its dialect says, every line in one record, every record a row or kept as received."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from include.sources import Feed, Limits
from tests.unit.sources.formats.opened import landed, opened, refusal

FIELDS = {"record_no": "n", "substances": "s"}
BROKEN = ["row.columns"]


def form(**declared: Any) -> dict[str, Any]:
    return {"kind": "csv", **declared}


def cells(folder: Path, text: str, **declared: Any) -> list[tuple[str | None, ...]]:
    """The cells under n and s of every record."""
    return list(opened(folder, form(**declared), text, "n", "s").rows.values())


# The dialect -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", ":", "¦", "\x1f"])
def test_cells_end_at_the_declared_separator_and_at_no_other(tmp_path: Path, delimiter: str) -> None:
    others = "".join(sign for sign in ",;\t|:" if sign != delimiter).strip()
    text = f"n{delimiter}s\n1{delimiter}а{others}б\n2{delimiter}\n"
    assert cells(tmp_path, text, delimiter=delimiter) == [("1", f"а{others}б"), ("2", None)]


@pytest.mark.parametrize("quote", ['"', "'", "|", "~"])
def test_separators_line_breaks_and_doubled_quotes_in_quotes_are_text(tmp_path: Path, quote: str) -> None:
    cell = f"{quote}а;б\nв{quote}{quote}г{quote}{quote}\r\n{quote}"
    text = f"n;s\n1;{cell}\n{quote}2{quote};д\n"
    assert cells(tmp_path, text, delimiter=";", quote=quote) == [
        ("1", f"а;б\nв{quote}г{quote}\r\n"),
        ("2", "д"),
    ]


def test_where_nothing_is_quoted_a_quote_is_a_sign_like_any_other(tmp_path: Path) -> None:
    assert cells(tmp_path, 'n,s\n1,"а\n2,б"\n3,"в"\n', quote="") == [("1", '"а'), ("2", 'б"'), ("3", '"в"')]


def test_a_quote_within_a_cell_is_a_fault_of_its_row(tmp_path: Path) -> None:
    found = landed(tmp_path, form(), 'n,s\n1,кафе "Арал"\n2,5" шланг\n3,"5"" шланг"\n', **FIELDS)
    assert found.accepted == {4: ("3", '5" шланг')}
    assert found.quarantined == {2: (BROKEN, '1,кафе "Арал"'), 3: (BROKEN, '2,5" шланг')}


def test_an_escape_makes_a_quote_text_and_else_stands_for_itself(tmp_path: Path) -> None:
    text = 'n,s\n1,"а\\"б"\n2,"в\\\\"\n3,"г\\д"\n4,е\\ж\n'
    assert cells(tmp_path, text, escape="\\") == [("1", 'а"б'), ("2", "в\\"), ("3", "г\\д"), ("4", "е\\ж")]


def test_a_line_that_begins_with_the_comment_sign_is_no_record_but_counts_as_a_row(tmp_path: Path) -> None:
    text = '# синтетика\nn,s\n1,а # б\n#2,в\n 3,# г\n"#4",д\n'
    found = opened(tmp_path, form(comment="#"), text, "n", "s")
    assert found.rows == {3: ("1", "а # б"), 5: (" 3", "# г"), 6: ("#4", "д")}


def test_without_a_declared_comment_sign_there_are_no_comments(tmp_path: Path) -> None:
    assert cells(tmp_path, "n,s\n#1,а\n") == [("#1", "а")]


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"delimiter": ";;"}, "at most 1 character"),
        ({"delimiter": '"'}, "expected different signs"),
        ({"delimiter": ",", "comment": ","}, "expected different signs"),
        ({"delimiter": "\n"}, "expected signs that end no line"),
        ({"quote": "«"}, "expected signs of ASCII"),
        ({"encoding": "cp-1251x"}, "expected an encoding that Python knows"),
        ({"footer": "("}, "expected a regular expression"),
        ({"decimal": ",", "thousands": ","}, "expected another sign than decimal"),
    ],
)  # fmt: skip
def test_a_dialect_that_cannot_be_is_a_fault_of_the_definition(declared: dict[str, str], said: str) -> None:
    feed = {"transport": {"kind": "folder", "path": "x", "name_pattern": ""}, "identity": ["n"], "fields": {}}
    with pytest.raises(ValueError, match=said):
        Feed.model_validate(feed | {"format": form(**declared)})


# Titles, headings, footers ---------------------------------------------------------------------------------------


def test_titles_are_skipped_and_count_as_rows_of_the_file(tmp_path: Path) -> None:
    text = 'Отчёт;за март\n\n"в две\nстроки"\nn;s\n1;а\n'
    assert opened(tmp_path, form(delimiter=";", title_rows=3), text, "n", "s").rows == {5: ("1", "а")}


def test_headings_of_several_rows_are_joined_from_top_to_bottom(tmp_path: Path) -> None:
    text = "№;Изъято;;Орган\n;вещество;;\nn;рус;қаз;\n1;соль;тұз;МВД\n"
    found = opened(
        tmp_path, form(delimiter=";", header_rows=3), text,
        "№ / n", "Изъято / вещество / рус", "Изъято / вещество / қаз", "Орган",
    )  # fmt: skip
    assert found.rows == {4: ("1", "соль", "тұз", "МВД")}


def test_headings_are_compared_without_line_breaks_and_doubled_spaces(tmp_path: Path) -> None:
    text = '"№\n п/п";"  Вещество\u00a0 изъятое "\n1;а\n'
    assert opened(tmp_path, form(delimiter=";"), text, "№ п/п", "Вещество изъятое").rows == {2: ("1", "а")}


def test_rows_behind_the_last_one_that_is_no_footer_are_none(tmp_path: Path) -> None:
    text = "n;s\n1;а\nИтого;1\n2;б\n\nИтого;2\n;Подпись: синтетика\n"
    found = opened(tmp_path, form(delimiter=";", footer="^(Итого|Подпись)"), text, "n", "s")
    assert found.rows == {2: ("1", "а"), 3: ("Итого", "1"), 4: ("2", "б")}


def test_a_footer_of_another_width_is_none_either_and_a_broken_row_before_it_is_kept(tmp_path: Path) -> None:
    text = 'n;s\n1;а\n2\n"Итого;1\nвсего\n'
    found = opened(tmp_path, form(delimiter=";", footer="Итого|всего"), text, "n", "s")
    assert found.rows == {2: ("1", "а")} and found.rejects == {3: ("2", "row.columns")}


def test_marks_of_footnotes_behind_a_value_are_no_part_of_it(tmp_path: Path) -> None:
    text = "n;s\n1*;соль² ¹\n2;а*б\n3;**\n"
    found = landed(tmp_path, form(delimiter=";", footnote_marks="*¹²"), text, **FIELDS)
    assert found.accepted == {2: ("1", "соль"), 3: ("2", "а*б"), 4: ("3", None)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("n;m\n1;а\n", "heading line 1: found no column 's' (there are: n, m)"),
        ("n;s;s\n1;а;б\n", "heading line 1: found the column 's' more than once"),
        ("n,s\n1,а\n", "heading line 1: found no column 'n', 's' (there are: n,s)"),
        ('n;"s\n1;а\n', "heading line 1: found a quote that does not close"),
        ("\n\n", "file: found an empty file"),
    ],
)  # fmt: skip
def test_a_file_without_its_headings_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, form(delimiter=";"), text, "n", "s").startswith(said)


def test_headings_alone_are_a_report_of_nothing(tmp_path: Path) -> None:
    assert opened(tmp_path, form(), "n,s\n", "n", "s").rows == {}
    assert opened(tmp_path, form(), "n,s", "n", "s").rows == {}


def test_columns_without_a_heading_may_hold_something_that_nobody_reads(tmp_path: Path) -> None:
    found = opened(tmp_path, form(), "n,s,,\n1,а,,\n2,б,в,г\n", "n", "s")
    assert found.rows == {2: ("1", "а"), 3: ("2", "б")} and '"в"' in found.received[3]


# Lines and rows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_every_kind_of_line_end_is_read_with_and_without_the_last_one(
    tmp_path: Path, end: str, last: bool
) -> None:
    text = end.join(["n,s", "1,а", '2,"б"', "3,в"]) + end * last
    assert cells(tmp_path, text) == [("1", "а"), ("2", "б"), ("3", "в")]


def test_line_ends_of_several_kinds_in_one_file_are_read(tmp_path: Path) -> None:
    assert cells(tmp_path, "n,s\r\n1,а\n2,б\r3,в\r\n4,г") == [("1", "а"), ("2", "б"), ("3", "в"), ("4", "г")]


def test_what_only_some_programs_take_for_a_line_end_is_text(tmp_path: Path) -> None:
    odd = "а\x0bб\x0cв\x1cг\x85д\u2028е\u2029ж"
    assert cells(tmp_path, f"n,s\n1,{odd}\n") == [("1", odd)]


def test_blank_lines_are_no_rows_and_count_and_a_line_of_blanks_is_a_broken_row(tmp_path: Path) -> None:
    found = landed(tmp_path, form(), "n,s\n1,а\n\n\r\n  \n2,б\n\n\n", **FIELDS)
    assert found.accepted == {2: ("1", "а"), 6: ("2", "б")} and found.quarantined == {5: (BROKEN, "  ")}


ROWS = [
    ("as many", "2,б", True), ("too few", "2", False), ("too many", "2,б,в", False), ("a separator behind", "2,б,", False),
    ("two separators behind", "2,б,,", False),
    ("an empty cell in quotes behind", '2,б,""', False), ("something behind them", "2,б,,в", False), ("quoted", '"2","б"', True),
    ("blanks behind a quote", '2,"б"  ', True), ("something behind a quote", '2,"б"в', False),
    ("a quote that does not close", '2,"б', False),
]  # fmt: skip


@pytest.mark.parametrize(("row", "taken"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("declared", [{}, {"comment": "#"}], ids=["by the engine", "record by record"])
def test_a_row_of_another_width_is_in_quarantine_as_received_and_the_others_keep_their_places(
    tmp_path: Path, row: str, taken: bool, declared: dict[str, str]
) -> None:
    found = landed(tmp_path, form(**declared), f"n,s\n1,а\n{row}\n3,в\n4,г\n", **FIELDS)
    others = {2: ("1", "а"), 4: ("3", "в"), 5: ("4", "г")}
    assert found.accepted == others | ({3: ("2", "б")} if taken else {})
    assert found.quarantined == ({} if taken else {3: (BROKEN, row)})


def test_one_stray_quote_breaks_one_row_also_at_the_end_of_the_file(tmp_path: Path) -> None:
    found = landed(tmp_path, form(), 'n,s\n1,"а\n2,б\n3,"в\nг"\n4,"д', **FIELDS)
    assert found.accepted == {3: ("2", "б"), 4: ("3", "в\nг")}
    assert found.quarantined == {2: (BROKEN, '1,"а'), 5: (BROKEN, '4,"д')}


def test_a_line_break_in_quotes_does_not_begin_another_row(tmp_path: Path) -> None:
    found = landed(tmp_path, form(), 'n,s\n1,"а\nб\r\nв"\n2\n3,г\n', **FIELDS)
    assert found.accepted == {2: ("1", "а\nб\r\nв"), 4: ("3", "г")} and list(found.quarantined) == [3]


def test_outer_blanks_are_no_part_of_a_value_and_inner_ones_are(tmp_path: Path) -> None:
    found = landed(tmp_path, form(delimiter=";"), "n;s\n 1\t;\u00a0 а  б \n", **FIELDS)
    assert found.accepted == {2: ("1", "а  б")}


def test_nothing_is_taken_for_a_number_a_date_or_a_word_for_nothing(tmp_path: Path) -> None:
    words = [
        "00012",
        "1.10",
        "1e5",
        "0x1F",
        "true",
        "NA",
        "null",
        "None",
        "nan",
        "2025-03-05",
        "1,000",
        "-",
        "=1+1",
        "'7",
    ]
    text = "n;s\n" + "".join(f"{place};{word}\n" for place, word in enumerate(words))
    assert [s for _, s in cells(tmp_path, text, delimiter=";")] == words


# Limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limits", "said"),
    [
        ("1,а\n2,б\n3,в\n", Limits(rows=2), "whole file: found more than 2 records; expected no more than 2 (limits.rows)"),
        ("1,а\n2\n3,в\n", Limits(rows=2), "whole file: found more than 2 records"),
        (f"1,{'а' * 21}\n", Limits(cell_chars=20), "line 2: found more than 20 characters; expected no more than 20 (limits.cell_chars)"),
        (f'1,"{"а" * 9}\n{"б" * 9}\n{"в" * 9}"\n', Limits(cell_chars=20), "row 2, from a quote on: found more than 20 characters"),
        (f'1,"{"а" * 9}\n{"б" * 9}\n{"в" * 9}\n', Limits(cell_chars=20), "row 2, from a quote on: found more than 20 characters"),
        ("1,а\n", Limits(columns=1), "heading line 1: found 2 columns; expected no more than 1 (limits.columns)"),
        ("1,а\0\n", Limits(), "line 2: found a NUL byte; expected text"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("declared", [{}, {"comment": "#"}], ids=["by the engine", "record by record"])
def test_beyond_a_limit_a_file_is_refused_with_the_figures(
    tmp_path: Path, text: str, limits: Limits, said: str, declared: dict[str, str]
) -> None:
    assert refusal(tmp_path, form(**declared), f"n,s\n{text}", "n", "s", limits=limits).startswith(said)


def test_a_cell_of_as_many_characters_as_the_limit_is_read_whatever_its_bytes(tmp_path: Path) -> None:
    cell = "ә" * 9 + "\n" + "қ" * 8
    text = f'n,s\n1,"{cell}"\n'
    assert opened(tmp_path, form(), text, "n", "s", limits=Limits(cell_chars=18)).rows == {2: ("1", cell)}
    assert "more than 17 characters" in refusal(
        tmp_path, form(), text, "n", "s", limits=Limits(cell_chars=17)
    )
