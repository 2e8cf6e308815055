"""Landing the feed of a place, and reading what came."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from include.ledger import DeliveryRow
from include.steps import ingest
from include.steps.context import open_ledger
from include.storage import landing
from include.storage.home import Home
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED
from tests.faults.http_server import Answering, Server, serving
from tests.faults.place import entered, http_place


@dataclass
class Asked:
    """A place whose feed asks a server; the words of a definition {url} are the server's address."""

    folder: Path
    server: Server
    place: Place
    hosts: list[dict[str, Any]]
    limits: Mapping[str, int]
    connection: Mapping[str, Any]

    def land(self, now: str | None = None) -> list[Any]:
        """Land, and give the request paths with their query that this took."""
        before = len(self.server.asked)
        place = replace(self.place, now=now) if now else self.place
        with entered(place, self.hosts, self.limits, self.connection):
            ingest.land(FEED)
        return self.server.asked[before:]

    @property
    def home(self) -> Home:
        return self.place.home

    def deliveries(self) -> list[DeliveryRow]:
        with open_ledger(self.home) as ledger:
            return ledger.deliveries(FEED)

    def bytes_of(self, delivery: DeliveryRow) -> bytes:
        return landing.landed_path(self.home, delivery.sha256).read_bytes()

    def items(self) -> list[Any]:
        """The items of all deliveries, in order of receipt."""
        return [
            item
            for delivery in self.deliveries()
            for line in self.bytes_of(delivery).decode("utf-8-sig").splitlines()
            for item in json.loads(line)["items"]
        ]


@contextmanager
def asking(
    folder: Path,
    answering: Answering,
    transport: Mapping[str, Any],
    *,
    host: str = "127.0.0.1",
    allowed: Mapping[str, Any] | None = None,
    limits: Mapping[str, int] | None = None,
    connection: Mapping[str, Any] | None = None,
    tls: Any = None,
    **changes: Any,
) -> Iterator[Asked]:
    """A server, and a place with a feed that may ask it."""
    with serving(answering, tls) as server:
        url = server.url.replace("127.0.0.1", host)
        declared = json.loads(
            json.dumps(dict(transport)).replace("{url}", url).replace("{port}", str(server.port))
        )
        place = http_place(folder, declared, **changes)
        hosts = [{"host": host, "port": server.port, "private": True} | dict(allowed or {})]
        yield Asked(folder, server, place, hosts, limits or {}, connection or {})
