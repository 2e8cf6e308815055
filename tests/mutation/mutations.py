"""Damage that suits bytes, lines and the formats that are text.

Every mutation is a function of bytes and a seeded generator: the same seed gives the same damaged file.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

Mutation = Callable[[bytes, random.Random], bytes]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1251", "kz1048", "koi8-r", "cp866")


def of_text(declared: Mapping[str, Any]) -> dict[str, Mutation]:
    """What can be done to a file of a format that is text."""
    of_kind = {"fixed": FIXED, "jsonl": JSON, "json": JSON | DOCUMENT, "xml": XML}
    kinds = LINES | (of_kind.get(declared["kind"]) or _csv(declared["delimiter"].encode()))
    codec = declared.get("encoding", "utf-8")
    if codec == "utf-16":  # where a line or a cell is, is where it is as text
        kinds = {name: _as_utf8(mutation) for name, mutation in kinds.items()}
    return ANY | kinds | {"another encoding": _recoded(codec)}


def _as_utf8(mutation: Mutation) -> Mutation:
    def of_utf16(content: bytes, rng: random.Random) -> bytes:
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError:  # damaged already
            return flip(content, rng)
        return b"\xff\xfe" + mutation(text.encode(), rng).decode(errors="replace").encode("utf-16-le")

    return of_utf16


def _recoded(declared: str) -> Mutation:
    """The same text in an encoding that was not declared, but for the lines that it has no letters for."""

    def mutation(content: bytes, rng: random.Random) -> bytes:
        other = rng.choice([name for name in ENCODINGS if name != declared])
        try:
            lines = content.decode(declared).split("\n")
        except UnicodeDecodeError:  # damaged already
            return flip(content, rng)
        kept = "\n".join(line for line in lines if _can_say(other, line))
        return kept.encode(other)

    return mutation


def _can_say(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


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


def within(what: tuple[bytes, ...]) -> Mutation:
    """One of these somewhere in a line."""

    def change(line: bytes, rng: random.Random) -> bytes:
        place = rng.randrange(len(line) + 1)
        return line[:place] + rng.choice(what) + line[place:]

    return _on_a_line(change)


def replaced(old: bytes, new: tuple[bytes, ...]) -> Mutation:
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
    "join lines": _lines(_join), "odd line end": replaced(b"\n", (b"\r", b"\r\r\n", b"\x85", b"\x0b", b"\x0c", b"\x1e", b"\n\n")),
    "a very long line": _on_a_line(lambda line, rng: line + b"x" * rng.choice((70_000, 3_000_000))),
    "odd bytes": within((b"\0", b"\xff\xfe", b"\x98", "Ў".encode(), "\u2028".encode(), b"\xc2\xa0", b"\x1f")),
    "no line end at the end": lambda content, rng: content.rstrip(b"\r\n"),
}  # fmt: skip


def _csv(mark: bytes) -> dict[str, Mutation]:
    return {
        "a quote": within((b'"', b'""', b"\\", b'\\"', b"'", b'"' + mark + b'"', b'"\n"')),
        "a delimiter more or less": replaced(mark, (b"", mark * 2, b",", b";", b"\t", b'"' + mark, mark + b'"')),
        "a comment": _on_a_line(lambda line, rng: b"#" + line),
        "a footer": _on_a_line(lambda line, rng: "Итого".encode() + line),
        "half a quoted cell": _on_a_line(lambda line, rng: line.replace(mark, mark + b'"', 1)),
        "another quantity": replaced(b"1234", (b"1 234", b"1.234", b"1e3", b"-1234", b"0x1F", b"12'34", "１２".encode())),
    }  # fmt: skip


FIXED: dict[str, Mutation] = {
    "shifted": within((b" ", b"\t", "ш".encode(), "😀".encode())),
    "cut off": _on_a_line(lambda line, rng: line[: rng.randrange(len(line) + 1)]),
    "trailing": _on_a_line(lambda line, rng: line + b" x"),
}  # fmt: skip
JSON: dict[str, Mutation] = {
    "a sign more": within((b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"/*x*/", b"null", b"NaN", b"1e999", b"\\ud800")),
    "a sign less": replaced(b'"', (b"", b"'")),
    "another value": replaced('"МВД"'.encode(), (b"1", b"true", b"null", b"[1, 2]", b'{"a": 1}', b"1.10", b"-0", b"12345678901234567890")),
    "a key twice": replaced('"Орган":'.encode(), ('"Орган": "x", "Орган":'.encode(), '"№": "z", "Орган":'.encode(), b'"":')),
    "deep": replaced('"КНБ"'.encode(), (b"[" * 200 + b"]" * 200, b'{"a":' * 100_000)),
}  # fmt: skip
DOCUMENT: dict[str, Mutation] = {
    "another total": replaced(b'"total": 24', (b'"total": 23', b'"total": "24"', b'"total": null', b'"total": -1', b'"total": 1e9')),
    "another items": replaced(b'"items": [', (b'"items": {"a":', b'"items": [[', b'"rows": [', b'"items": [1, null, ', b'"items": [], "items": [')),
    "a page less": lambda content, rng: content[: content.rfind(b"\n{")] if b"\n{" in content else content[:-1],
}  # fmt: skip
XML: dict[str, Mutation] = {
    "a tag more": within((b"<", b">", b"</record>", b"<record>", b"<a/>", b"<!-- x -->", b"<![CDATA[", b"&", b"&amp;", b"&x;", b"<?pi x?>")),
    "a tag less": replaced(b"</date>", (b"", b"</Date>", b"<date>")),
    "a child twice": replaced(b"<agency>", (b"<agency>a</agency><agency>", b"<date>z</date><agency>", b"<agency><b/>", b'<agency x="1">', b"<seized><unit>x</unit></seized><agency>")),
    "another name": replaced(b"<record no=", (b"<Record no=", b'<x:record xmlns:x="urn:x" no=', b'<record a="1" no=', b'<record no="" no=', b"<record><record no=", b"<record id=")),
    "a document type": replaced(b"<report", (b'<!DOCTYPE r [<!ENTITY x "y">]><report', b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><report')),
    "another declaration": replaced(b'"utf-8"', (b'"utf-16"', b'"windows-1251"', b'"ascii"', b'"x-none"', b'"utf-7"')),
}  # fmt: skip
