"""XML through expat, defused: records at one path, their elements and attributes as columns."""

from __future__ import annotations

import io
import json
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

BATCH = 10_000
NATIVE = ("utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1")


class _TooDeep(Exception):
    """More levels than the deployment allows."""


def read_xml(reading: Reading, declared: XmlFormat) -> RawRows:
    """Every element at the record path; raw_row counts them from 1.

    A record in which an element that the definition reads stands more than once is a reject: nobody can say which of
    them holds.

    Raises:
        SourceError: the document is not whole or not sound, has a document type, or goes beyond a limit.
    """
    headings = sorted(reading.feed.headings())
    kept = reading.folder / f"{reading.delivered.label}.records.parquet"
    rows = _write(reading, declared, headings, kept)
    stated = _count(reading, declared)
    if rows != stated:
        raise reading.refuse(
            "document", f"{stated} records and {rows} read", "every record read",
            "This is a fault of the program; nothing of this file was taken.",
        )  # fmt: skip
    columns = {heading: f"c{place}" for place, heading in enumerate(headings)}
    relation = f"read_parquet({literal(str(kept))})"
    _check_headings(reading, declared, relation, columns)
    return RawRows(
        relation=f"(from {relation} where reject is null)",
        columns=(*columns.values(), "rest"),
        cells=columns,
        received=f"coalesce(rest, {json_record(columns)})",
        rejects=f"select raw_row, rest as received, reject as rule from {relation} where reject is not null",
        physical_rows=rows,
    )


def _write(reading: Reading, declared: XmlFormat, headings: list[str], to: Path) -> int:
    """The records to a Parquet file: raw_row, c0 …, reject (a rule or null), rest (the record as received)."""
    fields = [("raw_row", pa.int64()), *((f"c{n}", pa.string()) for n in range(len(headings)))]
    schema = pa.schema([*fields, ("reject", pa.string()), ("rest", pa.string())])
    number, waiting = 0, []
    with pq.ParquetWriter(to, schema, compression="lz4") as out:
        for record in _records(reading, declared):
            number += 1
            if number > reading.limits.rows:
                raise _beyond(reading, f"more than {reading.limits.rows} records", "limits.rows")
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
        raise _beyond(reading, f"a text of {longest} characters in record {number}", "limits.cell_chars")
    if len(texts) > reading.limits.columns:
        raise _beyond(reading, f"{len(texts)} elements in record {number}", "limits.columns")
    rest = _as_json({name: several if len(several) > 1 else several[0] for name, several in texts.items()})
    return (number, *cells, "row.xml" if doubled else None, rest)


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


def _records(reading: Reading, declared: XmlFormat) -> Iterator[Element]:
    """The elements at the record path, one after another; what was read is let go."""
    wanted, path = declared.record.strip("/").split("/"), []
    above: list[Element] = []
    try:
        with _document(reading) as file:
            for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    path.append(_local(element.tag))
                    above.append(element)
                    if len(path) > reading.limits.nesting:
                        raise _TooDeep
                    continue
                if path == wanted:
                    yield element
                path.pop()
                above.pop()
                if len(path) < len(wanted) and above:
                    above[-1].remove(element)
    except _TooDeep:
        raise _beyond(reading, f"more than {reading.limits.nesting} levels", "limits.nesting") from None
    except DefusedXmlException as error:
        raise reading.refuse(
            "document", f"a document type or an entity ({type(error).__name__})", "plain XML without either",
            "Ask the source to leave it out; nothing of this file was taken.",
        ) from None  # fmt: skip
    except ParseError as error:
        line, column = error.position
        raise reading.refuse(
            f"line {line}, column {column}", "XML that is not whole or not sound", "a whole XML document",
            "Ask the source to deliver again; nothing of this file was taken.",
        ) from None  # fmt: skip
    except (UnicodeError, LookupError, ValueError) as error:
        raise reading.refuse(
            "document", f"bytes that do not fit its encoding ({type(error).__name__})", "the encoding it declares",
            "Ask the source which encoding it writes; nothing of this file was taken.",
        ) from None  # fmt: skip


def _count(reading: Reading, declared: XmlFormat) -> int:
    """The records as expat counts their start tags, apart from how they are read."""
    wanted, path, count = declared.record.strip("/").split("/"), [], 0
    parser = DefusedXMLParser(forbid_dtd=True, target=_Silent()).parser

    def start(name: str, _attributes: object) -> None:
        nonlocal count
        path.append(_local(name.rpartition("}")[2]))
        count += path == wanted

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: path.pop()
    with _document(reading) as file:
        parser.ParseFile(file)
    return count


class _Silent:
    """A parser's target that builds nothing."""

    def close(self) -> None:
        """There is nothing to give."""


def _document(reading: Reading) -> BinaryIO:
    """The bytes of the document; as UTF-8 where expat does not know the encoding that it declares."""
    path = reading.delivered.path
    with path.open("rb") as file:
        start = file.read(200)
    if not start.strip():
        raise reading.refuse("file", "an empty file", "an XML document", "Ask the source to deliver again.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return path.open("rb")
    head = start.partition(b"?>")[0]
    encoding = head.partition(b"encoding=")[2].strip().strip(b"\"'").partition(b'"')[0].partition(b"'")[0]
    name = encoding.decode("ascii", "replace").strip() or "utf-8"
    if name.lower() in NATIVE:
        return path.open("rb")
    text = path.open("r", encoding=name, newline="")
    return cast(BinaryIO, _Recoded(text))


class _Recoded(io.RawIOBase):
    """A text in another encoding as UTF-8, with the declaration saying so."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self._first = text, True

    def read(self, size: int = -1) -> bytes:
        """Some of it."""
        piece = self._text.read(size)
        if self._first:
            self._first = False
            piece = piece.lstrip("\ufeff")
            declaration, ends, rest = piece.partition("?>")
            if ends and declaration.startswith("<?xml"):
                piece = '<?xml version="1.0" encoding="utf-8"?>' + rest
        return piece.encode()

    def close(self) -> None:
        """Close the text, too."""
        self._text.close()
        super().close()


def _check_headings(reading: Reading, declared: XmlFormat, relation: str, columns: dict[str, str]) -> None:
    """A path that no record has is missing; a document without records is a report of nothing."""
    counts = ", ".join(f"count({column})" for column in columns.values())
    total, *found = reading.connection.execute(f"select count(*), {counts} from {relation}").fetchall()[0]
    if total:
        there = [heading for heading, count in zip(columns, found, strict=True) if count]
        named = reading.connection.execute(
            f"select distinct unnest(json_keys(rest)) from {relation} where rest is not null order by 1"
        ).fetchall()
        check_headings(
            reading, sorted({*there, *(name for (name,) in named)}), f"elements of {declared.record}"
        )


def _beyond(reading: Reading, found: str, limit: str) -> Exception:
    return reading.refuse(
        "document", found, f"no more than {limit}",
        "Ask the source for a smaller or simpler document, or raise the limit of the deployment.",
    )  # fmt: skip


def _local(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""
