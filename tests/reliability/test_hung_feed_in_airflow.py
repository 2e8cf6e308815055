"""A hundred feeds in a real Airflow, one of which hangs for ever: the other 99 are done on time."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

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


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def ended_at(task: dict[str, Any]) -> datetime:
    return moment(task["end_date"])


def began(tasks: list[dict[str, Any]], task_id: str) -> datetime:
    (start,) = [task["start_date"] for task in tasks if task["task_id"] == task_id]
    return moment(start)


def judged(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tasks that judged a feed; that of the feed that hung had nothing to judge and has no end."""
    return [task for task in tasks if task["task_id"] == "source.judge" and task["state"] == "success"]


def meanwhile(stuck: dict[str, Any], others: Iterable[dict[str, Any]]) -> tuple[int, float]:
    """How many others ended while it hung, and the longest time, in seconds, in which none did."""
    start, end = moment(stuck["start_date"]), ended_at(stuck)
    ends = sorted(when for when in map(ended_at, others) if start < when < end)
    steps = zip([start, *ends], [*ends, end], strict=True)
    return len(ends), max((after - before).total_seconds() for before, after in steps)


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
    stuck = landing.pop("KZ-43")
    assert (stuck["state"], stuck["try_number"]) == ("failed", 1), (
        "a source out of time is not asked again at once"
    )
    others = sorted(task["duration"] for task in landing.values())
    usual, slowest = others[FEEDS // 2], others[-1]
    assert {task["state"] for task in landing.values()} == {"success"}
    # The time that a task needs to begin is that of all of them: it is taken from the others.
    assert DEADLINE_S <= stuck["duration"] <= DEADLINE_S * 1.1 + slowest
    assert slowest < DEADLINE_S, "a source waited for the one that hangs"

    with Ledger(f"sqlite:///{services.place.home / 'ledger.db'}") as ledger:
        committed = {batch.feed_id for batch in ledger.committed_batches()}
    assert len(committed) == FEEDS - 1 and STUCK not in committed
    went_on, longest = meanwhile(stuck, landing.values())
    assert longest < DEADLINE_S / 2, "the others stood still while it hung"
    waited = (began(tasks, "gate") - max(ended_at(task) for task in [stuck, *judged(tasks)])).total_seconds()
    assert waited < DEADLINE_S, "the run waited after it was over"
    print(
        f"\nhung: {stuck['duration']:.1f} s of {DEADLINE_S}; the 99 others: usually {usual:.1f} s, at most {slowest:.1f} s; "
        f"{went_on} of them landed while it hung, never {longest:.1f} s without one; "
        f"the gate began {waited:.1f} s after the last of all"
    )

    assert run.state == "failed"
    [failure] = [task for task in airflow.failures(run) if "every_source" in task.name]
    assert STUCK in failure.log_end
