"""Whole runs in this process, with steps that say what the test wants: who is held back, who is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

SOURCES = ("KZ-10", "KZ-31", "KZ-43")
DATASET = "laboratory"


class Steps:
    """Stand-ins for include.steps.ingest; `broken` names the step at which a source fails."""

    def __init__(
        self, broken: dict[str, str] | None = None, new: bool = True, alerts: tuple[str, ...] = ()
    ) -> None:
        self.broken = broken or {}
        self.new = new
        self.alerts = alerts
        self.committed: list[str] = []

    def _try(self, feed_id: str, step: str) -> None:
        if self.broken.get(feed_id.split("/")[0]) == step:
            raise RuntimeError(f"{feed_id}: broken at {step}")

    def feeds(self, dataset: str) -> list[str]:
        return [f"{source}/{dataset}" for source in SOURCES]

    def land(self, feed_id: str, home: object, connect: Callable[[str], object]) -> dict[str, Any]:
        self._try(feed_id, "land")
        return {"feed_id": feed_id, "new": 1, "known": 0, "bytes": 10}

    def judge(self, feed_id: str) -> dict[str, Any]:
        self._try(feed_id, "judge")
        refused = ["file x.csv: empty"] if self.broken.get(feed_id.split("/")[0]) == "refused" else []
        batch = f"batch of {feed_id}" if self.new else None
        return {"feed_id": feed_id, "batch_id": batch, "landed": 1, "accepted": 1, "refused": refused}

    def gate(self, dataset: str, judged: list[dict[str, Any]]) -> dict[str, Any]:
        batches = [found["batch_id"] for found in judged if found["batch_id"]]
        stopped = {
            b: "lab_type: 1 of 1" for b in batches if self.broken.get(b.split()[-1].split("/")[0]) == "gate"
        }
        return {"passed": [batch for batch in batches if batch not in stopped], "stopped": stopped}

    def raised_since(self, moment: datetime, feed_ids: list[str]) -> list[str]:
        assert moment.tzinfo and sorted(feed_ids) == self.feeds(DATASET)
        return list(self.alerts)

    def commit(self, batch_id: str) -> dict[str, Any]:
        feed_id = batch_id.split()[-1]
        self._try(feed_id, "commit")
        self.committed.append(feed_id)
        return {
            "batch_id": batch_id,
            "feed_id": feed_id,
            "landed": 1,
            "accepted": 1,
            "quarantined": 0,
            "duplicate": 0,
            "not_for_us": 0,
        }


@pytest.fixture
def run(bag, monkeypatch: pytest.MonkeyPatch) -> Callable[[Steps], dict[str, Any]]:
    """Runs the ingest DAG with the given steps; gives the run's state and its tasks' states."""

    def go(steps: Steps) -> dict[str, Any]:
        from include.steps import alerts, ingest

        monkeypatch.setattr(alerts, "raised_since", steps.raised_since)
        for name in ("feeds", "land", "judge", "gate", "commit"):
            monkeypatch.setattr(ingest, name, getattr(steps, name))
        dag = bag.dags[f"ingest__{DATASET}"]
        monkeypatch.setattr(dag.get_task("source.land"), "retries", 0)
        finished = dag.test()
        tasks = {(ti.task_id, ti.map_index): ti.state for ti in finished.get_task_instances()}
        return {"state": finished.state, "tasks": tasks, "run": finished}

    return go


def _events(run: Any) -> list[dict[str, Any]]:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run.run_id))
        return [event.extra for event in found]


def test_all_sources_get_through_and_the_core_asset_says_how_many_rows(run) -> None:
    steps = Steps()
    done = run(steps)
    assert done["state"] == "success"
    assert sorted(steps.committed) == [f"{source}/{DATASET}" for source in SOURCES]
    assert _events(done["run"]) == [
        {"batches": 3, "landed": 3, "accepted": 3, "quarantined": 0, "duplicate": 0, "not_for_us": 0}
    ]


@pytest.mark.parametrize("step", ["land", "judge", "gate", "commit"])
def test_one_bad_source_holds_back_only_itself_and_the_run_ends_failed(run, step: str) -> None:
    steps = Steps({"KZ-31": step})
    done = run(steps)
    assert sorted(steps.committed) == [f"KZ-10/{DATASET}", f"KZ-43/{DATASET}"]
    assert [event["batches"] for event in _events(done["run"])] == [2]
    assert done["tasks"]["every_source", -1] == "failed"
    assert done["state"] == "failed"


def test_a_file_that_was_refused_fails_the_run_but_not_the_source(run) -> None:
    steps = Steps({"KZ-31": "refused"})
    done = run(steps)
    assert len(steps.committed) == 3
    assert done["state"] == "failed"


def test_all_sources_bad_commits_nothing_and_wakes_nobody(run) -> None:
    steps = Steps(dict.fromkeys(SOURCES, "land"))
    done = run(steps)
    assert (done["state"], steps.committed, _events(done["run"])) == ("failed", [], [])


def test_nothing_new_commits_nothing_wakes_nobody_and_is_a_success(run) -> None:
    steps = Steps(new=False)
    done = run(steps)
    assert (done["state"], steps.committed, _events(done["run"])) == ("success", [], [])
    assert done["tasks"]["announce", -1] == "skipped"


def test_alerts_are_told_in_a_task_of_their_own_and_hold_back_nothing(run) -> None:
    done = run(Steps(alerts=("alert 1: KZ-31/laboratory: 3 rows, far fewer than the usual 60",)))
    assert (done["state"], done["tasks"]["alerts", -1]) == ("success", "success")
    (told,) = [ti for ti in done["run"].get_task_instances() if ti.task_id == "alerts"]
    assert told.xcom_pull(task_ids="alerts") == [
        "alert 1: KZ-31/laboratory: 3 rows, far fewer than the usual 60"
    ]


def test_without_alerts_that_task_is_skipped(run) -> None:
    assert run(Steps({"KZ-31": "land"}))["tasks"]["alerts", -1] == "skipped"


def test_statistics_counts_and_tells_how_many_rows_each_mart_has(
    bag, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dags.assets import MARTS
    from include.steps import statistics

    built = {
        "marts": dict.fromkeys(MARTS, 5),
        "as_at": "2026-01-31T04:00:00+00:00",
        "batches": 3,
        "folder": "marts",
    }
    monkeypatch.setattr(statistics, "build", lambda: built)
    done = bag.dags["statistics"].test()
    assert done.state == "success"
    assert _events(done) == [{"rows": 5, "as_at": built["as_at"]}] * len(MARTS)


@pytest.fixture
def release_steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The release steps replaced by stand-ins; the calls they got."""
    from include.steps import release

    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        release, "freeze", lambda year, by: calls.append(("freeze", year, by)) or {"release_id": "R"}
    )
    monkeypatch.setattr(release, "draft", lambda rid, by: calls.append(("draft", rid, by)) or "drafts/R")
    for name in ("check", "publish"):
        monkeypatch.setattr(
            release, name, lambda rid, name=name: calls.append((name, rid)) or {"release_id": rid}
        )
    monkeypatch.setattr(release, "approve", lambda rid, by: calls.append(("approve", rid, by)))
    return calls


