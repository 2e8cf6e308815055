"""SFTP, against a real server: what lands, what is known without being fetched, and every way in which it goes wrong."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
import pytest

from include.sources import DeadlineExceeded, RetryableSourceError, SourceError
from tests.end_to_end.country import Place
from tests.end_to_end.small import GOOD, csv, small_place
from tests.faults import sftp
from tests.faults.landing_files import STARTING_S, deliveries, land, reaching, whole
from tests.faults.relay import Relay
from tests.faults.sftp import BAD, LOGIN, PASSWORD, Behaviour, SftpServer, age, private_key

BEFORE, AFTER = "s_2025-02_20250305.csv", "s_2025-04_20250505.csv"
OTHERS = [BEFORE, AFTER]
EVERY = [BEFORE, BAD, AFTER]
BIG = csv(*[(str(number), *GOOD[1:]) for number in range(5_000)])  # several blocks of an SFTP read
PHRASE = "synthetic-passphrase-0815"


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


@pytest.mark.parametrize("passphrase", ["", PHRASE])
def test_files_land_with_a_private_key(tmp_path: Path, folder: Path, passphrase: str) -> None:
    key = private_key(passphrase)
    with SftpServer(folder) as server:
        server.client_key = paramiko.Ed25519Key.from_private_key(_text(key), passphrase or None)
        extra = {"private_key": key, "private_key_passphrase": passphrase}
        with at(server, tmp_path, server.connection(password="", extra=extra)) as place:
            assert land().faults == [] and deliveries(place) == EVERY


def _text(text: str) -> Any:
    import io

    return io.StringIO(text)


def test_one_of_several_pinned_keys_is_enough_and_the_kind_that_is_known_is_asked_for(
    tmp_path: Path, folder: Path
) -> None:
    with SftpServer(folder) as server:
        old = paramiko.ECDSAKey.generate()
        pinned = [f"# synthetic\n{sftp.known_host(old)}", sftp.known_host(server.host_key).split()[-1]]
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
    tmp_path: Path, folder: Path
) -> None:
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
        assert run.kinds == [RetryableSourceError] and deliveries(place) == [BAD, AFTER]
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


@dataclass(frozen=True)
class Case:
    """A fault, and what is to come of it."""

    behaviour: type[Behaviour]
    kind: type[SourceError]
    said: str
    landed: tuple[str, ...] = ()
    faults: int = 1
    deadline_s: float = 20
    timeout_s: float = 30
    limits: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        return self.behaviour.__name__


NO, LATER, LATE = SourceError, RetryableSourceError, DeadlineExceeded
LEFT = (BEFORE, AFTER)
CASES = [
    # before a file is spoken of
    Case(sftp.NeverSendsABanner, LATE, "greeting: found no end of it in time", deadline_s=2),
    Case(sftp.NeverSendsABanner, LATER, "greeting: found no whole answer", timeout_s=0.5),
    Case(sftp.DripsItsBanner, LATE, "greeting", deadline_s=2),
    Case(sftp.SendsLinesWithoutEnd, LATE, "greeting", deadline_s=2),
    Case(sftp.StopsInTheKeyExchange, LATE, "greeting", deadline_s=2),
    Case(sftp.SpeaksAnotherProtocol, LATER, "greeting: found no whole answer"),
    Case(sftp.AcceptsAndCloses, LATER, "greeting: found no whole answer"),
    Case(sftp.NeverAnswersTheLogin, LATE, "login", deadline_s=2),
    Case(sftp.NeverAnswersTheLogin, LATER, "login: found no whole answer", timeout_s=0.5),
    Case(sftp.DropsAtTheLogin, LATER, "login: found no whole answer"),
    Case(sftp.HasNoSftp, LATER, "opening SFTP: found no whole answer"),
    Case(sftp.NeverAnswersTheSubsystem, LATE, "opening SFTP", deadline_s=2),
    # listing
    Case(sftp.FolderIsMissing, NO, "folder: found no such folder on the server"),
    Case(sftp.FolderMayNotBeListed, NO, "listing: found no permission"),
    Case(sftp.ListsWithoutEnd, NO, "more than 200 files", limits=(("files", 200),)),
    Case(sftp.ListsOtherFilesWithoutEnd, LATE, "listing", deadline_s=2),
    Case(sftp.AnnouncesMoreNamesThanItSends, LATER, "listing: found no whole answer (SFTPError)"),
    # one file among others
    Case(sftp.FileGrowsBetweenListings, LATER, "still growing", LEFT),
    Case(sftp.FileGrowsWhileRead, LATER, "a file that changed while it was read", LEFT),
    Case(sftp.FileIsTruncatedWhileRead, LATER, "a file that changed while it was read", LEFT),
    Case(sftp.FileIsReplacedBetweenListingAndRead, LATER, "a file that changed while it was read", LEFT),
    Case(sftp.FileIsGoneBetweenListingAndRead, LATER, "a file that changed while it was read", LEFT),
    Case(sftp.PermissionIsLostInTheMiddle, NO, "reading: found no permission", LEFT),
    Case(sftp.FileMayNotBeOpened, NO, "reading: found no permission", LEFT),
    Case(sftp.ResetsInTheMiddleOfARead, LATER, "reading: found no whole answer", LEFT),
    Case(sftp.ReadNeverAnswers, LATER, "reading: found no whole answer (TimeoutError)", LEFT, timeout_s=0.5),
    Case(sftp.ReadNeverAnswers, LATE, "reading: found no end of it in time", (BEFORE,), deadline_s=2),
    Case(sftp.DripsEachRead, LATE, "found no end of it in time", (BEFORE,), deadline_s=2),
    Case(sftp.ReadEndsTooSoon, LATER, f"32768 bytes where the listing says {len(BIG)}", LEFT),
    Case(sftp.SaysTooMuch, LATER, f"{len(BIG)} bytes where the listing says 300000", LEFT),
    Case(sftp.SaysTooLittle, LATER, "40001 bytes where the listing says 40000", LEFT),
    Case(sftp.SaysAnExabyte, NO, "limits.delivery_bytes", LEFT),
    Case(sftp.SaysNothingOfAFile, NO, "no kind, size or time of it", LEFT),
    Case(sftp.NameWithAPath, NO, "a path or a control character", tuple(EVERY)),
    Case(sftp.NameWithAControlCharacter, NO, "a path or a control character", tuple(EVERY)),
    Case(sftp.NameThatIsNoUtf8, NO, "a path or a control character", tuple(EVERY)),
    Case(sftp.NameWithoutEnd, NO, "characters; expected no more than 200", tuple(EVERY)),
    Case(sftp.APipe, NO, "a pipe, a device or a socket", tuple(EVERY)),
    Case(sftp.DropsEverySessionAfterTheListing, LATER, "reading: found no whole answer", faults=3),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.kind.__name__}")
def test_a_fault_is_named_in_time_and_nothing_is_half_landed(
    tmp_path: Path, folder: Path, case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    declared = place_of(tmp_path, deadline_s=case.deadline_s, timeout_s=case.timeout_s)
    with SftpServer(folder, case.behaviour()) as server:
        limits = dict(case.limits)
        ports, known = [server.port], server.connection()
        with reaching(declared, tmp_path, ports=ports, roots=[], connection=known, **limits) as place:
            run = land()
            assert run.kinds == [case.kind] * case.faults, run.said
            assert case.said in run.said and all(fault.feed_id for fault in run.faults)
            assert run.seconds <= case.deadline_s * 1.1 + STARTING_S
            assert sorted(case.landed) == deliveries(place)
            assert whole(place, folder) or case.name.startswith(("FileGrows", "FileIs"))
            no_secret(run.said + caplog.text)
            server.behaviour = Behaviour()  # the server is mended, and so is the next run
            server.behaviour.server = server
            (folder / BAD).exists() and age(folder / BAD)
            assert land().faults == [] or case.limits
            assert set(deliveries(place)) >= set(OTHERS) and whole(place, folder)


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


@pytest.mark.parametrize(("then", "deadline_s", "kind", "said"), [
    ("drip", 3, DeadlineExceeded, "found no end of it in time"),
    ("hold", 3, DeadlineExceeded, "found no end of it in time"),
    ("cut", 20, RetryableSourceError, "found no whole answer"),
    ("reset", 20, RetryableSourceError, "found no whole answer"),
])  # fmt: skip
def test_a_line_that_fails_in_the_middle_of_a_file_is_not_taken_for_its_end(
    tmp_path: Path, folder: Path, then: Any, deadline_s: int, kind: type[SourceError], said: str
) -> None:
    with ExitStack() as open_now:
        server = open_now.enter_context(SftpServer(folder))
        relay = open_now.enter_context(Relay(server.port, passes=60_000, then=then))
        declared = place_of(tmp_path, deadline_s=deadline_s)
        known = server.connection() | {"port": relay.port}
        place = open_now.enter_context(
            reaching(declared, tmp_path, ports=[relay.port], roots=[], connection=known)
        )
        run = land()
        assert run.kinds == [kind] and said in run.said and BAD in run.said
        assert run.seconds <= deadline_s * 1.1 + STARTING_S
        assert BEFORE in deliveries(place) and BAD not in deliveries(place) and whole(place, folder)


def test_nothing_listens_there(tmp_path: Path, folder: Path) -> None:
    with SftpServer(folder) as server:
        known = server.connection()
    with reaching(place_of(tmp_path), tmp_path, ports=[known["port"]], roots=[], connection=known):
        run = land()
        assert run.kinds == [RetryableSourceError] and "connecting: found no whole answer" in run.said


CREDENTIALS: list[tuple[str, dict[str, Any], str]] = [
    ("host key changed", {"extra": {"host_key": sftp.known_host(paramiko.ECDSAKey.generate())}}, "host key changed"),
    ("host key of another", {"extra": {"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEl1d3Fja2VuIGtleSBvZiBub2JvZHkgYXQgYWxsISEh"}}, "host key changed"),
    ("no host key", {"extra": {"host_key": ""}}, "extra.host_key: found no host key"),
    ("half a host key", {"extra": {"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1"}}, "an unusable host key"),
    ("a revoked host key", {"extra": {"host_key": f"@revoked * {sftp.known_host(paramiko.ECDSAKey.generate())}"}}, "an unusable host key"),
    ("wrong password", {"password": "synthetic-wrong"}, "login: found credentials that are refused"),
    ("wrong login", {"login": "synthetic-nobody"}, "login: found credentials that are refused"),
    ("no password", {"password": ""}, "login: found credentials that are refused"),
    ("wrong private key", {"extra": {"private_key": private_key()}}, "login: found credentials that are refused"),
    ("half a private key", {"extra": {"private_key": private_key()[:200]}}, "extra.private_key: found no private key"),
    ("wrong passphrase", {"extra": {"private_key": private_key(PHRASE), "private_key_passphrase": "x"}}, "extra.private_key: found no private key"),
    ("host not allowed", {"host": "localhost"}, "a host that is not allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), [c[1:] for c in CREDENTIALS], ids=[c[0] for c in CREDENTIALS])
def test_what_is_wrong_with_a_connection_is_not_tried_again(
    tmp_path: Path, folder: Path, changes: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = private_key() if "private_key" in changes.get("extra", {}) else ""
    with (
        SftpServer(folder, client_key=key) as server,
        at(server, tmp_path, server.connection(**changes)) as place,
    ):
        run = land()
        assert run.kinds == [SourceError] and said in run.said
        assert deliveries(place) == [] and server.count["login"] == server.count["list"] == 0
        no_secret((run.said + caplog.text).replace("127.0.0.1 ", ""))
        if said == "host key changed":
            # Both keys are named by their fingerprints, and no credential was sent.
            assert run.said.count("SHA256:") == 2 and server.count["refused"] == 0
