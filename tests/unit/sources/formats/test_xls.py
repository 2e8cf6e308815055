"""XLS: records of a binary workbook, of which only the cells of one sheet are read."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from include.sources import Limits
from tests.unit.sources.formats.books import xls
from tests.unit.sources.formats.opened import opened, refusal

FORM = {"kind": "xls", "sheet": "Отчёт"}
HEAD = ("n", "s")
WHOLE = xls({"Отчёт": [HEAD, ("1", "а"), ("2", "б")], "Второй": [("x",)]})
ROWS = {2: ("1", "а"), 3: ("2", "б")}
DIMENSIONS, CODEPAGE, FILEPASS, SHARED_TEXT, EOF = 0x0200, 0x0042, 0x002F, 0x00FD, 0x000A


def head(kind: int, size: int) -> bytes:
    return struct.pack("<HH", kind, size)


def place(content: bytes, row: int, column: int) -> int:
    """Where the record of a text cell begins."""
    return content.index(head(SHARED_TEXT, 10) + struct.pack("<HH", row, column))


def test_letters_of_both_languages_and_long_texts_are_read(tmp_path: Path) -> None:
    texts = ["әғқңөұүһі ӘҒҚҢӨҰҮҺІ", "ё" * 9000, "latin", "x" * 9000, "смесь mix 😀"]
    content = xls({"Отчёт": [HEAD, *((text, "а") for text in texts)]})
    assert opened(tmp_path, FORM, content, *HEAD).cells == texts


def with_dimensions(rows: int, columns: int) -> bytes:
    """The workbook whose first sheet says that it is so large."""
    at = WHOLE.index(head(DIMENSIONS, 14)) + 4
    return WHOLE[:at] + struct.pack("<IIHH", 0, rows, 0, columns) + WHOLE[at + 12 :]


def test_how_large_a_sheet_says_it_is_does_not_matter(tmp_path: Path) -> None:
    assert opened(tmp_path, FORM, with_dimensions(0xFFFFFFF0, 0xFFFF), *HEAD).rows == ROWS


def test_a_workbook_that_is_protected_by_a_password_is_refused(tmp_path: Path) -> None:
    at = WHOLE.index(head(CODEPAGE, 2))
    locked = WHOLE[:at] + head(FILEPASS, 2) + WHOLE[at + 4 :]
    message = refusal(tmp_path, FORM, locked, *HEAD)
    assert message.startswith(
        "file: found a workbook that is protected by a password; expected a workbook without one"
    )


def test_a_cell_that_stands_twice_is_refused(tmp_path: Path) -> None:
    at = place(WHOLE, 2, 1) + 4
    twice = WHOLE[:at] + struct.pack("<HH", 1, 1) + WHOLE[at + 4 :]
    assert "sheet 'Отчёт': found a cell that stands twice" in refusal(tmp_path, FORM, twice, *HEAD)


def test_a_cell_far_off_the_table_is_refused_with_the_figures(tmp_path: Path) -> None:
    at = place(WHOLE, 2, 1) + 4
    far = WHOLE[:at] + struct.pack("<HH", 65535, 9999) + WHOLE[at + 4 :]
    assert "makes it 10000 columns; expected at most 2000 columns" in refusal(tmp_path, FORM, far, *HEAD)
    said = "cells from A1 to NTP65536 that need 40000 MiB when parsed; expected at most 512 MiB"
    assert said in refusal(tmp_path, FORM, far, *HEAD, limits=Limits(columns=16384))


@pytest.mark.parametrize("kept", [512, 1024, 3000, 0.5, 0.9])
def test_a_workbook_that_is_cut_off_is_refused(tmp_path: Path, kept: float) -> None:
    cut = WHOLE[: int(kept if kept > 1 else len(WHOLE) * kept)]
    assert "found an XLS workbook that is broken or cut off; expected a whole one" in refusal(
        tmp_path, FORM, cut, *HEAD
    )


def test_another_document_in_the_same_container_is_none(tmp_path: Path) -> None:
    other = WHOLE.replace("Workbook".encode("utf-16-le"), "Document".encode("utf-16-le"))
    assert refusal(tmp_path, FORM, other, *HEAD).startswith("file: found an old Office file of another kind")


def test_a_chain_of_sectors_that_comes_back_to_itself_is_refused(tmp_path: Path) -> None:
    table = struct.unpack_from("<I", WHOLE, 76)[0]
    at = (table + 1) * 512
    entries = list(struct.unpack_from("<128I", WHOLE, at))
    loop = [
        0 if entry == 1 else entry for entry in entries
    ]  # the second sector of the stream leads to the first
    again = WHOLE[:at] + struct.pack("<128I", *loop) + WHOLE[at + 512 :]
    assert loop != entries
    assert "found an XLS workbook that is broken or cut off" in refusal(tmp_path, FORM, again, *HEAD)


def test_an_xls_larger_than_a_sixth_of_the_memory_is_refused_with_the_figure(tmp_path: Path) -> None:
    large = WHOLE + bytes(43 << 20)
    said = "file: found more than 42 MiB; expected a smaller XLS workbook"
    assert refusal(tmp_path, FORM, large, *HEAD, limits=Limits(memory_mb=256)).startswith(said)
