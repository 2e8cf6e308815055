"""Polls: when each feed was asked, and what it answered."""

from datetime import datetime

from sqlalchemy import func, select

from include.ledger.models import Poll
from include.ledger.records import PollRecord
from include.ledger.transactions import Transactions, as_record


class Polls(Transactions):
    """The book of polls."""

    def record_poll(self, poll: PollRecord) -> None:
        """Note that a feed was asked."""
        with self.writing() as session:
            session.add(Poll(**vars(poll)))

    def polls(self, feed_id: str) -> list[PollRecord]:
        """Every time a feed was asked, in that order."""
        question = select(Poll).where(Poll.feed_id == feed_id).order_by(Poll.asked_at, Poll.poll_id)
        with self.reading() as session:
            return [as_record(PollRecord, row) for row in session.scalars(question)]

    def last_nothing_new(self, as_at: datetime) -> dict[str, datetime]:
        """When each feed's source last answered, by `as_at`, that it has nothing new."""
        question = (
            select(Poll.feed_id, func.max(Poll.asked_at))
            .where(Poll.outcome == "nothing", Poll.asked_at <= as_at)
            .group_by(Poll.feed_id)
        )
        with self.reading() as session:
            return {row[0]: row[1] for row in session.execute(question)}
