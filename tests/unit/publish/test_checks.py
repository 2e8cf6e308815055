"""What stands between a draft and its publication."""

import pyarrow as pa
import pytest

from include.contracts import Contract, Field, codelist, load, names
from include.publish import ReleaseRefused, headline_cards, problems, refuse_if_any, release_tables
from include.publish.checks import restricted_columns


def found(sample, tables=None, contracts=None, cards=None, threshold=0.9):
    release = release_tables(sample.marts(), sample.release_contracts(), 2025)
    known = {contract.name: contract for contract in sample.release_contracts()} | (contracts or {})
    if cards is None:
        cards = headline_cards(
            release.tables["release_headlines"], codelist("figures"), sample.sources(), sample.facts()
        )
    return problems(tables or release.tables, known, [load(name) for name in names()], cards, threshold)


def people(name, values):
    fields = (
        Field("region_code", "string", "", codelist="regions"),
        Field("enrolled", "integer", "", unit="person"),
    )
    contract = Contract(name, "1.0.0", "release", "", "", fields)
    return {
        name: pa.table({"region_code": ["KZ-10"] * len(values), "enrolled": pa.array(values, pa.int64())})
    }, {name: contract}


def test_the_sample_release_has_no_fault(sample):
    assert found(sample) == []


def test_a_figure_below_the_coverage_threshold_is_refused_and_named(sample):
    faults = found(sample, threshold=0.95)
    assert len(faults) == len(codelist("figures"))
    assert "figure channels_blocked rests on 227 of 240 region-months (94.6%)" in "\n".join(faults)


@pytest.mark.parametrize(("values", "cells"), [([0, 5, None], 0), ([1], 1), ([4, 4, 2, 9], 3)])
def test_counts_of_one_to_four_persons_are_refused_with_table_and_column_but_not_with_the_value(
    sample, values, cells
):
    tables, contracts = people("release_people", values)
    faults = found(sample, tables, contracts, cards=[])
    wanted = [
        f"table release_people: {cells} count(s) of persons from 1 to 4 in enrolled (C2): publish a coarser table"
    ]
    assert faults == (wanted if cells else [])


def test_a_headline_of_few_persons_is_refused(sample):
    rows = [
        row | {"value": 3} if row["figure_id"] == "resocialisation_trained" else row
        for row in sample.headlines()
    ]
    cards = headline_cards(
        sample.table("mart_headlines", rows), codelist("figures"), sample.sources(), sample.facts()
    )
    assert found(sample, cards=cards) == [
        "figure resocialisation_trained: value is a count of persons from 1 to 4 (C2): it may not be published"
    ]


def test_small_counts_of_seizures_and_laboratories_are_no_fault(sample):
    laboratories = release_tables(sample.marts(), sample.release_contracts(), 2025).tables[
        "release_laboratories"
    ]
    assert {1, 2, 3, 4} & set(laboratories["laboratories"].to_pylist())
    assert found(sample) == []


@pytest.mark.parametrize("name", ["identifier", "case_number", "channel_key", "record_no", "seizure_no"])
def test_no_column_that_a_contract_restricts_may_appear(sample, name):
    contract = Contract("release_leak", "1.0.0", "release", "", "", (Field(name, "string", ""),))
    faults = found(sample, {"release_leak": pa.table({name: ["x"]})}, {"release_leak": contract}, cards=[])
    assert faults[0].startswith(f"table release_leak: column {name} is restricted by core_")


def test_restricted_columns_come_from_every_contract():
    assert {"identifier", "case_number", "seizure_no"} <= restricted_columns(
        [load(name) for name in names()]
    ).keys()


@pytest.mark.parametrize(
    ("codelist_name", "text"), [("platforms", "t.me/shop"), (None, "@shop_kz"), (None, "https://shop.kz")]
)
def test_text_that_is_no_code_is_refused_and_not_repeated(sample, codelist_name, text):
    contract = Contract(
        "release_x", "1.0.0", "release", "", "", (Field("platform", "string", "", codelist=codelist_name),)
    )
    faults = found(sample, {"release_x": pa.table({"platform": [text]})}, {"release_x": contract}, cards=[])
    assert len(faults) == 1 and "table release_x: 1 value(s) in platform are not" in faults[0]
    assert text not in faults[0]


def test_a_refusal_lists_every_fault():
    with pytest.raises(ReleaseRefused, match=r"2025.1-provisional is refused, 2 fault\(s\):\n  - a\n  - b"):
        refuse_if_any("2025.1-provisional", ["b", "a"])
    refuse_if_any("2025.1-provisional", [])
