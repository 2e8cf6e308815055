"""What is known of a release beside its tables: frozen once, so that a rebuild gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LANGUAGES = ("kk", "ru", "en")


@dataclass(frozen=True)
class InputBatch:
    """A committed batch that the release rests on. `committed_at`: UTC."""

    batch_id: str
    feed_id: str
    committed_at: datetime
    deliveries: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReleaseFacts:
    """Identity and vintage of a release (T1, T2).

    `as_at`: the release rests on what was known then, UTC. `stage`: provisional or final. `number`: counts the
    releases of the year. `reason`: why a later number was needed; null for the first. `synthetic`: at least one
    source of the batches is simulated.
    """

    release_id: str
    year: int
    number: int
    stage: str
    as_at: datetime
    rules_version: str
    factor_table_version: str
    code_version: str
    synthetic: bool
    batches: tuple[InputBatch, ...]
    reason: str | None = None
