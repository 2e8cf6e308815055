"""A session with an SFTP server whose host key is known: opened, logged in, and over at the deadline at the latest.

Only the connection says who logs in: no agent is asked, no file of the account that this runs under is read.
"""

from __future__ import annotations

import base64
import io
import logging
import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_HANDLE, CMD_NAME, CMD_OPENDIR, CMD_READDIR, SFTPError

from include.sources.connections import Connection
from include.sources.errors import SourceError
from include.sources.transports.base import Transport

SFTP_PORT = 22
BLOCK = 32_768
"""Bytes asked for in one request: what every server grants."""
WINDOW = 64 * BLOCK
"""Bytes asked for at a time, so that a far server is not waited for after every block."""

RSA = ("rsa-sha2-512", "rsa-sha2-256")
"""How sessions are negotiated with a key of the kind ssh-rsa."""

_WIRE = f"{__name__}.wire"
logging.getLogger(_WIRE).addHandler(logging.NullHandler())
logging.getLogger(
    _WIRE
).propagate = False  # it repeats what the server says; our own errors say what is wrong


class Client(paramiko.SFTPClient):
    """What is asked of an SFTP server: to list a folder, to read a file."""

    def names(self, folder: str) -> Iterator[tuple[bytes, paramiko.SFTPAttributes]]:
        """Each entry of a folder, by its name as the server has it: paramiko's own listing ends at one not in UTF-8."""
        kind, answer = self._request(CMD_OPENDIR, folder)  # type: ignore[attr-defined]
        if kind != CMD_HANDLE:
            raise SFTPError("no handle")
        handle = answer.get_binary()
        while True:
            try:
                kind, answer = self._request(CMD_READDIR, handle)  # type: ignore[attr-defined]
            except EOFError:
                break
            if kind != CMD_NAME:
                raise SFTPError("no names")
            for _ in range(answer.get_int()):
                name, _long = answer.get_binary(), answer.get_binary()
                if not name:
                    raise SFTPError("fewer names than announced")
                yield name, paramiko.SFTPAttributes._from_msg(answer)  # type: ignore[attr-defined]
        self._request(CMD_CLOSE, handle)  # type: ignore[attr-defined]

    def blocks(self, path: str, size: int) -> Generator[bytes, None, None]:
        """The bytes of a file of that size; fewer where it ends before, more where it goes on."""
        file = self.open(path, "rb")
        for start in range(0, size, WINDOW):
            end = min(start + WINDOW, size)
            asked = [(at, min(BLOCK, end - at)) for at in range(start, end, BLOCK)]
            for (_, length), block in zip(asked, file.readv(asked), strict=True):
                yield block
                if len(block) < length:
                    return
        yield file.read(1)


