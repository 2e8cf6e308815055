"""Alerts: what a person should look at about a delivery, with its figures; never a value of a row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from include.ledger import AlertRecord, AlertRow, DeliveredRow, Delivery, DeliveryRow, order_of
from include.sources import Feed
from include.sources.definition import Snapshot
from include.steps import clock, outside_period
from include.steps.context import open_ledger
from include.storage.home import Home

HISTORY = 12
LEAST_HISTORY = 4
LEAST_ROWS = 20
FAR_FEWER = 0.5
DEVIATIONS = 3
TO_SIGMA = 1.4826  # the median absolute deviation of normal values, times this, is their standard deviation


def alerts(
    feed_ids: Iterable[str] | None = None, open_only: bool = True, home: Home | None = None
) -> list[AlertRow]:
    """Raised alerts, of some feeds where given; those that nobody has acknowledged, or all."""
    with open_ledger(home or Home.from_environment()) as ledger:
        return ledger.alerts(feed_ids, open_only=open_only)


def raised_since(moment: datetime, feed_ids: Iterable[str], home: Home | None = None) -> list[str]:
    """What a run raised, in words: the alerts of some feeds since it began."""
    found = alerts(feed_ids, open_only=False, home=home)
    return [f"alert {alert.alert_id}: {told(alert)}" for alert in found if alert.raised_at >= moment]


def acknowledge(alert_id: int, by: str, home: Home | None = None) -> AlertRow:
    """Note that a person has seen an alert.

    Raises:
        NotFound: there is no such alert.
    """
    with open_ledger(home or Home.from_environment()) as ledger:
        return ledger.acknowledge(alert_id, by, clock.now())


# When a file lands --------------------------------------------------------------------------------------------


def renamed(feed: Feed, delivery: Delivery, same: Sequence[DeliveryRow]) -> list[AlertRecord]:
    """The alert that a file has come before under another name for its period.

    A snapshot may say the same as the last one: only where it says what an older one said is the alert raised.

    Args:
        same: deliveries of the feed with the same bytes.
    """
    others = [d for d in same if d.period == delivery.period]
    if not _is_named(feed) or not others or delivery.name in {d.name for d in others}:
        return []
    if isinstance(feed.delivers, Snapshot) and not delivery.is_again:
        return []
    first = others[0]
    figures = {
        "file": delivery.name,
        "first_file": first.name,
        "first_period": first.period,
        "first_received_at": first.received_at.isoformat(),
        "bytes": delivery.size_bytes,
    }
    return [_record(delivery.feed_id, "same_file_new_name", delivery.delivery_id, delivery.name, figures)]


# When a batch is judged ---------------------------------------------------------------------------------------


def of_batch(
    feed: Feed,
    batch_id: str,
    deliveries: Sequence[DeliveredRow],
    past: Sequence[DeliveredRow],
    findings: Iterable[tuple[str, str, Mapping[str, Any]]],
) -> list[AlertRecord]:
    """The alerts of a batch: far fewer rows, the same file for another period, and what judging found.

    Args:
        deliveries: of the batch.
        past: committed deliveries of the feed.
        findings: delivery id, kind, figures.
    """
    feed_ids = {d.delivery_id: d.feed_id for d in [*past, *deliveries]}
    found = [_record(feed_ids[of], kind, of, batch_id, figures) for of, kind, figures in findings]
    known = sorted([*past, *deliveries], key=order_of)
    for delivery in sorted(deliveries, key=order_of):
        earlier = [d for d in known if d.order < delivery.order]
        for kind, figures in (
            ("fewer_rows", none_for_us(feed, delivery) or _fewer_rows(feed, delivery, earlier)),
            ("same_file_new_name", _same_for_another_period(feed, delivery, earlier)),
        ):
            if figures is not None:
                found.append(_record(delivery.feed_id, kind, delivery.delivery_id, batch_id, figures))
    return found


def none_for_us(feed: Feed, delivery: DeliveredRow) -> dict[str, Any] | None:
    """The figures of a shared file without a row of this source; null where it has some, or can have none.

    A word that the office spells anew looks the same as a month without a case. A definition that names the words of
    the others as well tells them apart: there, a new word is quarantined.
    """
    tells_apart = any(each.is_ and each.not_ for each in feed.only)
    if delivery.rows_for_us or not delivery.rows_not_for_us or tells_apart:
        return None
    return {"rows": 0, "not_for_us": delivery.rows_not_for_us}


def _fewer_rows(feed: Feed, delivery: DeliveredRow, earlier: Sequence[DeliveredRow]) -> dict[str, Any] | None:
    return fewer_rows(delivery, earlier) if feed.is_asked_by_period else None


def of_held(feed_id: str, findings: Iterable[tuple[str, str, Mapping[str, Any]]]) -> list[AlertRecord]:
    """The alerts about deliveries that are held back: raised once, however often they are judged."""
    return [_record(feed_id, kind, of, "held", figures) for of, kind, figures in findings]


def fewer_rows(delivery: DeliveredRow, earlier: Sequence[DeliveredRow]) -> dict[str, Any] | None:
    """The figures of a delivery that has far fewer rows than those before it; null where that is as usual.

    Compared are the first deliveries of their periods, of the same length of period: a second one may be a
    correction of a few rows. Far fewer is less than half the median of the last twelve *and* more than three
    deviations below it (Hampel's identifier: the deviation is 1.4826 times the median absolute deviation), so that a
    feed which varies widely raises none; no row at all is far fewer wherever that has not happened in these twelve.
    Nothing is said with less than four deliveries to compare with, or a median below 20 rows. Rows that are not for us
    count nowhere.

    Source: Davies and Gather, The identification of multiple outliers, JASA 88 (1993), 782-792.
    """
    firsts = {d.period: d for d in reversed(earlier) if len(d.period) == len(delivery.period)}
    if delivery.period in firsts:
        return None
    usual = [d.rows_for_us or 0 for d in sorted(firsts.values(), key=order_of)][-HISTORY:]
    rows = delivery.rows_for_us or 0
    if len(usual) < LEAST_HISTORY or (middle := median(usual)) < LEAST_ROWS or rows >= FAR_FEWER * middle:
        return None
    deviation = TO_SIGMA * median(abs(n - middle) for n in usual)
    if rows >= middle - DEVIATIONS * deviation and not (rows == 0 and min(usual) > 0):
        return None
    return {"rows": rows, "median": middle, "least": min(usual), "most": max(usual), "deliveries": len(usual)}


def _same_for_another_period(
    feed: Feed, delivery: DeliveredRow, earlier: Sequence[DeliveredRow]
) -> dict[str, Any] | None:
    """The same rows for another period; a heading alone is what two months without a case have in common."""
    whole_register = isinstance(feed.delivers, Snapshot) and feed.delivers.of == "everything"
    if not delivery.rows_landed or whole_register or not feed.is_asked_by_period:
        return None
    others = [d for d in earlier if d.sha256 == delivery.sha256 and d.period != delivery.period]
    if not others:
        return None
    first = others[0]
    return {
        "file": delivery.name,
        "first_file": first.name,
        "first_period": first.period,
        "first_received_at": first.received_at.isoformat(),
        "rows": delivery.rows_landed,
    }


def _is_named(feed: Feed) -> bool:
    """Whether it is the source that names the deliveries."""
    return feed.transport.kind in ("folder", "sftp") or feed.asked_by == "list"


def _record(feed_id: str, kind: str, delivery_id: str, about: str, figures: Mapping[str, Any]) -> AlertRecord:
    return AlertRecord(
        feed_id, kind, delivery_id, about, json.dumps(figures, ensure_ascii=False, sort_keys=True)
    )


# In words -----------------------------------------------------------------------------------------------------


def told(alert: AlertRow) -> str:
    """An alert in one line: feed, file, figures, what to do."""
    figures: dict[str, Any] = json.loads(alert.figures)
    words = {
        "fewer_rows": _fewer_rows_told,
        "same_file_new_name": _same_file_told,
        "fall": _fall_told,
        "withdrawals_held": _held_told,
        "other_platform": _other_platform_told,
        "outside_period": outside_period.told,
        "contradiction": _contradiction_told,
        "begun_anew": _begun_anew_told,
    }[alert.kind](figures)
    return f"{alert.feed_id}: {figures.get('file', alert.file)}: {words}"


def _fewer_rows_told(found: Mapping[str, Any]) -> str:
    if "not_for_us" in found:
        return (
            f"none of its {found['not_for_us']} rows is for us. If the source has some, a word of `only` is spelled "
            "otherwise there: mend the definition."
        )
    return (
        f"{found['rows']} rows, far fewer than the usual {found['median']:g} (median of {found['deliveries']} "
        f"deliveries with {found['least']} to {found['most']}). Ask the source whether that is all."
    )


def _same_file_told(found: Mapping[str, Any]) -> str:
    size = f"{found['rows']} rows" if "rows" in found else f"{found['bytes']} bytes"
    return (
        f"the same {size} as {found['first_file']} for {found['first_period']}, received on "
        f"{found['first_received_at'][:10]}. Ask the source whether it sent the wrong file."
    )


def _fall_told(found: Mapping[str, Any]) -> str:
    falls = "; ".join(map(_one_fall_told, found["falls"]))
    more = found["count"] - len(found["falls"])
    others = f"; and {more} more" if more else ""
    return (
        f"numbers since January fell: {falls}{others}. They are counted as revisions of earlier months (R6)."
    )


def _one_fall_told(fall: Mapping[str, Any]) -> str:
    if "share" in fall:
        size = f" by {-fall['share']:.0%}"
    elif "from" in fall:
        size = f" from {fall['from']:g} to {fall['to']:g}"
    else:
        size = ", by counts too small to show (C2)"
    of = ", ".join(str(value) for value in fall["of"].values() if value is not None)
    months = f"{fall['year']}-{fall['from_month']:02} to {fall['year']}-{fall['month']:02}"
    return f"{fall['field']} ({of}) {months}{size}"


def _held_told(found: Mapping[str, Any]) -> str:
    missing = (
        f"{found['missing']} of the {found['known']} records known before are missing, and none was withdrawn"
    )
    if found["unknown_rows"]:
        return (
            f"{missing}: {found['unknown_rows']} of its rows have no identity that can be read and may be any of them. "
            "See the quarantine; the next sound snapshot settles it."
        )
    return (
        f"{missing}: they are not in a snapshot that was received later, which lacks more than "
        "delivers.may_withdraw. Ask the source; the next snapshot settles it."
    )


def _contradiction_told(found: Mapping[str, Any]) -> str:
    each = "; ".join(
        f"{clash['records']} of its {clash['of']} records have other content in delivery {clash['delivery']} for "
        f"{clash['period']} ({clash['records']} of {clash['of_other']}), of which "
        f"{'this one' if clash['counts'] == 'this' else 'that one'} counts by its name"
        for clash in found["with"]
    )
    return f"handed over at one moment with others that say something else: {each}. Ask the source which is right."


def _begun_anew_told(found: Mapping[str, Any]) -> str:
    held = " It is held back." if found.get("held") else ""
    return (
        f"{found['revised']} of its {found['records']} records stand under numbers of {found['period']} (delivery "
        f"{found['delivery']}) with other content, and take their place.{held} Ask the source whether its numbers begin "
        "anew each month or year, and say so with numbers_begin_anew."
    )


def _other_platform_told(found: Mapping[str, Any]) -> str:
    pairs = "; ".join(f"{pair['rows']} say {pair['says']} and are {pair['is']}" for pair in found["pairs"])
    return (
        f"{found['rows']} of its {found['of']} rows name another platform than their address does: {pairs}. They count "
        "under the platform of the address (B1). Ask the source whether a column or a word is mixed up."
    )
