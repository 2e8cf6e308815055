"""ZIP archives that are workbooks: looked through, and inflated under caps, before anybody parses them.

What is declared can lie: sizes are those that really come out, and nothing is written beyond a cap.
"""

from __future__ import annotations

import codecs
import mmap
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from include.sources.errors import SourceError
from include.sources.formats.raw import Reading
from include.sources.formats.text import MAGIC

CHUNK = 1 << 20
MOST_ENTRIES = 10_000
MOST_BYTES_OF_A_TREE = 4 << 20
FREE_BYTES = 16 << 20
"""Up to here an archive may expand as it likes: a small sheet of equal rows shrinks to almost nothing."""
ENTRY = b"PK\x01\x02"
LEAST_HEADER = 30
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SAVE_ANEW = "Ask the source to open the file in its spreadsheet program and to save it again."
DELIVER_ANEW = "Ask the source to deliver again; nothing of this file was taken."


class Archive:
    """A ZIP archive that may be opened: few entries, distinct names, no password, no lie about its size."""

    def __init__(self, reading: Reading, expected: str) -> None:
        """Look at the directory of the archive alone.

        Args:
            reading: the delivery.
            expected: what it should be, for messages: "an XLSX workbook".

        Raises:
            SourceError: it is something else, or nothing that should be opened.
        """
        self.reading, self.expected = reading, expected
        self.taken = self.given = 0  # bytes in and out of all parts so far
        path = reading.delivered.path
        refuse_other_kinds(reading, b"PK\x03\x04", expected)
        if _entries(path) > MOST_ENTRIES:
            raise self.refuse(
                "file",
                f"an archive of more than {MOST_ENTRIES} entries",
                f"{expected} of fewer",
                DELIVER_ANEW,
            )
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
            raise self.refuse(
                "file",
                "an archive that is broken or cut off",
                f"a whole file that is {expected}",
                DELIVER_ANEW,
            ) from None
        try:
            self.parts = self._directory()
        except BaseException:
            self.zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.zip.close()

    def refuse(self, place: str, found: str, expected: str, action: str) -> SourceError:
        """The error that refuses the delivery."""
        return self.reading.refuse(place, found, expected, action)

    def has(self, name: str) -> bool:
        """Whether the archive has a part of this name; capitals make no difference."""
        return name.lower() in self.parts

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of a part, piece by piece, for as long as it keeps to the limits.

        Raises:
            SourceError: there is no such part, it is broken, or it expands beyond a limit.
        """
        part = self.parts.get(name.lower())
        if part is None:
            raise self.refuse("archive", f"no part {name!r}", self.expected, DELIVER_ANEW)
        self.taken += min(part.compress_size, self.reading.delivered.path.stat().st_size)
        try:
            with self.zip.open(part) as file:
                while chunk := file.read(CHUNK):
                    self.given += len(chunk)
                    self._within_limits(name)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
            raise self.refuse(
                f"part {name!r}", "content that is broken or cut off", "a whole part", DELIVER_ANEW
            ) from None

    def tree(self, name: str) -> Element:
        """A small part as a tree of elements, read without entities and document types.

        Raises:
            SourceError: as of `chunks`; also where the part is no XML, or large.
        """
        content = bytearray()
        for chunk in self.chunks(name):
            content += chunk
            if len(content) > MOST_BYTES_OF_A_TREE:
                raise self.refuse(
                    f"part {name!r}", f"more than {MOST_BYTES_OF_A_TREE} bytes", "a small part", SAVE_ANEW
                )
        try:
            root: Element = fromstring(bytes(content), forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise self.refuse(f"part {name!r}", "no plain XML", "plain XML", SAVE_ANEW) from None
        return root

    def _directory(self) -> dict[str, zipfile.ZipInfo]:
        parts: dict[str, zipfile.ZipInfo] = {}
        for part in self.zip.infolist():
            name = part.filename.replace("\\", "/").lstrip("/").lower()
            if name in parts:
                raise self.refuse(
                    "archive", "an entry that stands in it more than once", "every entry once", DELIVER_ANEW
                )
            if part.flag_bits & 1:
                raise protected(self.reading)
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise self.refuse(
                    "archive", "an entry that is compressed in a rare way", self.expected, SAVE_ANEW
                )
            parts[name] = part
        self._check_places()
        most = self.reading.limits.expanded_bytes
        if sum(part.file_size for part in parts.values()) > most:
            raise self._too_large(most)
        return parts

    def _check_places(self) -> None:
        """No entry begins within another one: so do thousands of a bomb, of which each is small."""
        places = sorted((part.header_offset, part.compress_size) for part in self.zip.infolist())
        for (begin, size), (following, _) in pairwise([*places, (self.zip.start_dir, 0)]):
            if begin + LEAST_HEADER + size > following:
                raise self.refuse(
                    "archive", "entries that share bytes", "entries behind each other", DELIVER_ANEW
                )

    def _within_limits(self, name: str) -> None:
        limits = self.reading.limits
        if self.given > limits.expanded_bytes:
            raise self._too_large(limits.expanded_bytes)
        if self.given > FREE_BYTES + limits.expansion * self.taken:
            raise self.refuse(
                f"part {name!r}",
                f"content that expands to more than {limits.expansion} times its compressed size",
                f"at most that beyond the first {FREE_BYTES >> 20} MiB", f"{DELIVER_ANEW} The limit is the deployment's `expansion`.",
            )  # fmt: skip

    def _too_large(self, most: int) -> SourceError:
        return self.refuse(
            "archive", "content that is larger when expanded", f"at most {most} bytes",
            f"{DELIVER_ANEW} The limit is the deployment's `expanded_bytes`.",
        )  # fmt: skip


def refuse_other_kinds(reading: Reading, magic: bytes | tuple[bytes, ...], expected: str) -> None:
    """Refuse a delivery that does not begin as it should, and say what it is.

    Raises:
        SourceError: it is empty, or begins otherwise.
    """
    with reading.delivered.path.open("rb") as file:
        start = file.read(1024)
    if start.startswith(magic):
        return
    if not start.strip():
        raise reading.refuse(
            "file", "an empty file", expected,
            "Ask the source to deliver again; zero is reported with a heading.",
        )  # fmt: skip
    raise reading.refuse(
        "file", kind_of(start, reading.delivered.path), expected,
        "Ask the source, or mend format.kind of the definition; nothing of this file was taken.",
    )  # fmt: skip


def kind_of(start: bytes, path: Path) -> str:
    """What a file that begins so seems to be."""
    if start.startswith(OLE2):
        return (
            "a workbook that is protected by a password" if _has_package(path) else "an old Office file (XLS)"
        )
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:64].lower().startswith((b"<html", b"<!doctype html", b"<table", b"<head", b"<body", b"<meta")):
        return "an HTML page"
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return "a workbook as one XML file (Excel 2003)"
    if text.startswith(b"<?xml"):
        return "an XML file"
    if text[:64].lower().startswith(b"mime-version:"):
        return "a web page as one file (MHTML)"
    for magic, kind in MAGIC.items():
        if text.startswith(magic) or start.startswith(magic):
            return kind
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "text in UTF-16"
    if b"\x00" not in start:
        return "text, as of a CSV file"
    return "bytes of an unknown kind"


def protected(reading: Reading) -> SourceError:
    """The error for a workbook that only a password opens."""
    return reading.refuse(
        "file", "a workbook that is protected by a password", "a workbook without one",
        "Ask the source to deliver it without a password; secrecy is what the way of delivery is for.",
    )  # fmt: skip


def resolved(base: str, target: str) -> str:
    """The name of a part that another part (`base`) points to."""
    if target.startswith("/"):
        return posixpath.normpath(target.lstrip("/"))
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target))


def _entries(path: Path) -> int:
    """Entries that the directory could have at most; counted in the bytes, since a count can lie."""
    found, rest = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            piece = rest + chunk
            found += piece.count(ENTRY)
            rest = piece[-len(ENTRY) + 1 :]
    return found


def _has_package(path: Path) -> bool:
    """Whether an OLE2 file holds an encrypted workbook of the newer kind."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find("EncryptedPackage".encode("utf-16-le")) >= 0
