"""Ingest: land → judge → gate → commit. Each step may run twice and does its work once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypedDict

from include.contracts import DATASETS, load
from include.ledger import (
    BatchRecord,
    Delivery,
    DeliveryResult,
    GateResult,
    Ledger,
    LedgerError,
    NotFound,
    RuleResult,
)
from include.sources import (
    DefinitionError,
    SeveralSourceErrors,
    SourceDefinition,
    SourceError,
    definition_files,
    fetch,
    load_source,
    offered,
    read_definition,
)
from include.steps import clock
from include.steps.context import code_version, open_ledger, variables
from include.steps.judge import Input, Task, Verdict, rules_of
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
    """Row counts of a judged batch; batch_id is None where there was nothing new. `refused`: whole files."""

    feed_id: str
    batch_id: str | None
    landed: int
    accepted: int
    quarantined: int
    duplicate: int
    refused: list[str]


def feeds(dataset: str | None = None) -> list[str]:
    """Ids of all feeds (`KZ-43/blocking_record`), or of those of one dataset, in order of source.

    A source whose definition cannot be read stands here with every dataset it could have: landing it says what
    is wrong, and the other sources go on.
    """
    found = []
    for path in definition_files():
        try:
            names = list(read_definition(path).feeds)
        except DefinitionError:
            names = list(DATASETS)
        found += [f"{path.stem}/{name}" for name in names if dataset in (None, name)]
    return found


def land(feed_id: str, home: Home | None = None) -> Landed:
    """Bring every delivery that the source offers into the landing area; the same bytes again are known.

    Raises:
        SourceError: the source, or some of its deliveries, could not be had whole; the other deliveries stay.
    """
    home = home or Home.from_environment()
    source, dataset = _source(feed_id)
    feed, names = source.feeds[dataset], variables(home)
    new = known = size = 0
    with open_ledger(home) as ledger:
        deliveries, faults = offered(feed_id, feed, names)
        for delivery in deliveries:
            try:
                landed = landing.land(home, partial(fetch, feed_id, feed, delivery, names))
            except SourceError as error:
                faults.append(error)
                continue
            record = Delivery(
                feed_id=feed_id,
                source_id=source.source,
                dataset=dataset,
                sha256=landed.sha256,
                size_bytes=landed.size_bytes,
                name=delivery.name,
                period=delivery.period,
                received_at=delivery.received_at,
            )
            if ledger.record_delivery(record, clock.now()):
                new, size = new + 1, size + landed.size_bytes
            else:
                known += 1
    if faults:
        raise faults[0] if len(faults) == 1 else SeveralSourceErrors(faults)
    return {"feed_id": feed_id, "new": new, "known": known, "bytes": size}


def judge(feed_id: str, home: Home | None = None) -> Judged:
    """Judge all new deliveries of a feed as one batch and stage it.

    A batch that an earlier run left half-way is finished first where its commit had begun, else given up and
    judged again. A file that cannot be read as a whole is refused: it stays landed, is named in `refused` and
    is tried again by the next run; the other files of the feed go on.
    """
    home = home or Home.from_environment()
    source, dataset = _source(feed_id)
    task_contract = load(f"core_{dataset}")
    with open_ledger(home) as ledger:
        _settle(home, ledger, feed_id)
        waiting = ledger.new_deliveries(feed_id)
        if not waiting:
            return _judged(feed_id, None, Verdict([], {}, {}))
        batch_id = (
            uuid.uuid4().hex
        )  # one of its own for every try: two processes never share a staging folder
        task = Task(batch_id, dataset, source, task_contract)
        inputs = [
            Input(d.delivery_id, d.name, d.period, d.received_at, landing.landed_path(home, d.sha256))
            for d in waiting
        ]
        folder = tables.staged(home, batch_id)
        folder.mkdir(parents=True)
        verdict = judge_deliveries(task, inputs, tables.core_files(home, dataset), folder)
        if not verdict.counts:
            tables.discard(home, batch_id)
            return _judged(feed_id, None, verdict)
        try:
            ledger.open_batch(
                BatchRecord(
                    batch_id=batch_id,
                    feed_id=feed_id,
                    source_id=source.source,
                    dataset=dataset,
                    contract_version=task_contract.version,
                    definition_sha256=source.sha256(dataset),
                    code_version=code_version(),
                    judged_at=clock.now(),
                ),
                [
                    DeliveryResult(c.delivery_id, c.landed, c.accepted, c.quarantined, c.duplicate)
                    for c in verdict.counts
                ],
                _rule_results(task, verdict),
            )
        except LedgerError:  # another process was quicker with one of these deliveries
            tables.discard(home, batch_id)
            raise
    return _judged(feed_id, batch_id, verdict)


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
        batch_id, feed_id and the row counts of the batch.
    """
    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        _commit(home, ledger, batch_id)
        batch = ledger.batch(batch_id)
        results = ledger.delivery_results(batch_id)
    return {
        "batch_id": batch_id,
        "feed_id": batch.feed_id,
        "landed": sum(r.rows_landed for r in results),
        "accepted": sum(r.rows_accepted for r in results),
        "quarantined": sum(r.rows_quarantined for r in results),
        "duplicate": sum(r.rows_duplicate for r in results),
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
    examined = sum(c.landed for c in verdict.counts)
    return [
        RuleResult(rule, examined, verdict.failed.get(rule, 0))
        for rule in dict.fromkeys(r.id for r in rules_of(task.contract))
    ]


def _judged(feed_id: str, batch_id: str | None, verdict: Verdict) -> Judged:
    return {
        "feed_id": feed_id,
        "batch_id": batch_id,
        "landed": sum(c.landed for c in verdict.counts),
        "accepted": sum(c.accepted for c in verdict.counts),
        "quarantined": sum(c.quarantined for c in verdict.counts),
        "duplicate": sum(c.duplicate for c in verdict.counts),
        "refused": [str(error) for error in verdict.refused.values()],
    }
