"""Release tables: the rows of one year of each mart, at a grain that hides no person in a small count (C2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from include.contracts import Contract, arrow_schema

PERSON = "person"
SMALL = (1, 4)

Grain = Mapping[str, str | None]


@dataclass(frozen=True)
class Coarsening:
    """What to give up, in turn, while a count of persons from 1 to 4 stands in a table.

    `steps`: rows that keep their counts: those where every named column has the value given (null: whole year).
    `drop`: the other rows leave the table; otherwise only their counts of persons are emptied.
    """

    steps: tuple[Grain, ...]
    drop: bool


# By mart. Where no step helps, the check before publishing refuses the release.
COARSENINGS: Mapping[str, Coarsening] = {
    "mart_resocialisation": Coarsening(
        steps=({"facility_type": "_T"}, {"facility_type": "_T", "region_code": "KZ"}), drop=True
    ),
    "mart_prevention": Coarsening(
        steps=(
            {"month": None},
            {"month": None, "audience": "_T"},
            {"month": None, "audience": "_T", "organiser": "_T"},
            {"month": None, "audience": "_T", "organiser": "_T", "region_code": "KZ"},
        ),
        drop=False,
    ),
}


@dataclass(frozen=True)
class ReleaseTables:
    """Tables by name; for each mart made coarser (C2) the grain at which persons are still counted."""

    tables: Mapping[str, pa.Table]
    grains: Mapping[str, Grain] = field(default_factory=dict)


def release_tables(marts: Mapping[str, pa.Table], contracts: list[Contract], year: int) -> ReleaseTables:
    """The rows of `year` of each mart that a release contract names, with that contract's columns.

    Args:
        marts: mart name → table with a column `year`.
        contracts: release contracts; `from_mart` names the mart.
        year: the year of the release.

    Raises:
        KeyError: a contract names a mart that was not built.
    """
    tables, grains = {}, {}
    for contract in contracts:
        origin = contract.from_mart or contract.name
        if origin not in marts:
            raise KeyError(f"{contract.name} takes its rows from {origin!r}, which was not built")
        mart = marts[origin]
        table = mart.filter(pc.equal(mart["year"], year))
        table = table.select([column.name for column in contract.columns]).cast(arrow_schema(contract))
        tables[contract.name], grain = coarsened(table, contract)
        if grain:
            grains[origin] = grain
    return ReleaseTables(tables, grains)


def coarsened(table: pa.Table, contract: Contract) -> tuple[pa.Table, Grain | None]:
    """The table at the finest declared grain without a count of persons from 1 to 4, and that grain if coarser.

    Where no grain is coarse enough the coarsest is returned: the check before publishing refuses it (C2).
    """
    plan = COARSENINGS.get(contract.from_mart or "")
    if plan is None or not has_small_counts(table, contract):
        return table, None
    for grain in plan.steps:
        kept = reduce(pc.and_, (_is(table[name], value) for name, value in grain.items()))
        coarser = table.filter(kept) if plan.drop else _emptied(table, contract, pc.invert(kept))
        if not has_small_counts(coarser, contract):
            break
    return coarser, grain


def person_columns(contract: Contract) -> list[str]:
    """The columns that count persons: those whose contract says so in `unit`."""
    return [column.name for column in contract.columns if column.unit == PERSON]


def has_small_counts(table: pa.Table, contract: Contract) -> bool:
    """Whether any count of persons in the table is from 1 to 4."""
    return any(pc.any(small(table[name])).as_py() for name in person_columns(contract))


def small(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """True where a count is from 1 to 4; false where it is 0, more, or missing."""
    low, high = SMALL
    return pc.fill_null(pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high)), False)


def _is(column: pa.ChunkedArray, value: str | None) -> pa.ChunkedArray:
    return pc.is_null(column) if value is None else pc.fill_null(pc.equal(column, value), False)


def _emptied(table: pa.Table, contract: Contract, where: pa.ChunkedArray) -> pa.Table:
    for name in person_columns(contract):
        at = table.column_names.index(name)
        kind = table.schema.field(name)
        table = table.set_column(at, kind, pc.if_else(where, pa.scalar(None, kind.type), table[name]))
    return table
