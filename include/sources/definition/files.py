"""Definition files: found, read and checked, each fault one line."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from include.sources.definition.checks import against_contracts
from include.sources.definition.model import SourceDefinition

DEFAULT_FOLDER = Path(__file__).parents[2] / "sandbox" / "sources"


class DefinitionError(ValueError):
    """A definition that cannot be used; every fault is one line: file, key, what was expected."""


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
        elif fault := misnamed(path, definition):
            faults.append(fault)
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
    """The definition of one source, read alone; None where there is no such source.

    Raises:
        DefinitionError: it cannot be used, or its file is called otherwise than the source.
    """
    path = (folder or sources_folder()) / f"{name}.yaml"
    if path.stem != name or not path.is_file():
        return None
    definition = read_definition(path)
    if fault := misnamed(path, definition):
        raise DefinitionError(fault)
    return definition


def misnamed(path: Path, definition: SourceDefinition) -> str:
    """The fault of a file among the sources that is called otherwise than its source; "" where there is none."""
    if path.stem == definition.source:
        return ""
    return f"{path.name}: source: {definition.source!r} is not the name of the file; expected {definition.source}.yaml"


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
    faults = [f"{path.name}: {fault}" for fault in against_contracts(definition)]
    if faults:
        raise DefinitionError("\n".join(faults))
    return definition


TAGGED = {"transport", "format", "auth", "pages", "deliveries", "delivers"}
"""Keys whose block has a kind: pydantic names the kind in the location of a fault, the YAML does not."""


def _fault(path: Path, error: dict[str, Any]) -> str:
    return f"{path.name}: {'.'.join(_keys(error['loc'])) or 'document'}: {str(error['msg']).removeprefix('Value error, ')}"


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
