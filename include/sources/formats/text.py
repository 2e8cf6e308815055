"""Text files: the declared encoding or nothing, and how many records there really are."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from include.sources.formats.raw import Reading

CHUNK = 1 << 20
NO_BREAK_SPACE = "\u00a0"
LINE_BREAK, SPACE = ord("\n"), ord(" ")
MAGIC = {
    b"PK\x03\x04": "a ZIP archive or XLSX workbook",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
    b"<!DOC": "an HTML page",
    b"<html": "an HTML page",
    b"<?xml": "an XML file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


def utf8_text(reading: Reading, encoding: str, checked_by_engine: bool = False) -> Path:
    """The delivery as UTF-8: the landed file itself where it is UTF-8 already, else a converted copy.

    Args:
        reading: the delivery.
        encoding: as the definition declares it.
        checked_by_engine: whoever scans the text checks UTF-8 and calls `check_encoding` on a fault.

    Raises:
        SourceError: the file is empty, is of another kind, or does not fit its declared encoding.
    """
    path = reading.delivered.path
    with path.open("rb") as file:
        start = file.read(8)
    if not start.strip():
        raise reading.refuse(
            "file",
            "an empty file",
            "at least a heading line",
            "Ask the source to deliver again; zero is reported with a heading.",
        )
    for magic, kind in MAGIC.items():
        if start.startswith(magic):
            raise reading.refuse(
                "file", kind, "a text file", "Ask the source, or mend format.kind of the definition."
            )
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig"):
        if not checked_by_engine:
            check_encoding(reading, encoding)
        return path
    copy = reading.folder / f"{path.name}.utf8"
    with path.open("rb") as file, copy.open("wb") as out:
        _decode(reading, file, out, encoding)
    return copy


def check_encoding(reading: Reading, encoding: str) -> None:
    """Raise the error that says where the bytes do not fit the declared encoding."""
    with reading.delivered.path.open("rb") as file:
        _decode(reading, file, None, encoding)


def _decode(reading: Reading, file: BinaryIO, out: BinaryIO | None, encoding: str) -> None:
    """Read the whole file in its encoding, line-aligned, and write it as UTF-8 where asked."""
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    aligned = codec == "utf-8"  # no byte of another character looks like a line break
    decoder = codecs.getincrementaldecoder(codec)("strict")
    read = 0
    rest = b""
    while True:
        chunk = file.read(CHUNK)
        piece = rest + chunk
        if aligned and chunk:
            cut = piece.rfind(b"\n") + 1
            piece, rest = piece[:cut], piece[cut:]
        try:
            if not (aligned and out is None and _is_utf8(piece)):
                text = decoder.decode(piece, final=not chunk)
                if out:
                    out.write(text.encode())
        except UnicodeDecodeError as error:
            line = _line_breaks_before(file, read + error.start) + 1
            raise reading.refuse(
                f"line {line}, near byte {read + error.start}", f"a byte that is no {encoding}",
                f"text in {encoding}, as the definition declares",
                "Mend format.encoding of the definition, or ask the source; nothing of this file was taken.",
            ) from None  # fmt: skip
        if not chunk:
            return
        read += len(piece)


def _line_breaks_before(file: BinaryIO, place: int) -> int:
    file.seek(0)
    breaks = 0
    while chunk := file.read(min(CHUNK, place - file.tell())):
        breaks += chunk.count(b"\n")
    return breaks


def _is_utf8(piece: bytes) -> bool:
    """Whether the bytes are UTF-8; Arrow's check is several times faster than decoding."""
    offsets = pa.py_buffer(np.array([0, len(piece)], dtype=np.int32))
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(piece)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def count_lines(path: Path) -> int:
    """Lines that are not blank; the last one counts with or without its line break."""
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


@dataclass(frozen=True)
class TextFacts:
    """What the bytes of a delimited file tell before anybody parses it.

    Attributes:
        records: records of the file; a line break inside quotes does not end one.
        outer_spaces: the characters that may stand around the text of a cell; "" where no cell needs trimming.
    """

    records: int
    outer_spaces: str


def look_through(path: Path, delimiter: str, quote: str) -> TextFacts:
    """Count the records and find what spaces may surround a cell, in one pass over the bytes."""
    inside, breaks, last = False, 0, LINE_BREAK
    kinds: set[str] = set()
    edges = np.zeros(256, dtype=bool)
    edges[[ord(delimiter), ord(quote), LINE_BREAK, ord("\r")]] = True
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            chunk = np.frombuffer(piece, dtype=np.uint8)
            ends = found = int(np.count_nonzero(chunk == LINE_BREAK))
            if inside or quote.encode() in piece:
                marks = np.flatnonzero(chunk == ord(quote))
                before = np.searchsorted(marks, np.flatnonzero(chunk == LINE_BREAK))
                ends = int(np.sum((before + inside) % 2 == 0))
                inside ^= bool(len(marks) % 2)
            breaks += ends
            if ends < found:  # a cell of several lines may begin or end with a blank one
                kinds.add("\n")
            if b"\r" in piece:  # also where lines end with it: there may be one too many
                kinds.add("\r")
            if b"\t" in piece and delimiter != "\t":
                kinds.add("\t")
            if b"\xc2" in piece:  # the first byte of a no-break space; the second alone ends many a letter
                kinds.add(NO_BREAK_SPACE)
            if " " not in kinds and _space_at_an_edge(chunk, edges, edges[last]):
                kinds.add(" ")
            last = piece[-1]
    return TextFacts(breaks + (last != LINE_BREAK or inside), "".join(sorted(kinds)))


def _space_at_an_edge(chunk: np.ndarray, edges: np.ndarray, begins_at_an_edge: bool) -> bool:
    """Whether a space touches a delimiter, a quote or a line break; at the end of a piece it is taken to."""
    spaces = np.flatnonzero(chunk == SPACE)
    if not len(spaces):
        return False
    first, last = spaces[0] == 0, spaces[-1] == len(chunk) - 1
    if (first and begins_at_an_edge) or last:
        return True
    return bool(edges[chunk[spaces[int(first) :] - 1]].any() or edges[chunk[spaces + 1]].any())
