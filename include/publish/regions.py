"""Figures of each region, as cards: what the regional table and the regional e-mails show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from include.publish.cards import NATIONAL, FigureCard, IncompleteCard, Number, card_parts, make_card
from include.publish.facts import ReleaseFacts
from include.publish.tables import SMALL, Grain

NOT_ALLOCATED = "KZ-NAT"
NOT_REPORTED = ":"


@dataclass(frozen=True)
class RegionalFigure:
    """Where a region's value of a headline figure stands: mart, column, and the totals of the other dimensions."""

    figure_id: str
    mart: str
    column: str
    where: Mapping[str, str]


def _channels(figure_id: str, stage: str) -> RegionalFigure:
    return RegionalFigure(
        figure_id, "mart_channels", "channels", {"stage": stage, "platform": "_T", "category": "_T"}
    )


def _mass(figure_id: str, substance_class: str) -> RegionalFigure:
    where = {"substance_class": substance_class, "substance_code": "_T", "unit": "_T"}
    return RegionalFigure(figure_id, "mart_seizures", "mass_kg", where)


def _activities(figure_id: str, kind: str) -> RegionalFigure:
    where = {"kind": kind, "organiser": "_T", "audience": "_T"}
    return RegionalFigure(figure_id, "mart_prevention", "activities", where)


def _people(figure_id: str, column: str) -> RegionalFigure:
    return RegionalFigure(figure_id, "mart_resocialisation", column, {"facility_type": "_T"})


REGIONAL_FIGURES: tuple[RegionalFigure, ...] = (
    _channels("channels_detected", "detected"),
    _channels("channels_requested", "requested"),
    _channels("channels_ordered", "ordered"),
    _channels("channels_blocked", "blocked"),
    _channels("channels_still_blocked", "still_blocked"),
    _channels("channels_blocked_stock", "blocked_stock"),
    RegionalFigure(
        "seizures",
        "mart_seizures",
        "seizures",
        {"substance_class": "_T", "substance_code": "_T", "unit": "_T"},
    ),
    _mass("drugs_seized", "drug"),
    _mass("plant_material_seized", "plant_material"),
    _mass("precursors_seized", "precursor"),
    _mass("other_chemicals_seized", "other_chemical"),
    RegionalFigure("laboratories_closed", "mart_laboratories", "laboratories", {"lab_type": "_T"}),
    RegionalFigure("laboratories_synthetic", "mart_laboratories", "laboratories", {"lab_type": "synthetic"}),
    _activities("events", "event"),
    _activities("videos", "video"),
    _people("resocialisation_enrolled", "enrolled"),
    _people("resocialisation_completed", "completed"),
)


