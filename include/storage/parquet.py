"""Marts on disk: plain Parquet by year, the same bytes for the same rows, whole or not at all.

The year is the folder (`year=2025`), as readers of partitioned Parquet expect, and not a column of the file.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.contracts import arrow_schema, load
from include.storage.access import FILE, shared_folder

YEAR = "year"
OWNERS = 0o600


def write_marts(folder: Path, tables: Mapping[str, pa.Table]) -> dict[str, int]:
    """Rows written of each mart, to `folder/<mart>/year=YYYY/data.parquet`.

    Every file is written beside its place, flushed, and only when all are there renamed into it: a reader sees
    the old file or the new one, and a failure while writing leaves the marts as they were. A file whose bytes
    did not change is left alone. Years that a mart no longer has are removed.
    """
    waiting: list[tuple[Path, Path]] = []
    try:
        for mart, table in tables.items():
            for year in _years(table):
                part = table.filter(pc.equal(table[YEAR], year)).drop_columns([YEAR])
                target = folder / mart / f"year={year}" / "data.parquet"
                content = parquet_bytes(part)
                if not (target.exists() and target.read_bytes() == content):
                    shared_folder(target.parent)
                    waiting.append((_write_beside(target, content), target))
        for written, target in waiting:
            written.replace(target)
            _flush_folder(target.parent)
    finally:
        for written, _ in waiting:
            written.unlink(missing_ok=True)
    for mart, table in tables.items():
        _remove_other_years(folder / mart, _years(table))
    return {mart: table.num_rows for mart, table in tables.items()}


def write_restricted(path: Path, table: pa.Table) -> None:
    """One table to one file for its owner alone (B9): whole or not at all; left alone where its bytes did not change."""
    content = parquet_bytes(table)
    if not (path.exists() and path.read_bytes() == content):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_beside(path, content, OWNERS).replace(path)
        _flush_folder(path.parent)


def read_mart(folder: Path, mart: str) -> pa.Table:
    """A mart as its contract declares it, all years in order; no rows where it was never written."""
    schema = arrow_schema(load(mart))
    parts = [schema.empty_table()]
    for path in sorted((folder / mart).glob("year=*/data.parquet")):
        year = int(path.parent.name.removeprefix("year="))
        part = pq.ParquetFile(path).read()
        part = part.append_column(YEAR, pa.array([year] * part.num_rows, schema.field(YEAR).type))
        parts.append(part.select(schema.names).cast(schema))
    return pa.concat_tables(parts).combine_chunks()


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as one Parquet file: the same rows in the same order give the same bytes.

    No clock, no pandas metadata, one chunk, fixed format version and compression level; the writer's own version
    is in the file, so that the bytes are tied to the locked requirements.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(
        table.replace_schema_metadata(None).combine_chunks(),
        sink,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=3,
        row_group_size=1_000_000,
        write_statistics=True,
    )
    return bytes(sink.getvalue())


def _years(table: pa.Table) -> list[int]:
    return sorted(pc.unique(table[YEAR]).to_pylist())


def _write_beside(target: Path, content: bytes, mode: int = FILE) -> Path:
    path = target.with_name(f".{target.name}.{os.getpid()}")
    with path.open("wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_other_years(folder: Path, years: list[int]) -> None:
    for path in folder.glob("year=*"):
        found = re.fullmatch(r"year=(\d+)", path.name)
        if found and int(found[1]) not in years:
            shutil.rmtree(path)
