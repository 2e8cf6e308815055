"""Preview: a sample through the same reading and judging as a delivery, in a temporary folder that is removed.

Nothing is written below the home folder, and the ledger is not asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from include.contracts import Contract, load
from include.runtime.engine import connect
from include.sources import Feed, Limits, SourceDefinition, SourceError
from include.sources.definition import ColumnMapping, FolderTransport, SftpTransport
from include.sources.file_names import UnreadableName, read_file_name
from include.sources.formats import Delivered, Reading, read
from include.sources.formats.raw import SPACES
from include.sources.looking import read_name
from include.steps.judge import MEMORY_LIMIT, Counts, Input, Past, Task, judge, rules_of
from include.steps.judge_queries import text_rules, zone_of
from include.transform import Zone, day_of, is_moment, quoted

PREVIEW = "preview"
LOOKED_AT = 5_000
"""Headings of formats that name them in each record are gathered from so many records."""


class PreviewError(ValueError):
    """What was asked for cannot be shown; the message says what to give."""


@dataclass(frozen=True)
class Row:
    """A record as it would land: its place in the file, and its values or its reasons.

    Attributes:
        cells: for a record in quarantine, the text of the cells of the fields that its reasons name, as far as
            they can be told.
        received: the record as received.
    """

    raw_row: int
    values: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    cells: Mapping[str, str | None] = field(default_factory=dict)
    received: str = ""


@dataclass(frozen=True)
class Preview:
    """What would become of a sample.

    Attributes:
        period: that the sample would count for.
        taken, missing, unused: headings that the definition reads and the file has, that it has not, and those
            of the file that no field takes.
        counts: rows landed, accepted, in quarantine, duplicate and not for us; None where the file is refused.
        refused: why the file as a whole is refused; "" where it is not.
        failed: rule → rows in quarantine by it.
        expected: rule → what it expects.
        fields: the fields that the definition maps, and what is derived from them.
        accepted, quarantined: the first rows.
        moments: which day a moment of the sample becomes, one line for each field.
    """

    feed_id: str
    file: str
    period: str
    taken: list[str]
    missing: list[str]
    unused: list[str]
    fields: list[str]
    restricted: list[str]
    expected: dict[str, str]
    counts: Counts | None = None
    refused: str = ""
    failed: dict[str, int] = field(default_factory=dict)
    accepted: list[Row] = field(default_factory=list)
    quarantined: list[Row] = field(default_factory=list)
    moments: list[str] = field(default_factory=list)


def preview(
    source: SourceDefinition,
    dataset: str,
    sample: Path,
    period: str = "",
    rows: int = 5,
    limits: Limits | None = None,
) -> Preview:
    """Read and judge a sample by a definition.

    Args:
        source: the definition.
        dataset: which of its feeds.
        sample: a file as the source delivers it.
        period: 2025 or 2025-03, where the name of the file does not say it.
        rows: how many of the first accepted and quarantined rows are wanted.
        limits: those of `Limits`, where none are given.

    Raises:
        PreviewError: no period is known.
        OSError: the sample cannot be read.
        SourceError: the engine failed.
    """
    limits = limits or Limits()
    contract = load(f"core_{dataset}")
    task = Task(PREVIEW, dataset, source, contract)
    delivery = _delivery(task.feed, sample, period)
    with TemporaryDirectory(prefix="odcm-preview-") as scratch:
        folder = Path(scratch)
        path = folder / "delivery"  # without an end that readers might go by, as deliveries are landed
        path.symlink_to(sample.resolve())
        delivery = replace(delivery, path=path)
        found = _headings(task, delivery, folder, limits)
        wanted = task.feed.headings()
        shown = [f for f in contract.fields if f in task.present]
        base: dict[str, Any] = {
            "feed_id": task.feed_id,
            "file": sample.name,
            "period": delivery.period,
            "taken": sorted(wanted & set(found)),
            "unused": [heading for heading in found if heading not in wanted],
            "fields": [f.name for f in shown],
            "restricted": [f.name for f in shown if f.restricted],
            "expected": {rule.id: rule.expected for rule in rules_of(contract)},
        }
        staging = folder / "staging"
        staging.mkdir()
        verdict = judge(task, [delivery], Past(), staging, limits)
        if refused := verdict.refused.get(PREVIEW):
            return Preview(**base, missing=sorted(wanted - set(found)), refused=str(refused))
        return Preview(
            **base,
            missing=[],
            counts=verdict.counts[0],
            failed=verdict.failed,
            accepted=_accepted(staging, [f.name for f in shown], rows),
            quarantined=_quarantined(staging, contract, task.feed, rows),
            moments=_moments(task, delivery, folder, limits),
        )


def _moments(task: Task, delivery: Input, folder: Path, limits: Limits) -> list[str]:
    """For each field with moments, the first one and the day that it becomes; by region where the source has several."""
    rules, zone = text_rules(task.feed), zone_of(task)
    forms = [form for form in rules.dates if is_moment(form)]
    said = []
    for each in task.contract.fields:
        mapping = task.feed.fields.get(each.name)
        heading = mapping.column if isinstance(mapping, ColumnMapping) else mapping
        if each.type != "date" or not forms or not isinstance(heading, str):
            continue
        with connect(reads=[delivery.path], folder=folder, memory_limit=MEMORY_LIMIT, threads=1) as con:
            sample = Delivered(task.feed_id, delivery.name, delivery.path, f"moments_{each.name}")
            raw = read(Reading(con, folder, sample, task.feed, limits))
            day = day_of("text", forms, Zone(zone.name))
            first = f"select trim({raw.cells[heading]}, {quoted(SPACES)}) as text from {raw.relation} limit {LOOKED_AT}"
            found = con.execute(
                f"select text, day from (select text, {day} as day from ({first})) where day is not null limit 1"
            ).fetchall()
        each_by_its_own = "; other rows by the zone of their region" if zone.others else ""
        said += [
            f"{each.name}: the moment {text} becomes {on} in {zone.name}{each_by_its_own}"
            for text, on in found
        ]
    return said


def _delivery(feed: Feed, sample: Path, period: str) -> Input:
    """The sample as a delivery: its name says the period and the day, else the person and its time stamp do."""
    moment = datetime.fromtimestamp(int(sample.stat().st_mtime), UTC)
    pattern, said = "", None
    if isinstance(feed.transport, FolderTransport | SftpTransport):
        pattern = feed.transport.name_pattern
        try:
            said = read_file_name(sample.name, feed.transport)
        except UnreadableName as error:
            if re.search(pattern, sample.name):
                raise PreviewError(f"{sample.name}: {error}") from None
    period = period or (said.period if said else "" if pattern else read_name(sample.name).period)
    if not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", period):
        raise PreviewError(
            f"{sample.name}: no period: expected a name that matches "
            f"{pattern or 'a year and a month'}, or --period 2025-03"
        )
    moment = said.delivered_at or moment if said else moment
    return Input(PREVIEW, sample.name, period, moment, sample)


def _headings(task: Task, delivery: Input, folder: Path, limits: Limits) -> list[str]:
    """Every heading of the file, in its order; none where it cannot be read at all."""
    anything = task.feed.model_copy(update={"fields": {}, "only": []})
    with connect(reads=[delivery.path], folder=folder, memory_limit=MEMORY_LIMIT, threads=1) as con:
        delivered = Delivered(task.feed_id, delivery.name, delivery.path)
        try:
            raw = read(Reading(con, folder, delivered, anything, limits))
            found = dict.fromkeys(raw.cells)
            records = con.execute(f"select {raw.received} from {raw.relation} limit {LOOKED_AT}").fetchall()
        except (SourceError, duckdb.Error):
            return []
    for (record,) in records:
        found.update(dict.fromkeys(_paths(json.loads(record)) if record else ()))
    return list(found)


def _paths(part: Any, before: str = "") -> list[str]:
    """The paths of the values in a record as received."""
    if not isinstance(part, dict):
        return [before.removesuffix(".")]
    return [path for key, value in part.items() for path in _paths(value, f"{before}{key}.")]


def _accepted(staging: Path, fields: list[str], rows: int) -> list[Row]:
    files = ", ".join(quoted(str(staging / f"{name}.parquet")) for name in ("core", "core-rest"))
    with connect(folder=staging) as con:
        result = con.execute(
            f"select raw_row, {', '.join(fields)} from read_parquet([{files}]) order by raw_row limit {rows}"
        )
        return [Row(place, dict(zip(fields, values, strict=True))) for place, *values in result.fetchall()]


def _quarantined(staging: Path, contract: Contract, feed: Feed, rows: int) -> list[Row]:
    path = quoted(str(staging / "quarantine.parquet"))
    with connect(folder=staging) as con:
        found = con.execute(
            f"select raw_row, reasons, received from read_parquet({path}) order by raw_row limit {rows}"
        ).fetchall()
    return [
        Row(place, reasons=tuple(reasons), cells=_cells(contract, feed, reasons, received), received=received)
        for place, reasons, received in found
    ]


def _cells(contract: Contract, feed: Feed, reasons: list[str], received: str) -> dict[str, str | None]:
    """The cells that the reasons of a record are about: those of fields with a column of their own."""
    try:
        record = json.loads(received)
    except ValueError:
        return {}
    found: dict[str, str | None] = {}
    sources = {f.name: f.derived_from or f.name for f in contract.fields}
    for name in dict.fromkeys(reason.partition(".")[0] for reason in reasons):
        mapping = feed.fields.get(sources.get(name, ""))
        heading = mapping.column if isinstance(mapping, ColumnMapping) else mapping
        if isinstance(heading, str):
            found[sources[name]] = _value(record, heading)
    return found


def _value(record: Any, heading: str) -> str | None:
    """The text at a heading, which may be a path."""
    if isinstance(record, dict) and heading in record:
        value = record[heading]
    else:
        value = record
        for key in heading.split("."):
            value = value.get(key) if isinstance(value, dict) else None
    return None if value is None else str(value)
