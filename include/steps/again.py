"""Again: the quarantined rows of deliveries that are in core, judged anew by what decides now.

Rows that were settled before stay as they are. A row is known by its place in the file: a file that is read into other
rows than before is left as it is, and a person is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from include.ledger import DeliveryResult
from include.sources.errors import SourceError
from include.sources.formats import RawRows
from include.steps import history
from include.steps.history import Past
from include.steps.judge_queries import Input, Task
from include.transform import quoted


@dataclass(frozen=True)
class Again:
    """The deliveries of a batch of which the quarantined rows alone are judged, by their numbers.

    Tables of the connection: `again` (delivery, raw_row, reasons) are these rows, `settled` (delivery, record_key,
    content_hash) the records of these deliveries that are in core.
    """

    con: duckdb.DuckDBPyConnection
    before: Mapping[int, DeliveryResult]

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, task: Task, inputs: Sequence[Input], past: Past) -> Again:
        """Those of the inputs that were judged before."""
        found = {n: d.again for n, d in enumerate(inputs) if d.again}
        rows = ", ".join(
            f"({n}, {quoted(inputs[n].delivery_id)}, {quoted(again.batch_id)})" for n, again in found.items()
        )
        if found:
            columns = {
                "batch_id": "varchar", "delivery_id": "varchar", "raw_row": "bigint", "reasons": "varchar[]",
            }  # fmt: skip
            con.execute(
                f"create temp table judged_before as from (values {rows}) t(delivery, delivery_id, batch_id); "
                "create temp table again as select delivery, raw_row, reasons "
                f"from {history.rows_of(past.quarantine, columns)} join judged_before using (batch_id, delivery_id); "
                "create temp table settled as select distinct delivery, record_key, content_hash from ("
                f"select {', '.join(history.SIGHTED)} from {history.earlier_core(task, past)} where not coalesce(withdrawn, false) "
                f"union all from {history.rows_of(past.duplicates, history.SIGHTED)}) "
                "join judged_before using (delivery_id)"
            )
        return cls(con, {n: again.result for n, again in found.items()})

    def rows(self, number: int, raw: RawRows) -> RawRows:
        """The delivery with the rows alone that are judged; a new one as it is."""
        if number not in self.before:
            return raw
        own = f"(select raw_row from again where delivery = {number})"
        return replace(raw, relation=f"(select * from {raw.relation} semi join {own} using (raw_row))")

    def rejects(self, number: int, raw: RawRows) -> str:
        """SELECT of the records that are no rows, of those that are judged."""
        if number not in self.before:
            return raw.rejects
        own = f"(select raw_row from again where delivery = {number})"
        return f"select * from ({raw.rejects}) semi join {own} using (raw_row)"

    def check(self, number: int, raw: RawRows, seen: int, task: Task, name: str) -> int:
        """The rows of the file, if it is read into the rows that it was read into before.

        Raises:
            SourceError: it is not.
        """
        before = self.before[number]
        if (raw.physical_rows, seen) == (before.rows_landed, before.rows_quarantined):
            return raw.physical_rows
        raise SourceError(
            task.feed_id, name, "rows in quarantine", f"{raw.physical_rows} rows in the file, {seen} of them in quarantine",
            f"{before.rows_landed} and {before.rows_quarantined}, as it was read before",
            "The definition reads other rows than before, so that those in quarantine cannot be told apart: they stay "
            "there. Ask the source for the file anew.",
        )  # fmt: skip

    def unchanged(
        self, staged_quarantine: str, snapshots: Mapping[int, str], withdrawn: Mapping[int, int]
    ) -> set[int]:
        """The deliveries of which every row stays in quarantine for the reasons of before, and nothing else follows.

        Args:
            staged_quarantine: FROM clause with the quarantined rows of the batch.
        """
        if not self.before:
            return set()
        changed = self.con.execute(
            f"select distinct delivery from again left join (select delivery, raw_row, reasons as now "
            f"from {staged_quarantine} join deliveries using (delivery_id)) using (delivery, raw_row) "
            "where now is distinct from reasons"
        ).fetchall()
        return {
            number
            for number, before in self.before.items()
            if (number,) not in changed
            and before.snapshot_of == snapshots.get(number)
            and not withdrawn.get(number)
        }
