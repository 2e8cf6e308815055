"""Mutations: small and large damage to a file, most of it where the structure of its format is.

Every mutation is a function of bytes and a seeded generator: the same seed gives the same damaged file.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable

Mutation = Callable[[bytes, random.Random], bytes]


def mutate(form: str, content: bytes, rng: random.Random) -> tuple[bytes, list[str]]:
    """One to three mutations that suit the format; their names tell what was done."""
    kinds = MUTATIONS[form.split()[0]]
    names = rng.choices(sorted(kinds), k=rng.choice((1, 1, 1, 2, 3)))
    for name in names:
        content = kinds[name](content, rng)
    return content, names


# Any bytes -------------------------------------------------------------------------------------------------------


def _place(content: bytes, rng: random.Random) -> int:
    return rng.randrange(len(content) + 1)


def _span(content: bytes, rng: random.Random, most: int = 200) -> tuple[int, int]:
    begin = _place(content, rng)
    return begin, min(len(content), begin + rng.randint(1, most))


def flip(content: bytes, rng: random.Random) -> bytes:
    if not content:
        return content
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 5, 40))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut_out(content: bytes, rng: random.Random) -> bytes:
    begin, end = _span(content, rng)
    return content[:begin] + content[end:]


def repeat(content: bytes, rng: random.Random) -> bytes:
    begin, end = _span(content, rng)
    return content[:end] + content[begin:end] * rng.choice((1, 2, 50)) + content[end:]


def truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: _place(content, rng)]


def twice(content: bytes, rng: random.Random) -> bytes:
    return content + content


def insert(content: bytes, rng: random.Random) -> bytes:
    place = _place(content, rng)
    what = rng.choice(
        (
            b"\0",
            b"\0" * 100,
            b"\xff",
            b"\x1a",
            rng.randbytes(20),
            b"\xef\xbb\xbf",
            b"\xc2\xa0",
            b"\xe2\x80\xa8",
        )
    )
    return content[:place] + what + content[place:]


def zero(content: bytes, rng: random.Random) -> bytes:
    begin, end = _span(content, rng)
    return content[:begin] + b"\0" * (end - begin) + content[end:]


def garbage_behind(content: bytes, rng: random.Random) -> bytes:
    return content + rng.randbytes(rng.randint(1, 3000))


def something_before(content: bytes, rng: random.Random) -> bytes:
    return (
        rng.choice((b"\n", b"\xef\xbb\xbf", b"\xff\xfe", b"<html>", b"PK\x03\x04", b"   ", b"\r\n\r\n"))
        + content
    )


ANY: dict[str, Mutation] = {
    "flip": flip, "cut out": cut_out, "repeat": repeat, "truncate": truncate, "twice": twice, "insert": insert,
    "zero": zero, "garbage behind": garbage_behind, "something before": something_before,
}  # fmt: skip

# Lines -----------------------------------------------------------------------------------------------------------


def _lines(change: Callable[[list[bytes], random.Random], None]) -> Mutation:
    def mutation(content: bytes, rng: random.Random) -> bytes:
        lines = content.split(b"\n")
        change(lines, rng)
        return b"\n".join(lines)

    return mutation


def _on_a_line(change: Callable[[bytes, random.Random], bytes]) -> Mutation:
    def mutation(content: bytes, rng: random.Random) -> bytes:
        lines = content.split(b"\n")
        for _ in range(rng.choice((1, 1, 3))):
            place = rng.randrange(len(lines))
            lines[place] = change(lines[place], rng)
        return b"\n".join(lines)

    return mutation


def _swap(lines: list[bytes], rng: random.Random) -> None:
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]


def _double(lines: list[bytes], rng: random.Random) -> None:
    place = rng.randrange(len(lines))
    lines[place:place] = [lines[place]] * rng.choice((1, 3))


def _blank(lines: list[bytes], rng: random.Random) -> None:
    place = rng.randrange(len(lines))
    lines[place:place] = [rng.choice((b"", b"\r", b"  ", b"\t"))] * rng.choice((1, 4))


def _join(lines: list[bytes], rng: random.Random) -> None:
    if len(lines) > 1:
        place = rng.randrange(len(lines) - 1)
        lines[place : place + 2] = [lines[place].rstrip(b"\r") + lines[place + 1]]


def _within(what: tuple[bytes, ...]) -> Mutation:
    """One of these somewhere in a line."""

    def change(line: bytes, rng: random.Random) -> bytes:
        place = rng.randrange(len(line) + 1)
        return line[:place] + rng.choice(what) + line[place:]

    return _on_a_line(change)


def _replaced(old: bytes, new: tuple[bytes, ...]) -> Mutation:
    """One occurrence, or all, of something by something else."""

    def mutation(content: bytes, rng: random.Random) -> bytes:
        places = [found.start() for found in re.finditer(re.escape(old), content)]
        if not places:
            return content
        if rng.random() < 0.2:
            return content.replace(old, rng.choice(new))
        place = rng.choice(places)
        return content[:place] + rng.choice(new) + content[place + len(old) :]

    return mutation


LINES: dict[str, Mutation] = {
    "swap lines": _lines(_swap), "double a line": _lines(_double), "blank lines": _lines(_blank),
    "join lines": _lines(_join), "odd line end": _replaced(b"\n", (b"\r", b"\r\r\n", b"\x85", b"\x0b", b"\x0c", b"\x1e", b"\n\n")),
    "a very long line": _on_a_line(lambda line, rng: line + b"x" * rng.choice((70_000, 3_000_000))),
    "odd bytes": _within((b"\0", b"\xff\xfe", b"\x98", "Ў".encode(), "\u2028".encode(), b"\xc2\xa0", b"\x1f")),
}  # fmt: skip
CSV: dict[str, Mutation] = {
    "a quote": _within((b'"', b'""', b"\\", b'\\"', b"'", b'";"', b'"\n"')),
    "a delimiter more or less": _replaced(b";", (b"", b";;", b",", b"\t", b'";', b';"')),
    "another delimiter": _replaced(b",", (b"", b",,", b";", b'",', b',"')),
    "a comment": _on_a_line(lambda line, rng: b"#" + line),
    "half a quoted cell": _on_a_line(lambda line, rng: line.replace(b";", b';"', 1)),
}  # fmt: skip
FIXED: dict[str, Mutation] = {
    "shifted": _within((b" ", b"\t", "ш".encode(), "😀".encode())),
    "cut off": _on_a_line(lambda line, rng: line[: rng.randrange(len(line) + 1)]),
    "trailing": _on_a_line(lambda line, rng: line + b" x"),
}  # fmt: skip
JSON: dict[str, Mutation] = {
    "a sign more": _within((b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"/*x*/", b"null", b"NaN", b"1e999", b"\\ud800")),
    "a sign less": _replaced(b'"', (b"", b"'")),
    "another value": _replaced(b'"synthetic"', (b"1", b"true", b"null", b"[1, 2]", b'{"a": 1}', b"1.10", b"-0", b"12345678901234567890")),
    "a key twice": _replaced('"Тип":'.encode(), ('"Тип": "x", "Тип":'.encode(), '"№": "z", "Тип":'.encode(), b'"":')),
    "deep": _replaced(b'"synthetic"', (b"[" * 200 + b"]" * 200, b'{"a":' * 100_000)),
    "another total": _replaced(b'"total": 24', (b'"total": 23', b'"total": "24"', b'"total": null', b'"total": -1', b'"total": 1e9')),
    "another items": _replaced(b'"items": [', (b'"items": {"a":', b'"items": [[', b'"rows": [', b'"items": [1, null, ', b'"items": [], "items": [')),
}  # fmt: skip
XML: dict[str, Mutation] = {
    "a tag more": _within((b"<", b">", b"</record>", b"<record>", b"<a/>", b"<!-- x -->", b"<![CDATA[", b"&", b"&amp;", b"&x;", b"<?pi x?>")),
    "a tag less": _replaced(b"</no>", (b"", b"</No>", b"<no>")),
    "a child twice": _replaced(b"<type>", (b"<type>a</type><type>", b"<no>z</no><type>", b"<type><b/>", b'<type x="1">')),
    "another name": _replaced(b"<record>", (b"<Record>", b'<x:record xmlns:x="urn:x">', b'<record a="1">', b"<record><record>")),
    "a document type": _replaced(b"<report", (b'<!DOCTYPE r [<!ENTITY x "y">]><report', b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><report')),
    "another encoding": _replaced(b'"utf-8"', (b'"utf-16"', b'"windows-1251"', b'"ascii"', b'"x-none"', b'"utf-7"')),
}  # fmt: skip

# Archives --------------------------------------------------------------------------------------------------------


def _in_a_member(inner: dict[str, Mutation]) -> Mutation:
    """The same kinds of damage inside the archive, which itself stays sound."""

    def mutation(content: bytes, rng: random.Random) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = [(info.filename, archive.read(info)) for info in archive.infolist()]
        except Exception:  # damaged already
            return flip(content, rng)
        if not members:
            return content
        sheets = [n for n, (name, _) in enumerate(members) if "sheet" in name or name == "content.xml"]
        place = rng.choice(sheets * 4 + list(range(len(members))))
        name, inside = members[place]
        members[place] = (name, inner[rng.choice(sorted(inner))](inside, rng))
        return _archive(members)

    return mutation


def _archive(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in members:
            info = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, inside)
    return out.getvalue()


def _without_a_member(content: bytes, rng: random.Random) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:  # damaged already
        return flip(content, rng)
    if members:
        members.pop(rng.randrange(len(members)))
    return _archive(members)


SHEET: dict[str, Mutation] = {
    "a tag more": _within((b"<", b">", b"<c/>", b"</row>", b"<row>", b'<c r="ZZ9"><v>1</v></c>', b"&", b"&x;")),
    "another row": _replaced(b'<row r="5"', (b'<row r="4"', b'<row r="1048576"', b"<row", b'<row r="-1"', b'<row r="x"', b'<row r="500000"')),
    "another cell": _replaced(b'r="A7"', (b'r="B7"', b'r="A6"', b"", b'r="XFD7"', b'r="A1048576"', b'r="7"')),
    "another type": _replaced(b't="s"', (b"", b't="str"', b't="b"', b't="e"', b't="n"', b't="inlineStr"', b't="d"')),
    "another index": _replaced(b"<v>", (b"<v>9", b"<v>-", b"<v>99999999", b"<f>1+1</f><v>", b"<v/><v>")),
    "another size": _replaced(b"<dimension ref=", (b'<dimension ref="A1:XFD1048576" x=', b'<dimension ref="A1" x=', b"<dim a=")),
    "repeated": _replaced(b"<table:table-cell ", (b'<table:table-cell table:number-columns-repeated="16000" ', b'<table:table-cell table:number-columns-repeated="-1" ')),
    "repeated rows": _replaced(b"<table:table-row", (b'<table:table-row table:number-rows-repeated="1000000"', b'<table:table-row table:number-rows-repeated="3"')),
    "covered": _replaced(b"</table:table-cell>", (b"</table:table-cell><table:covered-table-cell/>", b"")),
    "merged": _replaced(b"</sheetData>", (b'</sheetData><mergeCells><mergeCell ref="A3:A9"/></mergeCells>', b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>', b'</sheetData><mergeCells><mergeCell ref="B"/></mergeCells>')),
    "a document type": _replaced(b"<worksheet", (b'<!DOCTYPE w [<!ENTITY x "y">]><worksheet',)),
    "another sheet": _replaced("Лист1".encode(), ("Лист2".encode(), b"")),
} | ANY  # fmt: skip
MUTATIONS: dict[str, dict[str, Mutation]] = {
    "csv": ANY | LINES | CSV,
    "fixed": ANY | LINES | FIXED,
    "jsonl": ANY | LINES | JSON,
    "json": ANY | LINES | JSON,
    "xml": ANY | LINES | XML,
    "xlsx": ANY | {f"inside {n}": _in_a_member(SHEET) for n in range(12)} | {"without a member": _without_a_member},
    "ods": ANY | {f"inside {n}": _in_a_member(SHEET) for n in range(12)} | {"without a member": _without_a_member},
    "xls": ANY,
    "parquet": ANY,
}  # fmt: skip
