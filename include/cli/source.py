"""`odcm source`: definitions: list, propose, check, preview, explain, and their JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.cli import source_check, source_new, source_preview
from include.cli.errors import WRONG
from include.cli.output import Format, FormatOption, say, show, table

if TYPE_CHECKING:
    from include.sources import SourceDefinition

app = typer.Typer(
    help="Source definitions: list, propose, check, preview, explain them.", no_args_is_help=True
)
app.command("new")(source_new.command)
app.command("check")(source_check.command)
app.command("preview")(source_preview.command)


@app.command("list")
def list_sources(form: FormatOption = Format.table) -> None:
    """Every source with its feeds."""
    from include.sources import read_sources

    definitions = read_sources()
    found = [_described(source) for source in definitions.usable.values()]
    rows = [
        (
            source["source"],
            source["name"]["en"],
            ", ".join(sorted({f"{feed['transport']}/{feed['format']}" for feed in source["feeds"]})),
            ", ".join(sorted({feed["encoding"] for feed in source["feeds"] if feed["encoding"]})),
            len(source["feeds"]),
            source["synthetic"],
        )
        for source in found
    ]
    columns = ("source", "name", "arrives as", "encoding", ">feeds", "synthetic")
    show({"sources": found}, table(f"{len(found)} sources", columns, rows), form)
    for fault in definitions.faults.values():
        say(fault)
    if definitions.faults:
        raise typer.Exit(WRONG)


@app.command("explain")
def explain(
    definition: Annotated[Path, typer.Argument(metavar="DEFINITION", help="A definition (YAML).")],
) -> None:
    """What a definition does, in sentences: where from, what becomes what, when it is late, which limits hold."""
    from include.sources import load_deployment
    from include.sources.explaining import explained
    from include.steps.context import variables
    from include.storage.home import Home

    source = source_check.usable(definition)
    limits = load_deployment(variables(Home.from_environment())).limits
    typer.echo("\n".join(explained(source, limits)))


OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not to standard output."),
]


@app.command("schema")
def schema(output: OutputOption = None) -> None:
    """The JSON Schema of definitions, for editors: keys, fields of each dataset, codes."""
    from include.sources.definition.schema import definition_schema

    _write(json.dumps(definition_schema(), ensure_ascii=False, indent=1) + "\n", output)


@app.command("keys")
def keys(output: OutputOption = None) -> None:
    """Every key of definitions and of the deployment file, as a page for people."""
    from include.sources.definition.reference import reference

    _write(reference(), output)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    say(f"wrote {output}")


def _described(source: SourceDefinition) -> dict[str, Any]:
    return {
        "source": source.source,
        "name": {language: source.name.get(language, source.source) for language in ("kk", "ru", "en")},
        "synthetic": source.synthetic,
        "regions": source.regions,
        "feeds": [
            {
                "feed_id": f"{source.source}/{dataset}",
                "dataset": dataset,
                "transport": feed.transport.kind,
                "format": feed.format.kind,
                "encoding": getattr(feed.format, "encoding", None),
                "aggregate": feed.aggregate,
                "identity": feed.identity,
                "expected_every": feed.rhythm.every if feed.rhythm else None,
                "expected_since": feed.rhythm.since if feed.rhythm else None,
            }
            for dataset, feed in source.feeds.items()
        ],
    }
