"""Delivery of finished letters over SMTP: plain, STARTTLS or TLS, with or without a login."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Literal, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

Security = Literal["none", "starttls", "tls"]
KEYS = ("host", "port", "user", "password", "tls", "sender")
LOCAL = ("localhost", "127.0.0.1", "::1")


class MailSetupError(ValueError):
    """The mail server is not described well enough to be used; the message says what is expected. No passwords."""


@dataclass(frozen=True)
class Server:
    """A mail server. `sender` replaces the sender of the recipients file where it is given."""

    host: str
    port: int
    tls: Security = "none"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str | None = None
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if self.user and self.tls == "none" and self.host not in LOCAL:
            raise MailSetupError(
                f"mail server {self.host}: a login over an unencrypted connection would show the password; "
                "set tls to starttls or tls"
            )

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Server:
        """The server of a mapping with host, port, user, password, tls (none, starttls, tls; true is tls), sender.

        Raises:
            MailSetupError: an unknown key, no host, a port that is none, an unknown kind of tls.
        """
        if unknown := sorted(set(given) - set(KEYS)):
            raise MailSetupError(f"mail server: unknown {', '.join(unknown)}; expected {', '.join(KEYS)}")
        if not given.get("host"):
            raise MailSetupError("mail server: host is missing")
        raw = given.get("tls")
        tls = {True: "tls", False: "none", None: "none", "": "none"}.get(raw, raw)
        if tls not in ("none", "starttls", "tls"):
            raise MailSetupError(f"mail server: tls: expected none, starttls or tls, found {raw!r}")
        usual = {"none": 25, "starttls": 587, "tls": 465}[tls]
        return cls(
            host=str(given["host"]),
            port=_port(given.get("port") or usual),
            tls=cast(Security, tls),
            user=given.get("user") or None,
            password=given.get("password") or None,
            sender=given.get("sender") or None,
        )

    @classmethod
    def from_url(cls, url: str) -> Server:
        """The server of `smtp://[user:password@]host[:port][?tls=starttls]` or `smtps://…`.

        Raises:
            MailSetupError: another scheme, no host, a port that is none.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise MailSetupError("ODCM_SMTP: the address cannot be read; expected smtp://host:port") from None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise MailSetupError(
                "ODCM_SMTP: expected smtp://[user:password@]host[:port][?tls=starttls] or smtps://…, "
                f"found the scheme {parts.scheme!r}"
            )
        asked = parse_qs(parts.query).get("tls", ["none"])[0]
        return cls.from_mapping(
            {
                "host": parts.hostname,
                "port": port,
                "user": unquote(parts.username) if parts.username else None,
                "password": unquote(parts.password) if parts.password else None,
                "tls": "tls" if parts.scheme == "smtps" else asked,
            }
        )

    @classmethod
    def from_environment(cls) -> Server:
        """The server that ODCM_SMTP names.

        Raises:
            MailSetupError: ODCM_SMTP is not set, or not an address of a mail server.
        """
        url = os.environ.get("ODCM_SMTP")
        if not url:
            raise MailSetupError("no mail server: set ODCM_SMTP, for example smtp://localhost:1025")
        return cls.from_url(url)


class Postman:
    """Letters over one connection, opened when first needed and opened again when it was lost."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: smtplib.SMTP | None = None

    def send(self, mail: EmailMessage) -> None:
        """Hand one letter to the server; returns when the server took it.

        Raises:
            smtplib.SMTPException, OSError: the server did not take it. The connection is given up, so that the
                next letter starts afresh.
        """
        try:
            if self._connection is None:
                self._connection = self._open()
            self._connection.send_message(mail)
        except (smtplib.SMTPException, OSError):
            self._forget()
            raise

    def close(self) -> None:
        """Take leave of the server; a server that is gone does not matter."""
        if self._connection is not None:
            try:
                self._connection.quit()
            except (smtplib.SMTPException, OSError):
                self._connection.close()
            self._connection = None

    def _open(self) -> smtplib.SMTP:
        server = self._server
        if server.tls == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout_s, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
        try:
            if server.tls == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password or "")
        except BaseException:
            connection.close()
            raise
        return connection

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _port(given: Any) -> int:
    try:
        port = int(given)
    except (TypeError, ValueError):
        port = 0
    if not 0 < port < 65536:
        raise MailSetupError(f"mail server: port: expected a number from 1 to 65535, found {given!r}")
    return port
