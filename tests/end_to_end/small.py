"""A source of one feed with files written by hand, for tests whose data fit on the screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import xlsxwriter
import yaml

from tests.end_to_end.country import Place

HEADINGS = ("№", "Дата", "Вещество", "Кол-во", "Ед.", "Орган")
FIELDS = {
    "seizure_no": "№",
    "item_no": {"constant": "1"},
    "seized_on": "Дата",
    "region_code": {"constant": "KZ-43"},
    "substance_as_reported": "Вещество",
    "quantity": "Кол-во",
    "unit": "Ед.",
    "lead_agency": "Орган",
}
GOOD = ("1", "05.03.2025", "мефедрон", "4,5", "г", "МВД")
FORMATS: dict[str, dict[str, Any]] = {
    "csv": {"kind": "csv", "encoding": "utf-8", "delimiter": ";"},
    "kz": {"kind": "csv", "encoding": "kz1048", "delimiter": ";"},
    "xlsx": {"kind": "xlsx", "sheet": "Лист1", "title_rows": 2, "header_rows": 1},
    "jsonl": {"kind": "jsonl", "encoding": "utf-8"},
}
FEED = "KZ-43/seizure_item"


def small_place(folder: Path, form: str = "csv", **changes: Any) -> Place:
    """A place whose only source is KZ-43 with one feed of seizures in the given format."""
    declared = FORMATS[form] | {"decimal": ",", "dates": ["%d.%m.%Y"], "null_values": ["", "-"]}
    suffix = "csv" if form == "kz" else form
    feed = {
        "transport": {
            "kind": "folder", "path": "${ODCM_INBOX}", "pattern": f"*.{suffix}",
            "name_pattern": r"(?P<year>\d{4})-(?P<month>\d{2})_(?P<delivered>\d{8})",
        },
        "format": declared | changes.pop("format", {}),
        "rhythm": {"since": "2025-01"},
        "identity": ["seizure_no", "item_no"],
        "fields": FIELDS,
    } | changes  # fmt: skip
    definition = {
        "source": "KZ-43", "name": {"kk": "Қ", "ru": "К", "en": "K"}, "regions": ["KZ-43"], "synthetic": True,
        "feeds": {"seizure_item": feed},
    }  # fmt: skip
    sources = folder / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    (sources / "KZ-43.yaml").write_text(yaml.safe_dump(definition, allow_unicode=True), encoding="utf-8")
    (folder / "sandbox" / "inbox").mkdir(parents=True, exist_ok=True)
    return Place(folder / "home", folder / "sandbox", sources=sources)


def deliver(place: Place, content: bytes, name: str = "s_2025-03_20250405.csv") -> Path:
    """Put a file into the source's folder."""
    path = place.sandbox / "inbox" / name
    path.write_bytes(content)
    return path


def csv(*rows: tuple[str, ...] | str, encoding: str = "utf-8") -> bytes:
    """Heading line and rows; a row given as one string is written as it stands."""
    lines = [row if isinstance(row, str) else ";".join(row) for row in (HEADINGS, *rows)]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def jsonl(*rows: tuple[str | None, ...] | str) -> bytes:
    """One object a line; a row given as one string is written as it stands."""
    lines = [
        row if isinstance(row, str) else json.dumps(dict(zip(HEADINGS, row, strict=True)), ensure_ascii=False)
        for row in rows
    ]
    return ("\n".join(lines) + "\n").encode()


def workbook(path: Path, *rows: tuple[Any, ...]) -> bytes:
    """A sheet with two title rows, a heading row and rows of typed cells; an empty tuple is a blank row."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Лист1")
    for number, row in enumerate([("Синтетика",), (), HEADINGS, *rows]):
        sheet.write_row(number, 0, row)
    book.close()
    return path.read_bytes()
