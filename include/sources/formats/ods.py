"""ODS before it is parsed: the content is inflated under caps, and the cells of the sheet are located.

calamine parses every table of the document when it opens it, cuts what lies beyond 1,048,576 rows or 16,384 columns,
takes an error for an empty cell or for 0, and leaves out texts without a declared type, line breaks and tabs. So it
reads a copy that holds the one table, with types and line breaks written out, and errors are told beside it.
"""

from __future__ import annotations

import html
import re
import zipfile
from dataclasses import dataclass
from typing import IO

import numpy as np

from include.sources.definition import WorkbookFormat
from include.sources.errors import SourceError
from include.sources.formats.archive import DELIVER_ANEW, SAVE_ANEW, Archive, protected
from include.sources.formats.markup import (
    WORD,
    Tags,
    begins,
    ends_name,
    letters,
    numbers_between,
    tags,
)
from include.sources.formats.raw import Reading
from include.sources.formats.sheet import (
    MOST_COLUMNS,
    MOST_ROWS,
    Extent,
    PlainCells,
    Rectangle,
    Sheet,
    chosen,
    fits,
    uncalculated,
)

EXPECTED = "an OpenDocument workbook (ODS)"
MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"
MOST_BYTES_OF_A_ROW = 32 << 20
MOST_TAGS = 64_000_000
MOST_REPEATED = 1 << 31
MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
)
BEGIN = re.compile(rb"<table:table(?=[\s/>])[^<>]*>")
END = b"</table:table>"
NAME = re.compile(rb"""\stable:name\s*=\s*(?:"([^"]*)"|'([^']*)')""")
ROW = b"<table:table-row"
REPEATED = re.compile(rb"""table:number-(?:columns|rows)-repeated\s*=\s*["']([0-9]+)["']""")
SPANNED = re.compile(rb"""table:number-(columns|rows)-spanned\s*=\s*["']([0-9]+)["']""")
ERROR = re.compile(rb"""calcext:value-type\s*=\s*["']error["'][^<>]*>\s*(?:<text:p[^<>]*>([^<]*))?""")
UNTYPED = re.compile(
    rb"<(table:table-cell|table:covered-table-cell)(?![^<>]*office:value-type)((?:\s[^<>]*)?[^<>/])?>(?=\s*<text:p[\s>])"
)
OF_PER_CENT = re.compile(
    rb"""<table:(?:covered-)?table-cell(?=\s)[^<>]*?office:value-type\s*=\s*["']percentage["']"""
)
TYPE = b"office:value-type="
LONGEST_NUMBER = 32
"""Bytes, with the quotation mark behind them."""


def look_through_ods(reading: Reading, declared: WorkbookFormat) -> Sheet:
    """The declared sheet, alone in a clean workbook.

    Raises:
        SourceError: the workbook, or the sheet, is nothing that should be parsed.
    """
    copy = reading.folder / f"{reading.delivered.label}.ods"
    try:
        with Archive(reading, EXPECTED) as archive, zipfile.ZipFile(copy, "w") as out:
            _check_kind(archive)
            out.writestr("mimetype", MIMETYPE)
            out.writestr("META-INF/manifest.xml", MANIFEST)
            with out.open("content.xml", "w", force_zip64=True) as file:
                document = _Document(reading, declared, file)
                for chunk in archive.chunks("content.xml"):
                    document.take(chunk)
                look = document.end()
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    plain = look.plain if look.plain.possible and not look.errors else None
    return Sheet(copy, True, 0, look.name, look.errors, look.merged, plain, look.per_cent())


def _check_kind(archive: Archive) -> None:
    kind = b"".join(archive.chunks("mimetype")).strip() if archive.has("mimetype") else b""
    if not kind.startswith(MIMETYPE) or not archive.has("content.xml"):
        found = "an OpenDocument file of another kind" if kind else "a ZIP archive without a workbook in it"
        if archive.has("xl/workbook.xml"):
            found = "an XLSX workbook"
        raise archive.refuse(
            "file",
            found,
            EXPECTED,
            "Ask the source, or mend format.kind of the definition; nothing was taken.",
        )
    if archive.has("META-INF/manifest.xml"):
        for element in archive.tree("META-INF/manifest.xml").iter():
            if str(element.tag).endswith("}encryption-data"):
                raise protected(archive.reading)


