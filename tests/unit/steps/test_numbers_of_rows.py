"""Which number it is: that of the text as declared, that of the typed value, or none; no row is shifted into place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.steps.judged import judged

COMMA = {"decimal": ",", "thousands": "."}
CSV = {"kind": "csv", "delimiter": ";"}
HEAD = "No;Date;Substance;Qty"
WIDE = {"fields": {"case_number": "case", "form": "form", "route": "note"}}
WIDE_HEAD = f"{HEAD};case;form;note"
ROW = "1;2025-03-01;heroin;5"


def records(*quantities: Any) -> str:
    rows = ({"No": f"S-{n}", "Date": "2025-03-01", "Substance": "heroin"} for n in range(len(quantities)))
    return json.dumps([row | {"Qty": value} for row, value in zip(rows, quantities, strict=True)])


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_a_number_of_json_is_that_number_whatever_the_texts_look_like(tmp_path: Path, kind: str) -> None:
    content = records(125.125, "1.250,5", 1.25, "12.125", 7, 1e3, 2.5e-3, "0,125")
    if kind == "jsonl":
        content = "\n".join(json.dumps(each) for each in json.loads(content)) + "\n"
    found = judged(tmp_path, content, {"kind": kind} | COMMA)
    assert found.column("quantity") == [125.125, 1250.5, 1.25, 12125.0, 7.0, 1000.0, 0.0025, 0.125]


def test_numbers_of_json_within_texts_stay_as_they_are(tmp_path: Path) -> None:
    content = (
        '[{"No":"a:1.5,\\"b\\":2.5","Date":"2025-03-01","Substance":"heroin","Qty":1.5,"other":{"x":1.5}}]'
    )
    found = judged(tmp_path, content, {"kind": "json"} | COMMA)
    assert (found.column("seizure_no"), found.column("quantity")) == (['a:1.5,"b":2.5'], [1.5])


def test_an_expression_that_computes_a_number_gives_that_number(tmp_path: Path) -> None:
    double = {"quantity": {"expression": "2 * cast(replace(replace(\"Qty\", '.', ''), ',', '.') as double)"}}
    rows = f"{HEAD}\nS-1;2025-03-01;heroin;62,5625\nS-2;2025-03-01;heroin;1.000\n"
    assert judged(tmp_path, rows, CSV | COMMA, fields=double).column("quantity") == [125.125, 2000.0]


def test_an_expression_sees_a_cell_as_a_column_mapping_does(tmp_path: Path) -> None:
    form = CSV | {"null_values": ["", "нет"], "footnote_marks": "*"}
    number = {"seizure_no": {"expression": "coalesce(\"No\", 'none') || '|' || \"Substance\""}}
    rows = f"{HEAD}\n S-1 ;2025-03-01;  heroin* ;1\nнет ;2025-03-01;\u00a0heroin;1\n"
    found = judged(tmp_path, rows, form, fields=number)
    assert found.column("seizure_no") == ["S-1|heroin", "none|heroin"]


@pytest.mark.parametrize(
    "text", ["0.125", "012.345", "00.125", "-0.125", "1.25", "1.2500", ".125", "1.250.5"]
)
def test_a_group_of_thousands_has_three_digits_and_begins_with_none_that_is_zero(
    tmp_path: Path, text: str
) -> None:
    found = judged(tmp_path, f"{HEAD}\n1;2025-03-01;heroin;{text}\n", CSV | COMMA)
    assert found.core == [] and "quantity.number" in found.reasons[2]


SEPARATORS = [
    (WIDE_HEAD, f"{ROW};K-1;powder;", True), (WIDE_HEAD, f"{ROW};;K-2;powder;", False),
    (WIDE_HEAD, f"{ROW};K-1;powder;x;", False), (WIDE_HEAD, f"{ROW};K-1;powder;x;;", False),
    (WIDE_HEAD, f"{ROW};K-1;powder", False), (WIDE_HEAD, f'{ROW};K-1;"a;b";', True),
    (WIDE_HEAD, f'{ROW};K-1;"a;b";x;', False), (WIDE_HEAD, f'{ROW};K-1;"a;b";x;""', False),
    (f"{WIDE_HEAD};", f"{ROW};K-1;powder;x;", True), (f"{WIDE_HEAD};", f"{ROW};K-1;powder;x", False),
    (f"{WIDE_HEAD};", f"{ROW};K-1;powder;x;;", False), (f"{WIDE_HEAD};;", f"{ROW};K-1;powder;x;;", True),
]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("beside", ["", "by record"])
@pytest.mark.parametrize(("head", "row", "whole"), SEPARATORS)
def test_a_row_has_as_many_cells_as_the_heading_line(
    tmp_path: Path, head: str, row: str, whole: bool, beside: str, end: str
) -> None:
    """The engine reads the file, or where a comment sign is declared, it is read record by record."""
    good = f"2;2025-03-02;heroin;6;K;;{';' * (head.count(';') - WIDE_HEAD.count(';'))}"
    content = "".join(line + end for line in (head, good, row, good.replace("2;", "3;", 1)))
    found = judged(tmp_path, content, CSV | ({"comment": "#"} if beside else {}), **WIDE)
    assert found.column("seizure_no") == (["2", "1", "3"] if whole else ["2", "3"])
    assert found.reasons == ({} if whole else {3: ["row.columns"]})


def test_one_row_of_very_many_with_a_cell_too_many_is_found(tmp_path: Path) -> None:
    lines = [f"{n};2025-03-01;heroin;5;K-{n};powder;" for n in range(40_000)]
    lines[39_000] = "x;2025-03-01;heroin;6;;K-2;powder;"
    lines[39_001] = "y;2025-03-01;heroin;6;K-2;powder"
    found = judged(tmp_path, "\n".join([WIDE_HEAD, *lines]) + "\n", CSV, **WIDE)
    assert len(found.core) == 39_998 and found.reasons == dict.fromkeys((39_002, 39_003), ["row.columns"])


@pytest.mark.parametrize("beside", [{}, {"comment": "#"}])
def test_a_quote_within_a_cell_is_a_fault_of_its_row_alone(tmp_path: Path, beside: dict[str, str]) -> None:
    rows = [
        ROW,
        '2;2025-03-01;heroin "x";5',
        '3;2025-03-01; "heroin";5',
        '4;2025-03-01;5" pipe;7',
        ROW.replace("1", "5", 1),
    ]
    found = judged(tmp_path, "\n".join([HEAD, *rows]) + "\n", CSV | beside)
    assert found.column("seizure_no") == ["1", "5"]
    assert found.reasons == dict.fromkeys((3, 4, 5), ["row.columns"])


def test_a_cell_of_several_lines_before_a_stray_quote_is_no_row_of_its_own(tmp_path: Path) -> None:
    content = f'{HEAD}\n1;2025-03-01;"a\n9;2025-03-01;heroin;5\nb";5"\n{ROW}\n'
    found = judged(tmp_path, content, CSV)
    assert (found.column("seizure_no"), found.reasons) == (["1"], {2: ["row.columns"]})


def test_quotes_are_signs_like_any_other_where_nothing_is_quoted(tmp_path: Path) -> None:
    found = judged(tmp_path, f'{HEAD}\n1"2;2025-03-01;heroin;5\n', CSV | {"quote": ""})
    assert found.column("seizure_no") == ['1"2']


def test_zero_is_a_value_of_aggregates_and_of_no_single_seizure(tmp_path: Path) -> None:
    aggregates = {"aggregate": True, "fields": {"seizures_n": "N"}}
    rows = f"{HEAD};N\n1;2025-03-01;heroin;0;1\n2;2025-03-01;hashish;0;0\n3;2025-03-01;heroin;-1;1\n4;2025-03-01;heroin;0;\n"
    found = judged(tmp_path / "aggregates", rows, CSV, **aggregates)
    assert [(row["quantity"], row["seizures_n"]) for row in found.core] == [(0.0, 1), (0.0, 0)]
    assert found.reasons == dict.fromkeys((4, 5), ["quantity.minimum"])
    single = judged(tmp_path / "single", f"{HEAD}\n1;2025-03-01;heroin;0\n", CSV)
    assert single.reasons == {2: ["quantity.minimum"]}
