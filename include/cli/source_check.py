"""`odcm source check`: definitions against schema and contracts, and one against a sample; nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.cli.errors import REFUSED, WRONG, WrongUsage
from include.cli.output import Format, FormatOption, say, show, table

if TYPE_CHECKING:
    from include.sources import SourceDefinition
    from include.steps.preview import Preview

YAML = (".yaml", ".yml")
DatasetOption = Annotated[
    str | None,
    typer.Option("--dataset", metavar="D", help="Which feed, where the definition has several."),
]
PeriodOption = Annotated[
    str | None,
    typer.Option(
        "--period", metavar="2025-03", help="Of the sample, where the name of its file does not say it."
    ),
]


def command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DEFINITION]... [SAMPLE]",
            help="Definitions (*.yaml); all of the folder, where none is named. After one of them, a file as the "
            "source delivers it.",
        ),
    ] = None,
    dataset: DatasetOption = None,
    period: PeriodOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Check definitions: every fault names file, key and what was expected. Exit code 2 if there is any.

    With a sample, the definition really reads it: which headings it takes, how many rows would be accepted, which
    rules the others break. Nothing is written. Exit code 1 if the sample would be refused.
    """
    definitions = [path for path in files or [] if path.suffix in YAML]
    samples = [path for path in files or [] if path.suffix not in YAML]
    if not samples:
        _check_definitions(definitions, form)
        return
    if len(samples) > 1 or len(definitions) != 1:
        raise WrongUsage("a sample is checked against one definition: odcm source check DEFINITION SAMPLE")
    found = look(definitions[0], samples[0], dataset, period)
    show(as_data(found), _table(found), form)
    for line in [*headings_left(found), *found.moments]:
        say(line)
    if found.refused:
        say(found.refused)
        raise typer.Exit(REFUSED)


def usable(path: Path) -> SourceDefinition:
    """A definition that can be used.

    Raises:
        DefinitionError: it cannot; every fault is a line.
        WrongUsage: there is no such file.
    """
    from include.sources import read_definition

    if not path.exists():
        raise WrongUsage(f"{path}: No such file or directory")
    return read_definition(path)


def look(definition: Path, sample: Path, dataset: str | None, period: str | None, rows: int = 0) -> Preview:
    """What would become of a sample.

    Raises:
        WrongUsage: the feed or the period is not known, or there is no such file.
    """
    from include.sources import load_deployment
    from include.steps.context import variables
    from include.steps.preview import PreviewError, preview
    from include.storage.home import Home

    source = usable(definition)
    limits = load_deployment(variables(Home.from_environment())).limits
    try:
        return preview(source, chosen(source, dataset), sample, period or "", rows, limits)
    except PreviewError as error:
        raise WrongUsage(str(error)) from None
    except OSError as error:
        raise WrongUsage(f"{sample}: {error.strerror}") from None


def chosen(source: SourceDefinition, dataset: str | None) -> str:
    """The feed that is meant.

    Raises:
        WrongUsage: there is no such feed, or none was named of several.
    """
    if dataset is None and len(source.feeds) == 1:
        return next(iter(source.feeds))
    if dataset not in source.feeds:
        found = (
            f"{dataset!r} is no feed of {source.source}" if dataset else "the definition has several feeds"
        )
        raise WrongUsage(f"{found}: name one with --dataset: {', '.join(source.feeds)}")
    return dataset


def headings_left(found: Preview) -> list[str]:
    """What a person should know of the headings: those that are missing, and those that nothing takes."""
    lines = []
    if found.missing:
        lines.append(f"headings that the file does not have: {', '.join(map(repr, found.missing))}")
    if found.unused:
        lines.append(f"headings that no field takes: {', '.join(map(repr, found.unused))}")
    return lines


def as_data(found: Preview) -> dict[str, Any]:
    """What became of the sample, without any row."""
    counts = found.counts
    return {
        "feed_id": found.feed_id,
        "file": found.file,
        "period": found.period,
        "headings": {"taken": found.taken, "missing": found.missing, "unused": found.unused},
        "landed": counts.landed if counts else None,
        "accepted": counts.accepted if counts else None,
        "quarantined": counts.quarantined if counts else None,
        "duplicate": counts.duplicate if counts else None,
        "not_for_us": counts.not_for_us if counts else None,
        "failed": {rule: found.failed[rule] for rule in found.expected if rule in found.failed},
        "moments": found.moments,
        "refused": found.refused or None,
    }


def counted(found: Preview) -> str:
    """One line: the sample, and how many rows of it would become what."""
    if not found.counts:
        return f"{found.feed_id}: {found.file} would be refused"
    rows = found.counts
    others = f", {rows.not_for_us:,} not for us" if rows.not_for_us else ""
    return (
        f"{found.feed_id}: {found.file} for {found.period}: {rows.landed:,} rows: {rows.accepted:,} accepted, "
        f"{rows.quarantined:,} in quarantine, {rows.duplicate:,} duplicate{others}"
    )


def _table(found: Preview) -> Any:
    rows = [
        (rule, found.failed[rule], expected)
        for rule, expected in found.expected.items()
        if rule in found.failed
    ]
    return table(counted(found), ("rule", ">rows", "expected"), rows)


def _check_definitions(files: list[Path], form: Format) -> None:
    from include.sources import sources_folder

    paths = files or sorted(sources_folder().glob("*.yaml"))
    if not paths:
        raise WrongUsage(f"{sources_folder()}: expected source definitions (*.yaml), found none")
    checked = _checked(paths, in_place=not files)
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


def _checked(paths: list[Path], in_place: bool) -> list[dict[str, Any]]:
    """Each file with its source, number of feeds and faults; a source may stand in one file only.

    In the folder of the sources a file is called as its source; a draft may be called anything.
    """
    from include.sources import DefinitionError, read_definition
    from include.sources.definition import misnamed

    checked: list[dict[str, Any]] = []
    taken: dict[str, str] = {}
    for path in paths:
        one: dict[str, Any] = {"file": path.name, "source": None, "feeds": 0, "faults": []}
        checked.append(one)
        try:
            definition = read_definition(path)
        except DefinitionError as error:
            one["faults"] = str(error).splitlines()
        else:
            one |= {"source": definition.source, "feeds": len(definition.feeds)}
            other = taken.setdefault(definition.source, path.name)
            if other != path.name:
                one["faults"] = [
                    f"{path.name}: source: {definition.source!r} is taken by {other}; expected a new id"
                ]
            elif in_place and (fault := misnamed(path, definition)):
                one["faults"] = [fault]
    return checked
