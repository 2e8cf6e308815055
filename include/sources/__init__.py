"""Sources: definitions in YAML, transports that fetch deliveries, formats that read them."""

from include.sources.definition import (
    DefinitionError,
    Feed,
    SourceDefinition,
    load_source,
    load_sources,
    read_definition,
    sources_folder,
)
from include.sources.errors import RetryableSourceError, SourceError
from include.sources.transports import Offered, fetch, offered

__all__ = [
    "DefinitionError",
    "Feed",
    "Offered",
    "RetryableSourceError",
    "SourceDefinition",
    "SourceError",
    "fetch",
    "load_source",
    "load_sources",
    "offered",
    "read_definition",
    "sources_folder",
]
