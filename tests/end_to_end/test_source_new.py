"""`odcm source new` on every feed of the simulated country, given a sample, the dataset and the region.

How corrections are counted. A proposal is compared with the definition that a person wrote for the same feed
(include/sandbox/sources). A correction is one key of the definition that must be changed, added or removed until the
sample gives the same accepted records with the same values: `format.encoding`, `identity`, `fields.unit` (where a
field comes from), `fields.unit.codes` (all of the source's own words for one field). Which keys those are is found by
trying: of all keys in which the two definitions differ, one that can stay as proposed without any record changing
is no correction. Whatever the sample could tell counts, also where the proposal asks for it.

Not counted is what stands in no file and is asked for by name: a constant for a field that the sample has no column
for (`fields.authority: {constant: media_authority}`), the source's id and names, where deliveries come from.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError
from typer.testing import CliRunner

from include.cli.app import app
from include.contracts import DATASETS
from include.sandbox.http import DEFAULT_TOKEN
from include.sources import Feed, SourceDefinition, load_sources, read_definition
from include.sources.definition import DEFAULT_FOLDER, Format
from include.sources.definition.checks import against_contracts
from include.sources.definition.schema import definition_schema
from include.steps.preview import preview

MOST = 2
ALL = 10**6
PAGE = 500
WRITTEN = load_sources(DEFAULT_FOLDER)
Keys = dict[str, Any]
Records = dict[int, dict[str, Any]]


@dataclass(frozen=True)
class Compared:
    """A proposal beside the definition that a person wrote for the same feed."""

    source: str
    dataset: str
    sample: Path
    period: str
    draft: Path
    said: str

    @cached_property
    def proposed(self) -> dict[str, Any]:
        document: dict[str, Any] = yaml.safe_load(self.draft.read_text(encoding="utf-8"))
        return document

    @property
    def written(self) -> Feed:
        return WRITTEN[self.source].feeds[self.dataset]

    @cached_property
    def corrections(self) -> list[str]:
        """The keys that must be corrected, constants that stand in no file among them."""
        mine = _keys(self.proposed["feeds"][self.dataset])
        theirs = _keys(self.written.model_dump(mode="json"))
        differing = sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
        if not differing:
            return []
        wanted = self._accepted(theirs)
        assert wanted, f"{self.source}/{self.dataset}: a sample without an accepted record shows nothing"
        if self._accepted(mine) == wanted:
            return []
        if len(differing) == 1:
            return differing
        needed = []
        for key in differing:
            tried = {k: v for k, v in theirs.items() if k != key} | {
                k: v for k, v in mine.items() if k == key
            }
            if self._accepted(tried) == wanted:
                theirs = tried
            else:
                needed.append(key)
        return needed

    @property
    def counted(self) -> list[str]:
        """The corrections but for constants that stand in no file, whose fields the proposal asks for."""
        constants = {f"fields.{n}" for n, m in self.written.fields.items() if hasattr(m, "constant")}
        asked = {key for key in constants if key.removeprefix("fields.") in self.said}
        return [key for key in self.corrections if key not in asked]

    def _accepted(self, keys: Keys) -> Records | None:
        """The records that a definition with these keys accepts, with their values; None where it cannot be used."""
        proposed = self.proposed["feeds"][self.dataset]
        around = {name: proposed[name] for name in ("transport", "rhythm")}
        try:
            definition = SourceDefinition.model_validate(
                self.proposed | {"feeds": {self.dataset: around | _feed(keys)}}
            )
        except ValidationError:
            return None
        if against_contracts(definition):
            return None
        found = preview(definition, self.dataset, self.sample, self.period, ALL)
        return {
            row.raw_row: {name: value for name, value in row.values.items() if value is not None}
            for row in found.accepted
        }


def _keys(feed: Mapping[str, Any]) -> Keys:
    """The keys of a feed that say what its records are, defaults among them."""
    form: Any = TypeAdapter(Format).validate_python(feed["format"])
    found: Keys = {f"format.{key}": value for key, value in form.model_dump(mode="json").items()}
    found["format.null_values"] = sorted(form.null_values)
    found |= {"identity": feed["identity"], "aggregate": feed.get("aggregate", False)}
    found |= {"delivers": feed["delivers"]}
    for name, mapping in feed["fields"].items():
        if isinstance(mapping, dict) and "column" in mapping:
            found[f"fields.{name}"] = mapping["column"]
            found |= {f"fields.{name}.codes": mapping["codes"]} if mapping.get("codes") else {}
        else:
            found[f"fields.{name}"] = mapping
    return found


def _feed(keys: Keys) -> dict[str, Any]:
    """The feed that has these keys."""
    fields: dict[str, Any] = {}
    for key, value in keys.items():
        if key.startswith("fields.") and not key.endswith(".codes"):
            words = keys.get(f"{key}.codes")
            fields[key.removeprefix("fields.")] = {"column": value, "codes": words} if words else value
    form = {key.removeprefix("format."): value for key, value in keys.items() if key.startswith("format.")}
    return {"format": form, "fields": fields} | {k: keys[k] for k in ("identity", "aggregate", "delivers")}


@pytest.fixture(scope="module")
def compared(sandbox_folder: Path, api: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Compared]:
    """Every feed's proposal beside the definition that a person wrote."""
    folder = tmp_path_factory.mktemp("proposed")
    found = {}
    for source, dataset in ((source, dataset) for source in WRITTEN for dataset in DATASETS):
        transport = WRITTEN[source].feeds[dataset].transport.kind
        if transport == "folder":
            sample, period = _largest_file(sandbox_folder / "inbox" / source / dataset), ""
        else:
            sample = folder / f"{source}-{dataset}.json"
            period = _largest_answer(sandbox_folder, api, f"{source}/{dataset}", sample)
        draft = folder / f"{source}-{dataset}.yaml"
        given = ["--dataset", dataset, "--region", source, "--transport", transport, "--output", str(draft)]
        done = CliRunner().invoke(app, ["source", "new", str(sample), *given])
        assert done.exit_code in (0, 1), done.output
        found[f"{source}/{dataset}"] = Compared(source, dataset, sample, period, draft, done.stderr)
    return found


