"""Damage that suits archives, workbooks and Parquet: to what they say of themselves, and inside, where all else is sound."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlwt.CompoundDoc

from tests.mutation.mutations import ANY, Mutation, flip, replaced, within

NUMBERS = (0, 1, 2, 0x7F, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def _number(content: bytes, at: int, size: int, rng: random.Random) -> bytes:
    """Another number in so many bytes: one more or less, or one that is rare."""
    most = (1 << 8 * size) - 1
    found = int.from_bytes(content[at : at + size], "little")
    new = rng.choice([found + 1, found - 1, found * 2, *NUMBERS]) & most
    return content[:at] + new.to_bytes(size, "little") + content[at + size :]


# Archives --------------------------------------------------------------------------------------------------------

ENTRY, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
SAID = {  # signature → what stands behind it: place and size of flags, method, checksum, sizes, lengths, offsets, counts
    ENTRY: [(8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (42, 4)],
    LOCAL: [(6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)],
    END: [(4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)],
}
Members = list[tuple[str, bytes]]


def _said(signature: bytes) -> Mutation:
    """One of the numbers that a part of the archive says of itself is another one."""

    def mutation(content: bytes, rng: random.Random) -> bytes:
        places = [at for at in range(len(content)) if content.startswith(signature, at)]
        if not places:  # damaged already
            return flip(content, rng)
        offset, size = rng.choice(SAID[signature])
        return _number(content, rng.choice(places) + offset, size, rng)

    return mutation


def _of_members(change: Callable[[Members, random.Random], None], stored: bool = False) -> Mutation:
    """A sound archive of other members."""

    def mutation(content: bytes, rng: random.Random) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = [(info.filename, archive.read(info)) for info in archive.infolist()]
        except Exception:  # damaged already
            return flip(content, rng)
        if members:
            change(members, rng)
        return _archive(members, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)

    return mutation


def _archive(members: Members, how: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, inside in members:
            info = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            info.compress_type = how
            info.flag_bits |= 0x800
            archive.writestr(info, inside)
    return out.getvalue()


def _inside(part: str, mutation: Mutation) -> Mutation:
    """Damage inside the members with this in their name."""

    def change(members: Members, rng: random.Random) -> None:
        places = [n for n, (name, _) in enumerate(members) if part in name]
        if places:
            place = rng.choice(places)
            members[place] = (members[place][0], mutation(members[place][1], rng))

    return _of_members(change)


def _less(members: Members, rng: random.Random) -> None:
    members.pop(rng.randrange(len(members)))


def _twice(members: Members, rng: random.Random) -> None:
    name, inside = rng.choice(members)
    members.append((rng.choice((name, name.upper(), f"/{name}", name.replace("/", "\\"))), inside))


def _renamed(members: Members, rng: random.Random) -> None:
    place = rng.randrange(len(members))
    name, inside = members[place]
    members[place] = (
        rng.choice((name.upper(), f"../{name}", f"/{name}", f"x/{name}", name[:-1], "")),
        inside,
    )


def _swollen(members: Members, rng: random.Random) -> None:
    place = rng.randrange(len(members))
    name, inside = members[place]
    at = inside.rfind(b"<")
    members[place] = (name, inside[:at] + b" " * (40 << 20) + inside[at:])


ARCHIVE: dict[str, Mutation] = {
    "said of an entry": _said(ENTRY), "said of a part": _said(LOCAL), "said of the archive": _said(END),
    "a part less": _of_members(_less), "a part twice": _of_members(_twice), "a part with another name": _of_members(_renamed),
    "a part swollen": _of_members(_swollen), "parts as they are": _of_members(lambda members, rng: None, stored=True),
}  # fmt: skip

# Workbooks -------------------------------------------------------------------------------------------------------

XLSX: dict[str, Mutation] = {
    "a tag more": within((b"<", b">", b"<c/>", b"</row>", b"<row>", b'<c r="ZZ9"><v>1</v></c>', b"&", b"&x;", b"<!-- x -->", b"<![CDATA[")),
    "another row": replaced(b'<row r="7"', (b'<row r="6"', b'<row r="1048576"', b"<row", b'<row r="-1"', b'<row r="x"', b'<row r="500000"')),
    "another cell": replaced(b'r="A7"', (b'r="B7"', b'r="A6"', b"", b'r="XFD7"', b'r="A1048576"', b'r="7"')),
    "another type": replaced(b't="s"', (b"", b't="str"', b't="b"', b't="e"', b't="n"', b't="inlineStr"', b't="d"')),
    "another index": replaced(b"<v>", (b"<v>9", b"<v>-", b"<v>99999999", b"<f>1+1</f><v>", b"<v/><v>")),
    "another style": replaced(b' s="1"', (b"", b' s="0"', b' s="99"', b' s="-1"', b' s="x"')),
    "another size": replaced(b"<dimension ref=", (b'<dimension ref="A1:XFD1048576" x=', b'<dimension ref="A1" x=', b"<dim a=")),
    "another merge": replaced(b'<mergeCell ref="F', (b'<mergeCell ref="A3:A9"/><mergeCell ref="F', b'<mergeCell ref="A1:XFD1048576"/><mergeCell ref="F', b'<mergeCell ref="B"/><mergeCell ref="F', b'<mergeCell ref="A', b"<mergeCell x=")),
    "another table of cells": replaced(b"</sheetData>", (b"</sheetData><sheetData/>", b"", b"</sheetdata>", b"<row/></sheetData>")),
    "a document type": replaced(b"<worksheet", (b'<!DOCTYPE w [<!ENTITY x "y">]><worksheet', b"<x:worksheet")),
}  # fmt: skip
XLSX_PARTS: dict[str, tuple[str, Mutation]] = {
    "another text": ("sharedStrings", replaced(b"<si>", (b"<si/><si>", b"", b"<si><r>", b"<si><!-- <si> -->", b"<x:si>"))),
    "another number of texts": ("sharedStrings", replaced(b'Count="', (b'Count="9', b'Count="-', b'x="'))),
    "another sheet": ("xl/workbook.xml", replaced("Лист1".encode(), ("Лист2".encode(), b"", 'Лист1" state="hidden'.encode()))),
    "a sheet twice": ("xl/workbook.xml", replaced(b"<sheet ", ('<sheet name="Лист1" sheetId="9" r:id="rId2"/><sheet '.encode(), b'<sheet name="x" sheetId="2" r:id="rId1"/><sheet '))),
    "other dates": ("xl/workbook.xml", replaced(b"<workbookPr ", (b'<workbookPr date1904="1" ', b'<workbookPr date1904="x" ', b"<a "))),
    "another link": ("rels", replaced(b'Target="', (b'TargetMode="External" Target="', b'Target="../../', b'Target="/etc/', b'Target="x', b'T="'))),
    "another formula": ("worksheets", replaced(b"<f>", (b"<f>WEBSERVICE(1)+", b'<f t="shared" si="0">', b"<f/><f>", b""))),
    "another value of a formula": ("worksheets", replaced(b"<v>#N/A</v>", (b"", b"<v/>", b"<v>#SPILL!</v>", b"<v>1</v>", b"<v>#N/A"))),
}  # fmt: skip
ODS: dict[str, Mutation] = {
    "a tag more": within((b"<", b">", b"<table:table-cell/>", b"</table:table-row>", b"<table:table-row>", b"<table:table>", b"&", b"&x;", b"<!-- x -->", b"<text:line-break/>")),
    "repeated": replaced(b"<table:table-cell ", tuple(b'<table:table-cell table:number-columns-repeated="%b" ' % n for n in (b"2", b"16000", b"-1", b"x", b"99999999999999999999"))),
    "repeated rows": replaced(b"<table:table-row", tuple(b'<table:table-row table:number-rows-repeated="%b"' % n for n in (b"3", b"1000000", b"4000000000"))),
    "another type": replaced(b'office:value-type="', (b'office:value-type="x', b'calcext:value-type="error" office:value-type="', b'value-type="', b'office:value-type="date" x="', b'office:value-type="boolean" x="')),
    "another value": replaced(b'office:value="', (b'office:value="-', b'office:value="x', b'office:value="1e400" x="', b'x="')),
    "another day": replaced(b'office:date-value="', (b'office:date-value="9', b'office:date-value="1899-12-30T25:00:00" x="', b'office:date-value="x', b'x="')),
    "another span": replaced(b'rows-spanned="', (b'rows-spanned="100000', b'rows-spanned="-', b'rows-spanned="0" x="', b'x="')),
    "covered": replaced(b"</table:table-cell>", (b"</table:table-cell><table:covered-table-cell/>", b"")),
    "a formula": replaced(b"<table:table-cell ", (b'<table:table-cell table:formula="of:=1+1" ', b'<table:table-cell table:formula="of:=WEBSERVICE(1)"/><table:table-cell ')),
    "a document type": replaced(b"<office:document-content", (b'<!DOCTYPE w [<!ENTITY x "y">]><office:document-content',)),
    "another sheet": replaced("Лист1".encode(), ("Лист2".encode(), b"", "'file:///x'#Лист1".encode())),
    "a sheet twice": replaced(b"<table:table ", ('<table:table table:name="Лист1"/><table:table '.encode(), b'<table:table table:name="x"/><table:table ')),
}  # fmt: skip

# XLS -------------------------------------------------------------------------------------------------------------

HEADER = 512
CELLS = {0x0203, 0x0204, 0x0205, 0x0006, 0x027E, 0x00BD, 0x00FD, 0x0201, 0x00BE}
KINDS = (
    0x0809,
    0x000A,
    0x0006,
    0x003C,
    0x002F,
    0x0085,
    0x00FC,
    0x00E5,
    0x00D6,
    0x0200,
    0xFFFF,
    *sorted(CELLS),
)
BOUNDSHEET, STRINGS, MERGED, BOF, SHARED_TEXT = 0x0085, 0x00FC, 0x00E5, 0x0809, 0x00FD
Records = list[bytes]


def _records(content: bytes) -> Records:
    """The records of the workbook, each with its head; xlwt writes them right behind the header of the container."""
    found, at = [], HEADER
    while at + 4 <= len(content):
        kind, size = struct.unpack_from("<HH", content, at)
        if not kind and not size:
            break
        found.append(content[at : at + 4 + size])
        at += 4 + size
    return found


def _of_records(kinds: set[int] | None, change: Callable[[Records, int, random.Random], None]) -> Mutation:
    """Damage to one record of these kinds; the container stays sound."""

    def mutation(content: bytes, rng: random.Random) -> bytes:
        records = _records(content)
        places = [
            n
            for n, each in enumerate(records)
            if kinds is None or int.from_bytes(each[:2], "little") in kinds
        ]
        if not places:  # damaged already
            return flip(content, rng)
        change(records, rng.choice(places), rng)
        out = io.BytesIO()
        xlwt.CompoundDoc.XlsDoc().save(out, b"".join(records))
        return out.getvalue()

    return mutation


def _within_record(begin: int, end: int, size: int = 2) -> Callable[[Records, int, random.Random], None]:
    """Another number between these places of the record."""

    def change(records: Records, n: int, rng: random.Random) -> None:
        record = records[n]
        places = range(begin, max(begin + 1, min(end, len(record)) - size + 1), size)
        records[n] = _number(record, rng.choice(places), size, rng)

    return change


def _another_kind(records: Records, n: int, rng: random.Random) -> None:
    records[n] = struct.pack("<H", rng.choice(KINDS)) + records[n][2:]


def _record_less(records: Records, n: int, rng: random.Random) -> None:
    records.pop(n)


def _record_twice(records: Records, n: int, rng: random.Random) -> None:
    records.insert(rng.randrange(n, len(records)), records[n])


def _chart(records: Records, n: int, rng: random.Random) -> None:
    head, end = (
        struct.pack("<HHHHHHLL", BOF, 16, 0x0600, 0x0020, 0, 0, 0, 0)[:20],
        struct.pack("<HH", 0x000A, 0),
    )
    records[n:n] = [head, records[n], end]


XLS: dict[str, Mutation] = {
    "another kind of record": _of_records(None, _another_kind), "another kind of cell": _of_records(CELLS, _another_kind),
    "another size of a record": _of_records(None, _within_record(2, 4)),
    "another place": _of_records(CELLS, _within_record(4, 8)), "another text": _of_records({SHARED_TEXT}, _within_record(10, 14)),
    "another cell": _of_records(CELLS, _within_record(8, 20)), "other texts": _of_records({STRINGS}, _within_record(4, 12, 4)),
    "a text of another length": _of_records({STRINGS}, _within_record(12, 4000)),
    "another merge": _of_records({MERGED}, _within_record(4, 40)), "another sheet": _of_records({BOUNDSHEET}, _within_record(4, 24)),
    "a record less": _of_records(CELLS, _record_less), "a record twice": _of_records(CELLS, _record_twice),
    "a chart": _of_records(CELLS, _chart),
    "said of the container": lambda content, rng: _number(content, rng.choice(range(24, 80, 2)), rng.choice((2, 4)), rng),
    "said of its sectors": lambda content, rng: _number(content, rng.randrange(len(content) * 7 // 10, len(content) - 4), 4, rng),
}  # fmt: skip

# Parquet ---------------------------------------------------------------------------------------------------------


def _footer(content: bytes) -> int:
    """Where the footer begins."""
    length = int.from_bytes(content[-8:-4], "little")
    return max(4, len(content) - 8 - length)


def _in_the_footer(content: bytes, rng: random.Random) -> bytes:
    begin = _footer(content)
    return content[:begin] + flip(content[begin:-8], rng) + content[-8:]


def _in_a_page_header(content: bytes, rng: random.Random) -> bytes:
    try:
        footer = pq.read_metadata(io.BytesIO(content))
        group = footer.row_group(rng.randrange(footer.num_row_groups))
        chunk = group.column(rng.randrange(group.num_columns))
        at = rng.choice([chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset])
    except Exception:  # damaged already
        return flip(content, rng)
    return content[:at] + flip(content[at : at + 24], rng) + content[at + 24 :]


def _rewritten(change: Callable[[pa.Table, random.Random], pa.Table], **given: Sequence[Any]) -> Mutation:
    """A sound file with another table, or written in another way: one of each of the ways that are given."""

    def mutation(content: bytes, rng: random.Random) -> bytes:
        try:
            table = pq.read_table(io.BytesIO(content))
            table = change(table, rng) if len(table) else table
        except Exception:  # damaged already
            return flip(content, rng)
        out = io.BytesIO()
        pq.write_table(table, out, **{name: rng.choice(ways) for name, ways in given.items()})
        return out.getvalue()

    return mutation


def _another_kind_of_column(table: pa.Table, rng: random.Random) -> pa.Table:
    place = rng.randrange(table.num_columns)
    column, name = table.column(place).combine_chunks(), table.column_names[place]
    kinds = (
        lambda: column.cast(pa.string()), lambda: column.cast(pa.large_string()), lambda: column.cast(pa.binary()),
        lambda: column.dictionary_encode(), lambda: pa.nulls(len(column)), lambda: column.cast(pa.decimal128(12, 3)),
        lambda: column.cast(pa.timestamp("us")), lambda: column.cast(pa.float32()), lambda: column.cast(pa.int32()),
        lambda: pa.array([[value] for value in column.to_pylist()]),
        lambda: pa.array([{"a": value} for value in column.to_pylist()]),
    )  # fmt: skip
    return table.set_column(place, name, rng.choice(kinds)())


def _other_columns(table: pa.Table, rng: random.Random) -> pa.Table:
    names = list(table.column_names)
    place = rng.randrange(len(names))
    changed = rng.choice(("less", "renamed", "twice", "moved"))
    if changed == "less":
        return table.remove_column(place)
    if changed == "twice":
        return table.append_column(rng.choice((names[place], names[place] + " ")), table.column(place))
    if changed == "moved":
        return table.select(rng.sample(names, len(names)))
    names[place] = rng.choice((names[place].upper(), "", names[place - 1], f" {names[place]}\n"))
    return table.rename_columns(names)


def _other_rows(table: pa.Table, rng: random.Random) -> pa.Table:
    if rng.random() < 0.2:
        return table.slice(0, 0)
    return table.take(pa.array([rng.randrange(len(table)) for _ in range(rng.choice((1, 24, 3000)))]))


PARQUET: dict[str, Mutation] = {
    "inside the footer": _in_the_footer, "inside the head of a page": _in_a_page_header,
    "another size of the footer": lambda content, rng: _number(content, max(0, len(content) - 8), 4, rng),
    "another kind of column": _rewritten(_another_kind_of_column), "other columns": _rewritten(_other_columns),
    "other rows": _rewritten(_other_rows, row_group_size=(1, 7, 100_000)),
    "written in another way": _rewritten(
        lambda table, rng: table, compression=("none", "gzip", "zstd", "lz4", "brotli"), data_page_version=("1.0", "2.0"),
        use_dictionary=(True, False), row_group_size=(1, 5, 100), version=("1.0", "2.6"), write_page_checksum=(True, False),
    ),
}  # fmt: skip
CONTAINERS: dict[str, dict[str, Mutation]] = {
    "xlsx": ANY | ARCHIVE
    | {f"a sheet: {name}": _inside("worksheets/", mutation) for name, mutation in XLSX.items()}
    | {name: _inside(part, mutation) for name, (part, mutation) in XLSX_PARTS.items()}
    | {f"a part: {name}": _inside("xl/", mutation) for name, mutation in ANY.items()},
    "ods": ANY | ARCHIVE
    | {f"a sheet: {name}": _inside("content.xml", mutation) for name, mutation in ODS.items()}
    | {f"a part: {name}": _inside("", mutation) for name, mutation in ANY.items()},
    "xls": ANY | XLS,
    "parquet": ANY | PARQUET,
}  # fmt: skip
