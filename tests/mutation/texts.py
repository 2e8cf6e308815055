"""Writers of the formats that are text: delimited, fixed width, JSON, XML."""

from __future__ import annotations

import csv as standard
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tests.mutation.record import Record, Written

HAS_TORN = {"csv": "row", "fixed": "row", "jsonl": "row", "xml": "row", "json each": "row", "json": "file"}
"""What is broken where one record is: the row alone, or the file."""
Declared = Mapping[str, Any]
TITLE = "синтетические данные"
FIRST_DAYS = {"excel1900": date(1899, 12, 30), "excel1904": date(1904, 1, 1)}


def day_of(declared: Declared, record: Record) -> str:
    """The day as the source writes it."""
    form = declared.get("dates", ["%Y-%m-%d"])[0]
    if form in FIRST_DAYS:
        return str((record.date - FIRST_DAYS[form]).days)
    return record.date.strftime(form)


def quantity_of(declared: Declared, record: Record) -> str:
    """The quantity with the decimal sign and the thousands mark of the source; a space is one that does not break."""
    whole, point, rest = record.quantity.partition(".")
    mark = declared.get("thousands", "").replace(" ", "\u00a0")
    return f"{int(whole):,}".replace(",", mark) + (declared.get("decimal", ".") + rest if point else "")


def csv(declared: Declared, records: Sequence[Record]) -> Written:
    """Plain, or with all that a definition can declare: titles, headings of two rows, comments, blank lines, a footer,
    footnotes, a word for nothing, and no line break at the end.
    """
    is_report, codec = "comment" in declared, declared.get("encoding", "utf-8").replace("utf-16", "utf-16-le")
    blank = len(records) // 2
    written, lines = Written(), _head(declared)
    rows = len(lines)  # as a spreadsheet shows them: a line break inside quotes does not begin another
    for n, record in enumerate(records):
        cells = record.cells(day_of(declared, record), quantity_of(declared, record))
        if is_report:
            cells[3] += "*" if n % 4 == 1 else ""
            cells[6] = cells[6] or "—"
            if n == blank:
                lines += ["\r\n", "# примечание; не запись\r\n"]
                rows += 2
        line = _delimited(declared, cells[:2] if record.torn else cells)
        lines.append(line)
        rows += 1
        written.place(record, rows, line.encode(codec))
    if "footer" in declared:
        lines.append(_delimited(declared, ["Итого", "", "", "", "", "", ""]))
    text = "".join(lines)
    text = text.removesuffix("\r\n") if is_report else text
    written.content = (b"\xff\xfe" if codec == "utf-16-le" else b"") + text.encode(codec)
    return written


def _head(declared: Declared) -> list[str]:
    titles = [f"{TITLE}\r\n"] * declared.get("title_rows", 0)
    if declared.get("header_rows") == 2:
        top = ["№", "Дата", "Вещество", "Изъято", "", "Орган", "Упаковка"]
        return [
            *titles,
            _delimited(declared, top),
            _delimited(declared, ["", "", "", "Кол-во", "Ед.", "", ""]),
        ]
    return [*titles, _delimited(declared, ["№", "Дата", "Вещество", "Кол-во", "Ед.", "Орган", "Упаковка"])]


def _delimited(declared: Declared, cells: Sequence[str]) -> str:
    text, mark = io.StringIO(newline=""), declared.get("escape")
    quoting = (
        standard.QUOTE_ALL if mark else standard.QUOTE_MINIMAL
    )  # an escape means something within quotes
    writer = standard.writer(
        text, delimiter=declared["delimiter"], escapechar=mark, doublequote=not mark, lineterminator="\r\n", quoting=quoting
    )  # fmt: skip
    writer.writerow(cells)
    return text.getvalue()


def fixed(declared: Declared, records: Sequence[Record]) -> Written:
    """Columns as wide as their longest text, so that one begins right where another ends."""
    written, lines = Written(), [f"{TITLE}\n"]
    widths = [column["width"] for column in declared["columns"].values()]
    for place, record in enumerate(records, 2):
        cells = record.cells(day_of(declared, record), quantity_of(declared, record))
        line = "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append((line[:30] if record.torn else line) + "\n")
        written.place(record, place, lines[-1].encode())
    written.content = "".join([*lines, "Итого", "\n"]).encode()
    return written


def jsonl(declared: Declared, records: Sequence[Record]) -> Written:
    """Nested objects and numbers; a blank line in the middle, none at the end."""
    written, lines = Written(), []
    for n, record in enumerate(records):
        if n == len(records) // 2:
            lines.append("\n")
        found = {
            "№": record.number, "Дата": int(day_of(declared, record)), "Вещество": record.substance,
            "Изъято": {"Кол-во": float(record.quantity), "единица": record.unit}, "Орган": record.agency,
            "Упаковка": record.packaging or None,
        }  # fmt: skip
        line = json.dumps(found, ensure_ascii=False)
        lines.append((line[: len(line) // 2] if record.torn else line) + "\n")
        written.place(record, len(lines), lines[-1].encode())
    written.content = "".join(lines).rstrip("\n").encode()
    return written


def json_pages(declared: Declared, records: Sequence[Record]) -> Written:
    """Two pages of an API; each states how many records there are. A torn record is no object."""
    written, items = Written(), []
    names = ("№", "Дата", "Вещество", "Кол-во", "Ед.", "Орган", "Упаковка")
    for place, record in enumerate(records, 1):
        cells = record.cells(day_of(declared, record), quantity_of(declared, record))
        found = cells if record.torn else dict(zip(names, cells, strict=True))
        items.append(json.dumps(found, ensure_ascii=False))
        written.place(record, place, items[-1].encode())
    pages = [
        '{"synthetic": true, "data": {"total": %d, "items": [%s]}}' % (len(items), ",\n".join(page))  # noqa: UP031
        for page in (items[:10], items[10:])
    ]
    written.content = "\n".join(pages).encode()
    return written


def json_each(declared: Declared, records: Sequence[Record]) -> Written:
    """Reports of one agency on one day, each with a list of what was seized."""
    written, reports = Written(), []
    for (day, agency), group in groupby(records, key=lambda record: (record.day, record.agency)):
        items = []
        for n, record in enumerate(group, 1):
            found = {
                "№": record.number, "Вещество": record.substance, "Кол-во": float(record.quantity),
                "единица": record.unit, "Упаковка": record.packaging,
            }  # fmt: skip
            items.append([record.number] if record.torn else found)
            written.place(record, 1000 * (len(reports) + 1) + n)
        reports.append({"Дата": day, "Орган": agency, "items": items})
    written.content = json.dumps(
        {"synthetic": True, "reports": reports}, ensure_ascii=False, indent=1
    ).encode()
    return written


def xml(declared: Declared, records: Sequence[Record]) -> Written:
    """Attributes and nested elements; in a torn record an element stands twice."""
    written, parts = Written(), []
    for place, record in enumerate(records, 1):
        agency = f"<agency>{record.agency}</agency>" * (1 + record.torn)
        parts.append(
            f"<record no={quoteattr(record.number)}><date>{record.day}</date>{agency}<substance>{record.substance}"
            f"</substance><seized><quantity>{record.quantity}</quantity><unit>{record.unit}</unit></seized>"
            f"<packaging>{escape(record.packaging)}</packaging></record>\n"
        )
        written.place(record, place, parts[-1].encode())
    head = '<?xml version="1.0" encoding="utf-8"?>\n<report synthetic="true">\n'
    written.content = (head + "".join(parts) + "</report>").encode()
    return written
