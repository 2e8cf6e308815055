"""One answer at a time: asked for again where that can help, never longer than the deadline, never elsewhere."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from io import BytesIO
from typing import Any, BinaryIO

import requests
from urllib3.exceptions import HTTPError

from include.sources.definition.transports import HttpTransport, OAuth2Auth
from include.sources.errors import RetryableSourceError, SourceError
from include.sources.transports.base import Transport
from include.sources.transports.http.addresses import prepared, target
from include.sources.transports.http.answers import parsed
from include.sources.transports.http.auth import Credentials
from include.sources.transports.http.body import Room, receive
from include.sources.transports.http.network import Network

PAUSES_S = (0.25, 0.5, 1.0)
"""Seconds before the second, third and last try; what takes longer is for a later run."""

REDIRECTS = 5
AGAIN = {408, 425, 429, 500, 502, 503, 504}
MOVED = {301, 302, 303, 307, 308}
TOKEN = "token"
TOKEN_BYTES = 64 << 10

# At these places urllib3 writes whole addresses into the log, with their query.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)


@dataclass(frozen=True)
class Ask:
    """A request. `name` and `place` are for messages; `without_body` are other statuses than 200 that are answers."""

    name: str
    place: str
    url: str
    room: Room
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    without_body: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Answer:
    """An answer whose body, if it has one, was written whole."""

    status: int
    url: str
    headers: Mapping[str, str]


Check = Callable[[Answer], None]


class Client:
    """The requests of one run of one feed."""

    def __init__(self, transport: Transport, declared: HttpTransport) -> None:
        self._transport, self._declared = transport, declared
        self._credentials = Credentials(transport, declared)
        self._network = Network(transport)

    def get(self, ask: Ask, to: BinaryIO, check: Check) -> Answer:
        """The answer; its body stands behind what `to` holds.

        Args:
            check: raises SourceError where a body is not what it should be; it is asked for again as well.

        Raises:
            SourceError: the source cannot be asked, or did not give a whole answer.
        """
        auth = self._declared.auth
        if not isinstance(auth, OAuth2Auth):
            return self._several_tries(lambda: self._followed(ask, to), to, check)
        if self._credentials.has_token:  # it may end while it is in use
            first = replace(ask, without_body=ask.without_body | {HTTPStatus.UNAUTHORIZED})
            answer = self._several_tries(lambda: self._followed(first, to), to, check)
            if answer.status != HTTPStatus.UNAUTHORIZED:
                return answer
        self._credentials.take_token(self._ask_for_token(auth))
        return self._several_tries(lambda: self._followed(ask, to), to, check)

    def close(self) -> None:
        """Let go of every connection."""
        self._network.close()

    # Tries ----------------------------------------------------------------------------------------------------

    def _several_tries(self, ask: Callable[[], Answer], to: BinaryIO, check: Check) -> Answer:
        start = to.tell()
        for pause in PAUSES_S:
            try:
                return self._tried(ask, to, start, check)
            except RetryableSourceError as error:
                wait = max(pause, error.after_s)
                if wait >= self._transport.deadline.remaining:
                    raise
            self._network.reset()
            time.sleep(wait)
        return self._tried(ask, to, start, check)

    def _tried(self, ask: Callable[[], Answer], to: BinaryIO, start: int, check: Check) -> Answer:
        to.seek(start)
        to.truncate()
        answer = ask()
        if answer.status == HTTPStatus.OK:
            check(answer)
        return answer

    # An access token ----------------------------------------------------------------------------------------------

    def _ask_for_token(self, auth: OAuth2Auth) -> Any:
        """The answer of the token endpoint to the client credentials (RFC 6749, 4.4)."""
        place = "transport.auth.token_url"
        url = self._transport.expand("auth.token_url", auth.token_url)
        url = prepared(self._transport, url, "definition", place)
        ask = Ask(TOKEN, "answer", url, Room(TOKEN_BYTES, "64 KiB"))
        form = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
        headers = self._credentials.headers_for_token()
        to = BytesIO()
        found: list[Any] = []

        def post() -> Answer:
            with self._exchange(ask, "POST", url, headers, form) as got:
                self._expect(ask, got)
                receive(self._transport, got, to, ask.room, ask.name, ask.place)
                return Answer(got.status_code, url, got.headers)

        def check(answer: Answer) -> None:
            media = answer.headers.get("Content-Type", "")
            found[:] = [parsed(self._transport, to.getvalue(), "utf-8", media, ask.name, ask.place)]

        self._several_tries(lambda: self._guarded(ask, post), to, check)
        return found[0]

    # One exchange ---------------------------------------------------------------------------------------------

    def _followed(self, ask: Ask, to: BinaryIO) -> Answer:
        return self._guarded(ask, lambda: self._follow(ask, to))

    def _follow(self, ask: Ask, to: BinaryIO) -> Answer:
        url, place = prepared(self._transport, ask.url, ask.name, ask.place, ask.parameters), ask.place
        for _ in range(REDIRECTS + 1):
            headers = self._credentials.headers(url, ask.headers)
            with self._exchange(ask, "GET", url, headers) as got:
                if got.status_code in MOVED:
                    ask = replace(ask, place=f"{place}, redirect")
                    where = got.headers.get("Location", "")
                    url = target(self._transport, url, where, ask.name, ask.place)
                    continue
                self._expect(ask, got)
                if got.status_code == HTTPStatus.OK:
                    receive(self._transport, got, to, ask.room, ask.name, ask.place)
                self._transport.check_deadline(ask.name, ask.place)
                return Answer(got.status_code, url, got.headers)
        raise self._transport.fault(
            ask.name, place, f"more than {REDIRECTS} redirects", "an answer",
            "Check transport.url; ask the source where its API is.",
        )  # fmt: skip

    def _exchange(
        self, ask: Ask, method: str, url: str, headers: dict[str, str], form: Mapping[str, str] | None = None
    ) -> requests.Response:
        self._transport.check_deadline(ask.name, ask.place)
        request = self._request(ask, method, url, headers, form)
        self._network.pin(str(request.url), ask.name, ask.place)
        seconds = self._transport.deadline.at_most(self._declared.timeout_s)
        return self._network.adapter.send(
            request, stream=True, timeout=(seconds, seconds), verify=self._credentials.verify
        )

    def _request(
        self, ask: Ask, method: str, url: str, headers: dict[str, str], form: Mapping[str, str] | None
    ) -> requests.PreparedRequest:
        try:
            for value in headers.values():
                value.encode("latin-1")
            return requests.Request(method, url, headers=headers, data=form).prepare()
        except ValueError:
            raise self._transport.fault(
                ask.name, ask.place, "an address or a header that cannot be sent", "plain text on one line",
                "Check url, parameters and headers of the transport.",
            ) from None  # fmt: skip

    def _guarded(self, ask: Ask, exchange: Callable[[], Answer]) -> Answer:
        """Within, whatever goes wrong on the way becomes an error of this feed."""
        try:
            return exchange()
        except (requests.RequestException, HTTPError) as error:
            self._transport.check_deadline(ask.name, ask.place)
            raise self._broken(ask, error) from None
        finally:
            self._network.exchanged()

    # What went wrong ------------------------------------------------------------------------------------------

    def _broken(self, ask: Ask, error: Exception) -> SourceError:
        causes = list(_causes(error))
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return self._transport.fault(
                ask.name, ask.place, "a certificate that does not prove the host",
                "one for this host, signed by a known authority and in date",
                "Ask the source; an office's own authority is named in the connection's extra ca_file.",
            )  # fmt: skip
        if any(isinstance(cause, TimeoutError | requests.Timeout) for cause in causes):
            found = f"no byte for {self._declared.timeout_s:g} s (transport.timeout_s)"
        else:
            found = f"a connection that broke, or an answer that ended early ({type(causes[-1]).__name__})"
        return self._transport.fault(
            ask.name, ask.place, found, "a whole answer",
            "It will be asked again; if it stays so, ask the source.", retry=True,
        )  # fmt: skip

    def _expect(self, ask: Ask, got: requests.Response) -> None:
        """Raise where the status is none that was asked for."""
        status = got.status_code
        if status == HTTPStatus.OK or status in ask.without_body:
            return
        denied = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        if status in denied or (ask.name == TOKEN and status == HTTPStatus.BAD_REQUEST):  # RFC 6749, 5.2
            raise self._transport.fault(
                ask.name, ask.place, f"HTTP status {status}", "credentials that the source accepts",
                "Check transport.auth and the credentials in the connection, and with the source what they allow.",
            )  # fmt: skip
        if status not in AGAIN:
            raise self._transport.fault(
                ask.name, ask.place, f"HTTP status {status}", "200",
                "Check transport.url and parameters; ask the source.",
            )  # fmt: skip
        after = min(self._asked_to_wait(got.headers), self._declared.retry_after_s)
        error = RetryableSourceError(
            self._transport.feed_id, ask.name, ask.place, f"HTTP status {status}", "200",
            "It will be asked again; if it stays so, ask the source.",
        )  # fmt: skip
        error.after_s = after
        raise error

    def _asked_to_wait(self, headers: Mapping[str, str]) -> float:
        """Seconds that Retry-After asks for, by the source's own clock where that gives a moment."""
        text = headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            now = headers.get("Date")
            asked = parsedate_to_datetime(text)
            return max(
                0.0, (asked - (parsedate_to_datetime(now) if now else self._transport.at.now)).total_seconds()
            )
        except (TypeError, ValueError):
            return 0.0


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: Any = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
