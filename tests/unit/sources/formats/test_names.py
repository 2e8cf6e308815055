"""A column is read whatever it is called: signs of SQL and of paths in a name are letters like any others."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.sources.formats.opened import opened

NAMES = [
    'a"b', "a'b", "a*b", "*", "*.*", '"', '""', "'", '\\"', "a\\b", "a.b", "a[0]", "[*]", "$", "$.x", "#", "%", ":a", "?",
    "COLUMNS(*)", 'a"."b', "~/a~1", "raw_row", "item", "select", 'ә"ғ*',
]  # fmt: skip


def csv(name: str) -> bytes:
    return '"{}";"other"\n1.10;2\n'.format(name.replace('"', '""')).encode()


def parquet(name: str) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({name: ["1.10"], "other": ["2"]}), file)
    return file.getvalue()


FORMS: dict[str, Callable[[str], bytes]] = {
    "csv": csv,
    "parquet": parquet,
    "jsonl": lambda name: json.dumps({name: "1.10", "other": "2"}).encode(),
    "json": lambda name: f'[{{{json.dumps(name)}: 1.10, "other": 2}}]'.encode(),
}


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_column_of_any_name_is_read(tmp_path: Path, name: str, kind: str) -> None:
    form = {"kind": kind} | ({"delimiter": ";"} if kind == "csv" else {})
    found = opened(tmp_path, form, FORMS[kind](name), name, "other")
    assert list(found.rows.values()) == [("1.10", "2")]


@pytest.mark.parametrize("name", [name for name in NAMES if "." not in name])
def test_a_value_inside_an_object_of_any_name_is_read(tmp_path: Path, name: str) -> None:
    record = json.dumps({name: {name: "1", "twice": "2"}})
    found = opened(tmp_path, {"kind": "jsonl"}, record, f"{name}.{name}", f"{name}.twice")
    assert list(found.rows.values()) == [("1", "2")]


@pytest.mark.parametrize("name", ['a"b', "*"])
def test_a_list_of_any_name_gives_the_records(tmp_path: Path, name: str) -> None:
    document = json.dumps({name: [{"n": "1", f"{name}s": [{"m": "2"}, {"m": "3"}]}]})
    form = {"kind": "json", "items": name, "each": f"{name}s"}
    found = opened(tmp_path, form, document, "n", f"{name}s.m")
    assert list(found.rows.values()) == [("1", "2"), ("1", "3")]


@pytest.mark.parametrize("name", ['a"b', "*", "a\\b"])
def test_a_key_that_stands_twice_is_noticed_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    key = json.dumps(name)
    found = opened(tmp_path, {"kind": "jsonl"}, f'{{{key}: "1", {key}: "2"}}\n{{{key}: "3"}}', name)
    assert found.rows == {2: ("3",)} and list(found.rejects) == [1]
