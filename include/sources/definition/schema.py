"""The JSON Schema of a definition: the models', with the fields and codes that each dataset's contract knows.

Editors complete and check definitions by it. It is weaker than reading a definition: what hangs together (identity,
expressions, the parts of a feed) only `odcm source check` sees.
"""

from __future__ import annotations

import copy
from typing import Any

from include.contracts import DATASETS, Contract, codes, load
from include.sources.definition.model import SourceDefinition

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAPPINGS = (
    "ColumnMapping",
    "ConstantMapping",
    "ExpressionMapping",
    "PeriodMapping",
    "FileNameMapping",
    "TitleCellMapping",
)
WITH_CODES = ("ColumnMapping", "FileNameMapping", "TitleCellMapping")


def definition_schema() -> dict[str, Any]:
    """The schema as plain data, the same for the same models and contracts."""
    schema = SourceDefinition.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    feed = definitions.pop("Feed")
    contracts = {dataset: load(f"core_{dataset}") for dataset in DATASETS}
    lists = {f.codelist for contract in contracts.values() for f in contract.fields if f.codelist}
    for name in sorted(lists):
        definitions[f"{name}_code"] = {"title": f"Code of {name}", "enum": codes(name)}
        definitions[f"{name}_mapping"] = _mapping(definitions, name)
    definitions["mapping"] = {"anyOf": [{"type": "string"}, *({"$ref": f"#/$defs/{m}"} for m in MAPPINGS)]}
    for dataset, contract in contracts.items():
        definitions[f"{dataset}_feed"] = _feed(feed, contract)
    properties = schema["properties"]
    properties["regions"]["items"] = {"$ref": "#/$defs/regions_code"}
    properties["feeds"] = {
        "type": "object",
        "title": "Feeds",
        "description": properties["feeds"]["description"],
        "properties": {dataset: {"$ref": f"#/$defs/{dataset}_feed"} for dataset in DATASETS},
        "additionalProperties": False,
    }
    return {"$schema": DIALECT, **schema, "title": "Source definition"}


def _feed(feed: dict[str, Any], contract: Contract) -> dict[str, Any]:
    made = copy.deepcopy(feed)
    lists = {f.derived_from or f.name: f.codelist for f in contract.fields if f.codelist}
    fields = {
        f.name: {
            "$ref": f"#/$defs/{lists[f.name]}_mapping" if f.name in lists else "#/$defs/mapping",
            "description": f.description,
        }
        for f in contract.reported
    }
    made["title"] = contract.name.removeprefix("core_")
    made["description"] = contract.description
    made["properties"]["fields"] |= {
        "properties": fields,
        "required": [f.name for f in contract.reported if f.required],
        "additionalProperties": False,
    }
    made["properties"]["identity"]["items"] = {"enum": list(fields)}
    return made


def _mapping(definitions: dict[str, Any], codelist: str) -> dict[str, Any]:
    """Where a field with a code list comes from: constants and the source's own words name codes of it."""
    code = {"$ref": f"#/$defs/{codelist}_code"}
    worded = [copy.deepcopy(definitions[name]) for name in WITH_CODES]
    for each in worded:
        each["properties"]["codes"]["additionalProperties"] = code
    constant = copy.deepcopy(definitions["ConstantMapping"])
    constant["properties"]["constant"] = code
    return {"anyOf": [{"type": "string"}, *worded, constant, {"$ref": "#/$defs/ExpressionMapping"}]}
