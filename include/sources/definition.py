"""Source definitions: one YAML file per source says how its reports arrive and what their columns mean."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from include.contracts import DATASETS, Contract, codes, load

DEFAULT_FOLDER = Path(__file__).parents[1] / "sandbox" / "sources"


ABOUT_THE_ENGINE = {"current_setting", "getenv", "getvariable", "current_database", "current_user", "version"}


class DefinitionError(ValueError):
    """A definition that cannot be used; every fault is one line: file, key, what was expected."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FolderTransport(_Part):
    """Files in a folder; the file name says the period, and the day of delivery or else its time stamp does."""

    kind: Literal["folder"]
    path: str
    pattern: str = "*"
    name_pattern: str

    @field_validator("name_pattern")
    @classmethod
    def _names_period_and_day(cls, value: str) -> str:
        groups = set(re.compile(value).groupindex)
        if "year" not in groups:
            raise ValueError(
                "expected a regular expression with the group year and, where there are, month and delivered"
            )
        return value


class HttpJsonTransport(_Part):
    """A JSON API with a bearer token that lists deliveries and serves each in pages."""

    kind: Literal["http_json"]
    url: str
    token: str
    page_size: int = Field(default=500, ge=1, le=10_000)
    items: str = "items"
    total: str = "total"
    timeout_s: float = Field(default=30, gt=0)
    deadline_s: float = Field(default=300, gt=0)


class _Values(_Part):
    decimal: Literal[".", ","] = "."
    thousands: Literal["", " "] = ""
    dates: list[str] = ["%Y-%m-%d"]
    null_values: list[str] = [""]


class CsvFormat(_Values):
    """Text with one declared dialect."""

    kind: Literal["csv"]
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    title_rows: int = Field(default=0, ge=0)
    header_rows: Literal[1] = 1


class XlsxFormat(_Values):
    """A workbook: title rows, then one or two header rows; merged header cells are filled to the right."""

    kind: Literal["xlsx"]
    sheet: str
    title_rows: int = Field(default=0, ge=0)
    header_rows: Literal[1, 2] = 1


class JsonlFormat(_Values):
    """One JSON object a line."""

    kind: Literal["jsonl"]
    encoding: str = "utf-8"


class JsonPagesFormat(_Values):
    """The pages of a JSON API, as received."""

    kind: Literal["json_pages"]


class ColumnMapping(_Part):
    """A heading, with the source's own words for the codes of the field."""

    column: str
    codes: dict[str, str] = {}


class ConstantMapping(_Part):
    """The same value for every row."""

    constant: str


class ExpressionMapping(_Part):
    """DuckDB SQL over the raw text columns of one row."""

    expression: str


Mapping = str | ColumnMapping | ConstantMapping | ExpressionMapping


class Rhythm(_Part):
    """When reports are expected: every month since a month, and whole years before that."""

    every: Literal["month"] = "month"
    since: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    years: list[int] = []


class Feed(_Part):
    """One dataset of one source."""

    transport: Annotated[FolderTransport | HttpJsonTransport, Field(discriminator="kind")]
    format: Annotated[CsvFormat | XlsxFormat | JsonlFormat | JsonPagesFormat, Field(discriminator="kind")]
    rhythm: Rhythm | None = None
    aggregate: bool = False
    identity: list[str] = Field(min_length=1)
    fields: dict[str, Mapping]

    def headings(self) -> set[str]:
        """Every heading that the mapping reads by name; expressions name theirs in double quotes."""
        found: set[str] = set()
        for mapping in self.fields.values():
            if isinstance(mapping, str):
                found.add(mapping)
            elif isinstance(mapping, ColumnMapping):
                found.add(mapping.column)
            elif isinstance(mapping, ExpressionMapping):
                found |= set(expression_columns(mapping.expression))
        return found


