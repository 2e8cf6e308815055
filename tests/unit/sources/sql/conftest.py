"""A source's own PostgreSQL: a database of the test's, a login that may only connect, and a door on 127.0.0.1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest
from sqlalchemy import create_engine, text

from include.sources import Surroundings
from include.sources.connections import from_environment
from include.sources.definition.model import Feed
from include.sources.deployment import AllowedHost, Deployment, Limits
from include.sources.transports import Offered, open_transport
from tests.end_to_end.small import FIELDS
from tests.unit.sources.sql.gate import Gate

PASSWORD = "synthetic:p@ss/%20 wörd"
LOGIN = "reader"
FEED_ID = "KZ-43/seizure_item"
NOW = datetime(2025, 4, 5, 6, tzinfo=UTC)


@dataclass
class Fetched:
    """What one run brought: the bytes of each delivery by name, what was remembered, what was said to be wrong."""

    bytes: dict[str, bytes] = field(default_factory=dict)
    offers: list[Offered] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    nothing_new: list[str] = field(default_factory=list)
    memory: dict[str, str] = field(default_factory=dict)

    def rows(self, name: str = "reports") -> list[dict[str, str | None]]:
        return [json.loads(line) for line in self.bytes[name].splitlines() if line]


@dataclass
class Source:
    """The database as its owner sees it, and as a feed does."""

    admin: Any
    name: str
    gate: Gate
    scratch: Path
    limits: dict[str, int] = field(default_factory=dict)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Done by the owner of the database, and committed."""
        with self.admin.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def connection(self, **changes: Any) -> dict[str, Any]:
        return {
            "conn_type": "postgres", "host": "127.0.0.1", "port": self.gate.port, "login": LOGIN,
            "password": PASSWORD, "schema": self.name,
        } | changes  # fmt: skip

    def feed(self, **transport: Any) -> Feed:
        declared = {
            "kind": "sql", "connection": "region", "table": "reports", "columns": ["no", "text"],
            "order_by": ["no"], "deliveries": {"by": "all"}, "deadline_s": 60,
        } | transport  # fmt: skip
        return Feed.model_validate(
            {
                "transport": declared, "format": {"kind": "jsonl"}, "rhythm": {"since": "2025-01"},
                "identity": ["seizure_no"], "fields": FIELDS,
            }
        )  # fmt: skip

    def surroundings(self, **changes: Any) -> Surroundings:
        given: dict[str, Any] = {
            "variables": {}, "connect": from_environment, "scratch": self.scratch, "memory": {},
            "landed": frozenset(), "since": "2025-01", "now": NOW,
            "deployment": Deployment(
                hosts=[AllowedHost(host=h, private=True) for h in ("127.0.0.1", "localhost")],
                roots=[str(self.scratch)], limits=Limits(**self.limits),
            ),
        } | changes  # fmt: skip
        return Surroundings(**given)

    def fetch(self, surroundings: dict[str, Any] | None = None, **transport: Any) -> Fetched:
        """Everything that is offered, fetched; what a failing fetch raises comes out."""
        from include.sources.transports import NothingNew

        at, done = self.surroundings(**surroundings or {}), Fetched()
        with open_transport(FEED_ID, self.feed(**transport), at) as opened:
            offers = opened.offered()
            done.offers, done.faults = offers.deliveries, [str(fault) for fault in offers.faults]
            for offered in offers.deliveries:
                to = BytesIO()
                try:
                    done.memory |= opened.fetch(offered, to)
                    done.bytes[offered.name] = to.getvalue()
                except NothingNew:
                    assert to.getvalue() == b""
                    done.nothing_new.append(offered.name)
        return done


@dataclass(frozen=True)
class Server:
    """The server behind all databases of these tests."""

    url: str
    socket: Path


@pytest.fixture(scope="session")
def server(postgres: str) -> Server:
    """The shared server, which asks the login of the sources for its password."""
    folder = Path(parse_qs(urlsplit(postgres).query)["host"][0])
    engine = create_engine(
        postgres.replace("postgresql://", "postgresql+psycopg2://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"create role {LOGIN} login password :password"), {"password": PASSWORD})
        rules = Path(connection.execute(text("show hba_file")).scalar_one())
        rules.write_text(f"local all {LOGIN} scram-sha-256\n" + rules.read_text())
        connection.execute(text("select pg_reload_conf()"))
    engine.dispose()
    return Server(postgres, folder / ".s.PGSQL.5432")


@pytest.fixture
def source(
    server: Server, postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Source]:
    """An empty database in which the login may read what will be made, and a feed's connection to it."""
    with ExitStack() as stack:
        admin = psycopg2.connect(postgres_database)
        stack.callback(admin.close)
        admin.autocommit = True
        gate = Gate(server.socket)
        stack.callback(gate.close)
        made = Source(admin, urlsplit(postgres_database).path[1:], gate, tmp_path)
        made.sql(f"alter default privileges grant select on tables to {LOGIN}")
        monkeypatch.setenv("AIRFLOW_CONN_REGION", json.dumps(made.connection()))
        yield made
