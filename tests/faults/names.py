"""Names of hosts as nobody should have to look them up: made up, moving, or never found."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

Resolver = Callable[..., list[tuple[Any, ...]]]


class Names:
    """Looks up made-up names: each time with the next of the addresses that a name has, then the last again."""

    def __init__(self, real: Resolver) -> None:
        self.real, self.addresses, self.asked = real, dict[str, list[list[str]]](), list[str]()

    def __call__(self, host: Any, port: Any, *arguments: Any, **keywords: Any) -> list[tuple[Any, ...]]:
        if host not in self.addresses:
            return self.real(host, port, *arguments, **keywords)
        self.asked.append(host)
        found = self.addresses[host]
        addresses = found.pop(0) if len(found) > 1 else found[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


@contextmanager
def made_up_names() -> Iterator[Names]:
    """Within, names can be made up."""
    found = Names(socket.getaddrinfo)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", found)
        yield found


@contextmanager
def look_ups_that_hang() -> Iterator[None]:
    """Within, no name is ever found, and nobody is told so."""
    over = threading.Event()

    def hang(*arguments: Any, **keywords: Any) -> None:
        over.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "synthetic")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", hang)
        try:
            yield
        finally:
            over.set()