def _answer(monkeypatch: pytest.MonkeyPatch, chosen: str, name: str = "ann") -> None:
    """A person answers at once: the operator goes on as Airflow lets it when an answer is there."""
    from airflow.providers.standard.operators import hitl
    from airflow.sdk import timezone

    event = {
        "chosen_options": [chosen],
        "params_input": {},
        "responded_at": timezone.utcnow(),
        "responded_by_user": {"id": "7", "name": name},
    }
    monkeypatch.setattr(
        hitl.HITLOperator,
        "execute",
        lambda self, context: self.execute_complete(context=context, event=event),
    )


def test_the_approved_release_is_published_in_the_name_of_who_approved(
    bag, release_steps, monkeypatch
) -> None:
    _answer(monkeypatch, "Approve")
    done = bag.dags["annual_release"].test(run_conf={"year": 2024})
    assert done.state == "success"
    assert release_steps == [
        ("freeze", 2024, "dag_test"),
        ("check", "R"),
        ("draft", "R", "dag_test"),
        ("approve", "R", "ann"),
        ("publish", "R"),
    ]
    assert _events(done) == [{"release_id": "R"}]


def test_who_started_the_run_does_not_approve_its_release(bag, release_steps, monkeypatch) -> None:
    _answer(monkeypatch, "Approve", name="DAG_test ")
    done = bag.dags["annual_release"].test(run_conf={"year": 2024})
    assert done.state == "failed"
    assert [call[0] for call in release_steps] == ["freeze", "check", "draft"]


