"""The whole country, taken once from a hundred feeds to a published release and its letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.sandbox.http import serving
from include.sandbox.smtp import server
from include.steps import ingest, release, statistics, summaries
from tests.end_to_end.country import Ingested, Place, free_port, heard, ingest_feeds

RELEASE = "2025.1-provisional"


@dataclass(frozen=True)
class Country:
    """The published country: where it lies, what is true of it, what the steps said while they worked."""

    place: Place
    ingested: Ingested
    published: dict[str, Any]
    sent: dict[str, Any]
    mailbox: Path
    smtp: dict[str, Any]
    said: Path

    @property
    def release(self) -> Path:
        return self.place.home.releases / RELEASE

    def read(self, name: str) -> Any:
        """truth.json or planted.json of the sandbox."""
        return json.loads((self.place.sandbox / name).read_bytes())


def everything(smtp: dict[str, Any]) -> tuple[Ingested, dict[str, Any], dict[str, Any]]:
    """Every step from the sources to the letters, in the place that was entered."""
    ingested = ingest_feeds(ingest.feeds())
    published = publish()
    return ingested, published, dict(summaries.send(published["release_id"], smtp))


def publish() -> dict[str, Any]:
    """Statistics and the release, approved by somebody."""
    statistics.build()
    frozen = release.freeze(2025)["release_id"]
    release.check(frozen)
    release.draft(frozen)
    release.approve(frozen, "A. Person")
    return dict(release.publish(frozen))


@pytest.fixture(scope="session")
def api(sandbox_folder: Path) -> Iterator[str]:
    with serving(sandbox_folder) as address:
        yield address


@pytest.fixture(scope="session")
def country(sandbox_folder: Path, api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    root = tmp_path_factory.mktemp("country")
    place = Place(root / "home", sandbox_folder, api)
    smtp = {"host": "127.0.0.1", "port": free_port()}
    mail = server(root / "mailbox", smtp["port"])
    mail.start()
    try:
        with place.entered(), heard(root / "said.txt"):
            ingested, published, sent = everything(smtp)
        yield Country(place, ingested, published, sent, root / "mailbox", smtp, root / "said.txt")
    finally:
        mail.stop()
