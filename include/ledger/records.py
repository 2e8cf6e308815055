"""What goes into the ledger and what comes out: plain frozen records, no database objects."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from include.ledger.order import Order, order_of


def delivery_id(feed_id: str, period: str, sha256: str, again: str = "") -> str:
    """The id of these bytes from this feed for this period: two empty months are two reports of nothing.

    Hex SHA-256 of the three, one a line; of bytes that are a delivery anew, what tells this time from others stands
    in a fourth.
    """
    parts = [feed_id, period, sha256] + ([again] if again else [])
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Delivery:
    """One body of bytes received from a feed. `received_at`: when the source handed it over, UTC.

    `stamped_at`: the time stamp of the file or the server, or the moment of asking; it orders deliveries that were
    handed over at the same declared moment.
    `is_again`: the bytes of another delivery, handed over before it, or after something else came in between (R2).
    """

    feed_id: str
    source_id: str
    dataset: str
    sha256: str
    size_bytes: int
    name: str
    period: str
    received_at: datetime
    is_again: bool = False
    stamped_at: datetime | None = None

    @property
    def delivery_id(self) -> str:
        """The id of these bytes from this feed for this period."""
        again = f"{self.received_at.isoformat()} {self.stamped_at} {self.name}" if self.is_again else ""
        return delivery_id(self.feed_id, self.period, self.sha256, again)

    @property
    def order(self) -> Order:
        """Its place among the deliveries of its feed."""
        return order_of(self)


@dataclass(frozen=True)
class DeliveryRow:
    """A recorded delivery: when it first landed, how often and when last it was seen."""

    delivery_id: str
    feed_id: str
    source_id: str
    dataset: str
    sha256: str
    size_bytes: int
    name: str
    period: str
    received_at: datetime
    landed_at: datetime
    times_seen: int
    last_seen_at: datetime
    stamped_at: datetime | None

    @property
    def order(self) -> Order:
        """Its place among the deliveries of its feed."""
        return order_of(self)


@dataclass(frozen=True)
class DecisionRow:
    """That a person set a delivery aside (set_aside) or restored it (restored), and why."""

    decision_id: int
    delivery_id: str
    decision: str
    decided_at: datetime
    decided_by: str
    reason: str


@dataclass(frozen=True)
class PollRecord:
    """One time that a feed was asked.

    `outcome`: new (deliveries came), nothing (the source answered that it has nothing new), known (nothing that was
    not here already), failed (something could not be had). `error`: kind of what went wrong, without words.
    """

    feed_id: str
    asked_at: datetime
    outcome: str
    deliveries_new: int = 0
    deliveries_known: int = 0
    deliveries_nothing: int = 0
    error: str | None = None


@dataclass(frozen=True)
class DeliveredRow:
    """A delivery and what became of its rows; null where it is in none of the batches that were asked about."""

    feed_id: str
    delivery_id: str
    name: str
    period: str
    sha256: str
    received_at: datetime
    rows_landed: int | None
    rows_quarantined: int | None
    snapshot_of: str | None
    rows_not_for_us: int | None = None
    stamped_at: datetime | None = None

    @property
    def order(self) -> Order:
        """Its place among the deliveries of its feed."""
        return order_of(self)

    @property
    def rows_for_us(self) -> int | None:
        """Rows of it that say something about this source, whatever became of them."""
        return None if self.rows_landed is None else self.rows_landed - (self.rows_not_for_us or 0)


@dataclass(frozen=True)
class AlertRecord:
    """What a person should look at about a delivery. `figures`: JSON without values of rows.

    `about` tells it from others of its kind and delivery.
    """

    feed_id: str
    kind: str
    delivery_id: str
    about: str
    figures: str


@dataclass(frozen=True)
class AlertRow(AlertRecord):
    """A raised alert, with the file and period of its delivery."""

    alert_id: int
    batch_id: str | None
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    file: str
    period: str


@dataclass(frozen=True)
class BatchRecord:
    """The deliveries of one feed judged together, before the gate has spoken.

    `judged_by`: fingerprint of everything that decided.
    """

    batch_id: str
    feed_id: str
    source_id: str
    dataset: str
    contract_version: str
    definition_sha256: str
    code_version: str
    judged_at: datetime
    judged_by: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class BatchRow(BatchRecord):
    """A recorded batch with its state (judged, stopped, committing, committed, abandoned)."""

    state: str
    committed_at: datetime | None
    stop_reason: str | None


@dataclass(frozen=True)
class DeliveryResult:
    """What became of the rows of one delivery; landed = accepted + quarantined + duplicate + not for us (R3).

    `rows_withdrawn`: records withdrawn with it (R5). `snapshot_of`: period or everything, what it held whole.
    `judgment`: 1 at first, one more each time that its quarantined rows are judged again.
    """

    delivery_id: str
    rows_landed: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    rows_withdrawn: int = 0
    snapshot_of: str | None = None
    rows_not_for_us: int = 0
    judgment: int = 1


@dataclass(frozen=True)
class Judgment:
    """What became of a delivery by the newest batch in core that holds it."""

    delivery: DeliveryRow
    batch_id: str
    result: DeliveryResult


@dataclass(frozen=True)
class RuleResult:
    """How many rows a row rule examined and how many failed it."""

    rule_id: str
    rows_examined: int
    rows_failed: int


@dataclass(frozen=True)
class GateResult:
    """The verdict of one expectation over one batch."""

    expectation: str
    success: bool
    rows_examined: int
    rows_unexpected: int


@dataclass(frozen=True)
class FeedBalance:
    """The rows of a feed's committed batches, and the deliveries that wait for one.

    `difference` is landed less accepted, quarantined, duplicate and not for us: 0 by the database's own constraint (R3).
    `waiting`: deliveries in no committed batch (not judged yet, stopped at the gate, or under way) that nobody set
    aside. Rows that were judged before their delivery was set aside stay in the balance.
    """

    feed_id: str
    deliveries: int
    landed: int
    accepted: int
    quarantined: int
    duplicate: int
    difference: int
    waiting: int
    not_for_us: int = 0


@dataclass(frozen=True)
class ReleaseRecord:
    """A release at the moment of freezing.

    Attributes:
        as_at: it rests on batches committed by then, UTC.
        started_by: the account of the person who asked for it; None where a schedule did.
    """

    release_id: str
    year: int
    number: int
    stage: str
    as_at: datetime
    rules_version: str
    code_version: str
    frozen_at: datetime
    reason: str | None = None
    started_by: str | None = None


@dataclass(frozen=True)
class ReleaseRow:
    """A recorded release with its state (frozen, drafted, approved, published, rejected)."""

    release_id: str
    year: int
    number: int
    stage: str
    state: str
    as_at: datetime
    frozen_at: datetime
    rules_version: str
    code_version: str
    content_sha256: str | None
    approved_by: str | None
    approved_at: datetime | None
    published_at: datetime | None
    reason: str | None
    started_by: str | None
    drafted_by: str | None


@dataclass(frozen=True)
class FigureRow:
    """One headline figure of a release; `card` is JSON text."""

    figure_id: str
    value: float | None
    card: str


@dataclass(frozen=True)
class OutboxRow:
    """One message of a release to one recipient (pending, sending, sent)."""

    release_id: str
    recipient: str
    message_id: str
    body_sha256: str
    language: str | None
    state: str
    attempts: int
    last_error: str | None
    sent_at: datetime | None
