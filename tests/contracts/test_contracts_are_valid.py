"""Every contract is a valid ODCS 3.1 document, and says of itself what the project needs."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
import pytest
import yaml

from include.contracts import (
    CONTRACTS_DIR,
    DATASETS,
    arrow_schema,
    codelist,
    codelist_names,
    codes,
    dictionary_markdown,
    expectations,
    load,
    names,
    row_rules,
    spellings,
)

FILES = sorted(CONTRACTS_DIR.glob("*.odcs.yaml"))


@pytest.fixture(scope="module")
def standard() -> jsonschema.Draft201909Validator:
    """The JSON schema of ODCS 3.1 as the standard's own package carries it."""
    text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return jsonschema.validators.validator_for(schema)(schema)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_contract_is_valid_by_the_standard(path: Any, standard: Any) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    faults = [
        f"{'/'.join(map(str, fault.path))}: {fault.message}" for fault in standard.iter_errors(document)
    ]
    assert faults == [] and document["apiVersion"].startswith("v3.1") and document["kind"] == "DataContract"


def test_the_standard_does_refuse_what_is_no_contract(standard: Any) -> None:
    assert not standard.is_valid({"apiVersion": "v3.1.0", "kind": "DataContract", "version": 1})


def test_there_is_a_contract_for_every_dataset_mart_and_release_table() -> None:
    assert names("core") == sorted(f"core_{dataset}" for dataset in DATASETS)
    marts = {load(name).from_mart for name in names("release")}
    assert len(names("mart")) == 8 and marts <= set(names("mart"))


@pytest.mark.parametrize("name", names())
def test_every_column_is_described_and_every_list_it_names_exists(name: str) -> None:
    for field in load(name).columns:
        assert field.description, field.name
        assert field.codelist is None or field.codelist in codelist_names(), field.name


@pytest.mark.parametrize("name", codelist_names())
def test_a_code_list_names_every_code_once_in_three_languages(name: str) -> None:
    rows = codelist(name).to_pylist()
    assert len(set(codes(name))) == len(rows) > 0
    assert all(row[f"name_{language}"] for row in rows for language in ("kk", "ru", "en"))


@pytest.mark.parametrize(
    "name", sorted({f.codelist for n in names("core") for f in load(n).fields if f.codelist})
)
def test_no_spelling_of_a_list_that_reports_use_stands_for_two_codes(name: str) -> None:
    assert set(spellings(name).values()) == set(codes(name))


@pytest.mark.parametrize("name", names("core"))
def test_schema_rules_suite_and_dictionary_all_come_from_the_contract(name: str) -> None:
    contract = load(name)
    columns = [field.name for field in contract.columns]
    assert arrow_schema(contract).names == columns
    assert all(f"| `{column}` |" in dictionary_markdown([contract]) for column in columns)
    rules = {rule.id for rule in row_rules(contract)}
    suite = {expectation.id for expectation in expectations(contract)}
    for field in contract.fields:
        if field.required and not field.derived:
            assert f"{field.name}.required" in rules & suite
        if field.codelist:
            assert f"{field.name}.code" in rules & suite
    assert {f"row.{check.id}" for check in contract.checks} <= rules


@pytest.mark.parametrize("name", [*names("mart"), *names("release")])
def test_nothing_published_has_a_restricted_column(name: str) -> None:
    restricted = {f.name for core in names("core") for f in load(core).columns if f.restricted}
    assert {"identifier", "channel_key", "case_number", "record_key"} <= restricted
    assert not restricted & {field.name for field in load(name).columns}
