"""A real SFTP server over a folder, on this machine. The protocol is paramiko's server side."""

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
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko import SFTPAttributes
from paramiko.sftp import CMD_NAME, SFTP_EOF, SFTP_NO_SUCH_FILE, SFTP_OK

from tests.faults.doors import shut

LOGIN, PASSWORD = "synthetic-login", "synthetic-password-4711"
BAD = "s_2025-03_20250405.csv"
"""The file that faults of one file are about."""
SILENT = "tests.faults.sftp_server.wire"
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


def a_key(text: str, passphrase: str = "") -> paramiko.PKey:
    """The key of that text, of whatever kind."""
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with contextlib.suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(io.StringIO(text), passphrase or None)
    raise ValueError("no key")


def known_host(key: paramiko.PKey) -> str:
    """A host key as ssh-keyscan prints it."""
    return f"127.0.0.1 {key.get_name()} {key.get_base64()}"


class Behaviour:
    """What a server does at each step. This one does well."""

    server: SftpServer
    announces: int | None = None
    """Names that a packet of a listing says it holds, though none follows."""

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


def plain(name: str | bytes, mode: int = 0o100644) -> SFTPAttributes:
    """The entry of a file that is not there."""
    found = SFTPAttributes()
    found.filename = name  # type: ignore[assignment]  # bytes are what a server has
    found.st_mode, found.st_size, found.st_mtime, found.st_atime = mode, 10, 1_700_000_000, 1_700_000_000
    return found


class SftpServer:
    """The server, while it is entered. `count` says what it was asked: login, list, open, read, and their like."""

    def __init__(
        self, folder: Path, behaviour: Behaviour | None = None, client_key: paramiko.PKey | None = None
    ) -> None:
        self.folder, self.client_key = folder, client_key
        self.behave(behaviour or Behaviour())
        self.count: Counter[str] = Counter()
        self.over = threading.Event()
        self.host_key = a_key(private_key())
        self._wires: list[paramiko.Transport] = []
        self._plugs: list[socket.socket] = []

    def behave(self, behaviour: Behaviour) -> None:
        """From now on, so."""
        self.behaviour = behaviour
        behaviour.server = self

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
        shut(self._door)
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
        announced = self.server.of.behaviour.announces  # type: ignore[attr-defined]
        if announced is not None:
            message = paramiko.Message()
            message.add_int(request_number)
            message.add_int(announced)
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
