"""Wide tables made long: months or words of a code list that stand as headings."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from include.contracts import Contract, Field, fold, spellings
from include.sources.looking.dates import formats_of
from include.sources.looking.fields import code_lists
from include.sources.looking.numbers import is_number
from include.sources.looking.table import Decision, Table
from include.sources.looking.values import MOST, NOTHING
from include.sources.months import MONTH_NAMES, month_of

LEAST = 3
"""So many columns of a kind make a table wide."""


def long_tables(table: Table, contract: Contract) -> list[Table]:
    """The table made long in each way that its headings allow; none where it is not wide."""
    if "kind" not in table.format or table.format["kind"] not in ("csv", "xlsx", "xls", "ods"):
        return []
    amounts = [heading for heading in table.columns if _are_numbers(table.columns[heading])]
    value = next((f for f in contract.reported if f.type == "number" and f.required), None)
    value = value or next((f for f in contract.reported if f.type == "integer" and f.required), None)
    if value is None or len(amounts) < LEAST:
        return []
    found = []
    lists = code_lists(contract)
    for field in contract.reported:
        if field.name in lists:
            known = spellings(lists[field.name])
            turned = [heading for heading in amounts if fold(heading) in known]
        elif field.type == "date":
            turned = [heading for heading in amounts if formats_of(heading) or month_of(heading)]
        else:
            continue
        if len(turned) >= LEAST:
            found.append(_long(table, turned, field, value))
    return found


def month_expression(heading: str, texts: Collection[str], year: str) -> str:
    """DuckDB SQL for the first day of the month that a column names, in one year; 2025-03-01."""
    begins = {text.strip().lower()[:3] for text in texts}
    names = max(
        ([name[:3] for name in each] for each in MONTH_NAMES), key=lambda each: len(begins & set(each))
    )
    months = ", ".join(f"'{name}'" for name in names)
    cell = '"' + heading.replace('"', '""') + '"'
    return f"'{year}-' || lpad(cast(list_position([{months}], lower(left({cell}, 3))) as varchar), 2, '0') || '-01'"


def _long(table: Table, turned: list[str], name: Field, value: Field) -> Table:
    name_heading, value_heading = _heading(name, table), _heading(value, table)
    kept = [heading for heading in table.columns if heading not in turned]
    columns: dict[str, list[str]] = {heading: [] for heading in (*kept, name_heading, value_heading)}
    for row in range(table.records):
        filled = [heading for heading in turned if table.columns[heading][row]]
        for heading in filled or [""]:
            for other in kept:
                columns[other].append(table.columns[other][row])
            columns[name_heading].append(heading)
            columns[value_heading].append(table.columns[heading][row] if heading else "")
    unpivot = {
        "columns": "|".join(re.escape(heading).replace(r"\ ", " ") for heading in turned),
        "name": name_heading,
        "value": value_heading,
    }
    made = Decision(
        "format.unpivot",
        f"{len(turned)} columns were turned into records, each with its heading as {name.name}",
        "a column that comes later is turned only if the expression matches its heading",
    )
    return replace(
        table,
        format=table.format | {"unpivot": unpivot},
        columns=columns,
        decisions=[*table.decisions, made],
    )


def _heading(field: Field, table: Table) -> str:
    """A heading of the contract for a new column, one that the table does not have."""
    return next((each for each in field.headings if each not in table.columns), field.name)


def _are_numbers(texts: list[str]) -> bool:
    filled = [text for text in texts if text and text.lower() not in NOTHING]
    return bool(filled) and sum(map(is_number, filled)) >= len(filled) * MOST
