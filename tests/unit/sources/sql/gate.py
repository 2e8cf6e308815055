"""A TCP door to a server that listens on a socket file: it can break lines, hold them, or speak TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path

from tests.faults.doors import shut

SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # PostgreSQL protocol 3.0, message SSLRequest
GSS_REQUEST = bytes.fromhex("0000000804d21630")


class Gate:
    """Listens on 127.0.0.1 and hands everything on, both ways.

    Attributes:
        port: where it listens.
        cut_after: bytes from the server after which both ends are cut; None for never.
        hold_after: bytes from the server after which nothing comes any more, and nothing ends.
        tls: where given, lines may be encrypted up to here.
    """

    def __init__(self, behind: Path, tls: ssl.SSLContext | None = None) -> None:
        self.cut_after: int | None = None
        self.hold_after: int | None = None
        self.tls = tls
        self._behind = behind
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        shut(self._listening)
        for line in self._open:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=[line], daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError):
            line, first = self._greeted(line)
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._behind))
            server.sendall(first)
            self._open += [line, server]
            threading.Thread(target=self._from_client, args=[line, server], daemon=True).start()
            self._from_server(server, line)

    def _greeted(self, line: socket.socket) -> tuple[socket.socket, bytes]:
        while True:
            first = line.recv(8)
            if first not in (SSL_REQUEST, GSS_REQUEST):
                return line, first
            if first == SSL_REQUEST and self.tls:
                line.sendall(b"S")
                line = self.tls.wrap_socket(line, server_side=True)
            else:
                line.sendall(b"N")

    def _from_client(self, line: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := line.recv(1 << 16):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _from_server(self, server: socket.socket, line: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):  # a server that ends with a question unread resets its end
            while data := server.recv(1 << 16):
                passed += len(data)
                if self.hold_after is not None and passed > self.hold_after:
                    continue
                if self.cut_after is not None and passed > self.cut_after:
                    break
                line.sendall(data)
        for end in (line, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
