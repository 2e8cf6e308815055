"""How long a source held a feed up, measured from inside: what a machine takes to start a run is not the source's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from include.sources.transports import base


@dataclass
class Held:
    """Seconds from the moment at which the time of a feed began until its transport had let go of everything."""

    seconds: float = 0.0


@contextmanager
def clocked() -> Iterator[Held]:
    """Within, one feed is landed; afterwards it is known how long that took."""
    held, began = Held(), time.monotonic()

    class Noted(base.Deadline):
        def __init__(self, seconds: float) -> None:
            nonlocal began
            began = time.monotonic()
            super().__init__(seconds)

    def leave(self: base.Transport, *what: Any) -> None:
        left(self, *what)
        held.seconds = time.monotonic() - began

    left = base.Transport.__exit__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "Deadline", Noted)
        patch.setattr(base.Transport, "__exit__", leave)
        yield held
