"""A relay between a client and a real server, which lets so many bytes of the answers through and then fails."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Literal, Self

from tests.faults.doors import shut

Failure = Literal["drip", "cut", "reset", "hold"]


class Relay:
    """While it is entered: `port` leads to the target. After `passes` bytes of an answer it does as it was told.

    drip: one byte each 20 ms; cut, reset: the connection ends, in order or not; hold: nothing comes any more.
    """

    def __init__(self, target: int, passes: int, then: Failure) -> None:
        self._target, self._passes, self._then = target, passes, then
        self._over = threading.Event()
        self._plugs: list[socket.socket] = []

    @property
    def port(self) -> int:
        port: int = self._door.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        shut(self._door)
        for plug in self._plugs:
            plug.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._plugs += [client, server]
            threading.Thread(target=self._questions, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answers, args=(client, server), daemon=True).start()

    def _questions(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65_536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        left = self._passes
        with contextlib.suppress(OSError):
            while data := server.recv(min(65_536, left) if left else 65_536):
                if left:
                    client.sendall(data)
                    left -= len(data)
                    continue
                if self._then == "drip":
                    for byte in data:
                        client.sendall(bytes([byte]))
                        if self._over.wait(0.02):
                            return
                elif self._then == "hold":
                    self._over.wait(30)
                    return
                else:
                    if self._then == "reset":
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        client.shutdown(socket.SHUT_RD)  # wakes the other thread, which holds the socket open
                        client.close()
                    else:
                        client.shutdown(socket.SHUT_RDWR)
                    return
            client.shutdown(socket.SHUT_WR)
