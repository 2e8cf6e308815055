"""`odcm sources`: which sources are defined, and whether their definitions can be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.cli.errors import WRONG, WrongUsage
from include.cli.output import Format, FormatOption, say, show, table

if TYPE_CHECKING:
    from include.sources import SourceDefinition

app = typer.Typer(help="Source definitions: list them, check them.", no_args_is_help=True)


@app.command("list")
def list_sources(form: FormatOption = Format.table) -> None:
    """Every source with its feeds."""
    from include.sources import load_sources

    found = [_described(source) for source in load_sources().values()]
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


@app.command("check")
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...", help="Definitions to check; all of the folder, where none is named."
        ),
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Check definitions: every fault names file, key and what was expected. Exit code 2 if there is any."""
    from include.sources import sources_folder

    paths = files or sorted(sources_folder().glob("*.yaml"))
    if not paths:
        raise WrongUsage(f"{sources_folder()}: expected source definitions (*.yaml), found none")
    checked = _checked(paths)
    rows = [(one["file"], one["source"], one["feeds"], len(one["faults"])) for one in checked]
    faults = [fault for one in checked for fault in one["faults"]]
    title = f"{len(checked)} definitions, {len(faults)} faults"
    show(
        {"files": checked, "faults": len(faults)},
        table(title, ("file", "source", ">feeds", ">faults"), rows),
        form,
    )
    for fault in faults:
        say(fault)
    if faults:
        raise typer.Exit(WRONG)


def _checked(paths: list[Path]) -> list[dict[str, Any]]:
    """Each file with its source, number of feeds and faults; a source may stand in one file only."""
    from include.sources import DefinitionError, read_definition

    checked: list[dict[str, Any]] = []
    taken: dict[str, str] = {}
    for path in paths:
        one: dict[str, Any] = {"file": path.name, "source": None, "feeds": 0, "faults": []}
        checked.append(one)
        try:
            definition = read_definition(path)
        except DefinitionError as error:
            one["faults"] = str(error).splitlines()
        except UnicodeDecodeError as error:
            one["faults"] = [f"{path.name}: document: expected UTF-8, found another byte at {error.start}"]
        except OSError as error:
            one["faults"] = [f"{path.name}: {error.strerror}"]
        else:
            one |= {"source": definition.source, "feeds": len(definition.feeds)}
            other = taken.setdefault(definition.source, path.name)
            if other != path.name:
                one["faults"] = [
                    f"{path.name}: source: {definition.source!r} is taken by {other}; expected a new id"
                ]
    return checked


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
