"""Ingest: land → judge → gate → commit. Each step may run twice and does its work once."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, TypedDict

from include.contracts import DATASETS, load, rules_sha256
from include.ledger import (
    AlertRecord,
    BatchRecord,
    DeliveredRow,
    Delivery,
    DeliveryResult,
    DeliveryRow,
    GateResult,
    Judgment,
    Ledger,
    LedgerError,
    NotFound,
    PollRecord,
    RuleResult,
    order_of,
)
from include.sources import (
    DeadlineExceeded,
    Feed,
    NothingNew,
    Offered,
    SeveralSourceErrors,
    SourceDefinition,
    SourceError,
    Surroundings,
    Unchanged,
    load_deployment,
    load_source,
    open_transport,
    read_sources,
)
from include.sources.connections import Connect, from_environment
from include.sources.definition import Increment, Snapshot
from include.sources.transports import Transport, landed_mark, version_key
from include.steps import alerts, clock, periods
from include.steps.context import (
    code_version,
    open_ledger,
    program_sha256,
    variables,
    variables_of_definitions,
)
from include.steps.judge import Input, Past, Task, Verdict, rules_of
from include.steps.judge import judge as judge_deliveries
from include.storage import landing, tables
from include.storage.home import Home

A_DAY = timedelta(days=1)


class Landed(TypedDict):
    """What landing a feed brought: deliveries new and known, bytes of the new ones."""

    feed_id: str
    new: int
    known: int
    bytes: int


class Judged(TypedDict):
    """Row counts of a judged batch; batch_id is None where there was nothing new. `refused`: whole files.

    `judged_again`: rows in quarantine of earlier batches that were judged anew; `out_of_quarantine`: of these, the ones
    that are there no more. The other counts hold what they changed: what leaves the quarantine is subtracted there.
    """

    feed_id: str
    batch_id: str | None
    landed: int
    accepted: int
    quarantined: int
    duplicate: int
    not_for_us: int
    refused: list[str]
    judged_again: int
    out_of_quarantine: int


def feeds(dataset: str | None = None) -> list[str]:
    """Ids of all feeds (`KZ-43/blocking_record`), or of those of one dataset, in order of source.

    A source whose definition cannot be read stands here with every dataset it could have: landing it says what
    is wrong, and the other sources go on.
    """
    definitions = read_sources()
    found = {name: list(source.feeds) for name, source in definitions.usable.items()}
    found |= {name: list(DATASETS) for name in definitions.faults}
    return [f"{name}/{each}" for name in sorted(found) for each in found[name] if dataset in (None, each)]


def land(feed_id: str, home: Home | None = None, connect: Connect = from_environment) -> Landed:
    """Bring every delivery that the source offers into the landing area; the same bytes again are known.

    Args:
        connect: gives the connections that definitions name.

    Raises:
        SourceError: the source, or some of its deliveries, could not be had whole; the other deliveries stay.
    """
    home = home or Home.from_environment()
    source, dataset = _source(feed_id)
    feed = source.feeds[dataset]
    with open_ledger(home) as ledger, _Asking(ledger, feed_id) as asking, landing.scratch(home) as scratch:
        surroundings = Surroundings(
            variables=variables_of_definitions(home),
            connect=connect,
            deployment=load_deployment(variables(home)),
            scratch=scratch,
            memory=ledger.memory(feed_id),
            landed=frozenset(delivery.period for delivery in ledger.deliveries(feed_id)),
            since=feed.rhythm.since if feed.rhythm else "",
            now=clock.now(),
        )
        with open_transport(feed_id, feed, surroundings) as transport:
            to = _Landing(home, ledger, source.source, dataset, feed_id, feed)
            faults = _land_each(transport, to, asking)
            again = partial(alerts.renamed, feed)
            asking.found["new"] += len(ledger.take_up_again(feed_id, clock.now(), again))
        if faults:
            raise faults[0] if len(faults) == 1 else SeveralSourceErrors(faults)
    return asking.found


class _Asking:
    """One time that a feed is asked; how it ended is in the ledger afterwards, however it ended."""

    def __init__(self, ledger: Ledger, feed_id: str) -> None:
        self.ledger, self.asked_at, self.nothing = ledger, clock.now(), 0
        self.found = Landed(feed_id=feed_id, new=0, known=0, bytes=0)

    def __enter__(self) -> _Asking:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        new, known = self.found["new"], self.found["known"]
        answered = "new" if new else "nothing" if self.nothing and not known else "known"
        self.ledger.record_poll(
            PollRecord(
                self.found["feed_id"], self.asked_at, "failed" if kind else answered, new, known, self.nothing,
                kind.__name__ if kind else None,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class _Landing:
    """Where the deliveries of a feed go."""

    home: Home
    ledger: Ledger
    source_id: str
    dataset: str
    feed_id: str
    feed: Feed


def _land_each(transport: Transport, to: _Landing, asking: _Asking) -> list[SourceError]:
    """Land every delivery offered; what was wrong with some. A source out of time is not asked for more."""
    offers = transport.offered()
    faults = list(offers.faults)
    for delivery in offers.deliveries:
        if refusal := periods.refusal(to.feed_id, to.feed, delivery, clock.now()):
            faults.append(refusal)
            continue
        try:
            size = _land_one(transport, delivery, to)
        except NothingNew as nothing:
            asking.nothing += 1
            if isinstance(nothing, Unchanged):
                at, stamp = delivery.received_at, transport.stamp(delivery)
                to.ledger.still_there(to.feed_id, delivery.name, delivery.period, at, stamp, clock.now())
            continue
        except SourceError as error:
            faults.append(error)
            if isinstance(error, DeadlineExceeded):
                break
            continue
        if size is None:
            asking.found["known"] += 1
        else:
            asking.found["new"] += 1
            asking.found["bytes"] += size
    return faults


def _land_one(transport: Transport, delivery: Offered, to: _Landing) -> int | None:
    """The size of a delivery that is new; None where it is known."""
    mark, known = landed_mark(transport.at.memory, delivery)
    if delivery.mark and delivery.mark == mark:
        stamp = transport.stamp(delivery)
        if to.ledger.seen_again(known, delivery.name, delivery.received_at, stamp, clock.now()):
            return None
    remember: dict[str, str] = {}
    landed = landing.land(to.home, lambda file: remember.update(transport.fetch(delivery, file)))
    record = Delivery(
        feed_id=to.feed_id,
        source_id=to.source_id,
        dataset=to.dataset,
        sha256=landed.sha256,
        size_bytes=landed.size_bytes,
        name=delivery.name,
        period=delivery.period,
        received_at=delivery.received_at,
        stamped_at=transport.stamp(delivery),
    )
    renamed = alerts.renamed(to.feed, record, to.ledger.same_bytes(to.feed_id, landed.sha256))
    if delivery.mark:
        remember[version_key(delivery)] = f"{delivery.mark} {record.delivery_id}"
    is_new = to.ledger.record_delivery(record, clock.now(), remember, renamed)
    return landed.size_bytes if is_new else None


def judge(feed_id: str, home: Home | None = None) -> Judged:
    """Judge all new deliveries of a feed as one batch and stage it.

    Rows in quarantine are judged again with them where something else decides now than decided then: the definition,
    the contract, a code list or the program.

    A batch that an earlier run left half-way is finished first where its commit had begun, else given up and
    judged again. A file that cannot be read as a whole is refused: it stays landed, is named in `refused` and
    is tried again by the next run; the other files of the feed go on.
    """
    home = home or Home.from_environment()
    source, dataset = _source(feed_id)
    with open_ledger(home) as ledger:
        _settle(home, ledger, feed_id)
        refused = _refused_for_good(home, ledger, feed_id)
        new = ledger.new_deliveries(feed_id)
        waiting = [delivery for delivery in new if delivery.delivery_id not in refused]
        decides = _decides(ledger, source, dataset)
        again = _to_judge_again(ledger, source, dataset, decides)
        if not waiting and not again:
            return _judged(feed_id, None, Verdict([], {}, refused), [])
        # An id of its own for every try: two processes never share a staging folder.
        task = Task(uuid.uuid4().hex, dataset, source, load(f"core_{dataset}"))
        past = _past(home, ledger, task, again)
        verdict = _staged(home, task, waiting, past, again)
        tried = verdict.unchanged | {each.delivery.delivery_id for each in again} & verdict.refused.keys()
        ledger.remember(feed_id, {JUDGED_AGAIN + delivery_id: decides for delivery_id in sorted(tried)})
        verdict.refused.update(refused)
        held = [(f.delivery_id, f.kind, f.figures) for f in verdict.held]
        ledger.raise_alerts(alerts.of_held(feed_id, held), clock.now())
        if not {c.delivery_id for c in verdict.counts} - verdict.unchanged:
            tables.discard(home, task.batch_id)
            return _judged(feed_id, None, verdict, again)
        judgments = {each.delivery.delivery_id: each.result.judgment + 1 for each in again}
        try:
            ledger.open_batch(
                BatchRecord(
                    batch_id=task.batch_id,
                    feed_id=feed_id,
                    source_id=source.source,
                    dataset=dataset,
                    contract_version=task.contract.version,
                    definition_sha256=source.sha256(dataset),
                    code_version=code_version(),
                    judged_at=clock.now(),
                    judged_by=decides,
                ),
                [
                    DeliveryResult(
                        c.delivery_id, c.landed, c.accepted, c.quarantined, c.duplicate, c.withdrawn, c.snapshot_of,
                        c.not_for_us, judgments.get(c.delivery_id, 1),
                    )
                    for c in verdict.counts
                ],
                _rule_results(task, verdict),
                _alerts(task, waiting, verdict, past, again),
                {
                    each.delivery.delivery_id: each.batch_id
                    for each in again
                    if each.delivery.delivery_id in {c.delivery_id for c in verdict.counts}
                },
            )  # fmt: skip
        except LedgerError:  # another process was quicker with one of these deliveries
            tables.discard(home, task.batch_id)
            raise
    return _judged(feed_id, task.batch_id, verdict, again)


JUDGED_AGAIN = "judged again "


def _decides(ledger: Ledger, source: SourceDefinition, dataset: str) -> str:
    """Fingerprint of everything that decides about a row, and about what a snapshot withdraws."""
    text = f"{source.sha256(dataset)} {rules_sha256(dataset)} {program_sha256()}"
    if isinstance(source.feeds[dataset].delivers, Snapshot):
        decided = ledger.decisions(f"{source.source}/{dataset}").values()
        text += f" {max((each.decision_id for each in decided), default='')}"
    return hashlib.sha256(text.encode()).hexdigest()


def _to_judge_again(ledger: Ledger, source: SourceDefinition, dataset: str, decides: str) -> list[Judgment]:
    """The deliveries in core about which something else decided, and for which that was not tried yet.

    Those with rows in quarantine; and the whole snapshots that were handed over after a delivery which a person set
    aside or restored since they were judged: what they withdraw follows from what was known before them.
    """
    feed_id = f"{source.source}/{dataset}"
    found = {each.delivery.delivery_id: each for each in ledger.quarantined(feed_id, decides)}
    if isinstance(source.feeds[dataset].delivers, Snapshot) and (decided := ledger.decisions(feed_id)):
        since = max(each.decided_at for each in decided.values())
        first = min(order_of(each) for each in ledger.deliveries(feed_id) if each.delivery_id in decided)
        snapshots = ledger.quarantined(feed_id, decides, since)
        found |= {s.delivery.delivery_id: s for s in snapshots if order_of(s.delivery) > first}
    memory = ledger.memory(feed_id) if found else {}
    return [each for key, each in found.items() if memory.get(JUDGED_AGAIN + key) != decides]


def leave_in_quarantine(feed_id: str, home: Home | None = None) -> int:
    """Judge no row in quarantine again until something else decides; how many rows that leaves."""
    home = home or Home.from_environment()
    source, dataset = _source(feed_id)
    with open_ledger(home) as ledger:
        decides = _decides(ledger, source, dataset)
        found = _to_judge_again(ledger, source, dataset, decides)
        ledger.remember(feed_id, {JUDGED_AGAIN + each.delivery.delivery_id: decides for each in found})
    return sum(each.result.rows_quarantined for each in found)


def _past(home: Home, ledger: Ledger, task: Task, again: Sequence[Judgment] = ()) -> Past:
    """What is known of the feed; what an increment does not need is not looked for."""
    judged_again = {each.delivery.delivery_id for each in again}
    known = ledger.committed_deliveries(task.feed_id)
    deliveries = [delivery for delivery in known if delivery.delivery_id not in judged_again]
    core, duplicates = tables.core_files(home, task.dataset), tables.duplicate_files(home, task.dataset)
    if isinstance(task.feed.delivers, Increment) and not again:
        return Past(deliveries, core, duplicates)
    return Past(deliveries, core, duplicates, tables.quarantine_files(home, task.dataset))


def _alerts(
    task: Task, waiting: Sequence[DeliveryRow], verdict: Verdict, past: Past, again: Sequence[Judgment]
) -> list[AlertRecord]:
    """The alerts of a batch; of what is judged again, what judging found alone."""
    counts = {c.delivery_id: c for c in verdict.counts}
    judged = [
        _delivered(d, c.landed, c.quarantined, c.snapshot_of, c.not_for_us)
        for d in waiting
        if (c := counts.get(d.delivery_id))
    ]
    before = [
        _delivered(each.delivery, r.rows_landed, r.rows_quarantined, r.snapshot_of, r.rows_not_for_us)
        for each in again
        for r in (each.result,)
    ]
    findings = [(f.delivery_id, f.kind, f.figures) for f in verdict.findings]
    return alerts.of_batch(task.feed, task.batch_id, judged, [*past.deliveries, *before], findings)


def _delivered(
    of: DeliveryRow, landed: int, quarantined: int, snapshot_of: str | None, not_for_us: int
) -> DeliveredRow:
    return DeliveredRow(
        of.feed_id, of.delivery_id, of.name, of.period, of.sha256, of.received_at, landed, quarantined, snapshot_of,
        not_for_us, of.stamped_at,
    )  # fmt: skip


def _staged(
    home: Home, task: Task, deliveries: Sequence[DeliveryRow], past: Past, again: Sequence[Judgment] = ()
) -> Verdict:
    """The verdict on these deliveries; the rows lie in the staging folder of the task."""
    judged: list[tuple[DeliveryRow, Judgment | None]] = [(each, None) for each in deliveries]
    judged += [(each.delivery, each) for each in again]
    inputs = [
        Input(
            d.delivery_id, d.name, d.period, d.received_at, landing.landed_path(home, d.sha256), d.stamped_at, before,
            d.sha256,
        )
        for d, before in judged
    ]  # fmt: skip
    folder = tables.staged(home, task.batch_id)
    folder.mkdir(parents=True)
    limits = load_deployment(variables(home)).limits
    return judge_deliveries(task, inputs, past, folder, limits)


def deadline_s(feed_id: str) -> float:
    """Seconds in which everything the feed offers must have been fetched."""
    source, dataset = _source(feed_id)
    return source.feeds[dataset].transport.deadline_s


def connections(feed_id: str) -> list[str]:
    """Ids of the connections that the feed's transport names."""
    source, dataset = _source(feed_id)
    conn_id: str | None = getattr(source.feeds[dataset].transport, "connection", None)
    return [conn_id] if conn_id else []


