"""What every format gives: the records of one delivery as text, and proof of how many there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from include.sources.definition import Feed
from include.sources.deployment import Limits
from include.sources.errors import SourceError

SPACES = " \t\n\r\u00a0"


@dataclass(frozen=True)
class Delivered:
    """One landed delivery to be read: whose it is, what it was called, where its bytes lie.

    `period` is what it is for; `label` is its own among the deliveries of a batch: two of them may have the same bytes.
    """

    feed_id: str
    name: str
    path: Path
    label: str = "delivery"
    period: str = ""


@dataclass(frozen=True)
class RawRows:
    """A delivery as DuckDB can scan it.

    Attributes:
        relation: FROM clause with the column raw_row (the record's place in the file) and `columns`.
        columns: columns of the relation, all text, that hold the record.
        cells: heading → SQL expression over `columns` that gives the text of the cell.
        received: SQL expression over `columns` that gives the whole record as received, as JSON text.
        rejects: SELECT raw_row, received, rule for records that are not rows at all; valid after the scan.
        physical_rows: records in the file, counted apart from the scan.
        rejects_table: where there is one, a scan fills it, and raw_row counts the readable records alone.
        check: to be called after a scan; raises SourceError where that found what refuses the whole delivery.
        outer_spaces: characters to be trimmed off cells; where there are none, empty cells are null already.
        titles: the cells of the rows above the table, from the first column of the file on.
        filled: field → the text that the delivery itself gives to all of its rows.
    """

    relation: str
    columns: tuple[str, ...]
    cells: dict[str, str]
    received: str
    rejects: str
    physical_rows: int
    rejects_table: str = ""
    check: Callable[[], None] = lambda: None
    outer_spaces: str = SPACES
    titles: Sequence[Sequence[str]] = ()
    filled: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What a reader needs: a connection, a folder for what it must write, the delivery, its feed and the limits."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    delivered: Delivered
    feed: Feed
    limits: Limits = Limits()

    def refuse(self, place: str, found: str, expected: str, action: str) -> SourceError:
        """The error that refuses this delivery as a whole."""
        return SourceError(self.delivered.feed_id, self.delivered.name, place, found, expected, action)


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def json_record(cells: dict[str, str]) -> str:
    """SQL for a record as received: names and texts of its cells as a JSON object."""
    pairs = ", ".join(f"{literal(heading)}, {cell}" for heading, cell in cells.items())
    return f"cast(json_object({pairs}) as varchar)"


def clean_heading(text: str) -> str:
    """A heading without byte order mark, line breaks and doubled spaces."""
    return " ".join(text.replace("\ufeff", "").replace("\u00a0", " ").split())


def check_headings(
    reading: Reading, found: list[str], place: str, *, of_row: bool = False, places: Iterable[str] = ()
) -> None:
    """Refuse a delivery in which a column that the definition reads is missing or stands twice.

    Columns that nobody asks for may stand twice.

    places: names of columns by their place.
    of_row: the headings are cells of a row, which could be a record: a message shows only what is plainly a heading.
    """
    declared = reading.feed.headings()
    unpivot = getattr(reading.feed.format, "unpivot", None)
    doubled = sorted({h for h in found if h and found.count(h) > 1})
    asked = [h for h in doubled if h in declared]
    if asked or any(unpivot and re.fullmatch(unpivot.columns, h) for h in doubled):
        names = ", ".join(map(repr, asked))
        raise reading.refuse(
            place, f"the column {names} more than once" if names else "a heading that format.unpivot matches more than once",
            "every heading that is read once",
            "Ask the source which of them holds, or say which by its place (column 3); nothing of this file was taken.",
        )  # fmt: skip
    made = {unpivot.name, unpivot.value} if unpivot else set()
    missing = sorted(declared - made - set(found) - set(places))
    if missing:
        there = ", ".join(filter(None, _shown(found, declared) if of_row else found))
        raise reading.refuse(
            place, f"no column {', '.join(map(repr, missing))} (there are: {there})",
            "every heading of the definition",
            "Mend the file, or the definition if the source renamed its columns; nothing of this file was taken.",
        )  # fmt: skip


def _shown(row: list[str], declared: set[str]) -> list[str]:
    """The headings of a row. One without any that is declared may be a record, as may what has a digit in it."""
    whole = row[0] if len(row) == 1 else ""  # with another delimiter all headings are one
    if not any(heading in row or heading in whole for heading in declared):
        return ["none that is declared"]
    return ["…" if any(map(str.isdigit, cell)) else cell for cell in row]
