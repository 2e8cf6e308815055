"""Deliveries: which bytes arrived from which feed, when, and how often."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from include.ledger.alerts import raise_now
from include.ledger.batches import is_newest
from include.ledger.decisions import is_aside
from include.ledger.models import Batch, BatchDelivery, FeedMemory, OpenDelivery
from include.ledger.models import Delivery as DeliveryTable
from include.ledger.order import order_of
from include.ledger.records import AlertRecord, DeliveredRow, Delivery, DeliveryRow
from include.ledger.sightings import again, is_first, new_row, note, same_content
from include.ledger.transactions import Transactions, as_record


class Deliveries(Transactions):
    """The book of deliveries."""

    def record_delivery(
        self,
        delivery: Delivery,
        seen_at: datetime,
        remember: Mapping[str, str] | None = None,
        alerts: Sequence[AlertRecord] = (),
    ) -> bool:
        """True when these bytes are new for the feed; False when they are known and were seen again.

        A known delivery keeps its name, period and receipt time of the first sighting; what was handed over before
        that is a delivery of its own, and what came later is kept as a sighting (`take_up_again`). What the feed is to
        `remember` is kept in the same transaction: a watermark never runs ahead of what was recorded. So are the
        alerts about it.
        """
        try:
            with self.writing() as session:
                same = same_content(session, delivery.feed_id, delivery.period, delivery.sha256)
                is_new = is_first(delivery, same)
                if is_new:
                    session.add(new_row(replace(delivery, is_again=bool(same)), seen_at))
                    session.flush()
                else:
                    _see_again(session, delivery.delivery_id, seen_at)
                    note(session, delivery, same, seen_at)
                _remember(session, delivery.feed_id, remember or {})
                raise_now(session, alerts, seen_at)
        except IntegrityError:
            with self.reading() as session:
                same = same_content(session, delivery.feed_id, delivery.period, delivery.sha256)
            if not same:
                raise
            return self.record_delivery(delivery, seen_at, remember, alerts)  # another process was quicker
        return is_new

    def memory(self, feed_id: str) -> dict[str, str]:
        """What the feed remembers, by key."""
        question = select(FeedMemory.key, FeedMemory.value).where(FeedMemory.feed_id == feed_id)
        with self.reading() as session:
            return {row.key: row.value for row in session.execute(question)}

    def remember(self, feed_id: str, values: Mapping[str, str]) -> None:
        """Have the feed remember these values, by key."""
        with self.writing() as session:
            _remember(session, feed_id, values)

    def seen_again(
        self, delivery_id: str, name: str, received_at: datetime, stamped_at: datetime, seen_at: datetime
    ) -> bool:
        """Note that a delivery was handed over once more, as it was this time; False where it is not known."""
        with self.writing() as session:
            if not _see_again(session, delivery_id, seen_at):
                return False
            row = as_record(DeliveryRow, session.get_one(DeliveryTable, delivery_id))
            same = same_content(session, row.feed_id, row.period, row.sha256)
            note(session, again(row, name, received_at, stamped_at), same, seen_at)
            return True

    def deliveries(self, feed_id: str | None = None, dataset: str | None = None) -> list[DeliveryRow]:
        """Recorded deliveries, of one feed or one dataset where given, the oldest first."""
        with self.reading() as session:
            return _rows(session, feed_id, dataset, only_new=False)

    def new_deliveries(self, feed_id: str) -> list[DeliveryRow]:
        """Deliveries of the feed that are in no live batch and not set aside, the oldest first."""
        with self.reading() as session:
            return _rows(session, feed_id, None, only_new=True)

    def same_bytes(self, feed_id: str, sha256: str) -> list[DeliveryRow]:
        """Deliveries of the feed with these bytes, the oldest first."""
        question = select(DeliveryTable).where(
            DeliveryTable.feed_id == feed_id, DeliveryTable.sha256 == sha256
        )
        with self.reading() as session:
            found = [as_record(DeliveryRow, row) for row in session.scalars(question)]
        return sorted(found, key=order_of)

    def committed_deliveries(self, feed_id: str) -> list[DeliveredRow]:
        """The deliveries of the feed that are in core and not set aside, the oldest first."""
        question = (
            _delivered()
            .join(Batch, Batch.batch_id == BatchDelivery.batch_id)
            .where(DeliveryTable.feed_id == feed_id, Batch.state == "committed", is_newest(), ~is_aside())
        )
        with self.reading() as session:
            return sorted((DeliveredRow(*row) for row in session.execute(question)), key=order_of)

    def delivered(self, batch_ids: Iterable[str], as_at: datetime) -> list[DeliveredRow]:
        """The deliveries of the given batches with what became of their rows, and the others landed by `as_at`."""
        wanted = set(batch_ids)
        taken = _delivered().add_columns(BatchDelivery.batch_id).order_by(BatchDelivery.judgment)
        landed = _delivered().where(DeliveryTable.landed_at <= as_at)
        with self.reading() as session:
            found = {
                row.delivery_id: DeliveredRow(*row[:-1])
                for row in session.execute(taken)
                if row.batch_id in wanted
            }
            others = (DeliveredRow(*row) for row in session.execute(landed))
            for other in others:
                found.setdefault(
                    other.delivery_id,
                    replace(
                        other, rows_landed=None, rows_quarantined=None, snapshot_of=None, rows_not_for_us=None
                    ),
                )
        return sorted(found.values(), key=order_of)


def _delivered() -> Select[*tuple[Any, ...]]:
    """Deliveries with the results they have in batches; columns of DeliveredRow."""
    return select(
        DeliveryTable.feed_id,
        DeliveryTable.delivery_id,
        DeliveryTable.name,
        DeliveryTable.period,
        DeliveryTable.sha256,
        DeliveryTable.received_at,
        BatchDelivery.rows_landed,
        BatchDelivery.rows_quarantined,
        BatchDelivery.snapshot_of,
        BatchDelivery.rows_not_for_us,
        DeliveryTable.stamped_at,
    ).outerjoin(BatchDelivery, BatchDelivery.delivery_id == DeliveryTable.delivery_id)


def _remember(session: Session, feed_id: str, values: Mapping[str, str]) -> None:
    for key, value in values.items():
        session.merge(FeedMemory(feed_id=feed_id, key=key, value=value))


def _see_again(session: Session, delivery_id: str, seen_at: datetime) -> bool:
    """Count one more time that a delivery was seen; False where it is not known."""
    later = case((DeliveryTable.last_seen_at < seen_at, seen_at), else_=DeliveryTable.last_seen_at)
    seen = (
        update(DeliveryTable)
        .where(DeliveryTable.delivery_id == delivery_id)
        .values(times_seen=DeliveryTable.times_seen + 1, last_seen_at=later)
        .returning(DeliveryTable.delivery_id)
    )
    return session.execute(seen).first() is not None


def _rows(session: Session, feed_id: str | None, dataset: str | None, only_new: bool) -> list[DeliveryRow]:
    question = select(DeliveryTable)
    if feed_id is not None:
        question = question.where(DeliveryTable.feed_id == feed_id)
    if dataset is not None:
        question = question.where(DeliveryTable.dataset == dataset)
    if only_new:
        question = question.where(
            DeliveryTable.delivery_id.not_in(select(OpenDelivery.delivery_id)), ~is_aside()
        )
    return sorted((as_record(DeliveryRow, row) for row in session.scalars(question)), key=order_of)