def waiting(feed_id: str, home: Home | None = None) -> list[str]:
    """Ids of the landed deliveries of a feed that are in no batch."""
    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        return [delivery.delivery_id for delivery in ledger.new_deliveries(feed_id)]


def try_alone(feed_id: str, delivery_id: str, home: Home | None = None) -> None:
    """Judge one delivery and keep nothing of it: whether it breaks the budget of its process is all that counts."""
    home = home or Home.from_environment()
    source, dataset = _source(feed_id)
    with open_ledger(home) as ledger:
        deliveries = [d for d in ledger.new_deliveries(feed_id) if d.delivery_id == delivery_id]
        task = Task(uuid.uuid4().hex, dataset, source, load(f"core_{dataset}"))
        past = _past(home, ledger, task)
    try:
        _staged(home, task, deliveries, past)
    finally:
        tables.discard(home, task.batch_id)


OVER_BUDGET = "over budget "


def refuse_for_good(feed_id: str, delivery_id: str, found: str, home: Home | None = None) -> None:
    """Remember that a delivery breaks its budget, until definition, limits or program change."""
    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        ledger.remember(feed_id, {OVER_BUDGET + delivery_id: f"{_circumstances(home, feed_id)} {found}"})


def _refused_for_good(home: Home, ledger: Ledger, feed_id: str) -> dict[str, SourceError]:
    """The new deliveries that broke the budget under the same circumstances as now, with the errors that say so."""
    memory = {key: value for key, value in ledger.memory(feed_id).items() if key.startswith(OVER_BUDGET)}
    if not memory:
        return {}
    now = _circumstances(home, feed_id)
    refused = {}
    for delivery in ledger.new_deliveries(feed_id):
        then, _, found = memory.get(OVER_BUDGET + delivery.delivery_id, "").partition(" ")
        if then == now:
            refused[delivery.delivery_id] = SourceError(
                feed_id, delivery.name, "whole file", found, "no more than limits.memory_mb and limits.judge_s",
                "Ask the source for a smaller or sound file, or raise the limits of the deployment; nothing of it was taken.",
            )  # fmt: skip
    return refused


