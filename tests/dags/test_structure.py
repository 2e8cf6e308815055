"""The DAGs as they are wired: what a reader of the graph may rely on."""

from datetime import timedelta

import pytest

from dags.assets import CORE, DATASETS, MARTS, RELEASE
from include import contracts
from include.sources import Limits
from include.sources.definition.transports import Timed
from include.steps.contained import GRACE

INGEST = [f"ingest__{dataset}" for dataset in DATASETS]
ALL = [*INGEST, "statistics", "annual_release", "summaries"]


def test_every_file_is_read_without_an_error_and_gives_these_dags(bag) -> None:
    assert bag.import_errors == {}
    assert sorted(bag.dags) == sorted(ALL)


def test_the_assets_are_named_like_the_contracts() -> None:
    assert contracts.DATASETS == DATASETS
    assert {asset.name for asset in CORE.values()} == {f"core_{dataset}" for dataset in DATASETS}
    assert {asset.name for asset in MARTS.values()} == set(contracts.names("mart"))
    assert (contracts.CONTRACTS_DIR / f"{RELEASE.name}.odcs.yaml").exists()


@pytest.mark.parametrize("dag_id", ALL)
def test_every_dag_says_what_it_does_and_whose_it_is(bag, dag_id: str) -> None:
    dag = bag.dags[dag_id]
    assert dag.doc_md and dag.tags and dag.max_active_runs == 1 and dag.catchup is False
    for task in dag.tasks:
        assert task.owner in ("data-engineering", "statistics")
        assert task.pool in ("landing", "work")
        if task.task_id == "approve":
            assert task.response_timeout == timedelta(days=14) and task.fail_on_reject
        else:
            assert task.execution_timeout


@pytest.mark.parametrize("dag_id", ALL)
def test_only_landing_tries_again_by_itself(bag, dag_id: str) -> None:
    retries = {task.task_id: task.retries for task in bag.dags[dag_id].tasks if task.retries}
    assert retries == ({"source.land": 3} if dag_id in INGEST else {})


@pytest.mark.parametrize("dag_id", INGEST)
def test_airflow_ends_no_feed_that_keeps_to_its_own_budget(bag, dag_id: str) -> None:
    longest = max(rule.le for rule in Timed.model_fields["deadline_s"].metadata if hasattr(rule, "le"))
    land, judge = (bag.dags[dag_id].get_task(f"source.{name}") for name in ("land", "judge"))
    assert land.execution_timeout.total_seconds() > longest * GRACE
    assert judge.execution_timeout.total_seconds() > 2 * Limits().judge_s


@pytest.mark.parametrize("dag_id", INGEST)
def test_ingest_lands_judges_gates_and_commits(bag, dag_id: str) -> None:
    dag = bag.dags[dag_id]
    assert dag.get_task("source.land").retry_exponential_backoff
    assert dag.get_task("source.land").downstream_task_ids == {"source.judge"}
    assert dag.get_task("source.judge").downstream_task_ids == {"gate", "every_source"}
    assert dag.get_task("gate").downstream_task_ids == {"commit"}
    assert dag.get_task("commit").downstream_task_ids == {"announce", "alerts", "every_source"}
    assert [dag.get_task(name).is_mapped for name in ("source.land", "gate", "commit")] == [
        False,
        False,
        True,
    ]
    assert dag.get_task("announce").outlets == [CORE[dag_id.removeprefix("ingest__")]]


def test_assets_start_what_comes_after(bag) -> None:
    assert bag.dags["summaries"].timetable.asset_condition.objects == (RELEASE,)
    assert set(bag.dags["statistics"].timetable.asset_condition.objects) == set(CORE.values())
    assert set(bag.dags["statistics"].get_task("count").outlets) == set(MARTS.values())
    assert bag.dags["annual_release"].get_task("publish").outlets == [RELEASE]


def test_the_release_waits_for_a_person_before_it_is_published(bag) -> None:
    dag = bag.dags["annual_release"]
    assert dag.get_task("draft").downstream_task_ids == {"approve"}
    assert dag.get_task("approve").downstream_task_ids == {"publish"}
