"""Workbooks are archives: what is in them beside the sheet, and what they say of themselves, cannot hurt."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from include.sources import Limits
from tests.unit.sources.formats.books import WRITERS, remade
from tests.unit.sources.formats.opened import opened, refusal

HEAD = ("n", "s")
KINDS = ("xlsx", "ods")
WHOLE = {kind: WRITERS[kind]({"Отчёт": [HEAD, ("1", "а"), ("2", "б")]}) for kind in KINDS}
TEXTS = {"xlsx": "xl/sharedStrings.xml", "ods": "content.xml"}
SHEET = {"xlsx": "xl/worksheets/sheet1.xml", "ods": "content.xml"}
ROWS = {2: ("1", "а"), 3: ("2", "б")}
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
kinds = pytest.mark.parametrize("kind", KINDS)


def form(kind: str) -> dict[str, str]:
    return {"kind": kind, "sheet": "Отчёт"}


def with_text(kind: str, text: bytes) -> bytes:
    """The workbook with a long text in place of a short one."""
    return remade(WHOLE[kind], {TEXTS[kind]: lambda part: part.replace("а<".encode(), text + b"<")})


def central(content: bytes, name: str) -> int:
    """Where the entry of a part begins in the directory."""
    at = content.index(END)
    start = struct.unpack_from("<I", content, at + 16)[0]
    return content.index(name.encode(), start) - 46


# What expands ----------------------------------------------------------------------------------------------------


@kinds
def test_an_archive_that_expands_too_much_is_refused_before_it_is_written(tmp_path: Path, kind: str) -> None:
    bomb = with_text(kind, b"x" * (60 << 20))
    assert len(bomb) < 100_000
    message = refusal(tmp_path, form(kind), bomb, *HEAD)
    assert message.startswith(
        f"part '{TEXTS[kind]}': found content that expands to more than 200 times its compressed size"
    )
    assert "the first 16 MiB" in message and "`expansion`" in message
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 1_000_000


@kinds
def test_a_small_sheet_of_equal_rows_may_expand_as_it_likes(tmp_path: Path, kind: str) -> None:
    rows = WRITERS[kind]({"Отчёт": [HEAD, *[("соль", "одно и то же")] * 20_000]})
    assert len(opened(tmp_path, form(kind), rows, *HEAD, limits=Limits(expansion=2)).rows) == 20_000


@kinds
def test_more_bytes_than_the_limit_are_refused_with_the_figure(tmp_path: Path, kind: str) -> None:
    said = "archive: found content that is larger when expanded; expected at most 3000 bytes"
    large = with_text(kind, bytes(range(97, 123)) * 300)
    assert refusal(tmp_path, form(kind), large, *HEAD, limits=Limits(expanded_bytes=3000)).startswith(said)


@kinds
def test_a_part_that_says_it_is_small_is_believed_no_further_than_it_says(tmp_path: Path, kind: str) -> None:
    """The size in the directory is a lie: what comes out beyond it is not taken for a whole part."""
    large = bytearray(with_text(kind, b"x" * 100_000))
    for at in (central(bytes(large), TEXTS[kind]) + 24, large.index(TEXTS[kind].encode()) - 30 + 22):
        struct.pack_into("<I", large, at, 10)
    assert f"part '{TEXTS[kind]}': found content that is broken or cut off" in refusal(
        tmp_path, form(kind), bytes(large), *HEAD
    )


# What the directory says -----------------------------------------------------------------------------------------


def overlapping(kind: str) -> bytes:
    """A part whose bytes lie within another part, as a bomb has thousands of them."""
    name = {"xlsx": "xl/styles.xml", "ods": "META-INF/manifest.xml"}[kind]
    with zipfile.ZipFile(io.BytesIO(WHOLE[kind])) as old:
        parts = {each: old.read(each) for each in old.namelist()}
    data = parts[name]
    sizes = (zlib.crc32(data), len(data), len(data))
    inner = struct.pack("<4s5H3I2H", LOCAL, 20, 0, 0, 0, 0, *sizes, len(name), 0) + name.encode() + data
    parts[TEXTS[kind]] = parts[TEXTS[kind]].replace("а<".encode(), inner + b"<")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for each, content in parts.items():
            new.writestr(each, content)
    content = bytearray(out.getvalue())
    struct.pack_into("<I", content, central(bytes(content), name) + 42, content.index(inner))
    return bytes(content)


def twice(kind: str) -> bytes:
    out = io.BytesIO(WHOLE[kind])
    with warnings.catch_warnings(), zipfile.ZipFile(out, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(SHEET[kind], b"<other/>")
    return out.getvalue()


def in_capitals(kind: str) -> bytes:
    return remade(WHOLE[kind], {SHEET[kind].upper(): b"<other/>"})


def many(kind: str) -> bytes:
    return remade(WHOLE[kind], {f"media/{number}": b"" for number in range(10_001)})


def locked(kind: str) -> bytes:
    content = bytearray(WHOLE[kind])
    struct.pack_into("<H", content, central(bytes(content), SHEET[kind]) + 8, 1)
    return bytes(content)


def rare(kind: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE[kind])) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


def damaged(kind: str) -> bytes:
    content = bytearray(WHOLE[kind])
    with zipfile.ZipFile(io.BytesIO(WHOLE[kind])) as archive:
        at = archive.getinfo(SHEET[kind]).header_offset + 30 + len(SHEET[kind]) + 40
    content[at] ^= 0xFF
    return bytes(content)


DIRECTORIES: dict[str, tuple[Callable[[str], bytes], str]] = {
    "entries that share bytes": (overlapping, "archive: found entries that share bytes; expected entries behind each other"),
    "a name twice": (twice, "archive: found an entry that stands in it more than once; expected every entry once"),
    "a name in capitals": (in_capitals, "archive: found an entry that stands in it more than once"),
    "very many entries": (many, "file: found an archive of more than 10000 entries; expected "),
    "an entry under a password": (locked, "file: found a workbook that is protected by a password"),
    "a rare compression": (rare, "archive: found an entry that is compressed in a rare way"),
    "a damaged part": (damaged, "found content that is broken or cut off"),
    "no directory": (lambda kind: WHOLE[kind][:-60], "file: found an archive that is broken or cut off; expected a whole file"),
    "half of it": (lambda kind: WHOLE[kind][: len(WHOLE[kind]) // 2], "file: found an archive that is broken or cut off"),
    "a beginning alone": (lambda kind: LOCAL + bytes(200), "file: found an archive that is broken or cut off"),
}  # fmt: skip


@kinds
@pytest.mark.parametrize("what", DIRECTORIES)
def test_an_archive_that_should_not_be_opened_is_refused(tmp_path: Path, kind: str, what: str) -> None:
    make, said = DIRECTORIES[what]
    assert said in refusal(tmp_path, form(kind), make(kind), *HEAD)


@kinds
def test_a_count_of_entries_that_is_a_lie_hides_none(tmp_path: Path, kind: str) -> None:
    content = bytearray(many(kind))
    struct.pack_into("<HH", content, content.rindex(END) + 8, 3, 3)
    assert "more than 10000 entries" in refusal(tmp_path, form(kind), bytes(content), *HEAD)


@kinds
def test_names_that_lead_out_of_the_archive_write_nothing_there(tmp_path: Path, kind: str) -> None:
    inside = tmp_path / "one" / "two"
    inside.mkdir(parents=True)
    outside = [
        f"../../{tmp_path.name}-up",
        f"{tmp_path}/absolute",
        "..\\..\\windows",
        "C:\\windows",
        "x/../../../dots",
        "a\0b",
    ]
    content = remade(WHOLE[kind], dict.fromkeys(outside, b"from the archive"))
    assert opened(inside, form(kind), content, *HEAD).rows == ROWS
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["landed", "one", "two"]
    assert not (tmp_path.parent / f"{tmp_path.name}-up").exists()


def test_a_part_of_the_workbook_is_not_looked_for_outside_of_the_archive(tmp_path: Path) -> None:
    (tmp_path / "sheet.xml").write_bytes(zipfile.ZipFile(io.BytesIO(WHOLE["xlsx"])).read(SHEET["xlsx"]))
    for target in ("../../sheet.xml", str(tmp_path / "sheet.xml"), (tmp_path / "sheet.xml").as_uri()):

        def away(part: bytes, target: str = target) -> bytes:
            return part.replace(b"worksheets/sheet1.xml", target.encode())

        content = remade(WHOLE["xlsx"], {"xl/_rels/workbook.xml.rels": away})
        assert "archive: found no part " in refusal(tmp_path, form("xlsx"), content, *HEAD)
