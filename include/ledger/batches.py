"""Batches: judged, gated, committed; each delivery in at most one live batch, every row accounted for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from include.ledger.decisions import is_aside
from include.ledger.errors import (
    AlreadyRecorded,
    DeliveryTaken,
    LedgerError,
    NotFound,
    Unbalanced,
    WrongState,
)
from include.ledger.models import Alert, Batch, BatchDelivery, OpenDelivery
from include.ledger.models import Delivery as DeliveryTable
from include.ledger.models import GateResult as GateTable
from include.ledger.models import RuleResult as RuleTable
from include.ledger.records import (
    AlertRecord,
    BatchRecord,
    BatchRow,
    DeliveryResult,
    DeliveryRow,
    FeedBalance,
    GateResult,
    Judgment,
    RuleResult,
)
from include.ledger.transactions import Transactions, as_record


class Batches(Transactions):
    """The book of batches. judged → committing → committed; judged → stopped; judged → abandoned."""

    def open_batch(
        self,
        batch: BatchRecord,
        results: Sequence[DeliveryResult],
        rules: Sequence[RuleResult] = (),
        alerts: Sequence[AlertRecord] = (),
        again: Mapping[str, str] | None = None,
    ) -> None:
        """Record a judged batch with what became of the rows of each of its deliveries.

        Its alerts are raised when it is committed.

        Args:
            again: delivery → the batch in core that judged it before; its quarantined rows are judged again.

        Raises:
            DeliveryTaken: a delivery is in another live batch already; nothing is recorded.
            Unbalanced: rows that do not add up (R3); nothing is recorded.
            AlreadyRecorded: the batch id was used before.
        """
        for result in results:
            _check_balance(result)
        try:
            with self.writing() as session:
                _take_over(session, again or {})
                _refuse_taken(session, results)
                _refuse_used_id(session, batch.batch_id)
                session.add(Batch(**vars(batch), state="judged"))
                session.flush()
                session.add_all(BatchDelivery(batch_id=batch.batch_id, **vars(result)) for result in results)
                session.add_all(
                    OpenDelivery(batch_id=batch.batch_id, delivery_id=result.delivery_id)
                    for result in results
                )
                session.add_all(RuleTable(batch_id=batch.batch_id, **vars(rule)) for rule in rules)
                session.add_all(Alert(batch_id=batch.batch_id, **vars(alert)) for alert in alerts)
        except IntegrityError as error:  # another process was quicker: say which batch holds what
            with self.reading() as session:
                _refuse_taken(session, results)
                _refuse_used_id(session, batch.batch_id)
            raise LedgerError(f"batch {batch.batch_id} was refused by the ledger: {error.orig}") from error

    def record_gate(self, batch_id: str, results: Sequence[GateResult]) -> None:
        """Record the gate's verdicts on a batch; those of an earlier try are replaced."""
        with self.writing() as session:
            _batch(session, batch_id)
            session.execute(delete(GateTable).where(GateTable.batch_id == batch_id))
            session.add_all(GateTable(batch_id=batch_id, **vars(result)) for result in results)

    def gate_results(self, batch_id: str) -> list[GateResult]:
        """The gate's verdicts on a batch, in the order recorded."""
        with self.reading() as session:
            question = select(GateTable).where(GateTable.batch_id == batch_id).order_by(GateTable.id)
            return [as_record(GateResult, row) for row in session.scalars(question)]

    def rule_results(self, batch_id: str) -> list[RuleResult]:
        """Rows examined and failed for each row rule of a batch, by rule id."""
        with self.reading() as session:
            question = select(RuleTable).where(RuleTable.batch_id == batch_id).order_by(RuleTable.rule_id)
            return [as_record(RuleResult, row) for row in session.scalars(question)]

    def delivery_results(self, batch_id: str) -> list[DeliveryResult]:
        """What became of the rows of each delivery of a batch, by delivery id."""
        with self.reading() as session:
            question = (
                select(BatchDelivery)
                .where(BatchDelivery.batch_id == batch_id)
                .order_by(BatchDelivery.delivery_id)
            )
            return [as_record(DeliveryResult, row) for row in session.scalars(question)]

    def results_before(self, batch_id: str) -> dict[str, DeliveryResult]:
        """What the deliveries of a batch that are judged again had become by the judgment before, by delivery id."""
        earlier = aliased(BatchDelivery)
        question = (
            select(earlier)
            .join(Batch, Batch.batch_id == earlier.batch_id)
            .join(BatchDelivery, BatchDelivery.delivery_id == earlier.delivery_id)
            .where(BatchDelivery.batch_id == batch_id, Batch.state == "committed")
            .where(earlier.judgment == BatchDelivery.judgment - 1)
        )
        with self.reading() as session:
            return {row.delivery_id: as_record(DeliveryResult, row) for row in session.scalars(question)}

    def quarantined(self, feed_id: str, judged_by: str, since: datetime | None = None) -> list[Judgment]:
        """The deliveries of a feed with rows in quarantine that something else decided about than `judged_by`.

        Args:
            since: where given, in place of them the whole snapshots that were judged no later than then.
        """
        question = (
            select(DeliveryTable, BatchDelivery)
            .join(BatchDelivery, BatchDelivery.delivery_id == DeliveryTable.delivery_id)
            .join(Batch, Batch.batch_id == BatchDelivery.batch_id)
            .where(Batch.feed_id == feed_id, Batch.state == "committed", is_newest(), ~is_aside())
            .where(or_(Batch.judged_by.is_(None), Batch.judged_by != judged_by))
        )
        question = question.where(
            BatchDelivery.rows_quarantined > 0
            if since is None
            else and_(BatchDelivery.snapshot_of.is_not(None), Batch.judged_at <= since)
        )
        with self.reading() as session:
            return [
                Judgment(as_record(DeliveryRow, of), found.batch_id, as_record(DeliveryResult, found))
                for of, found in session.execute(question)
            ]

    def stop_batch(self, batch_id: str, reason: str) -> None:
        """The gate refuses the batch: its deliveries are free to be judged again. Again: no change.

        Raises:
            WrongState: the batch is committing, committed or abandoned.
        """
        self._close(batch_id, "stopped", stop_reason=reason)

    def abandon(self, batch_id: str) -> None:
        """Give up a judged batch (its run died before the gate); its deliveries are free. Again: no change.

        Raises:
            WrongState: the batch is committing, committed or stopped.
        """
        self._close(batch_id, "abandoned")

    def _close(self, batch_id: str, state: str, stop_reason: str | None = None) -> None:
        with self.writing() as session:
            if not _move(session, batch_id, "judged", state, stop_reason=stop_reason):
                found = _batch(session, batch_id).state
                if found != state:
                    raise WrongState(f"batch {batch_id} is {found}: only a judged batch can become {state}")
            _set_free(session, batch_id)

    def begin_commit(self, batch_id: str) -> bool:
        """True when the batch may be written to core now; also when an earlier try began and died.

        False when it is committed, stopped or abandoned. The write itself is made once by the
        transaction id of the core table, so that two processes with True do no harm.
        """
        with self.writing() as session:
            if _move(session, batch_id, "judged", "committing"):
                return True
            return _batch(session, batch_id).state == "committing"

    def finish_commit(self, batch_id: str, committed_at: datetime) -> None:
        """The batch is in core, and its alerts are raised. Again: no change, the first time stays.

        Raises:
            WrongState: the commit was never begun.
        """
        with self.writing() as session:
            if not _move(session, batch_id, "committing", "committed", committed_at=committed_at):
                found = _batch(session, batch_id).state
                if found != "committed":
                    raise WrongState(f"batch {batch_id} is {found}: begin the commit before finishing it")
                return
            session.execute(update(Alert).where(Alert.batch_id == batch_id).values(raised_at=committed_at))

    def batch(self, batch_id: str) -> BatchRow:
        """The batch of this id.

        Raises:
            NotFound: there is none.
        """
        with self.reading() as session:
            return as_record(BatchRow, _batch(session, batch_id))

    def batches(self, feed_id: str | None = None, state: str | None = None) -> list[BatchRow]:
        """Batches, of one feed or in one state where given, in the order judged."""
        question = select(Batch).order_by(Batch.judged_at, Batch.batch_id)
        if feed_id is not None:
            question = question.where(Batch.feed_id == feed_id)
        if state is not None:
            question = question.where(Batch.state == state)
        with self.reading() as session:
            return [as_record(BatchRow, row) for row in session.scalars(question)]

    def committed_batches(self, as_at: datetime | None = None) -> list[BatchRow]:
        """The batches in core, committed by `as_at` where given, in the order committed (T2)."""
        question = (
            select(Batch).where(Batch.state == "committed").order_by(Batch.committed_at, Batch.batch_id)
        )
        if as_at is not None:
            question = question.where(Batch.committed_at <= as_at)
        with self.reading() as session:
            return [as_record(BatchRow, row) for row in session.scalars(question)]

    def balance(self) -> list[FeedBalance]:
        """For each feed the rows of its committed batches and how they add up (R3), by feed id."""
        deliveries = select(DeliveryTable.feed_id, func.count()).group_by(DeliveryTable.feed_id)
        in_core = select(BatchDelivery.delivery_id).join(Batch).where(Batch.state == "committed")
        aside = deliveries.where(is_aside(), DeliveryTable.delivery_id.not_in(in_core))
        rows = (
            select(
                Batch.feed_id,
                func.count().label("deliveries"),
                func.sum(BatchDelivery.rows_landed).label("landed"),
                func.sum(BatchDelivery.rows_accepted).label("accepted"),
                func.sum(BatchDelivery.rows_quarantined).label("quarantined"),
                func.sum(BatchDelivery.rows_duplicate).label("duplicate"),
                func.sum(BatchDelivery.rows_not_for_us).label("not_for_us"),
            )
            .join(Batch, Batch.batch_id == BatchDelivery.batch_id)
            .where(Batch.state == "committed", is_newest())
            .group_by(Batch.feed_id)
        )
        with self.reading() as session:
            committed = {row.feed_id: row for row in session.execute(rows)}
            never = {row[0]: row[1] for row in session.execute(aside)}
            return [
                _feed_balance(feed_id, total, committed.get(feed_id), never.get(feed_id, 0))
                for feed_id, total in sorted((row[0], row[1]) for row in session.execute(deliveries))
            ]


