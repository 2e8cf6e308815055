"""Bring a ledger database to the newest schema, safely also when several processes try at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

HEAD = "0010"
"""The newest revision in migrations/versions."""

MIGRATIONS = Path(__file__).parent / "migrations"
_POSTGRES_LOCK = 0x6F64636D  # "odcm": one advisory lock for every ledger migration


def migrate(engine: Engine) -> None:
    """Run the migrations that are missing; a second call, or a second process, changes nothing.

    One transaction under one lock (SQLite: the write lock; PostgreSQL: an advisory lock), so that a
    process that comes second waits and then finds nothing to do, and a failed migration leaves no trace.
    A database that is at the newest revision is only looked at: no lock, and Alembic is not loaded.
    """
    if revision(engine) == HEAD:
        return
    with (
        engine.execution_options(writes=True).connect() as connection,
        _without_foreign_keys(connection),
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _POSTGRES_LOCK})
        upgrade(connection)
        if (
            connection.dialect.name == "sqlite"
            and connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        ):
            raise RuntimeError("the migration would leave rows that refer to nothing; nothing was changed")


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew, and must not take that for the loss of what others refer to.

    Source: sqlite.org/lang_altertable.html, section 7; it has to be said before the transaction begins.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    keys = connection.connection.cursor()
    keys.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        keys.execute("PRAGMA foreign_keys = ON")


def revision(engine: Engine) -> str | None:
    """The revision a database is at; None before its first migration."""
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DatabaseError:  # no such table yet
        return None


def upgrade(connection: Connection, target: str = HEAD) -> None:
    """Run the migrations up to `target` inside the connection's open transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
