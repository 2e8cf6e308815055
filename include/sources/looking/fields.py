"""Which column is which field of the contract: by what it is called and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import linear_sum_assignment

from include.contracts import Contract, Field, fold, spellings
from include.sources.looking.headings import Names
from include.sources.looking.values import MOST, NOTHING, Column
from include.sources.months import month_of

ENOUGH = 0.5
"""The least score of a match: half a name, or content that hardly any other field has."""
SURE = 0.8
DATE = 0.2
LOOKED_AT = 300
"""So many of a column's commonest texts are held against the code lists."""
FEW = 5
"""Of fewer records nobody can say whether they are numbered."""
EXCEL_DAYS = range(36_000, 62_000)
IMPOSSIBLE = -1.0


@dataclass(frozen=True)
class Match:
    """A column taken for a field; `name` and `content` say how far each speaks for it."""

    field: str
    heading: str
    name: float
    content: float

    @property
    def is_sure(self) -> bool:
        return self.name >= SURE or (self.name >= ENOUGH / 2 and self.content >= ENOUGH)


def code_lists(contract: Contract) -> dict[str, str]:
    """Reported field → the code list that its words are of."""
    return {f.derived_from or f.name: f.codelist for f in contract.fields if f.codelist}


def names_of(contract: Contract) -> Names:
    """What the contract calls its reported fields: their headings in three languages, and their own names."""
    return Names({f.name: [*f.headings, f.name.replace("_", " ")] for f in contract.reported})


def known_texts(column: Column, codelist: str) -> set[str]:
    """Texts of a column that are spellings of a code list."""
    return set(_known(column, codelist))


def listed_texts(columns: Iterable[Column], contract: Contract) -> dict[str, set[str]]:
    """Heading → texts that a code list knows, for columns whose words are of one list, whatever words for nothing say.

    Where nothing but words for nothing stands, every list is asked: `нет` may be an answer.
    """
    found = {}
    lists = sorted(set(code_lists(contract).values()))
    for column in columns:
        said = column.without(NOTHING)
        best = max(lists, key=lambda name: said.share(known_texts(said, name)))
        if not said.filled:
            found[column.heading] = {text for name in lists for text in known_texts(column, name)}
        elif not said.is_typed and said.share(known_texts(said, best)) >= MOST / 2:
            found[column.heading] = known_texts(column, best)
    return found


def matches(contract: Contract, columns: Mapping[str, Column], has_dates: bool = False) -> list[Match]:
    """The best whole assignment of columns to reported fields, each at most once, in the order of the contract.

    Args:
        contract: of the dataset.
        columns: heading → column.
        has_dates: the format may give dates as numbers of days.
    """
    names, lists = names_of(contract), code_lists(contract)
    fields, found = contract.reported, list(columns.values())
    name = np.array([[names.score(c.heading, f.name) for c in found] for f in fields])
    content = np.array(
        [[_content(contract, f, lists.get(f.name), c, has_dates) for c in found] for f in fields]
    )
    total = np.where(content > IMPOSSIBLE, name + content, 0.0)
    total = np.where(total >= ENOUGH, total, 0.0)
    pairs = zip(*linear_sum_assignment(total, maximize=True), strict=True)
    return [
        Match(fields[f].name, found[c].heading, float(name[f, c]), float(content[f, c]))
        for f, c in sorted(pairs)
        if total[f, c] > 0
    ]


def score_of(found: list[Match]) -> float:
    """How well a table fits a dataset: what its matches add up to."""
    return sum(match.name + match.content for match in found)


def _content(
    contract: Contract, field: Field, codelist: str | None, column: Column, has_dates: bool
) -> float:
    """How far what stands in a column speaks for a field: -1 says that it cannot be, 1 that it must."""
    if not column.filled:
        return -0.2 if field.required and column.records else 0.0
    if field.max_length and max(map(len, column.texts)) > field.max_length * 2:
        return IMPOSSIBLE
    empty = 0.3 * (1 - column.filled / column.records) if field.required else 0.0
    return max(IMPOSSIBLE, _of_type(contract, field, codelist, column, has_dates) - empty)


def _of_type(
    contract: Contract, field: Field, codelist: str | None, column: Column, has_dates: bool
) -> float:
    if codelist:
        return _codes(column, codelist, free=field.codelist is None)
    if field.type == "date":
        if column.dates >= MOST:
            return DATE
        months = column.share(text for text in column.texts if month_of(text)) == 1
        return 0.1 if months or (has_dates and _are_days(column)) else IMPOSSIBLE
    if field.type == "integer":
        return 0.25 if column.whole_numbers >= MOST else IMPOSSIBLE
    if field.type == "number":
        return 0.2 if column.numbers >= MOST else IMPOSSIBLE
    if field.pattern:
        fits = column.share(text for text in column.texts if re.fullmatch(field.pattern, text))
        return 0.5 if fits >= MOST else IMPOSSIBLE
    if field.name in _addresses(contract):
        return 0.6 if column.links >= MOST / 2 else -0.5
    if column.links >= MOST or column.dates >= MOST:
        return -0.6
    if field.name.endswith("_no") and column.filled >= FEW:
        return 0.3 if column.distinct >= MOST and column.digits >= MOST else -0.4
    if field.name.endswith("_number"):
        return 0.2 if column.digits >= MOST and column.distinct >= MOST / 2 else -0.4
    return 0.05 if column.numbers < MOST or field.name.endswith("_no") else -0.3


def _codes(column: Column, codelist: str, free: bool) -> float:
    known = column.share(_known(column, codelist))
    if known >= MOST / 2:
        return 0.4 + 0.4 * known
    if column.is_typed or column.links >= MOST / 2:
        return IMPOSSIBLE
    few = free or len(column.texts) <= 2 * len(set(spellings(codelist).values()))
    return 0.2 * known - (0.1 if few else 0.4)


def _are_days(column: Column) -> bool:
    days = [text for text in column.texts if text.isdigit() and int(text[:9]) in EXCEL_DAYS]
    return column.share(days) >= MOST


def _known(column: Column, codelist: str) -> list[str]:
    known = _folded(codelist)
    return [text for text, _ in column.texts.most_common(LOOKED_AT) if fold(text) in known]


@lru_cache(maxsize=64)
def _folded(codelist: str) -> frozenset[str]:
    return frozenset(spellings(codelist))


def _addresses(contract: Contract) -> set[str]:
    """Fields that a channel is read from: they hold addresses, handles or links."""
    return {f.derived_from for f in contract.fields if f.derived_from and not f.codelist}
