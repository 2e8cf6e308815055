"""Landing one feed from a server that is up to something: what is said, what landed, how long it took."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sources import DeadlineExceeded, RetryableSourceError, SourceError
from include.steps import ingest
from include.steps.context import open_ledger
from include.steps.ingest import Landed
from include.storage import landing
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED
from tests.faults.clock import Held, clocked


@dataclass
class Run:
    """One run of landing."""

    landed: Landed | None = None
    faults: list[SourceError] = field(default_factory=list)
    held: Held = field(default_factory=Held)

    @property
    def kinds(self) -> list[type[SourceError]]:
        return [type(fault) for fault in self.faults]

    @property
    def said(self) -> str:
        return "\n".join(map(str, self.faults))


@contextlib.contextmanager
def reaching(
    place: Place,
    folder: Path,
    *,
    ports: list[int],
    roots: list[str],
    connection: Any = None,
    host: str = "127.0.0.1",
    private: bool = True,
    **limits: int,
) -> Iterator[Place]:
    """Within, the place is entered, its deployment allows what is named, and the connection `source` is known."""
    deployment = folder / "deployment.yaml"
    hosts = [{"host": host, "port": port, "private": private} for port in ports]
    deployment.write_text(yaml.safe_dump({"roots": roots, "hosts": hosts, "limits": limits}))
    with place.entered(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODCM_DEPLOYMENT", str(deployment))
        if connection is not None:
            patch.setenv("AIRFLOW_CONN_SOURCE", json.dumps(connection))
        open_ledger(place.home)
        yield place


def land() -> Run:
    """One run in the place that was entered."""
    run = Run()
    with clocked() as held:
        try:
            run.landed = ingest.land(FEED)
        except SourceError as error:
            run.faults = list(getattr(error, "faults", (error,)))
    run.held = held
    return run


def deliveries(place: Place) -> list[str]:
    """Names of what the ledger knows, in order."""
    with open_ledger(place.home) as ledger:
        return sorted(delivery.name for delivery in ledger.deliveries())


def whole(place: Place, folder: Path) -> bool:
    """Whether nothing is half-landed: each file of the landing area is a delivery's, and has its bytes; no rest of others."""
    with open_ledger(place.home) as ledger:
        known = {landing.landed_path(place.home, d.sha256): d.name for d in ledger.deliveries()}
    lying = {path for path in place.home.landing.rglob("*") if path.is_file()}
    scratch = list((place.home.restricted / "scratch").glob("*"))
    same = all(path.read_bytes() == (folder / name).read_bytes() for path, name in known.items())
    return lying == set(known) and not scratch and same


__all__ = [
    "DeadlineExceeded",
    "RetryableSourceError",
    "Run",
    "SourceError",
    "deliveries",
    "land",
    "reaching",
    "whole",
]
