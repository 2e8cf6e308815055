"""Row verdicts: every reason of every row, by predicates that the contract alone gives."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest

from include.contracts import Contract, Field, RowCheck, row_rules
from include.quality.verdicts import is_broken, reasons

CONTRACT = Contract(
    name="core_example",
    version="1",
    layer="core",
    description="",
    usage="",
    fields=(
        Field("no", "string", "", required=True, max_length=3, pattern="^[0-9]+$"),
        Field("day", "date", "", minimum="2000-01-01"),
        Field("amount", "number", "", above=0, maximum=100),
    ),
    checks=(RowCheck("amount_has_day", "", "amount is null or day is not null"),),
)
GOOD: dict[str, Any] = {
    "raw_no": "12", "no": "12", "raw_day": "x", "day": dt.date(2025, 3, 5), "raw_amount": "5", "amount": 5.0,
}  # fmt: skip


def verdict(**changes: Any) -> tuple[bool, list[str]]:
    row = GOOD | changes
    types = {"day": "date", "amount": "double"}
    cells = ", ".join(f"?::{types.get(name, 'varchar')} as {name}" for name in row)
    rules = row_rules(CONTRACT)
    with duckdb.connect() as con:
        question = f"select {is_broken(rules)}, {reasons(rules)} from (select {cells})"
        found: tuple[bool, list[str]] = con.execute(question, list(row.values())).fetchall()[0]
        return found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"raw_no": None, "no": None}, ["no.required"]),
        ({"no": "1234"}, ["no.length"]),
        ({"no": "1a"}, ["no.pattern"]),
        ({"raw_no": "1Ќ", "no": "1Ќ"}, ["no.pattern", "no.letters"]),
        ({"day": None, "raw_day": "x", "amount": None, "raw_amount": None}, ["day.date"]),
        ({"day": None, "raw_day": None, "amount": None, "raw_amount": None}, []),
        ({"day": dt.date(1999, 12, 31)}, ["day.minimum"]),
        ({"day": dt.date(2000, 1, 1)}, []),
        ({"amount": None}, ["amount.number"]),
        ({"amount": 0.0}, ["amount.minimum"]),
        ({"amount": 100.0}, []),
        ({"amount": 100.1}, ["amount.maximum"]),
        ({"day": None, "raw_day": None}, ["row.amount_has_day"]),
        (
            {"raw_no": None, "no": None, "day": None, "amount": -1.0},
            ["no.required", "day.date", "amount.minimum", "row.amount_has_day"],
        ),
    ],
)
def test_a_row_gets_all_its_reasons_in_contract_order_or_none(
    changes: dict[str, Any], expected: list[str]
) -> None:
    assert verdict(**changes) == (bool(expected), expected)


def test_kazakh_and_russian_letters_are_no_fault() -> None:
    assert "no.letters" not in verdict(raw_no="ӘҒҚҢӨҰҮҺІёЁ", no="1")[1]
