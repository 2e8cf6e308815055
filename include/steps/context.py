"""What every step opens first: the home folder, its ledger, and the versions it works with."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from include.ledger import Ledger
from include.storage import access
from include.storage.home import Home

INCLUDE = Path(__file__).parents[1]
OWN_SECRETS = frozenset({"ODCM_LEDGER_URL", "ODCM_SMTP", "PGPASSWORD", "MYSQL_PWD"})
OF_OTHERS = ("AIRFLOW", "AWS_")
"""Beginnings of names that hold the keys and connections of Airflow and of object stores."""


def open_ledger(home: Home) -> Ledger:
    """The ledger of a home folder, migrated to the current schema; what is written from here on is its owner's."""
    access.protect(home)
    ledger = Ledger(home.ledger_url)
    ledger.migrate()
    return ledger


@functools.cache
def code_version() -> str:
    """The version of this code: ODCM_CODE_VERSION (a commit, set when an image is built), else the package's."""
    try:
        return os.environ.get("ODCM_CODE_VERSION") or metadata.version("odcm")
    except metadata.PackageNotFoundError:
        return "unknown"


@functools.cache
def program_sha256() -> str:
    """Fingerprint of the part of this program that decides about a row: two versions that differ elsewhere are one."""
    digest = hashlib.sha256()
    rooms = ("channels", "contracts", "quality", "sources", "steps", "transform")
    for path in sorted(path for room in rooms for path in (INCLUDE / room).rglob("*")):
        if path.suffix in (".py", ".sql"):
            digest.update(f"{path.relative_to(INCLUDE)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def variables(home: Home) -> Mapping[str, str]:
    """The variables that the deployment file may use: the environment over the sandbox's places."""
    return {"ODCM_INBOX": str(home.root / "sandbox" / "inbox"), **os.environ}


def variables_of_definitions(home: Home) -> Mapping[str, str]:
    """Those that source definitions may use: not the ones that hold the program's own secrets.

    What a definition puts into an address or a header goes to the source.
    """
    return {
        name: value
        for name, value in variables(home).items()
        if name not in OWN_SECRETS and not name.startswith(OF_OTHERS)
    }