def is_newest() -> ColumnElement[bool]:
    """Whether a row of BatchDelivery is the newest judgment of its delivery that is in core."""
    later, in_core = aliased(BatchDelivery), aliased(Batch)
    newer = (
        select(later.delivery_id)
        .join(in_core, in_core.batch_id == later.batch_id)
        .where(later.delivery_id == BatchDelivery.delivery_id, later.judgment > BatchDelivery.judgment)
        .where(in_core.state == "committed")
    )
    return ~newer.exists()


def _take_over(session: Session, again: Mapping[str, str]) -> None:
    """Free the deliveries that are judged again of the batches in core that hold them; not those taken meanwhile."""
    for delivery_id, batch_id in again.items():
        session.execute(
            delete(OpenDelivery).where(
                OpenDelivery.delivery_id == delivery_id,
                OpenDelivery.batch_id == batch_id,
                select(Batch.batch_id).where(Batch.batch_id == batch_id, Batch.state == "committed").exists(),
            )
        )


def _set_free(session: Session, batch_id: str) -> None:
    """Free the deliveries of a batch that is given up, or give them back to the batch in core that judged them before."""
    held = select(OpenDelivery.delivery_id).where(OpenDelivery.batch_id == batch_id)
    before = (
        select(BatchDelivery.delivery_id, BatchDelivery.batch_id)
        .join(Batch, Batch.batch_id == BatchDelivery.batch_id)
        .where(BatchDelivery.delivery_id.in_(held), Batch.state == "committed", is_newest())
    )
    found = session.execute(before).all()
    session.execute(delete(OpenDelivery).where(OpenDelivery.batch_id == batch_id))
    session.add_all(OpenDelivery(delivery_id=row.delivery_id, batch_id=row.batch_id) for row in found)


