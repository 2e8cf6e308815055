"""Parquet through DuckDB: values become text; the footer is believed only where the pages agree with it."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from include.sources.definition import ParquetFormat
from include.sources.definition.formats import place_name
from include.sources.errors import SourceError
from include.sources.formats.archive import DELIVER_ANEW, FREE_BYTES, refuse_other_kinds
from include.sources.formats.headings import check_places, named_columns, record_names
from include.sources.formats.parquet_pages import BrokenPage, pages
from include.sources.formats.raw import (
    RawRows,
    Reading,
    check_headings,
    clean_heading,
    identifier,
    json_record,
    literal,
)
from include.sources.formats.sheet import SHARE_OF_MEMORY

EXPECTED = "a whole Parquet file"
MAGIC, ENCRYPTED = b"PAR1", b"PARE"
MOST_FOOTER_BYTES = 16 << 20
MOST_PAGES = 500_000
NO_REJECTS = "select null::bigint as raw_row, null as received, null as rule where false"


def read_parquet(reading: Reading, declared: ParquetFormat) -> RawRows:
    """Every row as text columns c0, c1, …; raw_row counts from 1.

    Days are YYYY-MM-DD, moments have the time of day behind them (not where it is midnight), moments with a zone
    are in UTC; whole numbers have no decimal sign, others the declared one; what is nested is JSON.

    Raises:
        SourceError: the file is broken, encrypted, no Parquet file, or beyond a limit.
    """
    footer = _footer(reading)
    with _refusing_broken(reading):
        names = [clean_heading(name) for name in footer.schema.to_arrow_schema().names]
    places = range(1, len(names) + 1)
    check_headings(reading, names, "schema", places=map(place_name, places))
    check_places(reading, names, places, "schema")
    _check_size(reading, footer)
    _check_pages(reading, footer)
    source = (
        f"read_parquet({literal(str(reading.delivered.path))}, binary_as_string=true, hive_partitioning=false, "
        "file_row_number=true)"
    )
    with _refusing_broken(reading):
        described = reading.connection.execute(f"describe from {source}").fetchall()[:-1]
    if len(described) != len(names):
        raise _broken(reading)
    kinds = [str(kind) for _, kind, *_ in described]
    texts = [
        _text(str(name), kind, declared.decimal) for (name, *_), kind in zip(described, kinds, strict=True)
    ]
    _check_values(reading, source, [str(name) for name, *_ in described], kinds, texts, footer.num_rows)
    columns = [f"c{n}" for n in range(len(texts))]
    named = ", ".join(f"{text} as {column}" for text, column in zip(texts, columns, strict=True))
    relation = f"(select file_row_number + 1 as raw_row, {named} from {source})"
    named_cells = named_columns(names, places, reading.feed.headings())
    return RawRows(
        relation=relation,
        columns=tuple(columns),
        cells={name: f"c{n}" for name, n in named_cells.items()},
        received=json_record(dict(zip(record_names(names, places), columns, strict=True))),
        rejects=NO_REJECTS,
        physical_rows=footer.num_rows,
    )


def _footer(reading: Reading) -> pq.FileMetaData:
    """What the file says of itself."""
    refuse_other_kinds(reading, (MAGIC, ENCRYPTED), EXPECTED)
    path = reading.delivered.path
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 8))
        end = file.read(8)
    if ENCRYPTED in (end[4:], _start(reading)):
        raise reading.refuse(
            "file",
            "an encrypted Parquet file",
            "one that is not",
            "Ask the source to deliver it in the open.",
        )
    if size < 12 or end[4:] != MAGIC:
        raise reading.refuse("end of the file", "no footer: it is cut off", EXPECTED, DELIVER_ANEW)
    length = struct.unpack("<I", end[:4])[0]
    if length > min(MOST_FOOTER_BYTES, size - 12):
        raise reading.refuse(
            "footer", "a length that cannot be", f"at most {MOST_FOOTER_BYTES >> 20} MiB", DELIVER_ANEW
        )
    with _refusing_broken(reading):
        return pq.read_metadata(path)


def _start(reading: Reading) -> bytes:
    with reading.delivered.path.open("rb") as file:
        return file.read(4)


def _broken(reading: Reading) -> SourceError:
    return reading.refuse("file", "a Parquet file whose parts do not agree", EXPECTED, DELIVER_ANEW)


@contextmanager
def _refusing_broken(reading: Reading) -> Iterator[None]:
    """What the readers say of a broken file may quote it: it is not repeated."""
    try:
        yield
    except (pa.ArrowException, duckdb.Error, OSError, ValueError, RuntimeError) as error:
        if "string encoding" in str(error):
            raise reading.refuse("file", "a text that is no UTF-8", "texts in UTF-8", DELIVER_ANEW) from None
        raise _broken(reading) from None


def _check_size(reading: Reading, footer: pq.FileMetaData) -> None:
    limits = reading.limits
    cells = footer.num_rows * footer.num_columns
    groups = range(footer.num_row_groups)
    for found, most, what, limit in (
        (footer.num_rows, limits.rows, "rows", "rows"),
        (footer.num_columns, limits.columns, "columns", "columns"),
        (cells, limits.expanded_bytes, "cells", "expanded_bytes"),
    ):
        if found > most:
            raise reading.refuse(
                "footer", f"{found} {what}", f"at most {most} {what}",
                f"Ask the source to deliver in parts. The limit is the deployment's `{limit}`.",
            )  # fmt: skip
    if footer.num_rows < 0 or sum(footer.row_group(n).num_rows for n in groups) != footer.num_rows:
        raise _broken(reading)


def _check_pages(reading: Reading, footer: pq.FileMetaData) -> None:
    """Every page, before anybody makes room for it: sizes within the limits, as many values as the footer says."""
    limits, path = reading.limits, reading.delivered.path
    size = path.stat().st_size
    most = min(limits.expanded_bytes, FREE_BYTES + limits.expansion * size)
    largest = (limits.memory_mb << 20) // SHARE_OF_MEMORY // 2
    total = count = 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        content = memoryview(mapped)
        try:
            with _refusing_broken(reading):
                for chunk, rows in _chunks(footer):
                    values = 0
                    for page in pages(content, *_bounds(chunk, size)):
                        total, count, values = total + page.size, count + 1, values + page.values
                        if total > most or page.size > largest or count > MOST_PAGES:
                            raise reading.refuse(
                                "pages", f"more than {most >> 20} MiB when decompressed, a page of more than "
                                f"{largest >> 20} MiB, or more than {MOST_PAGES} pages", "less",
                                f"{DELIVER_ANEW} Limits are the deployment's `expanded_bytes`, `expansion`, `memory_mb`.",
                            )  # fmt: skip
                    if values != chunk.num_values or values < rows or (_is_flat(chunk) and values != rows):
                        raise _broken(reading)
        finally:
            content.release()


def _chunks(footer: pq.FileMetaData) -> Iterator[tuple[pq.ColumnChunkMetaData, int]]:
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        for column in range(group.num_columns if group.num_rows else 0):  # of no rows there need be no pages
            yield group.column(column), group.num_rows


def _bounds(chunk: pq.ColumnChunkMetaData, size: int) -> tuple[int, int]:
    begin = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        begin = min(begin, chunk.dictionary_page_offset)
    end = begin + chunk.total_compressed_size
    if not len(MAGIC) <= begin <= end <= size:
        raise BrokenPage
    return begin, end


def _is_flat(chunk: pq.ColumnChunkMetaData) -> bool:
    return "." not in chunk.path_in_schema


def _check_values(
    reading: Reading, source: str, names: list[str], kinds: list[str], texts: list[str], rows: int
) -> None:
    """Read the file through once: all of it can be read, and its texts are UTF-8 and not too long."""
    short = [identifier(name) for name, kind in zip(names, kinds, strict=True) if _is_short(kind)]
    texts = [text for text, kind in zip(texts, kinds, strict=True) if not _is_short(kind)]
    # Counting characters, unlike bytes, makes the engine look at them: it would find the fault only when it judges.
    longest = f"greatest(0, {', '.join(f'max(length({text}))' for text in texts)})" if texts else "0"
    together = " + ".join(["0", *(f"coalesce(sum(strlen({text})), 0)" for text in texts)])
    seen = ", ".join(["count(*)", "max(file_row_number)", longest, together, *(f"count({n})" for n in short)])
    with _refusing_broken(reading):
        counted, last, most, total, *_ = reading.connection.execute(
            f"select {seen} from {source}"
        ).fetchall()[0]
    if counted != rows or (rows and last != rows - 1):
        raise _broken(reading)
    limits = reading.limits
    if total > limits.expanded_bytes:
        raise reading.refuse(
            "file", f"{total} bytes of text", f"at most {limits.expanded_bytes}",
            f"{DELIVER_ANEW} The limit is the deployment's `expanded_bytes`.",
        )  # fmt: skip
    if most > limits.cell_chars:
        raise reading.refuse(
            "file", f"a text of {most} characters", f"at most {limits.cell_chars} characters",
            f"{DELIVER_ANEW} The limit is the deployment's `cell_chars`.",
        )  # fmt: skip


def _is_short(kind: str) -> bool:
    """Whether values of a DuckDB type are short as text, whatever they are."""
    return kind not in ("VARCHAR", "BLOB") and not _is_nested(kind)


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT(", "MAP(", "UNION("))


def _text(name: str, kind: str, decimal: str) -> str:
    """SQL for the text of a value of a DuckDB type."""
    column = identifier(name)
    text = f"cast({column} as varchar)"
    if kind == "VARCHAR":
        return column
    if _is_nested(kind):
        return f"cast(to_json({column}) as varchar)"
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"{column} = trunc({column}) and abs({column}) < 1e15"
        text = f"case when {whole} then cast(cast({column} as bigint) as varchar) else {text} end"
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        return f"replace({text}, '.', {literal(decimal)})" if decimal != "." else text
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"cast({column} at time zone 'UTC' as varchar) || '+00:00'"
    if kind.startswith("TIMESTAMP"):
        day = f"cast({column} as date)"
        return f"case when {column} = {day} then cast({day} as varchar) else {text} end"
    return text
