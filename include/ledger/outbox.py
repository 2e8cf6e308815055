"""The outbox: every message of a release to a recipient is claimed once and sent once."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from include.ledger.errors import WrongState
from include.ledger.models import Outbox as OutboxTable
from include.ledger.records import OutboxRow
from include.ledger.transactions import Transactions, as_record


class Outbox(Transactions):
    """pending → sending → sent; a failure goes back to pending with its error."""

    def enqueue(
        self, release_id: str, recipient: str, message_id: str, body_sha256: str, language: str | None = None
    ) -> bool:
        """True when the message is new; False when the recipient has one of this release already."""
        if self._message(release_id, recipient) is not None:
            return False
        try:
            with self.writing() as session:
                session.add(
                    OutboxTable(
                        release_id=release_id,
                        recipient=recipient,
                        message_id=message_id,
                        body_sha256=body_sha256,
                        language=language,
                    )
                )
        except IntegrityError:
            if self._message(release_id, recipient) is None:
                raise
            return False
        return True

    def claim(self, release_id: str, recipient: str) -> bool:
        """True for exactly one caller: it sends the message now. False: sent, or another is sending."""
        return self._move(release_id, recipient, "pending", "sending", attempts=OutboxTable.attempts + 1)

    def mark_sent(self, release_id: str, recipient: str, sent_at: datetime) -> None:
        """The mail server took the message.

        Raises:
            WrongState: the message was not claimed.
        """
        if not self._move(release_id, recipient, "sending", "sent", sent_at=sent_at, last_error=None):
            raise WrongState(f"{release_id} to {recipient}: claim the message before marking it sent")

    def mark_failed(self, release_id: str, recipient: str, error: str) -> None:
        """The mail server did not take the message: it is pending again, with the error.

        Raises:
            WrongState: the message was not claimed.
        """
        if not self._move(release_id, recipient, "sending", "pending", last_error=error):
            raise WrongState(f"{release_id} to {recipient}: claim the message before marking it failed")

    def outbox(self, release_id: str, state: str | None = None) -> list[OutboxRow]:
        """The messages of a release, in one state where given, by recipient.

        `sending` without a sender at work means: a sender died between claim and answer, and nobody knows
        whether the mail left. It is not sent again by itself; a person decides (`mark_failed` frees it).
        """
        question = (
            select(OutboxTable).where(OutboxTable.release_id == release_id).order_by(OutboxTable.recipient)
        )
        if state is not None:
            question = question.where(OutboxTable.state == state)
        with self.reading() as session:
            return [as_record(OutboxRow, row) for row in session.scalars(question)]

    def pending(self, release_id: str) -> list[OutboxRow]:
        """The messages of a release that wait to be sent, by recipient."""
        return self.outbox(release_id, state="pending")

    def _message(self, release_id: str, recipient: str) -> OutboxTable | None:
        with self.reading() as session:
            return session.get(OutboxTable, (release_id, recipient))

    def _move(self, release_id: str, recipient: str, before: str, after: str, **values: object) -> bool:
        step = (
            update(OutboxTable)
            .where(
                OutboxTable.release_id == release_id,
                OutboxTable.recipient == recipient,
                OutboxTable.state == before,
            )
            .values(state=after, **values)
            .returning(OutboxTable.recipient)
        )
        with self.writing() as session:
            return session.execute(step).first() is not None
