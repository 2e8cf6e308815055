"""Where the brackets and commas of JSON stand, told from its bytes: nothing goes as deep as they do, or holds a tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

QUOTE, COMMA, OPENING, CLOSING = ord('"'), ord(","), ord("{"), ord("}")
BREAKS = (ord("\n"), ord("\r"))
SAME = 0x20
"""The bit in which square and curly brackets differ."""


@dataclass(frozen=True)
class Signs:
    """The signs of a piece of JSON that stand outside of its strings.

    Attributes:
        at: their places, ascending.
        steps: 1 where a bracket opens, -1 where one closes, 0 for a comma.
        breaks: places of line breaks.
        broken: whether a line break stands in a string, where none may be.
        inside: whether the piece ends in a string.
    """

    at: np.ndarray
    steps: np.ndarray
    breaks: np.ndarray
    broken: bool
    inside: bool


def signs(piece: bytes, inside: bool = False) -> Signs:
    """The signs of a piece that does not end between a backslash and what it escapes.

    Args:
        piece: some of a text in UTF-8.
        inside: whether the piece begins in a string.
    """
    if b"\\" in piece:
        piece = piece.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    bytes_ = np.frombuffer(piece, dtype=np.uint8)
    quotes = np.flatnonzero(bytes_ == QUOTE)
    folded = bytes_ | SAME
    at = np.flatnonzero((folded == OPENING) | (folded == CLOSING) | (bytes_ == COMMA))
    at = at[_is_outside(at, quotes, inside)]
    steps = np.where(folded[at] == OPENING, 1, np.where(folded[at] == CLOSING, -1, 0))
    breaks = np.flatnonzero((bytes_ == BREAKS[0]) | (bytes_ == BREAKS[1]))
    broken = not _is_outside(breaks, quotes, inside).all()
    return Signs(at, steps, breaks, broken, inside ^ bool(len(quotes) % 2))


def _is_outside(places: np.ndarray, quotes: np.ndarray, inside: bool) -> np.ndarray:
    outside: np.ndarray = (np.searchsorted(quotes, places) + inside) % 2 == 0
    return outside


def deepest(text: bytes) -> int:
    """The most levels that are open at one place of a whole text."""
    return int(np.cumsum(signs(text).steps).max(initial=0))
