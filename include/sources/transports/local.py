"""A folder of this machine. What is no plain file under an allowed root is named, and never opened.

Python's own calls, not fsspec's local file system: that one follows links and opens whatever it finds.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from include.sources.deployment import NotAllowed
from include.sources.transports.base import CHUNK
from include.sources.transports.files import Entry, Files, shown


class LocalFolder:
    """A folder under an allowed root.

    Args:
        files: the transport that looks at it; it says what is wanted, and is told what is wrong.
        settle_s: a file that changed less than so many seconds ago is looked at again.
    """

    def __init__(self, files: Files, path: Path, settle_s: float) -> None:
        self._files, self._settle_s = files, settle_s
        with files.allowed("transport.path"):
            self._folder = files.at.deployment.folder(path)

    def entries(self) -> Iterator[Entry]:
        """Every wanted file.

        Raises:
            SourceError: there is no such folder, or it may not be read.
        """
        with self._listing(), os.scandir(self._folder) as found:
            for each in found:
                if self._files.wanted(each.name) and self._files.usable(each.name):
                    entry = self._entry(each.name)
                    if entry:
                        yield entry

    def settled(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that have stayed the same for the time to settle; one wait for all that are younger."""
        now = time.time()
        ages = [now - entry.modified.timestamp() for entry in entries]
        young = [age for age in ages if age < self._settle_s]
        if young:
            # A time stamp in the future says nothing about when the file was written.
            self._files.pause(self._settle_s - max(0.0, min(young)))
        found = []
        for entry, age in zip(entries, ages, strict=True):
            later = self._entry(entry.name) if age < self._settle_s else entry
            if later and later.state == entry.state:
                found.append(entry)
            elif later:
                self._files.growing(entry.name)
        return found

    def blocks(self, entry: Entry) -> Generator[bytes, None, None]:
        """The bytes of a file that is still the one that was listed, before and after.

        Raises:
            SourceError: it is another one now, or cannot be read.
        """
        try:
            real = self._real(entry.name)
            if _state(real.lstat()) != entry.state:
                raise self._files.changed(entry.name)
            # No link is followed any more, and nothing is waited for, should another thing stand there by now.
            handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb", buffering=0) as file:
                if _state(os.fstat(handle)) != entry.state:
                    raise self._files.changed(entry.name)
                while block := file.read(CHUNK):
                    yield block
                if not _state(os.fstat(handle)) == _state(real.lstat()) == entry.state:
                    raise self._files.changed(entry.name)
        except (FileNotFoundError, NotADirectoryError, NotAllowed, RuntimeError):
            raise self._files.changed(entry.name) from None
        except OSError as error:
            raise self._files.fault(
                shown(entry.name), "reading", f"an error of the system ({_reason(error)})", "a file that can be read",
                "Check its permissions and its disk.", retry=not isinstance(error, PermissionError),
            ) from None  # fmt: skip

    def close(self) -> None:
        """Nothing is open."""

    def _real(self, name: str) -> Path:
        """The path of a file; of one that is a link, where it leads, if that is allowed."""
        path = self._folder / name
        return self._files.at.deployment.folder(path) if path.is_symlink() else path

    def _entry(self, name: str) -> Entry | None:
        """The file of that name; None where it is gone, is a folder, or was refused."""
        try:
            found = self._real(name).lstat()
            modified = datetime.fromtimestamp(found.st_mtime, UTC)
        except NotAllowed:
            self._files.refuse(
                name, "file", "a link that leads out of the allowed folders", "a file under a root of the deployment"
            )  # fmt: skip
        except FileNotFoundError:
            if (self._folder / name).is_symlink():
                self._files.refuse(name, "file", "a link to nothing", "a file")
        except (OSError, RuntimeError, ValueError, OverflowError) as error:
            # RuntimeError: links that lead to each other; the last two: a time stamp that is none.
            self._files.refuse(
                name, "file", f"what cannot be looked at ({_reason(error)})", "a file that can be read"
            )
        else:
            if stat.S_ISREG(found.st_mode):
                return Entry(name, found.st_size, modified, _state(found))
            if not stat.S_ISDIR(found.st_mode):
                self._files.refuse(name, "file", "a pipe, a device or a socket", "a plain file")
        return None

    @contextmanager
    def _listing(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            raise self._files.fault(
                "transport.path", "folder", "no such folder", "the folder the source writes to",
                "Check transport.path and the variables it uses.",
            ) from None  # fmt: skip
        except OSError as error:
            raise self._files.fault(
                "transport.path", "folder", f"an error of the system ({_reason(error)})", "a folder that can be listed",
                "Check its permissions and its disk.", retry=not isinstance(error, PermissionError),
            ) from None  # fmt: skip


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
