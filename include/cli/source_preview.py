"""`odcm source preview`: the first rows of a sample as they would land."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.cli.errors import REFUSED
from include.cli.output import Format, FormatOption, say, show, table
from include.cli.source_check import DatasetOption, PeriodOption, as_data, counted, headings_left, look

if TYPE_CHECKING:
    from include.steps.preview import Preview, Row

MASK = "•••"


def command(
    definition: Annotated[Path, typer.Argument(metavar="DEFINITION", help="A definition (YAML).")],
    sample: Annotated[Path, typer.Argument(metavar="SAMPLE", help="A file as the source delivers it.")],
    rows: Annotated[
        int, typer.Option("--rows", min=0, max=1000, help="So many accepted and so many quarantined rows.")
    ] = 5,
    dataset: DatasetOption = None,
    period: PeriodOption = None,
    show_restricted: Annotated[
        bool,
        typer.Option(
            "--show-restricted", help="Show identifiers and case numbers too; you answer for them (B9)."
        ),
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """The first rows of a sample as they would land: accepted with their values, quarantined with their reasons.

    Nothing is written. Restricted fields are masked. Exit code 1 if the sample would be refused.
    """
    found = look(definition, sample, dataset, period, rows)
    hidden = set() if show_restricted else set(found.restricted)
    if form is Format.json:
        show(_data(found, hidden), table("", (), []), form)
    else:
        _show_tables(found, hidden)
    for line in headings_left(found):
        say(line)
    if hidden and (found.accepted or found.quarantined):
        say(f"{MASK} stands for what is restricted (B9); --show-restricted shows it")
    if found.refused:
        say(found.refused)
        raise typer.Exit(REFUSED)


def _data(found: Preview, hidden: set[str]) -> dict[str, Any]:
    return as_data(found) | {
        "rows_accepted": [{"raw_row": row.raw_row, **_values(found, row, hidden)} for row in found.accepted],
        "rows_quarantined": [
            {
                "raw_row": row.raw_row,
                "reasons": list(row.reasons),
                "cells": _cells(row, hidden),
                **({} if hidden else {"received": row.received}),
            }
            for row in found.quarantined
        ],
    }


def _show_tables(found: Preview, hidden: set[str]) -> None:
    """Records of many fields are easier to read side by side: a field is a line."""
    columns = ("field", *(f"row {row.raw_row:,}" for row in found.accepted))
    values = [_values(found, row, hidden) for row in found.accepted]
    lines = [(name, *(each[name] for each in values)) for name in found.fields] if values else []
    show(None, table(counted(found), columns, lines), Format.table)
    if found.quarantined:
        rows = [
            (
                f"{row.raw_row:,}",
                reason,
                found.expected.get(reason, ""),
                _cells(row, hidden).get(reason.partition(".")[0]),
            )
            for row in found.quarantined
            for reason in row.reasons
        ]
        show(None, table("In quarantine", (">row", "rule", "expected", "found"), rows), Format.table)
        if not hidden:
            received = [(f"{row.raw_row:,}", row.received) for row in found.quarantined]
            show(None, table("As received", (">row", "record"), received), Format.table)


def _values(found: Preview, row: Row, hidden: set[str]) -> dict[str, Any]:
    return {
        name: MASK if name in hidden and row.values[name] is not None else _plain(row.values[name])
        for name in found.fields
    }


def _cells(row: Row, hidden: set[str]) -> dict[str, str | None]:
    return {name: MASK if name in hidden and text is not None else text for name, text in row.cells.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
