"""The ledger: what was delivered, judged, committed, released and sent; SQLite or PostgreSQL.

Every method of `Ledger` is one transaction. Datetimes are passed in and come back aware, in UTC.
"""

from include.ledger.alerts import Alerts
from include.ledger.batches import Batches
from include.ledger.decisions import RESTORED, SET_ASIDE, Decisions
from include.ledger.definitions import Definitions
from include.ledger.deliveries import Deliveries
from include.ledger.errors import (
    AlreadyRecorded,
    DeliveryTaken,
    LedgerError,
    NotFound,
    Unbalanced,
    WrongState,
)
from include.ledger.order import Order, order_of
from include.ledger.outbox import Outbox
from include.ledger.polls import Polls
from include.ledger.records import (
    AlertRecord,
    AlertRow,
    BatchRecord,
    BatchRow,
    DecisionRow,
    DeliveredRow,
    Delivery,
    DeliveryResult,
    DeliveryRow,
    FeedBalance,
    FigureRow,
    GateResult,
    Judgment,
    OutboxRow,
    PollRecord,
    ReleaseRecord,
    ReleaseRow,
    RuleResult,
    delivery_id,
)
from include.ledger.releases import Releases
from include.ledger.sightings import Sightings


class Ledger(Deliveries, Sightings, Decisions, Definitions, Polls, Batches, Alerts, Releases, Outbox):
    """The whole ledger at one database URL (`sqlite:///path`, `postgresql://…`)."""


__all__ = [
    "RESTORED",
    "SET_ASIDE",
    "AlertRecord",
    "AlertRow",
    "AlreadyRecorded",
    "BatchRecord",
    "BatchRow",
    "DecisionRow",
    "DeliveredRow",
    "Delivery",
    "DeliveryResult",
    "DeliveryRow",
    "DeliveryTaken",
    "FeedBalance",
    "FigureRow",
    "GateResult",
    "Judgment",
    "Ledger",
    "LedgerError",
    "NotFound",
    "Order",
    "OutboxRow",
    "PollRecord",
    "ReleaseRecord",
    "ReleaseRow",
    "RuleResult",
    "Unbalanced",
    "WrongState",
    "delivery_id",
    "order_of",
]
