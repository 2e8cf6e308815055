"""`odcm coverage`: what became of every expected report, feed by feed and month by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.cli.output import Format, FormatOption, say, show, table
from include.cli.place import AsAtOption, SourceOption, existing_home, moment

if TYPE_CHECKING:
    from include.steps.reports import ReportState


def command(
    year: Annotated[
        int | None,
        typer.Option("--year", min=2000, max=2100, help="The newest that a report came for, by default."),
    ] = None,
    source: SourceOption = None,
    as_at: AsAtOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Which reports came, said zero, had nothing new, wait, are not due, late or missing; feed by feed and month by month.

    A report is expected from each feed whose definition declares a rhythm. Silence is never zero (R4).
    """
    from include.cli.ingest import chosen_feeds
    from include.steps import reports
    from include.steps.definitions import faults

    home = existing_home()
    found = reports.matrix(home, year, moment(as_at))
    known = list(dict.fromkeys(one.feed_id for one in found.states))
    chosen = set(chosen_feeds(known, source or []))
    states = [one for one in found.states if one.feed_id in chosen]
    counts = Counter(one.state for one in states)
    data = {
        "year": found.year,
        "as_at": found.as_at,
        "totals": {code: counts[code] for code in _signs()},
        "reports": [{"feed_id": one.feed_id, **vars(one)} for one in states],
    }
    show(data, _matrix(found.year, found.as_at, states, counts), form)
    for fault in faults():
        say(fault)


def _matrix(year: int, as_at: datetime, states: Sequence[ReportState], counts: Counter[str]) -> Any:
    from rich.console import Group

    signs = _signs()
    by_feed: dict[str, dict[int, str]] = {}
    for one in states:
        by_feed.setdefault(one.feed_id, {})[one.month] = signs[one.state][0]
    rows = [(feed, *(months.get(month, "") for month in range(1, 13))) for feed, months in by_feed.items()]
    title = f"Reports for {year}, as known on {as_at:%Y-%m-%d %H:%M} UTC"
    columns = ("feed", *(str(month) for month in range(1, 13)))
    legend = [(sign, name, counts[code]) for code, (sign, name) in signs.items()]
    return Group(table(title, columns, rows), table("Signs", ("", "state", ">reports"), legend))


def _signs() -> dict[str, tuple[str, str]]:
    """State → its sign and its name."""
    from include.contracts import codelist

    return {row["code"]: (row["sign"], row["name_en"]) for row in codelist("report_states").to_pylist()}
