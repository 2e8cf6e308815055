"""Deliveries that are broken as a whole: a message must name the file, and nothing of it may be taken."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

DELIVERED = "20260120"  # a second, broken report for a month that has come already


@dataclass(frozen=True)
class Broken:
    """One broken file: its feed, where it lies, what is wrong with it."""

    feed_id: str
    path: Path
    kind: str


def broken_deliveries(folder: Path) -> list[Broken]:
    """Put broken files beside the good ones of a sandbox folder that `make` wrote.

    Every file takes its content from the good report of the same feed for November 2025 and is handed over
    for December. No two are of the same feed, so that each test sees one fault.
    """
    return [_break(folder / "inbox", feed_id, kind, damage) for feed_id, kind, damage in DAMAGES]


def _break(inbox: Path, feed_id: str, kind: str, damage: Callable[[bytes], bytes]) -> Broken:
    good = next((inbox / feed_id).glob("*_2025-11_*"))
    name = re.sub(r"_2025-11_\d{8}", f"_2025-12_{DELIVERED}", good.name)
    path = good.with_name(name)
    path.write_bytes(damage(good.read_bytes()))
    return Broken(feed_id, path, kind)


def _recoded(content: bytes, as_read: str, as_written: str) -> bytes:
    return content.decode(as_read).encode(as_written, "replace")


def _headings(content: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """The file with other headings; its rows stay as they are."""
    first, rest = content.split(b"\r\n", 1)
    return b";".join(change(first.split(b";"))) + b"\r\n" + rest


def _workbook_of_another_sheet(_: bytes) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.add_worksheet("Синтетика").write_string(0, 0, "СИНТЕТИЧЕСКИЕ ДАННЫЕ / SYNTHETIC DATA")
    book.close()
    return out.getvalue()


DAMAGES: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
    ("KZ-10/blocking_record", "wrong encoding", lambda c: _recoded(c, "utf-8", "cp1251")),
    ("KZ-31/blocking_record", "wrong encoding", lambda c: _recoded(c, "kz1048", "utf-8")),
    ("KZ-55/blocking_record", "wrong encoding", lambda c: _recoded(c, "cp1251", "utf-16")),
    ("KZ-11/blocking_record", "empty", lambda _: b""),
    ("KZ-33/blocking_record", "empty", lambda _: b""),
    ("KZ-19/blocking_record", "empty", lambda _: b""),
    ("KZ-23/blocking_record", "truncated", lambda c: c[: len(c) * 2 // 3]),
    ("KZ-79/blocking_record", "truncated", lambda c: c[: c.index(b";") + 12]),
    ("KZ-63/blocking_record", "wrong type", lambda _: b"%PDF-1.7\n% SYNTHETIC DATA\n" + bytes(200)),
    (
        "KZ-27/blocking_record",
        "wrong type",
        lambda _: b"<html><body>SYNTHETIC DATA: session expired</body></html>",
    ),
    ("KZ-39/blocking_record", "wrong type", lambda c: b"PK\x03\x04" + c),
    (
        "KZ-59/blocking_record",
        "missing column",
        lambda c: _headings(c, lambda h: [h[0], h[1] + b"?", *h[2:]]),
    ),
    ("KZ-61/blocking_record", "doubled column", lambda c: _headings(c, lambda h: [h[0], h[1], h[1], *h[3:]])),
    ("KZ-47/blocking_record", "another sheet", _workbook_of_another_sheet),
)
