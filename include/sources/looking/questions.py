"""What a person is asked first: what makes figures wrong without a word, where a sample shows signs of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from include.contracts import Contract, codelist, fold, spellings
from include.sources.looking.dates import formats_of
from include.sources.looking.table import Decision, Table
from include.sources.looking.values import LINK, MARKS, Column

BETWEEN_ADDRESSES = re.compile(r"[\s,;|]+|/(?=@)")
TIME = re.compile(r"\d\d?:\d\d")
OFFSET = re.compile(r"\d\d?:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$")
MOST_DIGITS = 6
"""A number of more digits is not one that begins anew each month."""
FEW_LISTED = 5


def questions(
    contract: Contract, table: Table, parts: Mapping[str, Column], regions: Collection[str]
) -> list[Decision]:
    """What must be decided first about a table.

    Args:
        contract: of the dataset.
        table: the sample.
        parts: field → its column.
        regions: codes that a person named.
    """
    found = [
        *_heading(table),
        *_moments(contract, parts),
        *_per_cent(contract, parts),
        *_addresses(contract, parts),
    ]
    return [*found, *_others(parts, regions)]


def begins_anew(columns: Collection[Column]) -> list[Decision]:
    """Whether the numbers of records are so small that they may begin anew."""
    texts = [text for column in columns for text in column.texts]
    if len(columns) != 1 or not texts or not all(t.isdigit() and len(t) <= MOST_DIGITS for t in texts):
        return []
    counts = {int(text) for text in texts}
    runs = len(counts) > 1 and len(counts & set(range(1, len(counts) + 1))) >= 0.6 * len(counts)
    return [
        Decision(
            "identity",
            "the numbers run 1, 2, 3 …" if runs else "the numbers are small and name neither year nor month",
            "if they begin anew in each file, month or year, a record of March is taken for a correction of one of "
            "February: then name the stable fields instead (R1)",
            first=True,
        )
    ]


def _heading(table: Table) -> Iterator[Decision]:
    first = table.format.get("title_rows", 0) + 1
    if table.format.get("header_rows") == 0:
        yield Decision(
            "format.header_rows",
            f"row {first} has values like the rows below it: no heading was taken, and columns are called by their place",
            "a heading that is taken for a record is lost; a column that moves is not noticed",
            first=True,
        )
    elif (
        table.format["kind"] in ("csv", "xlsx", "xls", "ods") and table.records > 1 and _are_all_words(table)
    ):
        yield Decision(
            "format.header_rows",
            f"row {first} was taken for the heading, and the rows below it are words like it",
            "a record that is taken for the heading is lost; without a heading it is header_rows: 0",
            first=True,
        )


def _are_all_words(table: Table) -> bool:
    return not any(
        sign.isdigit() or sign in "@/" for texts in table.columns.values() for text in texts for sign in text
    )


def _moments(contract: Contract, parts: Mapping[str, Column]) -> Iterator[Decision]:
    dated = {f.name: parts[f.name] for f in contract.reported if f.type == "date" and f.name in parts}
    for name, column in dated.items():
        timed = [text for text in column.texts if TIME.search(text) and formats_of(text)]
        if any(OFFSET.search(text) for text in timed):
            yield Decision(
                f"fields.{name}", f"{column.heading!r} has times with an offset or Z: the day is the one in the region of the row",
                "if the source means another zone, say which in format: zone: UTC", first=True,
            )  # fmt: skip
        elif timed:
            yield Decision(
                f"fields.{name}", f"{column.heading!r} has times without an offset: they keep the day that they name",
                "if the source writes them in UTC, an evening there is the next day here: ask it", first=True,
            )  # fmt: skip


def _per_cent(contract: Contract, parts: Mapping[str, Column]) -> Iterator[Decision]:
    for field in contract.reported:
        if field.name.endswith("_pct") and field.name in parts:
            numbers = [_number(text) for text in parts[field.name].texts]
            known = [number for number in numbers if number is not None]
            if known and max(known) <= 1:
                yield Decision(
                    f"fields.{field.name}", "no number of the sample is above 1",
                    "if 0.85 means 85 %, the definition must multiply it by 100; as it stands it is less than 1 %",
                    first=True,
                )  # fmt: skip


def _addresses(contract: Contract, parts: Mapping[str, Column]) -> Iterator[Decision]:
    for name in {f.derived_from for f in contract.fields if f.derived_from and not f.codelist} & set(parts):
        column = parts[name]
        several = sum(count for text, count in column.texts.items() if _are_several(text))
        if several:
            yield Decision(
                f"fields.{name}", f"{several} of {column.filled} cells hold several addresses",
                "cells with several are quarantined, unless {column: …, split: true} makes a record of each", first=True,
            )  # fmt: skip


def _are_several(text: str) -> bool:
    return sum(bool(LINK.fullmatch(part)) for part in BETWEEN_ADDRESSES.split(text)) > 1


def _others(parts: Mapping[str, Column], regions: Collection[str]) -> Iterator[Decision]:
    """Rows of regions that nobody named: the file may be one that several share."""
    column = parts.get("region_code")
    if column is None or not regions:
        return
    known = spellings("regions")
    names = {row["code"]: row["name_en"] for row in codelist("regions").to_pylist()}
    others = {known[fold(text)] for text in column.texts if fold(text) in known} - set(regions)
    if others:
        listed = ", ".join(names[code] for code in sorted(others)[:FEW_LISTED])
        more = f" and {len(others) - FEW_LISTED} more" if len(others) > FEW_LISTED else ""
        yield Decision(
            "only", f"{column.heading!r} names {listed}{more} as well",
            f"their rows go to quarantine, unless only: {{column: {column.heading}, is: […]}} leaves them to others",
            first=True,
        )  # fmt: skip


def _number(text: str) -> float | None:
    try:
        return float(text.rstrip(MARKS + " %").replace(",", "."))
    except ValueError:
        return None