def regional_cards(
    marts: Mapping[str, pa.Table],
    catalogue: pa.Table,
    regions: Sequence[str],
    sources: Mapping[str, tuple[str, ...]],
    facts: ReleaseFacts,
    grains: Mapping[str, Grain],
    coverage_threshold: float,
) -> list[FigureCard]:
    """The cards of every region, in the order of `regions` and then of `REGIONAL_FIGURES`.

    A region that sent no report on the subject has ":" in place of a value; one whose reports brought no case
    has 0 (R4). A count of persons that the published table does not show by region, or from 1 to 4, is left
    out for all regions (C2); so is a subject on which nobody is expected to report for a region. Regions count a shared channel each; their sum less the overlap is the country (B3).

    Args:
        marts: mart name → table with the release's year and the year before.
        catalogue: codelists/figures.csv.
        regions: region codes.
        sources: dataset → tables that its figures come from.
        facts: of the release.
        grains: mart name → grain of the release tables that were made coarser.
        coverage_threshold: least share of reports of the year before for a comparison with it (C1).

    Raises:
        IncompleteCard: names every figure and region whose card is incomplete.
    """
    entries = {entry["figure_id"]: entry for entry in catalogue.to_pylist()}
    covered = _coverage(marts["mart_coverage"], facts.year)
    covered_before = _coverage(marts["mart_coverage"], facts.year - 1)
    cards: list[FigureCard] = []
    faults: list[str] = []
    for figure in REGIONAL_FIGURES:
        entry = entries[figure.figure_id]
        if entry["unit"] == "person" and not _by_region(grains, figure):
            continue
        now = _values(marts[figure.mart], figure, facts.year)
        before = _values(marts[figure.mart], figure, facts.year - 1)
        if entry["unit"] == "person" and _any_small([*now.values(), *before.values()]):
            continue
        for region in regions:
            # What belongs to no region has no reports of its own: it rests on those of the country (C3).
            reporting = NATIONAL if region == NOT_ALLOCATED else region
            if (entry["dataset"], reporting) not in covered:
                continue  # nobody is expected to report on the subject for this region
            value, status = now.get(region, (None, ""))
            if value is None and status != NOT_REPORTED:
                continue  # no such region in that year (T4), or no factor to give a mass by (S4): no guess
            expected, received = covered[entry["dataset"], reporting]
            scope = {"scope": "regional headquarters"}
            previous = before[region][0] if region in before else None
            comparison = compared(
                previous, covered_before.get((entry["dataset"], reporting)), coverage_threshold
            )
            try:
                parts = card_parts(
                    entry | scope,
                    facts,
                    region_code=region,
                    value=value,
                    status=status,
                    previous_value=previous if comparison == "compared" else None,
                    comparison=comparison,
                    expected=expected,
                    received=received,
                    sources=sources.get(entry["dataset"], ()),
                )
                cards.append(make_card(figure.figure_id, region, parts))
            except IncompleteCard as fault:
                faults.append(str(fault))
    if faults:
        raise IncompleteCard("\n".join(sorted(faults)))
    order = {region: at for at, region in enumerate(regions)}
    return sorted(cards, key=lambda card: order[card.region_code])


def compared(previous: Number | None, coverage: tuple[int, int] | None, threshold: float) -> str:
    """Whether a value of the year before is compared with, as a code of `comparisons` (C1).

    Args:
        coverage: reports expected and received of that year; null where none was expected.
    """
    if previous is None:
        return "not_reported"
    expected, received = coverage or (0, 0)
    return "compared" if received and received >= threshold * expected else "below_coverage"


def _values(mart: pa.Table, figure: RegionalFigure, year: int) -> dict[str, tuple[Number | None, str]]:
    """Region → (value, status) of the whole year."""
    chosen = pc.equal(mart["year"], year)
    if "month" in mart.column_names:
        chosen = pc.and_(chosen, pc.is_null(mart["month"]))
    for name, value in figure.where.items():
        chosen = pc.and_(chosen, pc.equal(mart[name], value))
    rows = mart.filter(chosen).select(["region_code", "obs_status", figure.column]).to_pylist()
    return {row["region_code"]: (row[figure.column], row["obs_status"]) for row in rows}


def _by_region(grains: Mapping[str, Grain], figure: RegionalFigure) -> bool:
    return "region_code" not in grains.get(figure.mart, {})


def _any_small(values: list[tuple[Number | None, str]]) -> bool:
    low, high = SMALL
    return any(value is not None and low <= value <= high for value, _ in values)


def _coverage(mart: pa.Table, year: int) -> dict[tuple[str, str], tuple[int, int]]:
    """(dataset, region) → expected and received region-months of the whole year."""
    rows = mart.filter(pc.and_(pc.equal(mart["year"], year), pc.is_null(mart["month"]))).to_pylist()
    return {(row["dataset"], row["region_code"]): (row["expected"], row["received"]) for row in rows}


def by_region(cards: Sequence[FigureCard]) -> dict[str, dict[str, FigureCard]]:
    """Region → figure id → card, in the order of the cards."""
    found: dict[str, dict[str, FigureCard]] = {}
    for card in cards:
        found.setdefault(card.region_code, {})[card.figure_id] = card
    return found


def overall_coverage(cards: Sequence[FigureCard]) -> dict[str, Any]:
    """Region-months expected and received over the subjects of the cards, each subject once."""
    subjects = {card.dataset: card.coverage for card in cards}
    return {
        "expected": sum(each.expected for each in subjects.values()),
        "received": sum(each.received for each in subjects.values()),
    }
