"""A delivery read once into tables, so that more records than it has rows can be made of it."""

from __future__ import annotations

from dataclasses import dataclass

from include.sources.formats.raw import RawRows, Reading, identifier

PLACES = 1000
"""Records that can be made of one row: its number is 1,000 × the row + the place."""


@dataclass(frozen=True)
class Held:
    """Tables of a delivery: its rows with `raw_row` and the columns, and the records that are none; how many of those."""

    rows: str
    lost: str
    broken: int

    @property
    def rejects(self) -> str:
        """SELECT for `RawRows.rejects`, numbered as the records made of the other rows are."""
        return f"select raw_row * {PLACES} as raw_row, received, rule from {self.lost}"


def held(reading: Reading, raw: RawRows, name: str) -> Held:
    """All rows of a delivery, each numbered as it stands in the file.

    Args:
        name: of the tables, one for each use in a delivery.

    Raises:
        SourceError: rows of the file were not read.
    """
    base, lost = (identifier(f"{part}_{reading.delivered.label}") for part in (name, f"{name}_lost"))
    con = reading.connection
    con.execute(f"create temp table {base} as from {raw.relation}")
    raw.check()
    con.execute(f"create temp table {lost} as select raw_row, received, rule from ({raw.rejects})")
    if raw.rejects_table:
        # Rows are numbered without the records that are none: each is shifted by those before it.
        con.execute(
            f"update {base} set raw_row = raw_row + (select count(*) from (select raw_row - row_number() over "
            f"(order by raw_row) + 1 as before from {lost}) where before <= {base}.raw_row)"
        )
    rows, broken = (con.execute(f"select count(*) from {t}").fetchall()[0][0] for t in (base, lost))
    if rows + broken != raw.physical_rows:
        raise reading.refuse(
            "whole file", f"{raw.physical_rows} rows in the file and {rows + broken} read", "every physical row read",
            "Check quotes and line breaks of the file; nothing of it was taken.",
        )  # fmt: skip
    return Held(base, lost, int(broken))
