"""Which of two deliveries is the newer one (R2)."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Protocol

Order = tuple[datetime, datetime, tuple[object, ...], str]
NO_STAMP = datetime.min.replace(tzinfo=UTC)
ENDING = re.compile(r"\.[^\W\d]\w{0,7}(\.(gz|zip|bz2|xz|zst))?$", re.IGNORECASE)
DIGITS = re.compile(r"(\d+)")


class Placed(Protocol):
    """What the order of deliveries is read from."""

    @property
    def delivery_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def stamped_at(self) -> datetime | None: ...


def order_of(delivery: Placed) -> Order:
    """The place of a delivery among others of its feed, as a value that sorts: the newest is the greatest.

    First the moment at which it was handed over, as it was declared; then the time stamp of its own; then its name in
    natural order; and only where all these are equal, its id. Deliveries recorded without a time stamp come before
    others of their moment, and among themselves in the order of their ids, as they did when they were counted.
    """
    if delivery.stamped_at is None:
        return delivery.received_at, NO_STAMP, (), delivery.delivery_id
    return delivery.received_at, delivery.stamped_at, natural(delivery.name), delivery.delivery_id


def natural(name: str) -> tuple[object, ...]:
    """A name as a value that sorts as people count: v2 before v10, report before report (2) and report_v2.

    The ending (.csv, .csv.gz) counts only where everything before it is equal; so do capitals and leading zeros.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    stem = ENDING.sub("", folded)
    return _parts(stem), _parts(folded), name


def _parts(text: str) -> tuple[object, ...]:
    """Texts and numbers in turn, beginning with a text."""
    return tuple(int(part) if n % 2 else part for n, part in enumerate(DIGITS.split(text)))
