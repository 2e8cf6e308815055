"""Illegal laboratories closed in the simulated country."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

from include.sandbox import periods, regions
from include.sandbox.records import Record, Values

CLOSED = {
    2024: {"synthetic": 17, "grow_site": 33, "extraction": 4},
    2025: {"synthetic": 28, "grow_site": 44, "extraction": 6},
}
MADE = {
    "synthetic": {"ru": "мефедрон", "kk": "мефедрон"},
    "grow_site": {"ru": "марихуана", "kk": "марихуана"},
    "extraction": {"ru": "масло каннабиса", "kk": "каннабис майы"},
}
# The words with a semicolon, quotes and a line break are what a careless reader of CSV trips over.
EQUIPMENT: dict[str, dict[str, tuple[str, ...]]] = {
    "synthetic": {"ru": ("реактор; колбы", 'весы "Синтетика-2"\nколбы, реагенты'), "kk": ("реактор; колбалар", "таразы")},
    "grow_site": {"ru": ("лампы, гидропоника", "гроубокс"), "kk": ("шамдар, гидропоника", "гроубокс")},
    "extraction": {"ru": ("пресс; растворители",), "kk": ("пресс; еріткіштер",)},
}  # fmt: skip


def laboratory_records(rng: random.Random) -> list[Record]:
    """One record for each closed laboratory, in the order of source and number."""
    closed = []
    codes = [region.code for region in regions.REGIONS]
    for year, types in CLOSED.items():
        for lab_type, number in types.items():
            for source in rng.choices(codes, [r.population for r in regions.REGIONS], k=number):
                closed.append((source, date(year, 1, 1) + timedelta(days=rng.randrange(365)), lab_type))
    counters: Counter[tuple[str, int]] = Counter()
    records = []
    for source, day, lab_type in sorted(closed):
        counters[source, day.year] += 1
        records.append(_record(source, day, lab_type, counters[source, day.year], rng))
    for record in rng.sample(records, 8):
        first = next(iter(record.versions))
        if after := periods.later(first, 1):  # the expert names the product
            named = "мефедрон, альфа-PVP"
            record.correct(after, substances=named, equipment="весы; реактор")
            record.marks.append("revision")
    return records


def _record(source: str, day: date, lab_type: str, number: int, rng: random.Random) -> Record:
    region = source[-2:]
    language = regions.BY_CODE[source].language
    content: Values = {
        "record_no": f"S{region}-Л{day.year % 100}-{number:03d}",
        "closed_on": day,
        "region_code": source,
        "agency": "knb" if lab_type == "synthetic" and rng.random() < 0.3 else "mia_police",
        "lab_type": lab_type,
        "substances": MADE[lab_type][language],
        "equipment": rng.choice(EQUIPMENT[lab_type][language]),
        "case_number": f"СИНТ-ЕРДР-{region}-{day.year % 100}-8{number:05d}",
    }
    return Record("laboratory", source, {periods.period_of(day): content})
