"""`odcm summaries`: tell the managers."""

from __future__ import annotations

from typing import Annotated

import typer

from include.cli.output import Format, FormatOption, show, table, working
from include.cli.place import existing_home

app = typer.Typer(help="Summaries of a release by e-mail.", no_args_is_help=True)


@app.callback()
def summaries() -> None:
    """Summaries of a release by e-mail."""


@app.command("send")
def send(
    release_id: Annotated[str, typer.Argument(metavar="RELEASE_ID", help="A published release.")],
    form: FormatOption = Format.table,
) -> None:
    """Send the summary of a published release to everyone who has not had it, through the server ODCM_SMTP names."""
    from include.steps import summaries as steps

    with working(f"sending the summaries of {release_id}"):
        sent = steps.send(release_id, home=existing_home())
    rows = [("sent now", sent["sent"]), ("sent before", sent["already"])]
    show(sent, table(f"Letters of {release_id}", ("", ">"), rows), form)
