"""XLS before it is parsed: the records of the workbook are walked through, and the cells of the sheet are located.

calamine parses every sheet when it opens the file, reserves what a record says about the size of a sheet, takes the
end of an embedded chart for the end of the sheet and the chart's numbers for cells, and reads error cells as empty.
So it reads a copy that holds the one sheet without charts, and errors and merged cells are told beside it.

Source: [MS-XLS] Excel Binary File Format; record types below are those of its section 2.3.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from include.sources.definition import WorkbookFormat
from include.sources.errors import SourceError
from include.sources.formats.archive import DELIVER_ANEW, SAVE_ANEW, protected, refuse_other_kinds
from include.sources.formats.biff import (
    BOF,
    BOOL_OR_ERROR,
    EOF,
    MARGIN,
    NUMBER,
    RK,
    SHARED_TEXT,
    numbers_at,
    records,
    walked,
    words_of,
)
from include.sources.formats.cfb import MAGIC, BrokenContainer, container_of, stream_of
from include.sources.formats.number_formats import PER_CENT, is_per_cent
from include.sources.formats.raw import Reading
from include.sources.formats.sheet import (
    MOST_COLUMNS,
    SHARE_OF_MEMORY,
    Extent,
    PlainCells,
    Rectangle,
    Sheet,
    chosen,
    uncalculated,
)

EXPECTED = "an XLS workbook"
FORMULA, CONTINUE, CODEPAGE, FILEPASS, SHEET = 0x0006, 0x003C, 0x0042, 0x002F, 0x0085
STRINGS, MERGED, RICH, DIMENSIONS, LABEL, MANY_RK = 0x00FC, 0x00E5, 0x00D6, 0x0200, 0x0204, 0x00BD
CELLS = (NUMBER, LABEL, BOOL_OR_ERROR, RK, SHARED_TEXT, FORMULA, RICH)
FORMAT, EXTENDED_FORMAT, ELAPSED = 0x041E, 0x00E0, 46
DURATION = re.compile(rb"\[\0?[hms]", re.IGNORECASE)
RESULT_IS_ERROR, RESULT_IS_NOTHING = 2, 3
UNKNOWN = 0xFFF0
NO_SHEET = struct.pack("<HHHHHH", BOF, 4, 0x0600, 0x0010, EOF, 0)
ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
WORKSHEET = 0
IS_CELL = np.isin(np.arange(1 << 16), CELLS)
IS_TEXT = np.isin(np.arange(1 << 16), (SHARED_TEXT, LABEL, RICH))


def look_through_xls(reading: Reading, declared: WorkbookFormat) -> Sheet:
    """The declared sheet, alone in a clean workbook.

    Raises:
        SourceError: the workbook, or the sheet, is nothing that should be parsed.
    """
    refuse_other_kinds(reading, MAGIC, EXPECTED)
    path = reading.delivered.path
    most = (reading.limits.memory_mb << 20) // SHARE_OF_MEMORY // 2
    if path.stat().st_size > most:
        raise reading.refuse(
            "file", f"more than {most >> 20} MiB", "a smaller XLS workbook", "Ask the source for XLSX or CSV."
        )
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
                raise protected(reading)
            stream = stream_of(content, ("Workbook", "Book", "WORKBOOK", "BOOK"))
        if stream is None:
            raise reading.refuse("file", "an old Office file of another kind", EXPECTED, DELIVER_ANEW)
        stream += bytes(MARGIN)
        return _sheet(reading, declared, stream)
    except (BrokenContainer, struct.error, IndexError):
        raise reading.refuse(
            "file", "an XLS workbook that is broken or cut off", "a whole one", DELIVER_ANEW
        ) from None


def _sheet(reading: Reading, declared: WorkbookFormat, stream: bytearray) -> Sheet:
    book = _Book.of(reading, stream)
    number = chosen(reading, declared, [name for name, *_ in book.sheets])
    name, _, begin, kind = book.sheets[number]
    if kind != WORKSHEET:
        raise reading.refuse(
            f"sheet {name!r}", "a chart or macros", "a sheet with cells", "Mend format.sheet."
        )
    look = _Look(reading, name, book.strings, book.durations, book.styles_of_per_cent())
    look.walk(stream, begin)
    for other, (_, at, _, _) in enumerate(book.sheets):
        if other != number:
            struct.pack_into("<I", stream, at, len(stream))
    stream += NO_SHEET
    copy = reading.folder / f"{reading.delivered.label}.xls"
    with copy.open("wb") as file:
        file.writelines(container_of(stream, "Workbook"))
    plain = look.plain if look.plain.possible and not look.errors else None
    return Sheet(copy, True, number, name, look.errors, look.merged, plain, look.per_cent())


@dataclass
class _Book:
    """What stands before the sheets: their names with the place of the record, where each begins, and its kind."""

    sheets: list[tuple[str, int, int, int]] = field(default_factory=list)
    strings: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    durations: bool = False
    formats: dict[int, bool] = field(default_factory=lambda: dict.fromkeys(PER_CENT, True))
    styles: list[int] = field(default_factory=list)

    def styles_of_per_cent(self) -> list[int]:
        """The styles of cells that show a number in per cent."""
        return [number for number, style in enumerate(self.styles) if self.formats.get(style)]

    @classmethod
    def of(cls, reading: Reading, stream: bytearray) -> _Book:
        book, codepage, old = cls(), 1252, False
        segments: list[bytes] = []
        previous = 0
        for kind, at, size in records(stream):
            if kind == BOF and at == 0:
                old = struct.unpack_from("<H", stream, at + 4)[0] < 0x0600
            elif kind == FILEPASS:
                raise protected(reading)
            elif kind == CODEPAGE:
                codepage = struct.unpack_from("<H", stream, at + 4)[0]
            elif kind == SHEET:
                begin, _, sort = struct.unpack_from("<IBB", stream, at + 4)
                book.sheets.append((_name(stream, at + 10, old, codepage), at + 4, begin, sort))
            elif kind == STRINGS or (kind == CONTINUE and segments and previous in (STRINGS, CONTINUE)):
                segments.append(bytes(stream[at + 4 : at + 4 + size]))
            elif kind == FORMAT:
                book.durations |= DURATION.search(stream, at + 4, at + 4 + size) is not None
                (number,) = struct.unpack_from("<H", stream, at + 4)
                book.formats[number] = is_per_cent(_format_code(stream[at + 6 : at + 4 + size], old))
            elif kind == EXTENDED_FORMAT:
                book.styles.append(struct.unpack_from("<H", stream, at + 6)[0])
                book.durations |= struct.unpack_from("<H", stream, at + 6)[0] == ELAPSED
            elif kind == EOF:
                break
            previous = kind
        if segments:
            book.strings = np.fromiter(_lengths(segments), dtype=np.int64)
        return book


def _format_code(body: bytearray, old: bool) -> str:
    """The code of a number format, behind its length; signs beyond Latin make no difference here."""
    if old:
        return body[1:].decode("latin-1")
    return body[3:].decode("utf-16-le" if body[2:3] == b"\1" else "latin-1", "replace")


def _name(stream: bytearray, at: int, old: bool, codepage: int) -> str:
    length = stream[at]
    if old:
        return bytes(stream[at + 1 : at + 1 + length]).decode(_encoding(codepage), "replace")
    wide = stream[at + 1] & 1
    text = bytes(stream[at + 2 : at + 2 + length * (1 + wide)])
    return text.decode("utf-16-le" if wide else "latin-1", "replace")


def _encoding(codepage: int) -> str:
    try:
        "".encode(f"cp{codepage}")
    except LookupError:
        return "cp1252"
    return f"cp{codepage}"


def _lengths(segments: list[bytes]) -> Iterator[int]:
    """Bytes that each shared text needs at most."""
    data, segment, at = segments[0], 0, 8
    total, unique = struct.unpack_from("<II", data, 0)
    if unique * 3 > sum(map(len, segments)):  # calamine would make room for as many
        raise BrokenContainer
    known = 0
    while known < unique:
        size = len(data)
        while at + 3 <= size and known < unique:  # plain texts that end in this segment
            letters, flags = data[at] | data[at + 1] << 8, data[at + 2]
            following = at + 3 + (letters << flags)
            if flags > 1 or following > size:
                break
            yield 3 * letters
            known, at = known + 1, following
        if known < unique:
            letters, segment, at = _any_text(segments, segment, at)
            data = segments[segment]
            yield 3 * letters
            known += 1


def _any_text(segments: list[bytes], segment: int, at: int) -> tuple[int, int, int]:
    """Letters of a text, and where it ends; it may go on in the next segment, behind a byte of its own."""
    if at >= len(segments[segment]):
        segment, at = segment + 1, 0
    data = segments[segment]
    letters, flags = struct.unpack_from("<HB", data, at)
    at += 3
    ahead, skipped = letters, 0
    if flags & 8:
        skipped += 4 * struct.unpack_from("<H", data, at)[0]
        at += 2
    if flags & 4:
        skipped += struct.unpack_from("<I", data, at)[0]
        at += 4
    while ahead:
        width = 1 + (flags & 1)
        here = min(ahead, (len(data) - at) // width)
        ahead, at = ahead - here, at + here * width
        if ahead:
            segment, at = segment + 1, 1
            data = segments[segment]
            flags = data[0]
    while skipped:
        here = min(skipped, len(data) - at)
        skipped, at = skipped - here, at + here
        if skipped:
            segment, at = segment + 1, 0
            data = segments[segment]
    return letters, segment, at


class _Look:
    """Goes over the records of one sheet once; what would mislead calamine is renamed to a type it does not know."""

    def __init__(
        self, reading: Reading, name: str, strings: np.ndarray, durations: bool, per_cent: Sequence[int]
    ) -> None:
        self.styles_of_per_cent = np.array(per_cent, dtype=np.int64)
        self.places_of_per_cent: list[np.ndarray] = []
        self.reading, self.name, self.strings = reading, name, strings
        self.extent = Extent(reading, name, copies=2, text=int(strings.sum()))
        self.errors: list[tuple[int, int, str]] = []
        self.merged: list[Rectangle] = []
        self.formulas = self.empty = 0
        self.plain = PlainCells(self.extent, durations)
        self.first_empty: tuple[int, int] | None = None

    def walk(self, stream: bytearray, begin: int) -> None:
        """Look at every record, from the sheet's first to its last.

        Raises:
            SourceError: the sheet should not be parsed.
        """
        words = words_of(stream)
        cells = [
            each for found in walked(stream, words, begin) if len(each := self._look(stream, words, *found))
        ]
        ascends = all((np.diff(each) > 0).all() for each in cells)
        ascends = ascends and all(before[-1] < each[0] for before, each in pairwise(cells))
        if not ascends and not np.diff(np.sort(np.concatenate(cells))).all():
            raise self._refuse("a cell that stands twice", "every cell once")
        self.errors.sort()
        if self.formulas and self.empty == self.formulas and self.first_empty:
            raise uncalculated(self.reading, self.name, *self.first_empty)

    def _look(
        self, stream: bytearray, words: np.ndarray, places: np.ndarray, inner: np.ndarray
    ) -> np.ndarray:
        """Look at some records; the cells among them, each as one number that tells its place."""
        kinds = words[places]
        inner |= kinds == DIMENSIONS
        # calamine believes a size, and knows nothing of a chart's records within a sheet's
        for at in places[inner]:
            struct.pack_into("<H", stream, at, UNKNOWN)
        for at in places[kinds == RICH]:  # a plain text begins like it
            struct.pack_into("<H", stream, at, LABEL)
        if inner.any():
            places, kinds = places[~inner], kinds[~inner]
        for kind, look in ((FORMULA, self._formula), (BOOL_OR_ERROR, self._error), (MERGED, self._merge)):
            for at in places[kinds == kind]:
                look(stream, int(at))
        return self._measure(stream, places, kinds)

    def _error(self, stream: bytearray, at: int) -> None:
        row, column, code, is_error = struct.unpack_from("<HH2xBB", stream, at + 4)
        if is_error:
            self.errors.append((row, column, ERRORS.get(code, "#ERROR!")))

    def _formula(self, stream: bytearray, at: int) -> None:
        row, column, kind, value, mark = struct.unpack_from("<HH2xBxB3xH", stream, at + 4)
        self.formulas += 1
        if mark == 0xFFFF and kind == RESULT_IS_ERROR:
            self.errors.append((row, column, ERRORS.get(value, "#ERROR!")))
        elif mark == 0xFFFF and kind == RESULT_IS_NOTHING:
            self.empty += 1
            self.first_empty = self.first_empty or (row, column)

    def _merge(self, stream: bytearray, at: int) -> None:
        (count,) = struct.unpack_from("<H", stream, at + 4)
        for n in range(count):
            top, bottom, left, right = struct.unpack_from("<4H", stream, at + 6 + 8 * n)
            if (top, left) != (bottom, right):
                self.merged.append(((top, left), (bottom, right)))

    def _measure(self, stream: bytearray, places: np.ndarray, kinds: np.ndarray) -> np.ndarray:
        are_cells = IS_CELL[kinds]
        cells, texts, many = places[are_cells], places[kinds == SHARED_TEXT], places[kinds == MANY_RK]
        rows, columns = _rows_and_columns(stream, cells)
        if len(self.styles_of_per_cent):
            self._note_per_cent(numbers_at(stream, cells, 8), rows, columns)
        others = np.flatnonzero(~IS_TEXT[kinds[are_cells]])
        if len(others):
            self.plain.add(rows[others], columns[others], _numbers(stream, cells[others]))
        named = numbers_at(stream, texts, 10, "<u4")
        text = int(self.strings[named[named < len(self.strings)]].sum())
        if len(many):  # a record of many numbers holds some columns of one row
            width = (numbers_at(stream, many, 2) - 6) // 6
            if (width < 1).any():
                raise BrokenContainer
            again = np.repeat(np.arange(len(many)), width)
            within = np.arange(len(again)) - (np.cumsum(width) - width)[again]
            of_many, first = _rows_and_columns(stream, many[again])
            self.plain.add(of_many, first + within, _short_numbers(stream, many[again] + 6 * within))
            if len(self.styles_of_per_cent):
                self._note_per_cent(numbers_at(stream, many[again] + 6 * within, 8), of_many, first + within)
            rows, columns = np.append(rows, of_many), np.append(columns, first + within)
        self.extent.add(rows, columns, len(rows), text)
        found: np.ndarray = rows * (MOST_COLUMNS << 2) + columns
        return found

    def per_cent(self) -> np.ndarray:
        """Cells that show their number in per cent, ascending."""
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *self.places_of_per_cent]))

    def _note_per_cent(self, styles: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
        shown = np.isin(styles, self.styles_of_per_cent)
        self.places_of_per_cent.append(rows[shown] * MOST_COLUMNS + columns[shown])

    def _refuse(self, found: str, expected: str) -> SourceError:
        return self.reading.refuse(f"sheet {self.name!r}", found, expected, SAVE_ANEW)


def _rows_and_columns(stream: bytearray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    both = numbers_at(stream, places, 4, "<u4")
    return both & 0xFFFF, both >> 16


def _numbers(stream: bytearray, places: np.ndarray) -> np.ndarray | None:
    """The numbers that these cells hold; None where one holds something else."""
    kinds = numbers_at(stream, places, 0)
    short, long = kinds == RK, kinds == NUMBER
    if not (short | long).all():
        return None
    values = np.empty(len(places))
    values[short] = _short_numbers(stream, places[short])
    values[long] = numbers_at(stream, places[long], 10, "<f8")
    return values


def _short_numbers(stream: bytearray, places: np.ndarray) -> np.ndarray:
    """Numbers in four bytes: whole ones or the upper half of a float, or a hundredth of it ([MS-XLS] 2.5.217)."""
    bits = numbers_at(stream, places, 10, "<u4")
    whole = ((bits ^ 1 << 31) - (1 << 31)) >> 2
    values = np.where(bits & 2, whole, ((bits & ~3) << 32).view(np.float64))
    return np.where(bits & 1, values / 100, values)
