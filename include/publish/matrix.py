"""The matrix of reports: a line for each feed, a sign for each month; silence has a name (R4, C1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from include.publish import numbers
from include.publish.texts import Texts

MISSED = ("late", "missing", "never_reported")


def matrix(reports: pa.Table, regions: pa.Table, states: pa.Table, text: Texts) -> dict[str, Any]:
    """What the page shows of the state of every expected report, worded in one language.

    Args:
        reports: release table from mart_reports; one row for a feed and month.
        regions: codelists/regions.csv.
        states: codelists/report_states.csv.
    """
    language = text.language
    names = {row["code"]: row[f"name_{language}"] for row in regions.to_pylist()}
    signs = {
        row["code"]: {"code": row["code"], "sign": row["sign"], "name": row[f"name_{language}"]}
        for row in states.to_pylist()
    }
    by_dataset: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in reports.to_pylist():
        by_dataset.setdefault(row["dataset"], {}).setdefault(row["source_id"], []).append(row)
    return {
        "months": numbers.months(language),
        "legend": list(signs.values()),
        "datasets": [_dataset(dataset, feeds, names, signs, text) for dataset, feeds in by_dataset.items()],
    }


def _dataset(
    dataset: str,
    feeds: Mapping[str, Sequence[Mapping[str, Any]]],
    names: Mapping[str, str],
    signs: Mapping[str, Mapping[str, str]],
    text: Texts,
) -> dict[str, Any]:
    counts = Counter(row["state"] for rows in feeds.values() for row in rows)
    said = [f"{signs[code]['name']}: {counts[code]}" for code in signs if counts[code]]
    return {
        "name": text(f"subjects.{dataset}"),
        "counts": "; ".join(said),
        "is_whole": not any(counts[code] for code in MISSED),
        "feeds": [
            {"name": _named(source_id, rows[0]["region_code"], names), "cells": _cells(rows, signs)}
            for source_id, rows in feeds.items()
        ],
    }


def _named(source_id: str, region_code: str, names: Mapping[str, str]) -> str:
    name = names[region_code]
    name = name[:1].upper() + name[1:]
    return name if source_id == region_code else f"{name} ({source_id})"


def _cells(
    rows: Sequence[Mapping[str, Any]], signs: Mapping[str, Mapping[str, str]]
) -> list[Mapping[str, str] | None]:
    """The state of each month, January first; null where no report is expected."""
    found = {row["month"]: signs[row["state"]] for row in rows}
    return [found.get(month) for month in range(1, 13)]
