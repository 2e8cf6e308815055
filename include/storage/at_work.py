"""One ingest of a home at a time: the second says that the first is at work."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from include.storage import access
from include.storage.home import Home
from include.storage.publish import Busy

LOCK = ".ingest.lock"


@contextmanager
def ingesting(home: Home, began: datetime) -> Iterator[None]:
    """Hold the home's ingest lock; it is free again when the process ends, however it ends.

    Raises:
        Busy: another process holds it; nothing was done.
    """
    access.protect(home)
    home.restricted.mkdir(exist_ok=True)
    with os.fdopen(os.open(home.restricted / LOCK, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"odcm ingest: another one is at work in this home ({file.read() or 'just begun'}); expected one at a "
                "time. Nothing was done: run it again when that has ended."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {began.isoformat(timespec='seconds')}")
        file.flush()
        yield
