"""Wide tables made long: months or drugs in columns become records of their own."""

from __future__ import annotations

import re
from dataclasses import replace

from include.sources.definition.formats import Unpivot
from include.sources.formats.held import PLACES, held
from include.sources.formats.raw import SPACES, RawRows, Reading, identifier, literal


def unpivoted(reading: Reading, raw: RawRows, declared: Unpivot) -> RawRows:
    """One record for each cell that says something under the headings that match; raw_row is 1,000 × the row + the place.

    Words for nothing say nothing. A row whose cells there all say nothing stays one record, with place 0. The rows are
    read once, into a table, and must be as many as the file has.

    Raises:
        SourceError: no heading matches, more than 999 do, or rows of the file were not read.
    """
    wide = [heading for heading in raw.cells if heading and re.fullmatch(declared.columns, heading)]
    if not wide or len(wide) >= PLACES:
        raise reading.refuse(
            "headings", f"{len(wide)} headings that match {declared.columns}", f"1 to {PLACES - 1}",
            "Mend format.unpivot of the definition, or ask the source; nothing of this file was taken.",
        )  # fmt: skip
    wide_rows = held(reading, raw, "wide")
    con, base = reading.connection, wide_rows.rows
    nothing = ", ".join(map(literal, sorted({"", *reading.feed.format.null_values})))
    trimmed = (f"trim({raw.cells[heading]}, {literal(SPACES)})" for heading in wide)
    cells = [f"case when {cell} not in ({nothing}) then {cell} end" for cell in trimmed]
    parts = [
        f"select raw_row * {PLACES} + {place} as raw_row, * exclude (raw_row), {literal(heading)} as heading, "
        f"{cell} as cell from {base} where {cell} is not null"
        for place, (heading, cell) in enumerate(zip(wide, cells, strict=True), 1)
    ]
    parts.append(
        f"select raw_row * {PLACES}, * exclude (raw_row), null, null from {base} "
        f"where coalesce({', '.join(cells)}) is null"
    )
    long = identifier(f"long_{reading.delivered.label}")
    con.execute(f"create temp table {long} as from ({' union all '.join(parts)}) order by raw_row")
    kept = {heading: cell for heading, cell in raw.cells.items() if heading not in wide}
    name = f"json_object({literal(declared.name)}, heading)"
    return replace(
        raw,
        relation=long,
        columns=(*raw.columns, "heading", "cell"),
        cells=kept | {declared.name: "heading", declared.value: "cell"},
        received=f"cast(json_merge_patch(cast({raw.received} as json), {name}) as varchar)",
        rejects=wide_rows.rejects,
        physical_rows=int(con.execute(f"select count(*) from {long}").fetchall()[0][0]) + wide_rows.broken,
        rejects_table="",
        check=lambda: None,
    )
