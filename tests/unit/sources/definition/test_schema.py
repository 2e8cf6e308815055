"""The JSON Schema and the page of keys: what editors complete and people read is what the models are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from include.contracts import DATASETS, codes, load
from include.sources.definition import DEFAULT_FOLDER, SourceDefinition
from include.sources.definition.reference import reference
from include.sources.definition.schema import definition_schema
from include.sources.deployment import Deployment
from include.sources.parts import Part

DOCS = Path(__file__).parents[4] / "docs"
WRITTEN = [
    *sorted(DEFAULT_FOLDER.glob("*.yaml")),
    Path(__file__).parents[3] / "end_to_end" / "cbp" / "US-CBP.yaml",
]
SCHEMA = Draft202012Validator(definition_schema())
EXAMPLE = DEFAULT_FOLDER / "KZ-43.yaml"


def document(path: Path = EXAMPLE) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def blocks_of_docs() -> list[dict[str, Any]]:
    """Every definition that stands in a page of docs."""
    found = []
    for page in sorted(DOCS.glob("**/*.md")):
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            parsed = yaml.safe_load(block)
            if isinstance(parsed, dict) and "feeds" in parsed:
                found.append(parsed)
    return found


def test_the_committed_schema_is_what_the_command_gives() -> None:
    given = json.dumps(definition_schema(), ensure_ascii=False, indent=1) + "\n"
    assert (DOCS / "source.schema.json").read_text(encoding="utf-8") == given, (
        "docs/source.schema.json is out of date; run odcm source schema --output docs/source.schema.json"
    )


def test_the_committed_page_of_keys_is_what_the_command_gives() -> None:
    assert (DOCS / "source_keys.md").read_text(encoding="utf-8") == reference(), (
        "docs/source_keys.md is out of date; run odcm source keys --output docs/source_keys.md"
    )


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(definition_schema())


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_every_written_definition_fits_the_schema(path: Path) -> None:
    assert [error.message for error in SCHEMA.iter_errors(document(path))] == []


def test_every_definition_in_the_docs_fits_the_schema() -> None:
    blocks = blocks_of_docs()
    assert blocks and [error.message for block in blocks for error in SCHEMA.iter_errors(block)] == []


def feed(of: dict[str, Any], dataset: str = "laboratory") -> dict[str, Any]:
    found: dict[str, Any] = of["feeds"][dataset]
    return found


TYPOS: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("a key", lambda d: feed(d)["format"].update(delimeter=";"), "delimeter"),
    ("a key of a feed", lambda d: feed(d).update(identiti=["record_no"]), "identiti"),
    ("a dataset", lambda d: d["feeds"].update(laboratories=feed(d)), "laboratories"),
    ("a field", lambda d: feed(d)["fields"].update(agensy="Орган"), "agensy"),
    ("a field left out", lambda d: feed(d)["fields"].pop("closed_on"), "closed_on"),
    ("a code", lambda d: feed(d)["fields"].update(lab_type={"column": "Түрі", "codes": {"цех": "sintetic"}}), "sintetic"),
    ("a constant", lambda d: feed(d)["fields"].update(region_code={"constant": "KZ-99"}), "KZ-99"),
    ("a region", lambda d: d.update(regions=["Qyzylorda"]), "Qyzylorda"),
    ("a kind of format", lambda d: feed(d)["format"].update(kind="excel"), "excel"),
    ("a kind of transport", lambda d: feed(d)["transport"].update(kind="ftp"), "ftp"),
    ("a decimal sign", lambda d: feed(d)["format"].update(decimal=";"), ";"),
    ("a rhythm", lambda d: feed(d).update(rhythm={"since": "03.2025"}), "03.2025"),
    ("a count", lambda d: feed(d)["format"].update(header_rows="two"), "two"),
    ("what a delivery holds", lambda d: feed(d).update(delivers={"kind": "all"}), "all"),
    ("an identity", lambda d: feed(d).update(identity=["number"]), "number"),
    ("a name left out", lambda d: d.pop("name"), "name"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "word"), [t[1:] for t in TYPOS], ids=[t[0] for t in TYPOS])
def test_an_editor_sees_a_typo_where_it_stands(change: Callable[[dict[str, Any]], Any], word: str) -> None:
    of = document()
    change(of)
    errors = [str(error.message) + str(list(error.absolute_path)) for error in SCHEMA.iter_errors(of)]
    assert errors and any(word in error for error in errors), errors


def test_the_schema_knows_the_fields_and_codes_of_every_contract() -> None:
    schema = definition_schema()
    for dataset in DATASETS:
        contract = load(f"core_{dataset}")
        fields = schema["$defs"][f"{dataset}_feed"]["properties"]["fields"]
        assert list(fields["properties"]) == [field.name for field in contract.reported]
        assert set(fields["required"]) == {field.name for field in contract.reported if field.required}
        assert all(each["description"] for each in fields["properties"].values())
    assert schema["$defs"]["regions_code"]["enum"] == codes("regions")


def test_every_key_of_a_definition_and_of_a_deployment_stands_on_the_page_with_its_meaning() -> None:
    page = reference()
    for part in _parts(SourceDefinition) | _parts(Deployment):
        for name, key in part.model_fields.items():
            if name not in ("kind", "by"):
                assert f"| `{key.alias or name}` |" in page, f"{part.__name__}.{name}"
    anchors = {
        line.removeprefix("## ").lower().replace(" ", "-")
        for line in page.splitlines()
        if line.startswith("## ")
    }
    plain = {re.sub(r"[^\w-]", "", anchor) for anchor in anchors}
    assert set(re.findall(r"\(#([^)]+)\)", page)) <= plain


def _parts(outermost: type[Part]) -> set[type[Part]]:
    found, waiting = {outermost}, [outermost]
    for part in waiting:
        for key in part.model_fields.values():
            for below in _below(key.annotation):
                if below not in found:
                    found.add(below)
                    waiting.append(below)
    return found


def _below(annotation: Any) -> list[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [annotation]
    return [part for argument in getattr(annotation, "__args__", ()) for part in _below(argument)]
