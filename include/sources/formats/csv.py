"""Delimited text: plain files by DuckDB's reader, every other record by record. No record is skipped by either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from include.sources.definition import CsvFormat
from include.sources.definition.formats import place_name
from include.sources.formats.delimited import look_through
from include.sources.formats.headings import check_places, joined_headings, named_columns, record_names
from include.sources.formats.lines import count_lines, lines, too_long
from include.sources.formats.raw import (
    RawRows,
    Reading,
    check_headings,
    identifier,
    json_record,
    literal,
)
from include.sources.formats.records import BLANK, BROKEN, COMMENT, ROW, Dialect, Record, TooLong, records
from include.sources.formats.spool import Spool, too_many_rows
from include.sources.formats.text import check_encoding, utf8_text

MAX_LINE_BYTES = 8 << 20
RULE = "row.columns"


def read_csv(reading: Reading, declared: CsvFormat) -> RawRows:
    """Every record of the file as text columns c0, c1, …; short, long and unreadable records as rejects.

    raw_row counts as a spreadsheet program counts rows: titles, headings, comments and blank lines count, a line
    break inside quotes does not.
    """
    path = utf8_text(reading, declared.encoding, checked_by_engine=True)
    head = _head(reading, path, declared)
    if _is_for_the_engine(declared, head):
        longest = min(reading.limits.cell_chars, MAX_LINE_BYTES)
        facts = look_through(
            path, declared.delimiter, declared.quote, longest, head.size, len(head.headings) - 1
        )
        if facts.plain:
            return _by_the_engine(
                reading, path, declared, head, facts.records - head.number, facts.outer_spaces
            )
    return _record_by_record(reading, path, declared, head)


@dataclass(frozen=True)
class _Head:
    """The headings, the place of the row that ends them, and the lines and bytes to there."""

    headings: list[str]
    number: int
    lines: int
    size: int
    asked: frozenset[str]
    has_heading: bool
    titles: tuple[tuple[str, ...], ...] = ()

    @property
    def columns(self) -> list[str]:
        return [f"c{number}" for number in range(len(self.headings))]

    @property
    def places(self) -> list[int]:
        return list(range(1, len(self.headings) + 1))

    @property
    def cells(self) -> dict[str, str]:
        named = named_columns(self.headings, self.places, self.asked)
        return {heading: self.columns[number] for heading, number in named.items()}

    @property
    def received(self) -> str:
        return json_record(dict(zip(record_names(self.headings, self.places), self.columns, strict=True)))


def _head(reading: Reading, path: Path, declared: CsvFormat) -> _Head:
    header: list[list[str]] = []
    titles: list[tuple[str, ...]] = []
    spent = size = number = 0
    if not declared.title_rows and declared.columns:
        return _checked(reading, declared.columns, 0, 0, 0, has_heading=False)
    for record in _records(reading, path, declared):
        number = record.number
        spent, size = spent + record.span, size + len(record.text)
        if record.kind == COMMENT:
            continue
        if len(titles) < declared.title_rows:
            titles.append(
                tuple(cell.decode(errors="replace").strip() for cell in record.cells or [record.text])
            )
        elif record.kind == ROW:
            header.append(_decoded(reading, declared, record))
        elif record.kind == BROKEN:
            raise reading.refuse(
                f"heading line {record.number}", "a quote that does not close, or within a cell that does not begin with one",
                "a heading line",
                "Check the dialect of the definition.",
            )  # fmt: skip
        if len(titles) == declared.title_rows and len(header) == declared.header_rows:
            headings = declared.columns or joined_headings(header)
            head = _checked(reading, headings, number, spent, size, has_heading=declared.columns is None)
            return replace(head, titles=tuple(titles))
    raise reading.refuse(
        "heading line", "the end of the file", "a heading line", "Ask the source to deliver again."
    )


def _checked(
    reading: Reading, headings: list[str], number: int, lines: int, size: int, *, has_heading: bool
) -> _Head:
    head = _Head(headings, number, lines, size, frozenset(reading.feed.headings()), has_heading)
    where = f"heading line {number}" if has_heading else "format.columns"
    if len(headings) > reading.limits.columns:
        raise reading.refuse(
            where, f"{len(headings)} columns", f"no more than {reading.limits.columns} (limits.columns)",
            "Check the delimiter of the definition, or raise the limit of the deployment.",
        )  # fmt: skip
    check_headings(reading, headings, where, of_row=has_heading, places=map(place_name, head.places))
    check_places(reading, headings, head.places, where)
    return head


def _decoded(reading: Reading, declared: CsvFormat, record: Record) -> list[str]:
    try:
        return [cell.decode() for cell in record.cells]
    except UnicodeDecodeError:
        check_encoding(reading, declared.encoding)
        raise


def _records(reading: Reading, path: Path, declared: CsvFormat) -> Iterator[Record]:
    try:
        yield from records(lines(reading, path), Dialect.of(declared), reading.limits.cell_chars)
    except TooLong as error:
        raise too_long(reading, f"row {error.number}, from a quote on") from None


# Plain files -----------------------------------------------------------------------------------------------------


def _is_for_the_engine(declared: CsvFormat, head: _Head) -> bool:
    """Whether the engine knows this dialect as we mean it. Its comments begin anywhere in a line; ours do not."""
    return (
        len(head.headings) > 1
        and head.lines == head.number  # what it skips are lines
        and declared.delimiter.isascii()
        and declared.delimiter != " "
        and not declared.merge_delimiters
        and declared.escape in (None, declared.quote)
        and declared.comment is None
        and declared.footer is None
    )


def _by_the_engine(
    reading: Reading, path: Path, declared: CsvFormat, head: _Head, rows: int, outer_spaces: str
) -> RawRows:
    if rows > reading.limits.rows:
        raise too_many_rows(reading)
    rejects = f"rejects_{reading.delivered.label}"
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in head.columns)
    relation = (
        f"(select row_number() over () + {head.number} as raw_row, * from read_csv({literal(str(path))}, "
        f"auto_detect=false, header={str(head.has_heading).lower()}, skip={head.number - head.has_heading}, delim={literal(declared.delimiter)}, "
        f"quote={literal(declared.quote)}, escape={literal(declared.quote)}, new_line={literal(_line_break(path))}, "
        f"nullstr='', max_line_size={MAX_LINE_BYTES}, store_rejects=true, rejects_table={literal(rejects)}, "
        f"rejects_scan={literal(rejects + '_scan')}, "
        f"columns={{{types}}}))"
    )

    def check() -> None:
        question = f"select count(*) from {identifier(rejects)} where error_type = 'INVALID ENCODING'"
        if reading.connection.execute(question).fetchall()[0][0]:
            check_encoding(reading, declared.encoding)

    return RawRows(
        relation=relation,
        columns=tuple(head.columns),
        cells=head.cells,
        received=head.received,
        titles=head.titles,
        outer_spaces=outer_spaces,
        rejects=f"select line as raw_row, trim(any_value(csv_line), chr(10) || chr(13)) as received, '{RULE}' as rule from {identifier(rejects)} group by line",
        physical_rows=rows,
        rejects_table=identifier(rejects),
        check=check,
    )


def _line_break(path: Path) -> str:
    with path.open("rb") as file:
        return "\\r\\n" if file.readline(MAX_LINE_BYTES).endswith(b"\r\n") else "\\n"


# Every other file ------------------------------------------------------------------------------------------------


def _record_by_record(reading: Reading, path: Path, declared: CsvFormat, head: _Head) -> RawRows:
    spool = Spool(reading, head.columns)
    is_footer = re.compile(declared.footer).search if declared.footer else None
    width, last, no_rows, behind = len(head.headings), head.number, head.lines, 0
    try:
        for record in _records(reading, path, declared):
            if record.number <= head.number:
                continue
            if record.kind in (BLANK, COMMENT):
                no_rows += record.span
                continue
            if record.kind == ROW and len(record.cells) == width:
                spool.row(record.number, record.cells, record.span)
            else:
                spool.reject(record.number, record.text.rstrip(b"\r\n"), RULE, record.span)
            if is_footer and is_footer(_first_text(record)):
                behind += record.span
            else:
                last, behind = record.number, 0
        spool.close()
    except pa.ArrowInvalid:  # bytes that are no UTF-8
        check_encoding(reading, declared.encoding)
        raise
    return RawRows(
        relation=spool.relation(last),
        columns=tuple(head.columns),
        cells=head.cells,
        received=head.received,
        titles=head.titles,
        rejects=spool.rejects(last),
        # Of the lines, counted apart: those that are in no row, and those that a row takes beyond its first.
        physical_rows=count_lines(path) - no_rows - behind - spool.spans(last),
    )


def _first_text(record: Record) -> str:
    """The first cell that is not empty; of a broken record, all of it."""
    cells = record.cells or [record.text]
    return next((text for cell in cells if (text := cell.decode(errors="replace").strip())), "")
