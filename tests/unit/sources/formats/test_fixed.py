"""Fixed width: columns at their places in the line, counted in characters whatever bytes they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from include.sources import Limits
from tests.unit.sources.formats.opened import landed, opened, refusal

COLUMNS = {"n": {"start": 1, "width": 4}, "s": {"start": 5, "width": 6}}
HEAD = ("n", "s")


def form(**declared: Any) -> dict[str, Any]:
    return {"kind": "fixed", "columns": COLUMNS} | declared


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "kz1048"])
def test_columns_stand_at_characters_and_not_at_bytes(tmp_path: Path, encoding: str) -> None:
    text = "1   қазақы\n22  ә  ң ү\n333 abcdef\n"
    found = opened(tmp_path, form(encoding=encoding), text.encode(encoding), *HEAD)
    assert found.rows == {1: ("1", "қазақы"), 2: ("22", "ә  ң ү"), 3: ("333", "abcdef")}


def test_a_sign_of_four_bytes_and_a_combined_letter_take_the_places_that_they_are_written_at(
    tmp_path: Path,
) -> None:
    found = opened(tmp_path, form(), "1   😀азақы\n2   и\u0306азақ\n", *HEAD)
    assert found.rows == {1: ("1", "😀азақы"), 2: ("2", "и\u0306азақ")}


def test_columns_may_overlap_leave_gaps_and_stand_in_any_order(tmp_path: Path) -> None:
    columns = {"s": {"start": 6, "width": 2}, "n": {"start": 1, "width": 3}, "all": {"start": 1, "width": 7}}
    found = opened(tmp_path, form(columns=columns), "123--аб\n", "n", "s", "all")
    assert found.rows == {1: ("123", "аб", "123--аб")}


LINES = [("as long", "2   соль  ", True, True), ("shorter", "2   соль", False, True), ("much shorter", "2", False, True),
         ("longer", "2   соль   ", False, False), ("a tab", "2\tсоль  ", False, True)]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "whole", "cut"), [line[1:] for line in LINES], ids=[line[0] for line in LINES]
)
def test_a_line_of_another_length_is_in_quarantine_as_received(
    tmp_path: Path, line: str, whole: bool, cut: bool
) -> None:
    """Where the source cuts blanks off, a shorter line is whole; a longer one never is."""
    text = f"1   тұз   \n{line}\n3   шөп   \n"
    for is_cut, taken in ((False, whole), (True, cut)):
        found = landed(tmp_path, form(cut_blanks=is_cut), text, record_no="n", substances="s")
        assert {1: ("1", "тұз"), 3: ("3", "шөп")}.items() <= found.accepted.items()
        assert found.quarantined == ({} if taken else {2: (["row.columns"], line)})


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_titles_footers_and_blank_lines_are_no_rows_and_count(tmp_path: Path, end: str) -> None:
    lines = ["Отчёт", "", "1   тұз   ", "Итого: 1  ", "", "2   шөп   ", "Итого: 2", "", "Подпись"]
    found = opened(tmp_path, form(title_rows=2, footer="^(Итого|Подпись)"), end.join(lines), *HEAD)
    assert found.rows == {3: ("1", "тұз"), 4: ("Итог", "о: 1"), 6: ("2", "шөп")}


def test_a_mark_of_utf_8_takes_no_place(tmp_path: Path) -> None:
    assert opened(tmp_path, form(), "\ufeff1   тұз   \n", *HEAD).rows == {1: ("1", "тұз")}


def test_what_only_some_programs_take_for_a_line_end_is_text(tmp_path: Path) -> None:
    assert opened(tmp_path, form(), "1   а\u2028б\x0bв\x85\n", *HEAD).rows == {1: ("1", "а\u2028б\x0bв\x85")}


@pytest.mark.parametrize(
    ("text", "limits", "said"),
    [
        ("1   тұз   \n" * 3, Limits(rows=2), "lines: found more than 2 lines; expected no more than 2 (limits.rows)"),
        ("1   тұз   \n" + "ә" * 21, Limits(cell_chars=20), "line 2: found 21 characters; expected no more than 20 (limits.cell_chars)"),
        ("ә" * 3_000_000, Limits(), "line 1: found 3000000 characters; expected no more than 1048576 (limits.cell_chars)"),
        ("ә" * 5_000_000, Limits(), "found a line of more than 1048576 characters; expected no more than 1048576 (limits.cell_chars)"),
        ("1   тұз   \n1   т\0з   \n", Limits(), "line 2: found a NUL byte; expected text"),
    ],
)  # fmt: skip
def test_beyond_a_limit_a_file_is_refused_with_the_figures(
    tmp_path: Path, text: str, limits: Limits, said: str
) -> None:
    assert said in refusal(tmp_path, form(), text, *HEAD, limits=limits)