def _circumstances(home: Home, feed_id: str) -> str:
    """Fingerprint of what decides whether a delivery keeps its budget."""
    source, dataset = _source(feed_id)
    limits = load_deployment(variables(home)).limits
    text = f"{source.sha256(dataset)} {limits.model_dump_json()} {program_sha256()}"
    return hashlib.sha256(text.encode()).hexdigest()


def gate(dataset: str, judged: Sequence[Judged], home: Home | None = None) -> dict[str, Any]:
    """Great Expectations over the accepted rows of all batches of a dataset, once.

    Args:
        judged: what `judge` returned for each feed of the dataset.

    Returns:
        passed: batches that may be committed; stopped: batch → the expectations that disagree.
    """
    from include.quality import gate as gx  # heavy: 7 s to import

    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        batches = [j["batch_id"] for j in judged if j["batch_id"]]
        live = [b for b in batches if ledger.batch(b).state == "judged"]
        if not live:
            return {"passed": [], "stopped": {}}
        files = {batch: tables.staged_core(home, batch) for batch in live}
        report = gx.examine(load(f"core_{dataset}"), files)
        tables.keep_gate_report(home, dataset, report.html)
        for batch in live:
            ledger.record_gate(batch, [GateResult(**vars(found)) for found in report.results[batch]])
            if batch in report.stopped:
                ledger.stop_batch(batch, report.stopped[batch])
                tables.discard(home, batch)
    return {"passed": [b for b in live if b not in report.stopped], "stopped": report.stopped}


