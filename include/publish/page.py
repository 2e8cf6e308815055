"""The readable page of a release: what the template shows, in each language, already worded and formatted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.contracts import codelist
from include.publish import numbers
from include.publish.cards import NATIONAL, FigureCard
from include.publish.facts import LANGUAGES, ReleaseFacts
from include.publish.matrix import matrix
from include.publish.regions import by_region, overall_coverage
from include.publish.texts import Texts, texts

TEMPLATES = Path(__file__).with_name("templates")
KEY_FIGURES = ("channels_blocked", "drugs_seized", "laboratories_closed", "council_meetings")
REGION_COLUMNS = (
    "channels_blocked",
    "seizures",
    "drugs_seized",
    "plant_material_seized",
    "precursors_seized",
    "laboratories_closed",
    "events",
)
OVERLAP = "channels_blocked_overlap"


@dataclass(frozen=True)
class TableFile:
    """A release table as the page lists it: name, mart, data rows, and the paths of its files."""

    name: str
    mart: str
    rows: int
    paths: tuple[str, ...]


def environment() -> Environment:
    """Jinja2 with autoescape everywhere; an unknown name in a template is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: not (name or "").endswith(".txt.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def page(
    facts: ReleaseFacts,
    headlines: Sequence[FigureCard],
    regional: Sequence[FigureCard],
    regions: pa.Table,
    blocked_by_month: Sequence[int | None],
    reports: pa.Table,
    tables: Sequence[TableFile],
) -> bytes:
    """index.html in UTF-8: one self-contained page in Kazakh, Russian and English, no script.

    Args:
        facts: of the release.
        headlines: national cards in catalogue order.
        regional: cards of the regions in the order in which they are shown.
        regions: codelists/regions.csv.
        blocked_by_month: channels blocked in each month, January first; null where not reported.
        reports: the release table of the state of every report.
        tables: the release tables.
    """
    views = [
        _view(texts(language), facts, headlines, regional, regions, blocked_by_month, tables)
        | {"reports": matrix(reports, regions, codelist("report_states"), texts(language))}
        for language in LANGUAGES
    ]
    template = environment().get_template("index.html.j2")
    return template.render(facts=facts, views=views).encode("utf-8")


def months_of(channels: pa.Table) -> list[int | None]:
    """Channels blocked in the country in each month of the year, January first (B7); null where there is no row."""
    chosen = pc.equal(channels["region_code"], NATIONAL)
    for name, value in {"platform": "_T", "category": "_T", "stage": "blocked"}.items():
        chosen = pc.and_(chosen, pc.equal(channels[name], value))
    rows = channels.filter(pc.and_(chosen, pc.is_valid(channels["month"]))).to_pylist()
    found = {row["month"]: row["channels"] for row in rows}
    return [found.get(month) for month in range(1, 13)]


def region_name(regions: pa.Table, code: str, language: str) -> str:
    """The region's name, or the country's for KZ."""
    if code == NATIONAL:
        return texts(language)("country")
    for row in regions.to_pylist():
        if row["code"] == code:
            return str(row[f"name_{language}"])
    raise KeyError(f"no region {code!r} in codelists/regions.csv")


def region_title(regions: pa.Table, code: str, language: str) -> str:
    """The region's name as it begins a line: with a capital letter."""
    name = region_name(regions, code, language)
    return name[:1].upper() + name[1:]


def figure_row(card: FigureCard, text: Texts) -> dict[str, Any]:
    """One figure as texts: name, value, previous value, change, coverage, scope, stage, rules."""
    language = text.language
    return {
        "id": card.figure_id,
        "name": getattr(card.names, language),
        "value": numbers.number(card.value, card.unit, language),
        "unit": text(f"units.{card.unit}"),
        "status": card.status,
        "previous": numbers.number(card.previous_value, card.unit, language)
        if card.previous_value is not None
        else numbers.NOT_AVAILABLE,
        "change": numbers.change(card.change, card.unit, language),
        "no_change": text("no_change_below_coverage") if card.comparison == "below_coverage" else "",
        "change_share": numbers.share(card.change_share, language, signed=True),
        "coverage": numbers.coverage(card.coverage.received, card.coverage.expected, language),
        "scope": _worded(text, "scopes", card.scope),
        "stage": _worded(text, "stages", card.stage),
        "rules": " ".join(card.rules),
        "dataset": card.dataset,
    }


