"""HTTP: APIs and documents."""

from include.sources.transports.http.transport import Http

__all__ = ["Http"]
