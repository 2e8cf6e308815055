"""Figure cards: a number may be published only together with everything that says what it means.

Source: METHODOLOGY, "Why rules come first"; S8 (unrounded values, bounds), C1 (coverage), R4 (missing is not
zero), T1-T2 (stage and as-at).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator
from pydantic import Field as Part

from include.publish.facts import LANGUAGES, ReleaseFacts

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
RuleId = Annotated[str, StringConstraints(pattern=r"^[RBSTCEP][0-9]+$")]
Number = int | float

NATIONAL = "KZ"


class IncompleteCard(ValueError):
    """A figure that may not be published because parts of its card are missing; the message names each."""


class Names(BaseModel):
    """The figure's name in the three languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kk: Text
    ru: Text
    en: Text


class Coverage(BaseModel):
    """Reports that the figure rests on: region-months received of those expected (C1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expected: Annotated[int, Part(ge=1)]
    received: Annotated[int, Part(ge=0)]
    unit: Literal["region-months"]

    @property
    def share(self) -> float:
        """Received over expected; over 1 only if more came than the sources had promised."""
        return self.received / self.expected


class FigureCard(BaseModel):
    """One published number and all that it means. Every part is mandatory; there are no defaults.

    `comparison` says whether the year before is compared with, or why not (C1).

    `value` and `previous_value` are unrounded (S8), in `unit`; null only with `status` or `previous_status` ":"
    (not reported, R4). `status` "p": reported in part. `qualifier` says how to read the value: "exact" for what
    was counted, a bound otherwise. `region_code` KZ is the country.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure_id: Text
    names: Names
    region_code: Text
    dataset: Text
    value: Number | None
    status: Literal["", ":", "p"]
    qualifier: Literal["exact", "at_least", "more_than", "about"]
    previous_value: Number | None
    comparison: Literal["compared", "not_reported", "below_coverage"]
    unit: Text
    scope: Text
    stage: Text
    period: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2})?$")]
    release_stage: Literal["provisional", "final"]
    as_at: AwareDatetime
    coverage: Coverage
    rules: Annotated[tuple[RuleId, ...], Part(min_length=1)]
    rules_version: Text
    source_tables: Annotated[tuple[Text, ...], Part(min_length=1)]
    synthetic: bool

    @model_validator(mode="after")
    def _missing_is_said_so(self) -> FigureCard:
        if (self.value is None) != (self.status == ":"):
            raise ValueError("value: is missing without the status ':' (not reported), or present with it")
        return self

    @property
    def change(self) -> Number | None:
        """Value less previous value; null where either is missing."""
        if self.value is None or self.previous_value is None:
            return None
        return self.value - self.previous_value

    @property
    def change_share(self) -> float | None:
        """Change over previous value; null where either is missing or the previous value is 0."""
        return None if self.change is None or not self.previous_value else self.change / self.previous_value


def make_card(figure_id: str, where: str, parts: Mapping[str, Any]) -> FigureCard:
    """The card of one figure from its parts.

    Args:
        figure_id: id in codelists/figures.csv.
        where: what the figure is for, as the message should say it ("KZ", a region).
        parts: the other parts by name; a part that is absent, empty or null counts as missing.

    Raises:
        IncompleteCard: names the figure and each missing or unusable part.
    """
    try:
        return FigureCard.model_validate({"figure_id": figure_id, **parts})
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors())
        raise IncompleteCard(
            f"figure {figure_id} ({where}) has no complete card and cannot be published: {faults}"
        ) from None


