"""What the columns of a feed are read for: names, which no date may stand for, and numbers, which none may share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from include.contracts import DATASETS, Contract, load
from include.sources.definition.expressions import expression_columns
from include.sources.definition.mappings import ColumnMapping, ExpressionMapping
from include.sources.definition.model import Feed


@dataclass(frozen=True)
class Kinds:
    """Headings by what is read from them.

    Attributes:
        names: of fields of text that no code list reads, taken as they stand.
        numbers: of fields that measure: a number that does not identify a record.
        whole: all that a field is read from.
    """

    names: frozenset[str]
    numbers: frozenset[str]
    whole: frozenset[str]

    def with_wide(self, feed: Feed, headings: Iterable[str]) -> Kinds:
        """The same with the headings that `unpivot` makes records of: each is what its cells are read for."""
        unpivot = getattr(feed.format, "unpivot", None)
        if unpivot is None:
            return self
        wide = frozenset(each for each in headings if each and re.fullmatch(unpivot.columns, each))

        def more(known: frozenset[str]) -> frozenset[str]:
            return known | wide if unpivot.value in known else known

        return Kinds(more(self.names), more(self.numbers), more(self.whole))


def kinds_of(feed: Feed, contract: Contract) -> Kinds:
    """What each heading of a feed is read for, by the contract of its dataset."""
    names: set[str] = set()
    numbers: set[str] = set()
    whole: set[str] = set()
    for field in contract.reported:
        mapping = feed.fields.get(field.name)
        if isinstance(mapping, ExpressionMapping):
            read, direct = set(expression_columns(mapping.expression)), False
        elif isinstance(mapping, str | ColumnMapping):
            read, direct = {mapping if isinstance(mapping, str) else mapping.column}, True
        else:
            continue
        whole |= read
        if field.type in ("number", "integer") and field.name not in feed.identity:
            numbers |= read
        elif direct and field.type == "string" and not field.codelist:
            names |= read
    return Kinds(frozenset(names), frozenset(numbers), frozenset(whole))


def kinds_by_name(feed: Feed, dataset: str) -> Kinds:
    """The same by the name of the dataset; nothing is known of a dataset without a contract."""
    if dataset not in DATASETS:
        return Kinds(frozenset(), frozenset(), frozenset())
    return kinds_of(feed, load(f"core_{dataset}"))
