"""An ODCS 3.1 file as a typed `Contract`: the one place where a column is declared."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import ValidationError

CONTRACTS_DIR = Path(os.environ.get("ODCM_CONTRACTS") or Path(__file__).parents[2] / "data_contracts")
DATASETS = ("blocking_record", "seizure_item", "laboratory", "prevention_activity", "resocialisation")
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is five times faster
TYPES = ("string", "date", "timestamp", "integer", "number", "boolean")


class ContractError(ValueError):
    """A contract file that cannot be used; the message names file, key and what was expected."""


@dataclass(frozen=True)
class Field:
    """One column: its name, logical type and what the contract says of its values."""

    name: str
    type: str
    description: str
    required: bool = False
    restricted: bool = False
    derived_from: str | None = None
    codelist: str | None = None
    unit: str | None = None
    headings: tuple[str, ...] = ()
    minimum: str | float | None = None
    maximum: str | float | None = None
    above: float | None = None
    zero_with: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    address: bool = False
    """Whether its texts are addresses: letters of any alphabet stand in those."""

    @property
    def derived(self) -> bool:
        """Whether the column is computed from another one instead of being mapped by a source."""
        return self.derived_from is not None


@dataclass(frozen=True)
class RowCheck:
    """A check over the columns of one row: a DuckDB predicate that is true or null for a good row."""

    id: str
    description: str
    predicate: str


@dataclass(frozen=True)
class Expectation:
    """A Great Expectations expectation over a whole accepted batch."""

    id: str
    type: str
    kwargs: dict[str, Any]


@dataclass(frozen=True)
class Series:
    """What numbers since January go on from month to month (R6): `measures` by the month of a date field.

    Records of one identity but for the month are a series.

    Attributes:
        fields: by which a person is told what a series is of.
        month: the date field.
        measures: what counts since January.
        units: measure → the column that holds its unit.
    """

    fields: tuple[str, ...]
    month: str
    measures: tuple[str, ...]
    units: Mapping[str, str]


@dataclass(frozen=True)
class Contract:
    """One table: its columns, row checks and dataset expectations, with the version of the file."""

    name: str
    version: str
    layer: str
    description: str
    usage: str
    fields: tuple[Field, ...]
    provenance: tuple[Field, ...] = ()
    checks: tuple[RowCheck, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    from_mart: str | None = None
    series: Series | None = None

    @property
    def columns(self) -> tuple[Field, ...]:
        """Every column of the stored table: the dataset's own, then provenance."""
        return self.fields + self.provenance

    @property
    def reported(self) -> tuple[Field, ...]:
        """The columns that a source maps; the others are derived."""
        return tuple(field for field in self.fields if not field.derived)

    def field(self, name: str) -> Field:
        """The column of that name; KeyError names the contract."""
        for field in self.columns:
            if field.name == name:
                return field
        raise KeyError(
            f"{self.name} has no column {name!r}; it has: {', '.join(f.name for f in self.columns)}"
        )


def load(name: str) -> Contract:
    """The contract of one table, for example `core_seizure_item` or `release_headlines`.

    Raises:
        ContractError: no such contract, or a file that is not valid ODCS 3.1.
    """
    for contract in _all(CONTRACTS_DIR):
        if contract.name == name:
            return contract
    raise ContractError(
        f"no contract named {name!r} in {CONTRACTS_DIR.name}/; there are: {', '.join(names())}"
    )


def names(layer: str | None = None) -> list[str]:
    """Names of all tables under contract, or of those of one layer (core, mart, release), in order."""
    return [c.name for c in _all(CONTRACTS_DIR) if layer is None or c.layer == layer]


