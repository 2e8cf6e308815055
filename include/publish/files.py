"""Tables and facts as file contents: the same input always gives the same bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq


def parquet_bytes(table: pa.Table, notes: Mapping[str, str]) -> bytes:
    """The table as Parquet (format 2.6, zstd), with `notes` as its key-value metadata and no clock in it."""
    plain = table.replace_schema_metadata({key: notes[key] for key in sorted(notes)}).combine_chunks()
    sink = io.BytesIO()
    pq.write_table(plain, sink, version="2.6", compression="zstd", row_group_size=1_048_576)
    return sink.getvalue()


def csv_bytes(table: pa.Table) -> bytes:
    """The table as CSV: UTF-8, commas, LF, header; text in quotes, so that "" differs from a missing value."""
    sink = io.BytesIO()
    pacsv.write_csv(table, sink, pacsv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()


def json_bytes(document: Any) -> bytes:
    """Readable JSON in UTF-8, keys in the order given, numbers unrounded; refuses NaN and infinity."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode("utf-8") + b"\n"
