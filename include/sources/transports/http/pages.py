"""The pages of a JSON answer, one after another, until the source says that there are no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, BinaryIO

from requests.utils import parse_header_links

from include.sources.definition.transports import (
    NoPages,
    Pages,
    PagesByCursor,
    PagesByLink,
    PagesByNumber,
    PagesByOffset,
)
from include.sources.errors import SourceError
from include.sources.transports.base import Transport, Unchanged
from include.sources.transports.http.addresses import target
from include.sources.transports.http.answers import PAGE_BYTES, parsed
from include.sources.transports.http.body import Room
from include.sources.transports.http.client import Answer, Ask, Client
from include.sources.transports.http.repeats import Seen
from include.sources.transports.paths import find
from include.sources.whole import Sign, at_odds, error, in_headers, signs, what_to_do

UTF_8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Listing:
    """What is asked for in pages.

    Attributes:
        name: for messages.
        items: path of the list in an answer.
        total: path of the number of items that the source states; None where it states none.
        headers: of the first request: validators. An answer that nothing changed raises Unchanged.
        each: path, in an item, of a list whose elements are the records; None where the items are.
        identity: paths in an item of what tells it from others; the whole item where there are none.
        ignore, ignore_headers: members and headers of an answer that do not mean what they seem to.
    """

    name: str
    url: str
    parameters: Mapping[str, str]
    pages: Pages
    items: str
    total: str | None = None
    encoding: str = "utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    each: str | None = None
    identity: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignore_headers: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Members of an answer that the definition reads, or says are something else."""
        read = (self.items, self.total, getattr(self.pages, "pages", None), getattr(self.pages, "next", None))
        return frozenset(filter(None, (*read, *self.ignore)))


@dataclass(frozen=True)
class Page:
    """One page: its number from 1, its document and the list in it, the answer that it came with."""

    number: int
    document: Any
    items: list[Any]
    answer: Answer


def each_page(transport: Transport, client: Client, listing: Listing, to: BinaryIO) -> Iterator[Page]:
    """Every page in order; the bytes of a page stand in `to` when it is given, a line break before each but the first.

    Pages end where the source says so. Where it says nothing, a page that is not full is no proof: a source may
    give fewer items than were asked for. Then the next page is asked for as well, and must be empty, missing, or
    the same page again.

    Raises:
        Unchanged: the source answers that nothing changed.
        SourceError: a page is not what it should be; the pages go round in circles; the items are not as many as
            the source states, or come twice; the last answer says that there is more than the definition reads.
    """
    return _Reading(transport, client, listing, to).pages()


