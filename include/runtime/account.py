"""Who is at work: the account that the operating system knows, whatever a person calls himself."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

LOGIN = Path("/proc/self/loginuid")
UNSET = 2**32 - 1


def account() -> str:
    """The name of the account of whoever started this process.

    The account that logged in, where the kernel keeps it: it stays with a person who goes on as another account
    (sudo). Else the account of the process. No variable of the environment is asked: anybody can set one.
    """
    uid = _logged_in()
    uid = os.getuid() if uid is None else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _logged_in() -> int | None:
    try:
        uid = int(LOGIN.read_text(encoding="ascii"))
    except (OSError, ValueError):  # another system, or a container that hides it
        return None
    return None if uid == UNSET else uid
