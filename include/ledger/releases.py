"""Releases of a year: what they rest on, which state they are in, and their figures."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from include.ledger.errors import AlreadyRecorded, LedgerError, NotFound, WrongState
from include.ledger.models import Figure, Release, ReleaseBatch
from include.ledger.records import FigureRow, ReleaseRecord, ReleaseRow
from include.ledger.transactions import Transactions, as_record

MAY_FOLLOW: dict[str, frozenset[str]] = {
    "frozen": frozenset(),
    "drafted": frozenset({"frozen", "drafted", "approved", "rejected"}),
    "approved": frozenset({"drafted", "approved"}),
    "rejected": frozenset({"frozen", "drafted", "approved", "rejected"}),
    "published": frozenset({"approved", "published"}),
}
"""State → the states it may come from. A new draft voids an approval; published is for ever (T1)."""


class Releases(Transactions):
    """The book of releases."""

    def freeze_release(self, release: ReleaseRecord, batch_ids: Iterable[str]) -> None:
        """Record a release in state frozen with the batches it rests on.

        Raises:
            AlreadyRecorded: the id, or this number of this year, was used before.
        """
        try:
            with self.writing() as session:
                session.add(Release(**vars(release), state="frozen"))
                session.flush()
                session.add_all(
                    ReleaseBatch(release_id=release.release_id, batch_id=batch_id)
                    for batch_id in set(batch_ids)
                )
        except IntegrityError as error:
            with self.reading() as session:
                if session.get(Release, release.release_id) is None and not _number_used(session, release):
                    raise LedgerError(f"release {release.release_id} was refused: {error.orig}") from error
            raise AlreadyRecorded(
                f"release {release.release_id} (number {release.number} of {release.year}) is in the ledger already"
            ) from error

    def release(self, release_id: str) -> ReleaseRow:
        """The release of this id.

        Raises:
            NotFound: there is none.
        """
        with self.reading() as session:
            return as_record(ReleaseRow, _release(session, release_id))

    def releases(self, year: int | None = None) -> list[ReleaseRow]:
        """Releases, of one year where given, by year and number."""
        question = select(Release).order_by(Release.year, Release.number)
        if year is not None:
            question = question.where(Release.year == year)
        with self.reading() as session:
            return [as_record(ReleaseRow, row) for row in session.scalars(question)]

    def release_batches(self, release_id: str) -> list[str]:
        """Ids of the batches that the release rests on, sorted."""
        question = (
            select(ReleaseBatch.batch_id)
            .where(ReleaseBatch.release_id == release_id)
            .order_by(ReleaseBatch.batch_id)
        )
        with self.reading() as session:
            return sorted(session.scalars(question))

    def set_release_state(
        self,
        release_id: str,
        state: str,
        *,
        content_sha256: str | None = None,
        drafted_by: str | None = None,
        approved_by: str | None = None,
        approved_at: datetime | None = None,
        published_at: datetime | None = None,
        reason: str | None = None,
    ) -> ReleaseRow:
        """Move a release on and return it. Values given are stored; values not given stay.

        frozen → drafted → approved → published, or → rejected (→ drafted again). A new draft voids the
        approval; published twice changes nothing.

        Raises:
            NotFound: no such release.
            WrongState: the step is not possible from the present state, or an approval names nobody, or somebody who
                started or drafted the release.
        """
        if state not in MAY_FOLLOW:
            raise WrongState(f"no such state of a release: {state}; known are {', '.join(MAY_FOLLOW)}")
        given = {
            "content_sha256": content_sha256,
            "drafted_by": drafted_by,
            "approved_by": approved_by,
            "approved_at": approved_at,
            "published_at": published_at,
            "reason": reason,
        }
        with self.writing() as session:
            release = _release(session, release_id, for_change=True)
            if release.state not in MAY_FOLLOW[state]:
                raise WrongState(f"release {release_id} is {release.state}: it cannot become {state}")
            if release.state == "published":
                return as_record(ReleaseRow, release)
            if state == "approved" and not (approved_by and approved_at):
                raise WrongState(f"release {release_id}: an approval names who approved and when")
            if state == "approved" and approved_by:
                _check_that_another_approves(release, approved_by)
            if state == "published" and published_at is None:
                raise WrongState(f"release {release_id}: a publication says when")
            if state == "drafted":
                release.approved_by = release.approved_at = release.drafted_by = None
            release.state = state
            for name, value in given.items():
                if value is not None:
                    setattr(release, name, value)
            session.flush()
            return as_record(ReleaseRow, release)

    def save_figures(self, release_id: str, figures: Sequence[FigureRow]) -> None:
        """Store the figures of a release in place of those of an earlier draft.

        Raises:
            NotFound: no such release.
            WrongState: the release is published; its figures stay as they are (T1).
        """
        with self.writing() as session:
            if _release(session, release_id, for_change=True).state == "published":
                raise WrongState(f"release {release_id} is published: its figures do not change any more")
            session.execute(delete(Figure).where(Figure.release_id == release_id))
            session.add_all(Figure(release_id=release_id, **vars(figure)) for figure in figures)

    def figures(self, release_id: str) -> list[FigureRow]:
        """The figures of a release, by figure id."""
        question = select(Figure).where(Figure.release_id == release_id).order_by(Figure.figure_id)
        with self.reading() as session:
            return [as_record(FigureRow, row) for row in session.scalars(question)]


def _release(session: Session, release_id: str, for_change: bool = False) -> Release:
    found = session.get(Release, release_id, with_for_update=True if for_change else None)
    if found is None:
        raise NotFound(f"the ledger has no release {release_id}")
    return found


def _check_that_another_approves(release: Release, by: str) -> None:
    asked = {name.strip().casefold() for name in (release.started_by, release.drafted_by) if name}
    if by.strip().casefold() in asked:
        raise WrongState(
            f"release {release.release_id}: {by} started or drafted it and cannot approve it; expected the account of "
            "another person: ask one to approve it"
        )


def _number_used(session: Session, release: ReleaseRecord) -> bool:
    question = select(Release).where(Release.year == release.year, Release.number == release.number)
    return session.scalars(question).first() is not None
