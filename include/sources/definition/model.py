"""A source definition: who reports, and for each dataset how its reports arrive and what their columns mean."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from include.contracts import fold
from include.sources.definition.expressions import expression_columns
from include.sources.definition.formats import Format
from include.sources.definition.mappings import DELIVERY_WORDS, ColumnMapping, ExpressionMapping, Mapping
from include.sources.definition.transports import Transport
from include.sources.parts import Part


class Increment(Part):
    """Each delivery holds new and changed records; what it does not name stays as it is."""

    kind: Literal["increment"]


class Snapshot(Part):
    """Each delivery holds every record of its period, or all there are: one that disappears is withdrawn."""

    kind: Literal["snapshot"]
    of: Literal["period", "everything"] = "period"
    may_withdraw: float = Field(
        default=0.2, ge=0, le=1,
        description="Largest share of the records known before that one delivery may withdraw; above it the "
        "delivery is refused.",
    )  # fmt: skip


class Cumulative(Part):
    """The numbers of each delivery count since January: the month is the difference, a fall is a revision."""

    kind: Literal["cumulative"]


Delivers = Annotated[Increment | Snapshot | Cumulative, Field(discriminator="kind")]


class Rhythm(Part):
    """When reports are expected, and when one is late or missing."""

    every: Literal["month", "quarter", "year"] = "month"
    since: str = Field(
        pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$", description="First month that is reported."
    )
    years: list[Annotated[int, Field(ge=1900, le=2099)]] = Field(
        default=[], description="Earlier years that one file each covers."
    )
    due_days: int = Field(
        default=10, ge=0, le=366, description="Days after the end of a period within which its report is due."
    )
    late_days: int = Field(
        default=20, ge=0, le=366, description="Days after that in which it is late; then it is missing."
    )


class RowFilter(Part):
    """Which rows of a shared file are this source's, by a word in one column.

    Words are compared as code words are: case, outer and doubled blanks, ё and footnote marks make no difference. One
    that ends with * stands for all that begin so; an empty one for an empty cell.
    """

    column: str = Field(min_length=1, description="Heading of the column.")
    is_: list[str] = Field(
        default=[],
        alias="is",
        description="Words of rows that are this source's; rows with other words are not for us.",
    )
    not_: list[str] = Field(
        default=[], alias="not",
        description="Words of rows that are not for us. Without `is`, all other rows are this source's; with it, a row "
        "whose word is in neither list is quarantined (row.only).",
    )  # fmt: skip

    @model_validator(mode="after")
    def _parts_the_rows(self) -> RowFilter:
        if not self.is_ + self.not_:
            raise ValueError("expected words under is, not, or both")
        if "*" in self.is_ + self.not_:
            raise ValueError("expected a word before *: alone it would stand for every row")
        if both := sorted(set(map(_folded, self.is_)) & set(map(_folded, self.not_))):
            raise ValueError(
                f"expected each word either under is or under not, found {', '.join(both)!r} in both"
            )
        return self


def _folded(word: str) -> str:
    return fold(word) + "*" * word.endswith("*")


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


RowFilters = Annotated[
    list[RowFilter], BeforeValidator(_as_list, json_schema_input_type=RowFilter | list[RowFilter])
]


class Feed(Part):
    """One dataset of one source."""

    transport: Transport
    format: Format
    rhythm: Rhythm | None = None
    delivers: Delivers = Increment(kind="increment")
    aggregate: bool = Field(
        default=False, description="True where a row states a number of seizures (seizures_n)."
    )
    only: RowFilters = Field(
        default=[],
        description="Which rows of its files are this source's; the others are counted as not for us (R3) and never "
        "judged. One filter, or a list of which all must hold.",
    )
    identity: list[str] = Field(min_length=1, description="Fields whose values identify a record (R1).")
    numbers_begin_anew: Literal["never", "month", "year"] | None = Field(
        default=None,
        description="When the source's numbers begin anew: each month or year, then the month or year of the delivery's "
        "period belongs to the identity of its records.",
    )
    if_numbers_begin_anew: Literal["alert", "hold"] = Field(
        default="alert",
        description="What becomes of a delivery whose numbers seem to have begun anew: a person is told, or it is "
        "held back as well until the definition says what is so.",
    )
    fields: dict[str, Mapping] = Field(description="Where each field of the contract comes from.")

    @property
    def asked_by(self) -> str:
        """What the source is asked by (month, since, list, …); empty where it hands over files of its own."""
        return getattr(getattr(self.transport, "deliveries", None), "by", "")

    @property
    def is_asked_by_period(self) -> bool:
        """Whether a delivery holds what belongs to its period, and not whatever there is at the moment of asking."""
        return self.asked_by not in ("since", "document", "all")

    def headings(self) -> set[str]:
        """Every heading that the feed reads by name; expressions name theirs in double quotes."""
        found = {each.column for each in self.only}
        for mapping in self.fields.values():
            if isinstance(mapping, str):
                found.add(mapping)
            elif isinstance(mapping, ColumnMapping):
                found.add(mapping.column)
            elif isinstance(mapping, ExpressionMapping):
                found |= set(expression_columns(mapping.expression)) - set(DELIVERY_WORDS)
        return found

    def delivery_words(self) -> set[str]:
        """What expressions read of the period of the delivery."""
        read = (
            expression_columns(m.expression) for m in self.fields.values() if isinstance(m, ExpressionMapping)
        )
        return {word for columns in read for word in columns} & set(DELIVERY_WORDS)


SOURCE_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class SourceDefinition(Part):
    """One source: who it is, which regions its rows may name, and its feeds by dataset."""

    source: str = Field(pattern=SOURCE_ID, description="Id, equal to the name of the file.")
    name: dict[Literal["kk", "ru", "en"], str]
    regions: list[str] = Field(
        min_length=1, description="Codes its rows may name; reports count for the first."
    )
    synthetic: bool = Field(default=False, description="True marks everything that rests on it as synthetic.")
    feeds: dict[str, Feed] = Field(description="Feeds by dataset.")

    def sha256(self, dataset: str) -> str:
        """Fingerprint of what decides how a feed is read: part of every batch's provenance."""
        parts = {"regions": self.regions, "feed": self.feeds[dataset].model_dump(mode="json")}
        return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
