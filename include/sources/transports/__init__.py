"""Transports: what a source offers, and its bytes as received."""

from __future__ import annotations

from include.sources.definition.model import Feed
from include.sources.transports.base import (
    NothingNew,
    Offered,
    Offers,
    Surroundings,
    Transport,
    Unchanged,
    landed_mark,
    version_key,
)

__all__ = [
    "NothingNew",
    "Offered",
    "Offers",
    "Surroundings",
    "Transport",
    "Unchanged",
    "landed_mark",
    "open_transport",
    "version_key",
]


def open_transport(feed_id: str, feed: Feed, surroundings: Surroundings) -> Transport:
    """The transport that the feed declares; libraries are loaded only for the kind that is asked for."""
    declared = feed.transport
    if declared.kind == "folder":
        from include.sources.transports.folder import Folder

        return Folder(feed_id, feed, surroundings, declared)
    if declared.kind == "sftp":
        from include.sources.transports.sftp import Sftp

        return Sftp(feed_id, feed, surroundings, declared)
    if declared.kind == "sql":
        from include.sources.transports.sql import Sql

        return Sql(feed_id, feed, surroundings, declared)
    from include.sources.transports.http import Http

    return Http(feed_id, feed, surroundings, declared)
