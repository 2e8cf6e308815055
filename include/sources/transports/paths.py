"""Paths over parsed JSON: `data.items` is the value of `items` in the object `data`."""

from __future__ import annotations

from typing import Any


def find(document: Any, path: str) -> Any:
    """What stands at a path; the document itself at the empty path, None where nothing does."""
    for key in filter(None, path.split(".")):
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document
