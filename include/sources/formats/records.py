"""Delimited text record by record, whatever it looks like: each line is in a record, each record a row or broken."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from include.sources.definition import CsvFormat

BLANK, COMMENT, ROW, BROKEN = "blank", "comment", "row", "broken"


class Record(NamedTuple):
    """One record.

    number: its place, which counts as a spreadsheet program counts rows: titles, headings, comments and blank lines
    have one each, a line break inside quotes does not begin another. text: as received, with its line ends.
    span: lines it takes.
    """

    number: int
    kind: str
    cells: list[bytes]
    text: bytes
    span: int


class TooLong(Exception):
    """A cell in quotes is longer than the longest, or its quote does not close within that."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True)
class Dialect:
    """How records are written, in bytes."""

    delimiter: bytes
    quote: bytes
    escape: bytes
    comment: bytes
    merges: bool = False

    @classmethod
    def of(cls, declared: CsvFormat) -> Dialect:
        """The dialect of a definition."""
        escape = declared.escape if declared.escape not in (None, declared.quote) else ""
        marks = (declared.delimiter, declared.quote, escape or "", declared.comment or "")
        delimiter, quote, escaping, comment = (mark.encode() for mark in marks)
        return cls(delimiter, quote, escaping, comment, declared.merge_delimiters)

    def cells(self, text: bytes) -> list[bytes]:
        """The cells of a line without quotes."""
        if self.merges:
            return [cell for cell in text.split(self.delimiter) if cell]
        return text.split(self.delimiter)


def records(pieces: Iterable[list[bytes]], dialect: Dialect, longest: int) -> Iterator[Record]:
    """Every record of the lines.

    A cell that begins with a quote ends with the next one that is not escaped, and blanks after that are no part of
    it, unless a blank is the delimiter. Where something else follows, or the quote never closes, the first line is a
    broken record and the next line begins another: one stray quote breaks one record. So does a quote within a cell that
    does not begin with one: nobody can say which delimiters it was meant to hold.

    Args:
        pieces: lines with their ends.
        dialect: how records are written.
        longest: characters of a cell.

    Raises:
        TooLong: a cell of several lines has more, or its quote does not close within that.
    """
    delimiter, quote, comment = dialect.delimiter, dialect.quote, dialect.comment
    source = _Lines(pieces)
    quoted = _Quoted(dialect, longest) if quote else None
    for number, line in enumerate(source, 1):
        text = line.rstrip(b"\r\n")
        if not text or (dialect.merges and not text.strip(delimiter)):
            yield Record(number, BLANK, [], line, 1)
        elif comment and text.startswith(comment):
            yield Record(number, COMMENT, [], line, 1)
        elif quoted is None or quote not in text:
            yield Record(number, ROW, dialect.cells(text), line, 1)
        else:
            found = quoted.split(line, source, number)
            if found is None:
                yield Record(number, BROKEN, [], line, 1)
            else:
                kind, cells = (BROKEN, []) if quoted.stray else (ROW, found)
                yield Record(number, kind, cells, b"".join((line, *quoted.more)), 1 + len(quoted.more))


class _Lines:
    """Lines one by one; some can be given back."""

    def __init__(self, pieces: Iterable[list[bytes]]) -> None:
        self._lines = (line for piece in pieces for line in piece)
        self._back: deque[bytes] = deque()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                yield self._back.popleft() if self._back else next(self._lines)
            except StopIteration:
                return

    def next(self) -> bytes | None:
        """The next line; None at the end."""
        return self._back.popleft() if self._back else next(self._lines, None)

    def give_back(self, lines: list[bytes]) -> None:
        self._back.extendleft(reversed(lines))


class _Quoted:
    """Splits a record that has quotes.

    Of the record split last `more` are the lines beyond its first, `stray` whether a quote stands within a cell that
    does not begin with one.
    """

    def __init__(self, dialect: Dialect, longest: int) -> None:
        quote, escape = re.escape(dialect.quote), re.escape(dialect.escape)
        if dialect.escape:
            inside = rb"(?:[^%b%b]++|%b[%b%b]|%b)*+" % (quote, escape, escape, quote, escape, escape)
            self.escaped = re.compile(rb"%b([%b%b])" % (escape, quote, escape))
        else:
            inside = rb"(?:[^%b]++|%b%b)*+" % (quote, quote, quote)
            self.escaped = re.compile(rb"(%b)%b" % (quote, quote))
        self.inside = re.compile(inside)
        blanks = b"" if dialect.delimiter == b" " else b" *+"
        self.after = re.compile(rb"%b(?=%b|\Z)" % (blanks, re.escape(dialect.delimiter)))
        self.delimiter, self.quote, self.longest = dialect.delimiter, dialect.quote, longest
        self.merges = dialect.merges
        self.more: list[bytes] = []
        self.stray = False

    def split(self, line: bytes, source: _Lines, number: int) -> list[bytes] | None:
        """The cells; None, and the other lines given back, where the quotes are broken."""
        self.more, self.stray = [], False
        text = line.rstrip(b"\r\n")
        cells: list[bytes] = []
        place = self._skipped(text, 0) if self.merges else 0
        while True:
            if text.startswith(self.quote, place):
                found = self._cell(line, place + len(self.quote), source, number)
                if found is None:
                    source.give_back(self.more)
                    self.more = []
                    return None
                cell, line, place = found
                text = line.rstrip(b"\r\n")
                cells.append(cell)
            else:
                end = text.find(self.delimiter, place)
                end = len(text) if end < 0 else end
                cells.append(text[place:end])
                self.stray = self.stray or self.quote in cells[-1]
                place = end
            if place == len(text):
                return cells
            place += len(self.delimiter)
            if self.merges and (place := self._skipped(text, place)) == len(text):
                return cells

    def _skipped(self, text: bytes, place: int) -> int:
        """The place behind the delimiters that stand here."""
        while text.startswith(self.delimiter, place):
            place += len(self.delimiter)
        return place

    def _cell(self, line: bytes, place: int, source: _Lines, number: int) -> tuple[bytes, bytes, int] | None:
        """A cell from behind its opening quote: its text, the line that it ends on, and where."""
        parts: list[bytes] = []
        size = 0
        while True:
            text = line.rstrip(b"\r\n")
            end = self.inside.match(text, place).end()  # type: ignore[union-attr] # it matches nothing, too
            closes = end < len(text)
            parts.append(text[place:end] if closes else line[place:])
            if not closes or size:
                size += len(parts[-1].decode(errors="replace"))
                if size > self.longest:
                    raise TooLong(number)
            if closes:
                after = self.after.match(text, end + len(self.quote))
                return (self.escaped.sub(rb"\1", b"".join(parts)), line, after.end()) if after else None
            following = source.next()
            if following is None:
                return None
            self.more.append(following)
            line, place = following, 0
