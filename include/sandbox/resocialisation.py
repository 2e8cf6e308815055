"""Resocialisation in the simulated country: monthly totals of each region by facility, never a person."""

from __future__ import annotations

import random
from datetime import date

from include.sandbox import periods, regions
from include.sandbox.records import Record, Values

YEARS = (2024, 2025)
FIRST_FACILITY = "rehabilitation_centre"
OTHER_FACILITIES = ("penal", "probation")  # NGO centres take nobody in this country


def resocialisation_records(rng: random.Random) -> list[Record]:
    """One record for each region, facility and month; a month without people is reported as zeros (R4)."""
    records = []
    for region in regions.REGIONS:
        facilities = [FIRST_FACILITY, *rng.sample(OTHER_FACILITIES, rng.randint(1, 2))]
        for facility in sorted(facilities):
            size = (5 + region.population / 150_000) * rng.uniform(0.7, 1.3)
            for year in YEARS:
                grown = size * (1.25 if year == max(YEARS) else 1)
                for month in range(1, 13):
                    closed = month == 8 and region.population < 700_000  # a summer break
                    records.append(
                        _record(region.code, facility, date(year, month, 1), 0 if closed else grown, rng)
                    )
    for record in rng.sample(records, 20):
        first = next(iter(record.versions))
        enrolled = record.versions[first]["enrolled"]
        assert isinstance(enrolled, int)
        if after := periods.later(first, 1):
            record.correct(after, enrolled=enrolled + rng.randint(1, 6))
            record.marks.append("revision")
    return records


def _record(region: str, facility: str, month: date, size: float, rng: random.Random) -> Record:
    def share(of: int, low: float, high: float) -> int:
        return round(of * rng.uniform(low, high))

    enrolled = round(size * rng.uniform(0.8, 1.2))
    trained = share(enrolled, 0.5, 0.8)
    completed = share(enrolled, 0.55, 0.85)
    content: Values = {
        "region_code": region,
        "month_on": month,
        "facility_type": facility,
        "enrolled": enrolled,
        "trained": trained,
        "completed": completed,
        "employed_0m": share(completed, 0.3, 0.5),
        "employed_3m": share(completed, 0.35, 0.55),
        "employed_6m": share(completed, 0.3, 0.5),
        "employed_12m": share(completed, 0.25, 0.45),
    }
    return Record("resocialisation", region, {periods.period_of(month): content})
