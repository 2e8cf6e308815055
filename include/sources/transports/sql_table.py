"""A table or view as a definition names it and as it really is, and the questions that are asked of it.

Names come from the definition alone and are quoted, values are bound: neither ever becomes part of the SQL text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Date,
    DateTime,
    LargeBinary,
    Select,
    Text,
    cast,
    column,
    func,
    select,
    table,
)
from sqlalchemy.sql import quoted_name
from sqlalchemy.types import TypeEngine

from include.contracts import ALMATY
from include.sources.definition.transports import EveryRow, RowsByMonth, SqlTransport
from include.sources.transports.base import Transport
from include.sources.transports.sql_lines import refused


class Table:
    """Every column that the definition names is there, and is of a kind that can be read.

    Raises:
        SourceError: names the key of the definition where one is not.
    """

    def __init__(
        self, transport: Transport, declared: SqlTransport, types: Mapping[str, TypeEngine[Any]]
    ) -> None:
        self._transport, self._declared, self._types = transport, declared, types
        self._from = table(
            _name(declared.table), schema=_name(declared.db_schema) if declared.db_schema else None
        )
        self._names_are_there()
        self._kinds_can_be_read()

    def rows(self, *conditions: Any, by: str = "") -> Select[Any]:
        """The declared columns in the declared order; with `by`, in its order first, and it stands last in each row."""
        declared = self._declared
        columns = [self._landed(name) for name in declared.columns]
        order = [_column(name) for name in declared.order_by]
        if by:
            columns, order = [*columns, _column(by).label(None)], [_column(by), *order]
        return select(*columns).select_from(self._from).where(*conditions).order_by(*order)

    def any_above(self, name: str, value: Any) -> Select[Any]:
        """One row above the value, if there is one."""
        return select(_column(name)).select_from(self._from).where(_column(name) > value).limit(1)

    def number_without(self, name: str) -> Select[Any]:
        """How many rows have no value in the column."""
        return select(func.count()).select_from(self._from).where(_column(name).is_(None))

    @staticmethod
    def equal(name: str, value: Any) -> Any:
        """The condition that the column has the value."""
        return _column(name) == value

    @staticmethod
    def from_on(name: str, value: Any) -> Any:
        """The condition that the column has the value or a higher one; any value at all where it is None."""
        return _column(name).is_not(None) if value is None else _column(name) >= value

    def within(self, name: str, first: date, end: date) -> Any:
        """The condition that the column lies on the first day or later, before the end.

        Days of moments begin at midnight in Kazakhstan.
        """
        bounds: list[date] = [first, end]
        if getattr(self._types[name], "timezone", False):
            bounds = [datetime.combine(day, time(), ALMATY) for day in bounds]
        return (_column(name) >= bounds[0]) & (_column(name) < bounds[1])

    def _landed(self, name: str) -> Any:
        """The column; JSON as the text that it is, which a driver would take apart."""
        return cast(_column(name), Text) if isinstance(self._types[name], JSON) else _column(name)

    def _names_are_there(self) -> None:
        declared, by = self._declared, self._declared.deliveries
        named = {"columns": declared.columns, "order_by": declared.order_by}
        named |= {} if isinstance(by, EveryRow) else {"deliveries.column": [by.column]}
        for key, names in named.items():
            if missing := [name for name in names if name not in self._types]:
                raise self._transport.fault(
                    "definition", f"transport.{key}",
                    f"no column {', '.join(map(repr, missing))} (there are: {', '.join(self._types)})",
                    "columns of the table or view", "Mend the definition; upper and lower case differ.",
                )  # fmt: skip

    def _kinds_can_be_read(self) -> None:
        by = self._declared.deliveries
        for name in self._declared.columns:
            if isinstance(self._types[name], ARRAY | LargeBinary):
                raise refused(self._transport, name, str(self._types[name]))
        if isinstance(by, RowsByMonth) and not isinstance(self._types[by.column], Date | DateTime):
            raise self._transport.fault(
                "definition", "transport.deliveries.column", f"a column of the type {self._types[by.column]}",
                "a date or a timestamp", "Cast the column in a view, and name the view as transport.table.",
            )  # fmt: skip


def _name(name: str) -> quoted_name:
    return quoted_name(name, True)


def _column(name: str) -> Any:
    return column(_name(name))
