"""Definitions: what each source was declared to be, with the moment from which that holds; nothing is changed or removed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from include.ledger.models import Delivery as DeliveryTable
from include.ledger.models import SourceDefinition
from include.ledger.transactions import Transactions

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


class Definitions(Transactions):
    """The book of definitions."""

    def keep_definitions(self, found: Mapping[str, str], held: Iterable[str], at: datetime) -> None:
        """Keep the definitions that hold from now on; what is in force already is not kept again.

        The first ones of a ledger hold from the beginning: before them nothing else was known. That of a source which
        is connected later holds from now on, or from the first delivery that the ledger has of it.

        Args:
            found: source → its definition.
            held: sources of which nothing can be said now: what is in force goes on. Every other source that is not
                found is a source no more.
            at: now.
        """
        with self.reading() as session:
            if not _changes(session, found, held, at):
                return
        with self.writing() as session:
            changes = _changes(session, found, held, at)
            session.add_all(
                [
                    SourceDefinition(
                        source_id=source_id, holds_from=_holds_from(session, source_id, at), content=content
                    )
                    for source_id, content in changes.items()
                ]
            )

    def definitions(self, as_at: datetime) -> dict[str, list[str | None]]:
        """Source → its definitions by `as_at`, the one in force last; null from when it was a source no more."""
        with self.reading() as session:
            return _kept(session, as_at)

    def keeps_definitions(self) -> bool:
        """Whether any was ever kept."""
        with self.reading() as session:
            return session.scalars(select(SourceDefinition.definition_id).limit(1)).first() is not None


def _changes(
    session: Session, found: Mapping[str, str], held: Iterable[str], at: datetime
) -> dict[str, str | None]:
    """What is to be kept: source → definition, null for one that is a source no more."""
    in_force = {source_id: contents[-1] for source_id, contents in _kept(session, at).items()}
    gone = {source_id for source_id, content in in_force.items() if content} - {*found, *held}
    changed = {
        source_id: content for source_id, content in found.items() if in_force.get(source_id) != content
    }
    return {**changed, **dict.fromkeys(sorted(gone))}


def _kept(session: Session, as_at: datetime) -> dict[str, list[str | None]]:
    question = (
        select(SourceDefinition.source_id, SourceDefinition.content)
        .where(SourceDefinition.holds_from <= as_at)
        .order_by(SourceDefinition.source_id, SourceDefinition.holds_from, SourceDefinition.definition_id)
    )
    kept: dict[str, list[str | None]] = {}
    for source_id, content in session.execute(question):
        kept.setdefault(source_id, []).append(content)
    return kept


def _holds_from(session: Session, source_id: str, at: datetime) -> datetime:
    """From when a definition holds that is kept now."""
    if session.scalars(select(SourceDefinition.definition_id).limit(1)).first() is None:
        return BEGINNING
    known = select(SourceDefinition.definition_id).where(SourceDefinition.source_id == source_id)
    if session.scalars(known.limit(1)).first() is not None:
        return at
    landed = select(func.min(DeliveryTable.landed_at)).where(DeliveryTable.source_id == source_id)
    first: datetime | None = session.scalars(landed).one()
    return min(at, first) if first else at
