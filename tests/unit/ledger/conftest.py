"""A ledger on each database: SQLite in a file, and a real PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.ledger import Ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.db"
        return
    yield request.getfixturevalue("postgres_database")


@pytest.fixture
def ledger(empty_url: str) -> Iterator[Ledger]:
    """A migrated ledger."""
    with Ledger(empty_url) as opened:
        opened.migrate()
        yield opened
