"""Faults of SFTP sources by name: what the server does, and what the feed must then say and do.

Each class changes one thing of a server that does well.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import paramiko
from paramiko import SFTPAttributes
from paramiko.sftp import SFTP_EOF, SFTP_NO_SUCH_FILE, SFTP_OK, SFTP_PERMISSION_DENIED

from include.sources import DeadlineExceeded, RetryableSourceError, SourceError
from tests.end_to_end.small import GOOD, csv
from tests.faults.relay import Failure
from tests.faults.sftp_server import BAD, Behaviour, known_host, plain, private_key

BEFORE, AFTER = "s_2025-02_20250305.csv", "s_2025-04_20250505.csv"
OTHERS = (BEFORE, AFTER)
EVERY = (BEFORE, BAD, AFTER)
BIG = csv(*[(str(number), *GOOD[1:]) for number in range(5_000)])  # several blocks of an SFTP read
PHRASE = "synthetic-passphrase-0815"


class NeverSendsABanner(Behaviour):
    def greet(self, plug: socket.socket) -> bool:
        self.hold()
        return False


class DripsItsBanner(Behaviour):
    def greet(self, plug: socket.socket) -> bool:
        while not self.server.over.wait(0.05):
            plug.sendall(b"S")
        return False


class SendsLinesWithoutEnd(Behaviour):
    def greet(self, plug: socket.socket) -> bool:
        while not self.server.over.wait(0.05):
            plug.sendall(b"welcome\r\n")
        return False


class StopsInTheKeyExchange(Behaviour):
    def greet(self, plug: socket.socket) -> bool:
        plug.sendall(b"SSH-2.0-synthetic\r\n")
        self.hold()
        return False


class SpeaksAnotherProtocol(Behaviour):
    def greet(self, plug: socket.socket) -> bool:
        plug.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 8)
        return False


class AcceptsAndCloses(Behaviour):
    def greet(self, plug: socket.socket) -> bool:
        return False


class NeverAnswersTheLogin(Behaviour):
    def log_in(self) -> None:
        self.hold()


class DropsAtTheLogin(Behaviour):
    def log_in(self) -> None:
        self.server.cut()


class HasNoSftp(Behaviour):
    def subsystem(self) -> bool:
        return False


class NeverAnswersTheSubsystem(Behaviour):
    def subsystem(self) -> bool:
        self.hold()
        return False


class ResetsInTheMiddleOfARead(Behaviour):
    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        # Once: reads that were asked for before are answered later, when the next session is at work.
        if name == BAD and offset and self.once("reset"):
            self.server.cut(reset=True)
        return block


class DropsTheSessionAfterTheListing(Behaviour):
    def opening(self, name: str) -> int:
        if self.once("dropped"):
            self.server.cut()
        return SFTP_OK


class DropsEverySessionAfterTheListing(Behaviour):
    def opening(self, name: str) -> int:
        self.server.cut()
        return SFTP_OK


class FileGrowsBetweenListings(Behaviour):
    def listing(self, found: list[SFTPAttributes]) -> list[SFTPAttributes] | int:
        with self.bad().open("ab") as file:
            file.write(b"more\r\n")
        return found


class FileGrowsWhileRead(Behaviour):
    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        if name == BAD:
            with self.bad().open("ab") as file:
                file.write(b"more\r\n")
        return block


class FileIsTruncatedWhileRead(Behaviour):
    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        if name == BAD and self.once("truncated"):
            with self.bad().open("r+b") as file:
                file.truncate(100_000)
        return block


class FileIsReplacedBetweenListingAndRead(Behaviour):
    def look(self, name: str) -> None:
        if name == BAD:
            self.bad().write_bytes(b"another\r\n")


class FileIsGoneBetweenListingAndRead(Behaviour):
    def look(self, name: str) -> None:
        if name == BAD:
            self.bad().unlink(missing_ok=True)


class PermissionIsLostInTheMiddle(Behaviour):
    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        return SFTP_PERMISSION_DENIED if name == BAD and offset else block


class FileMayNotBeOpened(Behaviour):
    def opening(self, name: str) -> int:
        return SFTP_PERMISSION_DENIED if name == BAD else SFTP_OK


class FolderMayNotBeListed(Behaviour):
    def listing(self, found: list[SFTPAttributes]) -> list[SFTPAttributes] | int:
        return SFTP_PERMISSION_DENIED


class FolderIsMissing(Behaviour):
    def listing(self, found: list[SFTPAttributes]) -> list[SFTPAttributes] | int:
        return SFTP_NO_SUCH_FILE


class _Endless(list[SFTPAttributes]):
    """A list of which 16 more are always left."""

    def __init__(self, make: Callable[[int], SFTPAttributes]) -> None:
        super().__init__()
        self._make, self._next = make, 0

    def __getitem__(self, wanted: Any) -> Any:
        if wanted.start:
            return self
        self._next += 16
        return [self._make(number) for number in range(self._next - 16, self._next)]


class ListsWithoutEnd(Behaviour):
    """Always other names."""

    name = "s_2025-03_20250405_{}.csv"

    def listing(self, found: list[SFTPAttributes]) -> list[SFTPAttributes] | int:
        return _Endless(self._file)

    def _file(self, number: int) -> SFTPAttributes:
        return plain(self.name.format(number))


class ListsOtherFilesWithoutEnd(ListsWithoutEnd):
    """None of them is wanted."""

    name = "{}.log"


class AnnouncesMoreNamesThanItSends(Behaviour):
    announces = 0xFFFFFFFF


class DripsEachRead(Behaviour):
    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        self.server.over.wait(0.6)
        return block


class ReadNeverAnswers(Behaviour):
    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        if name == BAD and offset:
            self.hold()
        return block


class ReadEndsTooSoon(Behaviour):
    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        return SFTP_EOF if name == BAD and offset else block


class ReadsLessThanAsked(Behaviour):
    """Which a server may."""

    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        return block[:20_000]


class _SaysSize(Behaviour):
    size = 0

    def attributes(self, name: str, found: SFTPAttributes) -> SFTPAttributes:
        if name == BAD:
            found.st_size = self.size
        return found


class SaysTooMuch(_SaysSize):
    size = 300_000


class SaysTooLittle(_SaysSize):
    size = 40_000


class SaysAnExabyte(_SaysSize):
    size = 1 << 60


class SaysNothingOfAFile(Behaviour):
    def attributes(self, name: str, found: SFTPAttributes) -> SFTPAttributes:
        if name == BAD:
            found.st_mode = found.st_mtime = found.st_atime = None
        return found


class _Adds(Behaviour):
    """One more entry in the listing."""

    name: str | bytes = ""
    mode = 0o100644

    def listing(self, found: list[SFTPAttributes]) -> list[SFTPAttributes] | int:
        return [*found, plain(self.name, self.mode)]


class NameWithAPath(_Adds):
    name = "../../s_2025-05_20250605.csv"


class NameWithAControlCharacter(_Adds):
    name = "s_2025-05_20250605\x1b[2J.csv"


class NameThatIsNoUtf8(_Adds):
    name = "с_2025-05_20250605.csv".encode("cp1251")


class NameWithoutEnd(_Adds):
    name = f"s_2025-05_20250605_{'x' * 250}.csv"


class APipe(_Adds):
    name, mode = "s_2025-05_20250605.csv", 0o010644


# Each by its name ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        name: what it is called.
        error: the class of the error, exactly.
        said: words of the message.
        asked: connections that the server saw in this run.
        behaviour: what the server does.
        landed: files that land all the same.
        faults: how many files are at fault, or 1 where the server is.
        deadline_s, timeout_s: of the definition.
        limits: of the deployment.
        connection: what is wrong with it; `client_key`: the server takes a key and no password.
        line: how the line fails, after 60,000 bytes of the server's.
    """

    name: str
    error: type[SourceError]
    said: str
    asked: int = 1
    behaviour: type[Behaviour] = Behaviour
    landed: tuple[str, ...] = ()
    faults: int = 1
    deadline_s: float = 20
    timeout_s: float = 30
    limits: Mapping[str, int] = field(default_factory=dict)
    connection: Mapping[str, Any] = field(default_factory=dict)
    client_key: bool = False
    line: Failure | None = None


