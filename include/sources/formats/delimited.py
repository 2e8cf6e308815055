"""What the bytes of a delimited file tell before anybody parses it, in one pass."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from include.sources.formats.lines import CHUNK

NO_BREAK_SPACE = "\u00a0"
LF, CR, SPACE = ord("\n"), ord("\r"), ord(" ")
NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class TextFacts:
    """What there is in a delimited file.

    Attributes:
        plain: whether the engine's reader splits it as its dialect says: quotes open and close at the edges of
            cells, all lines end alike, no line within the table is blank, nothing is longer than it may be, and no
            row has an empty cell too many at its end, which the engine would not mind.
        records: records of a plain file; a line break inside quotes does not end one.
        outer_spaces: the characters that may stand around the text of a cell; "" where no cell needs trimming.
    """

    plain: bool
    records: int = 0
    outer_spaces: str = ""


NOT_PLAIN = TextFacts(plain=False)


def look_through(
    path: Path, delimiter: str, quote: str, longest: int, body: int = 0, parted: int = 1
) -> TextFacts:
    """Count the records, find what spaces may surround a cell, and whether the file is plain.

    Args:
        path: the file, in UTF-8.
        delimiter: one ASCII character.
        quote: one, or "" where nothing is quoted.
        longest: bytes of a record of a plain file.
        body: bytes before the rows, a byte order mark left out; blank lines there are titles.
        parted: delimiters in a row that has as many cells as the headings.
    """
    look = _Look(delimiter, quote, longest, body, parted)
    buffer = bytearray(
        CHUNK + longest + 2
    )  # filled again and again: new memory would cost more than the look
    with path.open("rb") as file:
        if file.read(len(BOM_UTF8)) != BOM_UTF8:
            file.seek(0)
        rest = 0
        while got := file.readinto(memoryview(buffer)[rest : rest + CHUNK]):
            size = rest + got
            cut = buffer.rfind(b"\n", 0, size) + 1
            if cut and not look.take(buffer, cut):
                return NOT_PLAIN
            rest = size - cut
            if rest > longest:
                return NOT_PLAIN
            buffer[:rest] = buffer[cut:size]
    if rest:
        end = b"\r\n" if look.two_signs else b"\n"
        buffer[rest : rest + len(end)] = end
        if not look.take(buffer, rest + len(end)):
            return NOT_PLAIN
    return look.facts()


class _Look:
    """The pass, in pieces that end with a line break."""

    def __init__(self, delimiter: str, quote: str, longest: int, body: int, parted: int) -> None:
        self.parted = parted
        self.delimiter, self.quote, self.longest, self.body = (
            delimiter.encode(),
            quote.encode(),
            longest,
            body,
        )
        self.edges = np.zeros(256, dtype=bool)
        self.edges[[*self.delimiter, *self.quote, LF, CR]] = True
        self.records = self.place = self.began = 0
        self.inside = self.blank = False
        self.two_signs: bool | None = None  # whether lines end with CR LF; None before the first
        self.spaces: set[str] = set()

    def take(self, piece: bytearray, size: int) -> bool:
        """Whether the file is plain up to the end of so many bytes."""
        chunk = np.frombuffer(piece, dtype=np.uint8, count=size)
        ends = np.flatnonzero(chunk == LF)
        found = len(ends)
        quoted = self.inside or (self.quote and piece.find(self.quote, 0, size) >= 0)
        if quoted:
            marks = np.flatnonzero(chunk == self.quote[0])
            if not self._quotes_are_at_edges(chunk, marks):
                return False
            ends = ends[(np.searchsorted(marks, ends) + self.inside) % 2 == 0]
            if len(ends) < found:  # a cell of several lines may begin or end with a blank one
                self.spaces.add("\n")
        returns = np.flatnonzero(chunk == CR) if piece.find(b"\r", 0, size) >= 0 else NONE
        if quoted and len(returns):
            self.spaces.add("\r")
            returns = returns[(np.searchsorted(marks, returns) + self.inside) % 2 == 0]
        if piece.find(b"\0", 0, size) >= 0 or not self._lines_end_alike(ends, returns):
            return False
        if len(ends):
            if self._some_row_has_a_cell_too_many(chunk, ends, marks if quoted else NONE):
                return False
            if not self._lengths_are_good(ends):
                return False
            self.began = int(ends[-1]) + 1 - size
        else:
            self.began -= size
        if -self.began > self.longest:
            return False
        if quoted:
            self.inside ^= bool(len(marks) % 2)
        self.records += len(ends)
        self.place += size
        self._look_for_spaces(piece, size, chunk)
        return True

    def facts(self) -> TextFacts:
        """What was found, after the last piece."""
        if self.inside:
            return NOT_PLAIN
        if self.spaces:  # a space may stand before another one that is at the edge
            self.spaces.add(" ")
        return TextFacts(True, self.records, "".join(sorted(self.spaces)))

    def _quotes_are_at_edges(self, chunk: np.ndarray, marks: np.ndarray) -> bool:
        """Whether each opening quote begins a cell and each closing one ends it, or they stand twice for one."""
        # A piece ends with a line break, so that chunk[-1] is one, as is what stands before its first byte.
        opening, closing = marks[int(self.inside) :: 2], marks[1 - int(self.inside) :: 2]
        return bool(self.edges[chunk[opening - 1]].all() and self.edges[chunk[closing + 1]].all())

    def _lines_end_alike(self, ends: np.ndarray, returns: np.ndarray) -> bool:
        if not len(ends):
            return not len(returns)
        if self.two_signs is None:
            self.two_signs = bool(len(returns))
        if not self.two_signs:
            return not len(returns)
        return len(returns) == len(ends) and bool((returns == ends - 1).all())

    def _some_row_has_a_cell_too_many(self, chunk: np.ndarray, ends: np.ndarray, marks: np.ndarray) -> bool:
        """Whether a row has empty cells at its end beyond the last heading: the engine would leave them out.

        Only where rows end with an empty cell are delimiters counted: those of all rows of a piece together where each
        row has as many as it should.
        """
        sign = self.delimiter[0]
        last = ends - 1 - bool(self.two_signs)
        looks = chunk[last] == sign
        if len(marks):  # nor does it mind an empty cell in quotes
            mark = self.quote[0]
            looks |= (chunk[last] == mark) & (chunk[last - 1] == mark) & (chunk[last - 2] == sign)
        suspects = np.flatnonzero(looks & (ends + self.place >= self.body))
        if not len(suspects):
            return False
        if self.inside and suspects[0] == 0:  # it began in the piece before: that is too rare to be counted
            return True
        signs = np.flatnonzero(chunk == sign)
        if len(marks):
            signs = signs[(np.searchsorted(marks, signs) + self.inside) % 2 == 0]
        if len(signs) == self.parted * len(ends):
            firsts, lasts = signs[:: self.parted], signs[self.parted - 1 :: self.parted]
            if (lasts < ends).all() and (firsts[1:] > ends[:-1]).all():
                return False
        before = np.searchsorted(signs, ends)
        counts = np.diff(before, prepend=0)
        return bool((counts[suspects] > self.parted).any())

    def _lengths_are_good(self, ends: np.ndarray) -> bool:
        """Whether no record is too long, and no line blank unless it is a title or stands behind the last row."""
        first = int(ends[0]) - self.began
        lengths = np.diff(ends)
        longest = max(first, int(lengths.max(initial=0)))
        least = 1 + bool(self.two_signs)
        blank = np.flatnonzero(lengths == least)
        if first == least - 1 or len(blank) or self.blank:
            places = (
                np.concatenate([ends[:1] if first == least - 1 else ends[:0], ends[blank + 1]]) + self.place
            )
            places = places[places >= self.body]
            behind = len(places) and bool(places[-1] == ends[-1] + self.place)
            row_after = self.blank and len(places) < len(ends)
            gap = len(places) and int(places[-1] - places[0]) != (len(places) - 1) * least
            if row_after or gap or (len(places) and not behind):
                return False
            self.blank = self.blank or bool(len(places))
            self.records -= len(places)
        return longest <= self.longest

    def _look_for_spaces(self, piece: bytearray, size: int, chunk: np.ndarray) -> None:
        if piece.find(b"\t", 0, size) >= 0 and self.delimiter != b"\t":
            self.spaces.add("\t")
        if (
            piece.find(b"\xc2", 0, size) >= 0
        ):  # the first byte of a no-break space; the second alone ends many a letter
            self.spaces.add(NO_BREAK_SPACE)
        if " " not in self.spaces:
            spaces = np.flatnonzero(chunk == SPACE)
            if self.edges[chunk[spaces - 1]].any() or self.edges[chunk[spaces + 1]].any():
                self.spaces.add(" ")
