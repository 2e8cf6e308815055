"""How long a source held a feed up, measured from inside: what a machine takes to start a run is not the source's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.sources.transports import base

WITHIN = 0.1
"""Of the deadline: how far from it a feed may end."""


@dataclass
class Held:
    """How long a feed was held up.

    Attributes:
        seconds: from the moment at which its time began until its transport had let go of everything.
        waited: of these, for how long one of its threads had work and no processor, at most: a busy machine's.
    """

    seconds: float = 0.0
    waited: float = 0.0

    def kept(self, deadline_s: float) -> bool:
        """Whether it ended before the deadline, or within a tenth after it."""
        return self.seconds <= deadline_s * (1 + WITHIN) + self.waited

    def reached(self, deadline_s: float) -> bool:
        """Whether it ended at the deadline, within a tenth."""
        return self.seconds >= deadline_s * (1 - WITHIN) and self.kept(deadline_s)


@contextmanager
def clocked() -> Iterator[Held]:
    """Within, one feed is landed; afterwards it is known how long that took."""
    held, began, before = Held(), time.monotonic(), _waited()

    class Noted(base.Deadline):
        def __init__(self, seconds: float) -> None:
            nonlocal began, before
            began, before = time.monotonic(), _waited()
            super().__init__(seconds)

    def leave(self: base.Transport, *what: Any) -> None:
        left(self, *what)
        held.seconds = time.monotonic() - began
        held.waited = max((now - before.get(thread, 0.0) for thread, now in _waited().items()), default=0.0)

    left = base.Transport.__exit__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "Deadline", Noted)
        patch.setattr(base.Transport, "__exit__", leave)
        yield held


def _waited() -> dict[str, float]:
    """Seconds for which each thread could have run and had no processor; none where the system does not say."""
    found = {}
    for task in Path("/proc/self/task").glob("*"):
        with suppress(OSError, ValueError, IndexError):  # a thread that has just ended
            found[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return found