def connected(name: str, said: str, asked: int = 1, *, client_key: bool = False, **changes: Any) -> Fault:
    """A fault of the connection: nobody is logged in, and trying again would be in vain."""
    return Fault(name, FINAL, said, asked, connection=changes, client_key=client_key)


FINAL, RETRY, LATE = SourceError, RetryableSourceError, DeadlineExceeded
OTHER_KEY = known_host(paramiko.ECDSAKey.generate())
OF_NOBODY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEl1d3Fja2VuIGtleSBvZiBub2JvZHkgYXQgYWxsISEh"
IN_TIME = "found no end of it in time"
NOT_WHOLE = "found no whole answer"
CHANGED = "a file that changed while it was read"
CONTROL = "a path or a control character"

FAULTS = [
    # the server
    Fault("no banner", LATE, f"greeting: {IN_TIME}", 1, NeverSendsABanner, deadline_s=2),
    Fault("no banner within the timeout", RETRY, f"greeting: {NOT_WHOLE}", 1, NeverSendsABanner, timeout_s=0.5),
    Fault("slow drip of the banner", LATE, f"greeting: {IN_TIME}", 1, DripsItsBanner, deadline_s=2),
    Fault("greetings without end", LATE, f"greeting: {IN_TIME}", 1, SendsLinesWithoutEnd, deadline_s=2),
    Fault("key exchange without end", LATE, f"greeting: {IN_TIME}", 1, StopsInTheKeyExchange, deadline_s=2),
    Fault("another protocol on the port of SSH", RETRY, f"greeting: {NOT_WHOLE}", 1, SpeaksAnotherProtocol),
    Fault("accepts and closes before the greeting", RETRY, f"greeting: {NOT_WHOLE}", 1, AcceptsAndCloses),
    Fault("login without end", LATE, f"login: {IN_TIME}", 1, NeverAnswersTheLogin, deadline_s=4),
    Fault("login without an answer within the timeout", RETRY, f"login: {NOT_WHOLE}", 1, NeverAnswersTheLogin, timeout_s=0.5),
    Fault("dropped at the login", RETRY, f"login: {NOT_WHOLE}", 1, DropsAtTheLogin),
    Fault("no SFTP behind SSH", RETRY, f"opening SFTP: {NOT_WHOLE}", 1, HasNoSftp),
    Fault("opening SFTP without end", LATE, f"opening SFTP: {IN_TIME}", 1, NeverAnswersTheSubsystem, deadline_s=4),
    # the connection
    connected("host key changed", "host key changed", extra={"host_key": OTHER_KEY}),
    connected("host key of another server", "host key changed", extra={"host_key": OF_NOBODY}),
    connected("no host key pinned", "extra.host_key: found no host key", 0, extra={"host_key": ""}),
    connected("half a host key pinned", "an unusable host key", 0, extra={"host_key": OF_NOBODY[:32]}),
    connected("revoked host key pinned", "an unusable host key", 0, extra={"host_key": f"@revoked * {OTHER_KEY}"}),
    connected("wrong password", "login: found credentials that are refused", password="synthetic-wrong"),
    connected("wrong login", "login: found credentials that are refused", login="synthetic-nobody"),
    connected("no password", "login: found credentials that are refused", password=""),
    connected("wrong private key", "login: found credentials that are refused", client_key=True, extra={"private_key": private_key()}),
    connected("half a private key", "extra.private_key: found no private key", extra={"private_key": private_key()[:200]}),
    connected("wrong passphrase", "extra.private_key: found no private key", extra={"private_key": private_key(PHRASE), "private_key_passphrase": "x"}),
    connected("server that is not allowed", "a host that is not allowed", 0, host="localhost"),
    # the folder
    Fault("folder is missing", FINAL, "folder: found no such folder on the server", 1, FolderIsMissing),
    Fault("folder may not be listed", FINAL, "listing: found no permission", 1, FolderMayNotBeListed),
    Fault("listing without end", FINAL, "more than 200 files", 1, ListsWithoutEnd, limits={"files": 200}),
    Fault("listing of other files without end", LATE, f"listing: {IN_TIME}", 1, ListsOtherFilesWithoutEnd, deadline_s=4),
    Fault("fewer names than announced", RETRY, f"listing: {NOT_WHOLE} (SFTPError)", 1, AnnouncesMoreNamesThanItSends),
    # one file among others
    Fault("file growing between listings", RETRY, "still growing", 1, FileGrowsBetweenListings, OTHERS),
    Fault("file growing while read", RETRY, CHANGED, 1, FileGrowsWhileRead, OTHERS),
    Fault("file truncated while read", RETRY, CHANGED, 1, FileIsTruncatedWhileRead, OTHERS),
    Fault("file replaced after the listing", RETRY, CHANGED, 1, FileIsReplacedBetweenListingAndRead, OTHERS),
    Fault("file gone after the listing", RETRY, CHANGED, 1, FileIsGoneBetweenListingAndRead, OTHERS),
    Fault("file may not be opened", FINAL, "reading: found no permission", 1, FileMayNotBeOpened, OTHERS),
    Fault("permission lost in the middle of a file", FINAL, "reading: found no permission", 1, PermissionIsLostInTheMiddle, OTHERS),
    Fault("reset in the middle of a file", RETRY, f"reading: {NOT_WHOLE}", 2, ResetsInTheMiddleOfARead, OTHERS),
    Fault("read without an answer within the timeout", RETRY, f"reading: {NOT_WHOLE} (TimeoutError)", 2, ReadNeverAnswers, OTHERS, timeout_s=0.5),
    Fault("read without end", LATE, f"reading: {IN_TIME}", 1, ReadNeverAnswers, (BEFORE,), deadline_s=4),
    Fault("slow drip of reads", LATE, IN_TIME, 1, DripsEachRead, (BEFORE,), deadline_s=4),
    Fault("read that ends too soon", RETRY, f"32768 bytes where the listing says {len(BIG)}", 1, ReadEndsTooSoon, OTHERS),
    Fault("size stated too high", RETRY, f"{len(BIG)} bytes where the listing says 300000", 1, SaysTooMuch, OTHERS),
    Fault("size stated too low", RETRY, "40001 bytes where the listing says 40000", 1, SaysTooLittle, OTHERS),
    Fault("size of an exabyte", FINAL, "limits.delivery_bytes", 1, SaysAnExabyte, OTHERS),
    Fault("nothing stated of a file", FINAL, "no kind, size or time of it", 1, SaysNothingOfAFile, OTHERS),
    Fault("name with a path", FINAL, CONTROL, 1, NameWithAPath, EVERY),
    Fault("name with a control character", FINAL, CONTROL, 1, NameWithAControlCharacter, EVERY),
    Fault("name that is no UTF-8", FINAL, CONTROL, 1, NameThatIsNoUtf8, EVERY),
    Fault("name without end", FINAL, "characters; expected no more than 200", 1, NameWithoutEnd, EVERY),
    Fault("pipe among the files", FINAL, "a pipe, a device or a socket", 1, APipe, EVERY),
    Fault("every session dropped after the listing", RETRY, f"reading: {NOT_WHOLE}", 3, DropsEverySessionAfterTheListing, faults=3),
    # the line
    Fault("slow drip of the line", LATE, IN_TIME, 1, landed=(BEFORE,), deadline_s=4, line="drip"),
    Fault("line that is silent in the middle", LATE, IN_TIME, 1, landed=(BEFORE,), deadline_s=4, line="hold"),
    Fault("line cut in the middle", RETRY, NOT_WHOLE, 2, landed=OTHERS, line="cut"),
    Fault("line reset in the middle", RETRY, NOT_WHOLE, 2, landed=OTHERS, line="reset"),
]  # fmt: skip
