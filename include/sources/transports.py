"""Transports: what a source offers, and its bytes as received."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any, BinaryIO

import requests

from include.sources.definition import Feed, FolderTransport, HttpJsonTransport
from include.sources.errors import RetryableSourceError, SourceError

CHUNK = 1 << 20
MAX_PAGES = 100_000


@dataclass(frozen=True)
class Offered:
    """One delivery that a source offers: its name, the period it is for, when it was handed over (UTC)."""

    name: str
    period: str
    received_at: datetime


def offered(
    feed_id: str, feed: Feed, variables: Mapping[str, str]
) -> tuple[list[Offered], list[SourceError]]:
    """Every delivery the source offers now, oldest first, and what is wrong with others that it offers.

    Raises:
        SourceError: the folder or the list of deliveries cannot be read; RetryableSourceError where a
            later try may succeed.
    """
    if isinstance(feed.transport, FolderTransport):
        return _offered_files(feed_id, feed.transport, variables)
    return _offered_by_api(feed_id, feed.transport, variables), []


def fetch(feed_id: str, feed: Feed, delivery: Offered, variables: Mapping[str, str], to: BinaryIO) -> None:
    """Write the bytes of one delivery as received: a file whole, the pages of an API one after another.

    Raises:
        SourceError: the delivery is not complete; what was written so far must be thrown away.
    """
    if isinstance(feed.transport, FolderTransport):
        path = Path(_expand(feed_id, "path", feed.transport.path, variables)) / delivery.name
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                to.write(chunk)
        return
    for number, body in enumerate(_pages(feed_id, feed.transport, delivery, variables)):
        to.write(b"\n" + body if number else body)


def _offered_files(
    feed_id: str, transport: FolderTransport, variables: Mapping[str, str]
) -> tuple[list[Offered], list[SourceError]]:
    folder = Path(_expand(feed_id, "path", transport.path, variables))
    if not folder.is_dir():
        raise SourceError(
            feed_id, "transport.path", "folder", "no such folder", "the folder the source writes to",
            "Check transport.path and the variables it uses.",
        )  # fmt: skip
    found, faults = [], []
    for path in sorted(path for path in folder.glob(transport.pattern) if path.is_file()):
        try:
            found.append(_offered_file(feed_id, transport, path))
        except SourceError as error:
            faults.append(error)
    return sorted(found, key=lambda o: (o.received_at, o.name)), faults


def _offered_file(feed_id: str, transport: FolderTransport, path: Path) -> Offered:
    match = re.search(transport.name_pattern, path.name)
    if match is None:
        raise SourceError(
            feed_id, path.name, "file name", "no period or day of delivery",
            f"a name that matches {transport.name_pattern}", "Rename the file, or mend transport.name_pattern.",
        )  # fmt: skip
    parts = match.groupdict()
    period = parts["year"] + (f"-{parts['month']}" if parts.get("month") else "")
    if not parts.get("delivered"):
        return Offered(path.name, period, datetime.fromtimestamp(int(path.stat().st_mtime), UTC))
    try:
        return Offered(path.name, period, datetime.strptime(parts["delivered"], "%Y%m%d").replace(tzinfo=UTC))
    except ValueError:
        raise SourceError(
            feed_id,
            path.name,
            "file name",
            "a day of delivery that is no day",
            "YYYYMMDD",
            "Rename the file.",
        ) from None


def _offered_by_api(
    feed_id: str, transport: HttpJsonTransport, variables: Mapping[str, str]
) -> list[Offered]:
    url = f"{_expand(feed_id, 'url', transport.url, variables)}/deliveries"
    deadline = time.monotonic() + transport.deadline_s
    found: list[Offered] = []
    with _session(feed_id, transport, variables) as session:
        for page in range(1, MAX_PAGES):
            body = _json(
                feed_id,
                "list of deliveries",
                _get(feed_id, session, url, {"page": page}, transport, deadline),
            )
            try:
                for item in body["deliveries"]:
                    moment = datetime.fromisoformat(item["delivered_at"]).astimezone(UTC)
                    found.append(Offered(str(item["id"]), str(item["period"]), moment))
                last = page >= int(body["pages"])
            except (KeyError, TypeError, ValueError) as error:
                raise SourceError(
                    feed_id, "list of deliveries", f"page {page}", f"no usable {error}",
                    "deliveries with id, period and delivered_at, and the number of pages",
                    "Ask the source what changed in its API.",
                ) from None  # fmt: skip
            if last:
                break
    return sorted(found, key=lambda o: (o.received_at, o.name))


def _pages(
    feed_id: str, transport: HttpJsonTransport, delivery: Offered, variables: Mapping[str, str]
) -> Iterator[bytes]:
    """Page bodies in order, after checking that they are whole and hold as many items as the source states."""
    url = f"{_expand(feed_id, 'url', transport.url, variables)}/deliveries/{delivery.name}"
    deadline = time.monotonic() + transport.deadline_s
    items = 0
    with _session(feed_id, transport, variables) as session:
        for page in range(1, MAX_PAGES):
            parameters = {"page": page, "page_size": transport.page_size}
            raw = _get(feed_id, session, url, parameters, transport, deadline)
            body = _json(feed_id, delivery.name, raw)
            try:
                items += len(body[transport.items])
                pages, total = int(body["pages"]), int(body[transport.total])
            except (KeyError, TypeError, ValueError) as error:
                raise SourceError(
                    feed_id, delivery.name, f"page {page}", f"no usable {error}",
                    f"{transport.items}, pages and {transport.total}", "Ask the source what changed in its API.",
                ) from None  # fmt: skip
            yield raw
            if page >= pages:
                break
    if items != total:
        raise RetryableSourceError(
            feed_id, delivery.name, "all pages", f"{items} items", f"the {total} that the source states",
            "It will be asked again; if it stays so, ask the source.",
        )  # fmt: skip


def _get(
    feed_id: str,
    session: requests.Session,
    url: str,
    parameters: dict[str, int],
    transport: HttpJsonTransport,
    deadline: float,
) -> bytes:
    """The whole body of one answer, read within the deadline and as long as its Content-Length says."""
    place = f"page {parameters['page']}"
    body = bytearray()
    try:
        with session.get(url, params=parameters, timeout=transport.timeout_s, stream=True) as answer:
            if answer.status_code != 200:
                kind = (
                    RetryableSourceError
                    if answer.status_code in (408, 425, 429, 500, 502, 503, 504)
                    else SourceError
                )
                raise kind(
                    feed_id, "API", place, f"HTTP status {answer.status_code}", "200",
                    "It will be asked again." if kind is RetryableSourceError else "Check url and token.",
                )  # fmt: skip
            for chunk in answer.iter_content(CHUNK):
                body += chunk
                if time.monotonic() > deadline:
                    raise RetryableSourceError(
                        feed_id, "API", place, "an answer that never ended", f"all within {transport.deadline_s:g} s",
                        "It will be asked again.",
                    )  # fmt: skip
    except requests.RequestException as error:
        raise RetryableSourceError(
            feed_id, "API", place, type(error).__name__, "a whole answer", "It will be asked again."
        ) from None
    return bytes(body)


def _json(feed_id: str, name: str, raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise RetryableSourceError(
            feed_id, name, "answer", "no JSON, or half of it", "a whole JSON object",
            "It will be asked again; if it stays so, ask the source.",
        ) from None  # fmt: skip


def _session(feed_id: str, transport: HttpJsonTransport, variables: Mapping[str, str]) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {_expand(feed_id, 'token', transport.token, variables)}"
    return session


def _expand(feed_id: str, key: str, text: str, variables: Mapping[str, str]) -> str:
    try:
        return Template(text).substitute(variables)
    except KeyError as error:
        raise SourceError(
            feed_id,
            "definition",
            f"transport.{key}",
            f"{error} is not set",
            "a value in the environment",
            "Set it.",
        ) from None
