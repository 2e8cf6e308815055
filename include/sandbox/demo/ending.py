"""The last page of the demo: the headline figures, and where everything lies."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from include.sandbox.demo.place import USER, Place


def show_headlines(console: Console, place: Place) -> None:
    """The headline table of the current release, from its figures.json."""
    release = current_release(place)
    figures = json.loads((release / "figures.json").read_text())
    table = Table(title=f"Release {release.name} · simulated country, synthetic data", title_justify="left")
    for heading in ("figure", "unit", "year before", "value", "change", "reports"):
        table.add_column(heading, justify="left" if heading in ("figure", "unit") else "right")
    for card in figures["figures"]:
        coverage = card["coverage"]
        table.add_row(
            card["names"]["en"],
            card["unit"],
            _number(card["previous_value"]),
            f"[bold]{_number(card['value'])}[/]",
            _change(card["previous_value"], card["value"]),
            f"{coverage['received']}/{coverage['expected']}",
        )
    console.print(table)


def current_release(place: Place) -> Path:
    """The folder that the CURRENT pointer of the releases names."""
    return place.releases / (place.releases / "CURRENT").read_text().strip()


def show_places(
    console: Console, place: Place, url: str, password: str, seconds: float, running: bool
) -> None:
    """Where the release and the mailbox lie and how to open Airflow."""
    release = current_release(place)
    letters = sum(1 for found in place.mailbox.rglob("*") if found.is_file())
    lines = [
        ("release", f"{release}{'/index.html' if (release / 'index.html').exists() else ''}"),
        ("mailbox", f"{place.mailbox} ({letters} letters)"),
    ]
    if running:
        lines += [("Airflow", f"{url}  user {USER}  password {password}"), ("stop it", "make demo-down")]
    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, text in lines:
        table.add_row(f"[bold]{name}[/]", text)
    console.print(table, soft_wrap=True)
    console.print(f"Done in {seconds:.0f} s.", highlight=False)


def _number(value: float | None) -> str:
    if value is None:
        return ":"
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.1f}"


def _change(before: float | None, now: float | None) -> str:
    return f"{(now - before) / before:+.1%}" if before and now is not None else ""
