"""An Airflow of our own for the tests: a throwaway home with its own SQLite, set before Airflow is imported."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
HOME = Path(tempfile.mkdtemp(prefix="airflow-test-"))
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
}


@pytest.fixture(scope="session")
def airflow_db() -> Iterator[None]:
    """An empty metadata database with the pools of the project."""
    import shutil

    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    initdb()
    for name in ("landing", "work"):
        Pool.create_or_update_pool(name, slots=4, description="", include_deferred=False)
    yield
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def bag(airflow_db: None) -> object:
    """The project's DAGs, known to the database."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    found = DagBag(str(PROJECT / "dags"), bundle_name="dags-folder")
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(found, "dags-folder", None)
    return found