@functools.cache
def rules_sha256(dataset: str) -> str:
    """Fingerprint of everything here that decides about a row of a dataset: its contract and the code lists."""
    digest = hashlib.sha256()
    others = {f"core_{name}.odcs.yaml" for name in DATASETS if name != dataset}
    for path in sorted([*CONTRACTS_DIR.glob("core_*.odcs.yaml"), *CONTRACTS_DIR.glob("codelists/**/*.csv")]):
        if path.name not in others:
            digest.update(f"{path.relative_to(CONTRACTS_DIR)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


@functools.cache
def _all(folder: Path) -> tuple[Contract, ...]:
    objects: dict[str, Contract] = {}
    for path in sorted(folder.glob("*.odcs.yaml")):
        for contract in _read(path):
            objects[contract.name] = contract
    parts = {c.name: c for c in objects.values() if c.layer == "part"}
    return tuple(
        _resolve(contract, parts, objects) for contract in objects.values() if contract.layer != "part"
    )


def _resolve(contract: Contract, parts: dict[str, Contract], all_: dict[str, Contract]) -> Contract:
    changes: dict[str, Any] = {}
    if contract.layer == "core":
        changes["provenance"] = parts["core_provenance"].fields
    if contract.from_mart:
        if contract.from_mart not in all_:
            raise ContractError(
                f"{contract.name}: from_mart names {contract.from_mart!r}, which has no contract"
            )
        changes["fields"] = all_[contract.from_mart].fields
    return Contract(**{**contract.__dict__, **changes})


def _read(path: Path) -> list[Contract]:
    try:
        document = OpenDataContractStandard.model_validate(
            yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)
        )
    except (yaml.YAMLError, ValidationError) as error:
        raise ContractError(f"{path.name}: not a readable ODCS 3.1 contract: {error}") from error
    if not (document.apiVersion or "").startswith("v3.1"):
        raise ContractError(f"{path.name}: apiVersion: expected v3.1.0, found {document.apiVersion!r}")
    layer = _custom(document).get("layer")
    if layer not in ("core", "mart", "release", "part"):
        raise ContractError(
            f"{path.name}: customProperties.layer: expected core, mart, release or part, found {layer!r}"
        )
    return [_contract(path, document, obj, layer) for obj in document.schema_ or []]


def _contract(path: Path, document: OpenDataContractStandard, obj: SchemaObject, layer: str) -> Contract:
    checks, expectations = [], []
    for rule in obj.quality or []:
        where = f"{path.name}: {obj.name}.quality.{rule.id}"
        if rule.engine == "row" and isinstance(rule.implementation, str):
            checks.append(RowCheck(str(rule.id), rule.description or "", rule.implementation))
        elif rule.engine == "greatExpectations" and isinstance(rule.implementation, dict):
            expectations.append(
                Expectation(
                    str(rule.id), rule.implementation["type"], dict(rule.implementation.get("kwargs") or {})
                )
            )
        else:
            raise ContractError(
                f"{where}: engine {rule.engine!r} is not known; expected 'row' with a predicate or "
                "'greatExpectations' with type and kwargs: a check that nothing runs is refused"
            )
    fields = tuple(_field(path, prop) for prop in obj.properties or [])
    return Contract(
        name=str(obj.name),
        version=str(document.version),
        layer=layer,
        description=obj.description or "",
        usage=(document.description.usage if document.description else "") or "",
        fields=fields,
        checks=tuple(checks),
        expectations=tuple(expectations),
        from_mart=_custom(obj).get("from_mart"),
        series=_series(path, _custom(obj).get("series"), fields),
    )


def _series(path: Path, found: Any, fields: tuple[Field, ...]) -> Series | None:
    if found is None:
        return None
    types = {field.name: field.type for field in fields if not field.restricted}
    series = Series(
        tuple(found["fields"]), found["month"], tuple(found["measures"]), dict(found.get("units", {}))
    )
    fit = (
        set(series.fields) <= set(types)
        and types.get(series.month) == "date"
        and all(types.get(name) in ("integer", "number") for name in series.measures)
        and set(series.units) <= set(series.measures)
        and set(series.units.values()) <= set(types)
    )
    if not fit or not {"fields", "month", "measures"} <= set(found) <= {
        "fields",
        "month",
        "measures",
        "units",
    }:
        raise ContractError(
            f"{path.name}: customProperties.series: expected fields, a month that is a date, measures that are numbers "
            "and units (measure: column of its unit), all of them columns of the table that are not restricted"
        )
    return series


def _field(path: Path, prop: SchemaProperty) -> Field:
    if prop.logicalType not in TYPES:
        raise ContractError(
            f"{path.name}: {prop.name}.logicalType: expected one of {', '.join(TYPES)}, found {prop.logicalType!r}"
        )
    custom = _custom(prop)
    options = dict(prop.logicalTypeOptions or {})
    field = Field(
        name=str(prop.name),
        type=prop.logicalType,
        description=prop.description or "",
        required=bool(prop.required),
        restricted=prop.classification == "restricted",
        derived_from=custom.get("derived_from"),
        codelist=custom.get("codelist"),
        unit=custom.get("unit"),
        headings=tuple(custom.get("headings") or ()),
        minimum=options.pop("minimum", None),
        maximum=options.pop("maximum", None),
        above=options.pop("exclusiveMinimum", None),
        zero_with=custom.get("zero_with"),
        min_length=options.pop("minLength", None),
        max_length=options.pop("maxLength", None),
        pattern=options.pop("pattern", None),
        address=bool(custom.get("address")),
    )
    if options:
        raise ContractError(
            f"{path.name}: {prop.name}.logicalTypeOptions: nothing checks {', '.join(options)}"
        )
    return field


def _custom(part: Any) -> dict[str, Any]:
    return {str(p.property): p.value for p in part.customProperties or []}
