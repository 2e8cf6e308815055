"""A large register of synthetic blocking records as one CSV file: the same size gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from string import Template

import duckdb

QUERY = Path(__file__).parent / "register.sql"
BAD_EVERY, TWICE_EVERY = 1000, 500
NAME = "blocking_record_2025_20260115.csv"


@dataclass(frozen=True)
class Outcome:
    """What must become of the rows of a register."""

    landed: int
    accepted: int
    quarantined: int
    duplicate: int


def register(folder: Path, rows: int) -> Path:
    """Write the file with that many data rows into the folder, unless it is there already."""
    path = folder / NAME
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        query = Template(QUERY.read_text(encoding="utf-8")).substitute(rows=rows)
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query}) to '{part}' (format csv, delimiter ';', header true)")
        part.rename(path)
    return path


def outcome(rows: int) -> Outcome:
    """The verdicts on a register of that many rows: known, since every bad row and every repeat was put there."""
    if rows % BAD_EVERY:
        raise ValueError(f"{rows} rows: expected a multiple of {BAD_EVERY}")
    bad, twice = rows // BAD_EVERY, rows // TWICE_EVERY
    return Outcome(rows, rows - bad - twice, bad, twice)
