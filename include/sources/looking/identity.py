"""What identifies a record (R1): the source's own number, or the stable fields of one that has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from include.contracts import Contract, fold, spellings
from include.sources.looking.questions import begins_anew
from include.sources.looking.table import Decision, Table
from include.sources.looking.values import Column

LONGEST_NUMBER = 64


def own_numbers(contract: Contract) -> list[str]:
    """The required fields that hold the source's own number: record_no, or seizure_no and item_no."""
    return [f.name for f in contract.reported if f.required and f.name.endswith("_no")]


def key_fields(contract: Contract) -> list[str]:
    """Required fields with dates and codes: together they say what a record is about."""
    return [f.name for f in contract.reported if f.required and (f.type == "date" or f.codelist)]


def stable_fields(contract: Contract, columns: Mapping[str, Column]) -> list[str]:
    """The fields that stand for a number where a source has none.

    Args:
        columns: field → its column, for the fields that have one.

    Returns:
        required dates and codes, but for a region that is the same everywhere, and a case number that every
        record has.
    """
    keys = set(key_fields(contract))
    found = []
    for field in contract.reported:
        column = columns.get(field.name)
        if column is None or (field.name == "region_code" and _codes(column, field.codelist) < 2):
            continue
        always = field.name.endswith("_number") and column.filled == column.records > 0
        if field.name in keys or always:
            found.append(field.name)
    return found


def _codes(column: Column, codelist: str | None) -> int:
    """How many codes the texts of a column stand for; each unknown text counts as one."""
    known = spellings(codelist) if codelist else {}
    return len({known.get(fold(text), text) for text in column.texts})


def number_expression(headings: Collection[str]) -> str:
    """DuckDB SQL that makes a readable number of the cells that identify a row."""
    cells = ", ".join('"' + heading.replace('"', '""') + '"' for heading in headings)
    return f"left(concat_ws('|', {cells}), {LONGEST_NUMBER})"


def doubts(table: Table, headings: Collection[str], columns: Mapping[str, Column]) -> list[Decision]:
    """What speaks against an identity in the sample: records that share it, or a number that only counts rows."""
    rows = list(zip(*(table.columns[heading] for heading in headings), strict=True)) if headings else []
    whole = set(zip(*table.columns.values(), strict=True))
    shared = sum(count for count in Counter(rows).values() if count > 1) if len(set(rows)) < len(whole) else 0
    found = []
    if shared:
        found.append(
            Decision(
                "identity",
                f"{shared} of {table.records} records share theirs with another one",
                "of records with one identity in one delivery only the first is taken: choose fields that differ",
                first=True,
            )
        )
    return [*begins_anew([columns[heading] for heading in headings]), *found]
