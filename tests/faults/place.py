"""A place with one feed that is fetched over HTTP, and what its deployment allows."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from include.steps.context import open_ledger
from include.storage.home import Home
from tests.end_to_end.country import Place
from tests.end_to_end.small import GOOD, HEADINGS, small_place

TOKEN = "synthetic-secret-token"
QUERY = "synthetic-secret-parameter"
JSON = {"kind": "json", "items": "items", "total": "total"}


def item(number: int, **more: Any) -> dict[str, Any]:
    """A made-up seizure, good for landing and judging."""
    return dict(zip(HEADINGS, (str(number), *GOOD[1:]), strict=True)) | more


@functools.cache
def empty_ledger() -> bytes:
    """A ledger without entries: making one anew takes longer than some deadlines here."""
    with TemporaryDirectory() as folder:
        home = Home(Path(folder))
        with open_ledger(home):
            pass
        return (home.root / "ledger.db").read_bytes()


def http_place(folder: Path, transport: Mapping[str, Any], **changes: Any) -> Place:
    """A place whose feed is fetched over HTTP."""
    declared = {"kind": "http", "timeout_s": 5, "deadline_s": 10} | dict(transport)
    place = small_place(folder, "jsonl", transport=declared, **({"format": JSON} | changes))
    place.root.mkdir()
    (place.root / "ledger.db").write_bytes(empty_ledger())
    return place


@contextmanager
def entered(
    place: Place,
    hosts: list[dict[str, Any]],
    limits: Mapping[str, int] | None = None,
    connection: Mapping[str, Any] | None = None,
) -> Iterator[Home]:
    """The place with its deployment file, and the connection `api` in the environment."""
    deployment = place.root.parent / "deployment.yaml"
    deployment.write_text(yaml.safe_dump({"hosts": hosts, "limits": dict(limits or {})}), encoding="utf-8")
    held = {"conn_type": "http", "login": "reader", "password": TOKEN} | dict(connection or {})
    with place.entered() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODCM_DEPLOYMENT", str(deployment))
        patch.setenv("AIRFLOW_CONN_API", json.dumps(held))
        yield home


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]
