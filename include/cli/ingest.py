"""`odcm ingest`: land, judge, gate and commit, source by source; one that fails holds back only itself."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import typer

from include.cli.errors import REFUSED, WrongUsage, told
from include.cli.output import Format, FormatOption, console, say, show, table
from include.cli.place import SourceOption

COUNTS = ("landed", "accepted", "quarantined", "duplicate", "not_for_us")
AGAIN = ("judged_again", "out_of_quarantine")
Report = Callable[[str], None]
MOST_WORKERS = 4


class Steps(Protocol):
    """What lands and judges a feed."""

    def land(self, feed_id: str) -> Any:
        """Counts of what landed."""

    def judge(self, feed_id: str) -> Any:
        """The verdict on what is new."""


@dataclass
class Outcome:
    """What became of a feed.

    state: committed, unchanged (nothing new), refused (a file could not be read whole; the others were committed),
    stopped (the gate disagreed), failed. The counts are rows of the committed batch; of rows in quarantine that were
    judged again, what that changed.
    """

    feed_id: str
    state: str = "unchanged"
    committed: bool = False
    new: int = 0
    known: int = 0
    bytes: int = 0
    batch_id: str | None = None
    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicate: int = 0
    not_for_us: int = 0
    judged_again: int = 0
    out_of_quarantine: int = 0
    messages: list[str] = field(default_factory=list)
    exit_code: int = 0

    def fail(self, error: Exception) -> None:
        """Note an error of a step; the words of an unexpected one are not repeated."""
        from include.contracts import ContractError
        from include.sources import DefinitionError

        if isinstance(error, ContractError):
            raise error  # everything is judged by it: nothing can go on
        if isinstance(error, DefinitionError):  # holds back its own source only, and names its file itself
            self.state, self.exit_code = "failed", max(self.exit_code, REFUSED)
            self.messages = list(dict.fromkeys([*self.messages, str(error)]))
            return
        code, message = told(error)
        self.note("failed", message.removeprefix("error: "), code)

    def note(self, state: str, message: str, code: int = REFUSED) -> None:
        """Note that something is not as it should be."""
        self.state, self.exit_code = state, max(self.exit_code, code)
        self.messages.append(message if message.startswith(self.feed_id) else f"{self.feed_id}: {message}")


def command(
    source: SourceOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Bring in what the sources deliver: land, judge, gate, commit. Running it again is always safe.

    A source that fails is reported at the end and holds back only itself; then the exit code is 1.
    """
    from include.steps import alerts, clock, definitions, ingest
    from include.steps.contained import Contained
    from include.storage.at_work import ingesting
    from include.storage.home import Home

    began = clock.now()
    chosen = chosen_feeds(ingest.feeds(), source or [])
    with ingesting(Home.from_environment(), began), _progress(chosen) as report, Contained() as contained:
        definitions.keep()
        outcomes = run(chosen, report, contained, workers=min(MOST_WORKERS, os.cpu_count() or 1))
    raised = alerts.raised_since(began, chosen)
    data = {
        "feeds": [
            {key: value for key, value in asdict(one).items() if key != "exit_code"} for one in outcomes
        ],
        "totals": {
            "feeds": len(outcomes),
            **{state: sum(one.state == state for one in outcomes) for state in STATES},
            "deliveries_new": sum(one.new for one in outcomes),
            "deliveries_known": sum(one.known for one in outcomes),
            **{name: sum(getattr(one, name) for one in outcomes) for name in (*COUNTS, *AGAIN)},
        },
        "alerts": raised,
    }
    show(data, _table(outcomes), form)
    messages = [message for one in outcomes for message in one.messages]
    for one in outcomes:
        if one.judged_again and (one.committed or not one.batch_id):
            say(
                f"{one.feed_id}: {one.judged_again} rows in quarantine were judged again; "
                f"{one.out_of_quarantine} of them left it"
            )
    for message in [*dict.fromkeys(messages), *raised]:  # a definition is one fault, whatever feeds it has
        say(message)
    if "failed" in {one.state for one in outcomes} and not os.environ.get("ODCM_SOURCES"):
        say(
            "ODCM_SOURCES is not set: these sources are those of the simulated country, whose files odcm sandbox make makes"
        )
    if code := max((one.exit_code for one in outcomes), default=0):
        raise typer.Exit(code)


STATES = ("committed", "unchanged", "refused", "stopped", "failed")


