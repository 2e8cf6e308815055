"""Withdrawals: records that were known and are not in a snapshot (R5).

Every delivery has its place in the order of receipt, and every record its turns: the deliveries it was in, and those
that withdrew it. A record is withdrawn by the first snapshot of its scope after its last turn. What came in late is
looked for in the snapshots that are committed already; a late snapshot withdraws nothing that was seen after it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from include.contracts import row_rules
from include.sources.definition import Snapshot
from include.sources.errors import SourceError
from include.steps import history
from include.steps.history import Past
from include.steps.judge_queries import Input, Task
from include.transform import quoted

NEVER = 2**31 - 1


@dataclass
class Withdrawals:
    """The withdrawals of one batch. It reads `judged` and the staged core.parquet of the connection's batch.

    Attributes:
        snapshots: number of a delivery → what it holds whole; without those of which some record is not known.
        held: (number, figures) of each delivery that would have withdrawn records and did not.
    """

    con: duckdb.DuckDBPyConnection
    task: Task
    declared: Snapshot
    inputs: Sequence[Input]
    past: Past
    staging: Path
    snapshots: dict[int, str] = field(default_factory=dict)
    held: list[tuple[int, dict[str, int]]] = field(default_factory=list)

    def find(self, readable: Collection[int]) -> tuple[int, SourceError] | None:
        """Find what is withdrawn and what came back, in the tables `turns` and `returned`.

        Returns:
            The first snapshot that lacks too much of what was known, with the error that refuses it.
        """
        unknown = self._unknown_rows()
        self.snapshots = {number: self.declared.of for number in readable if number not in unknown}
        history.put_in_order(self.con, self.past, self.inputs, readable, self.snapshots)
        self._turns()
        self.held = []
        for place, number, known, gone, holds in self._lacking():
            if not self._too_many(known, gone, holds):
                continue
            if number is not None and not self.inputs[number].again:
                return number, self._refusal(number, known, gone)
            self._hold_late(place, number, known, gone)
        self.held += self._held(unknown)
        self.con.execute(
            "create or replace temp table returned as select record_key, delivery from (select record_key, place, "
            "lag(gone or gone_at is not null) over (partition by record_key order by place) as was_gone, is_new "
            "from turns) join places using (place) where is_new and was_gone"
        )
        return None

    def stage(self) -> dict[int, int]:
        """Write core-withdrawn.parquet, where there is something to withdraw; how much by number of delivery."""
        counts = dict(
            self.con.execute(
                "select coalesce(lacking.delivery, brought.delivery), count(*) from turns "
                "join places as lacking on lacking.place = gone_at "
                "join places as brought on brought.place = turns.place group by 1"
            ).fetchall()
        )
        if counts:
            path = quoted(str(self.staging / "core-withdrawn.parquet"))
            self.con.execute(f"copy ({self._last_values()}) to {path} (format parquet)")
        return counts

    def _unknown_rows(self) -> dict[int, int]:
        """Rows by delivery that may be any record: they have no identity that can be read."""
        return dict(
            self.con.execute(
                f"select delivery, count(*) from judged where reasons is not null and not ({self.key_is_known}) group by 1"
            ).fetchall()
        )

    @property
    def key_is_known(self) -> str:
        """SQL that is true for a broken row of which the record is known all the same."""
        rules = [rule.id for rule in row_rules(self.task.contract)]
        about = [rule for rule in rules if rule.partition(".")[0] in self.task.feed.identity]
        return f"record_key is not null and not list_has_any(reasons, [{', '.join(map(quoted, about))}]::varchar[])"

    def _turns(self) -> None:
        """`turns`: every record's deliveries in order (of those before the batch, the last), and where it is gone."""
        core, earlier = (
            quoted(str(self.staging / "core.parquet")),
            history.earlier_sightings(self.task, self.past),
        )
        self.con.execute(f"create or replace temp table sightings as from {earlier}")
        quarantined = history.rows_of(
            self.past.quarantine, {"delivery_id": "varchar", "record_key": "varchar"}
        )
        self.con.execute(
            f"""
            create or replace temp table scoped as
            select period, place, delivery is not null as is_new from places where snapshot_of = 'period'
            union all
            select period, place, is_new
            from (select place, delivery is not null as is_new from places where snapshot_of = 'everything')
            cross join (select distinct period from places);

            create or replace temp table turns as
            with stored as (
                select record_key from sightings where not withdrawn
                union
                select record_key from read_parquet({core})
                union
                select record_key from judged where reasons is null
            ),
            earlier as (
                select record_key, place, withdrawn as gone from sightings join places using (delivery_id)
                where delivery is null or withdrawn
                union all
                select record_key, place, false from {quarantined} join places using (delivery_id)
                where record_key is not null and delivery is null
            ),
            oldest as (select min(place) as place from places where delivery is not null),
            events as (
                select record_key, max(place) as place, arg_max(gone, place) as gone, false as is_new
                from earlier where place < (from oldest) group by record_key
                union all
                select record_key, place, bool_or(gone), false
                from earlier where place >= (from oldest) group by record_key, place
                union all
                select distinct record_key, place, false, true
                from (
                    select record_key, delivery_id from read_parquet({core})
                    union all
                    select record_key, delivery_id from judged join deliveries using (delivery)
                    where reasons is null or ({self.key_is_known})
                    union all -- settled before, of a delivery that is judged again
                    select record_key, delivery_id from sightings where not withdrawn
                ) join places using (delivery_id) where delivery is not null
            ),
            in_order as (
                select events.*, period, lead(place) over record as next_place, lead(events.is_new) over record as next_is_new
                from events semi join stored using (record_key) join places using (place)
                window record as (partition by record_key order by place)
            ),
            -- a record known before is looked for in the new snapshots, a new one in all of them
            looked_in as (
                select period, place as snapshot, false as for_new from scoped where is_new
                union all
                select period, place, true from scoped
            )
            select in_order.*, case when not gone and (next_place is null or (next_is_new and snapshot < next_place))
                then snapshot end as gone_at
            from in_order asof left join looked_in
                on in_order.period = looked_in.period and in_order.is_new = looked_in.for_new
                and in_order.place < looked_in.snapshot
            """
        )

    def _lacking(self) -> list[tuple[int, int | None, int, int, int]]:
        """Of each snapshot that withdraws: place, number, records known in its scope before, how many of these are gone, records in it."""
        return self.con.execute(
            f"""
            with known as (
                select scoped.place, count(*) as known, count(*) filter (gone_at = scoped.place) as gone
                from scoped join turns
                    on turns.period = scoped.period and turns.place < scoped.place and not turns.gone
                    and coalesce(gone_at, next_place, {NEVER}) >= scoped.place
                where scoped.place in (select gone_at from turns)
                group by scoped.place
            )
            select place, delivery, known, gone, coalesce(holds, 0)
            from known join places using (place)
            left join (select place, count(*) as holds from turns where not gone group by place) using (place)
            order by place
            """
        ).fetchall()

    def _too_many(self, known: int, gone: int, holds: int) -> bool:
        share = self.declared.may_withdraw
        emptied = holds == 0 and share < 1
        return emptied or gone > may_be_withdrawn(share, known)

    def _refusal(self, number: int, known: int, gone: int) -> SourceError:
        share, most = self.declared.may_withdraw, may_be_withdrawn(self.declared.may_withdraw, known)
        return SourceError(
            self.task.feed_id, self.inputs[number].name, "snapshot",
            f"{gone} of the {known} records known before missing from it ({gone / known:.0%})",
            f"at most {most} (delivers.may_withdraw: {share:g}), and at least one record",
            "Ask the source whether the file is whole. If it is, raise may_withdraw for this once; nothing of it was taken.",
        )  # fmt: skip

    def _hold_late(self, place: int, number: int | None, known: int, gone: int) -> None:
        """A snapshot that is committed lacks too much of what came in late: that stays, and a person is told."""
        if number is None:
            ((number,),) = self.con.execute(
                "select max(delivery) from turns join places using (place) where gone_at = ?", [place]
            ).fetchall()
        self.con.execute("update turns set gone_at = null where gone_at = ?", [place])
        self.held.append((number, {"known": known, "missing": gone, "unknown_rows": 0}))

    def _held(self, unknown: dict[int, int]) -> list[tuple[int, dict[str, int]]]:
        """The new deliveries that lack records, and of which some rows may be any record."""
        found = []
        for number, rows in sorted(unknown.items()):
            within = "true" if self.declared.of == "everything" else "turns.period = here.period"
            ((known, missing),) = self.con.execute(
                f"""
                select count(*), count(*) filter (until > here.place and (next_place is null or next_is_new))
                from (select *, coalesce(gone_at, next_place, {NEVER}) as until from turns where not gone) as turns
                join (from places where delivery = ?) as here
                    on {within} and turns.place < here.place and until >= here.place
                """,
                [number],
            ).fetchall()
            if missing:
                found.append((number, {"known": known, "missing": missing, "unknown_rows": rows}))
        return found

    def _last_values(self) -> str:
        """The withdrawn records as core has them: their last values, by the snapshot that lacks them."""
        replaced = {
            "batch_id": quoted(self.task.batch_id),
            "delivery_id": "gone.delivery_id",
            "raw_row": "0::bigint",
            "received_at": "gone.received_at",
            "delivered_period": "gone.period",
            "withdrawn": "true",
        }
        columns = history.columns_of(self.task.contract)
        selected = ", ".join(f"{replaced.get(name, f'last.{name}')} as {name}" for name in columns)
        staged = [str(self.staging / f"{name}.parquet") for name in ("core", "core-rest")]
        rows = history.rows_of([*self.past.core, *staged], columns)
        feed = quoted(self.task.feed_id)
        return f"""
            with gone as (
                select record_key, gone_at, delivery_id, received_at, places.period
                from turns join places on places.place = gone_at
            ),
            seen as (
                select record_key, content_hash, raw_row, place
                from (
                    select record_key, content_hash, raw_row, delivery_id from sightings where not withdrawn
                    union all
                    select record_key, content_hash, raw_row, delivery_id from {history.staged_sightings(self.staging)}
                ) join places using (delivery_id)
            ),
            content as (
                select gone.record_key, gone_at, arg_max(content_hash, (place, raw_row)) as content_hash
                from gone join seen on seen.record_key = gone.record_key and seen.place < gone_at
                group by gone.record_key, gone_at
            ),
            last as (
                select rows.*, gone_at
                from content join {rows} as rows using (record_key, content_hash)
                    left join places using (delivery_id) -- not there where it was set aside
                where feed_id = {feed} and not coalesce(withdrawn, false)
                qualify row_number() over (partition by rows.record_key, gone_at order by place, raw_row) = 1
            )
            select {selected} from last join gone using (record_key, gone_at)
            order by gone_at, record_key
        """


def may_be_withdrawn(share: float, known: int) -> int:
    """Records that one snapshot may withdraw: the declared share of those known, and one wherever any may go."""
    return max(math.floor(share * known + 1e-9), 1 if share > 0 else 0)
