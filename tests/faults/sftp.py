"""A real SFTP server over a folder, on this machine, and the ways in which it can go wrong.

The protocol is paramiko's server side. Each fault is one class that changes one thing of a server that does well.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko import SFTPAttributes
from paramiko.sftp import CMD_NAME, SFTP_EOF, SFTP_NO_SUCH_FILE, SFTP_OK, SFTP_PERMISSION_DENIED

LOGIN, PASSWORD = "synthetic-login", "synthetic-password-4711"
BAD = "s_2025-03_20250405.csv"
"""The file that faults of one file are about."""
SILENT = "tests.faults.sftp.wire"
logging.getLogger(SILENT).addHandler(logging.NullHandler())
logging.getLogger(SILENT).propagate = False


def private_key(passphrase: str = "") -> str:
    """A new ed25519 key, as OpenSSH writes it."""
    form = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, form).decode()


def known_host(key: paramiko.PKey) -> str:
    """A host key as ssh-keyscan prints it."""
    return f"127.0.0.1 {key.get_name()} {key.get_base64()}"


class Behaviour:
    """What a server does at each step. This one does well."""

    server: SftpServer

    def greet(self, plug: socket.socket) -> bool:
        """Whether the protocol begins now."""
        return True

    def log_in(self) -> None:
        """Before credentials are looked at."""

    def subsystem(self) -> bool:
        """Whether SFTP is spoken."""
        return True

    def listing(self, found: list[SFTPAttributes]) -> list[SFTPAttributes] | int:
        """What a listing gives."""
        return found

    def attributes(self, name: str, found: SFTPAttributes) -> SFTPAttributes:
        """What is said of a file."""
        return found

    def look(self, name: str) -> None:
        """Before a file is looked at by its name."""

    def opening(self, name: str) -> int:
        """Whether a file may be opened."""
        return SFTP_OK

    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        """What a read gives."""
        return block

    # What faults do --------------------------------------------------------------------------------------------

    def bad(self) -> Path:
        return self.server.folder / BAD

    def hold(self) -> None:
        """Until the test is over."""
        self.server.over.wait(30)

    def once(self, what: str) -> bool:
        """True the first time."""
        self.server.count[what] += 1
        return self.server.count[what] == 1


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
        if name == BAD and offset:
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
    """A packet that says there are four thousand million names, and ends."""


class DripsEachRead(Behaviour):
    def read(self, name: str, offset: int, block: bytes) -> bytes | int:
        self.server.over.wait(0.3)
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


def plain(name: str | bytes, mode: int = 0o100644) -> SFTPAttributes:
    """The entry of a file that is not there."""
    found = SFTPAttributes()
    found.filename = name  # type: ignore[assignment]  # bytes are what a server has
    found.st_mode, found.st_size, found.st_mtime, found.st_atime = mode, 10, 1_700_000_000, 1_700_000_000
    return found


class SftpServer:
    """The server, while it is entered. `count` says what it was asked: login, list, open, read, and their like."""

    def __init__(self, folder: Path, behaviour: Behaviour | None = None, client_key: str = "") -> None:
        self.folder, self.behaviour = folder, behaviour or Behaviour()
        self.behaviour.server = self
        self.count: Counter[str] = Counter()
        self.over = threading.Event()
        self.host_key = paramiko.Ed25519Key.from_private_key(io.StringIO(private_key()))
        self.client_key = (
            paramiko.Ed25519Key.from_private_key(io.StringIO(client_key)) if client_key else None
        )
        self._wires: list[paramiko.Transport] = []
        self._plugs: list[socket.socket] = []

    @property
    def port(self) -> int:
        port: int = self._door.getsockname()[1]
        return port

    def connection(self, **changes: Any) -> dict[str, Any]:
        """What reaches it, as Airflow has it."""
        extra = {"host_key": known_host(self.host_key)} | changes.pop("extra", {})
        return {
            "conn_type": "sftp", "host": "127.0.0.1", "port": self.port, "login": LOGIN, "password": PASSWORD,
        } | changes | {"extra": {key: value for key, value in extra.items() if value}}  # fmt: skip

    def cut(self, reset: bool = False) -> None:
        """End every connection; with `reset`, as a machine that fails does."""
        for plug in self._plugs:
            if reset:
                with contextlib.suppress(OSError):
                    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                plug.shutdown(socket.SHUT_RDWR) if not reset else plug.close()

    def __enter__(self) -> Self:
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._door.close()
        for wire in self._wires:
            wire.close()
        for plug in self._plugs:
            plug.close()

    def _accept(self) -> None:
        while True:
            try:
                plug, _ = self._door.accept()
            except OSError:
                return
            self._plugs.append(plug)
            threading.Thread(target=self._serve, args=(plug,), daemon=True).start()

    def _serve(self, plug: socket.socket) -> None:
        self.count["connection"] += 1
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            if not self.behaviour.greet(plug):
                plug.close()
                return
            wire = paramiko.Transport(plug)
            self._wires.append(wire)
            wire.set_log_channel(SILENT)
            wire.add_server_key(self.host_key)
            wire.set_subsystem_handler("sftp", _Server, _Folder, self)
            wire.start_server(server=_Login(self))


class _Login(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "publickey" if self._server.client_key else "password"

    def check_auth_password(self, username: str, password: str) -> int:
        self._server.behaviour.log_in()
        return self._verdict((username, password) == (LOGIN, PASSWORD))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return self._verdict(username == LOGIN and key == self._server.client_key)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        return self._server.behaviour.subsystem() and super().check_channel_subsystem_request(channel, name)

    def _verdict(self, good: bool) -> int:
        self._server.count["login" if good else "refused"] += 1
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED


class _Server(paramiko.SFTPServer):
    """paramiko's, but for the one fault that lies in the packets themselves."""

    def _read_folder(self, request_number: int, folder: Any) -> None:
        if isinstance(self.server.of.behaviour, AnnouncesMoreNamesThanItSends):  # type: ignore[attr-defined]
            message = paramiko.Message()
            message.add_int(request_number)
            message.add_int(0xFFFFFFFF)
            self._send_packet(CMD_NAME, message)  # type: ignore[attr-defined]
        else:
            super()._read_folder(request_number, folder)  # type: ignore[misc]


