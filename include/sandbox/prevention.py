"""Prevention in the simulated country: the councils, headquarters, akimats, police and NGOs at work."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from include.sandbox import periods, regions
from include.sandbox.records import Record, Values

# What the national council does in a year; its rows stand in the feed of the capital as KZ-NAT (C3).
COUNCIL = {
    2024: {"meeting": 40, "video": 90, "podcast": 10, "event": 35},
    2025: {"meeting": 62, "video": 180, "podcast": 24, "event": 60},
}
HEADQUARTERS = {
    2024: {"meeting": 10, "video": 25, "event": 25},
    2025: {"meeting": 12, "video": 45, "event": 45},
}
# What one region does in a year, on average.
REGIONAL = {
    2024: {"meeting": 12, "video": 7, "podcast": 1, "event": 33, "graffiti_removal": 6, "field_visit": 3},
    2025: {"meeting": 12, "video": 11, "podcast": 1, "event": 54, "graffiti_removal": 8, "field_visit": 4},
}
# Visits of the national council stand in the feed of the region it went to.
VISITED = {
    2024: ("KZ-19", "KZ-43", "KZ-55", "KZ-61"),
    2025: ("KZ-11", "KZ-15", "KZ-19", "KZ-31", "KZ-35", "KZ-47", "KZ-61", "KZ-75", "KZ-79"),
}
STAFF = "regional_headquarters"
ORGANISERS = {STAFF: 40, "akimat": 25, "police": 25, "ngo": 10}
AUDIENCES = {"youth": 50, "parents": 20, "teachers": 12, "employers": 8, "other": 10}
WITH_PEOPLE = ("meeting", "event", "field_visit")


@dataclass(frozen=True, order=True)
class _Activity:
    source: str
    region: str
    day: date
    organiser: str
    kind: str
    audience: str


def prevention_records(rng: random.Random) -> list[Record]:
    """One record for each activity, in the order of source and number.

    No two activities of a source share day, organiser, kind and audience, so that a register without
    numbers can still tell them apart (R1).
    """
    planned = [activity for year in COUNCIL for activity in _year(year, rng)]
    taken: set[_Activity] = set()
    for activity in planned:
        while activity in taken:
            day = activity.day + timedelta(days=1)
            if day.year != activity.day.year:
                day = day.replace(year=activity.day.year)
            activity = _Activity(
                activity.source, activity.region, day, activity.organiser, activity.kind, activity.audience
            )
        taken.add(activity)
    counters: Counter[tuple[str, int]] = Counter()
    records = []
    for activity in sorted(taken):
        counters[activity.source, activity.day.year] += 1
        records.append(_record(activity, counters[activity.source, activity.day.year], rng))
    return records


def _year(year: int, rng: random.Random) -> list[_Activity]:
    national = regions.NATIONAL, regions.CAPITAL
    found = [
        _one(*national, year, "national_council", kind, rng)
        for kind, n in COUNCIL[year].items()
        for _ in range(n)
    ]
    found += [
        _one(*national, year, "republican_headquarters", kind, rng)
        for kind, n in HEADQUARTERS[year].items()
        for _ in range(n)
    ]
    for code in VISITED[year]:
        found += [
            _one(code, code, year, "national_council", "field_visit", rng) for _ in range(rng.randint(1, 2))
        ]
    mean = sum(r.population for r in regions.REGIONS) / len(regions.REGIONS)
    for region in regions.REGIONS:
        size = 0.6 + 0.4 * region.population / mean
        for kind, number in REGIONAL[year].items():
            if kind == "meeting":  # the headquarters meets every month, so that no month is without a report
                monthly = [date(year, month, rng.randint(1, 28)) for month in range(1, number + 1)]
                found += [_Activity(region.code, region.code, day, STAFF, kind, "other") for day in monthly]
                continue
            for _ in range(max(1, round(number * size))):
                organiser = _pick(ORGANISERS, rng)
                found.append(_one(region.code, region.code, year, organiser, kind, rng))
    return found


def _one(region: str, source: str, year: int, organiser: str, kind: str, rng: random.Random) -> _Activity:
    day = date(year, 1, 1) + timedelta(days=rng.randrange(365))
    audience = "other" if kind in ("meeting", "graffiti_removal") else _pick(AUDIENCES, rng)
    return _Activity(source, region, day, organiser, kind, audience)


def _record(activity: _Activity, number: int, rng: random.Random) -> Record:
    people = round(rng.lognormvariate(4, 0.7)) + 5 if activity.kind in WITH_PEOPLE else None
    content: Values = {
        "record_no": f"S{activity.source[-2:]}-М{activity.day.year % 100}-{number:04d}",
        "activity_on": activity.day,
        "region_code": activity.region,
        "organiser": activity.organiser,
        "kind": activity.kind,
        "audience": activity.audience,
        "language": rng.choices(("kk", "ru", "both"), (35, 25, 40))[0],
        "participants": people,
        "participants_basis": rng.choice(("measured", "estimated")) if people is not None else None,
    }
    first = periods.period_of(activity.day)
    record = Record("prevention_activity", activity.source, {first: content})
    if people is not None and rng.random() < 0.03 and (after := periods.later(first, 1)):
        record.correct(after, participants=people + rng.randint(3, 40), participants_basis="measured")
        record.marks.append("revision")
    return record


def _pick(weights: dict[str, int], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
