"""Alerts: what a person should look at, raised once for a delivery."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from include.ledger.errors import NotFound
from include.ledger.models import Alert
from include.ledger.models import Delivery as DeliveryTable
from include.ledger.records import AlertRecord, AlertRow
from include.ledger.transactions import Transactions


class Alerts(Transactions):
    """The book of alerts. One of a batch is raised when that is committed, one of a landing at once."""

    def alerts(self, feed_ids: Iterable[str] | None = None, *, open_only: bool = False) -> list[AlertRow]:
        """Raised alerts in the order raised, of some feeds or those nobody has acknowledged where asked."""
        question = (
            select(Alert, DeliveryTable.name, DeliveryTable.period)
            .join(DeliveryTable, DeliveryTable.delivery_id == Alert.delivery_id)
            .where(Alert.raised_at.is_not(None))
            .order_by(Alert.raised_at, Alert.alert_id)
        )
        if open_only:
            question = question.where(Alert.acknowledged_at.is_(None))
        wanted = None if feed_ids is None else set(feed_ids)
        with self.reading() as session:
            return [
                _row(alert, file, period)
                for alert, file, period in session.execute(question)
                if wanted is None or alert.feed_id in wanted
            ]

    def raise_alerts(self, alerts: Iterable[AlertRecord], at: datetime) -> None:
        """Raise those that were not raised before."""
        with self.writing() as session:
            raise_now(session, alerts, at)

    def acknowledge(self, alert_id: int, by: str, at: datetime) -> AlertRow:
        """Note that a person has seen an alert; the first who did stays.

        Raises:
            NotFound: no such alert was raised.
        """
        with self.writing() as session:
            alert = session.get(Alert, alert_id, with_for_update=True)
            if alert is None or alert.raised_at is None:
                raise NotFound(f"there is no alert {alert_id}")
            if alert.acknowledged_at is None:
                alert.acknowledged_at, alert.acknowledged_by = at, by
                session.flush()
            delivery = session.get_one(DeliveryTable, alert.delivery_id)
            return _row(alert, delivery.name, delivery.period)


def raise_now(session: Session, alerts: Iterable[AlertRecord], at: datetime) -> None:
    """Raise what was not raised before, within the open transaction."""
    for alert in alerts:
        known = select(Alert).where(
            Alert.delivery_id == alert.delivery_id, Alert.kind == alert.kind, Alert.about == alert.about
        )
        if session.scalars(known).first() is not None:
            continue
        try:
            with session.begin_nested():
                session.add(Alert(**vars(alert), raised_at=at))
        except IntegrityError:  # another process was quicker
            continue


def _row(alert: Alert, file: str, period: str) -> AlertRow:
    assert alert.raised_at is not None
    return AlertRow(
        feed_id=alert.feed_id,
        kind=alert.kind,
        delivery_id=alert.delivery_id,
        about=alert.about,
        figures=alert.figures,
        alert_id=alert.alert_id,
        batch_id=alert.batch_id,
        raised_at=alert.raised_at,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        file=file,
        period=period,
    )
