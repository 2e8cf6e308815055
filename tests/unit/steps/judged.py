"""One file of one feed, read and judged as a delivery is: what core and quarantine would hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from include.contracts import load
from include.sources import SourceDefinition
from include.steps.judge import Input, Past, Task, judge

FIELDS = {
    "seizure_no": "No", "item_no": {"constant": "1"}, "seized_on": "Date", "region_code": {"constant": "KZ-43"},
    "lead_agency": {"constant": "mia_police"}, "substance_as_reported": "Substance", "quantity": "Qty",
    "unit": {"constant": "kg"},
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """Rows of core by record, reasons by the place of the row, or why the file was refused."""

    core: list[dict[str, Any]]
    reasons: dict[int, list[str]]
    refused: str = ""

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.core]


def definition(form: dict[str, Any], **changes: Any) -> SourceDefinition:
    """A source with one feed of seizures in this format."""
    regions = changes.pop("regions", ["KZ-43"])
    feed = {
        "transport": {"kind": "folder", "path": "in", "name_pattern": r"(?P<year>\d{4})"}, "format": form,
        "identity": ["seizure_no", "item_no"],
        "fields": FIELDS | changes.pop("fields", {}),
    } | changes  # fmt: skip
    return SourceDefinition.model_validate(
        {"source": "KZ-43", "name": {}, "regions": regions, "feeds": {"seizure_item": feed}}
    )


def judged(folder: Path, content: bytes | str, form: dict[str, Any], **changes: Any) -> Judged:
    """Judge a file of seizures.

    Args:
        form: the format.
        changes: `regions`, `fields` beside or in place of `FIELDS`, `received`, and other keys of the feed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, staging = folder / "landed", folder / "staging"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    staging.mkdir()
    received = changes.pop("received", datetime(2025, 12, 1, tzinfo=UTC))
    source = definition(form, **changes)
    task = Task("batch", "seizure_item", source, load("core_seizure_item"))
    verdict = judge(task, [Input("d", "file", "2025-03", received, path)], Past(), staging)
    if verdict.refused:
        return Judged([], {}, str(next(iter(verdict.refused.values()))))
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        files = [str(staging / f"{name}.parquet") for name in ("core", "core-rest")]
        core = con.execute("from read_parquet(?) order by raw_row", [files])
        names = [column[0] for column in core.description]
        rows = [dict(zip(names, row, strict=True)) for row in core.fetchall()]
        broken = con.execute(
            "select raw_row, reasons from read_parquet(?)", [str(staging / "quarantine.parquet")]
        )
        return Judged(rows, {place: sorted(reasons) for place, reasons in broken.fetchall()})
