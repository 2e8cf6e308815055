"""Judge: every row of the new deliveries of a feed gets all its reasons, or none.

Two looks. The first reads every row, judges it and writes the plainly accepted ones straight to their Parquet
file: nothing is held in memory. The rows that are broken, or whose record may have come before, are set aside.
The second look gives those their reasons, ranks what came more than once (R2), and stages them as accepted,
quarantined or duplicate. Nothing outside the staging folder is written here.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import PythonUDFType

from include.channels import register_channels
from include.contracts import Contract, RowRule, row_rules
from include.ledger import order_of
from include.runtime.engine import connect
from include.sources.definition import Cumulative, Snapshot
from include.sources.deployment import Limits
from include.sources.errors import SourceError
from include.sources.formats import Delivered, RawRows, Reading, read
from include.steps import falls, other_platforms, outside_period, several
from include.steps import judge_queries as queries
from include.steps.again import Again
from include.steps.clashes import Clashes
from include.steps.history import Past
from include.steps.judge_queries import Input, Task
from include.steps.row_filter import UNKNOWN_OWNER
from include.steps.second_look import SecondLook
from include.steps.withdrawals import Withdrawals
from include.transform import quoted, register_codes

__all__ = ["Counts", "Finding", "Input", "Past", "Task", "Verdict", "judge", "rules_of"]

MEMORY_LIMIT = "640MB"
# Small row groups stay in the processor's cache while they are encoded; long texts need no dictionary.
PARQUET = "row_group_size 61440, dictionary_size_limit 2000, write_bloom_filter false"
NO_KEY = "null::varchar"  # of a record in quarantine: only snapshots ask for it
CONFLICT = RowRule("row.conflict", "one content for one record number in one delivery", "")


@dataclass(frozen=True)
class Counts:
    """What became of the rows of one delivery (R3), and the records withdrawn with it (R5).

    `not_for_us`: rows that the definition's filter leaves to others. `examined`: rows that the rules were asked about;
    of a delivery that is judged again these are fewer than it has.
    """

    delivery_id: str
    landed: int
    accepted: int
    quarantined: int
    duplicate: int
    not_for_us: int = 0
    withdrawn: int = 0
    snapshot_of: str | None = None
    examined: int = 0


@dataclass(frozen=True)
class Finding:
    """What a person should look at about a delivery: the kind of the alert and its figures."""

    delivery_id: str
    kind: str
    figures: dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """The outcome of a pass: counts for each delivery, failures for each rule, deliveries refused as a whole, findings.

    `unchanged`: deliveries that were judged again, with nothing else coming of it than before.
    held: findings about deliveries that were refused for them.
    """

    counts: list[Counts]
    failed: dict[str, int]
    refused: dict[str, SourceError]
    findings: list[Finding] = field(default_factory=list)
    unchanged: frozenset[str] = frozenset()
    held: list[Finding] = field(default_factory=list)


def rules_of(contract: Contract) -> list[RowRule]:
    """Every rule a row of this dataset is judged by: those of the contract, of the reader and of identity."""
    readers = [
        RowRule("row.columns", "as many columns as the heading line, whole quotes", ""),
        RowRule("row.date_cell", "no date in a cell where a name or a number of a record is read", ""),
        RowRule(
            "row.long_number",
            "a number cell of at most 15 digits, or one that has all its digits written out",
            "",
        ),
        RowRule(
            "row.merged_number",
            "a number of its own in each row, not one merged over several rows or numbers",
            "",
        ),
        RowRule("row.json", "one whole JSON object, no key twice that is read", ""),
        RowRule("row.xml", "no element twice that stands for one field, none with others in it", ""),
        UNKNOWN_OWNER,
    ]
    return [*readers, *row_rules(contract), CONFLICT]


def judge(
    task: Task,
    inputs: Sequence[Input],
    past: Past,
    staging: Path,
    limits: Limits | None = None,
) -> Verdict:
    """Judge all deliveries and stage the outcome.

    Args:
        task: the feed, its contract and the batch.
        inputs: new deliveries of the feed, and those in core whose quarantined rows are judged again.
        past: what is in core already, without the latter. Where the feed sends increments and nothing is judged
            again, its files of core are enough.
        staging: an empty folder; gets core.parquet, core-rest.parquet (accepted after a second look),
            quarantine.parquet and duplicates.parquet, and core-withdrawn.parquet where records are withdrawn.
        limits: beyond which a delivery is refused; those of `Limits`, where none are given.

    Raises:
        SourceError: the engine failed. Its own words may quote a row: they are kept in the staging folder,
            which is restricted, and not in the message.
    """
    ordered = sorted(inputs, key=order_of)
    # One thread: of two rows of one record, the first in order of receipt is the one that counts.
    try:
        reads: list[str | Path] = [delivery.path for delivery in ordered]
        reads += [*past.core, *past.duplicates, *past.quarantine]
        with connect(reads=reads, folder=staging, memory_limit=MEMORY_LIMIT, threads=1) as con:
            return _Judging(con, task, ordered, past, staging, limits or Limits()).run()
    except duckdb.Error as error:
        (staging / "error.txt").write_text(str(error), encoding="utf-8")
        kind = type(error).__name__
    raise SourceError(
        task.feed_id, f"batch {task.batch_id[:12]}", "judging", kind, "a pass over all rows",
        f"Nothing of the batch was taken. What the engine said is in staging/{task.batch_id}/error.txt.",
    )  # fmt: skip


@dataclass
class _Judging:
    """One connection, one batch. `inputs` stand in order of receipt; a delivery's place there is its number."""

    con: duckdb.DuckDBPyConnection
    task: Task
    inputs: Sequence[Input]
    past: Past
    staging: Path
    limits: Limits
    readable: dict[int, RawRows] = field(default_factory=dict)
    landed: dict[int, int] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)
    refused: dict[str, SourceError] = field(default_factory=dict)
    withdrawals: Withdrawals | None = None
    withdrawn: dict[int, int] = field(default_factory=dict)
    anew: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    held: dict[str, Finding] = field(default_factory=dict)
    names: Iterator[int] = field(default_factory=itertools.count)

    def run(self) -> Verdict:
        self._prepare()
        for number, delivery in enumerate(self.inputs):
            try:
                self._check_bytes(delivery)
                delivered = Delivered(
                    self.task.feed_id, delivery.name, delivery.path, f"delivery_{number}", delivery.period
                )
                reading = Reading(self.con, self.staging, delivered, self.task.feed, self.limits)
                raw = read(reading)
                self.readable[number] = (
                    several.parted(reading, raw) if several.is_parted(self.task.feed) else raw
                )
            except SourceError as error:
                self.refused[delivery.delivery_id] = error
        while self.readable:
            self._look_first()
            self._look_again()
            if self._every_row_is_accounted_for() and self._no_snapshot_lacks_too_much():
                self._rank()
                self._stage_the_rest()
                counts, unchanged = self._counts(), self._unchanged()
                if self._no_numbers_begin_anew(counts):
                    found = self._findings(counts)
                    return Verdict(counts, self._failures(), self.refused, found, unchanged, self._held())
        return Verdict([], {}, self.refused, held=self._held())

    def _check_bytes(self, delivery: Input) -> None:
        """Refuse a delivery whose bytes are not those that landed."""
        if not delivery.sha256:
            return
        try:
            with delivery.path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            found = ""
        if found != delivery.sha256:
            raise SourceError(
                self.task.feed_id, delivery.name, "landed bytes",
                "other bytes than those that landed" if found else "no file",
                f"the file of restricted/landing whose SHA-256 begins with {delivery.sha256[:12]}",
                "Find out who changed it and restore it from a backup, or let the source deliver the same file again; "
                "nothing of it was taken.",
            )  # fmt: skip

    def _prepare(self) -> None:
        """Functions and types that the queries ask for, and `deliveries`: what all rows of one share."""
        con, task = self.con, self.task
        self.aside = SecondLook(con, self.staging / "aside.arrow")
        declared = task.feed.delivers
        if isinstance(declared, Snapshot):
            self.withdrawals = Withdrawals(con, task, declared, self.inputs, self.past, self.staging)
        if any(each.name == "channel_key" for each in task.present):
            register_channels(con)
        regions = quoted(
            "|".join(("", *task.source.regions, ""))
        )  # not a list: the engine makes a join of it
        con.execute(f"create temp macro region_is_allowed(code) as contains({regions}, '|' || code || '|')")
        for each in task.contract.fields:
            if each.codelist:
                register_codes(con, each, queries.own_words(each, task.feed))
        for column, words in queries.shared_words(task, self.inputs).items():
            con.execute(f"create type {column}_words as enum ({', '.join(map(quoted, words))})")
        shared = [queries.of_delivery(n, d) | queries.of_batch(task) for n, d in enumerate(self.inputs)]
        rows = ", ".join(f"({', '.join(values.values())})" for values in shared)
        con.execute(f"create table deliveries as from (values {rows}) t({', '.join(shared[0])})")
        files = "[" + ", ".join(map(quoted, self.past.core)) + "]"
        con.execute(
            "create temp view stored as select record_key, content_hash "
            f"from read_parquet({files}) where feed_id = {quoted(task.feed_id)}"
            if self.past.core
            else "create temp view stored as select ''::varchar as record_key, '' as content_hash where false"
        )
        self.again = Again.of(con, task, self.inputs, self.past)

    def _look_first(self) -> None:
        """The plainly accepted rows to core.parquet.

        Where a row stands in its file depends on the records before it that are no rows, and only a whole scan
        finds those: where there are any, the look is taken once more.
        """
        rejects: dict[int, np.ndarray] = {}
        while True:
            placed = {
                number: self.again.rows(number, self._in_place(number, rejects.get(number)))
                for number in self.readable
            }
            rows = sum(raw.physical_rows for raw in placed.values())
            rows += self.con.execute("select count(*) from stored").fetchall()[0][0]
            with self.aside.first_look(rows, self.con.sql("select hash(record_key) from stored")):
                self._stage("core", queries.first_look(self.task, self.inputs, placed))
            found = self._rejects()
            if all(np.array_equal(found.get(n, ()), rejects.get(n, ())) for n in self.readable):
                return
            rejects = found

    def _rejects(self) -> dict[int, np.ndarray]:
        """Places of the records that are no rows and were left out of the numbering, by delivery."""
        found = {}
        for number, raw in self.readable.items():
            if raw.rejects_table:
                rows = self.con.execute(f"select raw_row from ({raw.rejects}) order by 1").fetchnumpy()
                if len(rows["raw_row"]):
                    found[number] = np.asarray(rows["raw_row"])
        return found

    def _in_place(self, number: int, rejects: np.ndarray | None) -> RawRows:
        """The delivery ready for a scan, with every row numbered as it stands in the file."""
        raw = self.readable[number]
        if raw.rejects_table:
            self.con.execute(f"drop table if exists {raw.rejects_table}")
        if rejects is None:
            return raw
        # Rows are numbered without the rejects: each is shifted by the rejects that stand before it.
        before = rejects - np.arange(len(rejects))
        name = f"place_{next(self.names)}"

        def place(rows: pa.Array) -> pa.Array:
            counted = rows.to_numpy(zero_copy_only=False)
            return pa.array(counted + np.searchsorted(before, counted, side="right"), pa.int64())

        self.con.create_function(name, place, ["BIGINT"], "BIGINT", type=PythonUDFType.ARROW)
        return replace(raw, relation=f"(select * replace ({name}(raw_row) as raw_row) from {raw.relation})")

    def _look_again(self) -> None:
        """Everything else to the table `judged`: the rows set aside, and the records that are no rows."""
        self.aside.rows_aside("aside")
        look = queries.second_look(self.task, self.inputs, self._rows_aside())
        self.con.execute(f"create or replace temp table judged as {look}")
        for number, raw in self.readable.items():
            self.con.execute(
                f"insert into judged by name select {number} as delivery, raw_row, received, [rule] as reasons "
                f"from ({self.again.rejects(number, raw)})"
            )

    def _rows_aside(self) -> dict[int, RawRows]:
        """The deliveries as if they held nothing but the rows set aside."""
        found = {}
        for number, raw in self.readable.items():
            cells = ", ".join(f"cells[{n}] as {column}" for n, column in enumerate(raw.columns, 1))
            rows = f"(select raw_row, {cells} from aside where delivery = {number})"
            found[number] = replace(raw, relation=rows)
        return found

    def _every_row_is_accounted_for(self) -> bool:
        """Whether each file has as many rows as were judged; a delivery of which that is not true is refused."""
        judged = dict(
            self.con.execute(
                "select delivery, count(*) from (select delivery from judged union all select delivery from "
                f"{self._staged('core')} join deliveries using (delivery_id)) group by delivery"
            ).fetchall()
        )
        before = len(self.readable)
        for number, raw in list(self.readable.items()):
            try:
                raw.check()
                seen = judged.get(number, 0) + self.aside.left[number]
                self.seen[number] = seen
                self.landed[number] = self._accounted(number, raw, seen)
            except SourceError as error:
                del self.readable[number]
                self.refused[self.inputs[number].delivery_id] = error
        return len(self.readable) == before

    def _accounted(self, number: int, raw: RawRows, seen: int) -> int:
        """The rows of the file, if as many were judged or left to others."""
        physical, delivery = raw.physical_rows, self.inputs[number]
        if delivery.again:
            return self.again.check(number, raw, seen, self.task, delivery.name)
        if seen == physical:
            return physical
        raise SourceError(
            self.task.feed_id, delivery.name, "whole file", f"{physical} rows in the file and {seen} read",
            "every physical row judged", "Check quotes and line breaks of the file; nothing of it was taken.",
        )  # fmt: skip

    def _no_snapshot_lacks_too_much(self) -> bool:
        """Whether every snapshot can be believed; the first that lacks too much of what was known is refused (R5)."""
        if self.withdrawals is None:
            return True
        refusal = self.withdrawals.find(self.readable)
        if refusal is None:
            return True
        number, error = refusal
        del self.readable[number]
        self.refused[self.inputs[number].delivery_id] = error
        return False

    def _rank(self) -> None:
        """`ranked`: which unbroken rows of the second look are accepted, duplicates (R2) or in conflict."""
        # Joins, not IN: of these the engine can put the larger side on disk.
        accepted = (
            "select delivery, 0 as raw_row, record_key, content_hash, true as settled, false as was_stored "
            f"from {self._staged('core')} join deliveries using (delivery_id) semi join judged using (record_key)"
        )
        if (
            self.again.before
        ):  # what the delivery holds of a record already comes before what it is judged again for
            accepted += (
                " union all select delivery, 0, record_key, content_hash, true, false from settled "
                "semi join judged using (record_key)"
            )
        undecided = (
            "select delivery, raw_row, record_key, content_hash, false as settled, known is not null as was_stored "
            "from judged left join (select distinct record_key, content_hash, true as known from stored "
            "semi join judged using (record_key)) using (record_key, content_hash) where reasons is null"
        )
        # A conflict is never stored: the same content in a later delivery is new, not a duplicate of it.
        compared = (
            "select *, row_number() over record > 1 and content_hash <> first_value(content_hash) over record as conflict "
            f"from ({accepted} union all {undecided}) window record as (partition by delivery, record_key order by raw_row)"
        )
        back = ""
        if (
            self.withdrawals
        ):  # after a withdrawal the same content is a revision again, once for a moment of receipt
            compared = (
                f"select *, row_number() over (partition by record_key, content_hash, conflict, received_at "
                f"order by settled desc, delivery, raw_row) = 1 and was_gone is not null as is_back from ({compared}) "
                "join (select delivery, received_at from deliveries) using (delivery) "
                "left join (select *, true as was_gone from returned) using (delivery, record_key)"
            )
            back = "when is_back then 'accepted' "
        self.con.execute(
            f"create or replace temp table ranked as select delivery, raw_row, case when conflict then 'conflict' {back}"
            "when was_stored or row_number() over (partition by record_key, content_hash, conflict "
            "order by settled desc, delivery, raw_row) > 1 then 'duplicate' else 'accepted' end as verdict "
            f"from ({compared}) qualify not settled"
        )

    def _stage_the_rest(self) -> None:
        """The rows of the second look, each by its verdict."""
        where_from = "batch_id, delivery_id, feed_id, file, raw_row"
        rows = "judged left join ranked using (delivery, raw_row) join deliveries using (delivery)"
        self._stage(
            "core-rest", f"select {queries.core_columns(self.task)} from {rows} where verdict = 'accepted'"
        )
        received = queries.received_rows(self._rows_aside())
        key = f"case when {self.withdrawals.key_is_known} then record_key end" if self.withdrawals else NO_KEY
        self._stage(
            "quarantine",
            f"select {where_from}, received, reasons, {key} as record_key from {rows} where reasons is not null union all "
            f"select {where_from}, record, [{quoted(CONFLICT.id)}], {NO_KEY} from ({received}) semi join "
            "(from ranked where verdict = 'conflict') using (delivery, raw_row) join deliveries using (delivery)",
        )
        self._stage(
            "duplicates",
            f"select batch_id, delivery_id, raw_row, received_at, record_key, content_hash from {rows} "
            "where verdict = 'duplicate'",
        )
        if self.withdrawals:
            self.withdrawn = self.withdrawals.stage()

    def _stage(self, name: str, query: str) -> None:
        path = quoted(str(self.staging / f"{name}.parquet"))
        self.con.execute(f"copy ({query}) to {path} (format parquet, {PARQUET})")

    def _staged(self, *names: str) -> str:
        paths = ", ".join(quoted(str(self.staging / f"{name}.parquet")) for name in names)
        return f"read_parquet([{paths}])"

    def _counts(self) -> list[Counts]:
        """Rows of each delivery as the staged files have them: R3 says that they are as many as landed."""
        files = {
            "accepted": ("core", "core-rest"),
            "quarantined": ("quarantine",),
            "duplicate": ("duplicates",),
        }
        staged = {
            kind: dict(
                self.con.execute(
                    f"select delivery_id, count(*) from {self._staged(*names)} group by delivery_id"
                ).fetchall()
            )
            for kind, names in files.items()
        }
        snapshots = self.withdrawals.snapshots if self.withdrawals else {}
        counts = []
        for number in self.readable:
            delivery = self.inputs[number].delivery_id
            rows = {kind: found.get(delivery, 0) for kind, found in staged.items()}
            rows["not_for_us"] = self.aside.left[number]
            examined = self.seen[number] - rows["not_for_us"]
            if before := self.again.before.get(number):  # what was settled before stays so
                rows["accepted"] += before.rows_accepted
                rows["duplicate"] += before.rows_duplicate
                rows["not_for_us"] += before.rows_not_for_us
            counts.append(
                Counts(
                    delivery,
                    self.landed[number],
                    **rows,
                    withdrawn=self.withdrawn.get(number, 0),
                    snapshot_of=snapshots.get(number),
                    examined=examined,
                )
            )
        return counts

    def _unchanged(self) -> frozenset[str]:
        """The deliveries of which nothing else came than before."""
        snapshots = self.withdrawals.snapshots if self.withdrawals else {}
        found = self.again.unchanged(self._staged("quarantine"), snapshots, self.withdrawn)
        return frozenset(self.inputs[number].delivery_id for number in found & self.readable.keys())

    def _held(self) -> list[Finding]:
        return list(self.held.values())

    def _clashes(self, counts: Sequence[Counts]) -> Clashes:
        return Clashes(
            self.con, self.task,
            {number: self.inputs[number] for number in self.readable if number not in self.again.before},
            {each.delivery_id: each.accepted + each.duplicate for each in counts}, self.past, self.staging,
        )  # fmt: skip

    def _no_numbers_begin_anew(self, counts: Sequence[Counts]) -> bool:
        """Whether no delivery is held back because its numbers stand for other records than before (R1)."""
        self.anew = self._clashes(counts).begun_anew()
        if not self.anew or self.task.feed.if_numbers_begin_anew == "alert":
            return True
        numbers = {self.inputs[number].delivery_id: number for number in self.readable}
        delivery_id, figures = max(self.anew, key=lambda each: numbers[each[0]])
        del self.readable[numbers[delivery_id]]
        self.held[delivery_id] = Finding(delivery_id, "begun_anew", figures | {"held": True})
        self.refused[delivery_id] = SourceError(
            self.task.feed_id, self.inputs[numbers[delivery_id]].name, "record numbers",
            f"{figures['revised']} of its {figures['records']} records under numbers of {figures['period']} with other content",
            "a record number that stands for one record",
            "Ask the source whether its numbers begin anew each month or year, and say so with numbers_begin_anew; or "
            "say if_numbers_begin_anew: alert. Nothing of it was taken.",
        )  # fmt: skip
        (self.staging / "core-withdrawn.parquet").unlink(missing_ok=True)
        return False

    def _findings(self, counts: Sequence[Counts]) -> list[Finding]:
        """What the rows tell that a person should look at."""
        found = [Finding(delivery, "begun_anew", figures) for delivery, figures in self.anew]
        found += [
            Finding(delivery, "contradiction", figures)
            for delivery, figures in self._clashes(counts).contradictions()
        ]
        if self.withdrawals:
            found += [
                Finding(self.inputs[number].delivery_id, "withdrawals_held", figures)
                for number, figures in self.withdrawals.held
            ]
        if isinstance(self.task.feed.delivers, Cumulative):
            fallen = falls.find(self.con, self.task, self.inputs, self.readable, self.past, self.staging)
            found += [Finding(self.inputs[number].delivery_id, "fall", figures) for number, figures in fallen]
        if any(each.name == "other_platform" for each in self.task.present):
            others = other_platforms.find(self.con, self._staged("core", "core-rest"))
            found += [Finding(delivery, "other_platform", figures) for delivery, figures in others]
        far = outside_period.find(self.con, self.task, self.inputs, self._staged("core", "core-rest"))
        found += [Finding(delivery, "outside_period", figures) for delivery, figures in far]
        return found

    def _failures(self) -> dict[str, int]:
        """Rows in quarantine by the rule they break."""
        return dict(
            self.con.execute(
                f"select reason, count(*) from (select unnest(reasons) as reason from {self._staged('quarantine')}) "
                "group by reason"
            ).fetchall()
        )
