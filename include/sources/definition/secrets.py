"""Secrets do not stand in a definition: many read it, and it is kept with all that it ever said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from include.sources.parts import PLACEHOLDER

LOGIN = re.compile(r"//[^/?#]*@")
SECRET = re.compile(
    r"(?:^|[_.-])(?:token|secret|password|passwd|pwd|api[_-]?key|access[_-]?key|signature|sig)$", re.I
)
PROOF = frozenset({"authorization", "proxy-authorization", "cookie"})


def secrets_in(pairs: Mapping[str, str]) -> list[str]:
    """The names whose values are secrets; ${NAME} is none, it is taken from the environment."""
    return [name for name, text in pairs.items() if SECRET.search(name) and not PLACEHOLDER.search(text)]


def address(url: str) -> str:
    """The address, if it holds no secret.

    Raises:
        ValueError: a login stands in it, or a parameter that is a secret.
    """
    found = secrets_in(dict(parse_qsl(url.partition("?")[2])))
    if LOGIN.search(url) or found:
        raise ValueError(
            "expected no secret in the address: name a connection, and let auth say how it is shown"
        )
    return url


def parameters(pairs: dict[str, str]) -> dict[str, str]:
    """The parameters, if none of them is a secret.

    Raises:
        ValueError: names those that are.
    """
    if found := secrets_in(pairs):
        raise ValueError(
            f"expected no secret ({', '.join(found)}): it stands in the environment, as ${{NAME}} here"
        )
    return pairs


def headers(pairs: dict[str, str]) -> dict[str, str]:
    """The headers, if none of them proves who asks.

    Raises:
        ValueError: names those that do.
    """
    if found := [name for name in pairs if name.lower() in PROOF] + secrets_in(pairs):
        raise ValueError(
            f"expected no secret ({', '.join(found)}): name a connection, and let auth name the header (kind: token)"
        )
    return pairs
