"""Text files: the declared encoding or nothing, and how many records there really are."""

from __future__ import annotations

import codecs
import contextlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from include.sources.formats.raw import Reading

CHUNK = 1 << 20
NO_BREAK_SPACE = "\u00a0".encode()
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


def utf8_text(reading: Reading, encoding: str) -> Path:
    """The delivery as UTF-8: the landed file itself where it is UTF-8 already, else a converted copy.

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
    plain = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    copy = None if plain else reading.folder / f"{path.name}.utf8"
    with path.open("rb") as file, contextlib.ExitStack() as stack:
        out = stack.enter_context(copy.open("wb")) if copy else None
        _decode(reading, file, out, encoding)
    return copy or path


def _decode(reading: Reading, file: BinaryIO, out: BinaryIO | None, encoding: str) -> None:
    """Read the whole file in its encoding, line-aligned, and write it as UTF-8 where asked."""
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    aligned = codec == "utf-8"  # no byte of another character looks like a line break
    decoder = codecs.getincrementaldecoder(codec)("strict")
    read = lines = 0
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
            line = lines + error.object[: error.start].count(b"\n") + 1
            raise reading.refuse(
                f"line {line}, near byte {read + error.start}", f"a byte that is no {encoding}",
                f"text in {encoding}, as the definition declares",
                "Mend format.encoding of the definition, or ask the source; nothing of this file was taken.",
            ) from None  # fmt: skip
        if not chunk:
            return
        read += len(piece)
        lines += piece.count(b"\n")


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


def count_records(path: Path, quote: str) -> int:
    """Records of a delimited file: line breaks inside quotes do not end one. Bytes only, no parsing."""
    mark, inside, breaks, last = quote.encode(), False, 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if mark in chunk:
                for number, piece in enumerate(chunk.split(mark)):
                    inside ^= number > 0
                    breaks += 0 if inside else piece.count(b"\n")
            elif not inside:
                breaks += chunk.count(b"\n")
            last = chunk[-1:]
    return breaks + (last != b"\n" or inside)


def has_padding(path: Path, delimiter: str, quote: str) -> bool:
    """Whether any cell may have an outer space: bytes only, so that files without are spared the trimming."""
    edges = np.zeros(256, dtype=bool)
    edges[[ord(delimiter.encode()), ord(quote.encode()), ord(b"\n"), ord(b"\r")]] = True
    edge = np.frombuffer(b"\n", dtype=np.uint8)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if b"\t" in chunk or NO_BREAK_SPACE in chunk:
                return True
            window = np.concatenate((edge, np.frombuffer(chunk, dtype=np.uint8)))
            spaces = np.flatnonzero(window == ord(b" "))
            if (
                edges[window[spaces - 1]].any()
                or edges[window[np.minimum(spaces + 1, len(window) - 1)]].any()
            ):
                return True
            edge = window[-1:]
            if edge[0] == ord(b" "):  # its right neighbour stands in the next piece: do not look, trim
                return True
    return False
