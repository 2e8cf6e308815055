"""A definition names a connection, never a secret: what looks like one is refused, and its value is not repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sources import DefinitionError, read_definition
from tests.end_to_end.small import FIELDS

SECRET = "synthetic-hunter2"
PLACES: dict[str, dict[str, Any]] = {
    "folder": {"kind": "folder", "path": "s3://bucket/in", "name_pattern": r"(?P<year>\d{4})"},
    "sftp": {"kind": "sftp", "connection": "office", "path": "/in", "name_pattern": r"(?P<year>\d{4})"},
    "sql": {
        "kind": "sql", "connection": "office", "table": "t", "columns": ["a"], "order_by": ["a"],
        "deliveries": {"by": "all"},
    },
    "http": {"kind": "http", "url": "https://api.example/rows", "deliveries": {"by": "document"}},
}  # fmt: skip


def read(folder: Path, transport: dict[str, Any]) -> None:
    feed = {
        "transport": transport, "format": {"kind": "jsonl"}, "identity": ["seizure_no"], "fields": FIELDS,
        "rhythm": {"since": "2025-01"},
    }  # fmt: skip
    definition = {
        "source": "KZ-43", "name": {"kk": "Қ", "ru": "К", "en": "K"}, "regions": ["KZ-43"], "synthetic": True,
        "feeds": {"seizure_item": feed},
    }  # fmt: skip
    path = folder / "KZ-43.yaml"
    path.write_text(yaml.safe_dump(definition, allow_unicode=True), encoding="utf-8")
    read_definition(path)


def refused(folder: Path, transport: dict[str, Any]) -> str:
    with pytest.raises(DefinitionError) as raised:
        read(folder, transport)
    assert SECRET not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("key", ["password", "login", "token", "secret", "private_key", "host_key", "extra"])
def test_no_transport_has_a_key_for_a_secret(kind: str, key: str, tmp_path: Path) -> None:
    read(tmp_path, PLACES[kind])
    said = refused(tmp_path, PLACES[kind] | {key: SECRET})
    assert f"transport.{key}" in said.replace(f"transport.{kind}.", "transport.")


@pytest.mark.parametrize(
    "conn_id", [f"http://a:{SECRET}@host", f'{{"password": "{SECRET}"}}', f"office {SECRET}"]
)
def test_a_connection_is_an_id_and_nothing_else(conn_id: str, tmp_path: Path) -> None:
    assert "connection" in refused(tmp_path, PLACES["sftp"] | {"connection": conn_id})


WITH_A_SECRET: list[tuple[dict[str, Any], str]] = [
    ({"url": f"https://reader:{SECRET}@api.example/rows"}, "url"),
    ({"url": f"https://{SECRET}@api.example/rows"}, "url"),
    ({"url": f"https://api.example/rows?api_key={SECRET}"}, "url"),
    ({"url": f"https://api.example/rows?a=1&access_token={SECRET}"}, "url"),
    ({"deliveries": {"by": "list", "url": f"https://a:{SECRET}@api.example/list"}}, "deliveries"),
    ({"connection": "office", "auth": {"kind": "oauth2", "token_url": f"https://a:{SECRET}@api.example/t"}}, "auth"),
    ({"connection": "office", "auth": {"kind": "basic", "password": SECRET}}, "auth"),
    ({"headers": {"Authorization": f"Bearer {SECRET}"}}, "headers"),
    ({"headers": {"authorization": "Bearer ${TOKEN}"}}, "headers"),
    ({"headers": {"Cookie": f"session={SECRET}"}}, "headers"),
    ({"headers": {"X-Api-Key": SECRET}}, "headers"),
    ({"headers": {"X-Auth-Token": SECRET}}, "headers"),
    ({"parameters": {"token": SECRET}}, "parameters"),
    ({"parameters": {"apikey": SECRET}}, "parameters"),
    ({"parameters": {"client_secret": SECRET}}, "parameters"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "key"), WITH_A_SECRET)
def test_a_secret_in_an_address_a_header_or_a_parameter_is_refused(
    changes: dict[str, Any], key: str, tmp_path: Path
) -> None:
    said = refused(tmp_path, PLACES["http"] | changes)
    assert key in said and said.startswith("KZ-43.yaml: feeds.seizure_item.transport.")


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://api.example/rows/a@b?page_token_type=none"},
        {"headers": {"X-Office": "71", "Accept": "application/json"}},
        {"parameters": {"purpose": "statistics", "token_type": "none", "design": "1"}},
        {"parameters": {"api_key": "${OFFICE_KEY}"}},
        {"connection": "office", "auth": {"kind": "token", "header": "X-Api-Key", "prefix": ""}},
    ],
)
def test_what_only_resembles_a_secret_or_comes_from_elsewhere_is_taken(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    read(tmp_path, PLACES["http"] | changes)
