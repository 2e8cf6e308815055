"""What a delivery says of all its rows: its period, its name, the cells above its table."""

from __future__ import annotations

import re
from dataclasses import replace

from include.sources.definition.mappings import (
    ANY_CELL,
    DELIVERY_WORDS,
    FileNameMapping,
    PeriodMapping,
    TitleCellMapping,
)
from include.sources.errors import SourceError
from include.sources.formats.raw import RawRows, Reading, literal
from include.sources.transports.moments import month_words

NOT_TAKEN = "nothing of this file was taken."


def filled(reading: Reading, raw: RawRows) -> RawRows:
    """The rows with the text of every field that the delivery fills, and with its period for expressions.

    Raises:
        SourceError: the period, the name or the title does not say what a field needs.
    """
    found = {}
    for name, mapping in reading.feed.fields.items():
        if isinstance(mapping, PeriodMapping):
            found[name] = _of_period(reading, f"fields.{name}", mapping.period)
        elif isinstance(mapping, FileNameMapping):
            found[name] = _of_name(reading, f"fields.{name}", mapping)
        elif isinstance(mapping, TitleCellMapping):
            found[name] = _of_title(reading, f"fields.{name}", mapping, raw)
    words = {
        word: literal(_of_period(reading, f"expression with {word}", word[1:-1]))
        for word in DELIVERY_WORDS
        if word in reading.feed.delivery_words()
    }
    return replace(raw, filled=found, cells=raw.cells | words) if found or words else raw


def _of_period(reading: Reading, place: str, asked: str) -> str:
    period, rhythm = reading.delivered.period, reading.feed.rhythm
    year, _, month = period.partition("-")
    if asked == "month" and not month:
        raise reading.refuse(
            place,
            "a delivery for a whole year",
            "one for a month",
            f"Check its name and name_pattern; {NOT_TAKEN}",
        )
    first = month or "01"
    last = month or "12"
    if month and rhythm and rhythm.every == "quarter":
        last = f"{(int(month) + 2) // 3 * 3:02}"
        first = f"{int(last) - 2:02}"
    words = month_words(f"{year}-{first}")
    return words[asked] if asked != "last_day" else month_words(f"{year}-{last}")["last_day"]


def _of_name(reading: Reading, place: str, mapping: FileNameMapping) -> str:
    value = _value(mapping.file_name, reading.delivered.name)
    if value is None:
        raise reading.refuse(
            place, "a name that does not say it", f"a name in which {mapping.file_name} is found",
            f"Rename the file, or mend the definition; {NOT_TAKEN}",
        )  # fmt: skip
    return value


def _of_title(reading: Reading, place: str, mapping: TitleCellMapping, raw: RawRows) -> str:
    if mapping.title_cell == ANY_CELL:
        cells = [cell for row in raw.titles for cell in row]
        values = {value for cell in cells if (value := _value(mapping.pattern or "", cell)) is not None}
        if len(values) != 1:
            raise _unsaid(reading, place, f"{len(values)} values in the cells above the table", mapping)
        return values.pop()
    row = raw.titles[mapping.row - 1] if mapping.row <= len(raw.titles) else ()
    cell = row[mapping.column].strip() if mapping.column < len(row) else ""
    value = _value(mapping.pattern, cell) if mapping.pattern else cell
    if not value:
        what = "another text" if cell else "nothing"
        raise _unsaid(reading, f"{place}, cell {mapping.title_cell}", what, mapping)
    return value


def _unsaid(reading: Reading, place: str, found: str, mapping: TitleCellMapping) -> SourceError:
    expected = f"one in which {mapping.pattern} is found" if mapping.pattern else "a text"
    return reading.refuse(
        place,
        found,
        expected,
        f"Ask the source whether its title has changed, or mend the definition; {NOT_TAKEN}",
    )


def _value(pattern: str, text: str) -> str | None:
    """The first group of a match that takes part in it, or else the whole match; null where there is none."""
    found = re.search(pattern, text)
    if found is None:
        return None
    groups = [group for group in found.groups() if group is not None]
    return (groups[0] if groups else found[0]).strip() or None
