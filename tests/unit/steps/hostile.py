"""Steps that do harm, importable by the process that is to run them."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import time
from pathlib import Path

from include.sources import SourceError


def add(left: int, right: int) -> int:
    return left + right


def own_pid() -> int:
    return os.getpid()


def take_memory(megabytes: int) -> int:
    """Hold that much memory, really written to, for a while."""
    held = [os.urandom(1) * (1 << 20) for _ in range(megabytes)]
    time.sleep(20)
    return len(held)


def hang(marker: str) -> None:
    """Tell the process id, then wait for ever."""
    Path(marker).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(3600)


def crash() -> None:
    """As an engine that writes where it must not."""
    faulthandler.disable()  # the report of it is not wanted here
    ctypes.string_at(0)


def refuse() -> None:
    raise SourceError("KZ-43/laboratory", "a.csv", "line 3", "nothing", "something", "Ask.")


class Unportable(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__("the words of a row")
        self.handle = open(os.devnull)  # noqa: PTH123, SIM115 (an open file cannot travel)


def raise_unportable() -> None:
    raise Unportable(1, 2)
