"""XML through expat, defused: records at one path, their elements and attributes as columns."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast
from xml.etree.ElementTree import Element, ParseError

import pyarrow as pa
import pyarrow.parquet as pq
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from include.sources.definition.formats import XmlFormat
from include.sources.formats.raw import RawRows, Reading, check_headings, json_record, literal
from include.sources.formats.text import check_encoding

BATCH = 10_000
PIECE = 1 << 14
DECLARED = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
UTF = ("utf-8", "utf-16", "us-ascii", "ascii")
"""Encodings that expat knows, and in which bytes of another one are seldom text."""


def read_xml(reading: Reading, declared: XmlFormat) -> RawRows:
    """Every element at the record path; raw_row counts them from 1.

    A record in which an element that the definition reads stands more than once is a reject: nobody can say which of
    them holds. So is one in which such an element holds others with a text that the definition does not read.

    Raises:
        SourceError: the document is not whole or not sound, has a document type, or goes beyond a limit.
    """
    headings = sorted(reading.feed.headings())
    kept = reading.folder / f"{reading.delivered.label}.records.parquet"
    document = _Document(reading, declared)
    rows = _write(reading, document, headings, kept)
    stated = _count(document)
    if rows != stated:
        raise reading.refuse(
            "document", f"{stated} records and {rows} read", "every record read",
            "This is a fault of the program; nothing of this file was taken.",
        )  # fmt: skip
    columns = {heading: f"c{place}" for place, heading in enumerate(headings)}
    relation = f"read_parquet({literal(str(kept))})"
    if rows:
        _check_headings(reading, declared, relation, columns)
    else:
        document.check_nothing()
    return RawRows(
        relation=f"(from {relation} where reject is null)",
        columns=(*columns.values(), "rest"),
        cells=columns,
        received=f"coalesce(rest, {json_record(columns)})",
        rejects=f"select raw_row, rest as received, reject as rule from {relation} where reject is not null",
        physical_rows=rows,
    )


def _write(reading: Reading, document: _Document, headings: list[str], to: Path) -> int:
    """The records to a Parquet file: raw_row, c0 …, reject (a rule or null), rest (the record as received)."""
    fields = [("raw_row", pa.int64()), *((f"c{n}", pa.string()) for n in range(len(headings)))]
    schema = pa.schema([*fields, ("reject", pa.string()), ("rest", pa.string())])
    number, waiting = 0, []
    with pq.ParquetWriter(to, schema, compression="lz4") as out:
        for record in document.records():
            number += 1
            if number > reading.limits.rows:
                raise _beyond(reading, f"more than {reading.limits.rows} records", "rows")
            waiting.append(_row(reading, number, record, headings))
            if len(waiting) == BATCH:
                out.write_table(_table(waiting, schema))
                waiting = []
        out.write_table(_table(waiting, schema))
    return number


def _table(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def _row(reading: Reading, number: int, record: Element, headings: list[str]) -> tuple[object, ...]:
    texts = _texts(record)
    doubled = [heading for heading in headings if len(texts.get(heading, ())) > 1]
    cells = [(texts.get(heading) or [None])[0] for heading in headings]
    longest = max((len(text) for several in texts.values() for text in several if text), default=0)
    if longest > reading.limits.cell_chars:
        raise _beyond(reading, f"a text of {longest} characters in record {number}", "cell_chars")
    rest = _as_json({name: several if len(several) > 1 else several[0] for name, several in texts.items()})
    return (number, *cells, "row.xml" if doubled or _is_lost_within(headings, texts) else None, rest)


def _is_lost_within(headings: list[str], texts: dict[str, list[str | None]]) -> bool:
    """Whether an element that is read holds others whose texts are not."""
    unread = [path for path in texts if "/" in path and path not in headings and "@" not in path]
    return any(path.startswith(f"{heading}/") and any(texts[path]) for path in unread for heading in headings)


def _texts(record: Element) -> dict[str, list[str | None]]:
    """Path in the record → the texts that stand there; attributes as @name, the record's own text as "."."""
    found: dict[str, list[str | None]] = {}
    waiting: list[tuple[str, Element]] = [("", record)]
    while waiting:
        path, element = waiting.pop(0)
        for name, value in element.attrib.items():
            found.setdefault(f"{path}/@{_local(name)}".lstrip("/"), []).append(value)
        text = "".join([element.text or "", *(child.tail or "" for child in element)]).strip()
        if text or (path and not len(element)):
            found.setdefault(path or ".", []).append(text or None)
        waiting += [(f"{path}/{_local(child.tag)}".lstrip("/"), child) for child in element]
    return found


