"""Which databases can be opened, and how: read only, at one checked address, for one moment at a time."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, NullPool, create_engine, event

from include.sources.connections import Connection
from include.sources.deployment import Address
from include.sources.transports.base import Transport

TLS_KEYS = (
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslcrl",
    "ssl_min_protocol_version",
    "channel_binding",
)
"""What the extra of a PostgreSQL connection may hold; the words are libpq's."""


class Beyond(str):
    """A date or time that Python has no value for: infinity, before Christ, 24:00. The text is the database's."""


@dataclass(frozen=True)
class Database:
    """One kind of database.

    Attributes:
        driver: SQLAlchemy's name of dialect and driver.
        module: what the driver is imported as; `package` is what it is installed as.
        port: where it usually listens.
        arguments: for the driver, from the connection, the address and the seconds to wait.
        isolation: the level at which all that one transaction reads is of one moment.
        begin: statements that begin a transaction.
        options: execution options of SQLAlchemy.
    """

    driver: str
    module: str
    package: str
    port: int
    arguments: Callable[[Connection, Address, float], dict[str, Any]]
    isolation: str | None = None
    begin: tuple[str, ...] = ()
    options: Mapping[str, Any] | None = None


def _postgresql(connection: Connection, address: Address, wait_s: float) -> dict[str, Any]:
    """libpq reaches `hostaddr` alone; the name of the host stays for the check of the certificate."""
    return {
        "hostaddr": address.ip,
        "connect_timeout": math.ceil(wait_s),
        "keepalives_idle": math.ceil(wait_s / 2),
        "keepalives_interval": math.ceil(wait_s / 4),
        "tcp_user_timeout": math.ceil(wait_s * 1000),
        "application_name": "odcm",
        "client_encoding": "utf8",
        "options": "-c default_transaction_read_only=on",
        **{key: str(value) for key, value in connection.extra.items()},
    }


def _mysql(_connection: Connection, _address: Address, wait_s: float) -> dict[str, Any]:
    seconds = math.ceil(wait_s)
    zone = "SET time_zone = '+00:00'"
    return {"connect_timeout": seconds, "read_timeout": seconds, "charset": "utf8mb4", "init_command": zone}


def _mssql(_connection: Connection, _address: Address, wait_s: float) -> dict[str, Any]:
    return {"login_timeout": math.ceil(wait_s), "timeout": math.ceil(wait_s)}


def _oracle(_connection: Connection, _address: Address, wait_s: float) -> dict[str, Any]:
    return {"tcp_connect_timeout": wait_s}


DATABASES = {
    "postgres": Database(
        "postgresql+psycopg2", "psycopg2", "psycopg2-binary", 5432, _postgresql, "REPEATABLE READ",
        options={"postgresql_readonly": True},
    ),
    "mysql": Database(
        "mysql+pymysql", "pymysql", "pymysql", 3306, _mysql, "REPEATABLE READ", ("SET TRANSACTION READ ONLY",)
    ),
    "mssql": Database("mssql+pymssql", "pymssql", "pymssql", 1433, _mssql, "SNAPSHOT"),
    "oracle": Database(
        "oracle+oracledb", "oracledb", "oracledb", 1521, _oracle, begin=("SET TRANSACTION READ ONLY",)
    ),
}  # fmt: skip
FILES = Database("sqlite", "sqlite3", "", 0, lambda *_: {}, begin=("PRAGMA trusted_schema = OFF", "BEGIN"))


def open_database(transport: Transport, conn_id: str, wait_s: float) -> tuple[Database, Engine]:
    """The database of a connection, not reached yet.

    Raises:
        SourceError: the connection is not complete or not allowed, or the driver is not installed.
    """
    connection = transport.connection(conn_id)
    if connection.conn_type == "sqlite":
        return FILES, _engine(FILES, _file(transport, connection), {})
    database = DATABASES.get(connection.conn_type)
    if database is None:
        raise _fault(
            transport, f"a connection of the type {connection.conn_type!r}", f"one of {', '.join(DATABASES)}, sqlite",
            "Mend the connection.",
        )  # fmt: skip
    if importlib.util.find_spec(database.module) is None:
        raise _fault(
            transport, f"no driver for {connection.conn_type}", f"the Python package {database.package}",
            f"Install {database.package} where the sources are read.",
        )  # fmt: skip
    _complete(transport, connection)
    address = transport.address(connection.host, connection.port or database.port, "transport.connection")
    url = URL.create(
        database.driver,
        connection.login,
        connection.password or None,
        connection.host if connection.conn_type == "postgres" else address.ip,
        address.port,
        connection.schema,
    )
    return database, _engine(database, url, database.arguments(connection, address, wait_s))


def _complete(transport: Transport, connection: Connection) -> None:
    missing = [part for part in ("host", "login", "schema") if not getattr(connection, part)]
    if missing:
        raise _fault(
            transport, f"a connection without {', '.join(missing)}", "host, login, password, and schema: the database",
            "Mend the connection.",
        )  # fmt: skip
    known = TLS_KEYS if connection.conn_type == "postgres" else ()
    unknown = sorted(set(connection.extra) - set(known))
    if unknown:  # a word written wrongly would leave the connection without its protection
        raise _fault(
            transport, f"the extra keys {', '.join(unknown)}", f"none but {', '.join(known) or 'none'}",
            "Mend the connection.",
        )  # fmt: skip


def _file(transport: Transport, connection: Connection) -> URL:
    """A file under a root of the deployment, opened so that nothing can be written to it."""
    with transport.allowed("transport.connection"):
        path = transport.at.deployment.folder(Path(connection.host or connection.schema))
    if not path.is_file():
        raise _fault(transport, "no such file", "the path of an SQLite file as host", "Mend the connection.")
    return URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})


def _engine(database: Database, url: URL, arguments: dict[str, Any]) -> Engine:
    more: dict[str, Any] = {"isolation_level": database.isolation} if database.isolation else {}
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True, **more)
    if database.module == "psycopg2":
        event.listen(engine, "connect", _exact_dates)
    return engine.execution_options(**database.options or {})


def _exact_dates(raw: Any, _record: object) -> None:
    """psycopg2 turns infinity into 31 December 9999 and gives up before the year 1: neither is what stands there."""
    from psycopg2.extensions import new_type, register_type

    for oids, kind in {(1082,): date, (1114, 1184): datetime, (1083, 1266): time}.items():
        register_type(new_type(oids, kind.__name__.upper(), _reader(kind)), raw)


def _reader(kind: type[date] | type[time]) -> Callable[[str | None, object], object]:
    def read(text: str | None, _cursor: object) -> object:
        if text is None:
            return None
        try:
            return kind.fromisoformat(text)
        except ValueError:
            return Beyond(text)

    return read


def _fault(transport: Transport, found: str, expected: str, action: str) -> Exception:
    return transport.fault("definition", "transport.connection", found, expected, action)
