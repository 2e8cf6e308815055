"""Items that come on more than one page of a reading: then another one was most likely passed over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from include.sources.transports.paths import find

DIGEST = 16


class Seen:
    """The items of the pages so far, 16 bytes each.

    A page that shifts while others are read shows an item again, and hides one. Twice on one page is no such sign:
    the source holds it twice, and judging says so.
    """

    def __init__(self, identity: Sequence[str] = ()) -> None:
        """`identity`: paths of the values that tell an item from others; the whole item where there are none."""
        self._identity = tuple(identity)
        self._digests = bytearray()
        self._ends: list[int] = []

    def see(self, items: Iterable[Any]) -> None:
        """Take the items of the next page into account."""
        self._digests += b"".join({self._digest(item) for item in items})
        self._ends.append(len(self._digests) // DIGEST)

    def repeated(self) -> tuple[int, int] | None:
        """Two pages, by their place among those seen from 1, that show the same item; None where all are apart."""
        if len(self._ends) < 2:
            return None
        pairs = np.frombuffer(self._digests, dtype=np.uint64).reshape(-1, 2)
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        same = np.flatnonzero((pairs[order[1:]] == pairs[order[:-1]]).all(axis=1))
        if not len(same):
            return None
        places = sorted((int(order[same[0]]), int(order[same[0] + 1])))
        first, second = (np.searchsorted(self._ends, places, side="right") + 1).tolist()
        return first, second

    def _digest(self, item: Any) -> bytes:
        values = [find(item, path) for path in self._identity]
        told = values if values and all(value not in (None, "") for value in values) else item
        text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()
