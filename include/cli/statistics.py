"""`odcm statistics`: count the marts."""

from __future__ import annotations

import typer

from include.cli.output import Format, FormatOption, say, show, table, working
from include.cli.place import AsAtOption, existing_home, moment

app = typer.Typer(help="The statistical tables (marts).", no_args_is_help=True)


@app.callback()
def statistics() -> None:
    """The statistical tables (marts)."""


@app.command("build")
def build(as_at: AsAtOption = None, form: FormatOption = Format.table) -> None:
    """Count all marts of all years from core.

    With --as-at they are counted as known then, and written beside the current ones.
    """
    from include.steps import statistics as steps
    from include.steps.definitions import faults

    known_at = moment(as_at)
    home = existing_home()
    with working("counting"):
        built = steps.build(known_at, home)
    title = f"Marts as known at {built['as_at']}, from {built['batches']:,} batches, in {built['folder']}"
    show(built, table(title, ("mart", ">rows"), list(built["marts"].items())), form)
    for fault in faults():
        say(fault)
