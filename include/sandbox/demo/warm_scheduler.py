"""`airflow scheduler`, with the libraries of the tasks imported before it forks its workers.

The LocalExecutor forks a worker for each task. Imported once here, DuckDB, pyarrow, pandas and Great
Expectations are there in each of them; imported in the tasks they would cost seconds every time.
"""

import contextlib
import importlib
import runpy
import sys

WARM = (
    "include.steps.ingest",
    "include.steps.statistics",
    "include.steps.release",
    "include.steps.summaries",
    "deltalake",
    "duckdb",
    "great_expectations",
    "pandas",
    "pyarrow.parquet",
)


def main() -> None:
    """Import, then become the scheduler."""
    for name in WARM:
        with contextlib.suppress(ImportError):  # a task that needs it will say so itself
            importlib.import_module(name)
    with contextlib.suppress(Exception):  # as above
        sys.modules["include.steps.ingest"].feeds()  # reads contracts, code lists and definitions, each kept
    sys.argv = ["airflow", "scheduler"]
    runpy.run_module("airflow", run_name="__main__")


if __name__ == "__main__":
    main()
