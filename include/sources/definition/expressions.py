"""Expressions of a mapping: one scalar SQL expression over the columns of its row, and nothing else."""

from __future__ import annotations

import functools
import json
from typing import Any

import duckdb

ABOUT_THE_ENGINE = {"current_setting", "getenv", "getvariable", "current_database", "current_user", "version"}


@functools.lru_cache(maxsize=1024)
def expression_columns(expression: str) -> tuple[str, ...]:
    """Columns that an expression reads.

    Raises:
        ValueError: not one scalar expression over the columns of its row: a query, a table, a function that
            reads or that does not exist, an aggregate, a window.
    """
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        text = connection.execute("select json_serialize_sql(?)", [f"select ({expression})"]).fetchall()[0][0]
        parsed = json.loads(text)
        if parsed["error"]:
            raise ValueError(f"expected one SQL expression over the columns: {parsed['error_message']}")
        statements = [statement["node"] for statement in parsed["statements"]]
        nodes = list(_walk(statements))
        plain = (
            bool(expression.strip())
            and len(statements) == 1
            and statements[0]["type"] == "SELECT_NODE"
            and len(statements[0]["select_list"]) == 1
            and statements[0]["from_table"]["type"] == "EMPTY"
            and statements[0]["where_clause"] is None
            and not statements[0]["modifiers"]
            and not any(node.get("class") == "SUBQUERY" for node in nodes)
            and not {node.get("function_name") for node in nodes} & ABOUT_THE_ENGINE
        )
        if not plain:
            raise ValueError("expected one expression over the columns of the row, without queries inside")
        columns = sorted({node["column_names"][-1] for node in nodes if node.get("class") == "COLUMN_REF"})
        cells = ", ".join(
            'null::varchar as "' + name.replace('"', '""') + '"' for name in [*columns, "raw_row"]
        )
        try:  # a WHERE clause binds scalar expressions only, and only functions that exist
            connection.execute(f"select 1 from (select {cells}) where ({expression}) is not null")
        except duckdb.Error as error:
            raise ValueError(
                f"expected an expression that can be evaluated: {str(error).splitlines()[0]}"
            ) from None
        return tuple(columns)


def _walk(part: Any) -> Any:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from _walk(value)
    elif isinstance(part, list):
        for value in part:
            yield from _walk(value)
