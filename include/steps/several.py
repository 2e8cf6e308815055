"""Cells that hold several addresses: each of them becomes a record of its own, where the definition says so (B1)."""

from __future__ import annotations

from dataclasses import replace

from duckdb.sqltypes import VARCHAR

from include.channels import may_be_several, parts_of
from include.sources import Feed
from include.sources.definition import ColumnMapping
from include.sources.formats import PLACES, RawRows, Reading, held
from include.sources.formats.raw import SPACES
from include.transform import quoted

FIELD = "identifier"
PART = f"raw_row % {PLACES}"
"""SQL for the place of an address in its cell, from 1; 0 where the cell is empty."""


def is_parted(feed: Feed) -> bool:
    """Whether the definition says that a cell may hold several addresses."""
    mapping = feed.fields.get(FIELD)
    return isinstance(mapping, ColumnMapping) and mapping.split


def key_of_part(feed: Feed, key: str) -> str:
    """SQL for the identity of a record that may be a part: the first has that of its row, the others add their place."""
    if not is_parted(feed) or FIELD in feed.identity:
        return key
    return f"case when {PART} > 1 then {key} || '|#' || {PART} else {key} end"


def parted(reading: Reading, raw: RawRows) -> RawRows:
    """One record for each address of a cell; raw_row is 1,000 × the row + the place of the address in its cell.

    A cell of addresses and other words stays one record, and so does one beside a numeric id, which cannot be that of
    all of them: the row is quarantined.

    Raises:
        SourceError: a cell holds more than 999 addresses, or rows of the file were not read.
    """
    mapping = reading.feed.fields[FIELD]
    assert isinstance(mapping, ColumnMapping)
    con, cell = reading.connection, raw.cells[mapping.column]
    if not con.sql("select 1 from duckdb_functions() where function_name = 'addresses_of_cell'").fetchall():
        con.create_function("addresses_of_cell", parts_of, [VARCHAR], con.list_type(VARCHAR))
    rows, long = held(reading, raw, "several"), f"each_address_{reading.delivered.label}"
    has_id = _says_something(reading.feed, raw, "platform_numeric_id")
    addresses = (
        f"case when {may_be_several(cell)} and not {has_id} then addresses_of_cell({cell}) else [{cell}] end"
    )
    most = con.sql(f"select coalesce(max(len({addresses})), 0) from {rows.rows}").fetchall()[0][0]
    if most >= PLACES:
        raise reading.refuse(
            f"column {mapping.column}", f"{most} addresses in one cell", f"{PLACES - 1} at most",
            "Ask the source for a row for each of them; nothing of this file was taken.",
        )  # fmt: skip
    con.execute(
        f"create temp table {long} as select raw_row * {PLACES} + case when address is null then 0 else place end as raw_row, "
        "* exclude (raw_row, place) from (select *, unnest(addresses) as address, generate_subscripts(addresses, 1) as place "
        f"from (select *, {addresses} as addresses from {rows.rows})) order by raw_row"
    )
    return replace(
        raw,
        relation=f"(select * exclude (addresses) from {long})",
        columns=(*raw.columns, "address"),
        cells=raw.cells | {mapping.column: "address"},
        rejects=rows.rejects,
        physical_rows=int(con.execute(f"select count(*) from {long}").fetchall()[0][0]) + rows.broken,
        rejects_table="",
        check=lambda: None,
    )


def _says_something(feed: Feed, raw: RawRows, field: str) -> str:
    """SQL that is true where the column of a field has a value; false where the field has no column."""
    mapping = feed.fields.get(field)
    heading = mapping.column if isinstance(mapping, ColumnMapping) else mapping
    if not isinstance(heading, str):
        return "false"
    nothing = ", ".join(map(quoted, sorted({"", *feed.format.null_values})))
    return f"coalesce(trim({raw.cells[heading]}, {quoted(SPACES)}) not in ({nothing}), false)"
