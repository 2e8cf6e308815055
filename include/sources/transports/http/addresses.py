"""Addresses exactly as they will be asked, so that what is checked is what is reached."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from include.sources.transports.base import Transport

PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]


def origin(url: str) -> Origin:
    """Scheme, host and port of an address.

    Raises:
        ValueError: it has none, or is no address of HTTP, or holds credentials.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None:
        raise ValueError("no address")
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]


def prepared(
    transport: Transport, url: str, name: str, place: str, parameters: Mapping[str, str] | None = None
) -> str:
    """An address as requests would send it.

    Raises:
        SourceError: it is no address of HTTP, or holds credentials.
    """
    try:
        origin(url)
        found = str(requests.Request("GET", url, params=dict(parameters or {})).prepare().url)
        origin(found)
    except (ValueError, HTTPError):
        raise transport.fault(
            name, place, "no address of HTTP", "http://host/path or https://host/path, without credentials",
            "Mend the definition, or ask the source what its address is.",
        ) from None  # fmt: skip
    return found


def target(transport: Transport, url: str, where: str, name: str, place: str) -> str:
    """Where the answer of an address points to.

    Raises:
        SourceError: nowhere, to no address of HTTP, or from https back to http.
    """
    found = prepared(transport, urljoin(url, where) if where else "", name, place)
    if (origin(url)[0], origin(found)[0]) == ("https", "http"):
        raise transport.fault(
            name, place, "a way from https to http", "https", "Ask the source for an address with https."
        )
    return found
