"""The demo leaves nothing running, keeps its secrets to itself, and says what died."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import psutil
import pytest

from include.sandbox.demo.place import Place, Ports, Secrets, environment
from include.sandbox.demo.services import ServiceDied, Services

WITH_CHILDREN = """
import subprocess, sys, time
child = [sys.executable, "-c", "import time; time.sleep(300)"]
subprocess.Popen(child)
subprocess.Popen(child, start_new_session=True)
print("started", flush=True)
time.sleep(300)
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(300)"


@pytest.fixture
def services(tmp_path: Path):
    """Services of a throwaway place; whatever a test leaves is stopped."""
    found = Services(Place(tmp_path))
    yield found
    found.stop()


def _wait_for_log(services: Services, name: str, text: str) -> None:
    deadline = time.monotonic() + 20
    while text not in services.log_end(name) and time.monotonic() < deadline:
        time.sleep(0.05)


def test_stopping_a_service_ends_its_children_too_also_those_in_sessions_of_their_own(
    services: Services,
) -> None:
    services.start("parent", [sys.executable, "-c", WITH_CHILDREN], os.environ)
    _wait_for_log(services, "parent", "started")
    processes = services.running()[0].processes()
    assert len(processes) == 3
    assert services.stop() == ["parent"]
    assert not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert services.running() == [] and services.stop() == []


def test_a_service_that_does_not_listen_is_killed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.sandbox.demo.services.PATIENCE_S", 0.5)
    services.start("deaf", [sys.executable, "-c", DEAF], os.environ)
    _wait_for_log(services, "deaf", "deaf")
    (process,) = services.running()[0].processes()
    services.stop()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_services_are_found_again_by_another_process(services: Services) -> None:
    services.start("sleeper", [sys.executable, "-c", "import time; time.sleep(300)"], os.environ)
    assert Services(services.place).running() == services.running()


def test_a_number_that_was_given_to_another_process_is_left_alone(services: Services) -> None:
    services.start("sleeper", [sys.executable, "-c", "import time; time.sleep(300)"], os.environ)
    (found,) = services.running()
    assert found.processes()
    assert not type(found)(found.name, found.pid, found.started - 3600).processes()


def test_a_service_that_died_is_named_with_the_end_of_its_log(services: Services) -> None:
    services.start("broken", [sys.executable, "-c", "raise SystemExit('the port is taken')"], os.environ)
    with pytest.raises(ServiceDied, match=r"broken failed(.|\n)*the port is taken"):
        services.finish("broken")
    with pytest.raises(ServiceDied, match="broken ended by itself"):
        services.check()


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    place = Place(tmp_path)
    first, second = Secrets.of(place), Secrets.of(place)
    assert first == second and first != Secrets.of(Place(tmp_path / "another"))
    for path in (place.secrets_file, place.passwords_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.password not in repr(first)


def test_the_callers_own_airflow_settings_do_not_leak_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW__CORE__UNIT_TEST_MODE", "True")
    env = environment(Place(tmp_path), Secrets.of(Place(tmp_path)), Ports.free())
    assert env["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "AIRFLOW__CORE__UNIT_TEST_MODE" not in env
    assert env["AIRFLOW__API__HOST"] == "127.0.0.1"


def test_the_four_ports_differ() -> None:
    assert len(set(vars(Ports.free()).values())) == 4