class _Reading:
    """Where the reading of one listing stands."""

    def __init__(self, transport: Transport, client: Client, listing: Listing, to: BinaryIO) -> None:
        self._transport, self._client, self._listing, self._to = transport, client, listing, to
        self._url, self._parameters = listing.url, dict(listing.parameters) | _first(listing.pages)
        self._number = self._counted = 0
        self._stated: int | None = None
        self._last: list[Any] | None = None
        self._been: set[str] = set()
        self._seen = Seen(listing.identity)
        self._signs: list[Sign] = []
        self._in_document: list[Sign] = []
        self._read = self._elements = self._on_page = 0

    def pages(self) -> Iterator[Page]:
        while True:
            start = self._to.tell()
            page = self._next()
            if page is None or self._brings_nothing(page):
                self._to.seek(start)
                self._to.truncate()
                break
            self._count(page)
            yield page
            more = self._turned(page)
            self._last = page.items if self._counts_pages() else []
            del page  # large ones are not held while the next one is read
            if not more:
                break
        if self._stated is not None and self._counted != self._stated:
            raise self._fault(
                "all pages", f"{self._counted} items", f"the {self._stated} that the source states",
                "It will be asked again; if it stays so, ask the source.", retry=True,
            )  # fmt: skip
        self._check_repeats()
        self._check_end()

    def _count(self, page: Page) -> None:
        self._read += 1
        self._counted += len(page.items)
        self._on_page = len(page.items)
        if self._listing.each:
            lists = (find(item, self._listing.each) for item in page.items)
            self._elements += sum(len(found) if isinstance(found, list) and found else 1 for found in lists)
        if not getattr(self._listing.pages, "repeats", True):
            self._seen.see(page.items)

    def _check_repeats(self) -> None:
        """Refuse a reading in which pages show an item twice: they shifted, and another item was passed over."""
        if twice := self._seen.repeated():
            raise self._fault(
                f"pages {twice[0]} and {twice[1]}", "the same item on both", "every item once",
                "It will be asked again, for it changed while it was read; if it stays so, ask the source for a fixed "
                "order, or declare transport.pages.repeats: true if items may come more than once.", retry=True,
            )  # fmt: skip

    def _check_end(self) -> None:
        """Refuse a reading after which the source still says that there is more."""
        if self._stated is not None and self._read > 1:
            # A link to the next page that is always there says nothing against a total that several pages gave.
            self._signs = [sign for sign in self._signs if not (sign.means == "more" and sign.follow)]
        sign = at_odds(
            self._signs, counted=self._counted, on_page=self._on_page, pages=max(self._read, 1),
            elements=self._elements if self._listing.each else None,
        )  # fmt: skip
        if sign:
            key = "format.ignore" if sign in self._in_document else "transport.ignore"
            raise self._fault("last page", *what_to_do(sign, key))

    # One page -------------------------------------------------------------------------------------------------

    def _next(self) -> Page | None:
        """The next page; None where it is missing after one that could be the last."""
        self._number += 1
        if self._number > (most := self._transport.limits.pages):
            raise self._fault(
                f"page {most}", f"no end after {most} pages", "no more than limits.pages",
                "Check transport.pages; ask the source for larger pages.",
            )  # fmt: skip
        if self._to.tell():
            self._to.write(b"\n")
        room = self._transport.limits.delivery_bytes - self._to.tell()
        ask = Ask(
            self._listing.name, f"page {self._number}", self._url,
            Room(PAGE_BYTES, "64 MiB a page") if room > PAGE_BYTES else Room(room, "limits.delivery_bytes"),
            self._parameters, self._listing.headers if self._last is None else {}, self._without_body(),
        )  # fmt: skip
        kept: list[Any] = []
        start = self._to.tell()
        answer = self._client.get(ask, self._to, lambda got: self._keep(got, start, kept))
        if answer.status == HTTPStatus.NOT_MODIFIED:
            raise Unchanged
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        document = kept[-1]
        items = find(document, self._listing.items)
        if not isinstance(items, list):
            raise self._fault(
                f"page {self._number}", f"no list at {self._listing.items or 'the top'}",
                "the list of items", "Ask the source what changed in its API, or mend the definition.",
            )  # fmt: skip
        self._check_total(document)
        self._note(document, answer)
        return Page(self._number, document, items, answer)

    def _note(self, document: Any, answer: Answer) -> None:
        """Keep what this answer says about more; that of the last one counts."""
        listing = self._listing
        self._in_document = signs(document, listing.items, listing.known)
        by_header = isinstance(listing.pages, PagesByLink) and not listing.pages.next
        ignored = (*listing.ignore_headers, "Link") if by_header else listing.ignore_headers
        self._signs = [*self._in_document, *_in_headers(answer.headers, ignored)]

    def _without_body(self) -> frozenset[int]:
        """Statuses that are answers although they bring no items."""
        if self._last is None:
            return frozenset({HTTPStatus.NOT_MODIFIED}) if self._listing.headers else frozenset()
        return frozenset({HTTPStatus.NOT_FOUND}) if self._ends_by_trying() else frozenset()

    def _keep(self, answer: Answer, start: int, kept: list[Any]) -> None:
        """Parse what was received; a byte order mark is one at the beginning of a file only."""
        self._to.seek(start)
        raw = self._to.read()
        media = answer.headers.get("Content-Type", "")
        place = f"page {self._number}"
        document = parsed(self._transport, raw, self._listing.encoding, media, self._listing.name, place)
        if wrong := error(signs(document, self._listing.items, self._listing.known)):
            raise self._fault(
                place, f"an error in the answer ({wrong.path})", "the data",
                "It will be asked again; if it stays so, ask the source, or declare format.ignore: "
                f"[{wrong.path}] if it is no error.", retry=True,
            )  # fmt: skip
        if start and raw.startswith(UTF_8_MARK):
            self._to.seek(start)
            self._to.truncate()
            self._to.write(raw.removeprefix(UTF_8_MARK))
        kept.append(document)

    def _check_total(self, document: Any) -> None:
        path = self._listing.total
        if path is None:
            return
        stated = _whole_number(find(document, path))
        if stated is None:
            raise self._fault(
                f"page {self._number}", f"no number at {path}", "the number of items",
                "Ask the source what changed in its API, or mend the definition.",
            )  # fmt: skip
        if self._stated not in (None, stated):
            raise self._fault(
                f"page {self._number}", "another number of items than on the page before", "the same on every page",
                "The source changed while it was read; it will be asked again.", retry=True,
            )  # fmt: skip
        self._stated = stated

    # The next page --------------------------------------------------------------------------------------------

    def _brings_nothing(self, page: Page) -> bool:
        """Whether a page only shows that the one before was the last."""
        pages = self._listing.pages
        if self._last is None or not isinstance(pages, PagesByNumber | PagesByOffset):
            return False
        by_trying = self._ends_by_trying()
        if not page.items or page.items != self._last:
            return by_trying and not page.items
        if by_trying and self._stated is None and len(page.items) < pages.size:
            return True  # a source that gives its last page for every later one
        raise self._circle("the same items as on the page before")

    def _counts_pages(self) -> bool:
        """Whether a source that does not heed what is asked for would give the same page for ever."""
        return isinstance(self._listing.pages, PagesByNumber | PagesByOffset)

    def _ends_by_trying(self) -> bool:
        """Whether the end is found only by asking for a page too many."""
        pages = self._listing.pages
        return isinstance(pages, PagesByOffset) or (isinstance(pages, PagesByNumber) and not pages.pages)

    def _turned(self, page: Page) -> bool:
        """Whether there is a next page; then it is the one that is asked for next."""
        pages = self._listing.pages
        if isinstance(pages, NoPages):
            return False
        if isinstance(pages, PagesByCursor):
            return self._turned_to_cursor(pages, page)
        if isinstance(pages, PagesByLink):
            return self._turned_to_link(pages, page)
        if isinstance(pages, PagesByNumber) and pages.pages:
            count = _whole_number(find(page.document, pages.pages))
            if count is None:
                raise self._fault(
                    f"page {page.number}", f"no number at {pages.pages}", "the number of pages",
                    "Ask the source what changed in its API, or mend the definition.",
                )  # fmt: skip
            more = page.number < count
        else:
            more = bool(page.items) and (self._stated is None or self._counted < self._stated)
        place = page.number + pages.first if isinstance(pages, PagesByNumber) else self._counted
        self._parameters[pages.parameter] = str(place)
        return more

    def _turned_to_cursor(self, pages: PagesByCursor, page: Page) -> bool:
        cursor = find(page.document, pages.next)
        if cursor is None or cursor is False or cursor == "":
            return False
        if not isinstance(cursor, str | int):
            raise self._fault(
                f"page {page.number}", f"no cursor at {pages.next}", "a text or a number",
                "Ask the source what changed in its API, or mend the definition.",
            )  # fmt: skip
        self._go(str(cursor), "a cursor for the second time")
        self._parameters[pages.parameter] = str(cursor)
        return True

    def _turned_to_link(self, pages: PagesByLink, page: Page) -> bool:
        if pages.next:
            where, place = find(page.document, pages.next), f"page {page.number}, {pages.next}"
        else:
            where, place = _next_link(page.answer.headers.get("Link", "")), f"page {page.number}, header Link"
        if not where:
            return False
        if not isinstance(where, str):
            raise self._fault(
                place, "no address", "that of the next page as a text",
                "Ask the source what changed in its API, or mend the definition.",
            )  # fmt: skip
        self._been.add(page.answer.url)
        self._url = target(self._transport, page.answer.url, where, self._listing.name, place)
        self._parameters = {}
        self._go(self._url, "a link to a page that was read already")
        return True

    def _go(self, where: str, found: str) -> None:
        if where in self._been:
            raise self._circle(found)
        self._been.add(where)

    # What went wrong ------------------------------------------------------------------------------------------

    def _circle(self, found: str) -> SourceError:
        return self._fault(
            f"page {self._number}", found, "pages that go on",
            "Check transport.pages; ask the source how its pages are counted.",
        )  # fmt: skip

    def _fault(
        self, place: str, found: str, expected: str, action: str, *, retry: bool = False
    ) -> SourceError:
        return self._transport.fault(self._listing.name, place, found, expected, action, retry=retry)


def says_more(headers: Mapping[str, str], ignored: Collection[str]) -> Sign | None:
    """A header by which an answer that is a file is not all there is."""
    return next((sign for sign in _in_headers(headers, ignored) if sign.means == "more"), None)


def _in_headers(headers: Mapping[str, str], ignored: Collection[str]) -> list[Sign]:
    found = in_headers(headers, ignored)
    if "link" not in {name.lower() for name in ignored} and (follow := _next_link(headers.get("Link", ""))):
        found.append(Sign("Link", "more", follow))
    return found


def _first(pages: Pages) -> dict[str, str]:
    """The parameters of the first page."""
    if isinstance(pages, NoPages):
        return {}
    found = {pages.size_parameter: str(pages.size)} if pages.size_parameter else {}
    if isinstance(pages, PagesByNumber):
        return found | {pages.parameter: str(pages.first)}
    return found | {pages.parameter: "0"} if isinstance(pages, PagesByOffset) else found


def _whole_number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _next_link(header: str) -> str:
    """The target of the relation `next` (RFC 8288); empty where there is none."""
    links: list[dict[str, str]] = parse_header_links(header) if header else []
    return next((link["url"] for link in links if "next" in link.get("rel", "").lower().split()), "")
