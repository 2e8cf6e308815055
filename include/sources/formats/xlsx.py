"""XLSX before it is parsed: the parts are inflated under caps, and the cells of the sheet are located.

calamine allocates the whole rectangle between the first cell and the last, lets a later cell replace an earlier one
of the same place, stops at the first `sheetData`, reads error cells as empty and CDATA as nothing. So the places are
looked at here first, and what would be lost or would not fit is refused. calamine then reads a copy that holds what
was looked at and nothing else: no other sheet, no macro, no external link.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element

import numpy as np

from include.sources.definition import WorkbookFormat
from include.sources.errors import SourceError
from include.sources.formats.archive import DELIVER_ANEW, SAVE_ANEW, Archive, resolved
from include.sources.formats.markup import (
    WORD,
    Tags,
    begins,
    ends_name,
    letters,
    numbers_between,
    tags,
)
from include.sources.formats.number_formats import PER_CENT, is_per_cent
from include.sources.formats.raw import Reading
from include.sources.formats.sheet import (
    MOST_COLUMNS,
    MOST_ROWS,
    Extent,
    PlainCells,
    Rectangle,
    Sheet,
    cell_name,
    chosen,
    uncalculated,
)

EXPECTED = "an XLSX workbook"
A = ord("A")
BITS_OF_A_COLUMN = MOST_COLUMNS.bit_length() - 1
MOST_BYTES_OF_A_ROW = 32 << 20
MOST_TAGS = 64_000_000
MOST_MERGED, FEW_MERGED = 1_000_000, 1000
KNOWN_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"}
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
START_OF_ROWS = re.compile(rb"<((?:[\w.-]+:)?)sheetData(?=[\s/>])[^<>]*>")
ROW_OR_CELL = re.compile(rb"<(row|c)(?=[\s/>])([^<>]*)>|</row\s*>")
PLACE = re.compile(rb"""(?:^|\s)r\s*=\s*(?:["']([A-Za-z]*)([0-9]+)["'])?""")
ERROR_CELL = re.compile(
    rb"""<c(?=\s)[^<>]*\st\s*=\s*["']e["'][^<>]*>\s*(?:<f(?:\s[^<>]*)?(?:/>|>[^<]*</f>)\s*)?<v>([^<]*)</v>"""
)
TEXT_CELL = re.compile(
    rb"""<c(?=\s)[^<>]*\st\s*=\s*["']s["'][^<>]*>\s*(?:<f(?:\s[^<>]*)?(?:/>|>[^<]*</f>)\s*)?<v>([0-9]{1,9})</v>"""
)
MERGE = re.compile(
    rb"""mergeCell(?!s)(?: ref="([A-Z]{1,3})([1-9][0-9]{0,6}):([A-Z]{1,3})([1-9][0-9]{0,6})"\s*/>)?"""
)
LONG_NUMBER = re.compile(
    rb"""<(?:[\w.-]+:)?c(?=\s)[^<>]*?\sr\s*=\s*["']([A-Z]{1,3})([1-9][0-9]{0,6})["'][^<>]*>\s*"""
    rb"""(?:<(?:[\w.-]+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:[\w.-]+:)?f>)\s*)?<(?:[\w.-]+:)?v>\s*(-?[0-9]{16,40})\s*</"""
)
CHUNK = 1 << 20
LONGEST_MERGE = 64
OTHER_NAMES = re.compile(rb"<[\w.-]+:(?:c|row)[\s/>]")
INLINE = b' t="inlineStr">'
DURATION = re.compile(rb"""\[[hms]|numFmtId\s?=\s?["']46["']""", re.IGNORECASE)
MAY_BE_PER_CENT = re.compile(rb"""%|numFmtId\s?=\s?["'](?:9|10)["']""")
LONGEST_DURATION = 16
EMPTY_TEXT = re.compile(rb"""\st\s*=\s*["']str["']""")


def look_through_xlsx(reading: Reading, declared: WorkbookFormat) -> Sheet:
    """The declared sheet, alone in a clean workbook.

    Raises:
        SourceError: the workbook, or the sheet, is nothing that should be parsed.
    """
    with Archive(reading, EXPECTED) as archive:
        book = _Book.of(archive)
        number = chosen(reading, declared, [name for name, _ in book.sheets])
        name, part = book.sheets[number]
        if not part:
            raise reading.refuse(
                f"sheet {name!r}", "a chart or a dialog", "a sheet with cells", "Mend format.sheet."
            )
        copy = reading.folder / f"{reading.delivered.label}.xlsx"
        try:
            look = _copy(archive, book, name, part, copy)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    plain = look.plain if look.plain.possible and not look.errors else None
    return Sheet(copy, True, 0, name, look.errors, look.merged, plain, look.per_cent())


@dataclass(frozen=True)
class _Book:
    """What the workbook says of itself: sheets with their parts, system of dates, whether values are calculated."""

    sheets: list[tuple[str, str]]
    strings: str
    styles: str
    from_1904: bool
    recalculated: bool

    @classmethod
    def of(cls, archive: Archive) -> _Book:
        path = _main_part(archive)
        links = _links(archive, path)
        by_kind = dict(links.values())
        sheets: list[tuple[str, str]] = []
        from_1904 = recalculated = False
        for element in archive.tree(path).iter():
            kind = _local(element.tag)
            if kind == "workbookPr":
                from_1904 = element.get("date1904") in ("1", "true")
            elif kind == "calcPr":
                recalculated = element.get("fullCalcOnLoad") in ("1", "true")
            elif kind == "sheet" and element.get("name"):
                link = links.get(_link_id(element), ("", ""))
                sheets.append((element.get("name", ""), link[1] if link[0] == "worksheet" else ""))
        doubled = len({name for name, _ in sheets}) < len(sheets)
        if doubled:
            raise archive.refuse("workbook", "two sheets of one name", "every name once", SAVE_ANEW)
        return cls(
            sheets, by_kind.get("sharedStrings", ""), by_kind.get("styles", ""), from_1904, recalculated
        )


def _main_part(archive: Archive) -> str:
    if archive.has("_rels/.rels"):
        for kind, target in _links(archive, "").values():
            if kind == "officeDocument" and archive.has(target):
                path = target
                break
        else:
            path = "xl/workbook.xml"
    else:
        path = "xl/workbook.xml"
    if path.lower().endswith(".bin") or archive.has("xl/workbook.bin"):
        raise archive.refuse(
            "file", "a binary workbook (XLSB)", EXPECTED, "Ask the source to save it as XLSX."
        )
    if archive.has(path) and path.lower().startswith("xl/"):
        return path
    found = "a ZIP archive without a workbook in it"
    if archive.has("content.xml"):
        found = "an OpenDocument file (ODS)"
    elif archive.has("word/document.xml"):
        found = "a Word document"
    raise archive.refuse(
        "file", found, EXPECTED, "Ask the source, or mend format.kind of the definition; nothing was taken."
    )


def _links(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Id → kind and part of everything inside the archive that a part points to. What lies outside is left out."""
    folder, _, name = part.rpartition("/")
    path = f"{folder}/_rels/{name}.rels".lstrip("/")
    if not archive.has(path):
        return {}
    return {
        link.get("Id", ""): (link.get("Type", "").rpartition("/")[2], resolved(part, link.get("Target", "")))
        for link in archive.tree(path).iter()
        if _local(link.tag) == "Relationship" and link.get("TargetMode") != "External"
    }


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def _link_id(element: Element) -> str:
    ids = [value for key, value in element.items() if key.endswith("relationships}id")]
    return ids[0] if ids else ""


def _copy(archive: Archive, book: _Book, name: str, part: str, copy: Path) -> _Look:
    """Write the sheet with its strings and styles; what was seen in the sheet."""
    with zipfile.ZipFile(copy, "w") as out:
        for path, content in _frame(book).items():
            out.writestr(path, content)
        durations, per_cent = False, frozenset[int]()
        if archive.has(book.styles):
            with out.open("xl/styles.xml", "w") as file:
                durations, may_be_per_cent = _copy_styles(archive, book.styles, file)
            if may_be_per_cent:
                per_cent = _styles_of_per_cent(archive, book.styles)
        strings = _Strings()
        if archive.has(book.strings):
            with out.open("xl/sharedStrings.xml", "w", force_zip64=True) as file:
                strings.copy(archive, book.strings, file)
        look = _Look(archive.reading, name, strings, book.recalculated, durations, per_cent)
        with out.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as file:
            for chunk in archive.chunks(part):
                look.take(chunk)
                file.write(chunk)
        look.end()
    return look


def _copy_styles(archive: Archive, part: str, file: IO[bytes]) -> tuple[bool, bool]:
    """Write the part; whether there may be a format that shows durations, and one that shows numbers in per cent."""
    found, per_cent, rest = False, False, b""
    for chunk in archive.chunks(part):
        file.write(chunk)
        found = found or DURATION.search(rest + chunk) is not None
        per_cent = per_cent or MAY_BE_PER_CENT.search(rest + chunk) is not None
        rest = chunk[-LONGEST_DURATION:]
    return found, per_cent


def _styles_of_per_cent(archive: Archive, part: str) -> frozenset[int]:
    """The styles of cells that show a number in per cent."""
    formats: dict[str, bool] = {str(number): True for number in PER_CENT}
    styles: list[str] = []
    for element in archive.tree(part):
        if _local(element.tag) == "numFmts":
            formats |= {each.get("numFmtId", ""): is_per_cent(each.get("formatCode", "")) for each in element}
        elif _local(element.tag) == "cellXfs":
            styles = [each.get("numFmtId", "") for each in element]
    return frozenset(number for number, style in enumerate(styles) if formats.get(style))


def long_numbers(path: Path) -> dict[tuple[int, int], str]:
    """The numbers of a clean copy that are written out in more digits than a float has, by row and column from 0."""
    found: dict[tuple[int, int], str] = {}
    with zipfile.ZipFile(path) as archive, archive.open("xl/worksheets/sheet1.xml") as file:
        rest = b""
        while chunk := file.read(CHUNK):
            rest += chunk
            cut = rest.rfind(b"</")
            for cell in LONG_NUMBER.finditer(rest, 0, max(cut, 0)):
                found[int(cell[2]) - 1, _column(cell[1])] = cell[3].decode()
            begin = max(rest.rfind(b"<c ", 0, max(cut, 0)), 0)
            rest = rest[begin:] if len(rest) - begin < CHUNK else rest[-CHUNK:]
        for cell in LONG_NUMBER.finditer(rest):
            found[int(cell[2]) - 1, _column(cell[1])] = cell[3].decode()
    return found


def _frame(book: _Book) -> dict[str, str]:
    """The small parts of a workbook with one sheet."""
    kinds = {
        "worksheets/sheet1.xml": "worksheet",
        "styles.xml": "styles",
        "sharedStrings.xml": "sharedStrings",
    }
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (target, kind) in enumerate(kinds.items(), 1)
    )
    return {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}">{links}</Relationships>',
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="{int(book.from_1904)}"/>'
        '<sheets><sheet name="sheet" sheetId="1" r:id="rId1"/></sheets></workbook>',
    }


class _Strings:
    """How long the shared texts are: a cell that names one gets a copy of its own."""

    def __init__(self) -> None:
        self.lengths = np.zeros(0, dtype=np.int64)
        self.longest = 0

    def copy(self, archive: Archive, part: str, file: IO[bytes]) -> None:
        """Write the part and keep the lengths: at most what stands between two texts."""
        starts, before, rest, odd = [], 0, b"", False
        for chunk in archive.chunks(part):
            file.write(chunk)
            odd = odd or b"<!" in chunk
            piece = rest + chunk
            starts.append(before + _starts_of_texts(piece))
            keep = min(len(piece), 64)  # a tag may be cut in two; one that is whole is not counted twice
            starts[-1] = starts[-1][starts[-1] < before + len(piece) - keep]
            before, rest = before + len(piece) - keep, piece[len(piece) - keep :]
        starts.append(before + _starts_of_texts(rest))
        places = np.append(np.concatenate(starts), before + len(rest))
        self.lengths = np.diff(places)
        self.longest = int(self.lengths.max(initial=0))
        if odd:  # comments and CDATA may hold what only looks like a text
            self.lengths = np.full(len(self.lengths), self.longest, dtype=np.int64)

    def bytes_of(self, numbers: np.ndarray) -> int:
        """Bytes of these texts together."""
        known = numbers[numbers < len(self.lengths)]
        return int(self.lengths[known].sum())


def _starts_of_texts(piece: bytes) -> np.ndarray:
    found = tags(piece)
    plain = found.at[found.named(b"si")]
    if len(plain) or b":si" not in piece:
        return plain
    return np.array([m.start() for m in re.finditer(rb"<[\w.-]+:si(?=[\s/>])", piece)], dtype=np.int64)


class _Look:
    """Goes over the XML of a sheet once, row by row in large pieces."""

    def __init__(
        self, reading: Reading, name: str, strings: _Strings, recalculated: bool, durations: bool, per_cent: Set[int]
    ) -> None:  # fmt: skip
        self.reading, self.name, self.strings, self.recalculated = reading, name, strings, recalculated
        self.extent = Extent(reading, name, copies=1)
        self.errors: list[tuple[int, int, str]] = []
        self.prefix: bytes | None = None
        self.ended = False
        self.rest = b""
        self.tags = self.times_merged = 0
        self.merged: list[Rectangle] | None = []
        self.plain = PlainCells(self.extent, durations)
        self.of_per_cent = _cells_of(per_cent)
        self.places_of_per_cent: list[np.ndarray] = []
        self.last = -1
        self.row = 0  # of the next row that does not say where it stands
        self.named: bool | None = None  # whether cells say where they stand
        self.formulas = self.zeros = 0
        self.first_zero: tuple[int, int] | None = None

    def take(self, chunk: bytes) -> None:
        """Look at the next bytes.

        Raises:
            SourceError: the sheet should not be parsed.
        """
        self.rest += chunk
        if self.prefix is None:
            self._find_the_rows()
        if self.prefix is not None and not self.ended:
            self._take_rows()
        if self.ended:
            self._take_the_end()
        if len(self.rest) > MOST_BYTES_OF_A_ROW:
            raise self._refuse(
                f"a row of more than {MOST_BYTES_OF_A_ROW >> 20} MiB", "shorter rows", DELIVER_ANEW
            )

    def per_cent(self) -> np.ndarray:
        """Cells that show their number in per cent, ascending."""
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *self.places_of_per_cent]))

    def end(self) -> None:
        """The sheet is over.

        Raises:
            SourceError: it ended too early, or its formulas were never calculated.
        """
        if not self.ended:
            raise self._refuse("no whole table of cells", "a whole worksheet", DELIVER_ANEW)
        self._take_merged(len(self.rest))
        if self.recalculated and self.first_zero and self.zeros == self.formulas:
            raise uncalculated(self.reading, self.name, *self.first_zero)

    def _refuse(
        self, found: str, expected: str, action: str = SAVE_ANEW, place: int | None = None
    ) -> SourceError:
        cell = "" if place is None else f", cell {cell_name(*divmod(place, MOST_COLUMNS))}"
        return self.reading.refuse(f"sheet {self.name!r}{cell}", found, expected, action)

    def _find_the_rows(self) -> None:
        begin = START_OF_ROWS.search(self.rest)
        if begin:
            self.prefix = begin[1]
            self.ended = begin[0].endswith(b"/>")
            if b"mergeCell" in self.rest[: begin.start()]:
                self.merged = None
            self.rest = self.rest[begin.end() :]

    def _take_rows(self) -> None:
        prefix = self.prefix or b""
        end = self.rest.find(b"</" + prefix + b"sheetData")
        cut = end if end >= 0 else self.rest.rfind(b"<" + prefix + b"row")
        if cut > 0:
            self._look(self.rest, cut)
        if end >= 0:
            self.ended, cut = True, end + len(b"</" + prefix + b"sheetData")
        if cut > 0:
            self.rest = self.rest[cut:]

    def _take_the_end(self) -> None:
        """Behind the rows nothing is kept but the beginning of a tag that may be cut in two."""
        if b"sheetData" in self.rest:
            raise self._refuse("a second table of cells", "one in a sheet")
        keep = max(0, len(self.rest) - LONGEST_MERGE)
        self._take_merged(keep)
        self.rest = self.rest[keep:]

    def _take_merged(self, end: int) -> None:
        """Merged cells, as long as there are few of them and all are told in the usual way."""
        self.times_merged += self.rest.count(b"mergeCell ", 0, end + 9)
        if self.times_merged > MOST_MERGED:
            raise self._refuse("very many merged cells", f"at most {MOST_MERGED}")
        for found in MERGE.finditer(self.rest):
            if self.merged is None or found.start() >= end:
                return
            if found[1] is None or len(self.merged) == FEW_MERGED:
                self.merged = None
                return
            top, left, bottom, right = (
                int(found[2]) - 1,
                _column(found[1]),
                int(found[4]) - 1,
                _column(found[3]),
            )
            self.merged.append(((top, left), (bottom, right)))

    def _look(self, content: bytes, size: int) -> None:
        if self.prefix:
            content = content[:size].replace(b"<" + self.prefix, b"<").replace(b"</" + self.prefix, b"</")
            size = len(content)
        found = tags(content, size)
        self.tags += len(found.at)
        if self.tags > MOST_TAGS:
            raise self._refuse("very many tags", f"at most {MOST_TAGS}")
        if ((found.first == ord("!")) | (found.first == ord("?"))).any():
            raise self._refuse("comments or CDATA among its cells", "plain cells")
        if _has_other_names(found) and OTHER_NAMES.search(found.piece):
            raise self._refuse("cells under several names of one namespace", "cells under one name")
        cells = found.named(b"c")
        if not len(cells):
            return
        places, ends = self._places(found, cells)
        if self.of_per_cent:
            at = found.at[cells]
            begins = [cell.start() for each in self.of_per_cent for cell in each.finditer(found.piece)]
            self.places_of_per_cent.append(places[np.searchsorted(at, begins)])
        rows = places >> BITS_OF_A_COLUMN
        columns = places - (rows << BITS_OF_A_COLUMN)
        following = found.after(cells)
        letter = found.raw[following + 1]
        filled = (letter == ord("v")) | (letter == ord("i")) | (letter == ord("f"))
        formulas = found.named(b"f")
        text, numbers = self._text(found, following, places, ends, formulas, filled)
        self.extent.add(rows[filled], columns[filled], int(filled.sum()), text)
        if numbers is None or not found.reads(following[numbers], b"<v>").all():
            self.plain.possible = False
        elif len(numbers) and self.plain.possible:
            values = numbers_between(found.raw, following[numbers] + 3, found.after(cells[numbers], 2))
            self.plain.add(rows[numbers], columns[numbers], values)
        if len(formulas):
            self._look_at_formulas(found, cells, places, formulas)

    def _places(self, found: Tags, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Where the cells stand: row × columns of a sheet + column. They must ascend. And where it is said, if plainly."""
        places, ends = self._plain_places(found, cells)
        if ends is None:
            places = np.fromiter(self._odd_places(found.piece), dtype=np.int64)
            if len(places) != len(cells):
                raise self._refuse("cells written in a way that cannot be followed", "plain cells")
        unordered = np.flatnonzero(np.diff(places, prepend=self.last) <= 0)
        if len(unordered):
            raise self._refuse(
                "a cell that stands twice, or out of order", "every cell once, in order",
                place=int(places[unordered[0]]),
            )  # fmt: skip
        self.last = int(places[-1])
        return places, ends

    def _plain_places(self, found: Tags, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """The places where every cell is written as `<c r="A1"`, and where its last quotation mark is; else None."""
        heads = found.heads[cells]  # c r="A12
        if not begins(heads >> np.uint64(8), b' r="').all():
            return cells, None
        first, second, third = (letters(heads, n).astype(np.int64) - A + 1 for n in (5, 6, 7))
        two = second >= 1
        three = two & (third >= 1)
        column = np.where(two, first * 26 + second, first)
        column = np.where(three, column * 26 + third, column)
        begin = found.at[cells] + 7 + two + three
        row, length = found.numbers(begin)
        capitals = (first >= 1) & (first <= 26) & (second <= 26) & (~two | (third <= 26))
        plain = capitals & (length > 0) & (found.raw[begin + length] == ord('"'))
        if not plain.all():
            return cells, None
        self.named = True
        if ((row < 1) | (row > MOST_ROWS) | (column > MOST_COLUMNS)).any():
            raise self._refuse("a cell outside of every sheet", "cells from A1 to XFD1048576")
        places: np.ndarray = (row - 1) * MOST_COLUMNS + column - 1
        return places, begin + length

    def _odd_places(self, piece: bytes) -> Iterator[int]:
        """The places one by one, as calamine counts them where cells do not say where they stand."""
        column = 0
        for tag in ROW_OR_CELL.finditer(piece):
            if tag[1] is None:
                self.row, column = self.row + 1, 0
                continue
            place = PLACE.search(tag[2])
            if place and place[2] is None:
                raise self._refuse("cells written in a way that cannot be followed", "plain cells")
            if tag[1] == b"row":
                self.row = int(place[2]) - 1 if place else self.row
                if tag[2].endswith(b"/"):
                    self.row, column = self.row + 1, 0
                continue
            if self.named is None:
                self.named = place is not None
            if self.named != (place is not None):
                raise self._refuse("cells with and without their place", "one of both throughout")
            row = self.row
            if place:
                row, column = int(place[2]) - 1, _column(place[1])
            if not (0 <= row < MOST_ROWS and 0 <= column < MOST_COLUMNS):
                raise self._refuse("a cell outside of every sheet", "cells from A1 to XFD1048576")
            yield row * MOST_COLUMNS + column
            column += 1

    def _text(
        self, found: Tags, following: np.ndarray, places: np.ndarray, ends: np.ndarray | None, formulas: np.ndarray,
        filled: np.ndarray,
    ) -> tuple[int, np.ndarray | None]:  # fmt: skip
        """What the cells are; error cells are noted on the way.

        Returns:
            Bytes of the shared texts that they will get copies of. Which of them hold a number, if others are texts.
        """
        before = found.words[following - WORD]
        short = begins(before >> np.uint64(16), b't="')  # t="s", t="b", t="e", t="n", t="d"
        kind = letters(before, 5)
        if self._says_nothing_else(found, following, ends, before, short) or self._says_no_type_elsewhere(
            found, following, before, short, formulas
        ):
            if (short & (kind == ord("e"))).any():
                self._find_errors(found, places)
            shared = short & (kind == ord("s"))
            texts = following[shared & found.reads(following, b"<v>")]
            size = self.strings.bytes_of(found.numbers(texts + 3)[0])
            numbers = np.flatnonzero(filled & ~shared & ~_long(before))
            others = short[numbers] & (kind[numbers] != ord("n"))
            return size, None if others.any() else numbers
        self._find_errors(found, places)
        listed = TEXT_CELL.findall(found.piece)
        unseen = found.piece.count(b'"s"') + found.piece.count(b"'s'") - len(listed)
        size = self.strings.bytes_of(np.array(listed, dtype=np.int64))
        return size + max(0, unseen) * self.strings.longest, None

    def _says_nothing_else(
        self, found: Tags, following: np.ndarray, ends: np.ndarray | None, before: np.ndarray, short: np.ndarray
    ) -> bool:  # fmt: skip
        """Whether every cell says where it stands and of what type it is, and no more."""
        if ends is None:
            return False
        size = following - ends - 1
        inline = (size == len(INLINE)) & begins(before >> np.uint64(8), INLINE[8:])
        inline[inline] = found.reads(following[inline] - len(INLINE), INLINE[:8])
        return bool((inline | (size == 1) | short & (size == len(b' t="s">'))).all())

    def _says_no_type_elsewhere(
        self, found: Tags, following: np.ndarray, before: np.ndarray, short: np.ndarray, formulas: np.ndarray
    ) -> bool:  # fmt: skip
        """Whether no cell has a type but at the end of its tag."""
        seen = (
            int(short.sum())
            + int(_long(before).sum())
            + int(found.reads(found.at[formulas] + 2, b' t="').sum())
        )
        return seen == found.piece.count(b' t="') and b"'" not in found.piece

    def _find_errors(self, found: Tags, places: np.ndarray) -> None:
        at = found.at[found.named(b"c")]
        for error in ERROR_CELL.finditer(found.piece):
            place = int(places[np.searchsorted(at, error.start())])
            text = error[1].decode("utf-8", "replace").strip()
            if text not in KNOWN_ERRORS:
                raise self._refuse(
                    "an error of a newer kind", f"none but {', '.join(sorted(KNOWN_ERRORS))}",
                    "Ask the source to mend the formula, or to deliver values.", place,
                )  # fmt: skip
            self.errors.append((*divmod(place, MOST_COLUMNS), text))

    def _look_at_formulas(
        self, found: Tags, cells: np.ndarray, places: np.ndarray, formulas: np.ndarray
    ) -> None:
        """Every formula must have the value that it had when the file was saved."""
        owners = np.searchsorted(cells, formulas) - 1
        closed = found.reads(found.after(formulas), b"</f>")
        value = formulas + 1 + closed
        at, behind = found.after(value, 0), found.after(value)
        is_value = found.reads(at, b"<v>") | found.reads(at, b"<v ")
        nothing = found.reads(at, b"<v></v>") | found.reads(behind - 2, b"/>")
        for formula in np.flatnonzero(~is_value | nothing):
            owner = owners[formula]
            tag = found.piece[found.at[cells[owner]] : found.at[formulas[formula]]]
            if not EMPTY_TEXT.search(tag):  # of text, an empty value is a value
                row, column = divmod(int(places[owner]), MOST_COLUMNS)
                raise uncalculated(self.reading, self.name, row, column)
        zeros = np.flatnonzero(found.reads(at, b"<v>0</v>"))
        self.formulas += len(formulas)
        self.zeros += len(zeros)
        if len(zeros) and not self.first_zero:
            row, column = divmod(int(places[owners[zeros[0]]]), MOST_COLUMNS)
            self.first_zero = (row, column)


def _cells_of(styles: Set[int]) -> list[re.Pattern[bytes]]:
    """What finds the beginnings of cells of these styles; one that names none has the first style."""
    found = []
    if styles:
        names = b"|".join(str(style).encode() for style in sorted(styles))
        found.append(re.compile(rb"""<c(?=\s)[^<>]*?\ss\s*=\s*["'](?:%b)["']""" % names))
    if 0 in styles:
        found.append(re.compile(rb"""<c(?=[\s/>])(?![^<>]*\ss\s*=)"""))
    return found


def _long(before: np.ndarray) -> np.ndarray:
    """Which tags end with the type of a text that is no shared one, by the word before their end."""
    last = before >> np.uint64(24)
    return begins(last, b'str">') | begins(last, b'Str">')


def _has_other_names(found: Tags) -> bool:
    """Whether there are tags besides rows, inline texts and those with names of one letter."""
    other = ~ends_name(found.heads, 1) & (found.first != ord("/"))
    other &= ~(begins(found.heads, b"row") | begins(found.heads, b"is>"))
    return bool(other.any())


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + letter - 64
    return column - 1
