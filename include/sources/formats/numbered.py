"""The lines of a text file, numbered as the file has them, for readers that take a line as a record."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.sources.formats.lines import no_text
from include.sources.formats.raw import Reading, literal

CHUNK = 4 << 20
LINES = pa.schema([("number", pa.int64()), ("line", pa.large_string())])


def numbered_lines(reading: Reading, path: Path, called: str = "line") -> tuple[str, int]:
    """Every line of a file of checked UTF-8 that is not blank: a relation with number and line.

    Numbers begin with 1 and count blank lines too. A line ends with a line feed; carriage returns before it belong to
    the end. `called` is what a message calls a line. The lines are kept in a file of the reading's folder, so that
    they can be scanned more than once.

    Returns:
        The relation, and how many lines it has.

    Raises:
        SourceError: a line is longer, or there are more of them, than the deployment allows, or has a NUL byte.
    """
    kept = reading.folder / f"{reading.delivered.label}.lines.parquet"
    number = rows = 0
    with pq.ParquetWriter(
        kept, LINES, compression="lz4", use_dictionary=False, write_statistics=False
    ) as out:
        for piece in _pieces(reading, path, called):
            if b"\0" in piece:
                raise no_text(reading, number + 1 + piece.count(b"\n", 0, piece.index(b"\0")))
            lines = _lines(piece)
            numbers = pa.array(np.arange(number + 1, number + len(lines) + 1))
            number += len(lines)
            table = _not_blank(pa.table({"number": numbers, "line": lines}))
            rows += table.num_rows
            _within(reading, table, rows, called)
            out.write_table(table)
    return f"read_parquet({literal(str(kept))})", rows


def _lines(piece: bytes) -> pa.LargeStringArray:
    ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == ord("\n")) + 1
    last = [] if piece.endswith(b"\n") else [len(piece)]
    offsets = np.concatenate(([0], ends, last)).astype(np.int64)
    lines = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(piece))
    return pc.utf8_rtrim(lines, "\r\n")


def _not_blank(table: pa.Table) -> pa.Table:
    """Only where a line begins with a space must the whole line be looked at."""
    first = pc.utf8_slice_codeunits(table["line"], 0, 1)
    if not pc.any(pc.equal(pc.utf8_trim_whitespace(first), "")).as_py():
        return table
    return table.filter(pc.not_equal(pc.utf8_trim_whitespace(table["line"]), ""))


def _pieces(reading: Reading, path: Path, called: str) -> Iterator[bytes]:
    """The file in pieces that end where a line ends, without a byte order mark."""
    most = reading.limits.cell_chars
    with path.open("rb") as file:
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)
        while piece := file.read(CHUNK):
            rest = file.readline(4 * most + 2)  # a character has at most four bytes, the end of a line two
            if len(rest) == 4 * most + 2 and not rest.endswith(b"\n"):
                raise reading.refuse(
                    f"{called}s", f"a {called} of more than {most} characters", f"no more than {most} (limits.cell_chars)",
                    "Ask the source whether this is the right file, or raise the limit of the deployment.",
                )  # fmt: skip
            yield piece + rest


def _within(reading: Reading, table: pa.Table, rows: int, called: str) -> None:
    if (pc.max(pc.binary_length(table["line"])).as_py() or 0) > reading.limits.cell_chars:
        _not_long(reading, table, called)
    if rows > reading.limits.rows:
        raise reading.refuse(
            f"{called}s", f"more than {reading.limits.rows} {called}s", f"no more than {reading.limits.rows} (limits.rows)",
            "Ask the source for smaller deliveries, or raise the limit of the deployment.",
        )  # fmt: skip


def _not_long(reading: Reading, table: pa.Table, called: str) -> None:
    characters = pc.utf8_length(table["line"])
    longest = pc.max(characters).as_py()
    if longest > reading.limits.cell_chars:
        place = table["number"][pc.index(characters, longest).as_py()].as_py()
        raise reading.refuse(
            f"{called} {place}", f"{longest} characters", f"no more than {reading.limits.cell_chars} (limits.cell_chars)",
            "Ask the source whether this is the right file, or raise the limit of the deployment.",
        )  # fmt: skip
