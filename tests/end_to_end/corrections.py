"""How far a proposed definition is from the true one, in corrections.

A correction is one key of the feed whose value a person must replace: one key of `format`, the mapping of one field
(heading, own words, constant or expression together), `identity` or `aggregate`. It is needed when

- without it, the sample's accepted rows would not be the same as with the true definition: the same places in the
  file, and the same value in every field of the contract; or
- it names another heading or constant for a field, or other fields for the identity, than the true definition,
  even where this sample (a month without records) does not show it.

Source, names, regions, transport and rhythm are what a person says, or decides: they do not count.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from include.contracts import load
from include.sources import Feed, SourceDefinition
from include.sources.definition import ColumnMapping, ConstantMapping, ExpressionMapping
from include.sources.looking import Given, Proposal, propose, take
from include.steps.judge import Input, Task, judge

Rows = Counter[tuple[Any, ...]]


@dataclass(frozen=True)
class Sample:
    """A delivery of a feed: its file, its period and its day."""

    path: Path
    period: str
    day: datetime


@dataclass(frozen=True)
class Measured:
    """What came of a proposal.

    Attributes:
        needed: the corrections that it needs.
        accepted: rows that the true definition accepts.
        same: whether with them, and no others, exactly these rows are accepted.
    """

    needed: list[str]
    accepted: int
    same: bool
    proposal: Proposal


def measure(source: SourceDefinition, dataset: str, sample: Sample, constants: bool = True) -> Measured:
    """Propose a definition from a sample and count its corrections.

    Args:
        constants: whether the person says what stands in no column, as with `--constant`.
    """
    true = source.feeds[dataset]
    said = {
        name: mapping.constant
        for name, mapping in true.fields.items()
        if constants and isinstance(mapping, ConstantMapping) and name != "region_code"
    }
    given = Given(source.source, dataset, source.name, tuple(source.regions), constants=said)
    proposal = propose(take(sample.path, f"{source.source}/{dataset}"), given)
    proposed = Feed.model_validate(proposal.document["feeds"][dataset])
    wanted = accepted(source, dataset, true, sample)

    def corrected(keys: set[str]) -> Rows:
        return accepted(source, dataset, _corrected(proposed, true, keys), sample)

    needed = set(_other_sources(proposed, true))
    rows = corrected(needed)
    if rows != wanted:
        needed |= set(_differences(proposed, true))
        rows = corrected(needed)
        spare = needed - set(_other_sources(proposed, true))
        of_format = {key for key in spare if key.startswith("format")}
        for keys in (
            of_format,
            *({key} for key in sorted(spare)),
        ):  # most differences of format change nothing
            if keys <= needed and (fewer := corrected(needed - keys)) == wanted:
                needed, rows = needed - keys, fewer
    return Measured(sorted(needed), wanted.total(), rows == wanted, proposal)


def accepted(source: SourceDefinition, dataset: str, feed: Feed, sample: Sample) -> Rows:
    """The rows that a feed accepts of a sample: place, and the value of every field of the contract."""
    contract = load(f"core_{dataset}")
    task = Task("b", dataset, source.model_copy(update={"feeds": {dataset: feed}}), contract)
    delivery = Input("d", sample.path.name, sample.period, sample.day, sample.path)
    with tempfile.TemporaryDirectory() as folder:
        verdict = judge(task, [delivery], [], Path(folder))
        if verdict.refused:
            return Counter()
        files = [f"{folder}/core.parquet", f"{folder}/core-rest.parquet"]
        fields = ", ".join(field.name for field in contract.fields)
        with duckdb.connect() as con:
            return Counter(con.execute(f"select raw_row, {fields} from read_parquet({files})").fetchall())


def _corrected(proposed: Feed, true: Feed, keys: set[str]) -> Feed:
    """The proposed feed with some keys of the true one."""
    if "format" in keys:
        form = true.format
    else:
        changed = {key.partition(".")[2] for key in keys if key.startswith("format.")}
        form = proposed.format.model_copy(update={key: getattr(true.format, key) for key in changed})
    fields = dict(proposed.fields)
    for key in keys:
        part, _, name = key.partition(".")
        if part == "fields":
            fields.pop(name, None)
            fields |= {name: true.fields[name]} if name in true.fields else {}
    identity = true.identity if "identity" in keys else proposed.identity
    aggregate = true.aggregate if "aggregate" in keys else proposed.aggregate
    return proposed.model_copy(
        update={"format": form, "fields": fields, "identity": identity, "aggregate": aggregate}
    )


def _differences(proposed: Feed, true: Feed) -> list[str]:
    """Every key in which two feeds differ."""
    if proposed.format.kind != true.format.kind:
        found = ["format"]
    else:
        keys = type(true.format).model_fields
        found = [
            f"format.{key}" for key in keys if getattr(proposed.format, key) != getattr(true.format, key)
        ]
    names = proposed.fields.keys() | true.fields.keys()
    found += [f"fields.{name}" for name in names if proposed.fields.get(name) != true.fields.get(name)]
    return found + [key for key in ("identity", "aggregate") if getattr(proposed, key) != getattr(true, key)]


def _other_sources(proposed: Feed, true: Feed) -> list[str]:
    """Keys that name another heading or constant, or another identity."""
    names = proposed.fields.keys() | true.fields.keys()
    found = [
        f"fields.{name}"
        for name in names
        if _where_from(proposed.fields.get(name)) != _where_from(true.fields.get(name))
    ]
    return found + (["identity"] if set(proposed.identity) != set(true.identity) else [])


def _where_from(mapping: Any) -> Any:
    """Heading or constant; two expressions are told apart by what they give alone."""
    if isinstance(mapping, ColumnMapping):
        return mapping.column
    if isinstance(mapping, ConstantMapping):
        return ("constant", mapping.constant)
    return "expression" if isinstance(mapping, ExpressionMapping) else mapping


def delivered(path: Path) -> Sample:
    """A file of the simulated country: its name says period and day."""
    period, day = path.stem.split("_")[-2:]
    return Sample(path, period, datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC))