def _as_json(texts: dict[str, object]) -> str:
    return json.dumps(texts, ensure_ascii=False)


class _Document:
    """A document that is read from its beginning as often as asked; `seen` is what its names tell of a lost record."""

    def __init__(self, reading: Reading, declared: XmlFormat) -> None:
        self.reading, self.record = reading, declared.record
        self.wanted = declared.record.strip("/").split("/")
        self.names = {_last(heading) for heading in reading.feed.headings()}
        self.seen: set[str] = set()
        self.has_parent = False
        self.encoding = _encoding(reading)
        if self.encoding != "utf-16":
            check_encoding(reading, self.encoding, "the document")

    def open(self) -> BinaryIO:
        """The bytes; as UTF-8 where expat does not know their encoding."""
        path = self.reading.delivered.path
        if self.encoding in UTF:
            return path.open("rb")
        return cast(BinaryIO, _Recoded(path.open("r", encoding=self.encoding, newline="")))

    def records(self) -> Iterator[Element]:
        """The elements at the record path, one after another; what was read is let go.

        Raises:
            SourceError: the document is not whole or not sound, has a document type, or goes beyond a limit.
        """
        try:
            with self.open() as file:
                yield from self._records(file)
        except DefusedXmlException as error:
            raise self.reading.refuse(
                "document", f"a document type or an entity ({type(error).__name__})", "plain XML without either",
                "Ask the source to leave it out; nothing of this file was taken.",
            ) from None  # fmt: skip
        except ParseError as error:
            line, column = error.position
            raise self.reading.refuse(
                f"line {line}, column {column}", "XML that is not whole or not sound", "a whole XML document",
                "Ask the source to deliver again; nothing of this file was taken.",
            ) from None  # fmt: skip
        except (UnicodeError, LookupError, ValueError) as error:
            raise self.reading.refuse(
                "document", f"bytes that do not fit its encoding ({type(error).__name__})", "the encoding it declares",
                "Ask the source which encoding it writes; nothing of this file was taken.",
            ) from None  # fmt: skip

    def _records(self, file: BinaryIO) -> Iterator[Element]:
        limits, wanted, whole = self.reading.limits, self.wanted, len(self.wanted)
        above: list[Element] = []
        depth = fitting = 0  # of the path: how long it is, and how many of its names lead to a record
        number = parts = 0
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                depth += 1
                above.append(element)
                if depth > limits.nesting:
                    raise _beyond(self.reading, f"more than {limits.nesting} levels", "nesting")
                if fitting < whole:
                    name = _local(element.tag)
                    if fitting == depth - 1 and name == wanted[fitting]:
                        fitting += 1
                        number, parts = number + (fitting == whole), -1  # the record itself is no part of it
                    self._see(fitting, name, element)
                if fitting == whole:
                    parts += 1 + len(element.attrib)
                    if parts > limits.columns:
                        found = f"more than {limits.columns} elements and attributes in record {number}"
                        raise _beyond(self.reading, found, "columns")
                continue
            if fitting == whole == depth:
                yield element
            above.pop()
            if fitting == depth:
                fitting -= 1
            depth -= 1
            if above and fitting < whole:  # only a record is kept until its end
                above[-1].remove(element)

    def _see(self, fitting: int, name: str, element: Element) -> None:
        self.has_parent |= fitting == len(self.wanted) - 1
        self.seen.update(self.names.intersection((name, *map(_local, element.attrib))))

    def check_nothing(self) -> None:
        """A document without a record reports nothing only where records would have been found.

        Raises:
            SourceError: the element that would hold them is not there, or records are there under another name.
        """
        renamed = bool(self.names) and self.seen == self.names
        if len(self.wanted) > 1 and self.has_parent and not renamed:
            return
        found = f"no element {self.record}" + (" though there are all that records have" if renamed else "")
        raise self.reading.refuse(
            "document", found, "records there, or the element that would hold them",
            "Mend format.record of the definition, or ask the source; nothing of this file was taken.",
        )  # fmt: skip


