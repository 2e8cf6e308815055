"""A new column is a few lines of YAML: one in the contract, one in a definition, and no code."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from include import contracts
from include.contracts import arrow_schema, dictionary_markdown, expectations, load
from include.steps import ingest
from include.steps.context import open_ledger
from include.storage import tables
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED, FIELDS, GOOD, csv, deliver, small_place

COLUMN = {
    "name": "street_value_kzt",
    "logicalType": "number",
    "description": "Street value of the substance, tenge.",
    "logicalTypeOptions": {"minimum": 0},
}
HEADED = "№;Дата;Вещество;Кол-во;Ед.;Орган;Цена"


@pytest.fixture
def add_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, the contracts are those of the project with one more column in one of them."""

    def add() -> None:
        folder = shutil.copytree(contracts.CONTRACTS_DIR, tmp_path / "data_contracts")
        path = folder / "core_seizure_item.odcs.yaml"
        document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["schema"][0]["properties"].append(COLUMN)
        path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
        monkeypatch.setattr("include.contracts.model.CONTRACTS_DIR", folder)
        monkeypatch.setattr("include.contracts.codelists.CONTRACTS_DIR", folder)

    return add


def with_price(place: Place) -> Place:
    """The same place, its definition mapping the new column."""
    return small_place(place.root.parent, fields=FIELDS | {"street_value_kzt": "Цена"})


def take(content: bytes, place: Place, name: str) -> None:
    deliver(place, content, name)
    ingest.land(FEED)
    judged = ingest.judge(FEED)
    assert judged["batch_id"], judged["refused"]
    ingest.commit(judged["batch_id"])


def test_a_column_added_to_a_contract_is_in_schema_rules_suite_and_dictionary(
    add_column: Callable[[], None],
) -> None:
    add_column()
    contract = load("core_seizure_item")
    assert arrow_schema(contract).field("street_value_kzt").type == pa.float64()
    assert "street_value_kzt.range" in {e.id for e in expectations(contract)}
    assert "| `street_value_kzt` | number, may be empty | ≥ 0 | Street value" in dictionary_markdown(
        [contract]
    )


def test_mapped_in_a_definition_it_arrives_in_core_and_its_rule_is_enforced(
    tmp_path: Path, add_column: Callable[[], None]
) -> None:
    add_column()
    place = with_price(small_place(tmp_path))
    with place.entered():
        take("\r\n".join([HEADED, ";".join(GOOD) + ";1500,5", ";".join(("2", *GOOD[1:])) + ";-1", ""]).encode(),
             place, "s_2025-03_20250405.csv")  # fmt: skip
        assert [row["street_value_kzt"] for row in place.rows("core", "seizure_item")] == [1500.5]
        assert [row["reasons"] for row in place.rows("quarantine", "seizure_item")] == [
            ["street_value_kzt.minimum"]
        ]


def test_a_table_that_is_there_gains_the_column_and_what_was_stored_stays_a_duplicate(
    tmp_path: Path, add_column: Callable[[], None]
) -> None:
    place = small_place(tmp_path)
    with place.entered() as home:
        take(csv(GOOD), place, "s_2025-03_20250405.csv")
        assert "street_value_kzt" not in tables._table(home, "core", "seizure_item").schema().to_arrow().names
        add_column()
        with_price(place)
        priced = [HEADED, ";".join(GOOD) + ";", ";".join(("2", *GOOD[1:])) + ";700", ""]
        take("\r\n".join(priced).encode(), place, "s_2025-04_20250505.csv")
        assert "street_value_kzt" in tables._table(home, "core", "seizure_item").schema().to_arrow().names
        found = {row["seizure_no"]: row["street_value_kzt"] for row in place.rows("core", "seizure_item")}
        assert found == {"1": None, "2": 700.0}  # the first row again, without a price, is nothing new (R2)
        row = place.balance()[FEED]
        assert (row.landed, row.accepted, row.duplicate, row.difference) == (3, 2, 1, 0)
        assert open_ledger(home).batches(FEED)[0].state == "committed"


def test_the_gate_examines_the_new_column(tmp_path: Path, add_column: Callable[[], None]) -> None:
    add_column()
    place = with_price(small_place(tmp_path))
    with place.entered():
        deliver(place, "\r\n".join([HEADED, ";".join(GOOD) + ";12", ""]).encode(), "s_2025-03_20250405.csv")
        ingest.land(FEED)
        judged = ingest.judge(FEED)
        assert ingest.gate("seizure_item", [judged])["passed"] == [judged["batch_id"]]


def test_a_file_that_lacks_the_mapped_column_is_refused_by_name(
    tmp_path: Path, add_column: Callable[[], None]
) -> None:
    add_column()
    place = with_price(small_place(tmp_path))
    with place.entered():
        deliver(place, csv(GOOD))
        ingest.land(FEED)
        assert "found no column 'Цена'" in ingest.judge(FEED)["refused"][0]
