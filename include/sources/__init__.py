"""Sources: definitions in YAML, transports that fetch deliveries, formats that read them."""

from include.sources.definition import (
    DefinitionError,
    Definitions,
    Feed,
    SourceDefinition,
    load_source,
    load_sources,
    read_definition,
    read_sources,
    sources_folder,
)
from include.sources.deployment import Deployment, DeploymentError, Limits, load_deployment
from include.sources.errors import (
    DeadlineExceeded,
    RetryableSourceError,
    SeveralSourceErrors,
    SourceError,
)
from include.sources.transports import NothingNew, Offered, Surroundings, Unchanged, open_transport

__all__ = [
    "DeadlineExceeded",
    "DefinitionError",
    "Definitions",
    "Deployment",
    "DeploymentError",
    "Feed",
    "Limits",
    "NothingNew",
    "Offered",
    "RetryableSourceError",
    "SeveralSourceErrors",
    "SourceDefinition",
    "SourceError",
    "Surroundings",
    "Unchanged",
    "load_deployment",
    "load_source",
    "load_sources",
    "open_transport",
    "read_definition",
    "read_sources",
    "sources_folder",
]
