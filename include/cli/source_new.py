"""`odcm source new`: a definition proposed from a sample, and what a person must decide about it."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.cli.errors import REFUSED, WrongUsage
from include.cli.output import say

if TYPE_CHECKING:
    from include.sources.looking import Proposal

SCHEMA = Path(__file__).parents[2] / "docs" / "source.schema.json"


class Transport(StrEnum):
    """How deliveries will be fetched."""

    folder = "folder"
    sftp = "sftp"
    http = "http"
    sql = "sql"


def command(
    sample: Annotated[Path, typer.Argument(metavar="SAMPLE", help="A file as the source delivers it.")],
    dataset: Annotated[str, typer.Option("--dataset", metavar="D", help="What it reports: laboratory, …")],
    source: Annotated[str | None, typer.Option("--source", metavar="ID", help="Id of the source.")] = None,
    name_ru: Annotated[str, typer.Option("--name-ru", help="Its name in Russian.")] = "",
    name_kk: Annotated[str, typer.Option("--name-kk", help="Its name in Kazakh.")] = "",
    name_en: Annotated[str, typer.Option("--name-en", help="Its name in English.")] = "",
    region: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="CODE", help="A region it reports for (KZ-43); may be repeated."),
    ] = None,
    constant: Annotated[
        list[str] | None,
        typer.Option(
            "--constant",
            metavar="FIELD=VALUE",
            help="A field that is the same in every record and stands in no column; may be repeated.",
        ),
    ] = None,
    transport: Annotated[
        Transport, typer.Option("--transport", help="How its files will be fetched.")
    ] = Transport.folder,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a new file, not to standard output."),
    ] = None,
) -> None:
    """Propose a definition for a file: format, encoding, fields, codes, dates, and a list of what to decide.

    At most a few thousand records of the sample are looked at. Exit code 1 if required keys are open: then the
    definition cannot be used before they are filled in.
    """
    from include.sources import load_deployment
    from include.sources.definition.model import SOURCE_ID
    from include.sources.looking import Given, propose, take, to_yaml
    from include.steps.context import variables
    from include.storage.home import Home

    _check(dataset, region or [], source)
    if output and output.exists():
        raise WrongUsage(f"{output} exists: name a new file, so that no work is lost")
    if output and not source and re.match(SOURCE_ID, output.stem):
        source = output.stem  # a definition has the name of its source
    names = {"kk": name_kk, "ru": name_ru, "en": name_en}
    given = Given(
        source or "",
        dataset,
        names,
        tuple(region or ()),
        transport.value,
        _constants(dataset, constant or []),
    )
    limits = load_deployment(variables(Home.from_environment())).limits
    try:
        proposal = propose(take(sample, f"{source or 'new'}/{dataset}", limits), given)
    except OSError as error:
        raise WrongUsage(f"{sample}: {error.strerror or 'cannot be read'}") from None
    text = to_yaml(proposal, sample.name, _schema_for(output))
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
        say(f"wrote {output}")
    else:
        typer.echo(text, nl=False)
    _tell(proposal, sample, dataset)
    if proposal.open:
        say(f"open: {', '.join(proposal.open)}; the definition can be used when they are filled in")
        raise typer.Exit(REFUSED)
    if output:
        say(f"Then see what becomes of its rows: odcm source preview {output} {sample}")


def _tell(proposal: Proposal, sample: Path, dataset: str) -> None:
    from pydantic import TypeAdapter

    from include.sources.definition import Format
    from include.sources.explaining import how_written

    feed = proposal.document["feeds"][dataset]
    form: Format = TypeAdapter(Format).validate_python(feed["format"])
    sure = "" if proposal.confidence is None else f" Confidence in the encoding: {proposal.confidence:.0%}."
    say(f"{sample.name}: {proposal.records:,} records looked at. {' '.join(how_written(form))}{sure}")
    left = f"; no field takes {', '.join(map(repr, proposal.unused))}" if proposal.unused else ""
    say(f"{len(feed['fields'])} fields have a source{left}.")
    say(f"What a person must decide ({len(proposal.decisions)}), what matters most first:")
    for number, each in enumerate(proposal.decisions, 1):
        found = f"{each.what}: {each.details}" if each.details else each.what
        say(f" {number:>2}. {each.key}: {found}; {each.why}.")
    say("As for every source, look in the definition at what was taken for " + _usual(proposal) + ".")


def _usual(proposal: Proposal) -> str:
    keys = dict.fromkeys(each.key for each in proposal.usual)
    none = ", ".join(proposal.optional)
    return ", ".join(f"{key} (no column for {none})" if key == "fields" else key for key in keys)


def _check(dataset: str, regions: list[str], source: str | None) -> None:
    from include.contracts import DATASETS, codes
    from include.sources.definition.model import SOURCE_ID

    if dataset not in DATASETS:
        raise WrongUsage(f"--dataset {dataset}: expected one of {', '.join(DATASETS)}")
    for code in regions:
        if code not in codes("regions"):
            raise WrongUsage(f"--region {code}: expected a code of the list regions: KZ-10 … KZ-79, KZ-NAT")
    if source is not None and not re.match(SOURCE_ID, source):
        raise WrongUsage(f"--source {source}: expected letters, digits, dots, dashes: KZ-43")


def _constants(dataset: str, said: list[str]) -> dict[str, str]:
    from include.contracts import codes, load

    reported = {field.name: field for field in load(f"core_{dataset}").reported}
    found: dict[str, Any] = {}
    for each in said:
        name, equals, value = each.partition("=")
        if name not in reported or not equals or not value:
            raise WrongUsage(
                f"--constant {each}: expected FIELD=VALUE with a field of {dataset}: {', '.join(reported)}"
            )
        listed = reported[name].codelist
        if listed and value not in codes(listed):
            raise WrongUsage(f"--constant {each}: expected a code of {listed}: {', '.join(codes(listed))}")
        found[name] = value
    return found


def _schema_for(output: Path | None) -> str:
    """The JSON Schema as seen from the file that is written."""
    if not SCHEMA.exists():
        return SCHEMA.name
    begin = (output.parent if output else Path.cwd()).absolute()
    return Path(os.path.relpath(SCHEMA, begin)).as_posix()