class _Document:
    """Goes over the content once; the declared table is looked at and written, other tables are left out."""

    def __init__(self, reading: Reading, declared: WorkbookFormat, file: IO[bytes]) -> None:
        self.reading, self.declared, self.file = reading, declared, file
        self.names: list[str] = []
        self.rest = b""
        self.inside = False
        self.look: _Look | None = None
        self.looking = False

    def take(self, chunk: bytes) -> None:
        """Go over the next bytes.

        Raises:
            SourceError: the table should not be parsed.
        """
        self.rest += chunk
        while self._take_inside() if self.inside else self._take_outside():
            pass
        if len(self.rest) > MOST_BYTES_OF_A_ROW:
            raise self._refuse(f"a row of more than {MOST_BYTES_OF_A_ROW >> 20} MiB", "shorter rows")

    def end(self) -> _Look:
        """What was found in the declared table.

        Raises:
            SourceError: there is no such table, or more than one.
        """
        if self.inside:
            raise self._refuse("the end of the content within a table", "whole tables")
        self.file.write(self.rest)
        chosen(self.reading, self.declared, self.names)
        assert self.look
        return self.look

    def _refuse(self, found: str, expected: str) -> SourceError:
        return self.reading.refuse("part 'content.xml'", found, expected, DELIVER_ANEW)

    def _take_outside(self) -> bool:
        """Up to the beginning of a table; whether there is one."""
        begin = BEGIN.search(self.rest)
        if not begin:
            cut = max(0, self.rest.rfind(b"<"))
            self._write(cut)
            return False
        self._write(begin.start())
        found = NAME.search(begin[0])
        name = html.unescape((found[1] or found[2] or b"").decode("utf-8", "replace")) if found else ""
        external = name.startswith("'file:")  # what a link to another file kept of it
        if not external:
            self.names.append(name)
        self.looking = self.look is None and not external and fits(self.declared, name)
        if self.looking:
            self.look = _Look(self.reading, name)
            self._write(len(begin[0]))
        else:
            self.rest = self.rest[len(begin[0]) :]
        self.inside = not begin[0].endswith(b"/>")
        return True

    def _take_inside(self) -> bool:
        """Whole rows; whether the table ended."""
        end = self.rest.rfind(END)  # mostly there is none, which is found out sooner from behind
        end = self.rest.find(END) if end >= 0 else end
        cut = end if end >= 0 else self.rest.rfind(ROW)
        if cut > 0 and self.looking:
            assert self.look
            self.file.write(self.look.take(self.rest, cut))
        if cut > 0:
            if not self.looking and BEGIN.search(self.rest, 0, cut):
                raise self._refuse("a table within a table", "plain tables")
            self.rest = self.rest[cut:]
        if end >= 0:
            if self.looking:
                self._write(len(END))
            else:
                self.rest = self.rest[len(END) :]
            self.inside = False
        return end >= 0

    def _write(self, size: int) -> None:
        self.file.write(self.rest[:size])
        self.rest = self.rest[size:]


