"""Connections: where the credentials of a source are, outside of its definition.

Under Airflow they are Airflow's own connections; the command line reads the same environment variables that
Airflow reads, AIRFLOW_CONN_<ID> in upper case, as JSON or as a URI.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

KIND = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?//")
PROTOCOL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class ConnectionFault(ValueError):
    """A connection that is not there or cannot be read; the message never holds a part of it."""


@dataclass(frozen=True)
class Connection:
    """What is needed to reach a system. `repr` shows no secret."""

    conn_id: str
    conn_type: str = ""
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, conn_id: str, found: Mapping[str, Any]) -> Self:
        """The connection whose parts stand under Airflow's names; `extra` may be a mapping or its JSON text.

        Raises:
            ValueError: the port is no number, or extra is no mapping.
        """
        extra = found.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
        if not isinstance(extra, Mapping):
            raise ValueError("extra is no mapping")
        texts = {name: str(found.get(name) or "") for name in ("host", "login", "password", "schema")}
        kind = str(found.get("conn_type") or "").replace("-", "_")
        port = found.get("port")
        return cls(
            conn_id=conn_id,
            conn_type="postgres" if kind == "postgresql" else kind,
            port=int(port) if port else None,
            extra=extra,
            **texts,
        )


Connect = Callable[[str], Connection]


def from_environment(conn_id: str) -> Connection:
    """The connection that AIRFLOW_CONN_<ID> holds.

    Raises:
        ConnectionFault: it is not set, or is neither JSON nor a URI as Airflow writes them.
    """
    name = f"AIRFLOW_CONN_{conn_id.upper()}"
    text = os.environ.get(name, "").strip()
    if not text:
        raise ConnectionFault(f"{name} is not set")
    try:
        return Connection.of(conn_id, json.loads(text) if text.startswith("{") else _from_uri(text))
    except (ValueError, TypeError):
        raise ConnectionFault(f"{name} is neither JSON nor a URI as Airflow writes connections") from None


def _from_uri(text: str) -> dict[str, Any]:
    """`type://login:password@host:port/schema?key=value`, every part percent-encoded; `__extra__` holds JSON.

    A host with a protocol of its own is written `type://protocol://…`.
    """
    kind = KIND.match(text)
    if not kind:
        raise ValueError("no type of connection")
    rest = text[kind.end() :]
    protocol = PROTOCOL.match(rest)
    parts = urlsplit(f"//{rest[protocol.end() :] if protocol else rest}")
    host = _host(parts)
    pairs = dict(parse_qsl(parts.query, keep_blank_values=True))
    return {
        "conn_type": (kind[1] or "").lower(),
        "host": f"{protocol[1].lower()}://{host}" if protocol and host else host,
        "port": parts.port,
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "schema": unquote(parts.path[1:]),
        "extra": pairs.get("__extra__", pairs),
    }


def _host(parts: SplitResult) -> str:
    """The name of the host in lower case; a path, which stands here for a file, as it is written."""
    host = unquote(parts.hostname or "")
    if "/" not in host:
        return host
    return unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
