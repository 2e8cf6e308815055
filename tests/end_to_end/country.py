"""A place to run the whole pipeline in: a home folder, what its steps find in the environment, what they said."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.contracts import DATASETS
from include.ledger import FeedBalance
from include.sandbox.http import connection
from include.sources import SourceError
from include.steps import ingest
from include.steps.context import open_ledger
from include.storage import tables
from include.storage.home import Home

NOW = "2026-01-31T06:00:00+00:00"


@dataclass(frozen=True)
class Place:
    """A home folder and the sandbox whose sources it asks. Steps run inside `with place.entered():`."""

    root: Path
    sandbox: Path
    api: str = "http://127.0.0.1:9"  # nobody answers there
    sources: Path | None = None
    now: str = NOW
    ledger_url: str | None = None

    def with_ledger(self, url: str) -> Place:
        """The same place with its ledger on another database."""
        return replace(self, ledger_url=url)

    @property
    def home(self) -> Home:
        return Home(self.root)

    @property
    def variables(self) -> dict[str, str]:
        """What the steps of this place find in the environment."""
        found = {
            "ODCM_HOME": str(self.root),
            "ODCM_NOW": self.now,
            "ODCM_INBOX": str(self.sandbox / "inbox"),
            "ODCM_API": self.api,
            "AIRFLOW_CONN_SANDBOX_API": connection(),
        }
        found |= {"ODCM_SOURCES": str(self.sources)} if self.sources else {}
        return found | ({"ODCM_LEDGER_URL": self.ledger_url} if self.ledger_url else {})

    @contextlib.contextmanager
    def entered(self) -> Iterator[Home]:
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("ODCM_")]:
                patch.delenv(name)
            for name, value in self.variables.items():
                patch.setenv(name, value)
            yield self.home

    def balance(self) -> dict[str, FeedBalance]:
        with open_ledger(self.home) as ledger:
            return {row.feed_id: row for row in ledger.balance()}

    def rows(self, kind: str, dataset: str) -> list[dict[str, Any]]:
        """Rows of `core`, `quarantine` or `duplicate` of a dataset."""
        files = getattr(tables, f"{kind}_files")(self.home, dataset)
        parts = [pq.ParquetFile(path).read() for path in files]
        return pa.concat_tables(parts, promote_options="default").to_pylist() if parts else []


@dataclass
class Ingested:
    """What one run of ingest did: batches committed by feed, files refused by feed, feeds that raised."""

    committed: dict[str, str] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    new: int = 0


def ingest_feeds(feed_ids: Iterable[str]) -> Ingested:
    """land → judge → gate → commit as the DAG does it: one gate a dataset, a bad feed holds back only itself."""
    done, wanted = Ingested(), list(feed_ids)
    for dataset in DATASETS:
        judged = []
        for feed_id in (feed for feed in wanted if feed.endswith(f"/{dataset}")):
            try:
                done.new += ingest.land(feed_id)["new"]
            except SourceError as error:
                done.failed[feed_id] = str(error)
            verdict = ingest.judge(feed_id)
            judged.append(verdict)
            if verdict["refused"]:
                done.refused[feed_id] = verdict["refused"]
        if not any(verdict["batch_id"] for verdict in judged):
            continue
        gate = ingest.gate(dataset, judged)
        done.stopped |= gate["stopped"]
        for batch_id in gate["passed"]:
            outcome = ingest.commit(batch_id)
            done.committed[outcome["feed_id"]] = batch_id
    return done


@contextlib.contextmanager
def heard(to: Path) -> Iterator[None]:
    """Whatever is printed or logged meanwhile, by Python or below it, is kept in a file."""
    handler = logging.FileHandler(to, encoding="utf-8", delay=True)
    logging.getLogger().addHandler(handler)
    before = logging.getLogger().level
    logging.getLogger().setLevel(logging.INFO)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    try:
        with to.open("a", encoding="utf-8") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            with contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
                yield
    finally:
        for number, copy in enumerate(kept, 1):
            os.dup2(copy, number)
            os.close(copy)
        logging.getLogger().setLevel(before)
        logging.getLogger().removeHandler(handler)
        handler.close()


def fingerprint(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