class _Look:
    """Goes over the rows of one table."""

    def __init__(self, reading: Reading, name: str) -> None:
        self.reading, self.name = reading, name
        self.extent = Extent(reading, name, copies=2)
        self.errors: list[tuple[int, int, str]] = []
        self.merged: list[Rectangle] = []
        self.row = 0
        self.tags = 0
        self.plain = PlainCells(self.extent)
        self.places_of_per_cent: list[int] = []

    def per_cent(self) -> np.ndarray:
        """Cells that show their number in per cent, ascending."""
        return np.sort(np.array(self.places_of_per_cent, dtype=np.int64))

    def take(self, content: bytes, size: int) -> bytes | memoryview:
        """Look at whole rows, which are so many bytes; the same rows as calamine should read them.

        Raises:
            SourceError: the table should not be parsed.
        """
        found = tags(content, size)
        self.tags += len(found.at)
        if self.tags > MOST_TAGS:
            raise self._refuse("very many tags", f"at most {MOST_TAGS}")
        if ((found.first == ord("!")) | (found.first == ord("?"))).any():
            raise self._refuse("comments or CDATA among its cells", "plain cells")
        names = _Names.of(found)
        if names.tables:
            raise self._refuse("a table within a cell", "plain cells")
        signs = _Signs.of(found)
        mended = _mended(found, names, signs)
        if mended is None:
            self._look(found, names, signs)
            return memoryview(content)[:size]
        found = tags(mended)
        self._look(found, _Names.of(found), _Signs.of(found))
        return mended

    def _refuse(self, found: str, expected: str) -> SourceError:
        return self.reading.refuse(f"sheet {self.name!r}", found, expected, SAVE_ANEW)

    def _look(self, found: Tags, names: _Names, signs: _Signs) -> None:
        rows, cells = names.rows, names.cells
        if len(cells) and not (len(rows) and rows[0] < cells[0]):
            raise self._refuse("a cell outside of a row", "cells in rows")
        self.plain.possible &= not signs.apart
        heights, widths = _times(found, signs, rows, cells)
        tops = self.row + np.cumsum(heights) - heights
        self.row += int(heights.sum())
        if not len(cells):
            return
        first = np.searchsorted(cells, rows)
        of_row = np.repeat(np.arange(len(rows)), np.diff(first, append=len(cells)))
        ends = np.cumsum(widths)
        before = np.append(0, ends)[first]
        lefts = ends - widths - before[of_row]
        filled = _filled(found, cells, names.paragraphs, signs)
        some = slice(None) if filled.all() else np.flatnonzero(filled)
        of_some = of_row[some]
        self._measure(found, cells[some], tops[of_some], heights[of_some], lefts[some], widths[some])
        at = found.at[cells]
        self.plain.possible &= self.extent.fits_by_column()
        if len(signs.others) and self.plain.possible:
            self._note_others(found, signs, at, tops[of_row], heights[of_row], lefts, widths)
        if found.piece.find(b"percentage") >= 0:
            self._find_per_cent(found, at, tops[of_row], heights[of_row], lefts, widths)
        if signs.error:
            self._find_errors(found, at, tops[of_row], heights[of_row], lefts, widths)
        if signs.formula:
            self._find_formulas(found, cells[~filled], tops[of_row[~filled]], lefts[~filled])
        if signs.spanned:
            self._find_merged(found, at, tops[of_row], lefts)

    def _measure(
        self, found: Tags, cells: np.ndarray, tops: np.ndarray, heights: np.ndarray, lefts: np.ndarray, widths: np.ndarray
    ) -> None:  # fmt: skip
        if not len(cells):
            return
        many = heights * widths
        again = np.flatnonzero(many > 1)
        texts = (found.after(cells[again], 3) - found.after(cells[again], 0)) * many[again]
        rows = np.array([tops.min(), (tops + heights).max() - 1])
        columns = np.array([lefts.min(), (lefts + widths).max() - 1])
        self.extent.add(rows, columns, int(many.sum()), int(texts.sum()))

    def _note_others(
        self, found: Tags, signs: _Signs, at: np.ndarray, tops: np.ndarray, heights: np.ndarray, lefts: np.ndarray,
        widths: np.ndarray,
    ) -> None:  # fmt: skip
        """Note numbers and days, each of which may be repeated to the right and downwards."""
        which = np.searchsorted(at, signs.others) - 1
        values = _values(found, signs, which, np.searchsorted(at, signs.values) - 1)
        if values is None:
            self.plain.possible = False
            return
        times = (heights * widths)[which]
        again = np.repeat(which, times)
        nth = np.arange(len(again)) - np.repeat(np.cumsum(times) - times, times)
        down, across = np.divmod(nth, widths[again])
        self.plain.add(tops[again] + down, lefts[again] + across, np.repeat(values, times))

    def _find_per_cent(
        self, found: Tags, at: np.ndarray, tops: np.ndarray, heights: np.ndarray, lefts: np.ndarray, widths: np.ndarray
    ) -> None:  # fmt: skip
        for tag in OF_PER_CENT.finditer(found.piece):
            cell = int(np.searchsorted(at, tag.start()))
            for row in range(int(tops[cell]), int(tops[cell] + heights[cell])):
                first = row * MOST_COLUMNS + int(lefts[cell])
                self.places_of_per_cent += range(first, first + int(widths[cell]))

    def _find_errors(
        self, found: Tags, at: np.ndarray, tops: np.ndarray, heights: np.ndarray, lefts: np.ndarray, widths: np.ndarray
    ) -> None:  # fmt: skip
        for error in ERROR.finditer(found.piece):
            cell = int(np.searchsorted(at, error.start())) - 1
            text = html.unescape((error[1] or b"").decode("utf-8", "replace")).strip() or "#ERROR!"
            for row in range(int(tops[cell]), int(tops[cell] + heights[cell])):
                for column in range(int(lefts[cell]), int(lefts[cell] + widths[cell])):
                    self.errors.append((row, column, text))

    def _find_formulas(self, found: Tags, empty: np.ndarray, tops: np.ndarray, lefts: np.ndarray) -> None:
        for cell, row, column in zip(empty, tops, lefts, strict=True):
            if b"table:formula" in found.piece[found.at[cell] : int(found.after(cell))]:
                raise uncalculated(self.reading, self.name, int(row), int(column))

    def _find_merged(self, found: Tags, at: np.ndarray, tops: np.ndarray, lefts: np.ndarray) -> None:
        spans: dict[int, dict[bytes, int]] = {}
        for span in SPANNED.finditer(found.piece):
            cell = int(np.searchsorted(at, span.start())) - 1
            spans.setdefault(cell, {})[span[1]] = min(int(span[2]), MOST_ROWS)
        for cell, size in spans.items():
            top, left = int(tops[cell]), int(lefts[cell])
            bottom, right = top + max(size.get(b"rows", 1), 1) - 1, left + max(size.get(b"columns", 1), 1) - 1
            if (top, left) != (bottom, right):
                self.merged.append(((top, left), (bottom, right)))


