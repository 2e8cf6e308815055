"""Land and judge one feed within its budget: what breaks the budget is ended, named, and holds up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from include.sources import DeadlineExceeded, SourceError, load_deployment
from include.sources.connections import Connect, Connection, ConnectionFault, from_environment
from include.steps import ingest
from include.steps.alone import Alone, Ended, OverBudget
from include.steps.budget import Budget
from include.steps.context import variables
from include.storage import landing
from include.storage.home import Home

GRACE = 1.05  # a transport keeps its own deadline; its process is ended only where it could not


@dataclass(frozen=True)
class Given:
    """Connections that were looked up before, with what was wrong with some, to be used in another process."""

    found: Mapping[str, Connection | ConnectionFault]

    def __call__(self, conn_id: str) -> Connection:
        """The connection of that id."""
        given = self.found[conn_id]
        if isinstance(given, ConnectionFault):
            raise given
        return given


def land(alone: Alone, feed_id: str, connect: Connect = from_environment) -> ingest.Landed:
    """As `ingest.land`, in a process of its own; the connections are looked up in this one.

    Raises:
        SourceError: as there; DeadlineExceeded where the process had to be ended.
    """
    home = Home.from_environment()
    seconds = ingest.deadline_s(feed_id)
    limits = load_deployment(variables(home)).limits
    try:
        return alone.run(
            Budget(limits.memory_mb, seconds * GRACE), ingest.land, feed_id, None, _given(feed_id, connect)
        )
    except Ended as ended:
        landing.clear(home, ended.pid)
        kind = DeadlineExceeded if isinstance(ended, OverBudget) else SourceError
        raise kind(
            feed_id, "deliveries", "landing", ended.found, f"all of them within {seconds:g} s and the limits",
            "What landed before it stays; the next run asks again. Ask the source, or whoever operates its server.",
        ) from None  # fmt: skip


def _given(feed_id: str, connect: Connect) -> Given:
    found: dict[str, Connection | ConnectionFault] = {}
    for conn_id in ingest.connections(feed_id):
        try:
            found[conn_id] = connect(conn_id)
        except ConnectionFault as fault:
            found[conn_id] = fault
    return Given(found)


def judge(alone: Alone, feed_id: str) -> ingest.Judged:
    """As `ingest.judge`, in a process of its own.

    Where that ends over its budget, each new delivery is tried alone; those that break the budget by themselves are
    refused, and are tried again only when the definition, the limits or this program have changed. Where that is not
    enough, the rows in quarantine stay there until something else decides about them.

    Raises:
        SourceError: all deliveries together need more than the budget, though none does alone.
    """
    limits = load_deployment(variables(Home.from_environment())).limits
    budget = Budget(limits.memory_mb, limits.judge_s)
    try:
        return alone.run(budget, ingest.judge, feed_id)
    except Ended:
        pass
    for delivery_id in alone.run(budget, ingest.waiting, feed_id):
        try:
            alone.run(budget, ingest.try_alone, feed_id, delivery_id)
        except Ended as ended:
            alone.run(budget, ingest.refuse_for_good, feed_id, delivery_id, ended.found)
    try:
        return alone.run(budget, ingest.judge, feed_id)
    except Ended as ended:
        found = ended.found
    if rows := alone.run(
        budget, ingest.leave_in_quarantine, feed_id
    ):  # what is old holds up nothing that is new
        left = _over_budget(feed_id, f"{rows} rows in quarantine, judged again", found)
        with suppress(Ended):
            judged = alone.run(budget, ingest.judge, feed_id)
            return {**judged, "refused": [*judged["refused"], str(left)]}
    raise _over_budget(feed_id, "all new deliveries", found)


def _over_budget(feed_id: str, what: str, found: str) -> SourceError:
    return SourceError(
        feed_id, what, "judging", found, "no more than limits.memory_mb and limits.judge_s",
        "Each file alone is within. Raise the limits of the deployment file for this run.",
    )  # fmt: skip


class Contained:
    """Both steps for several threads: each thread has a server of its own. A context manager."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._all: list[Alone] = []

    def land(self, feed_id: str) -> ingest.Landed:
        """As `land`."""
        return land(self._alone(), feed_id)

    def judge(self, feed_id: str) -> ingest.Judged:
        """As `judge`."""
        return judge(self._alone(), feed_id)

    def _alone(self) -> Alone:
        if not hasattr(self._own, "alone"):
            self._own.alone = Alone()
            self._all.append(self._own.alone)
        found: Alone = self._own.alone
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for alone in self._all:
            alone.close()