class Session:
    """One login.

    Raises:
        SourceError: another host key, no usable credentials; RetryableSourceError where the server does not answer.
    """

    def __init__(self, asking: Transport, connection: Connection, timeout_s: float) -> None:
        self._asking, self._connection, self._timeout_s = asking, connection, timeout_s
        pinned = _pinned(asking, connection)
        address = asking.address(connection.host, connection.port or SFTP_PORT, "connection")
        with self._said("connecting"):
            plug = socket.create_connection((address.ip, address.port), timeout=self._wait())
        self._plug, self._wire = plug, paramiko.Transport(plug)
        self._wire.set_log_channel(_WIRE)
        self._watchdog = threading.Timer(asking.deadline.remaining, self._cut)
        self._watchdog.daemon = True
        self._watchdog.start()
        try:
            self._greet(pinned)
            self._log_in()
            self.client = self._open()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether more can be asked."""
        channel = self.client.get_channel()
        return self._wire.is_active() and channel is not None and not channel.closed

    def close(self) -> None:
        """End it; without waiting for the server."""
        self._watchdog.cancel()
        self._cut()

    def _cut(self) -> None:
        with suppress(OSError, EOFError, paramiko.SSHException):
            self._wire.close()
        self._plug.close()

    def _greet(self, pinned: frozenset[bytes]) -> None:
        """Agree on keys; no other server than the known one is spoken to any further."""
        wire = self._wire
        _prefer(wire, pinned)
        wire.banner_timeout = wire.handshake_timeout = wire.auth_timeout = self._wait()
        with self._said("greeting"):
            wire.start_client(timeout=self._wait())
            if not wire.initial_kex_done:  # start_client returns when its time is over
                raise TimeoutError
            key = wire.get_remote_server_key()
        if key.asbytes() not in pinned:
            raise self._asking.fault(
                "connection", "host key", f"another host key ({key.fingerprint}): host key changed, or another server",
                f"the known one ({', '.join(sorted(map(_fingerprint, pinned)))})",
                "Nothing was sent to it. Ask whoever operates the server; if it has a new key, put it into extra.host_key.",
            )  # fmt: skip

    def _log_in(self) -> None:
        wire, connection = self._wire, self._connection
        key = _private_key(self._asking, connection)
        wire.auth_timeout = self._wait()
        with self._said("login"):
            try:
                more = wire.auth_publickey(connection.login, key) if key else ["password"]
                if more and connection.password:
                    wire.auth_password(connection.login, connection.password)
            except paramiko.AuthenticationException as error:
                if not wire.is_active() or "timeout" in str(error).lower():
                    raise TimeoutError from None  # nothing was said about the credentials
            if not wire.is_authenticated():
                raise self._asking.fault(
                    "connection", "login", "credentials that are refused", "a login that the server takes",
                    "Check the connection's login and its password or extra.private_key.",
                )  # fmt: skip

    def _open(self) -> Client:
        with self._said("opening SFTP"):
            channel = self._wire.open_session(timeout=self._wait())
            channel.settimeout(self._wait())
            channel.invoke_subsystem("sftp")
            return Client(channel)

    def _wait(self) -> float:
        return self._asking.deadline.at_most(self._timeout_s)

    @contextmanager
    def _said(self, place: str) -> Iterator[None]:
        """Within, a server that does not answer as an SSH server does becomes an error that may be tried again."""
        try:
            yield
        except SourceError:
            raise
        except Exception as error:  # whatever the library makes of what a server sends
            if self._asking.deadline.passed:
                raise self._asking.too_late("connection", place) from None
            raise self._asking.fault(
                "connection", place, f"no whole answer ({type(error).__name__})", "an SSH server that goes on",
                "It will be asked again; check host and port if it stays so.", retry=True,
            ) from None  # fmt: skip


def _pinned(asking: Transport, connection: Connection) -> frozenset[bytes]:
    """The host keys that the connection declares."""
    declared: Any = connection.extra.get("host_key") or ""
    lines = declared.splitlines() if isinstance(declared, str) else [str(line) for line in declared]
    lines = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    try:
        keys = frozenset(_blob(line) for line in lines)
    except ValueError:
        keys = frozenset()
    if not keys:
        raise asking.fault(
            "connection", "extra.host_key", "an unusable host key" if lines else "no host key",
            "ssh-ed25519 AAAA…, a line for each, as ssh-keyscan prints them",
            "Ask whoever operates the server for its host key and put it into the connection.",
        )  # fmt: skip
    return keys


def _blob(line: str) -> bytes:
    """The key of a line of known_hosts or authorized_keys form, or of one that is the key alone."""
    if line.startswith("@"):
        raise ValueError("a revoked key, or one of an authority")
    for word in line.split():
        if word.startswith("AAAA"):
            return _key(base64.b64decode(word, validate=True)).asbytes()
    raise ValueError("no key")


def _key(blob: bytes) -> paramiko.PKey:
    try:
        key: paramiko.PKey = paramiko.PKey.from_type_string(paramiko.Message(blob).get_text(), blob)
    except Exception:  # as many kinds as there are kinds of keys
        raise ValueError("no key of a known kind") from None
    return key


def _fingerprint(blob: bytes) -> str:
    return str(_key(blob).fingerprint)


def _prefer(wire: paramiko.Transport, pinned: frozenset[bytes]) -> None:
    """Ask first for the kinds of key that are known: a server may have several."""
    options = wire.get_security_options()
    kinds = [_key(blob).get_name() for blob in sorted(pinned)]
    algorithms = [a for kind in kinds for a in (RSA if kind == "ssh-rsa" else (kind,))]
    known = [algorithm for algorithm in algorithms if algorithm in options.key_types]
    options.key_types = tuple(dict.fromkeys([*known, *options.key_types]))


def _private_key(asking: Transport, connection: Connection) -> paramiko.PKey | None:
    text = str(connection.extra.get("private_key") or "")
    if not text:
        return None
    phrase = str(connection.extra.get("private_key_passphrase") or "") or None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(Exception):  # each raises errors of its own for the keys of another kind
            return kind.from_private_key(io.StringIO(text), phrase)
    raise asking.fault(
        "connection", "extra.private_key", "no private key that can be used", "PEM or OpenSSH, and its passphrase",
        "Mend the connection.",
    )  # fmt: skip