def commit(batch_id: str, home: Home | None = None) -> dict[str, Any]:
    """Publish a judged batch to core, quarantine and duplicates, then enter it in the ledger; once.

    Returns:
        batch_id, feed_id, what the row counts gained with the batch (what left the quarantine is subtracted there), and
        the records withdrawn.
    """
    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        _commit(home, ledger, batch_id)
        batch = ledger.batch(batch_id)
        results, before = ledger.delivery_results(batch_id), ledger.results_before(batch_id).values()
    return {
        "batch_id": batch_id,
        "feed_id": batch.feed_id,
        "landed": sum(r.rows_landed for r in results) - sum(r.rows_landed for r in before),
        "accepted": sum(r.rows_accepted for r in results) - sum(r.rows_accepted for r in before),
        "quarantined": sum(r.rows_quarantined for r in results) - sum(r.rows_quarantined for r in before),
        "duplicate": sum(r.rows_duplicate for r in results) - sum(r.rows_duplicate for r in before),
        "not_for_us": sum(r.rows_not_for_us for r in results) - sum(r.rows_not_for_us for r in before),
        "withdrawn": sum(r.rows_withdrawn for r in results),
    }


def _commit(home: Home, ledger: Ledger, batch_id: str) -> None:
    batch = ledger.batch(batch_id)
    if batch.state == "committed":
        return
    if not ledger.begin_commit(batch_id):
        raise RuntimeError(f"batch {batch_id[:12]} of {batch.feed_id} is {batch.state}; judge its feed again")
    now = clock.now()
    tables.append_batch(home, batch.dataset, batch_id, int(now.timestamp() * 1000))
    ledger.finish_commit(batch_id, now)
    tables.discard(home, batch_id)


