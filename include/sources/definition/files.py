"""Definition files: found, read and checked, each fault one line."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from pydantic import ValidationError

from include.sources.definition.checks import against_contracts
from include.sources.definition.document import DocumentError, read_document
from include.sources.definition.model import SourceDefinition

DEFAULT_FOLDER = Path(__file__).parents[2] / "sandbox" / "sources"


class DefinitionError(ValueError):
    """A definition that cannot be used; every fault is one line: file, key, what was expected."""


def sources_folder() -> Path:
    """The folder that ODCM_SOURCES names, else the definitions of the sandbox."""
    return Path(os.environ.get("ODCM_SOURCES") or DEFAULT_FOLDER)


@dataclass(frozen=True)
class Definitions:
    """The definitions of a folder: those that can be used, by source, and what is wrong with each other file.

    Attributes:
        faults: id of a file → its faults, one a line. A file that is called otherwise than its source is none of
            that source: it holds back itself.
        held: sources of which such a file may speak.
    """

    usable: dict[str, SourceDefinition]
    faults: dict[str, str]
    held: frozenset[str]


def read_sources(folder: Path | None = None) -> Definitions:
    """Every definition of a folder, each by itself: one that cannot be read holds back nobody else.

    Raises:
        DefinitionError: there is none at all.
    """
    found: dict[str, SourceDefinition] = {}
    faults: dict[str, str] = {}
    held: set[str] = set()
    for path in definition_files(folder):
        try:
            definition = read_definition(path)
        except DefinitionError as error:
            faults[id_of(path)] = str(error)
            held.add(path.stem)
            continue
        if fault := misnamed(path, definition):
            faults[id_of(path)] = fault
            held |= {path.stem, definition.source}
        else:
            found[definition.source] = definition
    return Definitions(found, faults, frozenset(held))


def load_sources(folder: Path | None = None) -> dict[str, SourceDefinition]:
    """Every definition of a folder by source id, in order of file name.

    Raises:
        DefinitionError: lists every fault of every file.
    """
    found = read_sources(folder)
    if found.faults:
        raise DefinitionError("\n".join(found.faults.values()))
    return found.usable


def definition_files(folder: Path | None = None) -> list[Path]:
    """The files of all definitions, by name; DefinitionError where there is none.

    What an editor keeps beside a file begins with a dot and is none. `.yml` is taken for a definition that is misnamed.
    """
    folder = folder or sources_folder()
    paths = sorted(
        path for ending in ("*.yaml", "*.yml") for path in folder.glob(ending) if path.name[0] != "."
    )
    if not paths:
        raise DefinitionError(f"{folder}: expected at least one source definition (*.yaml), found none")
    return paths


def load_source(name: str, folder: Path | None = None) -> SourceDefinition | None:
    """The definition of one source, read alone; None where there is no such source.

    Raises:
        DefinitionError: it cannot be used, or its file is called otherwise than the source.
    """
    path = (folder or sources_folder()) / (name if name.endswith(".yml") else f"{name}.yaml")
    if id_of(path) != name or not os.path.lexists(path):
        return None
    definition = read_definition(path)
    if fault := misnamed(path, definition):
        raise DefinitionError(fault)
    return definition


def id_of(path: Path) -> str:
    """What a file of the folder is known by: the id of its source where it is called as it should be."""
    return path.stem if path.suffix == ".yaml" else path.name


def misnamed(path: Path, definition: SourceDefinition) -> str:
    """The fault of a file among the sources that is called otherwise than its source; "" where there is none."""
    if path.name == f"{definition.source}.yaml":
        return ""
    return f"{path.name}: source: {definition.source!r} is not the name of the file; expected {definition.source}.yaml"


def read_definition(path: Path) -> SourceDefinition:
    """One definition, checked against its own schema and against the contracts of its datasets.

    Raises:
        DefinitionError: one line for each fault.
    """
    try:
        now = path.stat()
    except OSError as error:
        raise DefinitionError(f"{path.name}: expected a file that can be read: {error.strerror}") from None
    return _read_definition(path, now.st_mtime_ns, now.st_size)


@functools.lru_cache(maxsize=256)
def _read_definition(path: Path, _mtime_ns: int, _size: int) -> SourceDefinition:
    try:
        return usable(read_document(path), path.name)
    except DocumentError as error:
        raise DefinitionError(f"{path.name}: {error}") from None


def usable(document: Any, name: str) -> SourceDefinition:
    """A document as a definition, checked against its schema and the contracts of its datasets.

    Args:
        name: of its file, for messages.

    Raises:
        DefinitionError: one line for each fault.
    """
    try:
        definition = SourceDefinition.model_validate(document)
        faults = [f"{name}: {fault}" for fault in against_contracts(definition)]
    except ValidationError as error:
        raise DefinitionError("\n".join(_fault(name, dict(e)) for e in error.errors())) from error
    except (ArithmeticError, RecursionError, duckdb.Error) as error:
        raise DefinitionError(
            f"{name}: document: expected values that can be checked, found {type(error).__name__}"
        ) from None
    if faults:
        raise DefinitionError("\n".join(faults))
    return definition


TAGGED = {"transport", "format", "auth", "pages", "deliveries", "delivers"}
"""Keys whose block has a kind: pydantic names the kind in the location of a fault, the YAML does not."""


def _fault(name: str, error: dict[str, Any]) -> str:
    return f"{name}: {'.'.join(_keys(error['loc'])) or 'document'}: {str(error['msg']).removeprefix('Value error, ')}"


def _keys(location: tuple[Any, ...]) -> list[str]:
    """The keys of a fault as the YAML has them, without the branches of pydantic's unions."""
    keys: list[str] = []
    tagged = False
    for key in map(str, location):
        mapping = keys[-2:-1] == ["fields"] and (key == "str" or key.endswith("Mapping"))
        if tagged or mapping:
            tagged = False
        else:
            keys.append(key)
            tagged = key in TAGGED
    return keys
