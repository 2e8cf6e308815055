"""A small HTTP server over raw sockets, so that a test can break the protocol at any byte."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.faults.doors import shut


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


class Gone(Exception):
    """The connection is over."""


@dataclass
class Wire:
    """One connection, as far as an answer needs it."""

    connection: socket.socket
    server: Server

    def write(self, data: bytes) -> None:
        try:
            self.connection.sendall(data)
        except OSError:
            raise Gone from None

    def head(self, status: int = 200, **headers: str) -> None:
        """Status line and headers, with _ for - in their names."""
        lines = [f"HTTP/1.1 {status} Said"] + [f"{n.replace('_', '-')}: {v}" for n, v in headers.items()]
        self.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def answer(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """A whole answer."""
        self.head(status, Content_Length=str(len(body)), **headers)
        self.write(body)

    def json(self, document: Any, status: int = 200, **headers: str) -> None:
        self.answer(json.dumps(document).encode(), status, Content_Type="application/json", **headers)

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the test lasts."""
        if self.server.over.wait(seconds):
            raise Gone

    def close(self) -> None:
        """End the connection in good order."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        raise Gone

    def reset(self) -> None:
        """End the connection with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


Answering = Callable[[Request, Wire], None]


@dataclass
class Server:
    """Where it listens, and what it was asked."""

    answering: Answering
    listening: socket.socket
    port: int
    tls: ssl.SSLContext | None = None
    asked: list[Request] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [request.path for request in self.asked]

    def run(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(Gone, OSError, ValueError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
                stack.callback(connection.close)
            reader = stack.enter_context(connection.makefile("rb"))
            while (request := _read(reader)) is not None:
                self.asked.append(request)
                self.answering(request, Wire(connection, self))


def _read(reader: Any) -> Request | None:
    first = reader.readline(65536).decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := reader.readline(65536).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    parts = urlsplit(first[1])
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(first[0], parts.path, query, headers, reader.read(int(headers.get("content-length", "0"))))


@contextlib.contextmanager
def serving(answering: Answering, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on a free port for as long as the block runs."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(answering, listening, listening.getsockname()[1], tls)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        shut(listening)
        thread.join()
