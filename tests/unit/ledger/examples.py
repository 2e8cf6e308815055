"""Small ledger contents for the tests."""

from datetime import UTC, datetime, timedelta

from include.ledger import BatchRecord, Delivery, DeliveryResult, Ledger, ReleaseRecord

NOON = datetime(2026, 1, 20, 12, tzinfo=UTC)
FEED = "KZ-43/laboratory"


def delivery(content: str = "a", feed_id: str = FEED, period: str = "2025-03") -> Delivery:
    """A delivery whose hash repeats one character."""
    return Delivery(
        feed_id=feed_id,
        source_id=feed_id.split("/")[0],
        dataset=feed_id.split("/")[1],
        sha256=content * 64,
        size_bytes=100,
        name=f"laboratory_{period}_20250405.csv",
        period=period,
        received_at=NOON - timedelta(days=1),
    )


def batch(batch_id: str = "b1", feed_id: str = FEED) -> BatchRecord:
    """A batch before the gate."""
    return BatchRecord(
        batch_id=batch_id,
        feed_id=feed_id,
        source_id=feed_id.split("/")[0],
        dataset=feed_id.split("/")[1],
        contract_version="1.0.0",
        definition_sha256="d" * 64,
        code_version="0.1.0",
        judged_at=NOON,
    )


def balanced(of: Delivery, accepted: int = 7, quarantined: int = 2, duplicate: int = 1) -> DeliveryResult:
    """Rows that add up."""
    return DeliveryResult(
        of.delivery_id, accepted + quarantined + duplicate, accepted, quarantined, duplicate
    )


def with_judged_batch(ledger: Ledger, batch_id: str = "b1", content: str = "a") -> str:
    """The id of a judged batch over one delivery."""
    ledger.record_delivery(delivery(content), NOON)
    ledger.open_batch(batch(batch_id), [balanced(delivery(content))])
    return batch_id


def with_committed_batch(
    ledger: Ledger, batch_id: str = "b1", content: str = "a", at: datetime = NOON
) -> str:
    """The id of a committed batch over one delivery."""
    with_judged_batch(ledger, batch_id, content)
    ledger.begin_commit(batch_id)
    ledger.finish_commit(batch_id, at)
    return batch_id


def release(release_id: str = "2025.1-provisional", number: int = 1) -> ReleaseRecord:
    """A release at the moment of freezing."""
    return ReleaseRecord(release_id, 2025, number, "provisional", NOON, "2025-1", "0.1.0", NOON)
