"""Marts of an imagined country, small enough to reason about: every region gets numbers that follow from its place.

Region k (KZ-10 is 1 … KZ-79 is 20) blocked 100·k channels in 2025 and 90·k in 2024. KZ-62 has not reported on
anything in 2025, KZ-47 only for eleven months, KZ-11 reported that nothing happened.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from include.contracts import DATASETS, arrow_schema, codelist, load, names
from include.publish import InputBatch, ReleaseFacts

REGIONS = [row["code"] for row in codelist("regions").to_pylist() if row["kind"] != "national"]
SILENT, PARTLY, NOTHING = "KZ-62", "KZ-47", "KZ-11"
STAGES = {"detected": 1.3, "requested": 1.2, "ordered": 1.1, "blocked": 1.0, "still_blocked": 0.9}
CLASSES = {"drug": 10.25, "plant_material": 4.5, "precursor": 2.0, "other_chemical": 0.5}
AS_AT = datetime(2026, 1, 31, 4, 30, tzinfo=UTC)


def facts(**changes: Any) -> ReleaseFacts:
    """The facts of 2025.1-provisional."""
    usual: dict[str, Any] = {
        "release_id": "2025.1-provisional",
        "year": 2025,
        "number": 1,
        "stage": "provisional",
        "as_at": AS_AT,
        "rules_version": "2025-1",
        "factor_table_version": "2025-1",
        "code_version": "0.1.0",
        "synthetic": True,
        "batches": (InputBatch("b1", "KZ-10/blocking_record", AS_AT, ("d1", "d2")),),
    }
    return ReleaseFacts(**{**usual, **changes})


def status(year: int, region: str) -> str:
    """The status of a region in a year."""
    if year == 2025 and region == SILENT:
        return ":"
    return "p" if year == 2025 and region == PARTLY else ""


def size(year: int, region: str) -> int:
    """How large a region's numbers are; the country's are the sum less an overlap of 7."""
    if region == "KZ":
        return sum(size(year, each) for each in REGIONS if status(year, each) != ":") - 7
    if region == "KZ-NAT" or (year == 2025 and region in (SILENT, NOTHING)):
        return 0
    return (REGIONS.index(region) + 1) * (100 if year == 2025 else 90)


def table(contract: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table of the contract; columns that a row does not name are null."""
    schema = arrow_schema(load(contract))
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.Table.from_pylist(full, schema=schema)


def marts() -> dict[str, pa.Table]:
    """All marts for 2024 and 2025."""
    places = [(year, region) for year in (2024, 2025) for region in [*REGIONS, "KZ-NAT", "KZ"]]
    return {
        "mart_channels": table("mart_channels", [row for place in places for row in _channels(*place)]),
        "mart_seizures": table("mart_seizures", [row for place in places for row in _seizures(*place)]),
        "mart_laboratories": table(
            "mart_laboratories", [row for place in places for row in _laboratories(*place)]
        ),
        "mart_prevention": table("mart_prevention", [row for place in places for row in _prevention(*place)]),
        "mart_resocialisation": table(
            "mart_resocialisation", [row for place in places for row in _resocialisation(*place)]
        ),
        "mart_coverage": table("mart_coverage", _coverage()),
        "mart_reports": table("mart_reports", _reports()),
        "mart_headlines": table("mart_headlines", headlines()),
    }


def headlines(**changed: Any) -> list[dict[str, Any]]:
    """Rows of mart_headlines for 2025; `changed` replaces the value of a figure."""
    values = {
        "channels_detected": (22101, 19800), "channels_requested": (20404, 18211), "channels_ordered": (18702, 17003),
        "channels_blocked": (size(2025, "KZ"), size(2024, "KZ")), "channels_still_blocked": (15321, 14002),
        "channels_blocked_stock": (31877, 20115), "channels_blocked_overlap": (7, 7), "drugs_seized": (30412.5671, 27001.25), "plant_material_seized": (9120.5, 0),
        "precursors_seized": (24004.0, 24990.75), "other_chemicals_seized": (812.05, 1100.0), "plants_seized": (4410, None),
        "seizures": (8120, 7904), "laboratories_closed": (61, 45), "laboratories_synthetic": (14, 12),
        "council_meetings": (62, 40), "videos": (412, 377), "podcasts": (38, 20), "events": (1123, 1023),
        "regions_visited": (9, 7), "resocialisation_enrolled": (1840, 1660), "resocialisation_trained": (1250, 1102),
        "resocialisation_completed": (990, 910), "resocialisation_employed_12m": (610, 540),
    }  # fmt: skip
    catalogue = codelist("figures").to_pylist()
    return [
        {
            "year": 2025,
            "figure_id": entry["figure_id"],
            "unit": entry["unit"],
            "value": changed.get(entry["figure_id"], values[entry["figure_id"]][0]),
            "previous_value": values[entry["figure_id"]][1],
            "comparison": "not_reported" if values[entry["figure_id"]][1] is None else "compared",
            "expected_reports": 240,
            "received_reports": 227,
        }
        for entry in catalogue
    ]


