"""Delimited and fixed-width text: signs, titles, headings, footer.

Of all signs that may part the cells, that one is taken which gives the most rows of one width, wide rows counting
more: after the pattern score of van den Burg, Nazábal, Sutton: Wrangling Messy CSV Files by Detecting Row and Type
Patterns (2019). A few broken rows do not mislead it, as they do DuckDB's sniffer.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass

from include.sources.definition.formats import place_name
from include.sources.formats.raw import SPACES
from include.sources.looking.grid import FOOTER_ROWS, Row, shape_of
from include.sources.looking.sample import RECORDS, Sample
from include.sources.looking.table import Decision, Table, table_of
from include.sources.looking.text import Text

DELIMITERS = ";\t,|~^"
COMMENTS = "#%!"
SCORED = 500
LEAST_BLANK, LEAST_BLANK_SHARE = 3, 0.9
"""Blanks stand in values, too: they part cells only where there are some rows, and nearly all have as many cells."""
FIXED_LINES = 200
LEAST_SCORE = 0.25
"""Of a sign: the part of the rows that it cuts into the same number of cells; a title, a heading and a broken row pass."""


@dataclass(frozen=True)
class Dialect:
    """The signs of delimited text; `escape` None says that a quote inside quotes stands twice."""

    delimiter: str
    quote: str
    escape: str | None
    comment: str | None
    merges: bool = False


def delimited_table(sample: Sample, text: Text) -> Table | None:
    """The sample as delimited text; None where no sign parts it into columns."""
    dialect = _dialect(text.text)
    return _table(sample, text, dialect) if dialect else None


def blank_table(sample: Sample, text: Text) -> Table | None:
    """The sample with its cells parted by blanks, many as one; None where its rows are not all as wide."""
    dialect = Dialect(" ", '"', None, _comment(text.text), merges=True)
    widths = Counter(len(row) for row in _rows(text.text, dialect, SCORED) if row)
    width, count = max(widths.items(), key=lambda item: item[1], default=(0, 0))
    if min(width, count) < LEAST_BLANK or count < LEAST_BLANK_SHARE * widths.total():
        return None
    return _table(sample, text, dialect)


def _table(sample: Sample, text: Text, dialect: Dialect) -> Table | None:
    rows = _rows(text.text, dialect, RECORDS + FOOTER_ROWS)
    if not sample.is_whole:
        rows = rows[:-1]
    whole = sample.is_whole and len(rows) < RECORDS
    ends = rows if whole else [*rows, *_last_rows(sample, text, dialect)]
    shape = shape_of(ends, ends=True)
    if shape is None or len(shape.headings) < 2:
        return None
    names = (
        shape.headings if shape.header_rows else [place_name(n) for n in range(1, len(shape.headings) + 1)]
    )
    _check_width(sample, len(shape.headings))
    keys = {
        "kind": "csv", "encoding": text.encoding, "delimiter": dialect.delimiter, "quote": dialect.quote,
        "escape": dialect.escape, "comment": dialect.comment, "title_rows": shape.title_rows,
        "header_rows": shape.header_rows, "footer": shape.footer, "merge_delimiters": dialect.merges,
        "columns": None if shape.header_rows else len(names),
    }  # fmt: skip
    begin = shape.title_rows + shape.header_rows
    records = [row for row in rows[begin:] if any(row)]
    return table_of(keys, names, records[: -shape.footer_rows or None] if whole else records, text.decisions)


def fixed_table(sample: Sample, text: Text) -> Table | None:
    """The sample as lines with columns at fixed places; None where its lines have no gutters of blanks."""
    lines = text.text.splitlines()[: RECORDS + 1]
    if not sample.is_whole:
        lines = lines[:-1]
    lines = [line for line in lines if line.strip()]
    spans = _spans(lines[:FIXED_LINES])
    if len(spans) < 2:
        return None
    rows = [[line[begin:end].strip(SPACES) for begin, end in spans] for line in lines]
    shape = shape_of(rows, ends=sample.is_whole)
    if shape is None:
        return None
    widths = [end - begin for begin, end in spans]
    width = max(map(len, lines))
    widths[-1] += width - spans[-1][1]
    begin = shape.title_rows + shape.header_rows
    names = [heading or f"column {number}" for number, heading in enumerate(shape.headings, 1)]
    columns = {
        name: {"start": start + 1, "width": size}
        for name, (start, _), size in zip(names, spans, widths, strict=True)
    }
    keys = {
        "kind": "fixed", "encoding": text.encoding, "columns": columns, "title_rows": begin,
        "footer": shape.footer, "cut_blanks": len(set(map(len, lines[begin:]))) > 1,
    }  # fmt: skip
    places = Decision(
        "format.columns",
        "the places of the columns were taken from the gaps between them",
        "a longer value may reach into a gap: compare with the source's description of its file",
    )
    records = rows[begin : len(rows) - shape.footer_rows]
    return table_of(keys, names, records, [*text.decisions, places])


def _dialect(text: str) -> Dialect | None:
    best: tuple[float, Dialect] | None = None
    comment = _comment(text)
    for delimiter in DELIMITERS:
        quote, escape = _quote(text, delimiter)
        dialect = Dialect(delimiter, quote, escape, comment)
        widths = Counter(len(row) for row in _rows(text, dialect, SCORED) if row)
        score = max((n * (w - 1) / w for w, n in widths.items() if w), default=0.0) / max(1, widths.total())
        if score >= LEAST_SCORE and (best is None or score > best[0]):
            best = score, dialect
    return best[1] if best else None


def _quote(text: str, delimiter: str) -> tuple[str, str | None]:
    """The quote that stands at the edges of cells, and the sign before a quote inside quotes if it is not doubled."""
    sign = re.escape(delimiter)
    edges = {
        quote: len(re.findall(rf"(?:^|{sign}){quote}[^{quote}\n]*{quote}(?={sign}|\r?$)", text, re.MULTILINE))
        for quote in ('"', "'")
    }
    quote = "'" if edges["'"] > edges['"'] else '"'
    escaped, doubled = (
        text.count(f"\\{quote}"),
        len(re.findall(rf"[^{sign}\n]{quote}{quote}[^{sign}\n]", text)),
    )
    return quote, "\\" if escaped > doubled else None


def _comment(text: str) -> str | None:
    """A sign that begins some lines, the other lines being the rows."""
    lines = [line for line in text.splitlines()[:SCORED] if line.strip()]
    for sign in COMMENTS:
        marked = [line.startswith(sign) for line in lines]
        headings = len(marked) > 1 and marked[0] and not any(marked[1:])
        if any(marked) and sum(marked) < len(lines) / 2 and not (headings and _looks_like_heading(lines)):
            return sign
    return None


def _looks_like_heading(lines: list[str]) -> bool:
    """Whether the first line has as many delimiters as the second: `#;date;name` is a heading, not a comment."""
    return any(lines[0].count(sign) == lines[1].count(sign) > 0 for sign in DELIMITERS)


def _rows(text: str, dialect: Dialect, most: int) -> list[Row]:
    lines = io.StringIO(text, newline="")
    kept = (line for line in lines if not (dialect.comment and line.startswith(dialect.comment)))
    if dialect.merges:  # blanks at the end of a line part nothing
        kept = (line.rstrip(" \r\n") + "\n" for line in kept)
    reader = csv.reader(
        kept,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        escapechar=dialect.escape,
        skipinitialspace=dialect.merges,
        doublequote=dialect.escape is None,
    )
    rows: list[Row] = []
    try:
        for row in itertools.islice(reader, most):
            rows.append([cell.strip(SPACES) for cell in row])
    except csv.Error:  # what was read until there is what can be looked at
        pass
    return rows


def _last_rows(sample: Sample, text: Text, dialect: Dialect) -> list[Row]:
    """The last rows of a file whose head is not all of it."""
    tail = sample.tail.decode(text.encoding, "ignore").partition("\n")[2]
    return _rows(tail, dialect, RECORDS)[-FOOTER_ROWS:]


def _spans(lines: list[str]) -> list[tuple[int, int]]:
    """Begin and end of the columns: what lies between places that are blank in (nearly) every line."""
    width = max(map(len, lines), default=0)
    if len(lines) < 2 or "\t" in "".join(lines):
        return []
    usual = Counter(map(len, (line.rstrip() for line in lines)))
    body = [line for line in lines if len(line.rstrip()) > width / 2] if usual else lines
    blank = [all(place >= len(line) or line[place] == " " for line in body) for place in range(width)]
    begins = [n for n in range(width) if not blank[n] and (n == 0 or blank[n - 1])]
    return list(zip(begins, [*begins[1:], width], strict=True))


def _check_width(sample: Sample, columns: int) -> None:
    if columns > sample.limits.columns:
        raise sample.refuse(
            "heading", f"{columns} columns", f"at most {sample.limits.columns} (limits.columns)",
            "Check what the source delivers.",
        )  # fmt: skip
