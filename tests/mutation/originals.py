"""Sound files of every format, with records that can be recognised wherever they end up.

Every record has a token of its own, in no other place of the file. All of it is made up.
"""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import odf.opendocument
import odf.table
import odf.text
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import xlwt

HEADINGS = ("№", "Дата", "Орган", "Тип", "Вещества", "Оборудование")
FIELDS = {
    "record_no": "№",
    "closed_on": "Дата",
    "region_code": {"constant": "KZ-43"},
    "agency": "Орган",
    "lab_type": "Тип",
    "substances": "Вещества",
    "equipment": "Оборудование",
}
FORMATS: dict[str, dict[str, Any]] = {
    "csv": {"kind": "csv", "delimiter": ";"},
    "csv kz1048": {"kind": "csv", "delimiter": ";", "encoding": "kz1048"},
    "csv utf-16": {"kind": "csv", "delimiter": "\t", "encoding": "utf-16", "title_rows": 1},
    "csv escaped": {"kind": "csv", "delimiter": ",", "escape": "\\", "footer": "^Итого"},
    "fixed": {
        "kind": "fixed",
        "title_rows": 1,
        "columns": {
            heading: {"start": 1 + 20 * place, "width": 20} for place, heading in enumerate(HEADINGS)
        },
    },
    "jsonl": {"kind": "jsonl"},
    "json": {"kind": "json", "items": "data.items", "total": "data.total"},
    "xml": {"kind": "xml", "record": "report/record"},
    "xlsx": {"kind": "xlsx", "sheet": "Лист1", "title_rows": 1},
    "xls": {"kind": "xls", "sheet": "Лист1", "title_rows": 1},
    "ods": {"kind": "ods", "sheet": "Лист1"},
    "parquet": {"kind": "parquet"},
}
XML_NAMES = ("no", "date", "agency", "type", "substances", "equipment")
WORDS = ("мефедрон", "соль; реагент", "α-PVP", "марихуана", "әсер, қоспа", "NA", "00012", "1,5 л", "")
AGENCIES = {"МВД": "mia_police", "КНБ": "knb"}  # as written, and its code


@dataclass(frozen=True)
class Original:
    """A sound file: its bytes, its records by token, and the bytes of each record where they stand in one piece."""

    form: str
    content: bytes
    records: dict[str, tuple[str, ...]]
    pieces: dict[str, bytes]


def token(seed: int, number: int) -> str:
    return f"Q{seed % 0xFFFF:04X}{number:04X}X"


def records(seed: int, rows: int) -> list[tuple[str, ...]]:
    """Rows that every rule accepts."""
    rng = random.Random(seed)
    return [
        (
            token(seed, n),
            f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            rng.choice(sorted(AGENCIES)),
            "synthetic",
            rng.choice(WORDS),
            rng.choice(WORDS),
        )
        for n in range(rows)
    ]


def original(form: str, seed: int, rows: int = 24) -> Original:
    """A sound file of the format."""
    made = records(seed, rows)
    if form == "csv kz1048":
        made = [tuple(cell.replace("α", "а") for cell in row) for row in made]
    if form == "fixed":
        made = [(*row[:4], row[4][:20], row[5][:20]) for row in made]
    content, pieces = WRITERS[form.split()[0]](form, made)
    return Original(form, content, {row[0]: row for row in made}, pieces)


Written = tuple[bytes, dict[str, bytes]]


def _csv(form: str, rows: list[tuple[str, ...]]) -> Written:
    declared = FORMATS[form]
    codec, escaped = declared.get("encoding", "utf-8"), declared.get("escape")

    def line(row: tuple[str, ...]) -> str:
        text = io.StringIO(newline="")
        writer = csv.writer(
            text, delimiter=declared["delimiter"], escapechar=escaped, doublequote=not escaped, lineterminator="\r\n"
        )  # fmt: skip
        writer.writerow(row)
        return text.getvalue()

    lines = [line(row) for row in rows]
    title = "синтетические данные\r\n" if declared.get("title_rows") else ""
    footer = "Итого,,,,,\r\n" if declared.get("footer") else ""
    head = title + line(HEADINGS)
    if codec == "utf-16":
        body = "".join(lines).encode("utf-16-le")
        pieces = {row[0]: each.encode("utf-16-le") for row, each in zip(rows, lines, strict=True)}
        return b"\xff\xfe" + head.encode("utf-16-le") + body, pieces
    content = head + "".join(lines) + footer
    return content.encode(codec), {row[0]: each.encode(codec) for row, each in zip(rows, lines, strict=True)}


