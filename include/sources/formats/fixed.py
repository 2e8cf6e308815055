"""Fixed width: each column at its place in the line, in characters."""

from __future__ import annotations

import re

from include.sources.definition.formats import FixedFormat
from include.sources.formats.numbered import numbered_lines
from include.sources.formats.raw import RawRows, Reading, json_record
from include.sources.formats.text import utf8_text


def read_fixed(reading: Reading, declared: FixedFormat) -> RawRows:
    """Every line that is not blank; raw_row is the number of the line in the file.

    A line that does not end where the last column ends is a reject. Where the source cuts blanks off, shorter lines
    are taken; a longer one never is.

    Raises:
        SourceError: the file is no text in its encoding, is empty, or goes beyond a limit.
    """
    lines, _ = numbered_lines(reading, utf8_text(reading, declared.encoding))
    body = (
        f"(from {lines} where number > {declared.title_rows} and number <= {_last(reading, lines, declared)})"
    )
    width = max(column.start + column.width - 1 for column in declared.columns.values())
    fits = f"length(line) {'<=' if declared.cut_blanks else '='} {width}"
    cells = {
        heading: f"nullif(trim(substring(line, {column.start}, {column.width})), '')"
        for heading, column in declared.columns.items()
    }
    rows = reading.connection.execute(f"select count(*) from {body}").fetchall()[0][0]
    return RawRows(
        relation=f"(select number as raw_row, line from {body} where {fits})",
        columns=("line",),
        cells=cells,
        received=json_record(cells),
        rejects=f"select number as raw_row, line as received, 'row.columns' as rule from {body} where not ({fits})",
        physical_rows=int(rows),
        titles=_titles(reading, lines, declared.title_rows),
    )


def _titles(reading: Reading, lines: str, rows: int) -> list[list[str]]:
    """The lines before the first record, each as one cell; a blank line is an empty one."""
    found = dict(
        reading.connection.execute(f"select number, line from {lines} where number <= {rows}").fetchall()
    )
    return [[found.get(number, "").strip()] for number in range(1, rows + 1)]


def _last(reading: Reading, lines: str, declared: FixedFormat) -> int:
    """The number of the last line that is no footer."""
    # The numbers are sorted alone: with the lines beside them, those of a large file would not fit.
    newest = f"select number from {lines} order by number desc limit 1000"
    last = f"select number, line from {lines} where number >= (select min(number) from ({newest})) order by number desc"
    for number, line in reading.connection.execute(last).fetchall():
        if not (declared.footer and re.search(declared.footer, line)):
            return int(number)
    return 0