@dataclass(frozen=True)
class _Names:
    """The tags of a piece by their names: indices of rows and of cells, which tags are paragraphs, what else there is."""

    rows: np.ndarray
    cells: np.ndarray
    paragraphs: np.ndarray
    tables: int
    others: int

    @classmethod
    def of(cls, found: Tags) -> _Names:
        paragraphs = begins(found.heads, b"text:p") & ends_name(found.heads, 6)
        of_table = np.flatnonzero(begins(found.heads, b"table:"))
        at = found.at[of_table] + 7
        tail = found.words[at]
        cells = begins(tail, b"table-ce") | begins(tail, b"covered-")
        rows = np.flatnonzero(begins(tail, b"table-ro"))
        rows = rows[
            found.reads(at[rows] + 8, b"w")
            & ~found.reads(at[rows] + 9, b"s")
            & ~found.reads(at[rows] + 9, b"-")
        ]
        no_cells = np.flatnonzero(~cells)
        tables = (
            found.reads(at[no_cells], b"table")
            & ~found.reads(at[no_cells] + 5, b"-")
            & ~found.reads(at[no_cells] + 5, b":")
        )
        others = np.count_nonzero(found.first == ord("t")) - np.count_nonzero(paragraphs) - len(of_table)
        return cls(of_table[rows], of_table[cells], paragraphs, int(tables.sum()), int(others))