class _Folder(paramiko.SFTPServerInterface):
    """The files of the server's folder, which is its /in."""

    def __init__(self, login: paramiko.ServerInterface, of: SftpServer) -> None:
        super().__init__(login)
        self.of = of

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        self.of.count["list"] += 1
        if path != "/in":
            return SFTP_NO_SUCH_FILE
        found = []
        for each in sorted(self.of.folder.iterdir()):
            attributes = SFTPAttributes.from_stat(each.lstat(), each.name)
            found.append(self.of.behaviour.attributes(each.name, attributes))
        return self.of.behaviour.listing(found)

    def lstat(self, path: str) -> SFTPAttributes | int:
        name = path.removeprefix("/in/")
        self.of.count["look"] += 1
        self.of.behaviour.look(name)
        try:
            found = SFTPAttributes.from_stat((self.of.folder / name).lstat())
        except OSError as error:
            return int(paramiko.SFTPServer.convert_errno(error.errno or 0))
        return self.of.behaviour.attributes(name, found)

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> paramiko.SFTPHandle | int:
        name = path.removeprefix("/in/")
        self.of.count["open"] += 1
        refused = self.of.behaviour.opening(name)
        if refused != SFTP_OK:
            return refused
        if not (self.of.folder / name).is_file():
            return SFTP_NO_SUCH_FILE
        return _File(self.of, name)


class _File(paramiko.SFTPHandle):
    def __init__(self, of: SftpServer, name: str) -> None:
        super().__init__(os.O_RDONLY)
        self._of, self._called = of, name

    def read(self, offset: int, length: int) -> bytes | int:
        self._of.count["read"] += 1
        with (self._of.folder / self._called).open("rb") as file:
            file.seek(offset)
            block = file.read(length)
        answer = self._of.behaviour.read(self._called, offset, block)
        return SFTP_EOF if answer == b"" else answer


def age(path: Path, seconds: float = 3600) -> Path:
    """Let a file have been written so long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path
