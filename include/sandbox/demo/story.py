"""The demo's course: five ingest DAGs, the statistics they wake, the annual release, the summaries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from rich.console import Console

from include.contracts import DATASETS
from include.sandbox.demo.api import Airflow, FailedTask, Run
from include.sandbox.demo.board import Board, RunView
from include.sandbox.demo.services import Services

YEAR = 2025
INGEST = tuple(f"ingest__{dataset}" for dataset in DATASETS)
DAGS = (*INGEST, "statistics", "annual_release", "summaries")
DONE = ("success", "failed", "skipped", "upstream_failed")
POLL_S = 5.0
"""Every question costs Airflow's API server time that it takes from the tasks."""

PATIENCE_S = 900.0
WAITS_FOR_A_PERSON = "awaiting_input"
A_PERSON_TAKES_S = 5.0
"""Airflow 3.3.2 fails a request that is answered before its scheduler has noted that the task began to wait."""


class StoryFailed(RuntimeError):
    """A DAG run failed.

    Attributes:
        failures: the task instances that failed, with the ends of their logs.
    """

    def __init__(self, run: Run, failures: list[FailedTask]) -> None:
        self.failures = failures
        super().__init__(f"{run.dag_id} failed (run {run.run_id})")


class Story:
    """Runs the year through Airflow's REST API and shows how it goes."""

    def __init__(self, airflow: Airflow, approver: Airflow, services: Services, console: Console) -> None:
        self.airflow = airflow
        self.approver = approver
        self.services = services
        self.console = console
        self._ended: dict[tuple[str, str], RunView] = {}

    def ingest(self) -> list[Run]:
        """Run the five ingest DAGs to their end, and the statistics that they wake."""
        runs = [self.airflow.trigger(dag_id) for dag_id in INGEST]
        before = {run.run_id for run in self.airflow.runs("statistics")}
        with Board(self.console) as board:
            self._until(lambda: self._ingested(runs, before, board))
        return runs

    def _ingested(self, runs: list[Run], before: set[str], board: Board) -> bool:
        now = self.airflow.refresh(runs)
        counts = [self._view(run) for run in now]
        counting = [run for run in self.airflow.runs("statistics") if run.run_id not in before]
        board.show(
            [*counts, *(self._view(run, f"statistics {n}") for n, run in enumerate(counting[::-1], 1))]
        )
        self._refuse_failed([*now, *counting])
        if not all(run.ended for run in [*now, *counting]):
            return False
        brought = {(run.dag_id, run.run_id) for run in now if self._brought_rows(run)}
        counted = set().union(*(self.airflow.woken_by(run) for run in counting))
        return brought <= counted

    def _brought_rows(self, run: Run) -> bool:
        return self.airflow.task_count(run, "success", task_id="announce") > 0

    def release(self) -> None:
        """Run the annual release to its end; answer its approval; wait for the summaries it wakes."""
        run = self.airflow.trigger("annual_release", {"year": YEAR})
        before = {found.run_id for found in self.airflow.runs("summaries")}
        with Board(self.console) as board:
            self._until(lambda: self._waiting_or_ended(run, board))
        if not self.airflow.run(run).ended:
            time.sleep(A_PERSON_TAKES_S)
            self.approver.sign_in()
            answer = self.approver.approve(run, "approve")
            self.console.print(
                f'  The release waits for a person. The demo answers "{answer["chosen_options"][0]}" through'
                f" Airflow's API, as user {answer['responded_by']['name']}: who started the run cannot. In life a"
                " person does, in Airflow's UI."
            )
        with Board(self.console) as board:
            self._until(lambda: self._released(run, before, board))

    def _waiting_or_ended(self, run: Run, board: Board) -> bool:
        view = self._view(self.airflow.run(run))
        board.show([view])
        self._refuse_failed([self.airflow.run(run)])
        return view.state == "success" or self.airflow.task_count(run, WAITS_FOR_A_PERSON) > 0

    def _released(self, run: Run, before: set[str], board: Board) -> bool:
        sending = [found for found in self.airflow.runs("summaries") if found.run_id not in before]
        now = [self.airflow.run(run), *sending]
        board.show([self._view(found) for found in now])
        self._refuse_failed(now)
        return bool(sending) and all(found.ended for found in now)

    def _view(self, run: Run, name: str | None = None) -> RunView:
        if (run.dag_id, run.run_id) not in self._ended:
            done = self.airflow.task_count(run, *DONE)
            view = RunView(name or run.dag_id, run.state, done, self.airflow.task_count(run))
            if not run.ended:
                return view
            self._ended[run.dag_id, run.run_id] = view
        return self._ended[run.dag_id, run.run_id]

    def _refuse_failed(self, runs: Iterable[Run]) -> None:
        for run in runs:
            if run.state == "failed":
                raise StoryFailed(run, self.airflow.failures(run))

    def _until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            self.services.check()
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"not done after {PATIENCE_S:.0f} s: look into Airflow's UI or the services' logs"
                )
            time.sleep(POLL_S)