@pytest.mark.parametrize(
    ("listed", "starter", "asked"),
    [
        ("", "ann", None),
        (" ann , olga=3,", "ann", [{"id": "3", "name": "olga"}]),
        ("ann,olga=3", "Olga", [{"id": "ann", "name": "ann"}]),
        ("ann,olga=3", None, [{"id": "ann", "name": "ann"}, {"id": "3", "name": "olga"}]),
    ],
)
def test_the_listed_approvers_are_asked_without_the_starter(monkeypatch, listed, starter, asked) -> None:
    from dags.approval import approvers

    monkeypatch.setenv("ODCM_APPROVERS", listed)
    assert approvers(starter) == asked


def test_a_list_with_the_starter_alone_asks_nobody(monkeypatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from dags.approval import approvers

    monkeypatch.setenv("ODCM_APPROVERS", "ann")
    with pytest.raises(AirflowFailException, match="lists nobody but ann"):
        approvers("ann")


def test_airflow_is_given_the_users_who_may_approve(bag, release_steps, monkeypatch) -> None:
    from airflow.providers.standard.operators import hitl

    asked = []
    monkeypatch.setenv("ODCM_APPROVERS", "dag_test,olga=3")
    monkeypatch.setattr(hitl.HITLOperator, "execute", lambda self, context: asked.append(self.assigned_users))
    bag.dags["annual_release"].test(run_conf={"year": 2024})
    assert asked == [[{"id": "3", "name": "olga"}]]


def test_a_rejected_release_is_not_published_and_the_run_ends_failed(bag, release_steps, monkeypatch) -> None:
    _answer(monkeypatch, "Reject")
    done = bag.dags["annual_release"].test(run_conf={"year": 2024})
    assert done.state == "failed"
    assert [call[0] for call in release_steps] == ["freeze", "check", "draft"]
    assert _events(done) == []


def test_without_a_year_last_year_is_released(bag, release_steps, monkeypatch) -> None:
    from datetime import UTC, datetime

    _answer(monkeypatch, "Approve")
    bag.dags["annual_release"].test(run_conf={"year": None}, run_after=datetime(2026, 1, 31, 4, tzinfo=UTC))
    assert release_steps[0] == ("freeze", 2025, "dag_test")


@pytest.mark.parametrize(
    ("extra", "tls", "port"),
    [
        ({}, "tls", 465),
        ({"disable_ssl": True}, "starttls", 25),
        ({"disable_ssl": True, "disable_tls": "true"}, "none", 25),
    ],
)
def test_the_mail_server_comes_from_the_connection(
    monkeypatch, extra: dict[str, Any], tls: str, port: int
) -> None:
    import json

    from dags.mail import smtp_settings

    connection = {
        "conn_type": "smtp",
        "host": "mail",
        "login": "u",
        "password": "p",
        "extra": {"from_email": "a@b"} | extra,
    }
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
    found = smtp_settings("smtp_default")
    assert found == {"host": "mail", "port": port, "user": "u", "password": "p", "tls": tls, "sender": "a@b"}


def test_the_summaries_of_a_named_release_go_through_the_connection(
    bag, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.steps import summaries

    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", '{"conn_type": "smtp", "host": "mail", "port": 2525}')
    calls: list[tuple[str, str, int]] = []
    monkeypatch.setattr(
        summaries, "send", lambda rid, smtp: calls.append((rid, smtp["host"], smtp["port"])) or {"sent": 21}
    )
    done = bag.dags["summaries"].test(run_conf={"release_id": "2025.1-provisional"})
    assert done.state == "success"
    assert calls == [("2025.1-provisional", "mail", 2525)]
