"""`python -m include.sandbox.demo up | down | run`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from requests import RequestException
from rich.console import Console

from include.sandbox.demo import ending
from include.sandbox.demo.api import Airflow, ApiRefused
from include.sandbox.demo.place import APPROVER, USER, Place, Ports, Secrets, environment
from include.sandbox.demo.services import ServiceDied, Services, commands
from include.sandbox.demo.story import DAGS, INGEST, Story, StoryFailed

START_S = 120.0
POOLS = {"landing": 8, "work": 8}


def main() -> int:
    """Exit code 0 when the release is published and the letters are sent, 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m include.sandbox.demo", description=__doc__)
    parser.add_argument("what", choices=("up", "down", "run"), help="run: up, then down")
    parser.add_argument("--home", type=Path, help="the demo's folder (else ODCM_HOME, else ./data)")
    asked = parser.parse_args()
    place = Place(asked.home.absolute()) if asked.home else Place.from_environment()
    console, services = Console(), Services(place)
    if asked.what == "down":
        return down(console, services)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        up(console, place, services, stays=asked.what == "up")
    except BaseException as error:
        console.print(f"[red]{_told(error)}[/]", highlight=False, soft_wrap=True)
        down(console, services)
        if isinstance(error, (KeyboardInterrupt, *EXPECTED)):
            return 130 if isinstance(error, KeyboardInterrupt) else 1
        raise
    return 0 if asked.what == "up" else down(console, services)


EXPECTED = (StoryFailed, ServiceDied, ApiRefused, RequestException, TimeoutError)


def up(console: Console, place: Place, services: Services, stays: bool) -> None:
    """Start everything, run the year, and say where the result lies."""
    started = time.monotonic()
    services.stop()
    keys, ports = Secrets.of(place), Ports.free()
    env = environment(place, keys, ports)
    _prepare(console, place, services, env)
    airflow = Airflow(env["AIRFLOW__API__BASE_URL"], USER, keys.password)
    _start(console, services, airflow, commands(place, ports), env)
    approver = Airflow(env["AIRFLOW__API__BASE_URL"], APPROVER, keys.password)
    story = Story(airflow, approver, services, console)
    console.print(f"[bold]Ingest[/]: {len(INGEST)} DAGs, then the statistics they wake")
    story.ingest()
    console.print("[bold]Annual release[/], then the summaries it wakes")
    story.release()
    ending.show_headlines(console, place)
    url = env["AIRFLOW__API__BASE_URL"]
    ending.show_places(console, place, url, keys.password, time.monotonic() - started, running=stays)


def _prepare(console: Console, place: Place, services: Services, env: dict[str, str]) -> None:
    begun = time.monotonic()
    work = {
        "airflow-db": [sys.executable, "-m", "airflow", "db", "migrate"],
        "ledger-db": [sys.executable, "-m", "include.ledger", f"sqlite:///{place.home / 'ledger.db'}"],
    }
    if not (place.sandbox / "api" / "README.txt").exists():
        work["simulated-country"] = [sys.executable, "-m", "include.sandbox.demo.country", str(place.sandbox)]
    with console.status("Preparing: " + ", ".join(work)):
        for name, line in work.items():
            services.start(name, line, env)
        for name in work:
            services.finish(name)
    console.print(f"Prepared {', '.join(work)} ({time.monotonic() - begun:.0f} s)", highlight=False)


def _start(
    console: Console, services: Services, airflow: Airflow, lines: dict[str, list[str]], env: dict[str, str]
) -> None:
    begun = time.monotonic()
    with console.status("Starting: " + ", ".join(lines)):
        for name, line in lines.items():
            services.start(name, line, env)
        _wait(services, airflow.healthy, "Airflow is not healthy")
        airflow.sign_in()
        for name, slots in POOLS.items():
            airflow.ensure_pool(name, slots)
        _wait(services, lambda: airflow.dags() >= set(DAGS), "not every DAG was read")
        for dag_id in DAGS:
            airflow.unpause(dag_id)
    console.print(f"Started {', '.join(lines)} ({time.monotonic() - begun:.0f} s)", highlight=False)


def _wait(services: Services, ready: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + START_S
    while not ready():
        services.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"{otherwise} after {START_S:.0f} s: see the logs in {services.place.logs}")
        time.sleep(0.5)


def down(console: Console, services: Services) -> int:
    """Stop everything."""
    with console.status("Stopping"):
        stopped = services.stop()
    console.print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing is running.", highlight=False)
    return 0


def _told(error: BaseException) -> str:
    if isinstance(error, StoryFailed):
        return "\n".join([str(error), *(f"--- {task.name}\n{task.log_end}" for task in error.failures)])
    return "Interrupted." if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
