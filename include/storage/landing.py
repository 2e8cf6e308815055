"""Landing: the bytes of every delivery as received, named by their SHA-256, never edited."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
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
    """Keep what `write` writes; the same bytes again are the same file. Nothing stays of a write that fails.

    A file that does not hold the bytes that it is named by any more is replaced.
    """
    home.landing.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=home.landing, prefix=f".incoming-{os.getpid()}-", delete=False
    ) as file:
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
    if target.exists() and _holds(target, hashing.sha256):
        incoming.unlink()
    else:
        target.parent.mkdir(exist_ok=True)
        incoming.chmod(0o400)
        incoming.rename(target)
    return Landed(hashing.sha256, hashing.size)


@contextlib.contextmanager
def scratch(home: Home) -> Iterator[Path]:
    """An empty restricted folder in which a transport puts what must be whole before it lands; gone afterwards."""
    above = home.restricted / "scratch"
    above.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=above, prefix=f"{os.getpid()}-") as folder:
        yield Path(folder)


def clear(home: Home, pid: int) -> None:
    """Remove what a process that was ended had begun to land."""
    for path in home.landing.glob(f".incoming-{pid}-*"):
        path.unlink(missing_ok=True)
    for path in (home.restricted / "scratch").glob(f"{pid}-*"):
        shutil.rmtree(path, ignore_errors=True)


def landed_path(home: Home, sha256: str) -> Path:
    """Where the bytes with that hash lie."""
    return home.landing / sha256[:2] / sha256


def _holds(path: Path, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _sweep(home: Home, than: Path) -> None:
    """Remove what a process that died a day ago or more had begun to land."""
    for path in [*home.landing.glob(".incoming-*"), *(home.restricted / "scratch").glob("*-*")]:
        with contextlib.suppress(FileNotFoundError):  # another process was quicker
            if than.stat().st_mtime - path.stat().st_mtime > A_DAY_S:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


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
