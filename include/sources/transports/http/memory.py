"""What an HTTP feed remembers between runs: validators, and how far it was read.

Each is kept with a fingerprint of the request it belongs to: an address that was changed in the definition begins anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

LONGEST = 1000
"""Characters of a validator; a longer one is not kept."""


def recall(memory: Mapping[str, str], key: str, request: str) -> dict[str, Any]:
    """What was kept under a key for the same request; empty where there is nothing."""
    try:
        found = json.loads(memory.get(key, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) and found.get("request") == request else {}


def kept(key: str, request: str, **values: Any) -> dict[str, str]:
    """The same as the memory keeps it."""
    return {key: json.dumps({"request": request, **values}, ensure_ascii=False, sort_keys=True)}


def fingerprint(*parts: Any) -> str:
    """Of what makes a request this one: no address and no parameter can be read from it."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def validators(headers: Mapping[str, str]) -> dict[str, str]:
    """ETag and Last-Modified of an answer, as the headers that ask whether they still hold (RFC 9110, 13.1)."""
    named = {"If-None-Match": headers.get("ETag", ""), "If-Modified-Since": headers.get("Last-Modified", "")}
    return {name: value for name, value in named.items() if 0 < len(value) <= LONGEST}
