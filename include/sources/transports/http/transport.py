"""An HTTP API or document as the source of one feed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, cast
from urllib.parse import quote, unquote, urlsplit

from include.sources.definition.formats import JsonFormat
from include.sources.definition.mappings import ColumnMapping, ConstantMapping
from include.sources.definition.model import Feed
from include.sources.definition.transports import (
    HttpTransport,
    ListedDeliveries,
    MonthlyDeliveries,
    NoPages,
    SinceDeliveries,
)
from include.sources.transports.base import (
    CHUNK,
    Capped,
    NothingNew,
    Offered,
    Offers,
    Surroundings,
    Transport,
    Unchanged,
)
from include.sources.transports.http.answers import HEAD_BYTES, refuse_message, refuse_page
from include.sources.transports.http.body import Room
from include.sources.transports.http.client import Answer, Ask, Client
from include.sources.transports.http.lists import is_plain, listed
from include.sources.transports.http.memory import fingerprint, kept, recall, validators
from include.sources.transports.http.pages import Listing, Page, each_page, says_more
from include.sources.transports.http.watermark import MixedKinds, Watermark
from include.sources.transports.moments import month_of, month_words, months
from include.sources.whole import what_to_do


class Http(Transport):
    """The deliveries of an API by list, month or watermark, or one document."""

    def __init__(self, feed_id: str, feed: Feed, at: Surroundings, declared: HttpTransport) -> None:
        super().__init__(feed_id, feed, at, declared.deadline_s)
        self.declared = declared
        self._held: tuple[IO[bytes], dict[str, str]] | None = None
        self._modified: dict[str, datetime] = {}
        self._client = Client(self, declared)

    def close(self) -> None:
        self._client.close()
        if self._held:
            self._held[0].close()

    def offered(self) -> Offers:
        deliveries = self.declared.deliveries
        if isinstance(deliveries, ListedDeliveries):
            return listed(self, self._client, deliveries)
        if isinstance(deliveries, MonthlyDeliveries):
            return Offers(self._monthly(deliveries))
        if isinstance(deliveries, SinceDeliveries):
            return Offers([self._offer(f"asked-{self.at.now:%Y%m%dT%H%M%SZ}", month_of(self.at.now))])
        return self._document()

    def fetch(self, delivery: Offered, to: BinaryIO) -> Mapping[str, str]:
        if self._held:
            held, remember = self._held
            self._hand_on(delivery.name, held, to)
            return remember
        with TemporaryFile(dir=self.at.scratch) as whole:
            deliveries = self.declared.deliveries
            if isinstance(deliveries, SinceDeliveries):
                remember = self._receive_since(deliveries, delivery, whole)
            else:
                remember = self._receive_if_changed(delivery, whole)
            self._hand_on(delivery.name, whole, to)
        return remember

    def stamp(self, delivery: Offered) -> datetime:
        """Of a delivery on a list, when the server says that it was last modified."""
        return self._modified.get(delivery.name) or super().stamp(delivery)

    def _offer(self, name: str, period: str) -> Offered:
        return Offered(name, period, self.at.now.replace(microsecond=0), stamped_at=self.at.now)

    def _hand_on(self, name: str, whole: IO[bytes], to: BinaryIO) -> None:
        whole.seek(0)
        shutil.copyfileobj(whole, cast(BinaryIO, Capped(self, name, to)), CHUNK)

    # Month ----------------------------------------------------------------------------------------------------

    def _monthly(self, declared: MonthlyDeliveries) -> list[Offered]:
        """Months that have no delivery yet, and the last ones again.

        Of two months asked for in one run the later one counts as handed over later.
        """
        if not self.at.since:
            raise self.fault(
                "definition", "rhythm.since", "no first month", "one, with deliveries by month", "Declare it."
            )
        found = months(self.at.since, month_of(self.at.now))
        again = set(found[-declared.again :])
        wanted = [month for month in found if month in again or month not in self.at.landed]
        now = self.at.now.replace(microsecond=0)
        return [
            Offered(month, month, now + timedelta(microseconds=number), stamped_at=self.at.now)
            for number, month in enumerate(wanted)
        ]

    # One delivery ---------------------------------------------------------------------------------------------

    def _address(self, delivery: Offered) -> tuple[str, dict[str, str]]:
        """Address and parameters of one delivery."""
        declared = self.declared
        words = {}
        if isinstance(declared.deliveries, ListedDeliveries):
            words = {"id": delivery.name}
        elif isinstance(declared.deliveries, MonthlyDeliveries):
            words = month_words(delivery.period)
        url = _filled(self.expand("url", declared.url), {key: quote(word, "") for key, word in words.items()})
        expanded = {key: self.expand("parameters", text) for key, text in declared.parameters.items()}
        return url, {key: _filled(text, words) for key, text in expanded.items()}

    def _receive_if_changed(self, delivery: Offered, to: IO[bytes]) -> dict[str, str]:
        """A delivery, unless the source says that it is the one that landed; what to remember of it.

        Pages are asked for whatever their validators say: each speaks for its own page alone.
        """
        url, parameters = self._address(delivery)
        if not isinstance(self.declared.pages, NoPages):
            self._receive(delivery.name, url, parameters, {}, to)
            return {}
        request, key = fingerprint(url, parameters), f"validators {delivery.period} {delivery.name}"
        known = recall(self.at.memory, key, request) if delivery.period in self.at.landed else {}
        answer = self._receive(delivery.name, url, parameters, known.get("headers", {}), to)
        modified = _moment_of(answer.headers.get("Last-Modified", ""))
        if modified and isinstance(self.declared.deliveries, ListedDeliveries):
            self._modified[delivery.name] = modified
        return kept(key, request, headers=validators(answer.headers))

    def _receive(
        self, name: str, url: str, parameters: dict[str, str], headers: dict[str, str], to: IO[bytes]
    ) -> Answer:
        """The last answer, after the whole delivery was written.

        Raises:
            Unchanged: the validators in `headers` still hold.
        """
        if isinstance(self.feed.format, JsonFormat):
            for page in self._pages(self.feed.format, name, url, parameters, headers, to):
                answer = page.answer
            return answer
        ask = Ask(
            name, "body", url, Room(self.limits.delivery_bytes, "limits.delivery_bytes"), parameters, headers,
            frozenset({304}) if headers else frozenset(),
        )  # fmt: skip
        answer = self._client.get(ask, cast(BinaryIO, to), lambda got: self._check_file(name, got, to))
        if answer.status == 304:
            raise Unchanged
        if more := says_more(answer.headers, self.declared.ignore):
            raise self.fault(name, "header", *what_to_do(more, "transport.ignore"))
        return answer

    def _pages(
        self,
        form: JsonFormat,
        name: str,
        url: str,
        parameters: dict[str, str],
        headers: dict[str, str],
        to: IO[bytes],
    ) -> Iterable[Page]:
        listing = Listing(
            name, url, parameters, self.declared.pages, form.items, form.total, form.encoding, headers, form.each,
            self._identity(), tuple(form.ignore), tuple(self.declared.ignore),
        )  # fmt: skip
        return each_page(self, self._client, listing, cast(BinaryIO, to))

    def _identity(self) -> tuple[str, ...]:
        """Paths of what tells an item from others; none where columns alone do not say it.

        In what changed since a moment one record may have several items; rows of others have numbers of their own.
        """
        if isinstance(self.declared.deliveries, SinceDeliveries) or self.feed.only:
            return ()
        mappings = [self.feed.fields[name] for name in self.feed.identity]
        columns = [
            m if isinstance(m, str) else m.column for m in mappings if isinstance(m, str | ColumnMapping)
        ]
        constants = sum(isinstance(mapping, ConstantMapping) for mapping in mappings)
        return tuple(columns) if len(columns) + constants == len(mappings) else ()

    def _check_file(self, name: str, answer: Answer, to: IO[bytes]) -> None:
        """Refuse what is plainly no file: a page for people, a message as JSON. Its format judges the rest."""
        to.seek(0)
        head, media = to.read(HEAD_BYTES), answer.headers.get("Content-Type", "")
        if self.feed.format.kind != "jsonl":
            refuse_message(self, head, media, name, "body")
        refuse_page(self, head, media, name, "body")

    # Since ----------------------------------------------------------------------------------------------------

    def _receive_since(self, declared: SinceDeliveries, delivery: Offered, to: IO[bytes]) -> dict[str, str]:
        """What changed since the last time; how far the feed was read then."""
        form = self.feed.format
        assert isinstance(form, JsonFormat)  # the definition was checked
        url, parameters = self._address(delivery)
        request = fingerprint(url, parameters, declared.model_dump(mode="json"))
        before = recall(self.at.memory, "watermark", request)
        asked = parameters | {declared.parameter: str(before.get("value", declared.start))}
        mark = Watermark(declared.field, before.get("value"))
        count = 0
        for page in self._pages(form, delivery.name, url, asked, {}, to):
            count += len(page.items)
            self._see(mark, page, delivery.name)
        if count == 0:
            raise NothingNew
        if mark.value is None:
            raise self.fault(
                delivery.name, "items", f"no value at {declared.field}", "one in the items",
                "Mend transport.deliveries.field, or ask the source what changed in its API.",
            )  # fmt: skip
        nothing_else = mark.value == before.get("value") and len(mark.items) == count
        if nothing_else and mark.fingerprint() == before.get("items"):
            raise NothingNew
        return kept("watermark", request, value=mark.value, items=mark.fingerprint())

    def _see(self, mark: Watermark, page: Page, name: str) -> None:
        try:
            mark.see(page.items)
        except MixedKinds:
            raise self.fault(
                name, f"page {page.number}", f"values at {mark.path} that cannot be compared",
                "all numbers, all ISO 8601 moments, or all texts",
                "Declare another field in transport.deliveries, or ask the source what it writes.",
            ) from None  # fmt: skip

    # Document -------------------------------------------------------------------------------------------------

    def _document(self) -> Offers:
        """The document, if it changed. It is fetched at once: only the answer says which month it is for."""
        name = _last_part(self.declared.url)
        url, parameters = self._address(self._offer(name, ""))
        request = fingerprint(url, parameters)
        known = recall(self.at.memory, "document", request)
        whole = TemporaryFile(dir=self.at.scratch)  # noqa: SIM115 (held until fetch)
        self._held = whole, {}
        try:
            answer = self._receive(name, url, parameters, known.get("headers", {}), whole)
        except NothingNew:
            return Offers([])
        whole.seek(0)
        sha256 = hashlib.file_digest(cast(Any, whole), "sha256").hexdigest()
        if sha256 == known.get("sha256"):
            return Offers([])
        self._held = whole, kept("document", request, sha256=sha256, headers=validators(answer.headers))
        modified = min(_moment_of(answer.headers.get("Last-Modified", "")) or self.at.now, self.at.now)
        at = modified.replace(microsecond=0)
        return Offers([Offered(name, month_of(modified), at, stamped_at=self.at.now)])


def _filled(text: str, words: Mapping[str, str]) -> str:
    for key, word in words.items():
        text = text.replace("{" + key + "}", word)
    return text


def _last_part(url: str) -> str:
    """The last part of the path of an address, which is what people call a file; never its query."""
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    return name if is_plain(name) and "$" not in name else "document"


def _moment_of(header: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