def _settle(home: Home, ledger: Ledger, feed_id: str) -> None:
    for batch in ledger.batches(feed_id, "committing"):
        _commit(home, ledger, batch.batch_id)
    for batch in ledger.batches(feed_id, "judged"):
        ledger.abandon(batch.batch_id)
    unknown = []  # of a process that died before it could tell the ledger, or of another one at work
    for batch_id in tables.staged_batches(home):
        try:
            batch = ledger.batch(batch_id)
        except NotFound:
            unknown.append(batch_id)
            continue
        if batch.feed_id == feed_id and batch.state in ("committed", "abandoned", "stopped"):
            tables.discard(home, batch_id)
    tables.discard_older(home, unknown, clock.now() - A_DAY)


def _source(feed_id: str) -> tuple[SourceDefinition, str]:
    name, _, dataset = feed_id.partition("/")
    source = load_source(name)
    if source is None or dataset not in source.feeds:
        raise SourceError(
            feed_id, "definitions", "feed", "no such feed", f"one of {', '.join(feeds())}", "Check the id."
        )
    return source, dataset


def _rule_results(task: Task, verdict: Verdict) -> list[RuleResult]:
    examined = sum(c.examined for c in verdict.counts)
    return [
        RuleResult(rule, examined, verdict.failed.get(rule, 0))
        for rule in dict.fromkeys(r.id for r in rules_of(task.contract))
    ]


def _judged(feed_id: str, batch_id: str | None, verdict: Verdict, again: Sequence[Judgment]) -> Judged:
    counts = {c.delivery_id: c for c in verdict.counts}
    before = [each.result for each in again if each.delivery.delivery_id in counts]
    judged_again = sum(r.rows_quarantined for r in before)
    return {
        "feed_id": feed_id,
        "batch_id": batch_id,
        "landed": sum(c.landed for c in counts.values()) - sum(r.rows_landed for r in before),
        "accepted": sum(c.accepted for c in counts.values()) - sum(r.rows_accepted for r in before),
        "quarantined": sum(c.quarantined for c in counts.values()) - judged_again,
        "duplicate": sum(c.duplicate for c in counts.values()) - sum(r.rows_duplicate for r in before),
        "not_for_us": sum(c.not_for_us for c in counts.values()) - sum(r.rows_not_for_us for r in before),
        "refused": [str(error) for error in verdict.refused.values()],
        "judged_again": judged_again,
        "out_of_quarantine": judged_again - sum(counts[r.delivery_id].quarantined for r in before),
    }
