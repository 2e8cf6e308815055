"""Delimited text through DuckDB's reader; records it cannot split are kept apart, never skipped."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

from include.sources.definition import CsvFormat
from include.sources.formats.raw import (
    RawRows,
    Reading,
    check_headings,
    clean_heading,
    identifier,
    json_record,
    literal,
)
from include.sources.formats.text import check_encoding, look_through, utf8_text

MAX_LINE_BYTES = 8 << 20


def read_csv(reading: Reading, declared: CsvFormat) -> RawRows:
    """Every record of the file as text columns c0, c1, …; short, long and unreadable records as rejects."""
    path = utf8_text(reading, declared.encoding, checked_by_engine=True)
    headings = _headings(reading, path, declared)
    check_headings(reading, headings, f"heading line {declared.title_rows + 1}")
    columns = [f"c{number}" for number in range(len(headings))]
    rejects = f"rejects_{reading.delivered.label}"
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    relation = (
        f"(select row_number() over () + {declared.title_rows + 1} as raw_row, * from read_csv({literal(str(path))}, "
        f"auto_detect=false, header=true, skip={declared.title_rows}, delim={literal(declared.delimiter)}, "
        f"quote={literal(declared.quote)}, escape={literal(declared.quote)}, new_line={literal(_line_break(path))}, "
        f"nullstr='', max_line_size={MAX_LINE_BYTES}, store_rejects=true, rejects_table={literal(rejects)}, "
        f"rejects_scan={literal(rejects + '_scan')}, "
        f"columns={{{types}}}))"
    )
    cells = dict(zip(headings, columns, strict=True))
    facts = look_through(path, declared.delimiter, declared.quote)

    def check() -> None:
        question = f"select count(*) from {identifier(rejects)} where error_type = 'INVALID ENCODING'"
        if reading.connection.execute(question).fetchall()[0][0]:
            check_encoding(reading, declared.encoding)

    return RawRows(
        relation=relation,
        columns=tuple(columns),
        cells=cells,
        received=json_record({h or c: c for h, c in zip(headings, columns, strict=True)}),
        outer_spaces=facts.outer_spaces,
        rejects=f"select line as raw_row, trim(any_value(csv_line), chr(10) || chr(13)) as received, 'row.columns' as rule from {identifier(rejects)} group by line",
        physical_rows=facts.records - declared.title_rows - 1,
        rejects_table=identifier(rejects),
        check=check,
    )


def exact_records(path: Path, declared: CsvFormat) -> int:
    """Records as Python's csv module reads them: slower, and exact about quotes in odd places."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum(
            1 for record in csv.reader(file, delimiter=declared.delimiter, quotechar=declared.quote) if record
        )


def _line_break(path: Path) -> str:
    with path.open("rb") as file:
        return "\\r\\n" if file.readline(MAX_LINE_BYTES).endswith(b"\r\n") else "\\n"


def _headings(reading: Reading, path: Path, declared: CsvFormat) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = csv.reader(file, delimiter=declared.delimiter, quotechar=declared.quote)
        try:
            lines = list(itertools.islice(records, declared.title_rows + 1))
        except UnicodeDecodeError:
            check_encoding(reading, declared.encoding)
            raise
        except csv.Error as error:
            raise reading.refuse(
                "heading line", str(error), "a heading line", "Check the dialect of the definition."
            ) from None
    if len(lines) <= declared.title_rows:
        raise reading.refuse(
            "heading line", "the end of the file", "a heading line", "Ask the source to deliver again."
        )
    return [clean_heading(cell) for cell in lines[-1]]
