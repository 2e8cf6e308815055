"""Rows of a database as JSON lines of texts: the same rows give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from include.sources.errors import SourceError
from include.sources.transports.base import Transport
from include.sources.transports.sql_databases import Beyond

ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _moment(value: datetime) -> str:
    return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()


AS_TEXT: Mapping[type, Callable[[Any], str]] = {
    str: str,
    Beyond: str,
    int: str,
    bool: lambda value: "true" if value else "false",
    float: repr,
    Decimal: lambda value: format(value, "f"),
    date: date.isoformat,
    datetime: _moment,
    time: time.isoformat,
    UUID: str,
}
"""ISO 8601, moments in UTC where they have an offset; decimals without an exponent."""


def _numbers(decimal: str) -> Mapping[type, Callable[[Any], str]]:
    """How numbers with a fraction are written with another decimal sign: without an exponent."""

    def written(value: Any) -> str:
        return format(Decimal(repr(value) if isinstance(value, float) else value), "f").replace(".", decimal)

    return {float: written, Decimal: written}


class Lines:
    """Turns the rows of one delivery into lines, in the order of its columns.

    A value is a text or null; a number has the decimal sign that the feed declares for its texts, so that it is read
    as that number. Lines end with a line feed; one within a value is escaped.
    """

    def __init__(self, transport: Transport, name: str, columns: Sequence[str], decimal: str = ".") -> None:
        self._transport, self._name, self._columns = transport, name, columns
        self._as_text = AS_TEXT if decimal == "." else {**AS_TEXT, **_numbers(decimal)}
        self._limits = transport.limits
        self.rows = 0

    def of(self, rows: Sequence[Sequence[Any]]) -> list[bytes]:
        """One line for each row; what a row holds beyond the columns is left out.

        Raises:
            SourceError: too many rows, too long a text, or a kind of value that has no one text.
        """
        cells = [
            self._texts(column, values)
            for column, values in zip(self._columns, zip(*rows, strict=True), strict=False)
        ]
        self.rows += len(rows)
        if self.rows > self._limits.rows:
            raise self._transport.fault(
                self._name, "size", f"more than {self._limits.rows} rows", "no more than limits.rows",
                "Ask for smaller deliveries (by month or since), or raise the limit of the deployment.",
            )  # fmt: skip
        return [(ENCODE(dict(zip(self._columns, row, strict=True))) + "\n").encode() for row in zip(*cells, strict=True)]  # fmt: skip

    def _texts(self, column: str, values: Iterable[Any]) -> list[str | None]:
        try:
            texts = [None if value is None else self._as_text[type(value)](value) for value in values]
        except KeyError as error:
            raise refused(self._transport, column, error.args[0].__name__) from None
        most = self._limits.cell_chars
        for number, text in enumerate(texts, self.rows + 1):
            if text is not None and len(text) > most:
                raise self._transport.fault(
                    self._name, f"row {number}, column {column!r}", f"more than {most} characters",
                    "no more than limits.cell_chars",
                    "Leave the column out, cut it in a view, or raise the limit of the deployment.",
                )  # fmt: skip
        return texts


def refused(transport: Transport, column: str, kind: str) -> SourceError:
    """The error of a column whose values have no one text."""
    return transport.fault(
        "definition", "transport.columns", f"values of the kind {kind} in the column {column!r}",
        "texts, numbers, dates, times, booleans or JSON",
        "Cast the column to text in a view, and name the view as transport.table.",
    )  # fmt: skip
