"""The ledger's tables: what was delivered, judged, committed, released and sent.

Counts and hashes only: no table has a place for a raw identifier (B9).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import BigInteger, Boolean, Float, Integer, String, Text

from include.ledger.types import NAMING, UtcDateTime

BATCH_STATES = ("judged", "stopped", "committing", "committed", "abandoned")
LIVE_BATCH_STATES = ("judged", "committing", "committed")
RELEASE_STAGES = ("provisional", "final")
RELEASE_STATES = ("frozen", "drafted", "approved", "published", "rejected")
OUTBOX_STATES = ("pending", "sending", "sent")
POLL_OUTCOMES = ("new", "known", "nothing", "failed")
ALERT_KINDS = (
    "fewer_rows",
    "same_file_new_name",
    "fall",
    "withdrawals_held",
    "contradiction",
    "begun_anew",
    "outside_period",
    "other_platform",
)
DECISIONS = ("set_aside", "restored")
SNAPSHOTS_OF = ("period", "everything")

ROWS_BALANCE = "rows_landed = rows_accepted + rows_quarantined + rows_duplicate + rows_not_for_us"
"""R3: nothing is dropped silently."""


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Base(DeclarativeBase):
    """Declarative base with the ledger's types and constraint names."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        str: String(255),
        int: Integer,
        float: Float(53),
        bool: Boolean(create_constraint=False),
        datetime: UtcDateTime,
    }


class Delivery(Base):
    """One body of bytes from one feed for one period; the same again is the same delivery, seen again.

    Bytes that come again after others in between are a delivery of their own (R2).
    """

    __tablename__ = "delivery"

    delivery_id: Mapped[str] = mapped_column(primary_key=True)
    feed_id: Mapped[str] = mapped_column(index=True)
    source_id: Mapped[str]
    dataset: Mapped[str] = mapped_column(index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    period: Mapped[str]
    received_at: Mapped[datetime]
    stamped_at: Mapped[datetime | None]
    landed_at: Mapped[datetime]
    times_seen: Mapped[int] = mapped_column(default=1)
    last_seen_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("size_bytes >= 0", name="size"),
        CheckConstraint("times_seen >= 1", name="times_seen"),
    )


class DeliveryDecision(Base):
    """That a person set a delivery aside, or restored it; the newest holds."""

    __tablename__ = "delivery_decision"

    decision_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.delivery_id"), index=True)
    decision: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime]
    decided_by: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)

    __table_args__ = (CheckConstraint(_one_of("decision", DECISIONS), name="decision"),)


class SourceDefinition(Base):
    """What a source was declared to be from a moment on, as JSON; null where it was a source no more."""

    __tablename__ = "source_definition"

    definition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    source_id: Mapped[str] = mapped_column(index=True)
    holds_from: Mapped[datetime]
    content: Mapped[str | None] = mapped_column(Text)


class Sighting(Base):
    """The newest time that bytes were handed over again which are a delivery already."""

    __tablename__ = "sighting"

    feed_id: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    received_at: Mapped[datetime]
    stamped_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class FeedMemory(Base):
    """What a feed remembers between runs, by key: a watermark, a validator, the version of what was landed."""

    __tablename__ = "feed_memory"

    feed_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Poll(Base):
    """One time that a feed was asked: what came of it. `error`: kind of what went wrong, without words."""

    __tablename__ = "poll"

    poll_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    feed_id: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(16))
    deliveries_new: Mapped[int]
    deliveries_known: Mapped[int]
    deliveries_nothing: Mapped[int]
    error: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(_one_of("outcome", POLL_OUTCOMES), name="outcome"),
        CheckConstraint("(outcome = 'failed') = (error IS NOT NULL)", name="error"),
    )


class Batch(Base):
    """The deliveries of one feed that were judged together and are committed together.

    `judged_by`: fingerprint of everything that decided; null in batches of before it was kept.
    """

    __tablename__ = "batch"

    batch_id: Mapped[str] = mapped_column(primary_key=True)
    feed_id: Mapped[str] = mapped_column(index=True)
    source_id: Mapped[str]
    dataset: Mapped[str]
    contract_version: Mapped[str]
    definition_sha256: Mapped[str] = mapped_column(String(64))
    code_version: Mapped[str]
    judged_by: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), index=True)
    judged_at: Mapped[datetime]
    committed_at: Mapped[datetime | None]
    stop_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint(_one_of("state", BATCH_STATES), name="state"),
        CheckConstraint("(state = 'committed') = (committed_at IS NOT NULL)", name="committed_at"),
        CheckConstraint("(state = 'stopped') = (stop_reason IS NOT NULL)", name="stop_reason"),
    )


