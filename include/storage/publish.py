"""Release folders: drafts written whole, published by one rename, found through one pointer.

    releases/.drafts/<release>/   the draft; written again as often as needed
    releases/<release>/           published; never written again
    releases/CURRENT              the id of the newest published release, one line

A reader sees the old release or the new one, never half of one.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from include.storage.access import FILE, FOLDER, shared_folder
from include.storage.home import Home

CURRENT = "CURRENT"
RELEASE = re.compile(r"^(?P<year>[0-9]{4})\.(?P<number>[0-9]+)-(provisional|final)$")


class PublishError(RuntimeError):
    """A release folder is not as it must be; nothing was overwritten."""


class Busy(RuntimeError):
    """Another process holds the release."""


def draft_folder(home: Home, release_id: str) -> Path:
    """Where the draft of a release lies."""
    return home.releases / ".drafts" / _checked(release_id)


def release_folder(home: Home, release_id: str) -> Path:
    """Where a published release lies."""
    return home.releases / _checked(release_id)


def write_draft(home: Home, release_id: str, files: Mapping[str, bytes]) -> Path:
    """Put the draft in place, whole or not at all, and return its folder; the same bytes again change nothing."""
    target = draft_folder(home, release_id)
    if target.is_dir() and read_files(target) == dict(files):
        return target
    shared_folder(target.parent)
    temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=target.parent))
    try:
        temporary.chmod(FOLDER)
        for path, content in sorted(files.items()):
            _write(temporary / path, content)
        _fsync_folders(temporary)
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
        _fsync(target.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return target


def read_files(folder: Path) -> dict[str, bytes]:
    """Path → content of every file below a folder; empty where there is no folder."""
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def publish(home: Home, release_id: str) -> bool:
    """Move the draft to its published place and point CURRENT at the newest release; True where it was moved now.

    Called again after a crash it goes on where it stopped: a folder already in place is left as it is, the
    pointer is set.

    Raises:
        PublishError: there is neither draft nor published folder, or both and they differ.
    """
    draft, target = draft_folder(home, release_id), release_folder(home, release_id)
    moved = False
    if target.exists():
        if draft.exists() and read_files(draft) != read_files(target):
            raise PublishError(
                f"release {release_id} is published and its draft has other content: a published release is never "
                "overwritten (T1); freeze the year again to get the next number"
            )
    elif draft.is_dir():
        for path in draft.rglob("*"):
            if path.is_file():
                path.chmod(0o444)
        draft.rename(target)
        _fsync(draft.parent)
        _fsync(home.releases)
        moved = True
    else:
        raise PublishError(f"release {release_id} has no draft: draft it first")
    point(home)
    return moved


def point(home: Home) -> str | None:
    """Set CURRENT to the newest published release, of the latest year and highest number; returns its id."""
    newest = max(published(home), key=_order, default=None)
    if newest is None or current(home) == newest:
        return newest
    temporary = home.releases / f".{CURRENT}.{os.getpid()}"
    _write(temporary, f"{newest}\n".encode())
    temporary.replace(home.releases / CURRENT)
    _fsync(home.releases)
    return newest


def current(home: Home) -> str | None:
    """The release that CURRENT names; null before the first publication."""
    pointer = home.releases / CURRENT
    return pointer.read_text(encoding="utf-8").strip() if pointer.exists() else None


def published(home: Home) -> list[str]:
    """Ids of the releases whose folders are in place, oldest first."""
    if not home.releases.is_dir():
        return []
    found = [path.name for path in home.releases.iterdir() if path.is_dir() and RELEASE.match(path.name)]
    return sorted(found, key=_order)


@contextmanager
def alone(home: Home, name: str) -> Iterator[None]:
    """Hold a lock of that name in the releases folder; the system frees it when the process ends, however it ends.

    Raises:
        Busy: another process holds it.
    """
    folder = home.releases / ".locks"
    shared_folder(folder)
    with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"{name}: another process is at it; try again when it has finished") from None
        yield


def _checked(release_id: str) -> str:
    if not RELEASE.match(release_id):
        raise PublishError(f"{release_id!r} is no release id; expected for example 2025.1-provisional")
    return release_id


def _order(release_id: str) -> tuple[int, int]:
    match = RELEASE.match(release_id)
    return (int(match["year"]), int(match["number"])) if match else (0, 0)


def _write(path: Path, content: bytes) -> None:
    shared_folder(path.parent)
    with path.open("wb") as file:
        os.fchmod(file.fileno(), FILE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _fsync_folders(folder: Path) -> None:
    for each in [*(path for path in folder.rglob("*") if path.is_dir()), folder]:
        _fsync(each)


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
