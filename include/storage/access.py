"""Who may read what: the restricted area is its owner's, whatever the umask; marts and releases are for whoever may enter
the home folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from include.storage.home import Home

OTHERS = 0o077
HOME, FOLDER, FILE = 0o750, 0o755, 0o644


def protect(home: Home) -> None:
    """Make the home folder, and keep what this process writes for its owner; call it before anything is written.

    From here on the process makes folders as 0700 and files as 0600, the engine's and the libraries' as well; marts and
    releases are opened by name (`shared_folder`, `FILE`). A restricted area that others can enter, of an earlier
    version, is closed with all that lies in it. What belongs to another account stays as it is.
    """
    os.umask(OTHERS)
    if not home.root.is_dir():
        home.root.mkdir(parents=True, exist_ok=True)
        home.root.chmod(HOME)
    if _is_open(home.restricted):
        for path in home.restricted.rglob("*"):
            if not path.is_symlink() and _is_open(path):
                _close(path)
        _close(home.restricted)  # last, so that an end in between is made good by the next call


def shared_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for whoever may enter the home folder."""
    if folder.is_dir():
        return
    shared_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) & 0o7000 | FOLDER)  # a group that is handed on stays so


def _is_open(path: Path) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:  # not there, or gone since it was listed
        return False
    return bool(found.st_mode & OTHERS) and found.st_uid == os.geteuid()


def _close(path: Path) -> None:
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
    except FileNotFoundError:
        return
