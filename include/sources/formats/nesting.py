"""How deep brackets nest in JSON, told from its bytes: a parser that goes as deep itself is not asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

CHUNK = 1 << 20
QUOTE, OPENING, CLOSING = ord('"'), ord("{"), ord("}")
SAME = 0x20
"""The bit in which square and curly brackets differ."""


def deepest(pieces: Iterable[bytes]) -> int:
    """The most levels that are open at one place; brackets in strings are signs like any other.

    Args:
        pieces: the text in UTF-8; none of them ends between a backslash and what it escapes.
    """
    most = level = 0
    inside = False
    for piece in pieces:
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"__").replace(b'\\"', b"__")
        signs = np.frombuffer(piece, dtype=np.uint8)
        quotes = np.flatnonzero(signs == QUOTE)
        folded = signs | SAME
        brackets = np.flatnonzero((folded == OPENING) | (folded == CLOSING))
        brackets = brackets[(np.searchsorted(quotes, brackets) + inside) % 2 == 0]
        if len(brackets):
            levels = level + np.cumsum(np.where(folded[brackets] == OPENING, 1, -1))
            most, level = max(most, int(levels.max())), int(levels[-1])
        inside ^= bool(len(quotes) % 2)
    return most


def pieces(path: Path) -> Iterator[bytes]:
    """A file in pieces that `deepest` can take."""
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            while piece.endswith(b"\\") and (more := file.read(1)):
                piece += more
            yield piece
