"""A few bytes through a reader of a format, or through the reader and the judging, for data that fit on the screen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from include.contracts import load
from include.sources import Feed, Limits, SourceDefinition, SourceError
from include.sources.formats import Delivered, Reading, read
from include.steps.judge import Input, Past, Task, judge

NAME = "synthetic_2025.file"
FEED = "KZ-43/laboratory"
MESSAGE = re.compile(
    r"KZ-43/laboratory: synthetic_2025\.file: [^:]+: found .+; expected .+\. [A-Z].+\.", re.DOTALL
)
LIMITS = Limits()
FOLDER = {"kind": "folder", "path": "${ODCM_INBOX}", "name_pattern": r"(?P<year>\d{4})"}
CONSTANTS = {
    "closed_on": {"constant": "2025-03-05"},
    "region_code": {"constant": "KZ-43"},
    "agency": {"constant": "mia_police"},
    "lab_type": {"constant": "synthetic"},
}


@dataclass(frozen=True)
class Opened:
    """What a reader gives, by place in the file: the cells under the headings asked for, and records that are no rows.

    Attributes:
        rows: raw_row → the cells.
        rejects: raw_row → the record as received, and the rule that it breaks.
        received: raw_row → the record of a row as received.
    """

    rows: dict[int, tuple[str | None, ...]]
    rejects: dict[int, tuple[str, str]]
    received: dict[int, str]

    @property
    def cells(self) -> list[str | None]:
        """The cells under the first heading, in order."""
        return [row[0] for row in self.rows.values()]


@dataclass(frozen=True)
class Landed:
    """What became of a delivery: raw_row → values accepted, and raw_row → reasons with the record as received."""

    accepted: dict[int, tuple[str | None, ...]]
    quarantined: dict[int, tuple[list[str], str]]


def opened(
    folder: Path, form: Mapping[str, Any], content: bytes | str, *headings: str, limits: Limits = LIMITS
) -> Opened:
    """The delivery through its reader alone; every record of the file must be a row or a reject.

    Args:
        folder: where the reader may write.
        form: the `format` of a definition.
        content: the delivery; text is written in UTF-8.
        headings: what the definition reads.
        limits: those of the deployment.
    """
    path = folder / "landed"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    feed = Feed.model_validate(
        {
            "transport": FOLDER, "format": form, "identity": ["f0"],
            "fields": {f"f{place}": heading for place, heading in enumerate(headings)},
        }
    )  # fmt: skip
    with duckdb.connect(config={"threads": 1}) as con:
        raw = read(Reading(con, folder, Delivered(FEED, NAME, path), feed, limits))
        cells = ", ".join(raw.cells[heading] for heading in headings)
        scanned = con.execute(f"select raw_row, {raw.received}, {cells} from {raw.relation}").fetchall()
        raw.check()
        rejects = con.execute(raw.rejects).fetchall()
    assert len(scanned) + len(rejects) == raw.physical_rows, "a record is neither a row nor a reject"
    assert not (raw.rejects_table and rejects), "places are known after judging only: ask `landed`"
    assert [row[0] for row in scanned] == sorted({row[0] for row in scanned}), "places ascend"
    return Opened(
        {row[0]: tuple(row[2:]) for row in scanned},
        {place: (received, rule) for place, received, rule in rejects},
        {row[0]: row[1] for row in scanned},
    )


def refusal(
    folder: Path, form: Mapping[str, Any], content: bytes | str, *headings: str, limits: Limits = LIMITS
) -> str:
    """What the reader says of a delivery that it refuses: place, found, expected, and what to do."""
    try:
        found = opened(folder, form, content, *headings, limits=limits)
    except SourceError as error:
        message = str(error)
        assert MESSAGE.fullmatch(message), message
        return message.removeprefix(f"{FEED}: {NAME}: ")
    raise AssertionError(f"it was taken: {found}")


def landed(
    folder: Path, form: Mapping[str, Any], content: bytes | str, limits: Limits = LIMITS, **fields: Any
) -> Landed:
    """The delivery read and judged as laboratories; every record is accepted or in quarantine.

    Args:
        folder: where the reader may write.
        form: the `format` of a definition.
        content: the delivery; text is written in UTF-8.
        limits: those of the deployment.
        fields: fields of the contract with their mappings; the first one tells records apart. Required fields that
            are not named are constants.

    Raises:
        SourceError: the delivery is refused.
    """
    whole = content.encode() if isinstance(content, str) else content
    found = landed_together(folder, form, {NAME: whole}, limits, **fields)[NAME]
    if isinstance(found, SourceError):
        raise found
    return found


def landed_together(
    folder: Path,
    form: Mapping[str, Any],
    contents: Mapping[str, bytes],
    limits: Limits = LIMITS,
    **fields: Any,
) -> dict[str, Landed | SourceError]:
    """Deliveries of one feed in one pass, by name; those that are refused with what is said of them."""
    feed = {
        "transport": FOLDER,
        "format": form,
        "identity": [next(iter(fields))],
        "fields": CONSTANTS | fields,
    }
    source = SourceDefinition.model_validate(
        {
            "source": "KZ-43",
            "name": {},
            "regions": ["KZ-43"],
            "synthetic": True,
            "feeds": {"laboratory": feed},
        }
    )
    staging = folder / "staging"
    staging.mkdir(exist_ok=True)
    inputs = []
    for number, (name, content) in enumerate(contents.items()):
        path = folder / f"landed-{number}"
        path.write_bytes(content)
        inputs.append(Input(name, name, "2025", datetime(2026, 1, 15, tzinfo=UTC), path))
    task = Task("b", "laboratory", source, load("core_laboratory"))
    verdict = judge(task, inputs, Past(), staging, limits)
    found: dict[str, Landed | SourceError] = dict(verdict.refused)
    for count in verdict.counts:
        own = f"where delivery_id = '{count.delivery_id}' order by raw_row"
        core = f"read_parquet(['{staging}/core.parquet', '{staging}/core-rest.parquet'])"
        accepted = duckdb.sql(f"select raw_row, {', '.join(fields)} from {core} {own}").fetchall()
        kept = duckdb.sql(
            f"select raw_row, reasons, received from '{staging}/quarantine.parquet' {own}"
        ).fetchall()
        assert (len(accepted), len(kept), 0) == (count.accepted, count.quarantined, count.duplicate)
        assert count.landed == count.accepted + count.quarantined
        found[count.delivery_id] = Landed(
            {row[0]: tuple(row[1:]) for row in accepted},
            {place: (reasons, received) for place, reasons, received in kept},
        )
    assert set(found) == set(contents)
    return found
