"""The time, asked for in one place: steps pass it down, nothing below looks at a clock."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment in UTC, or that of ODCM_NOW (ISO 8601) where a replay or a test sets it."""
    fixed = os.environ.get("ODCM_NOW")
    return datetime.fromisoformat(fixed).astimezone(UTC) if fixed else datetime.now(UTC)
