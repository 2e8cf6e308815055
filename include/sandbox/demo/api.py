"""Airflow's REST API, as far as the demo needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

TIMEOUT_S = 30.0
ENDED = frozenset({"success", "failed"})


class ApiRefused(RuntimeError):
    """Airflow answered with an error; the message holds what it said."""


@dataclass(frozen=True)
class Run:
    """One DAG run."""

    dag_id: str
    run_id: str
    state: str

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class FailedTask:
    """A task instance that failed, and what its log says at the end."""

    name: str
    log_end: str


class Airflow:
    """A signed-in client."""

    def __init__(self, base_url: str, user: str, password: str) -> None:
        self.base_url = base_url
        self._sign_in = {"username": user, "password": password}
        self._session = requests.Session()
        self._session.mount(
            "http://", HTTPAdapter(max_retries=Retry(3, backoff_factor=1, allowed_methods=["GET"]))
        )

    def healthy(self) -> bool:
        """Whether api-server, scheduler and dag-processor all answer."""
        try:
            health = self._session.get(f"{self.base_url}/api/v2/monitor/health", timeout=TIMEOUT_S).json()
        except (requests.ConnectionError, requests.JSONDecodeError):
            return False
        return all(
            health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")
        )

    def sign_in(self) -> None:
        """Get a token for the requests that follow."""
        answer = self._session.post(f"{self.base_url}/auth/token", json=self._sign_in, timeout=TIMEOUT_S)
        if not answer.ok:
            raise ApiRefused(f"signing in: {answer.status_code} {answer.text}")
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def dags(self) -> set[str]:
        """Ids of the DAGs that Airflow has read."""
        return {found["dag_id"] for found in self._get("dags", limit=100)["dags"]}

    def import_errors(self) -> list[str]:
        """What Airflow could not read."""
        return [found["stack_trace"] for found in self._get("importErrors")["import_errors"]]

    def ensure_pool(self, name: str, slots: int) -> None:
        """A pool of that size."""
        body = {"name": name, "slots": slots, "include_deferred": False}
        if name in {found["name"] for found in self._get("pools")["pools"]}:
            self._send("PATCH", f"pools/{name}", body)
        else:
            self._send("POST", "pools", body)

    def unpause(self, dag_id: str) -> None:
        """Let the DAG run."""
        self._send("PATCH", f"dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> Run:
        """A new run."""
        made = self._send("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf or {}})
        return _run(made)

    def run(self, run: Run) -> Run:
        """The run as it is now."""
        return _run(self._get(f"dags/{run.dag_id}/dagRuns/{run.run_id}"))

    def refresh(self, runs: Sequence[Run]) -> list[Run]:
        """The runs as they are now, in one question."""
        body = {"dag_ids": sorted({run.dag_id for run in runs}), "order_by": "-run_after", "page_limit": 50}
        found = {
            (run.dag_id, run.run_id): run
            for run in map(_run, self._send("POST", "dags/~/dagRuns/list", body)["dag_runs"])
        }
        return [found.get((run.dag_id, run.run_id)) or self.run(run) for run in runs]

    def runs(self, dag_id: str) -> list[Run]:
        """The newest runs of a DAG, newest first."""
        return [
            _run(found) for found in self._get(f"dags/{dag_id}/dagRuns", order_by="-run_after")["dag_runs"]
        ]

    def woken_by(self, run: Run) -> set[tuple[str, str]]:
        """DAG id and run id of every run whose Assets started this one."""
        found = self._get(f"dags/{run.dag_id}/dagRuns/{run.run_id}/upstreamAssetEvents")["asset_events"]
        return {(event["source_dag_id"], event["source_run_id"]) for event in found}

    def tasks(self, run: Run) -> list[dict[str, Any]]:
        """The run's task instances."""
        path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
        found: list[dict[str, Any]] = []
        while True:
            page = self._get(path, limit=100, offset=len(found))
            found.extend(page["task_instances"])
            if not page["task_instances"] or len(found) >= page["total_entries"]:
                return found

    def task_count(self, run: Run, *states: str, task_id: str | None = None) -> int:
        """How many task instances of the run there are, in the given states where any are given.

        Asks for one row only: Airflow counts the others without reading them.
        """
        path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
        query = {"limit": 1, "state": list(states)} | ({"task_id": task_id} if task_id else {})
        return int(self._get(path, **query)["total_entries"])

    def approve(self, run: Run, task_id: str) -> dict[str, Any]:
        """Answer the approval request of a waiting task with Approve."""
        path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/-1/hitlDetails"
        return self._send("PATCH", path, {"chosen_options": ["Approve"], "params_input": {}})

    def failures(self, run: Run, lines: int = 12) -> list[FailedTask]:
        """The run's failed task instances with the end of their logs."""
        return [
            FailedTask(_task_name(found), self._log_end(found, lines))
            for found in self.tasks(run)
            if found["state"] == "failed"
        ]

    def _log_end(self, task: dict[str, Any], lines: int) -> str:
        path = (
            f"dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
            f"/logs/{max(task['try_number'], 1)}"
        )
        try:
            content = self._get(path, map_index=task["map_index"])["content"]
        except ApiRefused as refused:
            return str(refused)
        return "\n".join([_log_line(event) for event in content][-lines:])

    def _get(self, path: str, **query: Any) -> Any:
        answer = self._session.get(
            f"{self.base_url}/api/v2/{path}",
            params=query,
            headers={"Accept": "application/json"},
            timeout=TIMEOUT_S,
        )
        return _checked(answer)

    def _send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        return _checked(
            self._session.request(method, f"{self.base_url}/api/v2/{path}", json=body, timeout=TIMEOUT_S)
        )


def _checked(answer: requests.Response) -> Any:
    if not answer.ok:
        raise ApiRefused(
            f"{answer.request.method} {answer.request.path_url}: {answer.status_code} {answer.text}"
        )
    return answer.json()


def _run(found: dict[str, Any]) -> Run:
    return Run(found["dag_id"], found["dag_run_id"], found["state"])


def _task_name(task: dict[str, Any]) -> str:
    mapped = task["rendered_map_index"] or (task["map_index"] if task["map_index"] >= 0 else None)
    return f"{task['dag_id']} · {task['task_id']}" + (f" [{mapped}]" if mapped is not None else "")


def _log_line(event: Any) -> str:
    if not isinstance(event, dict):
        return str(event)
    details = "; ".join(
        f"{found.get('exc_type')}: {found.get('exc_value')}" for found in event.get("error_detail") or []
    )
    return f"{event.get('event', '')} {details}".rstrip()
