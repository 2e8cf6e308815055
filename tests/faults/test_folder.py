"""Folders of this machine: what lands, and what is named without being opened, while the other files go on."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sources import (
    DeadlineExceeded,
    RetryableSourceError,
    SourceError,
    Surroundings,
    load_deployment,
    load_source,
    open_transport,
)
from include.sources.connections import from_environment
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED, GOOD, csv, small_place
from tests.faults.landing_files import deliveries, land, reaching, whole
from tests.faults.sftp_server import age

OTHERS = ["s_2025-02_20250305.csv", "s_2025-04_20250505.csv"]
BAD = "s_2025-03_20250405.csv"
WRITE_ONLY = Path("/proc/sys/vm/drop_caches")
"""May be opened by nobody for reading, not even by the superuser."""


def inbox_of(folder: Path) -> Path:
    """A folder with two files, written an hour ago."""
    inbox = folder / "place" / "sandbox" / "inbox"
    inbox.mkdir(parents=True)
    for name in OTHERS:
        (inbox / name).write_bytes(csv(GOOD, (name, *GOOD[1:])))
        age(inbox / name)
    return inbox


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return inbox_of(tmp_path)


def place_of(folder: Path, **transport: Any) -> Place:
    declared = {
        "kind": "folder", "path": "${ODCM_INBOX}", "pattern": "*.csv", "settle_s": 0.2, "deadline_s": 20,
        "name_pattern": r"(?P<year>\d{4})-(?P<month>\d{2})_(?P<delivered>\d{8})",
    }  # fmt: skip
    return small_place(folder / "place", transport=declared | transport)


def at(
    folder: Path, roots: list[str] | None = None, limits: dict[str, int] | None = None, **transport: Any
) -> Any:
    return reaching(
        place_of(folder, **transport), folder, ports=[], roots=roots or ["${ODCM_INBOX}"], **(limits or {})
    )


# What goes well -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["${ODCM_INBOX}", "${ODCM_INBOX}/", "file://${ODCM_INBOX}", "${ODCM_INBOX}/../inbox"]
)
def test_files_of_a_folder_land_and_are_known_by_what_they_hold(
    tmp_path: Path, inbox: Path, path: str
) -> None:
    with at(tmp_path, path=path) as place:
        assert land().faults == [] and deliveries(place) == OTHERS and whole(place, inbox)
        again = land()
        assert again.landed and (again.landed["new"], again.landed["known"]) == (0, 2)


def test_a_link_within_the_allowed_folders_is_followed(tmp_path: Path, inbox: Path) -> None:
    (inbox / "archive").mkdir()
    (inbox / "archive" / "one").write_bytes(csv(GOOD))
    (inbox / BAD).symlink_to(age(inbox / "archive" / "one"))
    with at(tmp_path) as place:
        assert land().faults == [] and BAD in deliveries(place) and whole(place, inbox)


def test_unfinished_and_hidden_files_and_folders_are_not_looked_at(tmp_path: Path, inbox: Path) -> None:
    for name in (f"{BAD}.part", f"{BAD}.filepart", f"{BAD}.tmp", f".{BAD}", f"~${BAD}"):
        (inbox / name).write_bytes(b"half")
    (inbox / "s_2025-05_20250605.csv").mkdir()
    with at(tmp_path, pattern="*") as place:
        assert land().faults == [] and deliveries(place) == OTHERS
        (inbox / f"{BAD}.part").rename(inbox / BAD)
        assert land().faults == [] and BAD in deliveries(place)


def test_thousands_of_new_files_are_waited_for_once(tmp_path: Path, inbox: Path) -> None:
    for number in range(2_400):
        (inbox / f"n{number}_2025-05_20250605.csv").write_bytes(b"x")
    with at(tmp_path, settle_s=0.5) as place, transport(place) as opened:
        started = time.monotonic()
        assert len(opened.offered().deliveries) == 2_402
        assert time.monotonic() - started < 10  # a wait for each would be twenty minutes


def transport(place: Place) -> Any:
    source = load_source("KZ-43")
    assert source
    surroundings = Surroundings(
        variables=place.variables, connect=from_environment, deployment=load_deployment(place.variables),
        scratch=place.root, memory={}, landed=frozenset(), since="", now=datetime.now(UTC),
    )  # fmt: skip
    return open_transport(FEED, source.feeds["seizure_item"], surroundings)


# What is named and never opened ---------------------------------------------------------------------------------


def pipe(path: Path) -> None:
    os.mkfifo(path)


def door(path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(path.parent)  # the address of a socket may be 107 bytes long
    listening.bind(path.name)
    os.chdir(here)


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


def link_out(path: Path) -> None:
    outside = path.parents[3] / "secret.csv"
    outside.write_bytes(csv(GOOD))
    path.symlink_to(outside)


def link_to_nothing(path: Path) -> None:
    path.symlink_to("nothing")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


KINDS = [
    (pipe, "found a pipe, a device or a socket"),
    (door, "found a pipe, a device or a socket"),
    (link_to_a_pipe, "found a pipe, a device or a socket"),
    (device, "found a link that leads out of the allowed folders"),
    (link_out, "found a link that leads out of the allowed folders"),
    (link_to_nothing, "found a link to nothing"),
    (link_to_itself, "found what cannot be looked at"),
]


@pytest.mark.parametrize(("make", "said"), KINDS, ids=[make.__name__ for make, _ in KINDS])
def test_what_is_no_plain_file_is_named_and_the_others_land(
    tmp_path: Path, inbox: Path, make: Any, said: str
) -> None:
    make(inbox / BAD)
    with at(tmp_path) as place:
        run = land()
        assert run.kinds == [SourceError] and said in run.said and f"{BAD}: file:" in run.said
        assert deliveries(place) == OTHERS and whole(place, inbox)


def test_a_device_under_an_allowed_folder_is_not_opened_either(tmp_path: Path, inbox: Path) -> None:
    (inbox / BAD).symlink_to("/dev/zero")
    with at(tmp_path, roots=["${ODCM_INBOX}", "/dev"]) as place:
        run = land()
        assert run.kinds == [SourceError] and "a pipe, a device or a socket" in run.said
        assert deliveries(place) == OTHERS


@pytest.mark.parametrize(
    "name", ["s_2025-05\n_20250605.csv", "s_2025-05_20250605\x1b[2J.csv", "с_2025-05_20250605.csv"]
)
def test_a_name_that_no_delivery_can_have_is_named_without_its_control_characters(
    tmp_path: Path, inbox: Path, name: str
) -> None:
    raw = name.encode("cp1251")
    (inbox / os.fsdecode(raw)).write_bytes(csv(GOOD))
    with at(tmp_path) as place:
        run = land()
        assert run.kinds == [SourceError] and "a path or a control character" in run.said
        assert not any(ord(character) < 32 for character in run.said) and run.said.encode()
        assert deliveries(place) == OTHERS


# What changes while it is looked at -----------------------------------------------------------------------------


@contextmanager
def meanwhile(work: Any) -> Iterator[None]:
    """Within, the work is done again and again by somebody else."""
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            work()

    worker = threading.Thread(target=go_on)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


def test_a_file_that_is_being_written_is_named_and_lands_once_it_rests(tmp_path: Path, inbox: Path) -> None:
    def write() -> None:
        with (inbox / BAD).open("ab") as file:
            file.write(b"more\r\n")
        time.sleep(0.01)

    with at(tmp_path, settle_s=0.6) as place:
        write()
        with meanwhile(write):
            run = land()
        assert (
            run.kinds == [RetryableSourceError]
            and f"{BAD}: size and time: found a file that is still growing" in run.said
        )
        assert deliveries(place) == OTHERS and whole(place, inbox)
        assert land().faults == [] and BAD in deliveries(place) and whole(place, inbox)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more\r\n")


def cut(path: Path) -> None:
    os.truncate(path, 10)


def replace(path: Path) -> None:
    new = path.with_name("new.part")
    new.write_bytes(b"y" * path.stat().st_size)  # of the same size
    os.utime(new, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    new.rename(path)


def swap_for_a_link(path: Path) -> None:
    secret = path.parents[3] / "secret.csv"
    secret.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(secret)


def swap_for_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def swap_for_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    "change", [grow, cut, replace, swap_for_a_link, swap_for_a_pipe, swap_for_a_folder, remove]
)
@pytest.mark.parametrize("when", ["before", "while"])
def test_a_file_that_is_another_one_than_was_listed_is_not_taken(
    tmp_path: Path, inbox: Path, change: Any, when: str
) -> None:
    (inbox / BAD).write_bytes(b"x" * (3 << 20))  # three blocks
    age(inbox / BAD)

    class Writing:
        """What is fetched goes here; somebody changes the file after the first block."""

        def __init__(self) -> None:
            self.size = 0

        def write(self, data: bytes) -> int:
            if self.size == 0 and when == "while":
                change(inbox / BAD)
            self.size += len(data)
            return len(data)

    with at(tmp_path) as place, transport(place) as opened:
        (offer,) = [offer for offer in opened.offered().deliveries if offer.name == BAD]
        if when == "before":
            change(inbox / BAD)
        with pytest.raises(RetryableSourceError, match="a file that changed while it was read"):
            opened.fetch(offer, Writing())


def test_a_wait_that_would_go_beyond_the_deadline_is_not_begun(tmp_path: Path, inbox: Path) -> None:
    (inbox / OTHERS[0]).touch()
    with at(tmp_path, settle_s=60, deadline_s=1) as place:
        run = land()
        assert run.kinds == [DeadlineExceeded] and run.held.kept(1)
        assert "transport.settle_s: waiting for files to stay the same" in run.said
        assert deliveries(place) == []


# What cannot be reached -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not WRITE_ONLY.exists(), reason="a system without that file")
def test_a_file_that_may_not_be_read_holds_back_itself_alone(tmp_path: Path, inbox: Path) -> None:
    # Permissions of files do not hold for the superuser; those of the kernel's own files do.
    (inbox / BAD).symlink_to(WRITE_ONLY)
    with at(tmp_path, roots=["${ODCM_INBOX}", str(WRITE_ONLY.parent)]) as place:
        run = land()
        assert run.kinds == [SourceError] and "an error of the system (Permission denied)" in run.said
        assert deliveries(place) == OTHERS and whole(place, inbox)


PLACES = [
    ("/etc", "a place outside of the allowed folders"),
    ("${ODCM_INBOX}/../..", "a place outside of the allowed folders"),
    ("file:///etc", "a place outside of the allowed folders"),
    ("${ODCM_INBOX}/none", "no such folder"),
    ("${ODCM_INBOX}/s_2025-02_20250305.csv", "no such folder"),
    ("${ODCM_INBOX}/out", "a place outside of the allowed folders"),
    ("file://host/inbox", "an address of another kind"),
    ("ftp://127.0.0.1/inbox", "an address of another kind"),
    ("s3://bucket/in", "a place outside of the allowed stores"),
]


@pytest.mark.parametrize(("path", "said"), PLACES)
def test_a_folder_that_is_not_allowed_or_not_there_is_refused(
    tmp_path: Path, inbox: Path, path: str, said: str
) -> None:
    (inbox / "out").symlink_to("/etc")
    with at(tmp_path, path=path, pattern="*") as place:
        run = land()
        assert run.kinds == [SourceError] and said in run.said and "/etc" not in run.said
        assert deliveries(place) == []


def test_more_files_than_the_deployment_allows_are_refused(tmp_path: Path, inbox: Path) -> None:
    with at(tmp_path, limits={"files": 1}) as place:
        run = land()
        assert run.kinds == [SourceError] and "more than 1 files" in run.said and deliveries(place) == []


def test_a_file_larger_than_the_deployment_allows_is_refused_before_it_is_read(
    tmp_path: Path, inbox: Path
) -> None:
    with (inbox / BAD).open("wb") as file:
        file.truncate(1 << 40)  # a hole of a terabyte
    with at(tmp_path) as place:
        run = land()
        assert (
            run.kinds == [SourceError] and "limits.delivery_bytes" in run.said and deliveries(place) == OTHERS
        )
