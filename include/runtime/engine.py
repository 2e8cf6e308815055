"""The engine: DuckDB without a network, extensions, or files beyond those of the pass, and with its settings locked.

The one place that opens a connection. Data and definitions are other people's texts: what an SQL text made of them
could still ask for has to be out of reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

SETTINGS: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


def connect(
    *,
    reads: Iterable[str | Path] = (),
    folder: Path | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    max_expression_depth: int | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection to a database in memory whose clock shows UTC.

    Args:
        reads: files that it may read.
        folder: where it may read and write; what does not fit into memory goes to `spill` in it. Without one nothing
            is written.
        memory_limit: in DuckDB's notation; DuckDB's own where none is given.
        threads: DuckDB's own where none is given.
        max_expression_depth: parts of an expression inside each other; DuckDB's own where none is given.
    """
    given = {"memory_limit": memory_limit, "threads": threads, "max_expression_depth": max_expression_depth}
    settings = SETTINGS | {name: value for name, value in given.items() if value is not None}
    spill = str(folder / "spill") if folder else ""
    connection = duckdb.connect(config=settings | {"temp_directory": spill})
    files, folders = [str(file) for file in reads], [str(folder)] if folder else []
    # In this order: what is allowed cannot be said once access is off, and nothing can once settings are locked.
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"set allowed_paths = {_texts(files)}")
    connection.execute(f"set allowed_directories = {_texts(folders)}")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _texts(texts: list[str]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"
