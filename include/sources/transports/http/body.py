"""The body of an answer: streamed to disk, whole, and no larger than allowed."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import requests

from include.sources.errors import SourceError
from include.sources.transports.base import Transport

CHUNK = 1 << 16
FREE_EXPANSION = 16 << 20
"""Bytes to which a body may expand before its ratio counts: short answers of zeros are no bombs."""


@dataclass(frozen=True)
class Room:
    """The most bytes that a body may have, and the limit that says so."""

    most: int
    limit: str


def receive(
    transport: Transport, answer: requests.Response, to: BinaryIO, room: Room, name: str, place: str
) -> None:
    """Write the body behind what `to` holds, without its content encoding.

    Raises:
        SourceError: it is too large, compressed in another way than gzip, or is no gzip.
        OSError, HTTPError of urllib3: the connection broke, or the body is not as long as was stated.
    """
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise transport.fault(
            name, place, "a body compressed in another way than was asked for", "gzip, or none",
            "Ask the source for gzip or for plain answers.",
        )  # fmt: skip
    try:
        _copy(transport, answer.raw, bool(encoding.endswith("gzip")), to, room, name, place)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise transport.fault(
            name, place, "a gzip body that is broken or ends too early", "a whole one",
            "It will be asked again; if it stays so, ask the source.", retry=True,
        ) from None  # fmt: skip


def _copy(
    transport: Transport, raw: Any, packed: bool, to: BinaryIO, room: Room, name: str, place: str
) -> None:
    stream = gzip.GzipFile(fileobj=cast(BinaryIO, raw), mode="rb") if packed else raw
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if packed:
            _check_expansion(transport, size, raw.tell(), name, place)
        if size > room.most:
            raise _too_large(transport, name, place, f"more than {room.most} bytes", room.limit)
        transport.check_deadline(name, place)
        to.write(chunk)


def _check_expansion(transport: Transport, size: int, packed: int, name: str, place: str) -> None:
    limits = transport.limits
    if size > limits.expanded_bytes:
        found = f"a compressed body of more than {limits.expanded_bytes} bytes"
        raise _too_large(transport, name, place, found, "limits.expanded_bytes")
    if size > max(FREE_EXPANSION, limits.expansion * packed):
        found = f"a compressed body that expands more than {limits.expansion} times"
        raise _too_large(transport, name, place, found, "limits.expansion")


def _too_large(transport: Transport, name: str, place: str, found: str, limit: str) -> SourceError:
    return transport.fault(
        name, place, found, f"no more than {limit}",
        "Ask the source for smaller answers, or raise the limit of the deployment.",
    )  # fmt: skip
