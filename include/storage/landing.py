"""Landing: the bytes of every delivery as received, named by their SHA-256, never edited."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from include.storage.home import Home

A_DAY_S = 86_400


@dataclass(frozen=True)
class Landed:
    """What lies in the landing area: content hash and size in bytes."""

    sha256: str
    size_bytes: int


def land(home: Home, write: Callable[[BinaryIO], None]) -> Landed:
    """Keep what `write` writes; the same bytes again are the same file. Nothing stays of a write that fails."""
    home.landing.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=home.landing, prefix=".incoming-", delete=False) as file:
        incoming = Path(file.name)
        try:
            hashing = _Hashing(cast(BinaryIO, file))
            write(cast(BinaryIO, hashing))
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            incoming.unlink()
            raise
    _sweep(home, than=incoming)
    target = landed_path(home, hashing.sha256)
    if target.exists():
        incoming.unlink()
    else:
        target.parent.mkdir(exist_ok=True)
        incoming.chmod(0o440)
        incoming.rename(target)
    return Landed(hashing.sha256, hashing.size)


def landed_path(home: Home, sha256: str) -> Path:
    """Where the bytes with that hash lie."""
    return home.landing / sha256[:2] / sha256


def _sweep(home: Home, than: Path) -> None:
    """Remove what a process that died a day ago or more had begun to land."""
    for path in home.landing.glob(".incoming-*"):
        with contextlib.suppress(FileNotFoundError):  # another process was quicker
            if than.stat().st_mtime - path.stat().st_mtime > A_DAY_S:
                path.unlink()


class _Hashing:
    """A file that hashes and counts what is written through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