@dataclass(frozen=True)
class _Signs:
    """What is said in attributes that few cells have, found by the letters before every sign of equality.

    Attributes:
        types: places behind `office:value-type`.
        values: places behind `office:value`.
        others: those of the types that are not the type of a text.
        kinds: the words that begin these.
        apart: whether a blank stands before a sign of equality: then there may be attributes that are not seen here.
        repeated, spanned, formula, error: whether there may be such a row or cell.
    """

    types: np.ndarray
    values: np.ndarray
    others: np.ndarray
    kinds: np.ndarray
    apart: bool
    repeated: bool
    spanned: bool
    formula: bool
    error: bool

    @classmethod
    def of(cls, found: Tags) -> _Signs:
        at = np.flatnonzero(found.raw[: found.size] == ord("="))
        at = at[np.searchsorted(at, len(TYPE)) :]
        before = found.words[at - WORD]
        apart = bool((letters(before, WORD - 1) <= ord(" ")).any())  # `name = "value"`, or a text
        of_type = at[begins(before, b"lue-type")]
        is_own = found.reads(of_type - 16, b"ffice:va")
        errors = found.reads(of_type[~is_own] + 2, b"error")
        of_type = of_type[is_own]
        kinds = found.words[of_type + 2]
        others = np.flatnonzero(~begins(kinds, b"string"))

        of_value = at[begins(before, b"ce:value")]
        of_value = of_value[found.reads(of_value - 12, b"office:v")]

        def some(name: bytes) -> bool:
            return apart or bool(begins(before, name).any())

        return cls(
            of_type,
            of_value,
            of_type[others],
            kinds[others],
            apart,
            some(b"repeated"),
            some(b"-spanned"),
            some(b":formula"),
            apart or bool(errors.any()),
        )


def _mended(found: Tags, names: _Names, signs: _Signs) -> bytes | None:
    """The piece with line breaks and tabs as such, and a type for every text; None where it has both already."""
    untyped = np.count_nonzero(names.paragraphs) > len(signs.types)
    if not (names.others or untyped):
        return None
    mended = found.piece.replace(b"<text:line-break/>", b"\n").replace(b"<text:tab/>", b"\t")
    if untyped:
        mended = UNTYPED.sub(rb'<\1\2 office:value-type="string">', mended)
    return None if mended == found.piece else mended


def _times(found: Tags, signs: _Signs, *which: np.ndarray) -> list[np.ndarray]:
    """How often rows or cells are repeated."""
    repeated = []
    if signs.repeated:
        repeated = [(m.start(), min(int(m[1]), MOST_REPEATED)) for m in REPEATED.finditer(found.piece)]
    if not repeated:
        return [np.ones(len(each), dtype=np.int64) for each in which]
    times = np.ones(len(found.at), dtype=np.int64)
    places, counts = np.array(repeated, dtype=np.int64).T
    times[np.searchsorted(found.at, places) - 1] = np.maximum(counts, 1)
    return [times[each] for each in which]


def _filled(found: Tags, cells: np.ndarray, paragraphs: np.ndarray, signs: _Signs) -> np.ndarray:
    """Which cells hold a text or declare a value."""
    filled: np.ndarray = np.append(paragraphs, False)[cells + 1]
    if not filled.all():
        typed = np.zeros(len(found.at), dtype=bool)
        typed[np.searchsorted(found.at, signs.types) - 1] = True
        filled |= typed[cells]
    return filled


def _values(found: Tags, signs: _Signs, typed: np.ndarray, valued: np.ndarray) -> np.ndarray | None:
    """The number of each cell that is no text, nan for a day; None where one is neither, or does not tell.

    Args:
        typed: the cells that are no texts.
        valued: the cells in which the values stand.
    """
    days = begins(signs.kinds, b"date")
    numbers = (
        begins(signs.kinds, b"float") | begins(signs.kinds, b"percenta") | begins(signs.kinds, b"currency")
    )
    if not (days | numbers).all() or not np.array_equal(typed[numbers], valued):
        return None
    begin = signs.values + 2
    quotes = found.raw[begin[:, None] + np.arange(LONGEST_NUMBER)] == found.raw[begin - 1][:, None]
    told = numbers_between(found.raw, begin, begin + quotes.argmax(axis=1))
    if told is None:
        return None
    values = np.full(len(typed), np.nan)
    values[numbers] = told
    return values
