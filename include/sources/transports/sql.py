"""Rows of one table or view of a database, as JSON lines of texts.

Each delivery is read in one transaction that reads only, and so shows one moment.

What a watermark cannot see. `deliveries: {by: since}` asks for what stands at or above the highest value it has seen.
A row that is committed later with a *lower* value is never asked for: one of a long transaction whose clock was read
at its start, one written with a clock that is behind, one corrected without touching the column. Choose a column that
grows in the order of commits, or let a view hold rows back until no transaction can still add older ones; where the
source has neither, use `by: all` or `by: month`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any, BinaryIO

from sqlalchemy import Connection, Select

from include.contracts import ALMATY
from include.sources.definition.model import Feed
from include.sources.definition.transports import EveryRow, RowsByMonth, RowsSince, SqlTransport
from include.sources.errors import SourceError
from include.sources.transports.base import Capped, NothingNew, Offered, Offers, Surroundings, Transport
from include.sources.transports.sql_lines import Lines
from include.sources.transports.sql_session import Session
from include.sources.transports.sql_table import Table
from include.sources.transports.sql_watermark import Highest, NoWatermark, Watermark

FIRST_ROWS = 16
BATCH_BYTES = 8 << 20
NO_ROWS = b"\n"
KEY = "watermark"
Batch = tuple[Sequence[Sequence[Any]], list[bytes]]


class Sql(Transport):
    """A table or view of a database."""

    def __init__(self, feed_id: str, feed: Feed, at: Surroundings, declared: SqlTransport) -> None:
        super().__init__(feed_id, feed, at, declared.deadline_s)
        self.declared = declared
        self._table: Table

    def offered(self) -> Offers:
        """One delivery of all rows or of what is new, or one for each month; rows that none of them holds are a fault."""
        declared, by = self.declared, self.declared.deliveries
        months = self._months(by) if isinstance(by, RowsByMonth) else []
        with self._session.moment(declared.table) as now:
            self._table = Table(self, declared, self._session.columns(now))
            faults = [] if isinstance(by, EveryRow) else self._never_found(by.column, now)
        names = {f"{declared.table}_{month}": month for month in months} or {declared.table: self._this_month}
        # Of two months asked for in one run the later one counts as handed over later.
        return Offers(
            [
                Offered(name, period, self.at.now + timedelta(microseconds=number), stamped_at=self.at.now)
                for number, (name, period) in enumerate(names.items())
            ],
            faults,
        )

    def fetch(self, delivery: Offered, to: BinaryIO) -> Mapping[str, str]:
        """Write its rows; no rows at all are one empty line, a report of nothing.

        By watermark there is no report of nothing: what did not change is NothingNew.
        """
        capped, by = Capped(self, delivery.name, to), self.declared.deliveries
        with self._session.moment(delivery.name) as now:
            if isinstance(by, RowsSince):
                return {KEY: self._since(by, delivery.name, now, capped)}
            conditions = []
            if isinstance(by, RowsByMonth):
                first = date.fromisoformat(f"{delivery.period}-01")
                conditions = [self._table.within(by.column, first, _next_month(first))]
            for _, lines in self._read(now, delivery.name, self._table.rows(*conditions)):
                capped.write(b"".join(lines))
            if not capped.size:
                capped.write(NO_ROWS)
        return {}

    def close(self) -> None:
        if "_session" in self.__dict__:
            self._session.close()

    @cached_property
    def _session(self) -> Session:
        return Session(self, self.declared)

    # Months ---------------------------------------------------------------------------------------------------

    @property
    def _this_month(self) -> str:
        return f"{self.at.now.astimezone(ALMATY):%Y-%m}"

    def _months(self, by: RowsByMonth) -> list[str]:
        """Months since the rhythm began that are not landed yet, and the last `again`; oldest first."""
        if not self.at.since:
            raise self.fault(
                "definition", "rhythm.since", "none", "the first month to ask for: deliveries are by month",
                "State the rhythm of the feed.",
            )  # fmt: skip
        months, day = [], date.fromisoformat(f"{self.at.since}-01")
        while (month := f"{day:%Y-%m}") <= self._this_month:
            months.append(month)
            day = _next_month(day)
        last = months[-by.again :]
        return [month for month in months if month not in self.at.landed or month in last]

    # Watermark ------------------------------------------------------------------------------------------------

    def _since(self, by: RowsSince, name: str, now: Connection, to: Capped) -> str:
        """Write what stands at or above the watermark; gives the next one, to be remembered."""
        before = Watermark.read(self.at.memory.get(KEY, ""), self._asked)
        if before and self._unchanged(by.column, name, now, before):
            raise NothingNew
        start = before.value if before else by.start
        question = self._table.rows(self._table.from_on(by.column, start), by=by.column)
        highest = Highest()
        for rows, lines in self._read(now, name, question):
            to.write(b"".join(lines))
            highest.add([row[-1] for row in rows], lines)
        if not to.size:
            raise NothingNew
        try:
            return highest.watermark.text(self._asked)
        except NoWatermark as kind:
            raise self.fault(
                "definition", "transport.deliveries.column", f"a highest value that has no next one ({kind})",
                "finite dates, timestamps, integers, decimals or texts",
                "Name another column, or keep such rows out with a view.",
            ) from None  # fmt: skip

    def _unchanged(self, column: str, name: str, now: Connection, before: Watermark) -> bool:
        """Whether nothing stands above the watermark, and the same as before at it."""
        if self._session.stream(now, self._table.any_above(column, before.value)).first():
            return False
        highest = Highest()
        question = self._table.rows(self._table.equal(column, before.value), by=column)
        for rows, lines in self._read(now, name, question):
            highest.add([row[-1] for row in rows], lines)
        return highest.sha256 == before.sha256

    def _never_found(self, column: str, now: Connection) -> list[SourceError]:
        """The fault of rows that no month and no watermark ever finds."""
        rows = self._session.stream(now, self._table.number_without(column)).scalar_one()
        if not rows:
            return []
        return [
            self.fault(
                self.declared.table, "transport.deliveries.column", f"{rows} rows with no value in {column!r}",
                "a value in every row: those without one are never asked for",
                "The others are taken. Let the source fill the column, or use deliveries by all.",
            )
        ]  # fmt: skip

    @property
    def _asked(self) -> str:
        """What a watermark belongs to: asked for anything else, the table is read from the start."""
        declared = self.declared
        parts = [declared.db_schema, declared.table, declared.columns, declared.deliveries.model_dump()]
        return json.dumps(parts, ensure_ascii=False)

    # Rows -----------------------------------------------------------------------------------------------------

    def _read(self, now: Connection, name: str, question: Select[Any]) -> Iterator[Batch]:
        """Rows and their lines, some at a time: no more than batch_rows, and fewer where they are long."""
        lines = Lines(self, name, self.declared.columns, self.feed.format.decimal)
        size = min(FIRST_ROWS, self.declared.batch_rows)
        answer = self._session.stream(now, question)
        while rows := self._session.fetch(now, answer, size):
            batch = lines.of(rows)
            yield rows, batch
            fitting = BATCH_BYTES * len(batch) // sum(map(len, batch))
            size = max(1, min(2 * size, fitting, self.declared.batch_rows))


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
