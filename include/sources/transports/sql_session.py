"""A database for one run: nothing is written to it, and it is let go of at the deadline."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, Select, event, func, inspect, select
from sqlalchemy.exc import DBAPIError, NoSuchTableError, SAWarning, SQLAlchemyError
from sqlalchemy.sql import quoted_name
from sqlalchemy.types import TypeEngine

from include.sources.definition.transports import SqlTransport
from include.sources.errors import SourceError
from include.sources.transports.base import Transport
from include.sources.transports.sql_databases import open_database
from include.sources.transports.sql_errors import SAID_AT_THE_DOOR, Said, by_state

SETTINGS = {"TimeZone": "UTC", "DateStyle": "ISO, YMD", "extra_float_digits": "1"}
"""What PostgreSQL's texts depend on."""


class Session:
    """The database of one feed.

    `moment` is one transaction that reads what was there at one moment; all that goes wrong within it comes out
    as an error of the feed.
    """

    def __init__(self, transport: Transport, declared: SqlTransport) -> None:
        self._transport, self._declared = transport, declared
        self._wait_s = transport.deadline.at_most(declared.timeout_s)
        self.database, self._engine = open_database(transport, declared.connection, self._wait_s)
        self._watch = threading.Timer(0, lambda: None)
        event.listen(self._engine, "do_connect", self._connect)

    def close(self) -> None:
        """Nothing is open between two moments."""
        self._engine.dispose()

    @contextlib.contextmanager
    def moment(self, name: str) -> Iterator[Connection]:
        """A transaction that reads only. `name` is what its errors speak of.

        Raises:
            SourceError: something went wrong; RetryableSourceError where a later try may succeed.
        """
        self._transport.check_deadline(name, "connection")
        try:
            with self._engine.connect() as connection:
                for statement in self.database.begin:
                    connection.exec_driver_sql(statement)
                yield connection
        except (SQLAlchemyError, UnicodeDecodeError) as error:
            raise self._told(error, name) from None
        finally:
            self._watch.cancel()

    def columns(self, connection: Connection) -> dict[str, TypeEngine[Any]]:
        """Names and types of the columns of the table or view.

        Raises:
            SourceError: there is no such table or view.
        """
        declared = self._declared
        schema = quoted_name(declared.db_schema, True) if declared.db_schema else None
        self._limit(connection)
        try:
            with warnings.catch_warnings(action="ignore", category=SAWarning):  # a type that it does not know
                found = inspect(connection).get_columns(quoted_name(declared.table, True), schema=schema)
        except NoSuchTableError:
            raise self._fault("definition", by_state("42P01")) from None
        return {column["name"]: column["type"] for column in found}

    def stream(self, connection: Connection, question: Select[Any]) -> CursorResult[Any]:
        """The answer, of which no more rows are held than were asked for, as long as there is time."""
        self._limit(connection)
        return connection.execute(question, execution_options={"stream_results": True})

    def fetch(self, connection: Connection, answer: CursorResult[Any], rows: int) -> Sequence[Row[Any]]:
        """The next rows, no more than that; what is left of the deadline is told to the server each time."""
        self._limit(connection)
        return answer.fetchmany(rows)

    # ----------------------------------------------------------------------------------------------------------

    def _connect(self, dialect: Any, _record: object, arguments: list[Any], named: dict[str, Any]) -> Any:
        """The driver's connection, watched from its first moment. Drivers wait in whole seconds, some of them for ever."""

        def connect() -> Any:
            made = dialect.connect(*arguments, **named)
            if self._transport.deadline.passed:  # nobody waits for it any more
                made.close()
            return made

        try:
            raw = self._transport.in_time(connect, "definition", "transport.connection")
        except dialect.loaded_dbapi.Error as error:
            if self._transport.deadline.passed:
                raise self._transport.too_late("definition", "transport.connection") from None
            raise self._fault("definition", _said_at_the_door(error)) from None
        self._watch = threading.Timer(self._transport.deadline.remaining, _let_go, [raw])
        self._watch.daemon = True
        self._watch.start()
        return raw

    def _limit(self, connection: Connection) -> None:
        """What is left of the deadline, told to the server: it gives up by itself should we be gone."""
        if self.database.module != "psycopg2":
            return
        left = math.ceil(self._transport.deadline.at_most(math.inf) * 1000)
        limits = {"statement_timeout": left, "lock_timeout": min(left, math.ceil(self._wait_s * 1000))}
        settings = SETTINGS | {name: str(value) for name, value in limits.items()}
        connection.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))

    def _told(self, error: Exception, name: str) -> SourceError:
        """The error of this feed, of which only the kind and the state are taken: its words may quote a row."""
        if self._transport.deadline.passed:
            return self._transport.too_late(name, "rows")
        if isinstance(error, UnicodeDecodeError):
            return self._fault(name, by_state("22021"))
        original = error.orig if isinstance(error, DBAPIError) else error
        state = getattr(original, "pgcode", None) or getattr(original, "sqlstate", None)
        lost = isinstance(error, DBAPIError) and (error.connection_invalidated or not state)
        return self._fault(name, by_state(state, type(original).__name__, lost))

    def _fault(self, name: str, said: Said) -> SourceError:
        return self._transport.fault(
            "definition" if said.place.startswith("transport") else name,
            said.place, said.found, said.expected, said.action, retry=said.may_pass,
        )  # fmt: skip


def _said_at_the_door(error: Exception) -> Said:
    """libpq has no state for a connection that was refused, only words; they are looked at and not repeated."""
    words = str(error).lower()
    for parts, said in SAID_AT_THE_DOOR:
        if any(part in words for part in parts):
            return said
    return by_state(None, type(error).__name__, lost=True)


def _let_go(raw: Any) -> None:
    """End whatever the driver waits for, from another thread.

    A line that can be cut is cut, and no more: psycopg2's cancel holds up every thread until the server answers it.
    PostgreSQL ends the statement by itself, as `_limit` told it.
    """
    if hasattr(raw, "fileno"):
        _quietly(lambda: _cut(raw.fileno()))
    elif end := getattr(raw, "cancel", None) or getattr(raw, "interrupt", None):
        threading.Thread(target=_quietly, args=[end], daemon=True).start()


def _cut(number: int) -> None:
    with socket.socket(fileno=os.dup(number)) as line:
        line.shutdown(socket.SHUT_RDWR)


def _quietly(act: Any) -> None:
    with contextlib.suppress(
        Exception
    ):  # whoever waited is told that the time is used up, whatever this brings
        act()
