"""The records of JSON documents as lines of a file: a document may be larger than the memory.

A document is a frame around a list of records. The records are cut out where the commas of the list are and read one
by one; the frame, which is small, is read by the standard library without them.
"""

from __future__ import annotations

import codecs
import json
import mmap
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from include.sources.formats.json_signs import Signs, signs

CHUNK = 1 << 20
LONGEST_KEY = 4096
SPACES = b" \t\r\n"
LARGEST_FRAME, MOST_OF_FRAMES = 8 << 20, 64 << 20
"""Bytes of a document, and of all documents, besides their records."""
KEY = re.compile(rb'("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*\Z')


class BrokenDocument(ValueError):
    """A document is not whole, or no JSON."""


class TooDeep(Exception):
    """More levels than allowed."""


class LargeFrame(Exception):
    """A document is large beside its records."""


class Frame(dict[str, Any]):
    """An object of a frame; `doubled` are the keys that stand in it more than once."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        often = Counter(key for key, _ in pairs) if len(self) < len(pairs) else Counter()
        self.doubled = {key for key, times in often.items() if times > 1}


class Knife:
    """What was cut: how many records, and the documents without them."""

    def __init__(self) -> None:
        self.count = 0
        self.frame = bytearray()
        self.ends: list[int] = []  # of documents, in the frame

    def frames(self) -> Iterator[Any]:
        """The documents, one after another, with their lists of records emptied.

        Raises:
            BrokenDocument: one is no JSON.
            LargeFrame: one is large.
        """
        begin = 0
        for end in [*self.ends, len(self.frame)]:
            text, begin = self.frame[begin:end].strip(SPACES), end
            if len(text) > LARGEST_FRAME:
                raise LargeFrame
            if text:
                try:
                    yield json.loads(text.decode(), object_pairs_hook=Frame)
                except ValueError:
                    raise BrokenDocument from None


def cut_out(path: Path, to: Path, keys: Sequence[str], nesting: int) -> Knife:
    """Write the records of all documents of a file to another one, one a line.

    Args:
        path: documents behind each other, in UTF-8.
        to: gets the records as they stand, but for line breaks, which become blanks.
        keys: that lead to the list of records; none where the document is the list.
        nesting: levels that are allowed.

    Raises:
        BrokenDocument: what stands around the records is no JSON, or the file ends within them.
        TooDeep: there are more levels.
        LargeFrame: very much stands around the records.
    """
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        to.open("wb") as out,
    ):
        knife = _Knife(content, keys, nesting, out)
        begin, size = len(codecs.BOM_UTF8) if content[:3] == codecs.BOM_UTF8 else 0, len(content)
        while begin < size:
            end = min(begin + CHUNK, size)
            while end < size and content[end - 1] == ord("\\"):
                end += 1
            knife.take(begin, content[begin:end])
            begin = end
    if knife.inside_list or knife.inside_string or knife.level:
        raise BrokenDocument
    return knife


class _Knife(Knife):
    """Goes over the documents once."""

    def __init__(self, content: mmap.mmap, keys: Sequence[str], nesting: int, out: BinaryIO) -> None:
        super().__init__()
        self.content, self.keys, self.nesting, self.out = content, list(keys), nesting, out
        self.depth = len(self.keys) + 1  # of what stands in the list
        self.path: list[tuple[str | None, int]] = []  # key and bracket of the levels that are open
        self.level = self.commas = 0
        self.inside_string = self.inside_list = self.filled = False

    def take(self, begin: int, piece: bytes) -> None:
        found = signs(piece, self.inside_string)
        levels = self.level + np.cumsum(found.steps)
        if found.broken:
            raise BrokenDocument
        if len(levels):
            if int(levels.max()) > self.nesting:
                raise TooDeep
            self.level = int(levels[-1])
        self.inside_string = found.inside
        at, start = 0, 0
        while True:
            if self.inside_list:
                at, end = self._to_the_end(found, levels, at)
                self._give(piece, start, len(piece) if end is None else end, found)
                if end is None:
                    return
                self._end_list()
                start = end
            begun = self._to_a_list(begin, piece, found, levels, at)
            stop, end = (
                (len(found.at), len(piece)) if begun is None else (begun + 1, int(found.at[begun]) + 1)
            )
            whole = found.at[at:stop][(levels[at:stop] == 0) & (found.steps[at:stop] == -1)]
            self.ends += (len(self.frame) + whole + 1 - start).tolist()
            self.frame += piece[start:end]
            if len(self.frame) > MOST_OF_FRAMES:
                raise LargeFrame
            if begun is None:
                return
            self.inside_list = True
            at, start = stop, end

    def _to_a_list(self, begin: int, piece: bytes, found: Signs, levels: np.ndarray, at: int) -> int | None:
        """Which of the signs, from one on, opens a list of records."""
        opening = np.flatnonzero((found.steps[at:] == 1) & (levels[at:] <= self.depth)) + at
        for sign in opening.tolist():
            place, level = int(found.at[sign]), int(levels[sign])
            if level < 1:
                raise BrokenDocument
            del self.path[level - 1 :]
            if len(self.path) < level - 1:
                raise BrokenDocument
            is_value = self.path and self.path[-1][1] == ord("{")
            self.path.append((self._key(begin + place) if is_value else None, piece[place]))
            if (
                level == self.depth
                and piece[place] == ord("[")
                and [key for key, _ in self.path[1:]] == self.keys
            ):
                return int(sign)
        return None

    def _key(self, place: int) -> str | None:
        """The key that stands before a place."""
        found = KEY.search(self.content[max(0, place - LONGEST_KEY) : place])
        try:
            return str(json.loads(found[1])) if found else None
        except ValueError:
            raise BrokenDocument from None

    def _to_the_end(self, found: Signs, levels: np.ndarray, at: int) -> tuple[int, int | None]:
        """The sign that closes the list, and its place; None where the list goes on in the next piece."""
        closing = np.flatnonzero((found.steps[at:] == -1) & (levels[at:] < self.depth))
        stop = at + int(closing[0]) if len(closing) else len(found.at)
        between = (found.steps[at:stop] == 0) & (levels[at:stop] == self.depth)
        self.cuts = found.at[at:stop][between]
        return stop, int(found.at[stop]) if len(closing) else None

    def _give(self, piece: bytes, start: int, end: int, found: Signs) -> None:
        """Records, or parts of records, of the list."""
        self.filled = self.filled or bool(piece[start:end].strip())
        self.commas += len(self.cuts)
        given = np.frombuffer(piece, dtype=np.uint8).copy()
        given[found.breaks] = ord(" ")
        given[self.cuts] = ord("\n")
        self.out.write(given[start:end].tobytes())

    def _end_list(self) -> None:
        self.out.write(b"\n")
        self.count += self.commas + 1 if self.filled else 0
        self.commas, self.filled, self.inside_list = 0, False, False
