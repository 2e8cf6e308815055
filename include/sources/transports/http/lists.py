"""The deliveries that an API lists."""

from __future__ import annotations

import re
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from include.sources.definition.transports import ListedDeliveries
from include.sources.errors import SourceError
from include.sources.transports.base import Offered, Offers, Transport, oldest_first
from include.sources.transports.http.client import Client
from include.sources.transports.http.pages import Listing, each_page
from include.sources.transports.moments import moment
from include.sources.transports.paths import find

PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")
LIST = "list of deliveries"
LONGEST_NAME = 200


def listed(transport: Transport, client: Client, declared: ListedDeliveries) -> Offers:
    """What the list names. Of an entry that cannot be used, and of an id for two things, only that is said.

    Raises:
        SourceError: the list itself cannot be had.
    """
    url = transport.expand("deliveries.url", declared.url)
    listing = Listing(LIST, url, {}, declared.pages, declared.items)
    found: dict[str, Offered] = {}
    faults: list[SourceError] = []
    torn: set[str] = set()
    with TemporaryFile(dir=transport.at.scratch) as page_file:
        for page in each_page(transport, client, listing, cast(BinaryIO, page_file)):
            for number, item in enumerate(page.items, 1):
                place = f"page {page.number}, entry {number}"
                try:
                    offered = _entry(transport, declared, item, place)
                except SourceError as error:
                    faults.append(error)
                    continue
                if found.setdefault(offered.name, offered) != offered:
                    torn.add(offered.name)
                    faults.append(_twice(transport, place))
            _check_number(transport, len(found) + len(faults))
            page_file.seek(0)
            page_file.truncate()
    return Offers(oldest_first([o for o in found.values() if o.name not in torn]), faults)


def is_plain(name: str) -> bool:
    """Whether a text can stand as a name in addresses, messages and folders."""
    return (
        0 < len(name) <= LONGEST_NAME
        and name.isprintable()
        and not set(name) & set("/\\")
        and ".." not in name
        and name.strip(" .") == name
    )


def _entry(transport: Transport, declared: ListedDeliveries, item: Any, place: str) -> Offered:
    name, period, at = (find(item, path) for path in (declared.id, declared.period, declared.delivered_at))
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not is_plain(name):
        expected = f"up to {LONGEST_NAME} characters without slashes, control characters and .."
        raise _unusable(transport, f"{place}, {declared.id}", "no id that can stand as a name", expected)
    if not isinstance(period, str) or not PERIOD.fullmatch(period):
        raise _unusable(transport, f"{place}, {declared.period}", "no period", "2025-03 or 2025")
    try:
        return Offered(name, period, moment(str(at)))
    except ValueError:
        place = f"{place}, {declared.delivered_at}"
        raise _unusable(transport, place, "no moment", "an ISO 8601 date and time") from None


def _unusable(transport: Transport, place: str, found: str, expected: str) -> SourceError:
    action = "Ask the source; the other deliveries are taken."
    return transport.fault(LIST, place, found, expected, action)


def _twice(transport: Transport, place: str) -> SourceError:
    return transport.fault(
        LIST, place, "an id that stands for another delivery as well", "an id for one delivery alone",
        "Ask the source; neither of them is taken.",
    )  # fmt: skip


def _check_number(transport: Transport, number: int) -> None:
    if number > (most := transport.limits.files):
        raise transport.fault(
            LIST, "deliveries", f"more than {most}", "no more than limits.files",
            "Ask the source to leave out old ones, or raise the limit of the deployment.",
        )  # fmt: skip
