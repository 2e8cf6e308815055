"""Database engines for the ledger: SQLite when embedded, PostgreSQL by URL."""

import contextlib
import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

SQLITE_BUSY_MS = 30_000


def ledger_engine(url: str) -> Engine:
    """An engine for the ledger at `url`.

    SQLite: the folder is made, the file is its owner's and in WAL mode, foreign keys hold, a writer waits up to 30 s for
    another, and a transaction opened with the execution option `writes` takes the write lock at once
    (a lock taken later could only fail). `postgresql://` means the psycopg2 driver.
    """
    target = make_url(url)
    if target.drivername in ("postgresql", "postgres"):
        target = target.set(drivername="postgresql+psycopg2")
    if target.get_backend_name() != "sqlite":
        return create_engine(target, pool_pre_ping=True, pool_size=2)
    if target.database and target.database != ":memory:" and not target.database.startswith("file:"):
        _keep_for_the_owner(Path(target.database))
    engine = create_engine(target, connect_args={"timeout": SQLITE_BUSY_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _keep_for_the_owner(path: Path) -> None:
    """The file with mode 0600, made where it is missing: SQLite gives the files beside it the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(
        FileExistsError
    ):  # one that is there is not opened: closing it would drop SQLite's locks
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with contextlib.suppress(FileNotFoundError):
            found = each.stat()
            if found.st_mode & 0o077 and found.st_uid == os.geteuid():
                each.chmod(0o600)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver opens no transactions of its own; _begin_sqlite does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MS}")
    cursor.execute("PRAGMA foreign_keys = ON")
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
