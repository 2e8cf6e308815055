"""`odcm dictionary`: the data dictionary, written from the contracts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from include.cli.output import say


def command(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not to standard output."),
    ] = None,
) -> None:
    """Every column of every table in Markdown, from the contracts alone."""
    from include.contracts import dictionary_markdown, load, names

    page = dictionary_markdown([load(name) for name in names()])
    if output is None:
        typer.echo(page, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page, encoding="utf-8")
    say(f"wrote {output}")
