"""Whether a reader asked anybody for anything: an address that is listened to, and a file that nobody may open."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECRET = "what stands in another file"


@dataclass(frozen=True)
class Elsewhere:
    """Where a document may point to: an address on this machine, and a file that has a secret in it."""

    url: str
    file: Path


@contextlib.contextmanager
def nobody_is_asked(folder: Path) -> Iterator[Elsewhere]:
    """Give the places; afterwards, fail if there was a connection."""
    secret = folder / "secret.xlsx"
    secret.write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Elsewhere(f"http://127.0.0.1:{server.getsockname()[1]}/other.xlsx", secret)
        server.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            server.accept()
            raise AssertionError("the reader asked another machine")
