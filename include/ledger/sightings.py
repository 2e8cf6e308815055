"""Sightings: the same bytes again, which count anew where something else came between (R2).

What counts is the order in which the contents of a feed were handed over *last*: A, B, A leaves A as the newest. A
source that is asked every night and answers the same for each of its months hands all of them over again, in the same
order: nothing changes, and nothing is a delivery anew.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from include.ledger.alerts import raise_now
from include.ledger.models import Delivery as DeliveryTable
from include.ledger.models import Sighting
from include.ledger.order import Order, order_of
from include.ledger.records import AlertRecord, Delivery, DeliveryRow
from include.ledger.transactions import Transactions, as_record

Content = tuple[str, str]  # period, sha256
AlertsOf = Callable[[Delivery, Sequence[DeliveryRow]], Sequence[AlertRecord]]


class Sightings(Transactions):
    """The book of sightings."""

    def still_there(
        self, feed_id: str, name: str, period: str, received_at: datetime, stamped_at: datetime, at: datetime
    ) -> None:
        """The source answered that what it handed over last under this name, for this period, is what it has now."""
        question = select(DeliveryTable).where(
            DeliveryTable.feed_id == feed_id, DeliveryTable.name == name, DeliveryTable.period == period
        )
        with self.writing() as session:
            found = [as_record(DeliveryRow, row) for row in session.scalars(question)]
            if found:
                same = same_content(session, feed_id, period, max(found, key=order_of).sha256)
                note(session, again(same[0], name, received_at, stamped_at), same, at)

    def take_up_again(self, feed_id: str, at: datetime, alerts_of: AlertsOf) -> list[Delivery]:
        """Make deliveries of those sightings that change which content of the feed was handed over last.

        Args:
            alerts_of: what is raised about one, given the deliveries with the same bytes.
        """
        try:
            with self.writing() as session:
                found = _changing(session, feed_id)
                for delivery in found:
                    same = same_content(session, feed_id, delivery.period, delivery.sha256)
                    session.add(new_row(delivery, at))
                    session.flush()
                    raise_now(session, alerts_of(delivery, same), at)
                return found
        except IntegrityError:  # another process was quicker
            return []


def note(session: Session, delivery: Delivery, same: Iterable[DeliveryRow], at: datetime) -> None:
    """Keep a sighting that is newer than every delivery of these bytes, and than every sighting of them."""
    if _moment(delivery) <= max(map(_moment, same)):
        return
    known = session.get(Sighting, (delivery.feed_id, delivery.period, delivery.sha256))
    if known is None or _moment(again(delivery, known.name, known.received_at, known.stamped_at)) < _moment(
        delivery
    ):
        session.merge(
            Sighting(
                feed_id=delivery.feed_id,
                period=delivery.period,
                sha256=delivery.sha256,
                name=delivery.name,
                received_at=delivery.received_at,
                stamped_at=delivery.stamped_at or delivery.received_at,
                seen_at=at,
            )
        )


def is_first(delivery: Delivery, same: Iterable[DeliveryRow]) -> bool:
    """Whether these bytes were handed over before every delivery that they are already."""
    return all(_moment(delivery) < _moment(row) for row in same)


def same_content(session: Session, feed_id: str, period: str, sha256: str) -> list[DeliveryRow]:
    """The deliveries of these bytes for this period, the oldest first."""
    question = select(DeliveryTable).where(
        DeliveryTable.feed_id == feed_id, DeliveryTable.period == period, DeliveryTable.sha256 == sha256
    )
    return sorted((as_record(DeliveryRow, row) for row in session.scalars(question)), key=order_of)


def again(
    of: Delivery | DeliveryRow, name: str, received_at: datetime, stamped_at: datetime | None
) -> Delivery:
    """The bytes of a delivery as a delivery anew, as they were handed over this time."""
    return Delivery(
        feed_id=of.feed_id,
        source_id=of.source_id,
        dataset=of.dataset,
        sha256=of.sha256,
        size_bytes=of.size_bytes,
        name=name,
        period=of.period,
        received_at=received_at,
        is_again=True,
        stamped_at=stamped_at,
    )


def new_row(delivery: Delivery, seen_at: datetime) -> DeliveryTable:
    """The row of a delivery that lands."""
    return DeliveryTable(
        delivery_id=delivery.delivery_id,
        feed_id=delivery.feed_id,
        source_id=delivery.source_id,
        dataset=delivery.dataset,
        sha256=delivery.sha256,
        size_bytes=delivery.size_bytes,
        name=delivery.name,
        period=delivery.period,
        received_at=delivery.received_at,
        stamped_at=delivery.stamped_at,
        landed_at=seen_at,
        last_seen_at=seen_at,
    )


def _changing(session: Session, feed_id: str) -> list[Delivery]:
    """The sightings without which the contents would not be in the order in which they were handed over last."""
    sightings = list(session.scalars(select(Sighting).where(Sighting.feed_id == feed_id)))
    if not sightings:
        return []
    question = select(DeliveryTable).where(DeliveryTable.feed_id == feed_id)
    rows = sorted((as_record(DeliveryRow, row) for row in session.scalars(question)), key=order_of)
    delivered = {(row.period, row.sha256): row for row in rows}  # the newest of each content
    last: dict[Content, Delivery | DeliveryRow] = dict(delivered)
    for sighting in sightings:
        content = sighting.period, sighting.sha256
        found = again(delivered[content], sighting.name, sighting.received_at, sighting.stamped_at)
        if _moment(found) > _moment(delivered[content]):
            last[content] = found
    changing, reached = [], None
    for content, newest in sorted(last.items(), key=lambda item: item[1].order):
        place = delivered[content].order
        if reached is not None and place < reached and isinstance(newest, Delivery):
            changing.append(newest)
            place = newest.order
        reached = place if reached is None else max(reached, place)
    return changing


def _moment(delivery: Delivery | DeliveryRow) -> Order:
    """Its place in the order; that of the same bytes at the same moment under the same name is the same."""
    return (*delivery.order[:3], "")
