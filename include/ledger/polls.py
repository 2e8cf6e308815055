"""Polls: when each feed was asked, and what it answered."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from include.ledger.models import Poll
from include.ledger.records import PollRecord
from include.ledger.transactions import Transactions


class Polls(Transactions):
    """The book of polls."""

    def record_poll(self, poll: PollRecord) -> None:
        """Note that a feed was asked."""
        with self.writing() as session:
            session.add(Poll(**vars(poll)))

    def answers(self, feed_ids: Iterable[str], as_at: datetime) -> dict[str, list[datetime]]:
        """When each of these feeds answered, by `as_at`, and had nothing that was not here already."""
        question = (
            select(Poll.feed_id, Poll.asked_at)
            .where(Poll.outcome.in_(("nothing", "known")), Poll.asked_at <= as_at)
            .where(Poll.deliveries_nothing + Poll.deliveries_known > 0)
            .order_by(Poll.asked_at)
        )
        found: dict[str, list[datetime]] = {feed_id: [] for feed_id in feed_ids}
        with self.reading() as session:
            for row in session.execute(question):
                if row.feed_id in found:
                    found[row.feed_id].append(row.asked_at)
        return found
