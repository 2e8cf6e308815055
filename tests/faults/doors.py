"""Doors on this machine: one that is really shut, and one behind which nobody is."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


def shut(door: socket.socket) -> None:
    """Close a listening socket. Closing alone lets a thread that waits in accept take one more guest in."""
    with contextlib.suppress(OSError):
        door.shutdown(socket.SHUT_RDWR)
    door.close()


@contextlib.contextmanager
def nobody() -> Iterator[int]:
    """A port at which nobody listens, and nobody can: it is taken as long as the block runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
