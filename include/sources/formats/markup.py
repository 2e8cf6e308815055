"""Where tags stand in a piece of XML, for all of them at once.

A workbook has millions of tags: a parser that calls Python for each costs more than reading the workbook does.
What is asked here is where cells are, not what they mean; the meaning is left to the reader of the format.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

MARGIN = 64
"""Bytes behind a piece, so that looking a little further than its last tag is no fault."""
WORD = 8
HIGH, LOW = np.uint64(0xF0F0F0F0F0F0F0F0), np.uint64(0x0F0F0F0F0F0F0F0F)
IN_NUMBERS = np.isin(np.arange(256), list(b"0123456789.+-eE"))
ZEROS, CARRY = np.uint64(0x3030303030303030), np.uint64(0x0606060606060606)


@dataclass(frozen=True)
class Tags:
    """The tags of a piece of XML; the piece holds whole tags only.

    Attributes:
        raw: the bytes of the piece, and others behind them.
        size: bytes of the piece.
        words: at each place the eight bytes from there on, as one number; the first of them is the lowest.
        at: places of `<`, ascending.
        heads: the word behind each of them.
        first: the letter behind each of them.
    """

    raw: np.ndarray
    size: int
    words: np.ndarray
    at: np.ndarray
    heads: np.ndarray
    first: np.ndarray

    @cached_property
    def piece(self) -> bytes:
        """The bytes of the piece, in a copy."""
        return self.raw[: self.size].tobytes()

    def named(self, name: bytes) -> np.ndarray:
        """Which of the tags (places in `at`) open an element of this name (at most seven bytes), or are one that is empty."""
        return np.flatnonzero(begins(self.heads, name) & ends_name(self.heads, len(name)))

    def after(self, indices: np.ndarray, steps: int = 1) -> np.ndarray:
        """The place of the tag that many behind each of these; behind the last one, the end of the piece."""
        places: np.ndarray = np.append(self.at, self.size)[np.minimum(indices + steps, len(self.at))]
        return places

    def reads(self, places: np.ndarray, text: bytes) -> np.ndarray:
        """Whether the text (at most eight bytes) stands at each place."""
        return begins(self.words[places], text)

    def numbers(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The whole number that stands at each place, and how many digits (at most eight) it has."""
        words = self.words[places]
        # Eight digits at a time, see D. Lemire, "Quickly parsing eight digits", 2018.
        high, add = words & HIGH, (words + CARRY) & HIGH
        others = (high ^ ZEROS) | (add ^ ZEROS)
        length = np.bitwise_count((others & -others) - np.uint64(1)) >> 3
        words = (words << ((WORD - length).astype(np.uint64) << np.uint64(3))) & LOW
        words = (words * np.uint64(2561)) >> np.uint64(8) & np.uint64(0x00FF00FF00FF00FF)
        words = (words * np.uint64(6553601)) >> np.uint64(16) & np.uint64(0x0000FFFF0000FFFF)
        value = (words * np.uint64(42949672960001)) >> np.uint64(32)
        return np.where(length > 0, value, 0).astype(np.int64), length.astype(np.int64)


def numbers_between(raw: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray | None:
    """The numbers that stand between these places; None where anything else does."""
    lengths = ends - begins
    offsets = np.zeros(len(begins) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    content = raw[np.repeat(begins - offsets[:-1], lengths) + np.arange(offsets[-1])]
    if not IN_NUMBERS[content].all():
        return None
    texts = pa.StringArray.from_buffers(len(begins), pa.py_buffer(offsets), pa.py_buffer(content))
    try:
        numbers: np.ndarray = texts.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    return numbers if np.isfinite(numbers).all() else None


def tags(content: bytes, size: int | None = None) -> Tags:
    """The tags of so many bytes of the content, or of all of it."""
    size = len(content) if size is None else size
    if len(content) < size + MARGIN:
        content += b" " * MARGIN
    array = np.frombuffer(content, dtype=np.uint8)
    words = np.ndarray(shape=len(content) - WORD + 1, dtype="<u8", buffer=content, strides=(1,))
    at = np.flatnonzero(array[:size] == ord("<"))
    heads = words[at + 1]
    return Tags(array, size, words, at, heads, heads.astype(np.uint8))


def begins(words: np.ndarray, text: bytes) -> np.ndarray:
    """Whether each word begins with the text (at most eight bytes)."""
    unused = np.uint64(8 * (WORD - len(text)))
    wanted = np.frombuffer(text.rjust(WORD, b"\0"), dtype="<u8")[0]
    matches: np.ndarray = words << unused == wanted
    return matches


def letters(words: np.ndarray, place: int) -> np.ndarray:
    """The letter at that place (from 0) of each word."""
    return (words >> np.uint64(8 * place)).astype(np.uint8)


def ends_name(words: np.ndarray, size: int) -> np.ndarray:
    """Whether a name of that many bytes, with which each word begins, is over then."""
    after = letters(words, size)
    over: np.ndarray = (after <= ord(" ")) | (after == ord(">")) | (after == ord("/"))
    return over
