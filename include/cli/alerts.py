"""`odcm alerts`: deliveries that a person should look at, with their figures."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from include.cli.output import Format, FormatOption, say, show, table
from include.cli.place import existing_home

app = typer.Typer(help="Deliveries that a person should look at.", no_args_is_help=True)


@app.command("list")
def list_alerts(
    everything: Annotated[bool, typer.Option("--all", help="Those that were acknowledged, too.")] = False,
    form: FormatOption = Format.table,
) -> None:
    """Far fewer rows than usual, the same file again, numbers since January that fell, withdrawals held back."""
    from include.steps import alerts

    found = alerts.alerts(open_only=not everything, home=existing_home())
    data = {
        "alerts": [
            {**asdict(one), "figures": json.loads(one.figures), "text": alerts.told(one)} for one in found
        ]
    }
    rows = [(str(one.alert_id), one.raised_at, one.acknowledged_by or "", alerts.told(one)) for one in found]
    title = f"{len(found)} alerts" + ("" if everything else " that nobody has acknowledged")
    show(data, table(title, (">id", "raised", "acknowledged by", "alert"), rows), form)


@app.command("acknowledge")
def acknowledge(
    alert_id: Annotated[int, typer.Argument(metavar="ID", help="As `odcm alerts list` shows it.")],
    by: Annotated[str, typer.Option("--by", help="Who has looked at it.")],
) -> None:
    """Note that a person has looked at an alert; the first who did stays noted."""
    from include.cli.errors import WrongUsage
    from include.ledger import NotFound
    from include.steps import alerts

    if not by.strip():
        raise WrongUsage("--by: an acknowledgement names the person who gives it")
    try:
        found = alerts.acknowledge(alert_id, by.strip(), existing_home())
    except NotFound as error:
        raise WrongUsage(f"{error}; odcm alerts list --all shows all") from None
    say(f"alert {alert_id}: acknowledged by {found.acknowledged_by}")
