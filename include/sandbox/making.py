"""The whole sandbox in a folder: what the sources hand over, what is true, and what was planted."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path

from include.contracts import DATASETS
from include.sandbox import (
    channels,
    faults,
    laboratories,
    prevention,
    reports,
    resocialisation,
    seizures,
    truth,
)
from include.sandbox.cells import Clerk
from include.sandbox.records import Record
from include.sandbox.regions import BY_CODE
from include.sandbox.reports import Delivery
from include.sandbox.writers import is_served, to_bytes
from include.sources.definition import DEFAULT_FOLDER, load_sources

README = """\
СИНТЕТИЧЕСКИЕ ДАННЫЕ / СИНТЕТИКАЛЫҚ ДЕРЕКТЕР / SYNTHETIC DATA

Everything in this folder was made by a program (seed {seed}). No row is about a real channel, case, seizure,
laboratory, activity or person; the names of the regions are real, what is told of them is not.

inbox/            files of the sources that hand over files: SOURCE/DATASET/
api/              deliveries that the simulated JSON API serves: SOURCE/DATASET/
truth.json        every figure that must come out, counted in plain Python
planted.json      every planted row with its place and what must become of it
identifiers.txt   every identifier and case number used: none may appear outside the restricted area
"""
RECORDS: dict[str, Callable[[random.Random], list[Record]]] = {
    "blocking_record": channels.blocking_records,
    "seizure_item": seizures.seizure_records,
    "laboratory": laboratories.laboratory_records,
    "prevention_activity": prevention.prevention_records,
    "resocialisation": resocialisation.resocialisation_records,
}
RESTRICTED = ("identifier", "platform_numeric_id", "mirror_of", "case_number", "decision_number")


def simulate(seed: int = 2025) -> list[Delivery]:
    """Every delivery of the hundred feeds, in the order of dataset, source and period."""
    sources = load_sources(DEFAULT_FOLDER)
    found: list[Delivery] = []
    for dataset in DATASETS:
        records: dict[str, list[Record]] = {source: [] for source in sources}
        for record in RECORDS[dataset](random.Random(f"{seed} {dataset}")):
            records[record.source].append(record)
        of_dataset: list[Delivery] = []
        for source, definition in sources.items():
            clerk = Clerk(definition, dataset, BY_CODE[source].language)
            of_dataset += reports.deliveries(clerk, records[source])
        reports.repeat(of_dataset, dataset, random.Random(f"{seed} {dataset} repeated"))
        faults.plant(of_dataset, dataset, random.Random(f"{seed} {dataset} faults"))
        found += of_dataset
    return found


def make(folder: Path, seed: int = 2025) -> dict[str, int]:
    """Write the sandbox; the same seed gives the same bytes.

    Returns:
        deliveries, rows and planted bad rows.
    """
    found = simulate(seed)
    for delivery in found:
        path = _path(folder, delivery)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_bytes(delivery))
    _write(folder / "truth.json", {"seed": seed, "synthetic": True, **truth.truth(found)})
    _write(folder / "planted.json", {"seed": seed, "synthetic": True, "planted": planted(found)})
    (folder / "identifiers.txt").write_text("\n".join(identifiers(found)) + "\n", encoding="utf-8")
    for place in (folder, folder / "inbox", folder / "api"):
        (place / "README.txt").write_text(README.format(seed=seed), encoding="utf-8")
    return {
        "deliveries": len(found),
        "rows": sum(len(delivery.rows) for delivery in found),
        "bad_rows": sum(bool(row.reasons) for delivery in found for row in delivery.rows),
    }


def planted(found: Iterable[Delivery]) -> list[dict[str, object]]:
    """One entry for each planted row, late report and missing report.

    Entries with reasons are bad rows: those and no others belong in quarantine, with exactly these reasons.
    """
    entries: list[dict[str, object]] = []
    for delivery in found:
        place = {"feed_id": delivery.feed_id, "file": delivery.name, "period": delivery.period}
        if delivery.is_late:
            entries.append({**place, "raw_row": None, "kind": "late", "reasons": []})
        for number, row in enumerate(delivery.rows):
            entries += [
                {**place, "raw_row": delivery.raw_row(number), "kind": kind, "reasons": sorted(row.reasons)}
                for kind in row.kinds
            ]
    for source, dataset, period in sorted(reports.MISSING):
        entries.append(
            {
                "feed_id": f"{source}/{dataset}",
                "file": None,
                "period": period,
                "raw_row": None,
                "kind": "missing_month",
                "reasons": [],
            }
        )
    return entries


def identifiers(found: Iterable[Delivery]) -> list[str]:
    """Every address, platform number, decision and case number in the deliveries, sorted."""
    texts: set[str] = set()
    for delivery in found:
        clerk = delivery.clerk
        columns = [column for name in RESTRICTED if (column := clerk.column_of(name))]
        for row in delivery.rows:
            texts |= {str(row.cells[column]) for column in columns if row.cells.get(column)}
            values = row.values or {}
            texts |= {str(values[name]) for name in RESTRICTED if values.get(name)}
    return sorted(text for text in texts if len(text) > 5)


def _path(folder: Path, delivery: Delivery) -> Path:
    clerk = delivery.clerk
    if is_served(clerk):
        return folder / "api" / clerk.source / clerk.dataset / f"{delivery.name}.json"
    return folder / "inbox" / clerk.source / clerk.dataset / delivery.name


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
