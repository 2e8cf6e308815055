"""Lines of a text file in UTF-8, read and counted in bytes: a line ends with LF, CR LF or CR."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from include.sources.formats.raw import Reading
from include.sources.formats.text import check_encoding

CHUNK = 1 << 20
LONGEST_CHARACTER = 4


def lines(reading: Reading, path: Path) -> Iterator[list[bytes]]:
    """The lines with their ends, many at a time; without a byte order mark.

    Raises:
        SourceError: a line is longer than limits.cell_chars, or has a NUL, which no text has.
    """
    most = reading.limits.cell_chars
    before = 0
    for piece in _pieces(path, most * LONGEST_CHARACTER):
        found = piece.splitlines(keepends=True)  # of bytes: at LF, CR LF and CR alone
        if b"\0" in piece:
            raise no_text(reading, next(n for n, line in enumerate(found, before + 1) if b"\0" in line))
        if max(map(len, found)) > most:
            for n, line in enumerate(found, before + 1):
                if len(line) > most and len(line.decode(errors="replace").rstrip("\r\n")) > most:
                    raise too_long(reading, f"line {n}")
        yield found
        before += len(found)


def no_text(reading: Reading, line: int) -> Exception:
    """The error for a NUL byte, which no text has."""
    return reading.refuse(
        f"line {line}", "a NUL byte", "text",
        "The file is damaged, or in UTF-16: ask the source to deliver again, or mend format.encoding.",
    )  # fmt: skip


def too_long(reading: Reading, place: str) -> Exception:
    """The error for a line or a cell beyond the limit."""
    return reading.refuse(
        place, f"more than {reading.limits.cell_chars} characters",
        f"no more than {reading.limits.cell_chars} (limits.cell_chars)",
        "Check quotes and line breaks of the file, or raise the limit of the deployment.",
    )  # fmt: skip


def _pieces(path: Path, most: int) -> Iterator[bytes]:
    """The file in pieces that end where a line ends, or where it is too long anyway."""
    with path.open("rb") as file:
        rest = file.read(CHUNK).removeprefix(codecs.BOM_UTF8)
        while chunk := file.read(CHUNK):
            rest += chunk
            cut = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, -1)) + 1  # an LF may follow a CR at the end
            if cut or len(rest) > most:
                yield rest[: cut or len(rest)]
                rest = rest[cut or len(rest) :]
        if rest:
            yield rest


def count_lines(path: Path) -> int:
    """How many lines there are; the last one counts with or without its end. Counted without splitting."""
    ends, last, mark = 0, b"", codecs.BOM_UTF8
    with path.open("rb") as file:
        piece = file.read(CHUNK).removeprefix(mark)
        while piece:
            pairs = piece.count(b"\r\n") + (last == b"\r" and piece.startswith(b"\n"))
            ends += piece.count(b"\n") + piece.count(b"\r") - pairs
            last = piece[-1:]
            piece = file.read(CHUNK)
    return ends + (last not in (b"", b"\n", b"\r"))


def whole_text(reading: Reading, encoding: str, error: Exception) -> Exception:
    """The error to raise where bytes are no UTF-8: the one that says where."""
    check_encoding(reading, encoding)
    return error
