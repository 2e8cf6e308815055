"""Decisions of people about deliveries: set aside, restored. Each is a fact of its own; nothing is changed or removed."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from include.ledger.errors import NotFound, WrongState
from include.ledger.models import Delivery as DeliveryTable
from include.ledger.models import DeliveryDecision
from include.ledger.records import DecisionRow
from include.ledger.transactions import Transactions, as_record

SET_ASIDE, RESTORED = "set_aside", "restored"


class Decisions(Transactions):
    """The book of decisions."""

    def decide(self, delivery_id: str, decision: str, by: str, reason: str, at: datetime) -> DecisionRow:
        """Note that a person set a delivery aside, or restored it.

        Raises:
            NotFound: there is no such delivery.
            WrongState: it is set aside already, or it is not.
        """
        with self.writing() as session:
            if session.get(DeliveryTable, delivery_id, with_for_update=True) is None:
                raise NotFound(f"there is no delivery {delivery_id[:12]}")
            newest = session.scalars(_newest().where(DeliveryDecision.delivery_id == delivery_id)).first()
            is_aside = newest is not None and newest.decision == SET_ASIDE
            if is_aside == (decision == SET_ASIDE):
                raise WrongState(
                    f"delivery {delivery_id[:12]} is {'' if is_aside else 'not '}set aside; nothing was changed"
                )
            made = DeliveryDecision(
                delivery_id=delivery_id, decision=decision, decided_by=by, reason=reason, decided_at=at
            )
            session.add(made)
            session.flush()
            return as_record(DecisionRow, made)

    def decisions(self, feed_id: str | None = None) -> Mapping[str, DecisionRow]:
        """Delivery → the newest decision about it, of one feed where given."""
        question = _newest()
        if feed_id is not None:
            question = question.join(
                DeliveryTable, DeliveryTable.delivery_id == DeliveryDecision.delivery_id
            ).where(DeliveryTable.feed_id == feed_id)
        with self.reading() as session:
            return {row.delivery_id: as_record(DecisionRow, row) for row in session.scalars(question)}

    def set_aside(self, as_at: datetime) -> list[str]:
        """The deliveries that were set aside at a moment, sorted."""
        question = _newest(as_at).where(DeliveryDecision.decision == SET_ASIDE)
        with self.reading() as session:
            return sorted(row.delivery_id for row in session.scalars(question))


def is_aside() -> ColumnElement[bool]:
    """Whether a row of Delivery is set aside now."""
    newest = _newest().where(
        DeliveryDecision.delivery_id == DeliveryTable.delivery_id, DeliveryDecision.decision == SET_ASIDE
    )
    return newest.exists()


def _newest(as_at: datetime | None = None) -> Select[DeliveryDecision]:
    """The newest decision about each delivery, by `as_at` where given."""
    later = aliased(DeliveryDecision)
    newer = select(later.decision_id).where(
        later.delivery_id == DeliveryDecision.delivery_id, later.decision_id > DeliveryDecision.decision_id
    )
    question = select(DeliveryDecision)
    if as_at is not None:
        newer = newer.where(later.decided_at <= as_at)
        question = question.where(DeliveryDecision.decided_at <= as_at)
    return question.where(~newer.exists())
