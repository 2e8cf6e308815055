"""A home folder with one committed batch, and a counting step that answers with the sample's marts."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from include.ledger import BatchRecord, Delivery, DeliveryResult, Ledger
from include.statistics import Counted
from include.storage.home import Home


def _sample() -> ModuleType:
    name = "publish_sample"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("sample.py"))
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def sample() -> ModuleType:
    return _sample()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: ModuleType) -> Iterator[Home]:
    """Home with the batch `b1` of KZ-10/blocking_record, committed on 2026-01-20; the clock stands at 2026-01-31."""
    for name in ("ODCM_LEDGER_URL", "ODCM_SOURCES", "ODCM_RECIPIENTS", "ODCM_SMTP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ODCM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ODCM_NOW", "2026-01-31T04:30:00+00:00")
    monkeypatch.setattr("include.steps.release_build.statistics.inputs", lambda home, batches, as_at: None)
    monkeypatch.setattr(
        "include.steps.release_build.build", lambda inputs, years, spill=None: Counted(sample.marts(), None)
    )
    made = Home.from_environment()
    made.root.mkdir(parents=True)
    _commit(made, "b1", datetime(2026, 1, 20, tzinfo=UTC))
    yield made


@pytest.fixture
def commit() -> Callable[[Home, str, datetime], None]:
    """A function that commits one more batch."""
    return _commit


def _commit(home: Home, batch_id: str, at: datetime) -> None:
    """One more committed batch, of one delivery without rows."""
    with Ledger(home.ledger_url) as ledger:
        ledger.migrate()
        delivery = Delivery(
            "KZ-10/blocking_record", "KZ-10", "blocking_record", batch_id * 2, 1, "f.csv", "2025-01", at
        )
        ledger.record_delivery(delivery, at)
        batch = BatchRecord(
            batch_id, delivery.feed_id, "KZ-10", "blocking_record", "1.0.0", "0" * 64, "0.1.0", at
        )
        ledger.open_batch(batch, [DeliveryResult(delivery.delivery_id, 0, 0, 0, 0)], [])
        ledger.begin_commit(batch_id)
        ledger.finish_commit(batch_id, at)