def _largest_file(folder: Path) -> Path:
    """The monthly file with the most in it: a person takes one that has records."""
    return max(folder.glob("*_2025-??_*"), key=lambda file: (file.stat().st_size, file.name))


def _largest_answer(sandbox: Path, api: str, feed: str, to: Path) -> str:
    """The largest answer of the API that has one page, kept as a file; and its month."""
    sizes = {
        path.stem: len(json.loads(path.read_bytes())["items"])
        for path in (sandbox / "api" / feed).glob("2025-*.json")
    }
    largest = max((size, name) for name, size in sizes.items() if size <= PAGE)[1]
    answer = requests.get(
        f"{api}/{feed}/deliveries/{largest}",
        params={"page": 1, "page_size": PAGE},
        headers={"Authorization": f"Bearer {DEFAULT_TOKEN}"},
        timeout=30,
    )
    answer.raise_for_status()
    to.write_bytes(answer.content)
    return largest[:7]


def test_a_proposal_for_any_feed_of_the_country_needs_at_most_two_corrections(
    compared: dict[str, Compared],
) -> None:
    assert {feed: one.counted for feed, one in compared.items() if len(one.counted) > MOST} == {}


def test_most_proposals_need_none_even_where_everything_counts(compared: dict[str, Compared]) -> None:
    counts = Counter(len(one.corrections) for one in compared.values())
    assert counts.total() == 100 and counts[0] >= 60 and max(counts) <= MOST + 1, counts


def test_a_proposal_takes_period_and_day_from_the_name_as_a_person_did(compared: dict[str, Compared]) -> None:
    for one in compared.values():
        if one.written.transport.kind == "folder":
            mine = one.proposed["feeds"][one.dataset]["transport"]["name_pattern"]
            found, wanted = (
                re.search(p, one.sample.name) for p in (mine, one.written.transport.name_pattern)
            )
            assert found and wanted and found.groupdict() == wanted.groupdict(), one.sample.name


def test_a_proposal_with_nothing_open_can_be_used_and_fits_the_json_schema(
    compared: dict[str, Compared],
) -> None:
    schema = Draft202012Validator(definition_schema())
    opened = {feed for feed, one in compared.items() if "open: " in one.said}
    assert opened == {"KZ-47/laboratory", "KZ-59/laboratory"}  # their lists do not say which agency it was
    for feed, one in compared.items():
        faults = [error.message for error in schema.iter_errors(one.proposed)]
        assert bool(faults) == (feed in opened), (feed, faults)
        if feed not in opened:
            read_definition(one.draft)
