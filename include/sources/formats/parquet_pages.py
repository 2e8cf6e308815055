"""The pages of a Parquet file by their headers: how large each becomes, and how many values it holds.

A footer can say anything; readers make room for what the header of a page says. Headers are Thrift structs in the
compact protocol. Source: parquet-format, parquet.thrift (PageHeader); Thrift compact protocol specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
DEEPEST = 8
UNCOMPRESSED, COMPRESSED, DATA, DATA_V2 = 2, 3, 5, 8
VALUES = 1


class BrokenPage(ValueError):
    """The header of a page cannot be read, or leads out of its column."""


@dataclass(frozen=True)
class Page:
    """Bytes when decompressed, and values; a dictionary has no values of its own."""

    size: int
    values: int


def pages(content: memoryview, begin: int, end: int) -> Iterator[Page]:
    """The pages of a column, which lies between two places of the file.

    Raises:
        BrokenPage: a header cannot be read, or a page does not end where the column does.
    """
    at = begin
    while at < end:
        reader = _Compact(content, at, end)
        header = reader.struct(0)
        size, compressed = header.get(UNCOMPRESSED), header.get(COMPRESSED)
        if not isinstance(size, int) or not isinstance(compressed, int) or size < 0 or compressed < 0:
            raise BrokenPage
        data = header.get(DATA) or header.get(DATA_V2)
        values = data.get(VALUES) if isinstance(data, dict) else 0
        if not isinstance(values, int) or values < 0:
            raise BrokenPage
        yield Page(size, values)
        at = reader.at + compressed
    if at != end:
        raise BrokenPage


class _Compact:
    """Reads one Thrift struct; numbers and structs by the ids of their fields, all else is skipped."""

    def __init__(self, content: memoryview, at: int, end: int) -> None:
        self.content, self.at, self.end = content, at, end

    def struct(self, depth: int) -> dict[int, object]:
        if depth > DEEPEST:
            raise BrokenPage
        found: dict[int, object] = {}
        field = 0
        while kind := self._byte():
            step = kind >> 4
            field = field + step if step else self._zigzag()
            found[field] = self._value(kind & 15, depth)
        return found

    def _value(self, kind: int, depth: int) -> object:
        if kind in (TRUE, FALSE):
            return kind == TRUE
        if kind in (I16, I32, I64):
            return self._zigzag()
        if kind == STRUCT:
            return self.struct(depth + 1)
        if kind in (LIST, SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            self._skip_many(count, head & 15, depth)
        elif kind == BINARY:
            self._skip(self._varint())
        elif kind in (BYTE, DOUBLE):
            self._skip(1 if kind == BYTE else 8)
        else:  # a page's header has no maps
            raise BrokenPage
        return None

    def _skip_many(self, count: int, kind: int, depth: int) -> None:
        if count > self.end - self.at:
            raise BrokenPage
        for _ in range(count):
            if kind in (TRUE, FALSE):
                self._skip(1)
            else:
                self._value(kind, depth + 1)

    def _skip(self, size: int) -> None:
        self.at += size
        if self.at > self.end:
            raise BrokenPage

    def _byte(self) -> int:
        if self.at >= self.end:
            raise BrokenPage
        self.at += 1
        return self.content[self.at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise BrokenPage

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