def _fixed(form: str, rows: list[tuple[str, ...]]) -> Written:
    lines = ["".join(cell.ljust(20) for cell in row) + "\n" for row in rows]
    content = "синтетические данные\n" + "".join(lines)
    return content.encode(), {row[0]: each.encode() for row, each in zip(rows, lines, strict=True)}


def _objects(rows: list[tuple[str, ...]]) -> list[str]:
    return [json.dumps(dict(zip(HEADINGS, row, strict=True)), ensure_ascii=False) for row in rows]


def _jsonl(form: str, rows: list[tuple[str, ...]]) -> Written:
    lines = [each + "\n" for each in _objects(rows)]
    return "".join(lines).encode(), {row[0]: each.encode() for row, each in zip(rows, lines, strict=True)}


def _json(form: str, rows: list[tuple[str, ...]]) -> Written:
    objects = _objects(rows)
    content = '{"synthetic": true, "data": {"total": %d, "items": [%s]}}' % (len(rows), ",\n".join(objects))  # noqa: UP031
    return content.encode(), {row[0]: each.encode() for row, each in zip(rows, objects, strict=True)}


def _xml(form: str, rows: list[tuple[str, ...]]) -> Written:
    made = [
        "<record>"
        + "".join(f"<{name}>{escape(cell)}</{name}>" for name, cell in zip(XML_NAMES, row, strict=True))
        + "</record>\n"
        for row in rows
    ]
    content = (
        '<?xml version="1.0" encoding="utf-8"?>\n<report synthetic="true">\n' + "".join(made) + "</report>"
    )
    return content.encode(), {row[0]: each.encode() for row, each in zip(rows, made, strict=True)}


def _xlsx(form: str, rows: list[tuple[str, ...]]) -> Written:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("Лист1")
        sheet.write_string(0, 0, "синтетические данные")
        for place, row in enumerate([HEADINGS, *rows], 1):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write_string(place, column, cell)
    return out.getvalue(), {}


def _xls(form: str, rows: list[tuple[str, ...]]) -> Written:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Лист1")
    sheet.write(0, 0, "синтетические данные")
    for place, row in enumerate([HEADINGS, *rows], 1):
        for column, cell in enumerate(row):
            if cell:
                sheet.write(place, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), {}


def _ods(form: str, rows: list[tuple[str, ...]]) -> Written:
    book = odf.opendocument.OpenDocumentSpreadsheet()
    sheet = odf.table.Table(name="Лист1")
    for row in [HEADINGS, *rows]:
        line = odf.table.TableRow()
        for cell in row:
            box = odf.table.TableCell(valuetype="string")
            box.addElement(odf.text.P(text=cell))
            line.addElement(box)
        sheet.addElement(line)
    book.spreadsheet.addElement(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), {}


def _parquet(form: str, rows: list[tuple[str, ...]]) -> Written:
    columns = {
        heading: pa.array([row[place] or None for row in rows], pa.string())
        for place, heading in enumerate(HEADINGS)
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue(), {}


WRITERS = {
    "csv": _csv, "fixed": _fixed, "jsonl": _jsonl, "json": _json, "xml": _xml, "xlsx": _xlsx, "xls": _xls,
    "ods": _ods, "parquet": _parquet,
}  # fmt: skip


def feed(form: str) -> dict[str, Any]:
    """The feed of a definition that reads the format."""
    fields = dict(FIELDS)
    if form == "xml":
        names = dict(zip(HEADINGS, XML_NAMES, strict=True))
        fields = {field: names[at] if isinstance(at, str) else at for field, at in FIELDS.items()}  # type: ignore[index]
    return {
        "transport": {"kind": "folder", "path": "${ODCM_INBOX}", "name_pattern": r"(?P<year>\d{4})"},
        "format": FORMATS[form],
        "identity": ["record_no"],
        "fields": fields,
    }
