"""Planted errors: every kind of bad row. Files that are broken as a whole are in broken.py."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from include.sandbox import periods
from include.sandbox.cells import Cell, Clerk, encodable
from include.sandbox.records import Value, Values
from include.sandbox.reports import Delivery, Row
from include.sources.definition import ConstantMapping

TIMES = 3  # deliveries, of different formats where there are, in which each fault stands
UNREADABLE_DATE = "<date>"
FRACTION = "<fraction>"
FOREIGN = "<foreign>"
CONFLICT = "conflict"
NUMBERS = {"record_no", "seizure_no"}  # fields that are a source's own number


@dataclass(frozen=True)
class Fault:
    """One kind of bad row.

    kind: what is wrong; reasons: every rule that such a row breaks.
    values: what the row says instead; text: what stands in a cell instead, by contract field, None for
    nothing. shape: long, short or cut, where the row is damaged as text. Fields of values and text must
    be kept by the source, those of text in a column of their own.
    """

    dataset: str
    kind: str
    reasons: tuple[str, ...]
    values: Callable[[Values, date], Values] | None = None
    text: Mapping[str, str | None] = field(default_factory=dict)
    shape: str = ""
    needs: tuple[str, ...] = ()


def _text(dataset: str, name: str, rule: str, cell: str | None, *more: str) -> Fault:
    return Fault(dataset, f"{name}.{rule}", (f"{name}.{rule}", *more), text={name: cell}, needs=(name,))


def _address(rule: str, address: str, numeric_id: str | None = None) -> Fault:
    """A Telegram address at fault, beside a numeric id or none."""
    return Fault(
        BLOCKING,
        rule,
        (rule,),
        values=lambda *_: {"platform": "telegram_channel", "platform_numeric_id": numeric_id},
        text={"identifier": address},
        needs=("identifier", "platform", *(["platform_numeric_id"] if numeric_id else [])),
    )


def _says(dataset: str, reason: str, change: Callable[[Values, date], Values], *needs: str) -> Fault:
    return Fault(dataset, reason, (reason,), values=change, needs=needs)


def _day(values: Values, name: str) -> date:
    day = values[name]
    assert isinstance(day, date)
    return day


def _moved(name: str, than: str, days: int, **more: Value) -> Callable[[Values, date], Values]:
    return lambda values, _: {name: _day(values, than) + timedelta(days=days), **more}


NO_CHANNEL = "row.identifier_fits_platform"  # without a platform or an address no channel can be named

BLOCKING = "blocking_record"
SEIZURE = "seizure_item"
LABORATORY = "laboratory"
PREVENTION = "prevention_activity"
RESOCIALISATION = "resocialisation"

FAULTS: tuple[Fault, ...] = (
    _text(BLOCKING, "record_no", "required", None),
    _text(BLOCKING, "record_no", "length", "S00-СИНТЕТИКА-" + "0" * 60),
    _text(BLOCKING, "platform", "required", None, NO_CHANNEL),
    _text(BLOCKING, "platform", "code", "Синтеграм", NO_CHANNEL),
    _text(BLOCKING, "identifier", "required", None, NO_CHANNEL),
    Fault(
        BLOCKING,
        "identifier.length",
        ("identifier.length",),
        values=lambda *_: {"platform": "website"},
        text={"identifier": "https://sintetika-long.example/" + "a" * 2100},
        needs=("identifier", "platform"),
    ),
    Fault(BLOCKING, NO_CHANNEL, (NO_CHANNEL,), text={"identifier": "не установлен"}, needs=("identifier",)),
    Fault(
        BLOCKING,
        "platform_numeric_id.pattern",
        ("platform_numeric_id.pattern",),
        text={"platform_numeric_id": "ид 12"},
        needs=("platform_numeric_id",),
    ),
    _text(BLOCKING, "category", "required", None),
    _text(BLOCKING, "category", "code", "прочее нарушение"),
    _text(BLOCKING, "detected_by", "code", "соседи"),
    _text(BLOCKING, "authority", "code", "Синтетический комитет"),
    _text(BLOCKING, "legal_basis", "code", "ст. 999"),
    _text(BLOCKING, "execution_mode", "code", "волшебством"),
    _text(BLOCKING, "detected_on", "required", None),
    _text(BLOCKING, "detected_on", "date", UNREADABLE_DATE),
    _text(BLOCKING, "requested_on", "date", UNREADABLE_DATE),
    _text(BLOCKING, "decision_on", "date", "вчера"),
    _text(BLOCKING, "blocked_on", "date", UNREADABLE_DATE),
    _text(BLOCKING, "unblocked_on", "date", "позже"),
    _says(BLOCKING, "detected_on.minimum", lambda *_: {"detected_on": date(1995, 3, 4)}),
    _text(BLOCKING, "decision_number", "letters", "СИНТ-Ќаулы №7"),
    _text(BLOCKING, "region_code", "required", None),
    _text(BLOCKING, "region_code", "code", "область Синтетика"),
    _text(BLOCKING, "region_code", "foreign", FOREIGN),
    _says(BLOCKING, "row.requested_not_before_detected", _moved("requested_on", "detected_on", -2)),
    _says(BLOCKING, "row.decision_not_before_requested", _moved("decision_on", "requested_on", -1)),
    _says(BLOCKING, "row.blocked_not_before_detected", _moved("blocked_on", "detected_on", -3)),
    _says(BLOCKING, "row.unblocked_needs_block", _moved("unblocked_on", "detected_on", 5, blocked_on=None)),
    _says(BLOCKING, "row.unblocked_needs_block", _moved("unblocked_on", "blocked_on", -1)),
    _says(BLOCKING, "row.not_after_receipt", lambda _, day: {"blocked_on": day + timedelta(days=40)}),
    Fault(
        BLOCKING,
        "several",
        ("category.code", "blocked_on.date", "row.requested_not_before_detected"),
        values=_moved("requested_on", "detected_on", -2),
        text={"category": "???", "blocked_on": "31.02.2025"},
        needs=("category", "blocked_on"),
    ),
    _address("row.identifier_names_an_account", "https://t.me/addlist/SintetikaSlug"),
    _address("row.identifier_is_one_channel", "@sintetika_shop_k/@sintetika_shop_l"),
    _address("row.identifier_agrees_with_id", "https://t.me/c/9000000001/7", "9000000002"),
    _text(SEIZURE, "seizure_no", "required", None),
    _text(SEIZURE, "item_no", "required", None),
    _text(SEIZURE, "item_no", "integer", "первый"),
    _says(SEIZURE, "item_no.minimum", lambda *_: {"item_no": 0}),
    _text(SEIZURE, "substance_as_reported", "required", None),
    Fault(
        SEIZURE,
        "substance_code.code",
        ("substance_code.code",),
        text={"substance_as_reported": "синтетический порошок 7"},
        needs=("substance_as_reported",),
    ),
    _text(SEIZURE, "quantity", "required", None),
    _text(SEIZURE, "quantity", "number", "много"),
    _says(SEIZURE, "quantity.minimum", lambda *_: {"quantity": Decimal("-5.5")}),
    _says(SEIZURE, "quantity.minimum", lambda *_: {"quantity": Decimal(0)}),
    _says(
        SEIZURE,
        "quantity.maximum",
        lambda *_: {"quantity": Decimal(200_000_000), "unit": "tablet", "substance_as_reported": "tramadol"},
    ),
    _says(
        SEIZURE,
        "row.mass_is_plausible",  # "24 thousand tonnes", where 24 tonnes were meant
        lambda *_: {"quantity": Decimal(24_000), "unit": "t", "substance_as_reported": "precursor"},
    ),
    _text(SEIZURE, "unit", "required", None),
    _text(SEIZURE, "unit", "code", "ведро"),
    _text(SEIZURE, "lead_agency", "required", None),
    _text(SEIZURE, "lead_agency", "code", "Синтетический комитет"),
    _text(SEIZURE, "place_type", "code", "на Луне"),
    _text(SEIZURE, "linked_to_online", "code", "наверное"),
    _text(SEIZURE, "weight_state", "code", "на глаз"),
    _text(SEIZURE, "forensic_status", "code", "спросить"),
    _text(SEIZURE, "purity_pct", "number", "высокая"),
    _says(SEIZURE, "purity_pct.maximum", lambda *_: {"purity_pct": Decimal(130)}, "purity_pct"),
    _says(SEIZURE, "purity_pct.minimum", lambda *_: {"purity_pct": Decimal(-1)}, "purity_pct"),
    _text(SEIZURE, "seized_on", "date", UNREADABLE_DATE),
    _text(SEIZURE, "registered_on", "date", UNREADABLE_DATE),
    _text(SEIZURE, "packaging", "letters", "Ќаѓаз Ўорам"),
    _text(SEIZURE, "region_code", "foreign", FOREIGN),
    _says(SEIZURE, "row.has_reference_date", lambda *_: {"seized_on": None, "registered_on": None}),
    _says(SEIZURE, "row.registered_not_before_seized", _moved("registered_on", "seized_on", -4)),
    _says(SEIZURE, "row.not_after_receipt", lambda _, day: {"registered_on": day + timedelta(days=9)}),
    _text(LABORATORY, "record_no", "required", None),
    _text(LABORATORY, "closed_on", "required", None),
    _text(LABORATORY, "closed_on", "date", UNREADABLE_DATE),
    _text(LABORATORY, "lab_type", "required", None),
    _text(LABORATORY, "lab_type", "code", "кухня"),
    _text(LABORATORY, "agency", "code", "Синтетический комитет"),
    _text(LABORATORY, "equipment", "letters", "таразы, Ќўрал"),
    _text(LABORATORY, "region_code", "foreign", FOREIGN),
    _says(LABORATORY, "row.not_after_receipt", lambda _, day: {"closed_on": day + timedelta(days=3)}),
    _text(PREVENTION, "record_no", "required", None),
    _text(PREVENTION, "activity_on", "required", None),
    _text(PREVENTION, "activity_on", "date", UNREADABLE_DATE),
    _text(PREVENTION, "organiser", "required", None),
    _text(PREVENTION, "organiser", "code", "Синтетический клуб"),
    _text(PREVENTION, "kind", "code", "чаепитие"),
    _text(PREVENTION, "audience", "required", None),
    _text(PREVENTION, "audience", "code", "все сразу"),
    _text(PREVENTION, "language", "code", "жестовый"),
    _text(PREVENTION, "participants", "integer", "около ста"),
    _text(PREVENTION, "participants", "integer", FRACTION),
    _says(PREVENTION, "participants.minimum", lambda *_: {"participants": -5}),
    _says(PREVENTION, "participants.maximum", lambda *_: {"participants": 2_000_000}),
    _text(PREVENTION, "participants_basis", "code", "на глаз", "row.participants_have_basis"),
    Fault(
        PREVENTION,
        "row.participants_have_basis",
        ("row.participants_have_basis",),
        text={"participants_basis": None},
        needs=("participants_basis",),
    ),
    _text(PREVENTION, "region_code", "foreign", FOREIGN),
    _says(PREVENTION, "row.not_after_receipt", lambda _, day: {"activity_on": day + timedelta(days=2)}),
    _text(RESOCIALISATION, "month_on", "required", None),
    _text(RESOCIALISATION, "month_on", "date", UNREADABLE_DATE),
    _text(RESOCIALISATION, "facility_type", "required", None),
    _text(RESOCIALISATION, "facility_type", "code", "санаторий"),
    _text(RESOCIALISATION, "enrolled", "required", None),
    _text(RESOCIALISATION, "trained", "integer", "несколько"),
    _says(RESOCIALISATION, "completed.minimum", lambda *_: {"completed": -3}),
    _says(RESOCIALISATION, "employed_3m.maximum", lambda *_: {"employed_3m": 250_000}),
    _text(RESOCIALISATION, "region_code", "foreign", FOREIGN),
    _says(
        RESOCIALISATION,
        "row.month_is_first_day",
        lambda v, _: {"month_on": _day(v, "month_on").replace(day=15)},
    ),
    _says(
        RESOCIALISATION,
        "row.not_after_receipt",
        lambda _, day: {"month_on": (day.replace(day=1) + timedelta(days=70)).replace(day=1)},
    ),
    *(
        Fault(dataset, kind, (reason,), shape=shape)
        for dataset in (BLOCKING, SEIZURE, LABORATORY, PREVENTION, RESOCIALISATION)
        for kind, reason, shape in (
            ("row.columns, one too many", "row.columns", "long"),
            ("row.columns, two too few", "row.columns", "short"),
            ("row.json", "row.json", "cut"),
            ("row.conflict", "row.conflict", CONFLICT),
        )
        if (dataset, shape) != (LABORATORY, "cut")  # no laboratory list comes as JSON lines
    ),
)
SHAPES = {"long": "csv", "short": "csv", "cut": "jsonl"}  # the formats in which a row can be so damaged


def plant(found: Sequence[Delivery], dataset: str, rng: random.Random) -> None:
    """Put every fault of a dataset into deliveries of different formats.

    Bad rows carry numbers and channels of their own, so that refusing them changes no count.
    """
    by_format: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in found:
        by_format[f"{delivery.clerk.format.kind} {delivery.clerk.encoding}"].append(delivery)
    taken: set[tuple[str, str]] = set()
    serial = 0
    for fault in (f for f in FAULTS if f.dataset == dataset):
        left = TIMES
        for name in rng.sample(sorted(by_format), len(by_format)):
            usable = [d for d in by_format[name] if left and _fits(fault, d.clerk)]
            for delivery in rng.sample(usable, min(len(usable), 40)):
                serial += 1
                place = (delivery.feed_id, delivery.period)
                if place in taken or (
                    fault.shape == CONFLICT and not any(row.values for row in delivery.rows)
                ):
                    continue
                if NUMBERS.isdisjoint(delivery.clerk.feed.identity):
                    taken.add(place)  # without own numbers two bad rows could pass for one record
                row = _bad_row(fault, delivery, serial, rng)
                # a conflict is with an earlier row, so it comes last
                last = len(delivery.rows)
                delivery.rows.insert(last if fault.shape == CONFLICT else rng.randint(0, last), row)
                left -= 1
                break
        if left == TIMES:
            raise AssertionError(f"no delivery can hold the fault {fault.dataset} {fault.kind}")


def _fits(fault: Fault, clerk: Clerk) -> bool:
    if fault.shape in SHAPES and SHAPES[fault.shape] != clerk.format.kind:
        return False
    for name in fault.text:
        cell = fault.text[name]
        if clerk.column_of(name) is None or not encodable(cell or "", clerk.encoding):
            return False
    if any(isinstance(clerk.feed.fields.get(n), ConstantMapping | None) for n in fault.needs):
        return False
    if fault.kind == "row.month_is_first_day":
        return clerk.column_of("month_on") is not None and all("%d" in form for form in clerk.format.dates)
    return True


def _bad_row(fault: Fault, delivery: Delivery, serial: int, rng: random.Random) -> Row:
    clerk = delivery.clerk
    if fault.shape == CONFLICT:
        return _conflicting(fault, delivery, rng)
    values = _good_values(clerk, delivery.period, serial, rng)
    if fault.values:
        values |= fault.values(values, delivery.day)
    cells = clerk.cells(values)
    for name, cell in fault.text.items():
        heading = clerk.column_of(name)
        assert heading is not None
        cells[heading] = _cell(cell, clerk)
    return Row(cells, kinds=(fault.kind,), reasons=fault.reasons, shape=fault.shape)


def _conflicting(fault: Fault, delivery: Delivery, rng: random.Random) -> Row:
    """A record number of this very delivery again, with other content."""
    clerk = delivery.clerk
    values = dict(rng.choice([row for row in delivery.rows if row.values]).values or {})
    if clerk.dataset == BLOCKING:
        values["category"] = "propaganda" if values["category"] != "propaganda" else "sale"
    elif clerk.dataset == SEIZURE:
        values["weight_state"] = "net" if values["weight_state"] != "net" else "gross"
        values["quantity"] = Decimal("77.7")
    elif clerk.dataset == LABORATORY:
        values |= {"equipment": "синтетика", "substances": "синтетика"}
    elif clerk.dataset == PREVENTION:
        values |= {"participants": 777, "participants_basis": "measured"}
    else:
        values["enrolled"] = 777
    return Row(clerk.cells(values), kinds=(fault.kind,), reasons=fault.reasons)


def _cell(text: str | None, clerk: Clerk) -> Cell:
    if text is None:
        return None if clerk.json else (clerk.format.null_values[0] or None)
    if text == UNREADABLE_DATE:
        form = clerk.format.dates[0]
        return form.replace("%d", "31").replace("%m", "13").replace("%Y", "2025").replace("%y", "25")
    if text == FRACTION:
        return f"12{clerk.format.decimal}5"
    if text == FOREIGN:
        return "Павлодарская область" if clerk.source != "KZ-55" else "Атырауская область"
    return text


def _good_values(clerk: Clerk, period: str, serial: int, rng: random.Random) -> Values:
    """A row without fault, of an event that no register holds."""
    region = clerk.source[-2:]
    first = periods.first_day(period)
    start = first + timedelta(days=rng.randint(4, 14) + (rng.randrange(330) if "-" not in period else 0))
    case = f"СИНТ-ЕРДР-{region}-00-{serial:06d}"
    code = clerk.source
    if clerk.dataset == BLOCKING:
        return {
            "record_no": f"S{region}-00/{serial:05d}",
            "region_code": code,
            "platform": "telegram_channel",
            "identifier": f"https://t.me/sintetika_bad_{serial:06d}",
            "platform_numeric_id": None,
            "category": "sale",
            "detected_on": start,
            "detected_by": "police",
            "requested_on": start + timedelta(days=2),
            "decision_number": f"СИНТ-П-{region}-00-{serial:05d}",
            "decision_on": start + timedelta(days=4),
            "authority": "media_authority",
            "legal_basis": "CL-41-1",
            "blocked_on": start + timedelta(days=8),
            "execution_mode": "operator_block",
            "unblocked_on": None,
            "mirror_of": None,
            "case_number": case,
        }
    if clerk.dataset == SEIZURE:
        return {
            "seizure_no": f"S{region}-И00-{serial:05d}",
            "item_no": 1,
            "case_number": case,
            "seized_on": start,
            "registered_on": start + timedelta(days=1),
            "region_code": code,
            "place_type": "street",
            "lead_agency": "mia_police",
            "linked_to_online": "yes",
            "substance_as_reported": "mephedrone",
            "quantity": Decimal("4.5"),
            "unit": "g",
            "purity_pct": Decimal("40.5"),
            "weight_state": "net",
            "forensic_status": "confirmed",
        }
    if clerk.dataset == LABORATORY:
        return {
            "record_no": f"S{region}-Л00-{serial:03d}",
            "closed_on": start,
            "region_code": code,
            "agency": "mia_police",
            "lab_type": "synthetic",
            "substances": "мефедрон",
            "equipment": "реактор",
            "case_number": case,
        }
    if clerk.dataset == PREVENTION:
        return {
            "record_no": f"S{region}-М00-{serial:04d}",
            "activity_on": start,
            "region_code": code,
            "organiser": "ngo",
            "kind": "graffiti_removal",
            "audience": "employers",
            "language": "ru",
            "participants": 40,
            "participants_basis": "measured",
        }
    return {
        "region_code": code,
        "month_on": start.replace(day=1),
        "facility_type": "ngo",
        "enrolled": 12,
        "trained": 8,
        "completed": 9,
        "employed_0m": 3,
        "employed_3m": 4,
        "employed_6m": 4,
        "employed_12m": 3,
    }
