"""Append-only Delta tables of the restricted area: core, quarantine and duplicate sightings.

A batch is staged as Parquet files and then published to each table by one Delta commit that carries the
batch's id as application transaction. A repeated call finds the transaction and writes nothing; of two writers
at once the later one conflicts and finds it too.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction

from include.contracts import Contract, arrow_schema, load
from include.storage.home import Home

QUARANTINE_SCHEMA = pa.schema(
    [
        ("batch_id", pa.string()),
        ("delivery_id", pa.string()),
        ("feed_id", pa.string()),
        ("file", pa.string()),
        ("raw_row", pa.int64()),
        ("received", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("record_key", pa.string()),
    ]
)
DUPLICATE_SCHEMA = pa.schema(
    [
        ("batch_id", pa.string()),
        ("delivery_id", pa.string()),
        ("raw_row", pa.int64()),
        ("received_at", pa.timestamp("us", tz="UTC")),
        ("record_key", pa.string()),
        ("content_hash", pa.string()),
    ]
)
PARTS = ("", "-rest")  # of core: rows accepted at once, rows accepted after a second look
WITHDRAWN = "-withdrawn"  # of core, where there are any: withdrawals, which are no rows of a delivery
KINDS = ("quarantine", "duplicates", "core")  # core last: its transaction is the commit point of a batch


def staged(home: Home, batch_id: str) -> Path:
    """The folder in which a batch waits between verdict and commit."""
    return home.staging / batch_id


def staged_batches(home: Home) -> list[str]:
    """Ids of all batches that have a staging folder."""
    return [path.name for path in home.staging.iterdir()] if home.staging.is_dir() else []


def discard(home: Home, batch_id: str) -> None:
    """Forget a staged batch."""
    shutil.rmtree(staged(home, batch_id), ignore_errors=True)


def discard_older(home: Home, batch_ids: Iterable[str], than: datetime) -> None:
    """Forget those of the staged batches that were begun before that moment."""
    for batch_id in batch_ids:
        with contextlib.suppress(FileNotFoundError):  # its own process tidied up meanwhile
            if staged(home, batch_id).stat().st_mtime < than.timestamp():
                discard(home, batch_id)


def staged_core(home: Home, batch_id: str) -> list[Path]:
    """The staged files of the accepted rows: those accepted at once, and those after a second look."""
    return [staged(home, batch_id) / f"core{part}.parquet" for part in PARTS]


def append_batch(home: Home, dataset: str, batch_id: str, committed_at_ms: int) -> None:
    """Publish a staged batch to the three tables of its dataset, each exactly once."""
    for kind in KINDS:
        table = _table(home, kind, dataset)
        if table.transaction_version(batch_id) is not None:
            continue
        folder = _uri(home, kind, dataset)
        parts = {
            staged(home, batch_id) / f"{kind}{part}.parquet": folder / f"{batch_id}{part}.parquet"
            for part in (_parts_of_core(home, dataset, batch_id) if kind == "core" else PARTS[:1])
        }
        if not all(source.exists() or target.exists() for source, target in parts.items()):
            table.update_incremental()  # another process finished this batch meanwhile
            if table.transaction_version(batch_id) is not None:
                continue
        actions: list[AddAction | RemoveAction] = []
        total = 0
        for source, target in parts.items():
            rows = pq.read_metadata(source if source.exists() else target).num_rows
            if not rows:
                continue
            if source.exists():
                _fsync(source)
                source.rename(target)
            stats = json.dumps({"numRecords": rows})
            actions.append(AddAction(target.name, target.stat().st_size, {}, committed_at_ms, True, stats))
            total += rows
        _commit(table, actions, batch_id, total)


def _parts_of_core(home: Home, dataset: str, batch_id: str) -> tuple[str, ...]:
    name = f"core{WITHDRAWN}.parquet", f"{batch_id}{WITHDRAWN}.parquet"
    staged_or_moved = (staged(home, batch_id) / name[0], _uri(home, "core", dataset) / name[1])
    return (*PARTS, WITHDRAWN) if any(path.exists() for path in staged_or_moved) else PARTS


def is_committed(home: Home, dataset: str, batch_id: str) -> bool:
    """Whether the batch reached core."""
    return _table(home, "core", dataset).transaction_version(batch_id) is not None


def core_files(home: Home, dataset: str) -> list[str]:
    """Parquet files of the accepted rows, as the table lists them."""
    return sorted(_table(home, "core", dataset).file_uris())


def duplicate_files(home: Home, dataset: str) -> list[str]:
    """Parquet files of the sightings of content that was stored before."""
    return sorted(_table(home, "duplicates", dataset).file_uris())


def quarantine_files(home: Home, dataset: str) -> list[str]:
    """Parquet files of the quarantined rows with their reasons."""
    return sorted(_table(home, "quarantine", dataset).file_uris())


def keep_gate_report(home: Home, dataset: str, html: str) -> Path:
    """Keep the gate's newest page for a dataset; restricted, since it may show values."""
    home.gate_reports.mkdir(parents=True, exist_ok=True)
    path = home.gate_reports / f"{dataset}.html"
    path.write_text(html, encoding="utf-8")
    return path


def _commit(table: DeltaTable, actions: list[AddAction | RemoveAction], batch_id: str, rows: int) -> None:
    for _ in range(10):
        try:
            table.create_write_transaction(
                actions,
                mode="append",
                schema=table.schema(),
                commit_properties=CommitProperties(
                    custom_metadata={"batch_id": batch_id, "rows": str(rows)},
                    app_transactions=[Transaction(batch_id, 1)],
                ),
            )
            return
        except (CommitFailedError, DeltaError):
            table.update_incremental()
            if table.transaction_version(batch_id) is not None:
                return
    raise RuntimeError(f"batch {batch_id[:12]} was not committed after ten conflicts; run it again")


def _table(home: Home, kind: str, dataset: str) -> DeltaTable:
    uri = _uri(home, kind, dataset)
    uri.mkdir(parents=True, exist_ok=True)
    schema = _nullable(_schema(kind, load(f"core_{dataset}")))
    table = DeltaTable.create(str(uri), schema=schema, mode="ignore")
    known = {field.name for field in table.schema().fields}
    added = [field for field in DeltaSchema.from_arrow(schema).fields if field.name not in known]
    if added:  # a column that the contract gained; earlier rows read as null
        table.alter.add_columns(added)
    return table


def _uri(home: Home, kind: str, dataset: str) -> Path:
    return {"core": home.core, "quarantine": home.quarantine, "duplicates": home.duplicates}[kind] / dataset


def _schema(kind: str, contract: Contract) -> pa.Schema:
    return {"core": arrow_schema(contract), "quarantine": QUARANTINE_SCHEMA, "duplicates": DUPLICATE_SCHEMA}[
        kind
    ]


def _nullable(schema: pa.Schema) -> pa.Schema:
    # Parquet written by DuckDB marks every column optional; what is required was proved row by row before.
    return pa.schema([field.with_nullable(True) for field in schema])


def _fsync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
