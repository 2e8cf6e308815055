"""A cell of a workbook is what it shows; what a spreadsheet made of it, or what several rows share, is no value."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sources.definition.checks import against_contracts
from include.sources.formats import workbook
from include.sources.formats.number_formats import is_per_cent
from tests.unit.sources.formats.books import WRITERS, Error, PerCent, remade, xlsx
from tests.unit.steps.judged import FIELDS, Judged, definition, judged

HEAD = ("No", "Date", "Substance", "Qty", "Purity", "Case")
MORE = {"purity_pct": "Purity", "case_number": "Case"}
DAY = "2025-03-03"
kinds = pytest.mark.parametrize("kind", WRITERS)
readers = pytest.mark.parametrize("by_column", [True, False], ids=["by column", "cell by cell"])


def form(kind: str, **declared: Any) -> dict[str, Any]:
    return {"kind": kind, "sheet": "S", "decimal": ",", "thousands": "."} | declared


def read(folder: Path, kind: str, *rows: Any, merged: Any = (), **declared: Any) -> Judged:
    content = WRITERS[kind]({"S": (HEAD, *rows)}, merged=merged)
    return judged(folder, content, form(kind, **declared), fields=MORE)


def cell_by_cell(patch: pytest.MonkeyPatch, by_column: bool) -> None:
    if not by_column:
        patch.setattr(workbook, "plain_grid", lambda *_: None)


@kinds
@readers
def test_a_cell_that_shows_per_cent_is_in_per_cent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, by_column: bool
) -> None:
    cell_by_cell(monkeypatch, by_column)
    shown = [
        PerCent(0.85),
        PerCent(0.07, "0%"),
        PerCent(1),
        PerCent(0.5, "0.00%;[Red]-0.00%"),
        61,
        PerCent(85, '0.0"%"'),
        PerCent(7, "0.0"),
        PerCent(12, r"0\%"),
    ]
    rows = [(str(n), DAY, "heroin", 5, cell, "K") for n, cell in enumerate(shown)]
    assert read(tmp_path, kind, *rows).column("purity_pct") == [85, 7, 100, 50, 61, 85, 7, 12]


def test_a_per_cent_sign_that_a_format_only_shows_multiplies_nothing() -> None:
    codes = ["0%", "0.00%;-0.00%", "#,##0.0 %", "[Red]0%", '0" of "%']
    assert all(map(is_per_cent, codes))
    assert not any(map(is_per_cent, ["0", '0"%"', r"0\%", "General", '"50%"', "0_%", "[$%-409]0", '"open %']))


@kinds
@readers
@pytest.mark.parametrize("cell", [date(2025, 5, 1), datetime(2025, 5, 1, 14, 30)], ids=["day", "moment"])
def test_a_date_that_a_spreadsheet_made_of_a_number_is_no_name_and_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, by_column: bool, cell: Any
) -> None:
    cell_by_cell(monkeypatch, by_column)
    found = read(
        tmp_path, kind, (cell, DAY, "heroin", 5, None, "K"), ("2", DAY, "heroin", cell, None, "K"), ("3", date(2025, 3, 3), "heroin", 5, None, cell),
        ("4", date(2025, 3, 4), "heroin", 5, None, "K"),
    )  # fmt: skip
    assert found.reasons == {2: ["row.date_cell"], 3: ["quantity.number"], 4: ["row.date_cell"]}
    assert (found.column("seizure_no"), found.column("seized_on")) == (["4"], [date(2025, 3, 4)])


def test_a_time_that_a_spreadsheet_made_of_a_number_is_no_name(tmp_path: Path) -> None:
    content = xlsx({"S": (HEAD, (PerCent(1 / 16, "h:mm"), DAY, "heroin", 5, None, "K"), ("2", DAY, "heroin", 5, Error("#N/A"), "K"))})  # fmt: skip
    found = judged(tmp_path, content, form("xlsx", null_values=["", "#N/A"]), fields=MORE)
    assert (found.reasons, found.column("seizure_no")) == ({2: ["row.date_cell"]}, ["2"])


def test_a_date_cell_in_an_expression_or_a_column_that_nobody_reads_is_no_fault(tmp_path: Path) -> None:
    content = xlsx(
        {"S": ((*HEAD, "Note"), ("1", date(2025, 3, 3), "heroin", 5, None, "K", date(2025, 1, 1)))}
    )
    number = {"seizure_no": {"expression": '"Date" || \'/\' || "No"'}}
    assert judged(tmp_path, content, form("xlsx"), fields=number).column("seizure_no") == ["2025-03-03/1"]


@kinds
def test_a_number_of_more_digits_than_are_kept_is_exact_or_no_record(tmp_path: Path, kind: str) -> None:
    long = 202500000123456789
    rows = [
        (number, DAY, "heroin", 5, None, "K")
        for number in (long, long + 1, 2.02500000123457e17, 1e15, 123456789012345)
    ]
    content = WRITERS[kind]({"S": (HEAD, *rows)})
    if kind == "xlsx":  # a writer that writes all digits out

        def written_out(sheet: bytes) -> bytes:
            for place, number in ((b"A2", long), (b"A3", long + 1)):
                start = sheet.index(b"<v>", sheet.index(b'<c r="%b"' % place)) + 3
                sheet = sheet[:start] + str(number).encode() + sheet[sheet.index(b"</v>", start) :]
            return sheet

        content = remade(content, {"xl/worksheets/sheet1.xml": written_out})
    found = judged(tmp_path, content, form(kind), fields=MORE)
    exact = ["202500000123456789", "202500000123456790"] if kind == "xlsx" else []
    assert found.column("seizure_no") == [*exact, "123456789012345"]
    assert found.reasons == dict.fromkeys([4, 5] if exact else [2, 3, 4, 5], ["row.long_number"])


@kinds
def test_a_number_merged_over_several_rows_is_that_of_none(tmp_path: Path, kind: str) -> None:
    rows = [
        ("1", DAY, "heroin", 5, None, "K"),
        ("2", DAY, "hashish", None, None, "K"),
        ("3", DAY, "heroin", 7, None, "K"),
    ]
    for number, filled in enumerate((True, False, ["No"])):
        found = read(tmp_path / str(number), kind, *rows, merged=[(1, 3, 2, 3)], fill_merged=filled)
        assert (found.column("quantity"), found.reasons) == (
            [7],
            dict.fromkeys((2, 3), ["row.merged_number"]),
        )


@kinds
def test_a_number_merged_with_blank_rows_or_words_is_that_of_its_row(tmp_path: Path, kind: str) -> None:
    rows = [
        ("1", DAY, "heroin", 5, None, "K"),
        (),
        ("2", DAY, "heroin", 7, None, "K"),
        ("3", DAY, "heroin", 8, None, None),
    ]
    found = read(tmp_path, kind, *rows, merged=[(1, 3, 2, 3), (3, 5, 4, 5)])
    assert (found.column("quantity"), found.reasons) == ([5, 7, 8], {})


@kinds
def test_a_number_merged_over_two_numbers_is_neither(tmp_path: Path, kind: str) -> None:
    found = read(tmp_path, kind, ("1", DAY, "heroin", 5, None, "K"), merged=[(1, 3, 1, 4)])
    assert found.reasons == {2: ["row.merged_number"]}


@kinds
def test_merged_labels_stand_in_every_row_or_in_the_columns_that_are_declared(
    tmp_path: Path, kind: str
) -> None:
    rows = [("1", DAY, "heroin", 5, None, "K"), ("2", None, "hashish", 7, None, None)]
    merged = [(1, 1, 2, 1), (1, 5, 2, 5)]
    all_of_them = read(tmp_path / "all", kind, *rows, merged=merged)
    assert (all_of_them.column("case_number"), all_of_them.column("quantity")) == (["K", "K"], [5, 7])
    some = read(tmp_path / "some", kind, *rows, merged=merged, fill_merged=["Date"])
    assert (some.column("case_number"), some.column("seized_on")) == (["K", None], [date(2025, 3, 3)] * 2)
    none = read(tmp_path / "none", kind, *rows, merged=merged, fill_merged=False)
    assert none.reasons == {3: ["row.has_reference_date"]}


def test_a_wide_table_shares_no_merged_number_between_its_months(tmp_path: Path) -> None:
    content = xlsx(
        {"S": (("No", "Date", "heroin", "hashish"), ("1", DAY, 5, None), ("2", DAY, 1, 2))},
        merged=[(1, 2, 1, 3)],
    )
    wide = {"unpivot": {"columns": "heroin|hashish", "name": "Substance", "value": "Qty"}}
    found = judged(tmp_path, content, form("xlsx", **wide), identity=["seizure_no", "substance_as_reported"])
    assert (found.column("quantity"), found.reasons) == ([1, 2], {2000: ["row.merged_number"]})


def test_a_column_of_numbers_is_never_declared_as_labels() -> None:
    faults = against_contracts(definition(form("xlsx", fill_merged=["No", "Qty"]), fields=FIELDS))
    assert [fault for fault in faults if "fill_merged" in fault] == [
        "feeds.seizure_item.format.fill_merged: expected columns of labels, found 'Qty', which a number is read from"
    ]