class SourceDefinition(_Part):
    """One source: who it is, which regions its rows may name, and its feeds by dataset."""

    source: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    name: dict[Literal["kk", "ru", "en"], str]
    regions: list[str] = Field(min_length=1)
    synthetic: bool = False
    feeds: dict[str, Feed]

    def sha256(self, dataset: str) -> str:
        """Fingerprint of what decides how a feed is read: part of every batch's provenance."""
        parts = {"regions": self.regions, "feed": self.feeds[dataset].model_dump(mode="json")}
        return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def sources_folder() -> Path:
    """The folder that ODCM_SOURCES names, else the definitions of the sandbox."""
    return Path(os.environ.get("ODCM_SOURCES") or DEFAULT_FOLDER)


def load_sources(folder: Path | None = None) -> dict[str, SourceDefinition]:
    """Every definition of a folder by source id, in order of file name.

    Raises:
        DefinitionError: lists every fault of every file.
    """
    paths = definition_files(folder)
    found: dict[str, SourceDefinition] = {}
    faults: list[str] = []
    for path in paths:
        try:
            definition = read_definition(path)
        except DefinitionError as error:
            faults.append(str(error))
            continue
        if definition.source in found:
            faults.append(
                f"{path.name}: source: {definition.source!r} is taken by another file; expected a new id"
            )
        found[definition.source] = definition
    if faults:
        raise DefinitionError("\n".join(faults))
    return found


def definition_files(folder: Path | None = None) -> list[Path]:
    """The files of all definitions, by name; DefinitionError where there is none."""
    folder = folder or sources_folder()
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise DefinitionError(f"{folder}: expected at least one source definition (*.yaml), found none")
    return paths


def load_source(name: str, folder: Path | None = None) -> SourceDefinition | None:
    """The definition of one source, read alone; None where there is no such source."""
    path = (folder or sources_folder()) / f"{name}.yaml"
    if not path.is_file():
        return None
    definition = read_definition(path)
    return definition if definition.source == name else None


def read_definition(path: Path) -> SourceDefinition:
    """One definition, checked against its own schema and against the contracts of its datasets.

    Raises:
        DefinitionError: one line for each fault.
    """
    now = path.stat()
    return _read_definition(path, now.st_mtime_ns, now.st_size)


@functools.lru_cache(maxsize=256)
def _read_definition(path: Path, _mtime_ns: int, _size: int) -> SourceDefinition:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
        definition = SourceDefinition.model_validate(document)
    except UnicodeDecodeError:
        raise DefinitionError(f"{path.name}: document: expected UTF-8 text") from None
    except yaml.YAMLError as error:
        raise DefinitionError(f"{path.name}: expected YAML: {error}") from error
    except ValidationError as error:
        raise DefinitionError("\n".join(_fault(path, dict(e)) for e in error.errors())) from error
    faults = [f"{path.name}: {fault}" for fault in _against_contracts(definition)]
    if faults:
        raise DefinitionError("\n".join(faults))
    return definition


def expression_columns(expression: str) -> list[str]:
    """Columns that an expression reads.

    Raises:
        ValueError: not one scalar expression over the columns of its row: a query, a table, a function that
            reads or that does not exist, an aggregate, a window.
    """
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        text = connection.execute("select json_serialize_sql(?)", [f"select ({expression})"]).fetchall()[0][0]
        parsed = json.loads(text)
        if parsed["error"]:
            raise ValueError(f"expected one SQL expression over the columns: {parsed['error_message']}")
        statements = [statement["node"] for statement in parsed["statements"]]
        nodes = list(_walk(statements))
        plain = (
            bool(expression.strip())
            and len(statements) == 1
            and statements[0]["type"] == "SELECT_NODE"
            and len(statements[0]["select_list"]) == 1
            and statements[0]["from_table"]["type"] == "EMPTY"
            and statements[0]["where_clause"] is None
            and not statements[0]["modifiers"]
            and not any(node.get("class") == "SUBQUERY" for node in nodes)
            and not {node.get("function_name") for node in nodes} & ABOUT_THE_ENGINE
        )
        if not plain:
            raise ValueError("expected one expression over the columns of the row, without queries inside")
        columns = sorted({node["column_names"][-1] for node in nodes if node.get("class") == "COLUMN_REF"})
        cells = ", ".join(
            'null::varchar as "' + name.replace('"', '""') + '"' for name in [*columns, "raw_row"]
        )
        try:  # a WHERE clause binds scalar expressions only, and only functions that exist
            connection.execute(f"select 1 from (select {cells}) where ({expression}) is not null")
        except duckdb.Error as error:
            raise ValueError(
                f"expected an expression that can be evaluated: {str(error).splitlines()[0]}"
            ) from None
        return columns


