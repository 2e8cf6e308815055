"""What commands are given: the home folder they look into, and moments."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from include.cli.errors import WrongUsage
from include.storage.home import Home

AsAtOption = Annotated[
    str | None,
    typer.Option(
        "--as-at", metavar="T", help="As known at T: an ISO 8601 date or time, UTC where it names no zone."
    ),
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="ID",
        help="A source (KZ-43) or one feed (KZ-43/laboratory); may be repeated. All, by default.",
    ),
]


def existing_home() -> Home:
    """The home folder, for commands that only look.

    Raises:
        WrongUsage: there is none; looking must not make one.
    """
    home = Home.from_environment()
    if not home.root.is_dir() and not os.environ.get("ODCM_LEDGER_URL"):
        raise WrongUsage(f"no home folder at {home.root}: set ODCM_HOME, or begin with odcm ingest")
    return home


def moment(text: str | None) -> datetime | None:
    """The moment that a person wrote, in UTC; a date is its first instant.

    Raises:
        WrongUsage: not ISO 8601.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(
            f"--as-at {text!r}: expected a date or time such as 2026-01-31 or 2026-01-31T04:00:00Z"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
