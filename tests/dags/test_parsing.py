"""Parsing is light and gives the same DAG every time."""

import os
import subprocess
import sys

import pytest

from tests.dags.conftest import PROJECT

IMPORTS = """
import sys, time, runpy, pathlib
import airflow.sdk
from airflow.sdk import DAG, Asset, BaseOperator, task, dag  # what airflow.sdk gives only when asked
started = time.process_time()
for path in sorted(pathlib.Path("dags").glob("*.py")):
    runpy.run_path(str(path))
print(time.process_time() - started, [m for m in ("pandas", "pyarrow", "duckdb", "great_expectations") if m in sys.modules])
"""

HASHES = """
from airflow.dag_processing.dagbag import DagBag
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import DagSerialization
for _ in range(10):
    for dag in DagBag("dags").dags.values():
        print("HASH", dag.dag_id, SerializedDagModel.hash(DagSerialization.to_dict(dag)))
"""


def _python(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    return done.stdout


def test_all_dags_import_in_under_two_seconds_beyond_airflow_and_without_heavy_libraries() -> None:
    seconds, heavy = _python(IMPORTS).splitlines()[-1].split(" ", 1)
    assert float(seconds) < 2.0
    assert heavy == "[]"


def test_twenty_parses_in_two_processes_give_one_version_of_each_dag(airflow_db: None) -> None:
    lines = [
        line for seed in "12" for line in _python(HASHES, PYTHONHASHSEED=seed).splitlines() if "HASH" in line
    ]
    assert len(lines) == 20 * 8
    assert len(set(lines)) == 8


def test_a_dag_that_ran_keeps_its_version_when_it_is_read_again(bag) -> None:
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dag_version import DagVersion
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    for _ in range(20):
        sync_bag_to_db(DagBag(str(PROJECT / "dags"), bundle_name="dags-folder"), "dags-folder", None)
    with create_session() as session:
        versions = dict(
            session.execute(select(DagVersion.dag_id, func.count()).group_by(DagVersion.dag_id)).all()
        )
    assert versions == dict.fromkeys(bag.dags, 1)


@pytest.mark.parametrize("dag_id", ["ingest__laboratory"])
def test_a_task_that_asks_for_its_dag_gets_it_alone(dag_id: str) -> None:
    listed = _python(
        "from airflow.dag_processing.dagbag import DagBag; print(list(DagBag('dags/ingest.py').dags))",
        _AIRFLOW_PARSING_CONTEXT_DAG_ID=dag_id,
    )
    assert listed.splitlines()[-1] == f"['{dag_id}']"