def _feed_balance(feed_id: str, deliveries: int, row: object | None, aside: int) -> FeedBalance:
    def count(name: str) -> int:
        return int(getattr(row, name, 0))  # PostgreSQL sums bigint to numeric

    landed, accepted = count("landed"), count("accepted")
    quarantined, duplicate, not_for_us = count("quarantined"), count("duplicate"), count("not_for_us")
    return FeedBalance(
        feed_id=feed_id,
        deliveries=deliveries,
        landed=landed,
        accepted=accepted,
        quarantined=quarantined,
        duplicate=duplicate,
        not_for_us=not_for_us,
        difference=landed - accepted - quarantined - duplicate - not_for_us,
        waiting=deliveries - count("deliveries") - aside,
    )


def _batch(session: Session, batch_id: str) -> Batch:
    found = session.get(Batch, batch_id)
    if found is None:
        raise NotFound(f"the ledger has no batch {batch_id}")
    return found


def _move(session: Session, batch_id: str, before: str, after: str, **values: object) -> bool:
    """True when the batch went from state `before` to `after` in this very statement."""
    step = (
        update(Batch)
        .where(Batch.batch_id == batch_id, Batch.state == before)
        .values(state=after, **values)
        .returning(Batch.batch_id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(step).first() is not None


def _check_balance(result: DeliveryResult) -> None:
    parts = result.rows_accepted + result.rows_quarantined + result.rows_duplicate + result.rows_not_for_us
    if result.rows_landed != parts:
        raise Unbalanced(
            f"delivery {result.delivery_id}: {result.rows_landed} rows landed, but {result.rows_accepted} accepted "
            f"+ {result.rows_quarantined} quarantined + {result.rows_duplicate} duplicate "
            f"+ {result.rows_not_for_us} not for us = {parts}"
        )


def _refuse_taken(session: Session, results: Iterable[DeliveryResult]) -> None:
    ids = [result.delivery_id for result in results]
    question = select(OpenDelivery.delivery_id, OpenDelivery.batch_id).where(
        OpenDelivery.delivery_id.in_(ids)
    )
    held = {row.delivery_id: row.batch_id for row in session.execute(question)}
    if held:
        raise DeliveryTaken(held)


def _refuse_used_id(session: Session, batch_id: str) -> None:
    if session.get(Batch, batch_id) is not None:
        raise AlreadyRecorded(
            f"batch {batch_id} is in the ledger already; a batch judged anew needs a new id"
        )
