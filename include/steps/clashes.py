"""Clashes: deliveries that contradict each other, and records that are other ones under the same numbers (R1, R2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from include.ledger import DeliveredRow, order_of
from include.sources.definition import ConstantMapping, Cumulative, Increment
from include.steps import history
from include.steps.history import Past
from include.steps.judge_queries import Input, Task
from include.transform import quoted

ONE_MOMENT = timedelta(seconds=2)  # archives and some file systems keep time stamps to two seconds
LEAST = 3
NEARLY_ALL = 0.9
PAIRS = pa.schema([("older", pa.string()), ("newer", pa.string())])


@dataclass(frozen=True)
class Clashes:
    """Looks for clashes in a staged batch, where there can be any.

    Attributes:
        readable: the new deliveries of the batch that have rows in it, by number.
        records: how many rows each delivery of the batch has in core or as duplicates, by delivery id.
    """

    con: duckdb.DuckDBPyConnection
    task: Task
    readable: Mapping[int, Input]
    records: Mapping[str, int]
    past: Past
    staging: Path

    def contradictions(self) -> list[tuple[str, dict[str, Any]]]:
        """Deliveries of one moment in which the same record has other content: delivery id and figures.

        One moment is the same moment of handing over, with time stamps less than two seconds apart: nothing but
        their names says which of them is the newer.
        """
        pairs = list(self._of_one_moment())
        if not pairs:
            return []
        new = {each.delivery_id for each in self.readable.values()}
        others = {each.delivery_id: each for pair in pairs for each in pair}
        table = pa.Table.from_pylist(
            [{"older": a.delivery_id, "newer": b.delivery_id} for a, b in pairs], PAIRS
        )
        history.put_in_order(self.con, self.past, list(self.readable.values()), range(len(self.readable)), {})
        self.con.register("pairs", table)
        found = self.con.execute(self._contradictions()).fetchall()
        self.con.unregister("pairs")
        of: dict[str, list[dict[str, Any]]] = {}
        for older, newer, records, of_older, of_newer in found:
            told_of, other = (newer, older) if newer in new else (older, newer)
            sizes = {newer: of_newer, older: of_older}
            of.setdefault(told_of, []).append(
                {
                    "delivery": other[:12], "period": others[other].period, "records": records,
                    "of": sizes[told_of], "of_other": sizes[other], "counts": "this" if newer == told_of else "other",
                }
            )  # fmt: skip
        return [(delivery, {"with": clashes}) for delivery, clashes in of.items()]

    def begun_anew(self) -> list[tuple[str, dict[str, Any]]]:
        """Deliveries whose numbers stand for other records than in another period: delivery id and figures.

        That is so where nearly all of their records revise records of other periods; or where nearly all that they
        and an earlier delivery have in common, of the smaller of the two, have none of their dates in common.
        """
        feed = self.task.feed
        declared = feed.numbers_begin_anew
        if (
            not feed.is_asked_by_period
            or isinstance(feed.delivers, Cumulative)
            or declared in ("month", "year")
        ):
            return []
        revising = self._revising()
        if not revising:
            return []
        sizes = {
            d.delivery_id: (d.rows_for_us or 0) - (d.rows_quarantined or 0) for d in self.past.deliveries
        }
        sizes |= self.records
        found: dict[str, dict[str, Any]] = {}
        for delivery, other, revised, moved, all_revised, period in self.con.execute(
            self._revisions()
        ).fetchall():
            enough = NEARLY_ALL * sizes[delivery]
            is_literal = isinstance(feed.delivers, Increment) and declared is None
            all_are_revisions = is_literal and all_revised >= max(LEAST, enough)
            all_are_others = moved >= max(LEAST, NEARLY_ALL * min(sizes[delivery], sizes.get(other, 0)))
            if all_are_revisions or all_are_others:
                known = found.get(delivery)
                if known is None or known["revised"] < revised:
                    found[delivery] = {
                        "records": sizes[delivery], "revised": revised, "others": moved, "period": period,
                        "delivery": other[:12],
                    }  # fmt: skip
        return list(found.items())

    def _of_one_moment(self) -> Iterator[tuple[DeliveredRow | Input, DeliveredRow | Input]]:
        """Pairs of deliveries of one moment, the older one first, at least one of them of the batch."""
        at: dict[Any, list[DeliveredRow | Input]] = {}
        moments = {each.received_at for each in self.readable.values()}
        new = {each.delivery_id for each in self.readable.values()}
        known: list[DeliveredRow | Input] = [*self.past.deliveries, *self.readable.values()]
        for each in known:
            if each.received_at in moments and each.stamped_at is not None:
                at.setdefault(each.received_at, []).append(each)
        for together in at.values():
            for older, newer in combinations(sorted(together, key=order_of), 2):
                assert older.stamped_at and newer.stamped_at
                is_new = older.delivery_id in new or newer.delivery_id in new
                if is_new and newer.stamped_at - older.stamped_at < ONE_MOMENT:
                    yield older, newer

    def _contradictions(self) -> str:
        """older, newer, records that differ, records of the older, records of the newer."""
        return f"""
            with wanted as (select older as delivery_id from pairs union select newer from pairs),
            seen as (
                select delivery_id, record_key, arg_max(content_hash, raw_row) as content_hash
                from (
                    select * from {history.earlier_sightings(self.task, self.past)}
                    union all
                    select * from {history.staged_sightings(self.staging)}
                )
                semi join wanted using (delivery_id)
                where not withdrawn
                group by all
            ),
            sizes as (select delivery_id, count(*) as records from seen group by all)
            select older, newer, count(*), any_value(a.records), any_value(b.records)
            from pairs
            join seen as first on first.delivery_id = older
            join seen as second on second.delivery_id = newer and second.record_key = first.record_key
            join sizes as a on a.delivery_id = older
            join sizes as b on b.delivery_id = newer
            where first.content_hash <> second.content_hash
            group by older, newer
            order by older, newer
        """

    def _revising(self) -> dict[int, int]:
        """Rows of the second look that are accepted, by delivery, where they can be nearly all of what is in common."""
        counted = dict(
            self.con.execute(
                "select delivery, count(*) from ranked where verdict = 'accepted' group by delivery"
            ).fetchall()
        )
        sizes = [(d.period, (d.rows_for_us or 0) - (d.rows_quarantined or 0)) for d in self.past.deliveries]
        sizes += [(d.period, self.records[d.delivery_id]) for d in self.readable.values()]
        return {
            number: rows
            for number, rows in counted.items()
            if number in self.readable
            and rows >= LEAST
            and any(
                period != self.readable[number].period
                and rows >= NEARLY_ALL * min(size, self.records[self.readable[number].delivery_id])
                for period, size in sizes
            )
        }

    def _revisions(self) -> str:
        """delivery, other, records of it that revise the other's, those of them that are other records,
        records of it that revise any other period's, period of the other."""
        new = ", ".join(map(str, self.readable))
        columns = history.columns_of(self.task.contract)
        staged = [str(self.staging / f"{name}.parquet") for name in ("core", "core-rest")]
        rows = history.rows_of([*self.past.core, *staged], columns)
        compared = [
            field
            for field in self.task.contract.reported
            if field.name not in self.task.feed.identity
            and not isinstance(self.task.feed.fields.get(field.name), ConstantMapping | None)
            and not field.codelist
        ]
        dates = [field.name for field in compared if field.type == "date"]
        texts = [field.name for field in compared if field.type != "date"]
        return f"""
            with keys as (
                select distinct record_key from ranked join judged using (delivery, raw_row) where verdict = 'accepted'
            ),
            mine as (select delivery_id, delivery as number from deliveries where delivery in ({new})),
            stored as (
                select * from {rows} semi join keys using (record_key)
                where feed_id = {quoted(self.task.feed_id)} and not coalesce(withdrawn, false)
            ),
            pairs as (
                select new.delivery_id as delivery, old.delivery_id as other, new.record_key, old.delivered_period as period,
                    case when {_both(dates)} > 0 then {_same(dates)} = 0
                        else {_both(texts)} > 2 * {_same(texts)} end as moved
                from (from stored join mine using (delivery_id)) as new
                join stored as old on old.record_key = new.record_key and old.content_hash <> new.content_hash
                    and old.delivered_period <> new.delivered_period
                left join mine as of_old on of_old.delivery_id = old.delivery_id
                where of_old.number is null or of_old.number < new.number
            )
            select delivery, other, count(distinct record_key), count(distinct record_key) filter (where moved),
                any_value(all_revised), any_value(period)
            from pairs join (select delivery, count(distinct record_key) as all_revised from pairs group by delivery)
                using (delivery)
            group by delivery, other
            order by delivery, other
        """


def _both(names: Sequence[str]) -> str:
    return (
        "("
        + " + ".join([f"(new.{n} is not null and old.{n} is not null)::int" for n in names] or ["0"])
        + ")"
    )


def _same(names: Sequence[str]) -> str:
    return "(" + " + ".join([f"coalesce(new.{n} = old.{n}, false)::int" for n in names] or ["0"]) + ")"
