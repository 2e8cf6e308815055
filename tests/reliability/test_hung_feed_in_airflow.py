"""A hundred feeds in a real Airflow, one of which hangs for ever: the other 99 are done on time."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.ledger import Ledger
from include.sandbox.demo.api import Airflow, Run
from include.sandbox.demo.place import USER, Place, Ports, Secrets, environment
from include.sandbox.demo.services import Services, commands
from tests.end_to_end.small import GOOD, csv, deliver, small_place
from tests.reliability.test_budgets import MANY_DIGITS, NEVER_ENDS, change_feed

FEEDS, DEADLINE_S, PATIENCE_S = 100, 20, 420.0
DAG = "ingest__seizure_item"
STUCK = "KZ-43/seizure_item"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    found = Services(Place(tmp_path / "home"))
    found.place.home.mkdir()
    yield found
    found.stop()


def hundred_feeds(folder: Path) -> None:
    """99 feeds with one file each, and one whose file name no pattern gets to the end of."""
    place = small_place(folder)
    assert place.sources
    deliver(place, csv(GOOD))
    whole = (place.sources / "KZ-43.yaml").read_text(encoding="utf-8")
    for number in range(FEEDS - 1):
        (place.sources / f"S{number:02}.yaml").write_text(
            whole.replace("source: KZ-43", f"source: S{number:02}"), encoding="utf-8"
        )
    stuck = place.sandbox / "inbox" / "stuck"
    stuck.mkdir()
    shutil.copy(place.sandbox / "inbox" / "s_2025-03_20250405.csv", stuck / MANY_DIGITS)
    transport = {"path": "${ODCM_INBOX}/stuck", "name_pattern": NEVER_ENDS, "deadline_s": DEADLINE_S}
    change_feed(place, transport=transport)


def started(services: Services, folder: Path) -> Airflow:
    """Airflow's api-server, scheduler and dag-processor, ready."""
    keys, ports = Secrets.of(services.place), Ports.free()
    env = environment(services.place, keys, ports) | {
        "ODCM_SOURCES": str(folder / "sources"),
        "ODCM_INBOX": str(folder / "sandbox" / "inbox"),
        "ODCM_NOW": "2025-06-01T00:00:00Z",
    }
    for name, line in {
        "airflow-db": [sys.executable, "-m", "airflow", "db", "migrate"],
        "ledger-db": [
            sys.executable,
            "-m",
            "include.ledger",
            f"sqlite:///{services.place.home / 'ledger.db'}",
        ],
    }.items():
        services.start(name, line, env)
        services.finish(name)
    for name, line in commands(services.place, ports).items():
        if name in ("api-server", "scheduler", "dag-processor"):
            services.start(name, line, env)
    airflow = Airflow(env["AIRFLOW__API__BASE_URL"], USER, keys.password)
    wait(services, airflow.healthy)
    airflow.sign_in()
    for pool in ("landing", "work"):
        airflow.ensure_pool(pool, 8)
    wait(services, lambda: DAG in airflow.dags())
    airflow.unpause(DAG)
    return airflow


def wait(services: Services, ready: object, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        services.check()
        assert time.monotonic() < deadline, "not ready in time"
        time.sleep(0.5)


def ended(services: Services, airflow: Airflow, run: Run) -> Run:
    """The run when it is over."""
    wait(services, lambda: airflow.run(run).ended, PATIENCE_S)
    return airflow.run(run)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_feed_that_hangs_for_ever_leaves_99_others_finished_on_time(
    services: Services, tmp_path: Path
) -> None:
    hundred_feeds(tmp_path)
    airflow = started(services, tmp_path)
    run = ended(services, airflow, airflow.trigger(DAG))

    tasks = airflow.tasks(run)
    landing = {task["rendered_map_index"]: task for task in tasks if task["task_id"] == "source.land"}
    assert len(landing) == FEEDS
    stuck = landing["KZ-43"]
    assert (stuck["state"], stuck["try_number"]) == ("failed", 1), (
        "a source out of time is not asked again at once"
    )
    assert DEADLINE_S <= stuck["duration"] < DEADLINE_S * 1.1 + 5
    with Ledger(f"sqlite:///{services.place.home / 'ledger.db'}") as ledger:
        committed = {batch.feed_id for batch in ledger.committed_batches()}
    assert len(committed) == FEEDS - 1 and STUCK not in committed
    others = [task for name, task in landing.items() if name != "KZ-43"]
    assert {task["state"] for task in others} == {"success"}
    assert max(task["duration"] for task in others) < DEADLINE_S, "a source waited for the one that hangs"

    assert run.state == "failed"
    [failure] = [task for task in airflow.failures(run) if "every_source" in task.name]
    assert STUCK in failure.log_end
