"""Records that Python has read, in Parquet files that DuckDB scans as often as it likes; few are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.sources.formats.raw import Reading, literal

ROWS, CELLS, SIZE = 8192, 1 << 18, 8 << 20


class Spool:
    """The rows and the rejects of one delivery. To be closed before it is scanned.

    Texts are str, or bytes in UTF-8; an empty one is nothing. `span` is how many lines a record takes.
    """

    def __init__(self, reading: Reading, columns: Sequence[str]) -> None:
        self.reading = reading
        self._rows = _Table(reading, "rows", columns)
        self._rejects = _Table(reading, "rejects", ("received", "rule"))

    def row(self, raw_row: int, cells: Sequence[str | bytes | None], span: int = 1) -> None:
        """A record as cells in the order of the columns.

        Raises:
            SourceError: there are more records than the limit.
        """
        self._rows.add(raw_row, span, cells)
        self._check()

    def reject(self, raw_row: int, received: str | bytes, rule: str, span: int = 1) -> None:
        """A record that is no row."""
        self._rejects.add(raw_row, span, (received, rule))
        self._check()

    def _check(self) -> None:
        if self._rows.count + self._rejects.count > self.reading.limits.rows:
            raise too_many_rows(self.reading)

    def close(self) -> None:
        """Write what is left.

        Raises:
            pyarrow.ArrowInvalid: a text is no UTF-8.
        """
        self._rows.close()
        self._rejects.close()

    def relation(self, until: int | None = None) -> str:
        """The rows as a FROM clause: raw_row and the columns, up to a place in the file."""
        names = ", ".join(f"nullif({name}, '') as {name}" for name in self._rows.columns)
        return f"(select raw_row, {names} from {self._rows.scan(until)})"

    def rejects(self, until: int | None = None) -> str:
        """SELECT raw_row, received, rule."""
        return f"select raw_row, received, rule from {self._rejects.scan(until)}"

    def spans(self, until: int | None = None) -> int:
        """The lines that the records take beyond their first, as the files have them."""
        tables = " union all ".join(
            f"select span from {each.scan(until)}" for each in (self._rows, self._rejects)
        )
        query = f"select coalesce(sum(span - 1), 0) from ({tables})"
        return int(self.reading.connection.execute(query).fetchall()[0][0])


def too_many_rows(reading: Reading) -> Exception:
    """The error for a delivery beyond the limit."""
    return reading.refuse(
        "whole file", f"more than {reading.limits.rows} records", f"no more than {reading.limits.rows} (limits.rows)",
        "Ask the source for smaller deliveries, or raise the limit of the deployment.",
    )  # fmt: skip


class _Table:
    """One Parquet file, written in batches of few rows and few bytes."""

    def __init__(self, reading: Reading, name: str, columns: Sequence[str]) -> None:
        self.path: Path = reading.folder / f"{reading.delivered.label}.{name}.parquet"
        self.columns = list(columns)
        self.count = 0
        self._most = max(1, min(ROWS, CELLS // max(1, len(self.columns))))
        self._schema = pa.schema(
            [("raw_row", pa.int64()), ("span", pa.int32()), *((name, pa.string()) for name in self.columns)]
        )
        self._writer = pq.ParquetWriter(self.path, self._schema, compression="lz4", use_dictionary=False)
        self._places: list[int] = []
        self._spans: list[int] = []
        self._cells: list[Sequence[Any]] = []
        self._size = 0

    def add(self, raw_row: int, span: int, cells: Sequence[Any]) -> None:
        self.count += 1
        self._places.append(raw_row)
        self._spans.append(span)
        self._cells.append(cells)
        if len(self._cells) >= self._most:
            self._flush()
        elif len(self._cells) % 16 == 0:  # long cells fill memory before many rows do
            self._size += sum(len(cell) for row in self._cells[-16:] for cell in row if cell)
            if self._size > SIZE:
                self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def scan(self, until: int | None) -> str:
        where = "" if until is None else f" where raw_row <= {until}"
        return f"(from read_parquet({literal(str(self.path))}){where})"

    def _flush(self) -> None:
        if not self._cells:
            return
        columns = [_texts(column) for column in zip(*self._cells, strict=True)]
        batch = pa.table([pa.array(self._places), pa.array(self._spans, pa.int32()), *columns], self._schema)
        self._writer.write_table(batch)
        self._places, self._spans, self._cells, self._size = [], [], [], 0


def _texts(column: Sequence[Any]) -> pa.Array:
    return pa.array(column, pa.string())
