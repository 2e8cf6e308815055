"""Seizures of the simulated country: how often, how much, in which words."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from include.sandbox import periods, regions
from include.sandbox.records import Record, Values

SEIZURES = {2024: 4_900, 2025: 6_400}
NATIONAL_SEIZURES = {2024: 30, 2025: 46}  # by agencies whose catch belongs to no region (C3)


@dataclass(frozen=True)
class Substance:
    """One substance: how often it is seized, and how many kilograms (litres) a year.

    tonnes: year → total in the bulk unit, in tonnes (thousand litres).
    spread: sigma of the log-normal size of one seizure.
    counted: unit of pieces, its share among the seizures, and the usual number of pieces.
    """

    code: str
    often: int
    tonnes: dict[int, float]
    spread: float
    liquid: bool = False
    hemp: bool = False
    counted: tuple[str, float, int] | None = None


SUBSTANCES: tuple[Substance, ...] = (
    Substance("marijuana", 330, {2024: 15.40, 2025: 23.61}, 1.9, hemp=True, counted=("package", 0.02, 6)),
    Substance("hashish", 120, {2024: 2.30, 2025: 3.02}, 1.9, hemp=True),
    Substance("cannabis_resin", 20, {2024: 0.70, 2025: 0.94}, 1.6, hemp=True),
    Substance("heroin", 12, {2024: 0.06, 2025: 0.082}, 1.3),
    Substance("opium", 8, {2024: 0.10, 2025: 0.12}, 1.2),
    Substance("mephedrone", 150, {2024: 0.52, 2025: 0.93}, 1.8, counted=("package", 0.06, 12)),
    Substance("alpha_pvp", 130, {2024: 0.33, 2025: 0.44}, 1.7, counted=("package", 0.06, 10)),
    Substance("methamphetamine", 25, {2024: 0.06, 2025: 0.08}, 1.5),
    Substance("amphetamine", 14, {2024: 0.03, 2025: 0.04}, 1.4),
    Substance("synthetic_cannabinoids", 35, {2024: 0.10, 2025: 0.13}, 1.5),
    Substance("synthetic_unspecified", 20, {2024: 0.55, 2025: 0.62}, 1.6),
    Substance("cocaine", 6, {2024: 0.02, 2025: 0.09}, 1.9),
    Substance("mdma", 14, {2024: 0.01, 2025: 0.012}, 1.2, counted=("tablet", 0.7, 60)),
    Substance("methadone", 6, {2024: 0.002, 2025: 0.002}, 1.0, counted=("tablet", 0.8, 40)),
    Substance("tramadol", 14, {2024: 0.01, 2025: 0.012}, 1.0, counted=("tablet", 0.9, 300)),
    Substance("pregabalin", 18, {2024: 0.01, 2025: 0.012}, 1.0, counted=("tablet", 0.9, 250)),
    Substance("lsd", 6, {2024: 0.0002, 2025: 0.0002}, 0.5, counted=("blotter", 0.95, 25)),
    Substance("drug_other", 8, {2024: 0.12, 2025: 0.16}, 1.4),
    Substance("wild_cannabis", 95, {2024: 9.20, 2025: 14.80}, 1.7, hemp=True),
    Substance("cannabis_plant", 70, {2024: 0.60, 2025: 0.90}, 1.2, hemp=True, counted=("plant", 0.85, 45)),
    Substance("poppy_straw", 10, {2024: 2.10, 2025: 2.60}, 1.6),
    Substance("precursor", 10, {2024: 2.60, 2025: 4.10}, 1.5),
    Substance("acetone", 10, {2024: 0.90, 2025: 1.30}, 1.2, liquid=True),
    Substance("sulphuric_acid", 8, {2024: 0.60, 2025: 0.80}, 1.2, liquid=True),
    Substance("reagent", 26, {2024: 11.50, 2025: 18.40}, 1.5),
)
PLACES = {
    "street": 34,
    "dwelling": 22,
    "cache": 20,
    "vehicle": 12,
    "field": 6,
    "post": 3,
    "border": 2,
    "laboratory": 1,
}
AGENCIES = {"mia_police": 88, "knb": 6, "transport_police": 4, "customs": 2}
NATIONAL_AGENCIES = {"knb": 45, "border_service": 30, "customs": 15, "transport_police": 10}
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "joint_agencies": {"ru": ("КНБ", "КГД", "ПС КНБ", "КНБ; КГД"), "kk": ("ҰҚК", "МКК", "ҰҚК; МКК")},
    "articles": {"ru": ("ст. 296 УК", "ст. 297 УК", "ст. 298 УК", "ст. 297 УК; ст. 300 УК"), "kk": ("296-бап", "297-бап")},
    "route": {"ru": ("из области в область", "транзит", "почтовое отправление"), "kk": ("облыс ішінде", "транзит")},
    "concealment": {"ru": ("тайник в автомобиле", "под обшивкой", "в продуктах питания"), "kk": ("көлік ішінде", "азық-түлік ішінде")},
    "form": {"ru": ("порошок", "сухая растительная масса", "кристаллы", "смола"), "kk": ("ұнтақ", "құрғақ өсімдік", "шайыр")},
    "packaging": {"ru": ("полимерный пакет", "мешок", "изолента; фольга"), "kk": ("пакет", "қап", "фольга")},
}  # fmt: skip


def seizure_records(rng: random.Random) -> list[Record]:
    """One record for each substance of each seizure, in the order of source and number."""
    drafts = [draft for year in SEIZURES for draft in _year(year, rng)]
    _fill_quantities(drafts, rng)
    drafts.sort(key=lambda d: (d.source, d.registered, d.place))
    counters: Counter[tuple[str, int]] = Counter()
    records = []
    for draft in drafts:
        counters[draft.source, draft.registered.year] += 1
        records += _records(draft, counters[draft.source, draft.registered.year], rng)
    return records


@dataclass
class _Draft:
    source: str
    region: str
    seized: date
    registered: date
    agency: str
    place: int
    items: list[tuple[Substance, dict[str, Decimal | str]]]


def _year(year: int, rng: random.Random) -> list[_Draft]:
    codes = [r.code for r in regions.REGIONS]
    drafts = []
    for place in range(SEIZURES[year] + NATIONAL_SEIZURES[year]):
        national = place >= SEIZURES[year]
        main = _substance(rng)
        region = regions.NATIONAL if national else rng.choices(codes, regions.seizure_weights(main.hemp))[0]
        items = [main]
        while len(items) < 4 and rng.random() < 0.11:
            other = _substance(rng)
            if other.code not in {s.code for s in items}:
                items.append(other)
        seized = date(year, 1, 1) + timedelta(days=int(rng.random() * 365))
        if place < len(codes) * 12:  # in every region something is seized every month
            region, seized = (
                codes[place % len(codes)],
                date(year, place // len(codes) + 1, rng.randint(1, 25)),
            )
        elif main.code == "wild_cannabis" and rng.random() < 0.8:  # hemp is cut from July to October
            seized = date(year, 7, 1) + timedelta(days=rng.randrange(110))
        registered = seized + timedelta(days=rng.choice((0, 0, 0, 1, 1, 2, 3)))
        if registered > periods.LAST_DAY:
            registered = seized
        drafts.append(
            _Draft(
                source=regions.CAPITAL if national else region,
                region=region,
                seized=seized,
                registered=registered,
                agency=_pick(NATIONAL_AGENCIES if national else AGENCIES, rng),
                place=place,
                items=[(substance, {}) for substance in items],
            )
        )
    return drafts


def _substance(rng: random.Random) -> Substance:
    return rng.choices(SUBSTANCES, [s.often for s in SUBSTANCES])[0]


def _fill_quantities(drafts: list[_Draft], rng: random.Random) -> None:
    """Pieces where a substance is counted; elsewhere random masses that add up to the tonnes of the year."""
    bulk: dict[tuple[str, int], list[tuple[Substance, dict[str, Decimal | str], float]]] = {}
    for draft in drafts:
        for substance, amount in draft.items:
            if substance.counted and rng.random() < substance.counted[1]:
                unit, _, usual = substance.counted
                amount.update(quantity=Decimal(max(1, round(usual * rng.lognormvariate(0, 0.8)))), unit=unit)
                continue
            size = rng.lognormvariate(0, substance.spread) * (8 if draft.region == regions.NATIONAL else 1)
            bulk.setdefault((substance.code, draft.seized.year), []).append((substance, amount, size))
    for (_, year), parts in bulk.items():
        scale = parts[0][0].tonnes[year] * 1000 / sum(size for *_, size in parts)
        for substance, amount, size in parts:
            amount.update(_as_written(size * scale, substance.liquid, rng))


def _as_written(amount: float, liquid: bool, rng: random.Random) -> dict[str, Decimal | str]:
    """An amount in kilograms (litres) as people write it: large in kg, small in g, and now and then in tonnes."""
    large, small = ("l", "ml") if liquid else ("kg", "g")
    if amount >= 1500 and not liquid and rng.random() < 0.5:
        return {"quantity": _rounded(amount / 1000, 4), "unit": "t"}
    if amount >= 1 or rng.random() < 0.05:
        return {"quantity": _rounded(max(amount, 0.001), 3), "unit": large}
    return {"quantity": _rounded(max(amount * 1000, 0.05), 2), "unit": small}


def _rounded(amount: float, digits: int) -> Decimal:
    return Decimal(f"{amount:.{digits}f}").normalize() + 0


def _records(draft: _Draft, number: int, rng: random.Random) -> list[Record]:
    year, region = draft.registered.year % 100, draft.source[-2:]
    language = regions.BY_CODE[draft.source].language
    common: Values = {
        "seizure_no": f"S{region}-И{year}-{number:05d}",
        "case_number": f"СИНТ-ЕРДР-{region}-{year}-9{number:05d}",
        "seized_on": draft.seized if rng.random() > 0.04 else None,
        "registered_on": draft.registered,
        "region_code": draft.region,
        "place_type": _pick(PLACES, rng),
        "lead_agency": draft.agency,
        "joint_agencies": rng.choice(WORDS["joint_agencies"][language]) if rng.random() < 0.08 else None,
        "articles": rng.choice(WORDS["articles"][language]),
        "linked_to_online": rng.choices(("yes", "no", "unknown"), (45, 40, 15))[0],
        "route": rng.choice(WORDS["route"][language]) if rng.random() < 0.2 else None,
        "concealment": rng.choice(WORDS["concealment"][language]) if rng.random() < 0.3 else None,
    }
    records = []
    for item_no, (substance, amount) in enumerate(draft.items, start=1):
        pending = rng.random() < 0.3
        content: Values = common | {
            "item_no": item_no,
            "substance_as_reported": substance.code,
            "form": rng.choice(WORDS["form"][language]),
            **amount,
            "packaging": rng.choice(WORDS["packaging"][language]),
            "purity_pct": Decimal(rng.randrange(50, 990)) / 10 if rng.random() < 0.15 else None,
            "weight_state": rng.choice(("net", "gross", "dry", "wet", "estimated")),
            "forensic_status": "pending"
            if pending
            else rng.choice(("confirmed", "confirmed", "not_required")),
        }
        first = periods.period_of(draft.registered)
        record = Record("seizure_item", draft.source, {first: content})
        if pending and (confirmed := periods.later(first, rng.randint(1, 2))):
            record.correct(confirmed, forensic_status="confirmed")
        if rng.random() < 0.02 and (weighed := periods.later(first, 1)):
            mass = content["quantity"]
            assert isinstance(mass, Decimal)
            if content["unit"] in ("kg", "g"):  # weighed again in the laboratory
                record.correct(weighed, quantity=_rounded(float(mass) * rng.uniform(0.9, 1.02), 2) or mass)
                record.marks.append("revision")
        records.append(record)
    return records


def _pick(weights: dict[str, int], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
