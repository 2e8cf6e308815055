"""Sound files of every format, with records that can be recognised wherever they end up.

Every record has a token of its own, in no other place of the file. All of it is made up.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.mutation import binary, texts
from tests.mutation.binary import HEADINGS
from tests.mutation.record import AGENCIES, UNITS, Record

TWO_ROWS = ("№", "Дата", "Вещество", "Изъято / Кол-во", "Изъято / Ед.", "Орган", "Упаковка")
NAMED = {
    "csv report": TWO_ROWS,
    "jsonl": ("№", "Дата", "Вещество", "Изъято.Кол-во", "Изъято.единица", "Орган", "Упаковка"),
    "json each": ("items.№", "Дата", "items.Вещество", "items.Кол-во", "items.единица", "Орган", "items.Упаковка"),
    "xml": ("@no", "date", "substance", "seized/quantity", "seized/unit", "agency", "packaging"),
} | dict.fromkeys(("xlsx", "xlsx 1904", "xls", "ods"), TWO_ROWS)  # fmt: skip
"""What the definition calls the columns where that is not a heading alone."""
FIELDS = ("seizure_no", "seized_on", "substance_as_reported", "quantity", "unit", "lead_agency", "packaging")
COMMA = {"decimal": ",", "dates": ["%d.%m.%Y"]}
SHEET = {"sheet": "Лист1", "title_rows": 1, "header_rows": 2, "footer": "^Итого", "decimal": ","}
PLAIN = {"sheet": "Лист1", "title_rows": 1, "footer": "^Итого"} | COMMA
FORMATS: dict[str, dict[str, Any]] = {
    "csv": {"kind": "csv", "delimiter": ";"} | COMMA,
    "csv kz1048": {"kind": "csv", "delimiter": ";", "encoding": "kz1048", "thousands": "'"} | COMMA,
    "csv utf-16": {"kind": "csv", "delimiter": "\t", "encoding": "utf-16", "title_rows": 1, "thousands": ","},
    "csv escaped": {"kind": "csv", "delimiter": ",", "escape": "\\", "footer": "^Итого"},
    "csv report": {
        "kind": "csv", "delimiter": ";", "title_rows": 2, "header_rows": 2, "comment": "#", "footer": "^Итого",
        "footnote_marks": "*¹", "null_values": ["", "—"], "thousands": " ",
    } | COMMA,
    "fixed": {
        "kind": "fixed", "title_rows": 1, "footer": "^Итого", "dates": ["excel1904"],
        "columns": {
            heading: {"start": start, "width": width}
            for heading, start, width in zip(HEADINGS, (1, 11, 16, 25, 31, 39, 42), (10, 5, 9, 6, 8, 3, 16), strict=True)
        },
    },
    "jsonl": {"kind": "jsonl", "dates": ["excel1900"]},
    "json": {"kind": "json", "items": "data.items", "total": "data.total"},
    "json each": {"kind": "json", "items": "reports", "each": "items"},
    "xml": {"kind": "xml", "record": "report/record"},
    "xlsx": {"kind": "xlsx"} | SHEET,
    "xlsx 1904": {"kind": "xlsx"} | SHEET,
    "xls": {"kind": "xls"} | SHEET,
    "ods": {"kind": "ods"} | SHEET,
    "xlsx plain": {"kind": "xlsx"} | PLAIN,
    "xls plain": {"kind": "xls"} | PLAIN,
    "ods plain": {"kind": "ods"} | PLAIN,
    "parquet": {"kind": "parquet"},
}  # fmt: skip
WRITERS = {
    "csv": texts.csv, "fixed": texts.fixed, "jsonl": texts.jsonl, "json": texts.json_pages, "json each": texts.json_each,
    "xml": texts.xml, "xlsx": binary.xlsx, "xlsx 1904": binary.xlsx_1904, "xls": binary.xls, "ods": binary.ods, "parquet": binary.parquet,
    "xlsx plain": binary.xlsx_plain, "xls plain": binary.xls_plain, "ods plain": binary.ods_plain,
}  # fmt: skip
SUBSTANCES = ("мефедрон", "шөп", "Соль", "марихуана")
QUANTITIES = ("4.5", "0.25", "12", "1234.5", "1000")
PACKAGINGS = (
    "свёрток; фольга", 'пакет "зип"', "әсер, қоспа", "в два\nряда", "NA", "00012", "1,5 л", "#N/A", "\u00a0куб \\ α", "",
)  # fmt: skip


@dataclass(frozen=True)
class Original:
    """A file as its source wrote it.

    Attributes:
        records: what is to be accepted, by token.
        pieces: by token, the bytes of a record where it stands in one piece that means the same anywhere.
        places: by token, the raw_row of a record; of one that stands twice, the first.
        quarantined: tokens of what is to be quarantined, one for each record.
        duplicates: how many records say again what another one said.
        refused: whether the file as a whole is to be refused.
    """

    form: str
    content: bytes
    records: dict[str, Record]
    pieces: dict[str, bytes]
    places: dict[str, int]
    quarantined: tuple[str, ...] = ()
    duplicates: int = 0
    refused: bool = False

    @property
    def landed(self) -> int:
        """How many records there are."""
        return len(self.records) + len(self.quarantined) + self.duplicates


def token(seed: int, number: int) -> str:
    return f"Q{seed % 0xFFFF:04X}{number:04X}X"


@functools.lru_cache(maxsize=8)
def original(form: str, seed: int, rows: int = 24) -> Original:
    """A sound file: every rule accepts every record."""
    made = _records(form, seed, rows)
    return _original(form, made, {record.number: record for record in made})


def troubled(form: str, seed: int) -> Original:
    """The same with a unit that nobody knows, a record sent again, its number with another content, and where the
    format can have it a record that is no row. In a JSON document that is one no reader can go on from.
    """
    sound = _records(form, seed, 24)
    twice, unknown = sound[2], replace(sound[5], number=token(seed, 100), unit="ведро")
    torn = replace(sound[8], number=token(seed, 101), torn=True)
    made = [*sound[:7], unknown, *sound[7:11], twice, replace(twice, quantity="7"), *sound[11:]]
    if can_be_torn := texts.HAS_TORN.get(form) or texts.HAS_TORN.get(form.split()[0]):
        made.insert(4, torn)
    found = _original(form, made, {record.number: record for record in sound})
    if can_be_torn == "file":
        return replace(found, refused=True)
    quarantined = (unknown.number, twice.number, *((torn.number,) if can_be_torn else ()))
    return replace(found, quarantined=quarantined, duplicates=1)


def _records(form: str, seed: int, rows: int) -> list[Record]:
    """Three after each other have their day and their agency in common."""
    rng = random.Random(seed)
    common = [
        (f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}", rng.choice(sorted(AGENCIES)))
        for _ in range(rows)
    ]
    return [
        Record(
            token(seed, n),
            common[n // 3][0],
            rng.choice(SUBSTANCES),
            rng.choice(QUANTITIES),
            rng.choice(sorted(UNITS)),
            common[n // 3][1],
            _suited(form, PACKAGINGS[(seed + n) % len(PACKAGINGS)]),
        )
        for n in range(rows)
    ]


def _suited(form: str, text: str) -> str:
    """The text without what the format cannot say."""
    if form == "csv kz1048":
        return text.replace("α", "а")
    return text.replace("\n", " ") if form in ("fixed", "ods", "ods plain") else text


def _original(form: str, made: Sequence[Record], accepted: dict[str, Record]) -> Original:
    write = WRITERS.get(form) or WRITERS[form.split()[0]]
    written = write(FORMATS[form], made)
    return Original(form, written.content, accepted, written.pieces, written.places)


def feed(form: str) -> dict[str, Any]:
    """The feed of a definition that reads the format."""
    fields: dict[str, Any] = dict(zip(FIELDS, NAMED.get(form, HEADINGS), strict=True))
    return {
        "transport": {"kind": "folder", "path": "${ODCM_INBOX}", "name_pattern": r"(?P<year>\d{4})"},
        "format": FORMATS[form],
        "identity": ["seizure_no"],
        "fields": fields | {"item_no": {"constant": "1"}, "region_code": {"constant": "KZ-43"}},
    }
