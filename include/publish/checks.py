"""What stands between a draft and its publication: coverage, small counts, restricted columns, odd text.

Each check returns sentences, one a fault, and nothing where all is well; a release with any is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from include.contracts import Contract, codes
from include.publish.cards import FigureCard
from include.publish.tables import PERSON, SMALL, person_columns, small

TOTALS = ("_T", "KZ", "")
PLAIN_CODE = re.compile(r"^[A-Za-z0-9_:-]{0,40}$")


class ReleaseRefused(ValueError):
    """The release cannot be published; the message lists every fault and what to do."""


def refuse_if_any(release_id: str, faults: Iterable[str]) -> None:
    """Nothing where there is no fault.

    Raises:
        ReleaseRefused: names the release and lists the faults.
    """
    listed = sorted(faults)
    if listed:
        lines = "\n".join(f"  - {fault}" for fault in listed)
        raise ReleaseRefused(f"release {release_id} is refused, {len(listed)} fault(s):\n{lines}")


def problems(
    tables: Mapping[str, pa.Table],
    contracts: Mapping[str, Contract],
    every_contract: Iterable[Contract],
    cards: Iterable[FigureCard],
    coverage_threshold: float,
) -> list[str]:
    """Every reason not to publish, as sentences; an empty list lets the release through.

    Args:
        tables: release tables by name.
        contracts: their contracts by name.
        every_contract: all contracts of the project; their restricted columns may appear in no release table.
        cards: the headline cards.
        coverage_threshold: least share of expected region-months, 0 to 1 (the owner's; rules.yaml of statistics).
    """
    restricted = restricted_columns(every_contract)
    faults = [fault for card in cards for fault in low_coverage(card, coverage_threshold)]
    faults += [fault for card in cards for fault in small_figure(card)]
    for name, table in tables.items():
        contract = contracts[name]
        faults += restricted_in(table, contract, restricted)
        faults += small_counts(table, contract)
        faults += odd_text(table, contract)
    return faults


def restricted_columns(contracts: Iterable[Contract]) -> dict[str, str]:
    """Column name → contract that classifies it as restricted (B9)."""
    return {
        column.name: contract.name
        for contract in contracts
        for column in contract.columns
        if column.restricted
    }


def low_coverage(card: FigureCard, threshold: float) -> list[str]:
    """A figure that rests on too few of the expected reports (C1)."""
    cover = card.coverage
    if cover.share >= threshold:
        return []
    return [
        f"figure {card.figure_id} rests on {cover.received} of {cover.expected} region-months "
        f"({cover.share:.1%}), below the threshold of {threshold:.0%} (C1): wait for the missing reports"
    ]


def small_figure(card: FigureCard) -> list[str]:
    """A headline count of persons from 1 to 4, of this year or the year before (C2)."""
    low, high = SMALL
    return [
        f"figure {card.figure_id}: {part} is a count of persons from {low} to {high} (C2): it may not be published"
        for part in ("value", "previous_value")
        if card.unit == PERSON and (number := getattr(card, part)) is not None and low <= number <= high
    ]


def small_counts(table: pa.Table, contract: Contract) -> list[str]:
    """Counts of persons from 1 to 4 in a release table (C2); the primary guard, after the table was made coarser.

    The sentence names table, column and number of cells, never the cell's value.
    """
    counts = {name: pc.sum(small(table[name])).as_py() or 0 for name in person_columns(contract)}
    return [
        f"table {contract.name}: {cells} count(s) of persons from {SMALL[0]} to {SMALL[1]} in {name} (C2): "
        "publish a coarser table"
        for name, cells in counts.items()
        if cells
    ]


def restricted_in(table: pa.Table, contract: Contract, restricted: Mapping[str, str]) -> list[str]:
    """Columns of a release table that any contract classifies as restricted (B9)."""
    return [
        f"table {contract.name}: column {name} is restricted by {restricted[name]} (B9): take it out"
        for name in table.column_names
        if name in restricted
    ]


def odd_text(table: pa.Table, contract: Contract) -> list[str]:
    """Text that is no code: a raw identifier would have to pass here (B9). Names the column, never the text."""
    faults = []
    for column in contract.columns:
        if column.name not in table.column_names or column.type != "string":
            continue
        found = [value for value in pc.unique(table[column.name]).to_pylist() if value is not None]
        if column.codelist:
            known = {*codes(column.codelist), *TOTALS}
            odd = [value for value in found if value not in known]
            wanted = f"a code of {column.codelist}.csv or a total"
        else:
            odd = [value for value in found if not PLAIN_CODE.match(value)]
            wanted = "plain codes"
        if odd:
            faults.append(
                f"table {contract.name}: {len(odd)} value(s) in {column.name} are not {wanted} (B9): "
                "they are not repeated here"
            )
    return faults
