"""`odcm ledger`: whether every row that landed is accounted for."""

from __future__ import annotations

from dataclasses import asdict

import typer

from include.cli.errors import REFUSED
from include.cli.output import Format, FormatOption, say, show, table
from include.cli.place import existing_home

app = typer.Typer(help="The ledger of deliveries and batches.", no_args_is_help=True)
COUNTS = (
    "deliveries",
    "waiting",
    "landed",
    "accepted",
    "quarantined",
    "duplicate",
    "not_for_us",
    "difference",
)


@app.command("balance")
def balance(form: FormatOption = Format.table) -> None:
    """Rows landed = accepted + quarantined + duplicate + not for us, feed by feed (R3). Exit code 1 if they are not.

    `not for us` counts the rows of shared files that a definition leaves to others, and is shown where there are any.
    `waiting` counts deliveries that are in no committed batch: not judged yet, refused or stopped.
    """
    from include.steps.context import open_ledger

    with open_ledger(existing_home()) as ledger:
        found = [asdict(row) for row in ledger.balance()]
    totals = {name: sum(row[name] for row in found) for name in COUNTS}
    off = [row["feed_id"] for row in found if row["difference"]]
    data = {"feeds": found, "totals": totals, "exact": not off}
    shown = [name for name in COUNTS if name != "not_for_us" or totals[name]]
    rows = [[row["feed_id"], *(row[name] for name in shown)] for row in found]
    rows.append(["all", *(totals[name] for name in shown)])
    title = "Rows of committed batches: " + ("exact" if not off else f"{len(off)} feeds are off")
    show(data, table(title, ("feed", *(f">{name.replace('_', ' ')}" for name in shown)), rows), form)
    if off:
        say(f"the balance is off in {', '.join(off)}")
        raise typer.Exit(REFUSED)
