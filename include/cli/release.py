"""`odcm release`: draft, approve, publish, verify and list the annual releases."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.cli.errors import REFUSED
from include.cli.output import Format, FormatOption, say, show, table, working
from include.cli.place import AsAtOption, existing_home, moment

if TYPE_CHECKING:
    from include.storage.home import Home

app = typer.Typer(help="Annual releases.", no_args_is_help=True)
ReleaseArgument = Annotated[str, typer.Argument(metavar="RELEASE_ID", help="For example 2025.1-provisional.")]


@app.command("draft")
def draft(
    year: Annotated[int, typer.Argument(min=1990, max=2100, help="The year that the figures are about.")],
    as_at: AsAtOption = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why a published release is revised.")
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Freeze what the release rests on, check it and write the draft. Nothing new since the last one: no new one."""
    from include.runtime.account import account
    from include.steps import release as steps
    from include.steps.definitions import faults

    known_at = moment(as_at)
    home = existing_home()
    with working(f"drafting the release of {year}"):
        frozen = steps.freeze(year, known_at, reason, home, by=account())
        path = steps.draft(frozen["release_id"], home, by=account())
    row = _row(home, frozen["release_id"])
    data = {**frozen, "state": row["state"], "path": path, "content_sha256": row["content_sha256"]}
    show(data, _facts(data), form)
    for fault in faults():
        say(fault)
    if row["state"] == "drafted":
        say(f"next: another person looks at it: odcm release approve {frozen['release_id']}")


@app.command("approve")
def approve(
    release_id: ReleaseArgument,
    form: FormatOption = Format.table,
) -> None:
    """Note that you agree to publish the draft as it is now. Not for the account that started or drafted it."""
    from include.runtime.account import account
    from include.steps import release as steps

    row = asdict(steps.approve(release_id, account(), existing_home()))
    show(row, _facts(row), form)


@app.command("publish")
def publish(
    release_id: ReleaseArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    form: FormatOption = Format.table,
) -> None:
    """Publish a draft, approving it first where nobody has. On a terminal it asks before.

    The account that started or drafted a release cannot approve it.
    """
    from include.runtime.account import account
    from include.steps import release as steps

    home = existing_home()
    row = _row(home, release_id)
    if row["state"] != "published" and not yes and not _agreed(release_id):
        say("not published")
        raise typer.Exit(REFUSED)
    if row["state"] not in ("approved", "published"):
        steps.approve(release_id, account(), home)
    with working(f"publishing {release_id}"):
        published = steps.publish(release_id, home)
    show(published, _facts(dict(published)), form)


@app.command("verify")
def verify(release_id: ReleaseArgument, form: FormatOption = Format.table) -> None:
    """Build a release again from core and compare it byte for byte. Exit code 1 if anything differs."""
    from include.steps import release as steps

    with working(f"building {release_id} again"):
        differences = steps.verify(release_id, existing_home())
    data = {"release_id": release_id, "same": not differences, "differences": differences}
    title = f"Release {release_id}: {'the same bytes' if not differences else 'it differs'}"
    show(data, table(title, ("difference",), [(one,) for one in differences]), form)
    if differences:
        say(f"release {release_id}: {len(differences)} difference(s)")
        raise typer.Exit(REFUSED)


@app.command("list")
def list_releases(
    year: Annotated[int | None, typer.Option("--year", help="Only this year's.")] = None,
    form: FormatOption = Format.table,
) -> None:
    """Every release with its state."""
    from include.steps import release as steps

    found = steps.releases(year, existing_home())
    shown = ("release_id", "state", "current", "as_at", "approved_by", "published_at", "reason")
    title = f"{len(found)} release(s)"
    show({"releases": found}, table(title, shown, [[row[name] for name in shown] for row in found]), form)


def _row(home: Home, release_id: str) -> dict[str, Any]:
    from include.steps.context import open_ledger

    with open_ledger(home) as ledger:
        return asdict(ledger.release(release_id))


def on_a_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _agreed(release_id: str) -> bool:
    """Yes where nobody can be asked: then the command itself is the answer."""
    if not on_a_terminal():
        return True
    return typer.confirm(f"Publish release {release_id}? It cannot be taken back.", err=True)


def _facts(data: dict[str, Any]) -> Any:
    rows = [(name, str(value) if isinstance(value, int) else value) for name, value in data.items()]
    return table(f"Release {data['release_id']}", ("", ""), [row for row in rows if row[1] is not None])
