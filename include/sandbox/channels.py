"""Online channels of the simulated country and what the regional registers hold about them."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from include.sandbox import identifiers, periods, regions
from include.sandbox.identifiers import Channel
from include.sandbox.records import Record, Values, staged

FOUND = {2024: 6_720, 2025: 18_260}  # channels found for the first time in the year
PLATFORMS = {
    "telegram_channel": 52, "telegram_bot": 16, "telegram_group": 9, "website": 8, "instagram": 5, "tiktok": 3,
    "vk": 2, "whatsapp": 2, "marketplace": 1, "darknet": 1, "other": 1,
}  # fmt: skip
CATEGORIES = {"sale": 62, "advertising": 22, "courier_recruitment": 11, "propaganda": 5}
FINDERS = {"police": 40, "cyber_volunteer": 35, "monitoring_centre": 18, "citizen": 7}
MODES = {"platform_removal": 55, "operator_block": 28, "geo_block": 12, "removed_by_owner": 5}
MIRRORS, RENAMES, UNBLOCKED, BLOCKED_AGAIN, OVERLAPS, REPEATS = 700, 70, 650, 260, 470, 45
CORRECTED, TAKEN_BACK = 320, 24


@dataclass
class Entry:
    """One entry of one register with everything that will ever be known about it.

    dates: stage → day (B2), none where the stage is never reached.
    kind: what the entry was planted as, for the list of planted things.
    """

    source: str
    channel: Channel
    address: str
    dates: dict[str, date | None]
    mirror_of: str | None = None
    parent: str = ""
    kind: str = ""
    record: Record = field(init=False)


def blocking_records(rng: random.Random) -> list[Record]:
    """The entries of the twenty registers, numbered, in the order of source and number."""
    found = [entry for year in FOUND for entry in _found_in(year, rng)]
    blocked = [entry for entry in found if entry.dates["blocked_on"]]
    extra = [_mirror(entry, serial, rng) for serial, entry in enumerate(rng.sample(found, MIRRORS))]
    with_id = [entry for entry in blocked if entry.channel.numeric_id]
    extra += [_renamed(entry, serial, rng) for serial, entry in enumerate(rng.sample(with_id, RENAMES))]
    opened = rng.sample(blocked, UNBLOCKED)
    for entry in opened:
        day = entry.dates["blocked_on"]
        assert day is not None
        entry.dates["unblocked_on"] = day + timedelta(days=rng.randint(12, 75))
    extra += [_blocked_again(entry, rng) for entry in rng.sample(opened, BLOCKED_AGAIN)]
    extra += [_overlap(entry, rng) for entry in rng.sample(found, OVERLAPS)]
    extra += [_repeat(entry, rng) for entry in rng.sample(found, REPEATS)]
    return _registers([e for e in found + extra if _day(e) <= periods.LAST_DAY], rng)


def _found_in(year: int, rng: random.Random) -> list[Entry]:
    first = 1 if year == min(FOUND) else FOUND[min(FOUND)] + 1
    sources = rng.choices([r.code for r in regions.REGIONS], regions.channel_weights(), k=FOUND[year])
    entries = []
    for serial, source in enumerate(sources, start=first):
        platform = _pick(PLATFORMS, rng)
        numbered = platform in identifiers.TELEGRAM and rng.random() < 0.6
        channel = Channel(
            key=f"channel-{serial}",
            platform=platform,
            handle=identifiers.new_handle(platform, serial, rng),
            numeric_id=f"9{serial:09d}" if numbered else None,
            category=_pick(CATEGORIES, rng),
        )
        day = date(year, 1, 1) + timedelta(days=int(365 * rng.random() ** 0.92))  # rising over the year
        entries.append(Entry(source, channel, identifiers.written(channel, rng), _course(day, rng)))
    return entries


def _course(detected: date, rng: random.Random) -> dict[str, date | None]:
    """Days of the stages; some channels never reach the next one."""
    requested = detected + timedelta(days=rng.randint(0, 4)) if rng.random() < 0.975 else None
    decision = requested + timedelta(days=rng.randint(1, 10)) if requested and rng.random() < 0.96 else None
    blocked = None
    if requested and rng.random() < 0.955:
        blocked = (decision or requested) + timedelta(days=rng.randint(1, 12))
    return {
        "detected_on": detected,
        "requested_on": requested,
        "decision_on": decision,
        "blocked_on": blocked,
        "unblocked_on": None,
    }


def _mirror(entry: Entry, serial: int, rng: random.Random) -> Entry:
    """A new channel that names an older one as its parent (B4)."""
    platform, number = entry.channel.platform, 800_000 + serial
    channel = Channel(
        key=f"mirror-{serial}",
        platform=platform,
        handle=identifiers.new_handle(platform, number, rng),
        numeric_id=f"9{number:09d}" if entry.channel.numeric_id else None,
        category=entry.channel.category,
    )
    day = _day(entry) + timedelta(days=rng.randint(3, 40))
    return Entry(
        entry.source,
        channel,
        identifiers.written(channel, rng),
        _course(day, rng),
        mirror_of=identifiers.written(entry.channel, rng),
        parent=entry.channel.key,
        kind="mirror",
    )


def _renamed(entry: Entry, serial: int, rng: random.Random) -> Entry:
    """The same numeric id under another name: the same channel (B6)."""
    handle = identifiers.new_handle(entry.channel.platform, 900_000 + serial, rng)
    address = identifiers.written(replace(entry.channel, handle=handle), rng)
    dates = _shifted(entry, rng.randint(20, 60))
    return Entry(_some_region(entry, rng, 0.5), entry.channel, address, dates, kind="rename")


def _blocked_again(entry: Entry, rng: random.Random) -> Entry:
    """A new entry for a channel that was unblocked: a new event, the same channel (B5)."""
    opened = entry.dates["unblocked_on"]
    assert opened is not None
    dates = _course(opened + timedelta(days=rng.randint(3, 25)), rng)
    dates["requested_on"] = dates["requested_on"] or dates["detected_on"]
    start = dates["decision_on"] or dates["requested_on"]
    assert start is not None
    dates["blocked_on"] = dates["blocked_on"] or start + timedelta(days=5)
    return Entry(entry.source, entry.channel, _rewritten(entry, rng), dates, kind="blocked_again")


def _overlap(entry: Entry, rng: random.Random) -> Entry:
    """The same channel in the register of another region, found later and written another way (B3)."""
    other = _some_region(entry, rng, 0.0)
    return Entry(
        other, entry.channel, _rewritten(entry, rng), _shifted(entry, rng.randint(2, 25)), kind="overlap"
    )


def _repeat(entry: Entry, rng: random.Random) -> Entry:
    """The same channel twice in one register under two numbers."""
    dates = _shifted(entry, rng.randint(2, 25))
    return Entry(entry.source, entry.channel, _rewritten(entry, rng), dates, kind="repeat")


def _rewritten(entry: Entry, rng: random.Random) -> str:
    return identifiers.another_way(entry.channel, entry.address, rng)


def _shifted(entry: Entry, days: int) -> dict[str, date | None]:
    """The same course some days later, still blocked."""
    moved = {name: day and day + timedelta(days=days) for name, day in entry.dates.items()}
    return moved | {"unblocked_on": None}


def _some_region(entry: Entry, rng: random.Random, stay: float) -> str:
    if rng.random() < stay:
        return entry.source
    codes = [r.code for r in regions.REGIONS]
    while True:
        code: str = rng.choices(codes, regions.channel_weights())[0]
        if code != entry.source:
            return code


def _registers(entries: list[Entry], rng: random.Random) -> list[Record]:
    """Entries as records: numbered by source and year in the order of detection, with later corrections."""
    entries = sorted(entries, key=lambda e: (e.source, _day(e), e.channel.key, e.kind))
    counters: Counter[tuple[str, int]] = Counter()
    records = []
    for entry in entries:
        year = _day(entry).year
        counters[entry.source, year] += 1
        records.append(_record(entry, counters[entry.source, year], rng))
    single = Counter(record.channel for record in records)
    plain = [r for r in records if single[r.channel] == 1 and len(r.versions) == 1]
    chosen = [r for r in rng.sample(plain, CORRECTED + TAKEN_BACK) if periods.later(_first(r), 2)]
    for place, record in enumerate(chosen):
        _correct(record, taken_back=place < TAKEN_BACK, rng=rng)
    return records


def _record(entry: Entry, number: int, rng: random.Random) -> Record:
    day = _day(entry)
    year = day.year % 100
    region, channel = entry.source[-2:], entry.channel
    final: Values = {
        "record_no": f"S{region}-{year}/{number:05d}",
        "region_code": entry.source,
        "platform": channel.platform,
        "identifier": entry.address,
        "platform_numeric_id": channel.numeric_id,
        "category": channel.category,
        "detected_by": _pick(FINDERS, rng),
        "decision_number": f"СИНТ-П-{region}-{year}-{number:05d}",
        "authority": "media_authority",
        "legal_basis": "CL-41-1",
        "execution_mode": _pick(MODES, rng),
        "mirror_of": entry.mirror_of,
        "case_number": f"СИНТ-ЕРДР-{region}-{year}-{number:05d}" if rng.random() < 0.3 else None,
        **entry.dates,
    }
    record = Record(
        "blocking_record", entry.source, staged(final, day), channel=channel.key, parent=entry.parent
    )
    if entry.kind:
        record.marks.append(entry.kind)
    return record


def _correct(record: Record, taken_back: bool, rng: random.Random) -> None:
    """Another category one report later; taken back, the report after that says the first one again (A→B→A)."""
    first = _first(record)
    content = record.versions[first]
    other = rng.choice([code for code in CATEGORIES if code != content["category"]])
    second, third = periods.later(first, 1), periods.later(first, 2)
    assert second and third
    before = content["category"]
    record.correct(second, category=other)
    record.marks.append("revision")
    if taken_back:
        record.correct(third, category=before)
        record.marks.append("returned")


def _first(record: Record) -> str:
    return next(iter(record.versions))


def _day(entry: Entry) -> date:
    day = entry.dates["detected_on"]
    assert day is not None
    return day


def _pick(weights: dict[str, int], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
