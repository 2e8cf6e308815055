"""Sources: definitions in YAML, transports that fetch deliveries, formats that read them."""

from include.sources.definition import (
    DefinitionError,
    Feed,
    SourceDefinition,
    definition_files,
    load_source,
    load_sources,
    read_definition,
    sources_folder,
)
from include.sources.errors import RetryableSourceError, SeveralSourceErrors, SourceError
from include.sources.transports import Offered, fetch, offered

__all__ = [
    "DefinitionError",
    "Feed",
    "Offered",
    "RetryableSourceError",
    "SeveralSourceErrors",
    "SourceDefinition",
    "SourceError",
    "definition_files",
    "fetch",
    "load_source",
    "load_sources",
    "offered",
    "read_definition",
    "sources_folder",
]