def grouped(rows: Sequence[dict[str, Any]], text: Texts) -> list[dict[str, Any]]:
    """Rows under the name of their subject, in the order they come."""
    return [
        {"name": text(f"subjects.{dataset}"), "rows": list(members)}
        for dataset, members in groupby(rows, key=lambda row: row["dataset"])
    ]


def _view(
    text: Texts,
    facts: ReleaseFacts,
    headlines: Sequence[FigureCard],
    regional: Sequence[FigureCard],
    regions: pa.Table,
    blocked_by_month: Sequence[int | None],
    tables: Sequence[TableFile],
) -> dict[str, Any]:
    language = text.language
    rows = [figure_row(card, text) for card in headlines]
    national = {card.figure_id: card for card in headlines}
    return {
        "language": language,
        "text": text,
        "year": facts.year,
        "previous_year": facts.year - 1,
        "stage": text(facts.stage),
        "as_at": numbers.minute(facts.as_at, language),
        "as_at_sentence": text("as_at", moment=numbers.minute(facts.as_at, language)),
        "key_figures": [
            row | {"label": text(f"short.{row['id']}")} for row in rows if row["id"] in KEY_FIGURES
        ],
        "groups": grouped(rows, text),
        "months": _months(blocked_by_month, language),
        "regions": _regions(text, regional, regions, national),
        "notes": _notes(text, facts),
        "tables": [
            {
                "name": text(f"tables.{table.mart.removeprefix('mart_')}"),
                "rows": numbers.number(table.rows, "count", language),
                "paths": table.paths,
            }
            for table in tables
        ],
    }


def _regions(
    text: Texts, regional: Sequence[FigureCard], regions: pa.Table, national: Mapping[str, FigureCard]
) -> dict[str, Any]:
    language = text.language
    grid = by_region(regional)
    columns = [name for name in REGION_COLUMNS if name in national]
    most = max(
        (cards["channels_blocked"].value or 0 for cards in grid.values() if "channels_blocked" in cards),
        default=0,
    )
    body = [
        {
            "code": code,
            "name": region_title(regions, code, language),
            "cells": [_cell(cards.get(name), text) for name in columns],
            "change": numbers.share(cards["channels_blocked"].change_share, language, signed=True)
            if "channels_blocked" in cards
            else numbers.NOT_AVAILABLE,
            "bar": _percent(cards["channels_blocked"].value, most) if "channels_blocked" in cards else 0,
            "coverage": _share_of(overall_coverage(list(cards.values())), language),
        }
        for code, cards in grid.items()
    ]
    return {
        "columns": [{"id": name, "label": text(f"short.{name}")} for name in columns],
        "body": body,
        "overlap": numbers.number(national[OVERLAP].value, "count", language)
        if OVERLAP in national
        else None,
        "total": {
            "cells": [_cell(national[name], text) for name in columns],
            "change": numbers.share(national["channels_blocked"].change_share, language, signed=True)
            if "channels_blocked" in national
            else numbers.NOT_AVAILABLE,
            "coverage": _share_of(overall_coverage(list(national.values())), language),
        },
        "partial": any(card.status == "p" for card in regional),
    }


def _cell(card: FigureCard | None, text: Texts) -> dict[str, Any]:
    if card is None:
        return {"text": numbers.NOT_AVAILABLE, "status": "absent"}
    return {"text": numbers.number(card.value, card.unit, text.language), "status": card.status}


def _months(values: Sequence[int | None], language: str) -> list[dict[str, Any]]:
    most = max((value or 0 for value in values), default=0)
    return [
        {
            "name": name,
            "text": numbers.number(value, "count", language),
            "height": _percent(value, most),
        }
        for name, value in zip(numbers.months(language), values, strict=True)
    ]


def _percent(value: float | None, most: float) -> float:
    return round(100 * (value or 0) / most, 1) if most else 0.0


def _share_of(coverage: Mapping[str, int], language: str) -> str:
    return numbers.share(coverage["received"] / coverage["expected"], language)


def _notes(text: Texts, facts: ReleaseFacts) -> list[str]:
    notes = [
        text(f"note_stage_{facts.stage}"),
        text("note_blocked"),
        text("note_seizures"),
        text("note_mass", factors=facts.factor_table_version),
        text("note_national"),
        text("note_persons"),
        text("note_rounding"),
    ]
    return notes + ([text("note_reason", reason=facts.reason)] if facts.reason else [])


def _worded(text: Texts, kind: str, word: str) -> str:
    return text(f"{kind}.{word}") if text.has(f"{kind}.{word}") else word
