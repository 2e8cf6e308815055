"""The keys of `transport` for a proposal: what a sample tells of them, and places to fill in."""

from __future__ import annotations

from typing import Any

from include.sources.looking.given import Given
from include.sources.looking.names import FileName
from include.sources.looking.table import Decision, Table

KINDS = ("folder", "sftp", "http", "sql")


def transport_keys(given: Given, table: Table, name: FileName, decisions: list[Decision]) -> dict[str, Any]:
    """The transport of a kind; what must be filled in is added to the decisions."""
    place = f"{given.source or 'new-source'}/{given.dataset}"
    connection = (given.source or "new_source").lower().replace("-", "_").replace(".", "_")
    if given.transport == "http":
        return _http(table, connection, decisions)
    if given.transport == "sql":
        return _sql(table, connection, decisions)
    if not name.period:
        decisions.append(
            Decision("transport.name_pattern", "the name of the sample says no period", "without one nothing is counted")
        )  # fmt: skip
    if given.transport == "sftp":
        decisions.append(
            Decision("transport", f"the connection {connection!r} and the path are only placed here", "nothing is fetched without them", usual=True)
        )  # fmt: skip
        return {"kind": "sftp", "connection": connection, "path": f"/{place}", **_named(name)}
    decisions.append(
        Decision(
            "transport.path",
            "a folder of the inbox was supposed",
            "the source's files must arrive there",
            usual=True,
        )
    )
    return {"kind": "folder", "path": f"${{ODCM_INBOX}}/{place}", **_named(name)}


def _named(name: FileName) -> dict[str, Any]:
    keys = {"pattern": name.pattern, "name_pattern": name.name_pattern}
    usual = not name.has_delivered or name.delivered_format == "%Y%m%d"
    return keys if usual else keys | {"delivered_format": name.delivered_format}


def _http(table: Table, connection: str, decisions: list[Decision]) -> dict[str, Any]:
    decisions.append(
        Decision(
            "transport", "address, credentials and pages of the API are only placed here",
            "a sample shows what is answered, not what must be asked", usual=True,
        )
    )  # fmt: skip
    keys: dict[str, Any] = {
        "kind": "http",
        "url": "https://HOST/PATH",
        "connection": connection,
        "auth": {"kind": "token"},
        "deliveries": {"by": "month"},
        "parameters": {"from": "{first_day}", "to": "{last_day}"},
    }
    if table.format["kind"] == "json":
        keys["pages"] = {"by": "page"}
    return keys


def _sql(table: Table, connection: str, decisions: list[Decision]) -> dict[str, Any]:
    headings = list(table.columns)
    decisions.append(
        Decision(
            "transport", "connection, table and order are only placed here",
            "columns are those of the sample; rows must be ordered by a key of the table", usual=True,
        )
    )  # fmt: skip
    return {
        "kind": "sql",
        "connection": connection,
        "table": "TABLE",
        "columns": headings,
        "order_by": headings[:1],
        "deliveries": {"by": "all"},
    }
