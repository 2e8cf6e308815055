"""Watermarks: how far a feed was read, by a field of its items.

Values are compared by the kind that all of them have: numbers, and texts that are whole numbers, as numbers; ISO 8601
texts as moments (without an offset in the time of Almaty); other texts as texts, by code point. A feed whose values
are of several kinds is refused. An item without the field is landed, but moves nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from include.sources.transports.moments import moment
from include.sources.transports.paths import find

Key = tuple[str, Decimal | datetime | str]


class MixedKinds(ValueError):
    """Values that cannot be compared with each other."""


@dataclass
class Watermark:
    """The newest value of a field, and the items that have it.

    Sources differ in whether a parameter "since" includes the moment itself. Where it does, the newest items come
    again for ever: their fingerprint tells that nothing else came.
    """

    path: str
    value: Any = None
    items: set[str] = field(default_factory=set)

    def see(self, items: Iterable[Any]) -> None:
        """Take the items of one page into account.

        Raises:
            MixedKinds: their values and the one before are not of one kind.
        """
        for item in items:
            found = find(item, self.path)
            if found is None or found == "":
                continue
            order = self._compare(found)
            if order > 0:
                self.value, self.items = found, set()
            if order >= 0:
                self.items.add(_fingerprint(item))

    def fingerprint(self) -> str:
        """Of the items at the watermark, whatever their order."""
        return hashlib.sha256("\n".join(sorted(self.items)).encode()).hexdigest()

    def _compare(self, found: Any) -> int:
        if self.value is None:
            _key(found)
            return 1
        new, old = _key(found), _key(self.value)
        if new[0] != old[0]:
            raise MixedKinds
        return int(new[1] > old[1]) - int(new[1] < old[1])  # type: ignore[operator]


def _key(value: Any) -> Key:
    """A value by its kind."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise MixedKinds
    if not isinstance(value, str) or (value.isascii() and value.isdigit()):
        return "number", Decimal(str(value))
    try:
        return "moment", moment(value)
    except ValueError:
        return "text", value


def _fingerprint(item: Any) -> str:
    text = json.dumps(item, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
