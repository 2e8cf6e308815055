"""Text files: the declared encoding or nothing, whatever the format of what is written in it."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from include.sources.formats.letters import Sample
from include.sources.formats.raw import Reading

CHUNK = 1 << 20
MARK = "\ufeff"
MAGIC = {
    b"PK\x03\x04": "a ZIP archive or XLSX workbook",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"%PDF": "a PDF",
    b"{\\rtf": "an RTF document",
    b"\x1f\x8b": "a gzip archive",
    b"BZh91AY&SY": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"PAR1": "a Parquet file",
    b"SQLite format 3\x00": "an SQLite database",
    b"\x89PNG\r\n": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
}
MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
"""Byte order marks; the longer ones first, since one begins with another."""
PAGE = re.compile(rb"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
XML = re.compile(rb"\s*<\?xml\b")
UTF8 = ("utf-8", "utf-8-sig")
DEFINITION = "the definition"


def utf8_text(
    reading: Reading,
    encoding: str,
    checked_by_engine: bool = False,
    is_xml: bool = False,
    blank_is_zero: bool = False,
) -> Path:
    """The delivery as UTF-8: the landed file itself where it is UTF-8 already, else a converted copy.

    The landed file may begin with a byte order mark, the copy has none.

    Args:
        reading: the delivery.
        encoding: as the definition declares it.
        checked_by_engine: whoever scans the text checks UTF-8 and calls `check_encoding` on a fault.
        is_xml: XML is what is expected.
        blank_is_zero: a file of blank lines alone says that there is nothing to report.

    Raises:
        SourceError: the file is empty, is of another kind, or does not fit its declared encoding.
    """
    path, name = reading.delivered.path, codecs.lookup(encoding).name
    _refuse_other_kinds(reading, is_xml)
    _refuse_other_marks(reading, name)
    _refuse_nothing(reading, blank_is_zero)
    if name in UTF8:
        if not checked_by_engine:
            check_encoding(reading, encoding)
        return path
    copy = reading.folder / f"{reading.delivered.label}.utf8"
    with copy.open("wb") as out:
        _decode(reading, encoding, out)
    return copy


def check_encoding(reading: Reading, encoding: str, by: str = DEFINITION) -> None:
    """Raise the error that says where the bytes do not fit the declared encoding.

    Args:
        reading: the delivery.
        encoding: the declared one.
        by: what declares it.
    """
    _decode(reading, encoding, None, by)


def _refuse_other_kinds(reading: Reading, is_xml: bool) -> None:
    start = _start(reading)
    kind = next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), "")
    text = start.removeprefix(codecs.BOM_UTF8)
    if PAGE.match(text):
        kind = "an HTML page"
    elif XML.match(text) and not is_xml:
        kind = "an XML file"
    if kind:
        expected = "an XML file" if is_xml else "a text file"
        raise reading.refuse("file", kind, expected, "Ask the source, or mend format.kind of the definition.")


def _refuse_other_marks(reading: Reading, name: str) -> None:
    """A byte order mark says what the encoding is: the declared one must be that."""
    start = _start(reading)
    marked = next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), "")
    if marked and not (name.startswith(marked) or marked.startswith(name)):
        found = f"text in {marked.upper()[:6].rstrip('-')}, as its byte order mark says"
    elif name == "utf-16" and not marked:
        found = "no byte order mark"
    else:
        return
    raise reading.refuse(
        "file", found, f"text in {name}, as the definition declares",
        "Mend format.encoding of the definition (utf-16-le and utf-16-be need no mark), or ask the source.",
    )  # fmt: skip


def _refuse_nothing(reading: Reading, blank_is_zero: bool) -> None:
    with reading.delivered.path.open("rb") as file:
        seen = False
        while piece := file.read(CHUNK):
            seen = True
            if piece.strip():
                return
    if seen and blank_is_zero:
        return
    raise reading.refuse(
        "file", "an empty file", "at least a heading line",
        "Ask the source to deliver again; zero is reported with a heading.",
    )  # fmt: skip


def _start(reading: Reading) -> bytes:
    with reading.delivered.path.open("rb") as file:
        return file.read(512)


def _decode(reading: Reading, encoding: str, out: BinaryIO | None, by: str = DEFINITION) -> None:
    """Read the whole file in its encoding and write it as UTF-8 where asked."""
    name = codecs.lookup(encoding).name
    is_utf8 = name in UTF8
    decoder = codecs.getincrementaldecoder("utf-8" if is_utf8 else name)("strict")
    sample = None if is_utf8 else Sample(name)
    place = 0
    with reading.delivered.path.open("rb") as file:
        while True:
            piece = file.read(CHUNK)
            # To the end of a line: then no character is cut, and no word of the sample.
            piece += file.readline(CHUNK) if piece else b""
            if not (piece and is_utf8 and out is None and _is_utf8(piece)):
                try:
                    text = decoder.decode(piece, final=not piece)
                except UnicodeDecodeError as error:
                    # The decoder may have kept the first bytes of a character from the piece before.
                    at = place + len(piece) - len(error.object) + error.start
                    raise _misfit(
                        reading, f"line {_breaks(reading.delivered.path, at, name) + 1}, near byte {at}",
                        f"a byte that is no {encoding}", encoding, by,
                    ) from None  # fmt: skip
                if sample:
                    sample.take(piece, text)
                if out:
                    out.write((text if place else text.removeprefix(MARK)).encode("utf-8", "surrogatepass"))
            if not piece:
                break
            place += len(piece)
    if sample and (other := sample.better_read_as()):
        raise _misfit(reading, "file", other, encoding, by)


def _breaks(path: Path, end: int, encoding: str) -> int:
    """Line breaks of a file before that byte."""
    decoder = codecs.getincrementaldecoder(encoding)("ignore")
    breaks = 0
    with path.open("rb") as file:
        while end > 0 and (piece := file.read(min(CHUNK, end))):
            breaks += decoder.decode(piece).count("\n")
            end -= len(piece)
    return breaks


def _misfit(reading: Reading, place: str, found: str, encoding: str, by: str) -> Exception:
    mend = (
        "Mend format.encoding of the definition, or ask the source" if by == DEFINITION else "Ask the source"
    )
    return reading.refuse(
        place, found, f"text in {encoding}, as {by} declares", f"{mend}; nothing of this file was taken."
    )


def _is_utf8(piece: bytes) -> bool:
    """Whether the bytes are UTF-8; Arrow's check is several times faster than decoding."""
    offsets = pa.py_buffer(np.array([0, len(piece)], dtype=np.int32))
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(piece)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
