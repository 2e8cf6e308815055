"""Paths over parsed JSON: `data.items` is the value of `items` in the object `data`."""

from __future__ import annotations

from typing import Any


def find(document: Any, path: str) -> Any:
    """What stands at a path; the document itself at the empty path, None where nothing does.

    A key may itself have a dot in it: `@odata.nextLink`.
    """
    while path:
        if not isinstance(document, dict):
            return None
        if path in document:
            return document[path]
        key, _, path = path.partition(".")
        document = document.get(key) if key else document
    return document
