"""Deliveries: what became of each, and what people decided about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from include.ledger import RESTORED, SET_ASIDE, DecisionRow, DeliveredRow, Ledger
from include.steps import clock
from include.steps.context import open_ledger
from include.storage.home import Home

SHORTEST = 6  # letters of an id that are enough, where they are those of one delivery alone


class NoSuchDelivery(LookupError):
    """No delivery has such an id, or several have; the message says what to give."""


@dataclass(frozen=True)
class DeliveryState:
    """A delivery and where it stands.

    Attributes:
        state: in_core, waiting (in no committed batch: refused, or not judged yet), set_aside.
        decision: the newest that a person made about it, where there is one.
    """

    delivery: DeliveredRow
    state: str
    decision: DecisionRow | None


def feeds(home: Home | None = None) -> list[str]:
    """The feeds that delivered anything, in order."""
    with open_ledger(home or Home.from_environment()) as ledger:
        return sorted({each.feed_id for each in ledger.deliveries()})


def deliveries(feed_ids: Iterable[str], home: Home | None = None) -> list[DeliveryState]:
    """The deliveries of some feeds, feed by feed, the oldest first."""
    wanted = set(feed_ids)
    with open_ledger(home or Home.from_environment()) as ledger:
        decided = ledger.decisions()
        batches = [batch.batch_id for batch in ledger.committed_batches()]
        found = [
            d
            for d in ledger.delivered(batches, datetime.max.replace(tzinfo=clock.now().tzinfo))
            if d.feed_id in wanted
        ]
    states = [
        DeliveryState(d, _state(d, decided.get(d.delivery_id)), decided.get(d.delivery_id)) for d in found
    ]
    return sorted(states, key=lambda one: one.delivery.feed_id)


def set_aside(delivery_id: str, by: str, reason: str, home: Home | None = None) -> DecisionRow:
    """Put a delivery aside: from now on nothing of it counts, and it does not wait any more. Nothing is removed.

    Args:
        delivery_id: or its first letters.
        by: the account of who decides.

    Raises:
        NoSuchDelivery: none has this id, or several have.
        WrongState: it is set aside already.
    """
    return _decide(delivery_id, SET_ASIDE, by, reason, home)


def restore(delivery_id: str, by: str, reason: str, home: Home | None = None) -> DecisionRow:
    """Take back that a delivery was set aside: it counts, or waits, again from now on.

    Raises:
        NoSuchDelivery: none has this id, or several have.
        WrongState: it is not set aside.
    """
    return _decide(delivery_id, RESTORED, by, reason, home)


def _decide(delivery_id: str, decision: str, by: str, reason: str, home: Home | None) -> DecisionRow:
    with open_ledger(home or Home.from_environment()) as ledger:
        return ledger.decide(_whole_id(ledger, delivery_id), decision, by, reason, clock.now())


def _whole_id(ledger: Ledger, given: str) -> str:
    known = [each.delivery_id for each in ledger.deliveries()]
    found = [each for each in known if len(given) >= SHORTEST and each.startswith(given)]
    if len(found) != 1:
        raise NoSuchDelivery(
            f"{given}: {len(found)} deliveries have an id that begins so, expected one, by at least {SHORTEST} letters; "
            "odcm deliveries list shows the ids"
        )
    return found[0]


def _state(delivery: DeliveredRow, decision: DecisionRow | None) -> str:
    if decision is not None and decision.decision == SET_ASIDE:
        return SET_ASIDE
    return "waiting" if delivery.rows_landed is None else "in_core"
