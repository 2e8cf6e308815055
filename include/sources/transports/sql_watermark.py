"""How far a table was read: the highest value of its watermark column, and what stood there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

READERS: Mapping[type, Callable[[str], Any]] = {
    int: int,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    str: str,
}
"""The kinds of values that can be a watermark: they have an order, and come back from their text unchanged."""


class NoWatermark(ValueError):
    """A value that cannot be a watermark; the message is its kind."""


@dataclass(frozen=True)
class Watermark:
    """The highest value, and the SHA-256 of the lines whose rows have it."""

    value: Any
    sha256: str

    def text(self, question: str) -> str:
        """As it is remembered, together with what was asked."""
        kind = type(self.value)
        said = self.value.isoformat() if isinstance(self.value, date) else str(self.value)
        return json.dumps(
            {"question": question, "kind": kind.__name__, "value": said, "sha256": self.sha256},
            ensure_ascii=False,
        )

    @classmethod
    def read(cls, text: str, question: str) -> Self | None:
        """What was remembered; None where nothing was, or something else was asked then."""
        found = json.loads(text) if text else {}
        if found.get("question") != question:
            return None
        readers = {kind.__name__: reader for kind, reader in READERS.items()}
        return cls(readers[found["kind"]](found["value"]), found["sha256"])


class Highest:
    """The watermark of rows that come in its order."""

    def __init__(self) -> None:
        self._value: Any = None
        self._hash = hashlib.sha256()

    def add(self, values: Sequence[Any], lines: Sequence[bytes]) -> None:
        """Take the next rows: their values in the watermark column, and their lines."""
        last = values[-1]
        first = len(values)
        while first and values[first - 1] == last:
            first -= 1
        if first or last != self._value:
            self._value, self._hash = last, hashlib.sha256()
        for line in lines[first:]:
            self._hash.update(line)

    @property
    def watermark(self) -> Watermark:
        """Of all rows that were taken, at least one.

        Raises:
            NoWatermark: infinity, a float, or another value that has no exact order or text.
        """
        if type(self._value) not in READERS or (
            isinstance(self._value, Decimal) and not self._value.is_finite()
        ):
            raise NoWatermark(type(self._value).__name__)
        return Watermark(self._value, self.sha256)

    @property
    def sha256(self) -> str:
        """Of the lines at the highest value; of nothing where no row was taken."""
        return self._hash.hexdigest()