def _walk(part: Any) -> Any:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from _walk(value)
    elif isinstance(part, list):
        for value in part:
            yield from _walk(value)


def _against_contracts(definition: SourceDefinition) -> list[str]:
    faults = [
        f"regions: {code!r} is not in the code list regions"
        for code in definition.regions
        if code not in codes("regions")
    ]
    for dataset, feed in definition.feeds.items():
        if dataset not in DATASETS:
            faults.append(f"feeds.{dataset}: expected one of {', '.join(DATASETS)}")
            continue
        faults += [f"feeds.{dataset}.{fault}" for fault in _feed_faults(feed, load(f"core_{dataset}"))]
    return faults


def _feed_faults(feed: Feed, contract: Contract) -> list[str]:
    faults = []
    reported = {field.name: field for field in contract.reported}
    lists = {field.derived_from or field.name: field.codelist for field in contract.fields if field.codelist}
    for name, mapping in feed.fields.items():
        if name not in reported:
            faults.append(
                f"fields.{name}: expected a reported field of {contract.name}: {', '.join(reported)}"
            )
            continue
        faults += [f"fields.{name}.{fault}" for fault in _mapping_faults(mapping, lists.get(name))]
    missing = [field.name for field in contract.reported if field.required and field.name not in feed.fields]
    if missing:
        faults.append(f"fields: expected a mapping for the required {', '.join(missing)}")
    faults += [
        f"identity: {name!r} is not among the mapped fields"
        for name in feed.identity
        if name not in feed.fields
    ]
    if feed.aggregate != ("seizures_n" in feed.fields):
        faults.append("aggregate: a feed of aggregates maps seizures_n, and no other feed does")
    if isinstance(feed.transport, HttpJsonTransport) != isinstance(feed.format, JsonPagesFormat):
        faults.append("format.kind: expected json_pages with the transport http_json, and with no other")
    if isinstance(feed.format, CsvFormat | JsonlFormat):
        try:
            "".encode(feed.format.encoding)
        except LookupError:
            faults.append(
                f"format.encoding: expected an encoding that Python knows, found {feed.format.encoding!r}"
            )
    return faults


def _mapping_faults(mapping: Mapping, codelist: str | None) -> list[str]:
    if isinstance(mapping, ExpressionMapping):
        try:
            expression_columns(mapping.expression)
        except ValueError as error:
            return [f"expression: {error}"]
    if isinstance(mapping, ConstantMapping) and codelist and mapping.constant not in codes(codelist):
        return [f"constant: expected a code of {codelist}, found {mapping.constant!r}"]
    if isinstance(mapping, ColumnMapping) and mapping.codes:
        if not codelist:
            return ["codes: the field has no code list"]
        return [
            f"codes.{word}: expected a code of {codelist}, found {code!r}"
            for word, code in mapping.codes.items()
            if code not in codes(codelist)
        ]
    return []


def _fault(path: Path, error: dict[str, Any]) -> str:
    # pydantic names the branch of a union in the location; a reader of the YAML knows only the keys.
    branches = {"folder", "http_json", "csv", "xlsx", "jsonl", "json_pages", "str"}
    keys = [str(k) for k in error["loc"] if str(k) not in branches and not str(k).endswith("Mapping")]
    return f"{path.name}: {'.'.join(keys) or 'document'}: {error['msg']}"


class _UniqueKeys(yaml.CSafeLoader):
    """YAML where a key that stands twice is a fault, not a silent last word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        doubled = sorted({str(key) for key in keys if keys.count(key) > 1})
        if doubled:
            raise yaml.constructor.ConstructorError(
                None, None, f"doubled key {', '.join(doubled)}", node.start_mark
            )
        return super().construct_mapping(node, deep)