def headline_cards(
    headlines: pa.Table, catalogue: pa.Table, sources: Mapping[str, tuple[str, ...]], facts: ReleaseFacts
) -> list[FigureCard]:
    """One card for each headline figure of the release, in the order of the catalogue.

    Args:
        headlines: rows of release_headlines for the year: figure_id, value, unit, previous_value,
            expected_reports, received_reports.
        catalogue: codelists/figures.csv.
        sources: dataset → tables that its figures come from, nearest first.
        facts: of the release.

    Raises:
        IncompleteCard: a figure of the catalogue is absent, a figure is in no catalogue, or parts are missing;
            all of them are named at once.
    """
    rows = {row["figure_id"]: row for row in headlines.to_pylist()}
    entries = {entry["figure_id"]: entry for entry in catalogue.to_pylist()}
    faults = [
        f"figure {name} is in release_headlines but not in codelists/figures.csv"
        for name in rows.keys() - entries
    ]
    cards = []
    for figure_id, entry in entries.items():
        if figure_id not in rows:
            faults.append(
                f"figure {figure_id} is in codelists/figures.csv but release_headlines has no row for it"
            )
            continue
        row = rows[figure_id]
        try:
            cards.append(
                make_card(
                    figure_id,
                    NATIONAL,
                    card_parts(
                        entry,
                        facts,
                        region_code=NATIONAL,
                        value=row.get("value"),
                        status="p" if _in_part(row) else "",
                        previous_value=row.get("previous_value"),
                        comparison=row.get("comparison"),
                        expected=row.get("expected_reports"),
                        received=row.get("received_reports"),
                        sources=sources.get(entry["dataset"], ()),
                    )
                    | ({} if row.get("unit") == entry["unit"] else {"unit": None}),
                )
            )
        except IncompleteCard as fault:
            faults.append(str(fault))
    if faults:
        raise IncompleteCard("\n".join(sorted(faults)))
    return cards


def card_parts(
    entry: Mapping[str, str],
    facts: ReleaseFacts,
    *,
    region_code: str,
    value: Number | None,
    status: str,
    previous_value: Number | None,
    comparison: str | None,
    expected: int | None,
    received: int | None,
    sources: tuple[str, ...],
) -> dict[str, Any]:
    """The parts of a card from a line of the figure catalogue, the counted value and the facts of the release.

    A national figure for which no report at all was received is not reported (":"), whatever was counted (R4).
    """
    if received == 0:
        value, status = None, ":"
    return {
        "names": {language: entry.get(f"name_{language}") for language in LANGUAGES},
        "region_code": region_code,
        "dataset": entry.get("dataset"),
        "value": _native(value, entry.get("unit")),
        "status": status,
        "qualifier": "exact",
        "previous_value": _native(previous_value, entry.get("unit")),
        "comparison": comparison,
        "unit": entry.get("unit"),
        "scope": entry.get("scope"),
        "stage": entry.get("stage"),
        "period": str(facts.year),
        "release_stage": facts.stage,
        "as_at": facts.as_at,
        "coverage": {"expected": expected, "received": received, "unit": "region-months"},
        "rules": tuple((entry.get("rules") or "").split()),
        "rules_version": facts.rules_version,
        "source_tables": sources,
        "synthetic": facts.synthetic,
    }


def card_json(card: FigureCard) -> dict[str, Any]:
    """The card as plain JSON values; the as-at moment in UTC to the second, with Z."""
    return card.model_dump(mode="json") | {"as_at": stamp(card.as_at)}


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with Z, to the second, or to the microsecond where there is a fraction."""
    return moment.isoformat().replace("+00:00", "Z")


def _native(value: Number | None, unit: str | None) -> Number | None:
    """Counts as whole numbers, quantities as they are; never rounded (S8)."""
    if value is None or unit == "kg" or not float(value).is_integer():
        return value
    return int(value)


def _fault(fault: Any) -> str:
    part = ".".join(str(step) for step in fault["loc"])
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    if fault["type"] == "missing" or fault.get("input") in (None, "", (), []):
        return f"{part} is missing"
    return f"{part}: {fault['msg']} (found {fault.get('input')!r})"


def _in_part(row: Mapping[str, Any]) -> bool:
    """Whether reports were missing behind a national figure."""
    return (row.get("received_reports") or 0) < (row.get("expected_reports") or 0)
