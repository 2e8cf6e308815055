"""What the engine hands to Python while it writes the accepted rows: rows that need a second look.

A row does when it is broken, or when its record may have been seen before. Both functions work on whole
vectors of rows; they keep state, so that the engine must run on one thread, in the order of the files.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

ASIDE = pa.schema([("delivery", pa.int32()), ("raw_row", pa.int64()), ("cells", pa.list_(pa.string()))])
SLOTS_PER_ROW = 64
MOST_BITS = 30  # 2**30 slots are 128 MiB; above 16 million rows there are fewer than 64 for each


class SeenBefore:
    """Whether a mark (64 bits, evenly spread) was shown before: always said when it was, seldom when it was not.

    One bit for each of 64 or more slots a row (a Bloom filter with one function): at most one row in 64 is taken
    for seen without being so, which costs it a second look and nothing else. 16 MiB for two million rows, never
    more than 128.
    """

    def __init__(self, rows: int) -> None:
        self.shift = 64 - min(MOST_BITS, max(16, (SLOTS_PER_ROW * rows).bit_length()))
        self.bits = np.zeros(1 << (64 - self.shift - 3), dtype=np.uint8)

    def show(self, marks: np.ndarray) -> np.ndarray:
        """Mark them as seen; whether each was before, also earlier in the same array."""
        slots = (marks >> np.uint64(self.shift)).astype(np.int64)
        byte, bit = slots >> 3, np.left_shift(1, slots & 7).astype(np.uint8)
        seen: np.ndarray = (self.bits[byte] & bit) != 0
        repeated = np.ones(len(slots), dtype=bool)
        repeated[np.unique(slots, return_index=True)[1]] = False
        np.bitwise_or.at(self.bits, byte, bit)
        return seen | repeated


class SecondLook:
    """Gives a connection the functions of a first look, and the rows that it set aside.

    `seen_before(mark UBIGINT)`; `set_aside(delivery, raw_row, cells VARCHAR[])`, which keeps a row and is false; and
    `left_to_others(delivery)`, which counts a row that is not for us and is false.

    Attributes:
        left: rows not for us by number of the delivery, as the newest first look found them.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        """The rows set aside are kept in the file `path`, not in memory."""
        self.connection, self.path = connection, path
        self.left: Counter[int] = Counter()
        for name, function, arguments in (
            ("seen_before", self._seen_before, ("UBIGINT",)),
            ("set_aside", self._set_aside, ("INTEGER", "BIGINT", "VARCHAR[]")),
            ("left_to_others", self._left_to_others, ("INTEGER",)),
        ):
            connection.create_function(
                name,
                function,
                [connection.type(kind) for kind in arguments],
                "BOOLEAN",
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
                side_effects=True,
            )

    @contextlib.contextmanager
    def first_look(self, rows: int, stored: duckdb.DuckDBPyRelation) -> Iterator[None]:
        """Begin anew, knowing the marks that are stored already; the queries inside are one look.

        Args:
            rows: how many there will be at most, with the stored ones.
            stored: one column of marks.
        """
        self.seen, self.left = SeenBefore(rows), Counter()
        for batch in stored.to_arrow_reader():
            self.seen.show(_numbers(batch.column(0)))
        with pa.OSFile(str(self.path), "wb") as file, pa.ipc.new_stream(file, ASIDE) as self.kept:
            yield

    def rows_aside(self, table: str) -> None:
        """Make a table of the rows set aside: delivery, raw_row, cells."""
        with pa.OSFile(str(self.path)) as file:
            self.connection.register("rows_aside", pa.ipc.open_stream(file))
            self.connection.execute(f"create or replace temp table {table} as from rows_aside")
            self.connection.unregister("rows_aside")

    def _seen_before(self, marks: pa.Array) -> pa.Array:
        return pa.chunked_array(
            [_truths(self.seen.show(_numbers(chunk))) for chunk in _chunks(marks)]
        ).combine_chunks()

    def _set_aside(self, deliveries: pa.Array, rows: pa.Array, cells: pa.Array) -> pa.Array:
        for columns in zip(_chunks(deliveries), _chunks(rows), _chunks(cells), strict=True):
            self.kept.write_batch(pa.record_batch(list(columns), schema=ASIDE))
        return _truths(np.zeros(len(rows), dtype=bool))

    def _left_to_others(self, deliveries: pa.Array) -> pa.Array:
        for chunk in _chunks(deliveries):
            self.left.update(
                np.frombuffer(chunk.buffers()[1], np.int32, len(chunk), chunk.offset * 4).tolist()
            )
        return _truths(np.zeros(len(deliveries), dtype=bool))


def _chunks(array: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return array.chunks if isinstance(array, pa.ChunkedArray) else [array]


# Through buffers: `to_numpy` and `pa.array` look for pandas, and importing it takes longer than a small batch.
def _numbers(array: pa.Array) -> np.ndarray:
    return np.frombuffer(array.buffers()[1], dtype=np.uint64, count=len(array), offset=array.offset * 8)


def _truths(values: np.ndarray) -> pa.Array:
    bits = pa.py_buffer(np.packbits(values, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, bits])
