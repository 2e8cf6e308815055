"""Bring a ledger database to the newest schema, safely also when several processes try at once."""

from pathlib import Path

from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).parent / "migrations"
_POSTGRES_LOCK = 0x6F64636D  # "odcm": one advisory lock for every ledger migration


def migrate(engine: Engine) -> None:
    """Run the migrations that are missing; a second call, or a second process, changes nothing.

    One transaction under one lock (SQLite: the write lock; PostgreSQL: an advisory lock), so that a
    process that comes second waits and then finds nothing to do, and a failed migration leaves no trace.
    """
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _POSTGRES_LOCK})
        upgrade(connection)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to `revision` inside the connection's open transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
