"""The restricted area and the ledger are their owner's whatever the umask; marts and releases are not (B9)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.storage import access, landing, publish
from include.storage.home import Home
from tests.end_to_end.small import GOOD, csv, deliver, small_place

UMASKS = pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)


@pytest.fixture(autouse=True)
def umask_kept() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """Mode of everything below a folder and of itself, by path."""
    found = {path.relative_to(folder).as_posix(): path for path in [folder, *folder.rglob("*")]}
    return {name: stat.S_IMODE(path.lstat().st_mode) for name, path in found.items()}


def open_to_others(folder: Path) -> list[str]:
    return [f"{name} {mode:o}" for name, mode in modes(folder).items() if mode & 0o077]


@UMASKS
def test_a_run_keeps_what_is_restricted_for_its_owner(tmp_path: Path, umask: int) -> None:
    place = small_place(tmp_path)
    deliver(place, csv(GOOD, GOOD, ("2", "no day", "мефедрон", "1", "г", "МВД")))
    environment = os.environ | place.variables
    for command in (["ingest"], ["statistics", "build"]):
        line = [sys.executable, "-m", "include.cli", *command]
        subprocess.run(line, check=True, umask=umask, env=environment, capture_output=True, timeout=300)
    assert open_to_others(place.home.restricted) == []
    for tables in ("core", "quarantine", "duplicates"):
        assert any(name.endswith(".json") for name in modes(place.home.restricted / tables))
    ledger = {name: mode for name, mode in modes(place.root).items() if name.startswith("ledger.db")}
    assert ledger["ledger.db"] == 0o600 and not any(mode & 0o077 for mode in ledger.values())
    marts = modes(place.home.marts)
    assert {mode for name, mode in marts.items() if name.endswith(".parquet")} == {0o644}
    assert {mode for name, mode in marts.items() if not name.endswith(".parquet")} == {0o755}
    assert modes(place.root)["."] == 0o750


@UMASKS
def test_a_release_is_for_whoever_may_enter_the_home_folder(tmp_path: Path, umask: int) -> None:
    home, release = Home(tmp_path / "home"), "2025.1-provisional"
    os.umask(umask)
    access.protect(home)
    publish.write_draft(home, release, {"index.html": b"a", "data/a.csv": b"b"})
    drafted = modes(home.releases / ".drafts" / release)
    assert drafted == {".": 0o755, "data": 0o755, "index.html": 0o644, "data/a.csv": 0o644}
    publish.publish(home, release)
    found = modes(home.releases)
    assert (found["."], found[f"{release}/data"], found[f"{release}/data/a.csv"]) == (0o755, 0o755, 0o444)
    assert found["CURRENT"] == 0o644


@UMASKS
def test_what_lands_is_its_owners(tmp_path: Path, umask: int) -> None:
    home = Home(tmp_path / "home")
    os.umask(umask)
    access.protect(home)
    landing.land(home, lambda file: file.write(b"a") and None)
    with landing.scratch(home) as folder:
        (folder / "part").write_bytes(b"a")
        assert open_to_others(home.restricted) == []
    assert not any(mode & 0o377 for name, mode in modes(home.landing).items() if len(name) > 2)


def test_a_home_of_an_earlier_version_is_closed_when_it_is_opened(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    for path in (
        home.core / "seizure_item" / "a.parquet",
        home.landing / "ab" / "abc",
        home.marts / "m.parquet",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a")
        path.chmod(0o664)
    outside = tmp_path / "outside"
    outside.write_bytes(b"a")
    (home.restricted / "link").symlink_to(outside)
    access.protect(home)
    assert [name for name in open_to_others(home.restricted) if not name.startswith("link")] == []
    assert stat.S_IMODE((home.marts / "m.parquet").stat().st_mode) == 0o664
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_the_group_of_a_folder_of_marts_is_handed_on(tmp_path: Path) -> None:
    (tmp_path / "marts").mkdir()
    (tmp_path / "marts").chmod(0o2750)
    access.shared_folder(tmp_path / "marts" / "mart_channels" / "year=2025")
    assert modes(tmp_path / "marts") == {
        ".": 0o2750,
        "mart_channels": 0o2755,
        "mart_channels/year=2025": 0o2755,
    }
