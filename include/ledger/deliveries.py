"""Deliveries: which bytes arrived from which feed, when, and how often."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import case, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from include.ledger.models import BatchDelivery, OpenDelivery
from include.ledger.models import Delivery as DeliveryTable
from include.ledger.records import Delivery, DeliveryRow, ReceivedPeriod
from include.ledger.transactions import Transactions, as_record


class Deliveries(Transactions):
    """The book of deliveries."""

    def record_delivery(self, delivery: Delivery, seen_at: datetime) -> bool:
        """True when these bytes are new for the feed; False when they are known and were seen again.

        A known delivery keeps its name, period and receipt time of the first sighting.
        """
        if self._seen_again(delivery.delivery_id, seen_at):
            return False
        try:
            with self.writing() as session:
                session.add(_new_row(delivery, seen_at))
        except IntegrityError:
            if self._seen_again(delivery.delivery_id, seen_at):  # another process was quicker
                return False
            raise
        return True

    def _seen_again(self, delivery_id: str, seen_at: datetime) -> bool:
        later = case((DeliveryTable.last_seen_at < seen_at, seen_at), else_=DeliveryTable.last_seen_at)
        seen = (
            update(DeliveryTable)
            .where(DeliveryTable.delivery_id == delivery_id)
            .values(times_seen=DeliveryTable.times_seen + 1, last_seen_at=later)
            .returning(DeliveryTable.delivery_id)
        )
        with self.writing() as session:
            return session.execute(seen).first() is not None

    def deliveries(self, feed_id: str | None = None, dataset: str | None = None) -> list[DeliveryRow]:
        """Recorded deliveries, of one feed or one dataset where given, in order of receipt."""
        with self.reading() as session:
            return _rows(session, feed_id, dataset, only_new=False)

    def new_deliveries(self, feed_id: str) -> list[DeliveryRow]:
        """Deliveries of the feed that are in no live batch, in order of receipt."""
        with self.reading() as session:
            return _rows(session, feed_id, None, only_new=True)

    def received_periods(self, batch_ids: Iterable[str]) -> list[ReceivedPeriod]:
        """The periods that the given batches cover, each once, sorted."""
        wanted = set(batch_ids)
        question = (
            select(
                BatchDelivery.batch_id, DeliveryTable.dataset, DeliveryTable.source_id, DeliveryTable.period
            )
            .join(DeliveryTable, DeliveryTable.delivery_id == BatchDelivery.delivery_id)
            .distinct()
        )
        with self.reading() as session:
            found = {
                (r.dataset, r.source_id, r.period) for r in session.execute(question) if r.batch_id in wanted
            }
        return [ReceivedPeriod(*key) for key in sorted(found)]


def _new_row(delivery: Delivery, seen_at: datetime) -> DeliveryTable:
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
        landed_at=seen_at,
        last_seen_at=seen_at,
    )


def _rows(session: Session, feed_id: str | None, dataset: str | None, only_new: bool) -> list[DeliveryRow]:
    question = select(DeliveryTable).order_by(DeliveryTable.received_at, DeliveryTable.delivery_id)
    if feed_id is not None:
        question = question.where(DeliveryTable.feed_id == feed_id)
    if dataset is not None:
        question = question.where(DeliveryTable.dataset == dataset)
    if only_new:
        question = question.where(DeliveryTable.delivery_id.not_in(select(OpenDelivery.delivery_id)))
    return [as_record(DeliveryRow, row) for row in session.scalars(question)]