def chosen_feeds(known: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The feeds that are asked for, in the order of `known`; all where none is.

    Raises:
        WrongUsage: names each id that is neither a source nor a feed.
    """
    ids = {*known, *(feed.partition("/")[0] for feed in known)}
    for name in wanted:
        if name not in ids:
            near = difflib.get_close_matches(name, sorted(ids), n=3)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise WrongUsage(f"--source {name}: no such source or feed; {hint}odcm source list shows all")
    return [feed for feed in known if not wanted or feed in wanted or feed.partition("/")[0] in wanted]


def run(
    feeds: Sequence[str], report: Report = lambda step: None, steps: Steps | None = None, workers: int = 1
) -> list[Outcome]:
    """Take each dataset's feeds through the four steps, the gate once for a dataset.

    Args:
        feeds: feed ids.
        report: called with a few words before each step.
        steps: what lands and judges; the plain steps, in this process, where nothing else is given.
        workers: feeds that are landed and judged at once; one that hangs holds up one worker.
    """
    outcomes = {feed_id: Outcome(feed_id) for feed_id in feeds}
    for dataset in dict.fromkeys(feed.partition("/")[2] for feed in feeds):
        of_dataset = [one for feed, one in outcomes.items() if feed.endswith(f"/{dataset}")]
        with ThreadPoolExecutor(workers) as pool:
            try:
                judged = list(pool.map(lambda one: _land_and_judge(one, report, steps), of_dataset))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        _gate_and_commit(dataset, of_dataset, [verdict for verdict in judged if verdict], report)
    return list(outcomes.values())


def _land_and_judge(one: Outcome, report: Report, steps: Steps | None) -> Any:
    """The verdict on what is new of a feed; None where it could not be judged."""
    from include.steps import ingest

    report(f"land {one.feed_id}")
    try:
        landed = (steps or ingest).land(one.feed_id)
        one.new, one.known, one.bytes = _pick(landed, ("new", "known", "bytes"))
    except Exception as error:
        one.fail(error)  # what landed before it is judged all the same
    report(f"judge {one.feed_id}")
    try:
        verdict = (steps or ingest).judge(one.feed_id)
    except Exception as error:
        one.fail(error)
        return None
    for message in verdict["refused"]:
        one.note("refused" if one.state == "unchanged" else one.state, message)
    one.batch_id = verdict["batch_id"]
    one.judged_again, one.out_of_quarantine = _pick(verdict, AGAIN)
    return verdict


def _gate_and_commit(
    dataset: str, outcomes: Sequence[Outcome], judged: Sequence[Any], report: Report
) -> None:
    from include.steps import ingest

    report(f"gate {dataset}")
    waiting = {one.batch_id: one for one in outcomes if one.batch_id}
    try:
        gated = ingest.gate(dataset, judged)
    except Exception as error:
        for one in waiting.values():
            one.fail(error)
        return
    for batch_id, reason in gated["stopped"].items():
        waiting[batch_id].note("stopped", f"the gate stopped its batch: {reason}")
    for batch_id in gated["passed"]:
        _commit(waiting[batch_id], report)


def _commit(one: Outcome, report: Report) -> None:
    from include.steps import ingest

    report(f"commit {one.feed_id}")
    try:
        counts = ingest.commit(one.batch_id or "")
    except Exception as error:
        one.fail(error)
        return
    one.landed, one.accepted, one.quarantined, one.duplicate, one.not_for_us = _pick(counts, COUNTS)
    one.committed = True
    if one.state == "unchanged":
        one.state = "committed"


def _pick(found: Any, names: Sequence[str]) -> list[int]:
    return [found[name] for name in names]


def _table(outcomes: Sequence[Outcome]) -> Any:
    shown = [name for name in COUNTS if name != "not_for_us" or any(one.not_for_us for one in outcomes)]
    rows = [
        (one.feed_id, one.state, one.new, one.known, *(getattr(one, name) for name in shown))
        for one in outcomes
        if one.state != "unchanged"
    ]
    if rows:
        counts = (sum(getattr(one, name) for one in outcomes) for name in ("new", "known", *shown))
        rows.append(("all", "", *counts))
    unchanged = sum(one.state == "unchanged" for one in outcomes)
    title = f"{len(outcomes)} feeds" + (f", {unchanged} of them with nothing new" if unchanged else "")
    columns = (
        "feed",
        "state",
        ">new deliveries",
        ">known",
        *(f">rows {name.replace('_', ' ')}" for name in shown),
    )
    return table(title, columns, rows)


@contextmanager
def _progress(feeds: Sequence[str]) -> Iterator[Report]:
    """A progress bar on standard error where a person looks; silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        begun: set[str] = set()
        task = bar.add_task("", total=len(feeds))

        def report(step: str) -> None:
            verb, _, feed = step.partition(" ")
            if verb == "land":
                begun.add(feed)
            bar.update(task, description=f"{step:<40}", completed=max(len(begun) - 1, 0))

        yield report