def _count(document: _Document) -> int:
    """The records as expat counts their start tags, apart from how they are read."""
    path: list[str] = []
    count = 0
    parser = DefusedXMLParser(forbid_dtd=True, target=_Silent()).parser

    def start(name: str, _attributes: object) -> None:
        nonlocal count
        path.append(_local(name.rpartition("}")[2]))
        count += path == document.wanted

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: path.pop()
    with document.open() as file:
        parser.ParseFile(file)
    return count


class _Silent:
    """A parser's target that builds nothing."""

    def close(self) -> None:
        """There is nothing to give."""


def _encoding(reading: Reading) -> str:
    """The encoding that the document declares, by the name that Python gives it.

    Raises:
        SourceError: the file is empty, its encoding is unknown, or its byte order mark says another one.
    """
    with reading.delivered.path.open("rb") as file:
        start = file.read(512)
    if not start.strip():
        raise reading.refuse("file", "an empty file", "an XML document", "Ask the source to deliver again.")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    text = start.removeprefix(codecs.BOM_UTF8)
    declared = DECLARED.match(text)
    name = declared[1].decode() if declared else "utf-8"
    try:
        "".encode(name)  # unlike `lookup` it takes encodings of text alone
        found = codecs.lookup(name).name
    except LookupError:
        raise reading.refuse(
            "document", "an encoding that is not known here", "one of those that Python knows",
            "Ask the source to write UTF-8; nothing of this file was taken.",
        ) from None  # fmt: skip
    if text is not start and found != "utf-8":
        raise reading.refuse(
            "document", "text in UTF-8, as its byte order mark says", f"text in {name}, as the document declares",
            "Ask the source which encoding it writes; nothing of this file was taken.",
        )  # fmt: skip
    return found


class _Recoded(io.RawIOBase):
    """A text in another encoding as UTF-8, with the declaration saying so."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        declaration, ends, rest = text.read(PIECE).removeprefix("\ufeff").partition("?>")
        declared = bool(ends) and declaration.startswith("<?xml")
        self._rest = (
            '<?xml version="1.0" encoding="utf-8"?>' + rest if declared else declaration + ends + rest
        ).encode()

    def read(self, size: int = -1) -> bytes:
        """Some of it; never more bytes than asked for, though letters become longer."""
        while (size < 0 or len(self._rest) < size) and (piece := self._text.read(PIECE)):
            self._rest += piece.encode()
        found, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return found

    def close(self) -> None:
        """Close the text, too."""
        self._text.close()
        super().close()


def _check_headings(reading: Reading, declared: XmlFormat, relation: str, columns: dict[str, str]) -> None:
    """A path that no record has is missing."""
    counts = ", ".join(f"count({column})" for column in columns.values())
    found = reading.connection.execute(f"select {counts} from {relation}").fetchall()[0]
    there = [heading for heading, count in zip(columns, found, strict=True) if count]
    named = reading.connection.execute(
        f"select distinct unnest(json_keys(rest)) from {relation} where rest is not null order by 1"
    ).fetchall()
    check_headings(reading, sorted({*there, *(name for (name,) in named)}), f"elements of {declared.record}")


def _beyond(reading: Reading, found: str, limit: str) -> Exception:
    return reading.refuse(
        "document", found, f"no more than {getattr(reading.limits, limit)} (limits.{limit})",
        "Ask the source for a smaller or simpler document, or raise the limit of the deployment.",
    )  # fmt: skip


def _local(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def _last(heading: str) -> str:
    """The name of the element or attribute that a heading leads to."""
    return heading.rpartition("/")[2].removeprefix("@")
