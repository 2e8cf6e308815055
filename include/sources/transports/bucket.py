"""A prefix of an S3 object store, through s3fs.

Objects are put whole, so none is ever half there; one that is replaced while it is read is refused by its ETag.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from botocore.exceptions import ClientError
from fsspec.asyn import sync
from s3fs import S3FileSystem

from include.sources.connections import Connection
from include.sources.deployment import Address
from include.sources.errors import SourceError
from include.sources.transports.base import CHUNK
from include.sources.transports.files import Entry, Files, shown

DEFAULT_REGION = "us-east-1"
CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,63}")
CONNECT_S = 10.0


class Bucket:
    """The objects directly under a prefix.

    Args:
        files: the transport that looks at it; it says what is wanted, and is told what is wrong.
        url: s3://bucket/prefix.
        connection: login and password are the access key and its secret; without, requests are not signed.
        timeout_s: seconds without a byte.
    """

    def __init__(self, files: Files, url: str, connection: Connection | None, timeout_s: float) -> None:
        self._files = files
        with files.allowed("transport.path"):
            place = files.at.deployment.bucket(url)
        self._bucket, _, prefix = place.partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._store = self._opened(connection or Connection(""), timeout_s)

    def entries(self) -> Iterator[Entry]:
        """Every wanted object.

        Raises:
            SourceError: there is no such bucket, nothing lies under the prefix, or it may not be listed.
        """
        anything = False
        for page in self._pages():
            anything = anything or bool(page.get("Contents") or page.get("CommonPrefixes"))
            for item in page.get("Contents", []):
                name, size = item["Key"].removeprefix(self._prefix), int(item["Size"])
                modified: datetime = item["LastModified"]
                if name and self._files.wanted(name) and self._files.usable(name):
                    yield Entry(name, size, modified, item["ETag"], f"{item['ETag']} {size}")
        if not anything:
            raise self._files.fault(
                "transport.path", "folder", "nothing under this prefix", "the folder the source writes to",
                "Check bucket and prefix; an empty object whose key is the prefix and / marks a folder that is empty.",
            )  # fmt: skip

    def blocks(self, entry: Entry) -> Generator[bytes, None, None]:
        """The bytes of the version that was listed.

        Raises:
            SourceError: there is another version now, or the answer is not whole.
        """
        with self._asking(entry.name):
            answer = self._call(
                "get_object", Bucket=self._bucket, Key=self._prefix + entry.name, IfMatch=entry.state
            )
            body = answer["Body"]
            try:
                while block := self._within(body.read, CHUNK):
                    yield block
            finally:
                sync(self._store.loop, _closed, body)

    def settled(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """All: an object is there as a whole, or not at all."""
        return entries

    def close(self) -> None:
        """Let go of its connections."""
        if client := getattr(self._store, "_s3creator", None):
            self._store.close_session(self._store.loop, client)

    def _pages(self) -> Iterator[dict[str, Any]]:
        asked: dict[str, str] = {}
        seen = set()
        for _ in range(self._files.limits.pages):
            with self._asking(""):
                page: dict[str, Any] = self._call(
                    "list_objects_v2", Bucket=self._bucket, Prefix=self._prefix, Delimiter="/", **asked
                )
            yield page
            if not page.get("IsTruncated"):
                return
            token = page.get("NextContinuationToken")
            if not token or token in seen:
                break
            seen.add(token)
            asked = {"ContinuationToken": token}
        raise self._files.fault(
            "transport.path", "listing", "no end of it", "a last page",
            "It will be asked again; if it stays so, ask whoever operates the store.", retry=True,
        )  # fmt: skip

    def _call(self, method: str, **arguments: Any) -> Any:
        return self._within(self._store._call_s3, method, **arguments)

    def _within(self, ask: Any, *arguments: Any, **named: Any) -> Any:
        """The answer of a coroutine, or FSTimeoutError at the deadline."""
        left = self._files.deadline.at_most(self._files.deadline.seconds)
        return sync(self._store.loop, ask, *arguments, timeout=left, **named)

    def _opened(self, connection: Connection, timeout_s: float) -> S3FileSystem:
        region = str(connection.extra.get("region_name") or DEFAULT_REGION)
        endpoint = str(connection.extra.get("endpoint_url") or f"https://s3.{region}.amazonaws.com")
        address = self._address(endpoint)
        store = S3FileSystem(
            key=connection.login or None,
            secret=connection.password or None,
            anon=not connection.login,
            endpoint_url=endpoint,
            client_kwargs={"region_name": region},
            config_kwargs={
                "connect_timeout": min(CONNECT_S, timeout_s),
                "read_timeout": timeout_s,
                "retries": {"total_max_attempts": 2, "mode": "standard"},
                "s3": {"addressing_style": "path"},  # one host for all buckets: the one that was checked
                "proxies": {},
                "connector_args": {"resolver": _Pinned(address), "socket_factory": _only(address)},
            },
            skip_instance_cache=True,
        )
        store.retries = 1  # s3fs would ask five times more for each time that botocore does
        return store

    def _address(self, endpoint: str) -> Address:
        try:
            parts = urlsplit(endpoint)
            host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
        except (ValueError, KeyError):
            raise self._files.fault(
                "connection", "extra.endpoint_url", "no address", "https://host or https://host:port",
                "Mend the connection.",
            ) from None  # fmt: skip
        return self._files.address(host, port, "extra.endpoint_url")

    @contextmanager
    def _asking(self, name: str) -> Iterator[None]:
        """Within, what the store answers wrong becomes an error of this feed: of one file, or of the folder."""
        try:
            yield
        except SourceError:
            raise
        except Exception as error:  # whatever the libraries make of what a server sends
            raise self._fault(name, error) from None

    def _fault(self, name: str, error: Exception) -> SourceError:
        file, place = (shown(name), "reading") if name else ("transport.path", "listing")
        if self._files.deadline.passed:
            return self._files.too_late(file, place)
        answer = getattr(error if isinstance(error, ClientError) else error.__cause__, "response", None) or {}
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = str(answer.get("Error", {}).get("Code", ""))
        said = f"HTTP status {status}" + (f" ({code})" if CODE.fullmatch(code) else "")
        if name and status in (404, 412):
            return self._files.changed(name)
        if status == 404:
            return self._files.fault(
                file, "folder", "no such bucket", "the bucket the source writes to", "Check transport.path."
            )  # fmt: skip
        if status in (401, 403) or code in ("InvalidAccessKeyId", "ExpiredToken", "InvalidToken"):
            return self._files.fault(
                file, place, f"no permission: {said}", "an access key that may list and read",
                "Check the connection's credentials and what they may do; the other files go on.",
            )  # fmt: skip
        if 300 <= status < 429 or 429 < status < 500:
            return self._files.fault(
                file, place, said, "200", "Check extra.region_name, extra.endpoint_url and the bucket."
            )
        found = said if status else f"no whole answer ({type(error).__name__})"
        return self._files.fault(
            file, place, found, "200 and all bytes", "It will be asked again.", retry=True
        )


class _Pinned(AbstractResolver):
    """Knows one name, and the address that was checked for it."""

    def __init__(self, address: Address) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host != self._address.host:
            raise OSError("another host")
        kind = socket.AF_INET6 if ":" in self._address.ip else socket.AF_INET
        return [
            ResolveResult(
                hostname=host, host=self._address.ip, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]  # fmt: skip

    async def close(self) -> None:
        """Nothing is open."""


def _only(address: Address) -> Any:
    """Makes sockets for one address alone: an answer that redirects elsewhere gets none."""

    def make(found: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, place = found
        if place[:2] != (address.ip, address.port):
            raise OSError("another address")
        return socket.socket(family, kind, protocol)

    return make


async def _closed(body: Any) -> None:
    with suppress(aiohttp.ClientError, OSError):
        body.close()
