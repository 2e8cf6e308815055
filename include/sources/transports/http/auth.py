"""What a request carries that proves who asks, and to whom it may be shown.

Nothing of it stands in a definition, an address, a message or a log.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

from requests.structures import CaseInsensitiveDict

from include.sources.connections import Connection
from include.sources.definition.transports import BasicAuth, HttpTransport, ListedDeliveries, TokenAuth
from include.sources.errors import SourceError
from include.sources.transports.base import Transport
from include.sources.transports.http.addresses import Origin, origin, prepared
from include.sources.transports.paths import find

IN_A_HEADER = re.compile(r"[\x21-\x7e\xa0-\xff][\x20-\x7e\xa0-\xff]*")
USUAL = {"User-Agent": "odcm", "Accept-Encoding": "gzip"}


class Credentials:
    """The credentials of one feed: for the declared addresses alone, wherever answers point to.

    Attributes:
        verify: who may have signed a certificate: an office's own authority (a file), else those the world knows.
    """

    def __init__(self, transport: Transport, declared: HttpTransport) -> None:
        self._transport, self._declared = transport, declared
        named = declared.connection
        self._connection = transport.connection(named) if named else Connection("")
        self.verify = self._authorities()
        self._own = self._own_origins()
        self._headers = {name: transport.expand("headers", text) for name, text in declared.headers.items()}
        self._proof = self._fixed_header()

    def headers(self, url: str, more: Mapping[str, str]) -> dict[str, str]:
        """The headers of a request: credentials and declared headers only for the declared addresses."""
        own = self._is_own(url)
        found = {"Accept": "*/*"} | (self._headers if own else {}) | USUAL | dict(more)
        return dict(CaseInsensitiveDict(found | (self._proof if own else {})))

    @property
    def has_token(self) -> bool:
        """Whether an access token was taken."""
        return bool(self._proof)

    def headers_for_token(self) -> dict[str, str]:
        """The headers that ask for an access token: id and secret as basic authentication (RFC 6749, 2.3.1)."""
        return USUAL | {"Accept": "application/json", "Authorization": self._basic()}

    def take_token(self, document: object) -> None:
        """Use the access token of the answer of a token endpoint from now on (RFC 6749, 5.1).

        Raises:
            SourceError: the answer holds none.
        """
        token = find(document, "access_token")
        if not isinstance(token, str) or not token:
            raise self._transport.fault(
                "token", "answer", "no access_token", "the answer of an OAuth 2 token endpoint",
                "Check transport.auth.token_url.",
            )  # fmt: skip
        self._proof = {"Authorization": self._fitting(f"Bearer {token}")}

    # What there is --------------------------------------------------------------------------------------------

    def _fixed_header(self) -> dict[str, str]:
        auth = self._declared.auth
        if isinstance(auth, TokenAuth):
            if not self._connection.password:
                raise self._unusable("a connection without password", "its password")
            return {auth.header: self._fitting(auth.prefix + self._connection.password)}
        return {"Authorization": self._basic()} if isinstance(auth, BasicAuth) else {}

    def _basic(self) -> str:
        """Login and password (RFC 7617, in UTF-8)."""
        if not self._connection.login:
            raise self._unusable("a connection without login", "its login")
        pair = f"{self._connection.login}:{self._connection.password}".encode()
        return "Basic " + base64.b64encode(pair).decode()

    def _fitting(self, value: str) -> str:
        if not IN_A_HEADER.fullmatch(value):
            raise self._unusable(
                "credentials with characters that no header can hold", "a token as the source gave it"
            )
        return value

    def _authorities(self) -> str | bool:
        named = self._connection.extra.get("ca_file")
        if named and not Path(str(named)).is_file():
            raise self._unusable("an extra ca_file that is no file", "a file with certificates (PEM)")
        return str(named) if named else True

    def _unusable(self, found: str, expected: str) -> SourceError:
        return self._transport.fault(
            "definition", "transport.connection", found, expected, "Mend the connection."
        )

    # Whom it is for -------------------------------------------------------------------------------------------

    def _own_origins(self) -> set[Origin]:
        """The declared addresses; they are at the host of the connection, if that names one."""
        declared = {"url": self._declared.url}
        if isinstance(self._declared.deliveries, ListedDeliveries):
            declared["deliveries.url"] = self._declared.deliveries.url
        host = self._connection.host
        named = (host.partition("://")[2] or host).partition("/")[0].partition(":")[0].lower()
        found = set()
        for key, url in declared.items():
            place = f"transport.{key}"
            own = origin(prepared(self._transport, self._transport.expand(key, url), "definition", place))
            if "{" in own[1] or (named and own[1] != named):
                raise self._transport.fault(
                    "definition", place, "a host that is not that of the connection, or not fixed",
                    "the host for which the connection holds credentials", "Mend one of them.",
                )  # fmt: skip
            found.add(own)
        return found

    def _is_own(self, url: str) -> bool:
        """Whether an address is one of the declared: the same origin, or that with TLS added."""
        scheme, host, port = origin(url)
        return (scheme, host, port) in self._own or (
            (scheme, port) == ("https", 443) and ("http", host, 80) in self._own
        )
