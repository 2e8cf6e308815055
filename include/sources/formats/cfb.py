"""OLE2 compound files, the containers of old Office documents: one stream out of one, and one stream into one.

Source: [MS-CFB] Compound File Binary File Format.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator

import numpy as np

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER = 512
IN_HEADER = 109  # sectors of the allocation table that the header names itself
ENTRY = 128
END, FREE, TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
LARGEST_SECTOR = 0xFFFFFFFA
STREAM, ROOT = 2, 5
SECTOR = 4096


class BrokenContainer(ValueError):
    """The file is no whole compound file."""


def stream_of(content: bytes | mmap.mmap, names: tuple[str, ...]) -> bytearray | None:
    """The content of the first stream that has one of these names; None where there is none.

    Raises:
        BrokenContainer: a chain of sectors leaves the file, or comes back to itself.
    """
    try:
        return _Container(content).stream(names)
    except struct.error:
        raise BrokenContainer from None


def container_of(stream: bytes | bytearray, name: str) -> Iterator[bytes | bytearray]:
    """A compound file with this one stream, piece by piece; blanks fill its last sector.

    Raises:
        BrokenContainer: the stream is larger than a header without further tables can list (445 MiB).
    """
    data = -(-max(len(stream), SECTOR) // SECTOR)
    table = -(-(data + 2) // (SECTOR // 4 - 1))  # it lists the data, directory, small streams, and itself
    if table > IN_HEADER:
        raise BrokenContainer
    directory, small, first = table, table + 1, table + 2
    header = struct.pack(
        "<8s16x5H6x9I", MAGIC, 0x3E, 4, 0xFFFE, 12, 6, 1, table, directory, 0, SECTOR, END, 0, END, 0
    )
    header += struct.pack(f"<{table}I", *range(table)) + b"\xff" * 4 * (IN_HEADER - table)
    yield header.ljust(SECTOR, b"\0")
    chain = [TABLE] * table + [END, END] + [first + n + 1 for n in range(data - 1)] + [END]
    yield struct.pack(f"<{len(chain)}I", *chain).ljust(table * SECTOR, b"\xff")
    root = _entry("Root Entry", ROOT, 1, small, SECTOR)  # some readers want one that has a place
    yield (root + _entry(name, STREAM, FREE, first, data * SECTOR)).ljust(SECTOR, b"\0")
    yield bytes(SECTOR)
    yield stream
    yield bytes(data * SECTOR - len(stream))


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return struct.pack("<64sHBBIII16xI16xIQ", text, len(text), kind, 1, FREE, FREE, child, 0, start, size)


class _Container:
    def __init__(self, content: bytes | mmap.mmap) -> None:
        self.content = content
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise BrokenContainer
        self.size, self.mini_size = 1 << shift, 1 << mini_shift
        self.cutoff, self.mini_table, _, extra, extras = struct.unpack_from("<5I", content, 56)
        table = [n for n in struct.unpack_from(f"<{IN_HEADER}I", content, 76) if n <= LARGEST_SECTOR]
        for _ in range(min(extras, len(content) // self.size)):
            if extra > LARGEST_SECTOR:
                break
            *more, extra = struct.unpack(f"<{self.size // 4}I", self._sectors(extra, extra))
            table += [n for n in more if n <= LARGEST_SECTOR]
        if len(table) > len(content) // self.size:
            raise BrokenContainer
        self.next = _table(b"".join(self._sectors(n, n) for n in table))

    def stream(self, names: tuple[str, ...]) -> bytearray | None:
        start = struct.unpack_from("<I", self.content, 48)[0]
        directory = self._chain(start)
        root: tuple[int, int] | None = None
        for at in range(0, len(directory) - ENTRY + 1, ENTRY):
            raw, length, kind = struct.unpack_from("<64sHB", directory, at)
            first, size = struct.unpack_from("<IQ", directory, at + 116)
            size = size & 0xFFFFFFFF if self.size == HEADER else size
            if kind == ROOT:
                root = (first, size)
            name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            if kind == STREAM and name in names:
                if size >= self.cutoff:
                    found = self._chain(first)
                elif root:
                    found = self._mini_chain(first, self._chain(root[0]))
                else:
                    raise BrokenContainer
                if len(found) < size:
                    raise BrokenContainer
                del found[size:]
                return found
        return None

    def _sectors(self, first: int, last: int) -> bytes:
        found = self.content[(first + 1) * self.size : (last + 2) * self.size]
        missing = (last - first + 1) * self.size - len(found)
        if missing >= self.size:
            raise BrokenContainer
        return found + bytes(missing) if missing else found

    def _chain(self, number: int) -> bytearray:
        return bytearray().join(self._sectors(first, last) for first, last in _runs(number, self.next))

    def _mini_chain(self, number: int, small: bytearray) -> bytearray:
        found = bytearray()
        for first, last in _runs(number, _table(self._chain(self.mini_table))):
            found += small[first * self.mini_size : (last + 1) * self.mini_size]
        return found


def _table(content: bytes | bytearray) -> np.ndarray:
    return np.frombuffer(content, "<u4", len(content) // 4).astype(np.int64)


def _runs(number: int, following: np.ndarray) -> Iterator[tuple[int, int]]:
    """The sectors of a chain, as runs of those that lie behind each other: the first and the last of each."""
    ends = np.append(np.flatnonzero(following[:-1] != np.arange(1, len(following))), len(following) - 1)
    ahead = len(following)
    while number != END:
        if number >= len(following) or ahead <= 0:
            raise BrokenContainer
        last = int(ends[np.searchsorted(ends, number)])
        yield number, last
        ahead -= last - number + 1
        number = int(following[last])
