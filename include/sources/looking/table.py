"""What every format looks like to the rest of the looking: headings over columns of texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from include.sources.definition.formats import place_name
from include.sources.formats.raw import SPACES
from include.sources.formats.sheet import column_name


@dataclass(frozen=True)
class Decision:
    """Something that a sample cannot tell, or tells only probably.

    Attributes:
        key: place in the definition, without `feeds.<dataset>.`; in words where it is no key.
        what: what was found, and what was taken for it.
        why: what hangs on it.
        details: what was found, one by one; in the proposal itself it stands beside the key.
        first: figures can be wrong without a word when it is decided wrongly: asked before the others.
        usual: every source has it to say, whatever the sample: told beside its key, not asked.
    """

    key: str
    what: str
    why: str
    details: str = ""
    first: bool = False
    usual: bool = False


@dataclass(frozen=True)
class Table:
    """Records of a sample, column by column.

    Attributes:
        format: keys of `format` that give exactly these headings and records.
        columns: heading → the text of each record; "" for nothing.
        has_dates: the format itself knows dates and gives them as YYYY-MM-DD.
        decisions: what a person must decide about how it was read.
        confidence: that the encoding is the right one, 0 to 1; None where it is not guessed.
    """

    format: dict[str, Any]
    columns: dict[str, list[str]]
    has_dates: bool = False
    decisions: list[Decision] = field(default_factory=list)
    confidence: float | None = None

    @property
    def records(self) -> int:
        return len(next(iter(self.columns.values()), []))


def table_of(
    format_keys: dict[str, Any],
    headings: list[str],
    records: list[list[str]],
    decisions: list[Decision] | None = None,
    has_dates: bool = False,
) -> Table:
    """A table of records with as many cells as there are headings; others are left out.

    A column without a heading, or with one that stands twice, is called by its place, if anything stands in it.
    """
    full = [record for record in records if len(record) == len(headings)]
    by_letter = format_keys["kind"] in ("xlsx", "xls", "ods")
    places = [column_name(n) if by_letter else n + 1 for n in range(len(headings))]
    by_place = [headings.count(heading) > 1 or not heading for heading in headings]
    columns = {
        place_name(places[n]) if by_place[n] else heading: [record[n].strip(SPACES) for record in full]
        for n, heading in enumerate(headings)
        if not by_place[n] or any(record[n].strip(SPACES) for record in full)
    }
    return Table(format_keys, columns, has_dates, decisions or [])
