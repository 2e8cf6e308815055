"""SFTP, against a real server: what lands, what is known without being fetched, and every way in which it goes wrong."""

from __future__ import annotations

import hashlib
import io
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paramiko
import pytest

from include.sources import DeadlineExceeded, RetryableSourceError, SourceError
from tests.end_to_end.country import Place
from tests.end_to_end.small import GOOD, csv, small_place
from tests.faults import sftp
from tests.faults.doors import nobody
from tests.faults.landing_files import Run, deliveries, land, reaching, whole
from tests.faults.names import look_ups_that_hang, made_up_names
from tests.faults.relay import Relay
from tests.faults.sftp import BIG, FAULTS, PHRASE, Fault
from tests.faults.sftp_server import (
    BAD,
    LOGIN,
    PASSWORD,
    Behaviour,
    SftpServer,
    a_key,
    age,
    known_host,
    private_key,
)

NAME = "files.example"
OTHERS, EVERY = list(sftp.OTHERS), list(sftp.EVERY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, written an hour ago."""
    folder = tmp_path / "server"
    folder.mkdir()
    for name in OTHERS:
        age(_written(folder / name, csv(GOOD, (name, *GOOD[1:]))))
    age(_written(folder / BAD, BIG))
    return folder


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def place_of(folder: Path, **transport: Any) -> Place:
    declared = {
        "kind": "sftp", "connection": "source", "path": "/in", "pattern": "*.csv", "settle_s": 0.1, "deadline_s": 20,
        "name_pattern": r"(?P<year>\d{4})-(?P<month>\d{2})_(?P<delivered>\d{8})",
    }  # fmt: skip
    return small_place(folder / "place", transport=declared | transport)


def at(server: SftpServer, folder: Path, connection: Any = None, **transport: Any) -> Any:
    """The place of a feed whose source is that server, entered."""
    return reaching(
        place_of(folder, **transport), folder, ports=[server.port], roots=[],
        connection=server.connection() if connection is None else connection,
    )  # fmt: skip


# What goes well -------------------------------------------------------------------------------------------------


def test_files_land_with_a_password_and_the_second_run_fetches_none_of_them(
    tmp_path: Path, folder: Path
) -> None:
    with SftpServer(folder) as server, at(server, tmp_path) as place:
        first = land()
        assert first.landed and first.landed["new"] == 3 and whole(place, folder)
        assert (server.count["login"], server.count["open"], server.count["list"]) == (1, 3, 2)
        server.count.clear()
        second = land()
        assert second.landed == {"feed_id": "KZ-43/seizure_item", "new": 0, "known": 3, "bytes": 0}
        # One listing, since nothing has to settle; no file was opened, none was read.
        assert (server.count["list"], server.count["open"], server.count["read"]) == (1, 0, 0)


def pem(kind: type[paramiko.PKey], bits: int) -> str:
    text = io.StringIO()
    kind.generate(bits=bits).write_private_key(text)  # type: ignore[attr-defined]
    return text.getvalue()


@pytest.mark.parametrize(
    ("text", "passphrase"),
    [
        (private_key(), ""),
        (private_key(PHRASE), PHRASE),
        (pem(paramiko.ECDSAKey, 256), ""),
        (pem(paramiko.RSAKey, 2048), ""),
    ],
    ids=["ed25519", "ed25519 with a passphrase", "ECDSA", "RSA"],
)
def test_files_land_with_a_private_key(tmp_path: Path, folder: Path, text: str, passphrase: str) -> None:
    with SftpServer(folder, client_key=a_key(text, passphrase)) as server:
        extra = {"private_key": text, "private_key_passphrase": passphrase}
        with at(server, tmp_path, server.connection(password="", extra=extra)) as place:
            assert land().faults == [] and deliveries(place) == EVERY
            assert (server.count["login"], server.count["refused"]) == (1, 0)


def test_one_of_several_pinned_keys_is_enough_and_the_kind_that_is_known_is_asked_for(
    tmp_path: Path, folder: Path
) -> None:
    with SftpServer(folder) as server:
        old = paramiko.ECDSAKey.generate()
        pinned = [f"# synthetic\n{known_host(old)}", known_host(server.host_key).split()[-1]]
        for declared in (pinned[1], "\n".join(pinned), pinned):
            with at(server, tmp_path, server.connection(extra={"host_key": declared})) as place:
                assert land().faults == [] and deliveries(place) == EVERY


def test_a_changed_file_is_a_new_delivery_and_the_others_are_not_fetched(
    tmp_path: Path, folder: Path
) -> None:
    with SftpServer(folder) as server, at(server, tmp_path) as place:
        assert land().faults == []
        age(_written(folder / BAD, csv(GOOD)), 1800)
        server.count.clear()
        run = land()
        assert run.landed and (run.landed["new"], run.landed["known"]) == (1, 2)
        assert server.count["open"] == 1 and deliveries(place) == sorted([*EVERY, BAD])


def test_a_file_of_this_moment_is_fetched_again_since_it_may_change_within_the_second(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "include.sources.transports.sftp.YOUNG_S", 600
    )  # a busy machine makes two seconds long
    (folder / BAD).touch()
    with SftpServer(folder) as server, at(server, tmp_path) as place:
        assert land().faults == []
        server.count.clear()
        run = land()
        assert run.landed and run.landed["known"] == 3 and server.count["open"] == 1 and whole(place, folder)


def test_unfinished_and_hidden_files_are_not_looked_at_and_land_once_they_are_renamed(
    tmp_path: Path, folder: Path
) -> None:
    part = (folder / BAD).rename(folder / f"{BAD}.part")
    for name in (f"{BAD}.filepart", f"{BAD}.tmp", f".{BAD}", f"~${BAD}"):
        age(_written(folder / name, b"half"))
    with SftpServer(folder) as server, at(server, tmp_path, pattern="*") as place:
        assert land().faults == [] and deliveries(place) == OTHERS
        part.rename(folder / BAD)
        assert land().faults == [] and deliveries(place) == EVERY


def test_a_folder_of_unfinished_files_alone_offers_nothing(tmp_path: Path, folder: Path) -> None:
    for name in EVERY:
        (folder / name).rename(folder / f"{name}.part")
    with SftpServer(folder) as server, at(server, tmp_path, pattern="*") as place:
        run = land()
        assert run.landed and run.landed["new"] == 0 and deliveries(place) == []
        assert server.count["open"] == 0


def test_a_server_that_drops_the_session_after_the_listing_is_asked_once_more(
    tmp_path: Path, folder: Path
) -> None:
    with SftpServer(folder, sftp.DropsTheSessionAfterTheListing()) as server, at(server, tmp_path) as place:
        run = land()
        assert run.kinds == [RetryableSourceError] and deliveries(place) == [BAD, sftp.AFTER]
        assert server.count["login"] == 2 and whole(place, folder)
        assert land().faults == [] and deliveries(place) == EVERY


def test_a_server_that_reads_less_than_it_is_asked_for_is_read_to_the_end(
    tmp_path: Path, folder: Path
) -> None:
    with SftpServer(folder, sftp.ReadsLessThanAsked()) as server, at(server, tmp_path) as place:
        assert land().faults == [] and deliveries(place) == EVERY and whole(place, folder)


def test_an_empty_file_lands_as_it_is(tmp_path: Path, folder: Path) -> None:
    age(_written(folder / BAD, b""))
    with SftpServer(folder) as server, at(server, tmp_path) as place:
        assert land().faults == [] and deliveries(place) == EVERY and whole(place, folder)


# A checksum beside each file ------------------------------------------------------------------------------------


def stated(folder: Path, name: str, digest: str = "") -> None:
    digest = digest or hashlib.sha256((folder / name).read_bytes()).hexdigest()
    age(_written(folder / f"{name}.sha256", f"{digest}  {name}\n".encode()))


def test_files_land_once_their_checksum_is_there_and_are_known_by_both(tmp_path: Path, folder: Path) -> None:
    for name in OTHERS:
        stated(folder, name)
    with SftpServer(folder) as server, at(server, tmp_path, complete="checksum", pattern="*") as place:
        first = land()
        assert first.faults == [] and deliveries(place) == OTHERS
        stated(folder, BAD)
        server.count.clear()
        assert land().faults == [] and deliveries(place) == EVERY
        assert server.count["open"] == 2  # the checksum and its file


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda folder: stated(folder, BAD, "0" * 64), "bytes whose SHA-256 is another one"),
        (lambda folder: age(_written(folder / f"{BAD}.sha256", b"not yet")), "0 checksums of it"),
        (lambda folder: stated(folder, f"{BAD}.sha256", "0" * 64), "no checksum"),
    ],
)
def test_a_checksum_that_does_not_fit_holds_back_its_file_alone(
    tmp_path: Path, folder: Path, write: Any, said: str
) -> None:
    for name in OTHERS:
        stated(folder, name)
    if said == "no checksum":
        age(folder / BAD, 400 * 86_400)  # the run's own clock says 2026-01-31
    else:
        write(folder)
    with SftpServer(folder) as server, at(server, tmp_path, complete="checksum") as place:
        run = land()
        assert len(run.faults) == 1 and said in run.said and BAD in run.said
        assert deliveries(place) == OTHERS and whole(place, folder)
        assert run.kinds == [SourceError if said == "no checksum" else RetryableSourceError]


# What goes wrong ------------------------------------------------------------------------------------------------


def run_of(fault: Fault, server: SftpServer, folder: Path) -> tuple[Run, Place]:
    """One run against a server that is at fault."""
    with ExitStack() as stack:
        relay = (
            stack.enter_context(Relay(server.port, passes=60_000, then=fault.line)) if fault.line else None
        )
        port = relay.port if relay else server.port
        declared = place_of(folder, deadline_s=fault.deadline_s, timeout_s=fault.timeout_s)
        known = server.connection(**{"port": port, **fault.connection})
        place = stack.enter_context(
            reaching(declared, folder, ports=[port], roots=[], connection=known, **fault.limits)
        )
        return land(), place


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_gives_its_error_in_time_and_nothing_half_landed(
    tmp_path: Path, folder: Path, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    key = a_key(private_key()) if fault.client_key else None
    with SftpServer(folder, fault.behaviour(), key) as server:
        run, place = run_of(fault, server, tmp_path)
        assert run.kinds == [fault.error] * fault.faults, run.said
        assert fault.said in run.said and all(fault.feed_id for fault in run.faults)
        assert server.count["connection"] == fault.asked
        late = fault.error is DeadlineExceeded
        assert run.held.reached(fault.deadline_s) if late else run.held.kept(fault.deadline_s)
        assert sorted(fault.landed) == deliveries(place) and whole(place, folder)
        no_secret((run.said + caplog.text).replace("127.0.0.1 ", ""))
        if fault.connection:
            assert server.count["login"] == server.count["list"] == 0

        server.behave(Behaviour())  # the server is mended, and so is the next run
        if (folder / BAD).exists():
            age(folder / BAD)
        mended = Fault("mended", fault.error, "", client_key=fault.client_key)
        if key:
            server.client_key = None
        again, place = run_of(mended, server, tmp_path)
        assert again.faults == [] and set(deliveries(place)) >= set(OTHERS) and whole(place, folder)


def test_the_words_of_a_server_do_not_reach_the_log(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []

    class Book(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    monkeypatch.setattr(logging.getLogger(), "handlers", [Book()])
    caplog.set_level("DEBUG")
    with SftpServer(folder, sftp.SendsLinesWithoutEnd()) as server, at(server, tmp_path, deadline_s=1):
        assert land().kinds == [DeadlineExceeded]
    with SftpServer(folder) as server, at(server, tmp_path):
        assert land().faults == []
    logging.getLogger("synthetic").debug("the book is open")
    assert "the book is open" in said and not any("welcome" in line or LOGIN in line for line in said)


def test_of_another_host_key_both_fingerprints_are_said_and_no_credential_is_sent(
    tmp_path: Path, folder: Path
) -> None:
    (fault,) = [fault for fault in FAULTS if fault.name == "host key changed"]
    with SftpServer(folder) as server:
        run, _ = run_of(fault, server, tmp_path)
        assert run.said.count("SHA256:") == 2 and server.host_key.fingerprint in run.said
        assert server.count["login"] == server.count["refused"] == 0


def test_a_server_that_drops_every_session_is_not_opened_for_ever(tmp_path: Path, folder: Path) -> None:
    for number in range(8):
        age(_written(folder / f"s_2025-05_202506{number + 10}.csv", csv(GOOD)))
    with SftpServer(folder, sftp.DropsEverySessionAfterTheListing()) as server, at(server, tmp_path):
        run = land()
        assert run.kinds == [RetryableSourceError] * 11 and "a server that dropped 5 sessions" in run.said
        assert server.count["connection"] == 5


def no_secret(text: str) -> None:
    for secret in (PASSWORD, LOGIN, PHRASE, "PRIVATE KEY", "127.0.0.1", "\x1b"):
        assert secret not in text


def test_a_pipe_a_link_and_a_folder_are_never_opened(tmp_path: Path, folder: Path) -> None:
    secret = _written(tmp_path / "secret.csv", b"secret")
    (folder / "s_2025-05_20250605.csv").symlink_to(secret)
    (folder / "s_2025-06_20250705.csv").mkdir()
    with SftpServer(folder) as server, at(server, tmp_path) as place:
        run = land()
        assert (
            run.kinds == [SourceError] and "s_2025-05_20250605.csv: file: found a symbolic link" in run.said
        )
        assert deliveries(place) == EVERY and server.count["open"] == 3


# Where the server is ---------------------------------------------------------------------------------------------


def called(server: SftpServer, folder: Path, private: bool = True, **transport: Any) -> Any:
    """As `at`, but the server is known by a name."""
    return reaching(
        place_of(folder, **transport), folder, ports=[server.port], roots=[], host=NAME, private=private,
        connection=server.connection(host=NAME),
    )  # fmt: skip


def test_a_name_is_looked_up_once_in_a_run_and_its_address_is_kept_for_every_session(
    tmp_path: Path, folder: Path
) -> None:
    with (
        SftpServer(folder, sftp.DropsTheSessionAfterTheListing()) as server,
        called(server, tmp_path),
        made_up_names() as names,
    ):
        names.addresses[NAME] = [["127.0.0.1"], ["10.0.0.1"]]  # rebound after the first answer
        land()
        assert server.count["login"] == 2 and names.asked == [NAME]


def test_a_name_with_an_inner_address_is_refused_before_anything_is_sent(
    tmp_path: Path, folder: Path
) -> None:
    with (
        SftpServer(folder) as server,
        called(server, tmp_path, private=False),
        made_up_names() as names,
    ):
        names.addresses[NAME] = [["93.184.215.14", "127.0.0.1"]]
        run = land()
        assert run.kinds == [SourceError] and "a host with an address that is not public" in run.said
        assert server.count["connection"] == 0


def test_a_look_up_that_hangs_ends_at_the_deadline(tmp_path: Path, folder: Path) -> None:
    with SftpServer(folder) as server, called(server, tmp_path, deadline_s=1), look_ups_that_hang():
        run = land()
    assert run.kinds == [DeadlineExceeded] and run.held.reached(1)


@pytest.mark.parametrize("host", ["files..example", "x" * 70 + ".example"])
def test_what_is_no_name_of_a_host_is_said(tmp_path: Path, folder: Path, host: str) -> None:
    with SftpServer(folder) as server:
        connection = server.connection(host=host)
        with reaching(
            place_of(tmp_path), tmp_path, ports=[server.port], roots=[], host=host, connection=connection
        ):
            run = land()
            assert len(run.faults) == 1 and "a host that cannot be looked up" in run.said


def test_nothing_listens_there(tmp_path: Path, folder: Path) -> None:
    with SftpServer(folder) as server, nobody() as port:
        known = server.connection(port=port)
        with reaching(place_of(tmp_path), tmp_path, ports=[port], roots=[], connection=known) as place:
            run = land()
            assert run.kinds == [RetryableSourceError] and "connecting: found no whole answer" in run.said
            assert deliveries(place) == [] and whole(place, folder)
