"""Cells that hold two things, and things that two cells hold: expressions that take them apart or together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from include.contracts import Contract, fold, spellings
from include.sources.looking.dates import formats_of
from include.sources.looking.fields import code_lists, names_of
from include.sources.looking.values import MARKS, MOST, Column

FROM = r"(от|from|дата|күні)"
NUMBER_AND_DATE = re.compile(
    rf"(?:№|N|no\.?)?\s*(?P<number>\S.*?)\s+{FROM}\s+(?P<date>\S+)(?:\s*(?:г|ж)\.?)?", re.IGNORECASE
)
AMOUNT_AND_UNIT = re.compile(r"(?P<amount>[-+]?\d(?:[\d .,\u00a0]*\d)?)\s*(?P<unit>[^\d\s.,].*)")
AMOUNT = r"^[-+]?[0-9](?:[0-9 .,\x{00A0}]*[0-9])?"
YEARS, MONTHS = range(1990, 2100), range(1, 13)


@dataclass(frozen=True)
class Joint:
    """What expressions make of one or two columns.

    Attributes:
        headings: the columns.
        fields: field → DuckDB expression.
        parts: field → its texts in the sample, as the expression gives them, for what is looked at next.
        format: a date format that an expression writes; "" where it writes none.
        what: what was seen.
    """

    headings: tuple[str, ...]
    fields: dict[str, str]
    parts: dict[str, Column]
    what: str
    format: str = ""


def joints(contract: Contract, columns: Mapping[str, Column]) -> list[Joint]:
    """The columns that hold parts of fields, or several fields. None of them is to be matched with a field alone."""
    found = []
    for column in columns.values():
        joint = _number_and_date(contract, column) or _amount_and_unit(contract, column)
        if joint:
            found.append(joint)
    return found


def year_and_month(
    contract: Contract, columns: Mapping[str, Column], fields: Collection[str], least: float = 0.0
) -> Joint | None:
    """A date of one of these fields from a column of years and a column of months, called so at least that well."""
    dates = [field for field in contract.reported if field.type == "date" and field.name in fields]
    years = [c for c in columns.values() if _are(c, YEARS)]
    months = [c for c in columns.values() if _are(c, MONTHS)]
    if not (dates and years and months):
        return None
    names, field = names_of(contract), dates[0].name
    month = max(months, key=lambda column: names.score(column.heading, field))
    if names.score(month.heading, field) < least:
        return None
    year = years[0]
    expression = f"{_cell(year)} || '-' || lpad({_cell(month)}, 2, '0') || '-01'"
    return Joint(
        (year.heading, month.heading), {field: expression}, {}, "a year and a month in two columns", "%Y-%m-%d"
    )  # fmt: skip


def _number_and_date(contract: Contract, column: Column) -> Joint | None:
    """A number and its day in one cell: `№ 12-3 от 01.02.2025`."""
    pairs = [
        (f.name, f.name.removesuffix("_number") + "_on")
        for f in contract.reported
        if f.name.endswith("_number") and any(g.name == f.name.removesuffix("_number") + "_on" for g in contract.reported)
    ]  # fmt: skip
    split = {text: found for text in column.texts if (found := NUMBER_AND_DATE.fullmatch(text))}
    split = {text: found for text, found in split.items() if formats_of(found["date"])}
    if not pairs or column.share(split) < MOST:
        return None
    number, day = pairs[0]
    cell = _cell(column)
    return Joint(
        (column.heading,),
        {
            number: rf"nullif(regexp_extract({cell}, '^(?:№\s*)?(.*) {FROM} ', 1), '')",
            day: rf"nullif(regexp_extract({cell}, ' {FROM} (\S+)', 2), '')",
        },
        {number: _part(column, split, "number"), day: _part(column, split, "date")},
        "a number and its day in one cell",
    )


def _amount_and_unit(contract: Contract, column: Column) -> Joint | None:
    """An amount and its unit in one cell: `4,5 кг`."""
    lists = code_lists(contract)
    split = {text: found for text in column.texts if (found := AMOUNT_AND_UNIT.fullmatch(text))}
    if column.share(split) < MOST:
        return None
    amounts = [field.name for field in contract.reported if field.type == "number" and field.required]
    for name, codelist in lists.items():
        known = spellings(codelist)
        of_list = [text for text, found in split.items() if fold(found["unit"].rstrip(MARKS)) in known]
        if amounts and column.share(of_list) >= MOST:
            cell = _cell(column)
            return Joint(
                (column.heading,),
                {
                    amounts[0]: f"nullif(regexp_extract({cell}, '{AMOUNT}'), '')",
                    name: f"nullif(trim(regexp_replace({cell}, '{AMOUNT}', '')), '')",
                },
                {amounts[0]: _part(column, split, "amount"), name: _part(column, split, "unit")},
                "an amount and its unit in one cell",
            )
    return None


def _part(column: Column, split: Mapping[str, re.Match[str]], group: str) -> Column:
    texts = type(column.texts)()
    for text, found in split.items():
        texts[found[group].strip()] += column.texts[text]
    return Column(column.heading, texts, column.records)


def _are(column: Column, numbers: range) -> bool:
    fits = [text for text in column.texts if text.isdigit() and len(text) <= 4 and int(text) in numbers]
    return column.filled > 0 and column.share(fits) >= 1 - (1 - MOST) / 4


def _cell(column: Column) -> str:
    return '"' + column.heading.replace('"', '""') + '"'