def release_contracts() -> list[Any]:
    """The contracts of the release tables."""
    return [load(name) for name in names("release")]


def sources() -> dict[str, tuple[str, ...]]:
    """Dataset → tables that its figures come from."""
    return {dataset: (f"core_{dataset}",) for dataset in DATASETS}


def _channels(year: int, region: str) -> list[dict[str, Any]]:
    base = {
        "year": year,
        "region_code": region,
        "platform": "_T",
        "category": "_T",
        "obs_status": status(year, region),
    }
    silent = base["obs_status"] == ":"
    rows = [
        base | {"stage": stage, "channels": None if silent else round(size(year, region) * factor)}
        for stage, factor in STAGES.items()
    ]
    total = size(year, region)
    by_month = [
        total // 12 + (total % 12 if month == 12 else 0) + (month - 6) * 40 * (region == "KZ")
        for month in range(1, 13)
    ]
    return rows + [
        base | {"month": month, "stage": "blocked", "channels": None if silent else by_month[month - 1]}
        for month in range(1, 13)
    ]


def _seizures(year: int, region: str) -> list[dict[str, Any]]:
    base = {
        "year": year,
        "region_code": region,
        "substance_code": "_T",
        "unit": "_T",
        "obs_status": status(year, region),
    }
    silent = base["obs_status"] == ":"
    number = None if silent else size(year, region) // 4
    return [base | {"substance_class": "_T", "seizures": number}] + [
        base
        | {
            "substance_class": kind,
            "seizures": number,
            "mass_kg": None if silent else size(year, region) * factor / 7,
        }
        for kind, factor in CLASSES.items()
    ]


def _laboratories(year: int, region: str) -> list[dict[str, Any]]:
    base = {"year": year, "region_code": region, "obs_status": status(year, region)}
    count = None if base["obs_status"] == ":" else size(year, region) // 300
    return [base | {"lab_type": kind, "laboratories": count} for kind in ("_T", "synthetic")]


def _prevention(year: int, region: str) -> list[dict[str, Any]]:
    base = {
        "year": year,
        "region_code": region,
        "organiser": "_T",
        "audience": "_T",
        "obs_status": status(year, region),
    }
    count = None if base["obs_status"] == ":" else size(year, region) // 20
    return [
        base | {"kind": kind, "activities": count, "participants_measured": count and count * 30}
        for kind in ("_T", "event", "video")
    ]


def _resocialisation(year: int, region: str) -> list[dict[str, Any]]:
    base = {"year": year, "region_code": region, "obs_status": status(year, region)}
    count = None if base["obs_status"] == ":" else size(year, region) // 10
    people = dict.fromkeys(
        ("enrolled", "trained", "completed", "employed_0m", "employed_3m", "employed_6m", "employed_12m"),
        count,
    )
    return [base | {"facility_type": kind} | people for kind in ("_T", "penal")]


def _reports() -> list[dict[str, Any]]:
    """KZ-62 never reported in 2025, KZ-47 not in December, KZ-11 said zero each month."""
    return [
        {
            "year": year,
            "month": month,
            "dataset": dataset,
            "source_id": region,
            "region_code": region,
            "state": _state(year, month, region),
            "due_on": date(year + month // 12, month % 12 + 1, 10),
            "days_late": 0,
            "deliveries": 1,
        }
        for year in (2024, 2025)
        for month in range(1, 13)
        for dataset in DATASETS
        for region in REGIONS
    ]


def _state(year: int, month: int, region: str) -> str:
    if year == 2025 and region == SILENT:
        return "never_reported"
    if year == 2025 and region == PARTLY and month == 12:
        return "late"
    return "reported_zero" if year == 2025 and region == NOTHING else "reported"


def _coverage() -> list[dict[str, Any]]:
    rows = []
    for year in (2024, 2025):
        for dataset in DATASETS:
            got = {
                region: 12 if not status(year, region) else 0 if status(year, region) == ":" else 11
                for region in REGIONS
            }
            rows += [
                {
                    "year": year,
                    "dataset": dataset,
                    "region_code": region,
                    "expected": 12,
                    "received": got[region],
                }
                for region in REGIONS
            ]
            rows.append(
                {
                    "year": year,
                    "dataset": dataset,
                    "region_code": "KZ",
                    "expected": 240,
                    "received": sum(got.values()),
                }
            )
    return rows
