"""`odcm deliveries`: what was delivered, and what people decided about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.cli.errors import WrongUsage
from include.cli.output import Format, FormatOption, say, show, table
from include.cli.place import SourceOption, existing_home

if TYPE_CHECKING:
    from include.ledger import DecisionRow
    from include.steps.deliveries import DeliveryState

app = typer.Typer(help="Deliveries: list them, put one aside, restore it.", no_args_is_help=True)
IdArgument = Annotated[
    str,
    typer.Argument(metavar="ID", help="As `odcm deliveries list` shows it; its first letters are enough."),
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the ledger.")]
STATES = ("waiting", "set_aside", "in_core")


@app.command("list")
def list_deliveries(
    source: SourceOption = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help=f"One of {', '.join(STATES)}.")
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Every delivery with where it stands: in core, waiting (refused, or not judged yet), set aside by whom and why."""
    from include.cli.ingest import chosen_feeds
    from include.steps import deliveries

    if state not in (None, *STATES):
        raise WrongUsage(f"--state {state}: expected one of {', '.join(STATES)}")
    home = existing_home()
    feeds = chosen_feeds(deliveries.feeds(home), source or [])
    found = [one for one in deliveries.deliveries(feeds, home) if state in (None, one.state)]
    rows = [_row(one) for one in found]
    columns = (
        "feed",
        "delivery",
        "period",
        "handed over",
        "state",
        ">rows",
        ">quarantined",
        "decided by",
        "reason",
    )
    show(
        {"deliveries": [_data(one) for one in found]}, table(f"{len(found)} deliveries", columns, rows), form
    )


@app.command("set-aside")
def set_aside(delivery: IdArgument, reason: ReasonOption, form: FormatOption = Format.table) -> None:
    """Put a delivery aside, in the name of your account: from now on nothing of it counts. Nothing is removed.

    What was known before stays as it was, as known then. One that waits does not wait any more.
    """
    from include.runtime.account import account
    from include.steps import deliveries

    _told(deliveries.set_aside(delivery, account(), _given(reason), existing_home()), form)


@app.command("restore")
def restore(delivery: IdArgument, reason: ReasonOption, form: FormatOption = Format.table) -> None:
    """Take back that a delivery was set aside, in the name of your account: it counts, or waits, again from now on."""
    from include.runtime.account import account
    from include.steps import deliveries

    _told(deliveries.restore(delivery, account(), _given(reason), existing_home()), form)


def _given(reason: str) -> str:
    if not reason.strip():
        raise WrongUsage("--reason: a decision says why it was made")
    return reason.strip()


def _told(decision: DecisionRow, form: Format) -> None:
    data = asdict(decision)
    show(
        data,
        table("Decision", ("", ""), [(key.replace("_", " "), value) for key, value in data.items()]),
        form,
    )
    say("next: odcm ingest, then odcm statistics build")


def _row(one: DeliveryState) -> tuple[Any, ...]:
    d, decision = one.delivery, one.decision
    return (
        d.feed_id, d.delivery_id[:12], d.period, d.received_at, one.state, d.rows_landed, d.rows_quarantined,
        decision.decided_by if decision else "", decision.reason if decision else "",
    )  # fmt: skip


def _data(one: DeliveryState) -> dict[str, Any]:
    d = one.delivery
    return {
        "delivery_id": d.delivery_id,
        "feed_id": d.feed_id,
        "period": d.period,
        "received_at": d.received_at,
        "sha256": d.sha256,
        "state": one.state,
        "rows_landed": d.rows_landed,
        "rows_quarantined": d.rows_quarantined,
        "decision": asdict(one.decision) if one.decision else None,
    }
