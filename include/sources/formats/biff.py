"""Records of a BIFF stream, of which an old workbook consists: type and size in two bytes each, then the content.

Source: [MS-XLS] Excel Binary File Format, 2.1.4.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator

import numpy as np

from include.sources.formats.cfb import BrokenContainer

HEAD = struct.Struct("<HH")
BOF, EOF = 0x0809, 0x000A
NUMBER, BOOL_OR_ERROR, RK, SHARED_TEXT, BLANK, ROW = 0x0203, 0x0205, 0x027E, 0x00FD, 0x0201, 0x0208
SIZE_OF = np.full(1 << 16, 1 << 16, dtype=np.int32)
"""Of each type the size, where that never differs; a sheet consists of such records for the most part."""
SIZE_OF[[ROW, BLANK, NUMBER, BOOL_OR_ERROR, RK, SHARED_TEXT]] = (16, 6, 14, 8, 10, 10)
MARGIN = 16
"""Zeros behind the stream, so that looking a little further than its last record is no fault."""
WINDOW = 1 << 18


def records(stream: bytearray) -> Iterator[tuple[int, int, int]]:
    """Type, place and size of the records one by one, up to the end of the stream."""
    at, end, unpack = 0, len(stream) - 3, HEAD.unpack_from
    while at < end:
        kind, size = unpack(stream, at)
        yield kind, at, size
        at += 4 + size


def words_of(stream: bytearray) -> np.ndarray:
    """The number of two bytes at each place of the stream, which must end with a margin."""
    return np.ndarray(len(stream) - 1, "<u2", stream, strides=(1,))


def numbers_at(stream: bytearray, places: np.ndarray, offset: int, of: str = "<u2") -> np.ndarray:
    """The numbers of a type that stand at an offset, at most 10, behind these places; eight bytes for each."""
    kind = np.dtype(of)
    everywhere = np.ndarray(len(stream) - offset - kind.itemsize + 1, kind, stream, offset, strides=(1,))
    found: np.ndarray = everywhere[places].astype(np.float64 if kind.kind == "f" else np.int64)
    return found


def walked(stream: bytearray, words: np.ndarray, begin: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places of the records of a sheet, ascending, and which of them are a chart's within it; in pieces.

    Each record says where the next one begins: a long way in Python. So what looks like a record of a type whose size
    never differs is found everywhere at once. Where one of them ends as the next begins, and the first is a record,
    they all are.

    Raises:
        BrokenContainer: it is no sheet, or has no end.
    """
    if words[begin] != BOF:
        raise BrokenContainer
    at, end, unpack = begin, len(words) - MARGIN - 2, HEAD.unpack_from
    opened: list[int] = []  # places of what has begun: the sheet, a chart, what is in that
    while at < end:
        singles, runs, charts = list[int](), list[np.ndarray](), list[tuple[int, int]]()
        stop = min(at + WINDOW, end)
        like = _Like(words, at, stop)
        while at < stop:
            if at >= like.next and (run := like.run(at)) is not None:
                runs.append(run)
                at = like.end
                continue
            singles.append(at)
            kind, size = unpack(stream, at)
            if kind == BOF:
                opened.append(at)
            elif kind == EOF:
                first = opened.pop()
                if len(opened) == 1:
                    charts.append((first, at))
                if not opened:
                    break
            at += 4 + size
        if len(opened) > 1:
            charts.append((opened[1], at))
        places = np.concatenate([like.places[:0], *runs])
        places = np.insert(places, np.searchsorted(places, singles), singles)
        yield places, _within(places, charts)
        if not opened:
            return
    raise BrokenContainer


class _Like:
    """What looks like a record of a type whose size never differs, from one place to another.

    Attributes:
        places: where they stand, ascending.
        next: the first of them that a walk has not passed.
        end: the end of the run that was asked for last.
    """

    def __init__(self, words: np.ndarray, start: int, stop: int) -> None:
        sizes = SIZE_OF.take(words[start:stop])
        found = np.flatnonzero(words[start + 2 : stop + 2] == sizes)
        self.places = start + found
        ends = self.places + 4 + sizes[found]
        lasts = np.flatnonzero(np.append(ends[:-1] != self.places[1:], True)[: len(found)])
        self._begins, self._lasts, self._ends = self.places.tolist(), lasts.tolist(), ends[lasts].tolist()
        self._which = self._run = 0
        self._never = stop + WINDOW
        self.next = self._begins[0] if self._begins else self._never
        self.end = start

    def run(self, at: int) -> np.ndarray | None:
        """Places of those that follow each other without a gap from this place on; None where none begins there."""
        self._which = bisect_left(self._begins, at, self._which)
        self.next = self._begins[self._which] if self._which < len(self._begins) else self._never
        if self.next != at:
            return None
        self._run = bisect_left(self._lasts, self._which, self._run)
        self.end = self._ends[self._run]
        return self.places[self._which : self._lasts[self._run] + 1]


def _within(places: np.ndarray, charts: list[tuple[int, int]]) -> np.ndarray:
    """Which places lie in one of these, from the first place of each to its last."""
    steps = np.zeros(len(places) + 1, dtype=np.int64)
    np.add.at(steps, np.searchsorted(places, [first for first, _ in charts]), 1)
    np.add.at(steps, np.searchsorted(places, [last for _, last in charts], "right"), -1)
    inner: np.ndarray = np.cumsum(steps)[:-1] > 0
    return inner
