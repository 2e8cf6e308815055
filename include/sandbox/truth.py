"""Every figure that must come out, counted in plain Python from what the simulated sources said.

Nothing here reads a delivery's bytes or shares code with the pipeline: the rows are the values that the
simulation put into them, a channel is the channel of the simulation and not what its address looks like, and
the loops below follow the wording of the counting rules (ids in brackets).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from include.contracts import codelist
from include.sandbox import periods, regions
from include.sandbox.records import Values
from include.sandbox.reports import MISSING, Delivery, Row

YEARS = (periods.PAST_YEAR, periods.YEAR)
COUNTRY = "KZ"
ALL = "_T"
STAGE_DATES = {
    "detected": "detected_on",
    "requested": "requested_on",
    "ordered": "decision_on",
    "blocked": "blocked_on",
}
RESOCIALISED = (
    "enrolled",
    "trained",
    "completed",
    "employed_0m",
    "employed_3m",
    "employed_6m",
    "employed_12m",
)
DATES = (*STAGE_DATES.values(), "unblocked_on")
Rows = list[dict[str, object]]
Cut = tuple[int, int | None, str, str, str, str]  # year, month, region, platform, category, stage


@dataclass(frozen=True)
class Known:
    """A record as it is known when every delivery has come."""

    source: str
    values: Values
    channel: str

    def day(self, name: str) -> date | None:
        """A date of the record."""
        value = self.values.get(name)
        return value if isinstance(value, date) else None

    def text(self, name: str) -> str:
        """A code or text of the record."""
        return str(self.values[name])

    def number(self, name: str) -> int:
        """A count; 0 where none was given."""
        value = self.values.get(name)
        return value if isinstance(value, int) else 0


def truth(deliveries: Sequence[Delivery]) -> dict[str, object]:
    """All true figures: marts by their columns, headlines, coverage, missing months, the balance of each feed."""
    known = {
        dataset: current([d for d in deliveries if d.clerk.dataset == dataset])
        for dataset in sorted({d.clerk.dataset for d in deliveries})
    }
    channels = list(_channels(known["blocking_record"]))
    seizures = list(_seizures(known["seizure_item"]))
    laboratories = list(_laboratories(known["laboratory"]))
    prevention = list(_prevention(known["prevention_activity"]))
    resocialisation = list(_resocialisation(known["resocialisation"]))
    coverage = list(_coverage(sorted(known)))
    marts = {
        "mart_channels": channels,
        "mart_seizures": seizures,
        "mart_laboratories": laboratories,
        "mart_prevention": prevention,
        "mart_resocialisation": resocialisation,
        "mart_coverage": coverage,
    }
    return {
        "headlines": _headlines(marts),
        "not_reported": [
            {"dataset": dataset, "region_code": source, "period": period}
            for source, dataset, period in sorted(MISSING)
        ],
        "balance": list(balance(deliveries)),
        "marts": marts,
    }


def current(deliveries: Iterable[Delivery]) -> list[Known]:
    """The newest content of every record among the good rows (R1, R2): newest is what was handed over last."""
    newest: dict[tuple[str, ...], tuple[tuple[date, int], Row]] = {}
    for delivery in deliveries:
        for place, row in enumerate(delivery.rows):
            if row.values is None:
                continue  # a bad row is in quarantine and counts nowhere
            key = record_key(delivery, row.values)
            when = (delivery.day, place)
            if key not in newest or newest[key][0] < when:
                newest[key] = (when, row)
    return [
        Known(key[0], row.values or {}, row.record.channel if row.record else "")
        for key, (_, row) in newest.items()
    ]


def record_key(delivery: Delivery, values: Values) -> tuple[str, ...]:
    """The identity of a record (R1): its source and the fields that the definition declares."""
    return (delivery.clerk.source, *(str(values[name]) for name in delivery.clerk.feed.identity))


def balance(deliveries: Sequence[Delivery]) -> Iterator[dict[str, object]]:
    """Of each feed: rows handed over = accepted + quarantined + duplicate (R3), whatever the order of reading."""
    feeds: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        feeds[delivery.feed_id].append(delivery)
    for feed_id, own in sorted(feeds.items()):
        good = [
            (record_key(delivery, row.values), tuple(row.cells.items()))
            for delivery in own
            for row in delivery.rows
            if row.values is not None
        ]
        landed = sum(len(delivery.rows) for delivery in own)
        yield {
            "feed_id": feed_id,
            "deliveries": len(own),
            "landed": landed,
            "accepted": len(set(good)),
            "quarantined": landed - len(good),
            "duplicate": len(good) - len(set(good)),
        }


# Channels -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reached:
    """A channel that reached a stage in a year: the day of the first time, what it was then, addresses seen."""

    day: date
    platform: str
    category: str
    urls: int


def _channels(known: Iterable[Known]) -> Iterator[dict[str, object]]:
    """Rows of mart_channels for the year by platform and by category, and for the months (B1-B3, B5, B7)."""
    everywhere: dict[str, list[Known]] = defaultdict(list)
    by_region: dict[tuple[str, str], list[Known]] = defaultdict(list)
    for record in known:
        everywhere[record.channel].append(record)
        by_region[record.text("region_code"), record.channel].append(record)
    groups = [(COUNTRY, records) for records in everywhere.values()]
    groups += [(region, records) for (region, _), records in by_region.items()]
    counts: dict[Cut, list[int]] = defaultdict(lambda: [0, 0])
    for region, records in groups:
        touched = {day.year for record in records for name in DATES if (day := record.day(name))}
        for year in YEARS:
            stages = [*_reached(records, year)] if year in touched else []
            for stage, month, reached in [*stages, *_in_stock(records, year)]:
                kinds = (
                    {(ALL, ALL)} if month else {(ALL, ALL), (reached.platform, ALL), (ALL, reached.category)}
                )
                for platform, category in kinds:
                    count = counts[year, month, region, platform, category, stage]
                    count[0] += 1
                    count[1] += reached.urls
    of_regions: dict[Cut, int] = defaultdict(int)
    for cut, (channels, _) in counts.items():
        if cut[2] != COUNTRY:
            of_regions[_in_country(cut)] += channels
    names = ("year", "month", "region_code", "platform", "category", "stage")
    for cut, (channels, urls) in sorted(counts.items(), key=lambda item: str(item[0])):
        overlap = of_regions[cut] - channels if cut[2] == COUNTRY else None
        yield {**dict(zip(names, cut, strict=True)), "channels": channels, "urls": urls, "overlap": overlap}


def _in_country(cut: Cut) -> Cut:
    return (*cut[:2], COUNTRY, *cut[3:])


def _reached(records: Sequence[Known], year: int) -> Iterator[tuple[str, int | None, Reached]]:
    """Each stage that one channel reached in a year: for the year (no month) and for the month of the first time."""
    for stage, name in STAGE_DATES.items():
        first = _first(records, name, year)
        if first:
            yield stage, None, first
            yield stage, first.day.month, first
    blocked = _first(records, "blocked_on", year)
    if blocked:
        month_end = periods.last_day(f"{year}-{blocked.day.month:02d}")
        if _is_blocked_at(records, date(year, 12, 31)):
            yield "still_blocked", None, blocked
        if _is_blocked_at(records, month_end):
            yield "still_blocked", blocked.day.month, blocked
    unblocked = _first(records, "unblocked_on", year)
    if unblocked:
        yield "unblocked", None, unblocked
        yield "unblocked", unblocked.day.month, unblocked
    openings = [day for record in records if (day := record.day("unblocked_on"))]
    if openings:
        after = [r for r in records if (day := r.day("blocked_on")) and day > min(openings)]
        again = _first(after, "blocked_on", year)
        if again:
            yield "reblocked", None, again
            yield "reblocked", again.day.month, again


def _in_stock(records: Sequence[Known], year: int) -> Iterator[tuple[str, None, Reached]]:
    """The channel as part of what is blocked at the end of a year, whenever it was blocked (B2)."""
    end = date(year, 12, 31)
    before = [record for record in records if (day := record.day("blocked_on")) and day <= end]
    if before and _is_blocked_at(records, end):
        firsts = [_first(before, "blocked_on", day.year) for r in before if (day := r.day("blocked_on"))]
        first = min((one for one in firsts if one), key=lambda one: one.day)
        urls = len({record.text("identifier") for record in before})
        yield "blocked_stock", None, Reached(first.day, first.platform, first.category, urls)


def _first(records: Iterable[Known], name: str, year: int) -> Reached | None:
    """The first time in the year that a date of this name falls on one of the records."""
    dated = [(day, record) for record in records if (day := record.day(name)) and day.year == year]
    if not dated:
        return None
    first = min(day for day, _ in dated)
    kinds = {(r.text("platform"), r.text("category")) for day, r in dated if day == first}
    if len(kinds) > 1:
        raise AssertionError(
            f"two records of one channel share {first} and differ: the truth would be a matter of order"
        )
    platform, category = kinds.pop()
    return Reached(first, platform, category, len({r.text("identifier") for _, r in dated}))


def _is_blocked_at(records: Iterable[Known], day: date) -> bool:
    """Whether the last thing that happened to a channel by a day is a block."""
    events = [(when, True) for r in records if (when := r.day("blocked_on"))]
    events += [(when, False) for r in records if (when := r.day("unblocked_on"))]
    by_then = [event for event in events if event[0] <= day]
    last = max(when for when, _ in by_then)
    states = {state for when, state in by_then if when == last}
    if len(states) > 1:
        raise AssertionError(
            f"a channel is blocked and unblocked on {last}: the truth would be a matter of order"
        )
    return states.pop()


# Seizures -----------------------------------------------------------------------------------------------------


def _seizures(known: Iterable[Known]) -> Iterator[dict[str, object]]:
    """Rows of mart_seizures for the year and the months: by class, by substance, by substance and unit (S1, S3-S6)."""
    substances = {row["code"]: row for row in codelist("substances").to_pylist()}
    units = {row["code"]: row for row in codelist("units").to_pylist()}
    groups: dict[tuple[object, ...], list[tuple[Known, Decimal, Decimal | None]]] = defaultdict(list)
    for record in known:
        day = record.day("seized_on") or record.day("registered_on")
        assert day is not None
        substance = substances[record.text("substance_as_reported")]
        unit = units[record.text("unit")]
        quantity = record.values["quantity"]
        assert isinstance(quantity, Decimal)
        amount = quantity * Decimal(unit["to_base"])
        factor = unit["kg_per_base"] or (substance["kg_per_tablet"] if unit["base_unit"] == "tablet" else "")
        mass = amount * Decimal(factor) if factor else None
        name, kind, base = substance["code"], substance["substance_class"], unit["base_unit"]
        for region in (record.text("region_code"), COUNTRY):
            for month in (None, day.month):
                for cut in (
                    (ALL, ALL, ALL),
                    (kind, ALL, ALL),
                    (kind, name, ALL),
                    (kind, ALL, base),
                    (kind, name, base),
                ):
                    groups[day.year, month, region, *cut].append((record, amount, mass))
    names = ("year", "month", "region_code", "substance_class", "substance_code", "unit")
    for key, items in sorted(groups.items(), key=lambda item: str(item[0])):
        if key[0] not in YEARS:
            continue
        masses = [mass for _, _, mass in items if mass is not None]
        by_registration = {_seizure(record) for record, *_ in items if record.day("seized_on") is None}
        yield {
            **dict(zip(names, key, strict=True)),
            "seizures": len({_seizure(record) for record, *_ in items}),
            "quantity": float(sum((amount for _, amount, _ in items), Decimal(0))) if key[5] != ALL else None,
            "mass_kg": float(sum(masses, Decimal(0))) if masses and key[3] != ALL else None,
            "dated_by_registration": len(by_registration),
        }


def _seizure(record: Known) -> tuple[str, str]:
    return record.source, record.text("seizure_no")


# Laboratories, prevention, resocialisation -----------------------------------------------------------------------


def _laboratories(known: Iterable[Known]) -> Iterator[dict[str, object]]:
    def places(record: Known) -> Iterator[tuple[object, ...]]:
        day = record.day("closed_on")
        assert day is not None
        for region in (record.text("region_code"), COUNTRY):
            for month in (None, day.month):
                for kind in (record.text("lab_type"), ALL):
                    yield day.year, month, region, kind

    for key, records in _grouped(known, places):
        names = ("year", "month", "region_code", "lab_type")
        yield {**dict(zip(names, key, strict=True)), "laboratories": len(records)}


def _prevention(known: Iterable[Known]) -> Iterator[dict[str, object]]:
    def places(record: Known) -> Iterator[tuple[object, ...]]:
        day = record.day("activity_on")
        assert day is not None
        organiser, kind, audience = (record.text(name) for name in ("organiser", "kind", "audience"))
        for region in (record.text("region_code"), COUNTRY):
            yield day.year, region, organiser, kind, audience

    for key, records in _grouped(known, places):
        names = ("year", "region_code", "organiser", "kind", "audience")
        yield {
            **dict(zip(names, key, strict=True)),
            "activities": len(records),
            "participants_measured": _people(records, "measured"),
            "participants_estimated": _people(records, "estimated"),
        }


def _people(records: Iterable[Known], basis: str) -> int | None:
    """Participants counted in one way; none where nobody counted so."""
    found = [r.number("participants") for r in records if r.values.get("participants_basis") == basis]
    return sum(found) if found else None


def _resocialisation(known: Iterable[Known]) -> Iterator[dict[str, object]]:
    def places(record: Known) -> Iterator[tuple[object, ...]]:
        month = record.day("month_on")
        assert month is not None
        for region in (record.text("region_code"), COUNTRY):
            for facility in (record.text("facility_type"), ALL):
                yield month.year, region, facility

    for key, records in _grouped(known, places):
        names = ("year", "region_code", "facility_type")
        sums = {name: sum(record.number(name) for record in records) for name in RESOCIALISED}
        yield {**dict(zip(names, key, strict=True)), **sums}


def _grouped(
    known: Iterable[Known], places: Callable[[Known], Iterator[tuple[object, ...]]]
) -> Iterator[tuple[tuple[object, ...], list[Known]]]:
    groups: dict[tuple[object, ...], list[Known]] = defaultdict(list)
    for record in known:
        for place in places(record):
            groups[place].append(record)
    return iter(sorted(((k, g) for k, g in groups.items() if k[0] in YEARS), key=lambda item: str(item[0])))


# Coverage and headlines -----------------------------------------------------------------------------------------


def _coverage(datasets: Sequence[str]) -> Iterator[dict[str, object]]:
    """Region-months expected and received in a year (C1); a year file stands for its twelve months."""
    for dataset in datasets:
        for year in YEARS:
            missing = [
                source
                for source, name, period in MISSING
                if name == dataset and period.startswith(f"{year}-")
            ]
            for region in regions.REGIONS:
                received = 12 - missing.count(region.code)
                yield _covered(dataset, year, region.code, 12, received)
            expected = 12 * len(regions.REGIONS)
            yield _covered(dataset, year, COUNTRY, expected, expected - len(missing))


def _covered(dataset: str, year: int, region: str, expected: int, received: int) -> dict[str, object]:
    return {
        "dataset": dataset,
        "year": year,
        "region_code": region,
        "expected": expected,
        "received": received,
    }


def _headlines(marts: Mapping[str, Rows]) -> dict[str, dict[str, float]]:
    """Year → figure of codelists/figures.csv → value."""
    return {str(year): _headlines_of(marts, year) for year in YEARS}


def _headlines_of(marts: Mapping[str, Rows], year: int) -> dict[str, float]:
    def rows(mart: str, **fixed: object) -> Rows:
        fixed |= {"year": year, "region_code": COUNTRY}
        return [row for row in marts[mart] if all(row.get(name) == value for name, value in fixed.items())]

    def total(found: Rows, column: str) -> float:
        return sum(value for row in found if isinstance(value := row[column], int | float))

    def channels(stage: str, column: str = "channels") -> float:
        return total(rows("mart_channels", month=None, platform=ALL, category=ALL, stage=stage), column)

    def mass(kind: str) -> float:
        return total(
            rows("mart_seizures", month=None, substance_class=kind, substance_code=ALL, unit=ALL), "mass_kg"
        )

    def activities(**fixed: object) -> float:
        return total(rows("mart_prevention", **fixed), "activities")

    def laboratories(kind: str) -> float:
        return total(rows("mart_laboratories", month=None, lab_type=kind), "laboratories")

    def people(step: str) -> float:
        return total(rows("mart_resocialisation", facility_type=ALL), step)

    plants = [
        r
        for r in rows("mart_seizures", month=None, substance_code=ALL, unit="plant")
        if r["substance_class"] != ALL
    ]
    every_seizure = rows("mart_seizures", month=None, substance_class=ALL, substance_code=ALL, unit=ALL)
    visited = {
        row["region_code"]
        for row in marts["mart_prevention"]
        if (row["year"], row["organiser"], row["kind"]) == (year, "national_council", "field_visit")
    } - {COUNTRY, regions.NATIONAL}
    return {
        "channels_detected": channels("detected"),
        "channels_requested": channels("requested"),
        "channels_ordered": channels("ordered"),
        "channels_blocked": channels("blocked"),
        "channels_still_blocked": channels("still_blocked"),
        "channels_blocked_stock": channels("blocked_stock"),
        "channels_blocked_overlap": channels("blocked", "overlap"),
        "drugs_seized": mass("drug"),
        "plant_material_seized": mass("plant_material"),
        "precursors_seized": mass("precursor"),
        "other_chemicals_seized": mass("other_chemical"),
        "plants_seized": total(plants, "quantity"),
        "seizures": total(every_seizure, "seizures"),
        "laboratories_closed": laboratories(ALL),
        "laboratories_synthetic": laboratories("synthetic"),
        "council_meetings": activities(organiser="national_council", kind="meeting"),
        "videos": activities(kind="video"),
        "podcasts": activities(kind="podcast"),
        "events": activities(kind="event"),
        "regions_visited": len(visited),
        "resocialisation_enrolled": people("enrolled"),
        "resocialisation_trained": people("trained"),
        "resocialisation_completed": people("completed"),
        "resocialisation_employed_12m": people("employed_12m"),
    }