class BatchDelivery(Base):
    """What became of the rows of one delivery in one batch; the database itself keeps R3.

    `rows_not_for_us`: rows that the definition's filter leaves to others (R3).
    `rows_withdrawn`: records withdrawn with it (R5), which are no rows of it. `snapshot_of`: what it held whole,
    the records of its period or everything; null where it was no snapshot, or some record of it is not known.
    `judgment`: 1 at first; when its quarantined rows are judged again, one more than that of the batch before. The
    newest in core is what is true of the delivery, and holds the rows that were settled before, too.
    """

    __tablename__ = "batch_delivery"

    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.batch_id"), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.delivery_id"), primary_key=True, index=True)
    rows_landed: Mapped[int] = mapped_column(BigInteger)
    rows_accepted: Mapped[int] = mapped_column(BigInteger)
    rows_quarantined: Mapped[int] = mapped_column(BigInteger)
    rows_duplicate: Mapped[int] = mapped_column(BigInteger)
    rows_not_for_us: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    rows_withdrawn: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    snapshot_of: Mapped[str | None] = mapped_column(String(16))
    judgment: Mapped[int] = mapped_column(default=1, server_default="1")

    __table_args__ = (
        CheckConstraint(ROWS_BALANCE, name="balance"),
        CheckConstraint(
            "rows_accepted >= 0 AND rows_quarantined >= 0 AND rows_duplicate >= 0 AND rows_not_for_us >= 0",
            name="rows",
        ),
        CheckConstraint("rows_withdrawn >= 0", name="withdrawn"),
        CheckConstraint(_one_of("snapshot_of", SNAPSHOTS_OF), name="snapshot_of"),
    )


class OpenDelivery(Base):
    """The live batch that holds a delivery, of several the newest; the primary key keeps it in at most one."""

    __tablename__ = "open_delivery"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.delivery_id"), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.batch_id"), index=True)


class RuleResult(Base):
    """How many rows of a batch one row rule examined, and how many failed it."""

    __tablename__ = "rule_result"

    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.batch_id"), primary_key=True)
    rule_id: Mapped[str] = mapped_column(primary_key=True)
    rows_examined: Mapped[int] = mapped_column(BigInteger)
    rows_failed: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("rows_failed >= 0 AND rows_failed <= rows_examined", name="rows"),)


class GateResult(Base):
    """The verdict of one expectation of the gate over one batch."""

    __tablename__ = "gate_result"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.batch_id"), index=True)
    expectation: Mapped[str] = mapped_column(Text)
    success: Mapped[bool]
    rows_examined: Mapped[int] = mapped_column(BigInteger)
    rows_unexpected: Mapped[int] = mapped_column(BigInteger)


class Alert(Base):
    """What a person should look at, once for a delivery; figures as JSON, without values of rows.

    That of a batch is raised when the batch is committed; until then `raised_at` is null. `about` tells it from
    others of its kind and delivery: the batch, or the other name of the file.
    """

    __tablename__ = "alert"

    alert_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    feed_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(32))
    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.delivery_id"))
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("batch.batch_id"), index=True)
    about: Mapped[str]
    figures: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("delivery_id", "kind", "about", name="uq_alert_delivery_kind_about"),
        CheckConstraint(_one_of("kind", ALERT_KINDS), name="kind"),
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged"),
    )


class Release(Base):
    """One vintage of a year's figures, from the frozen set of batches to the published folder."""

    __tablename__ = "release"

    release_id: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int]
    number: Mapped[int]
    stage: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    as_at: Mapped[datetime]
    frozen_at: Mapped[datetime]
    rules_version: Mapped[str]
    code_version: Mapped[str]
    content_sha256: Mapped[str | None] = mapped_column(String(64))
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
    started_by: Mapped[str | None]
    drafted_by: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("year", "number", name="uq_release_year_number"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint(_one_of("stage", RELEASE_STAGES), name="stage"),
        CheckConstraint(_one_of("state", RELEASE_STATES), name="state"),
        CheckConstraint(
            "state NOT IN ('approved', 'published') OR approved_by IS NOT NULL", name="approved_by"
        ),
        CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published_at"),
    )


class ReleaseBatch(Base):
    """A batch that a release rests on."""

    __tablename__ = "release_batch"

    release_id: Mapped[str] = mapped_column(ForeignKey("release.release_id"), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.batch_id"), primary_key=True)


class Figure(Base):
    """One headline figure of a release with its card (JSON: scope, stage, as-at, coverage, rules)."""

    __tablename__ = "figure"

    release_id: Mapped[str] = mapped_column(ForeignKey("release.release_id"), primary_key=True)
    figure_id: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | None]
    card: Mapped[str] = mapped_column(Text)


class Outbox(Base):
    """One message of a release to one recipient; sent once."""

    __tablename__ = "outbox"

    release_id: Mapped[str] = mapped_column(ForeignKey("release.release_id"), primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    language: Mapped[str | None] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16), default="pending", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(_one_of("state", OUTBOX_STATES), name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
    )
