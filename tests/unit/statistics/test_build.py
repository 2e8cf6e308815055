"""The marts as tables: as their contracts declare, in a fixed order, the same bytes whatever the order of the input."""

import random

import pytest

from include.contracts import arrow_schema, load, names
from include.statistics import RULES, RULES_VERSION, RulesError, read_rules
from tests.unit.statistics.frames import Country


def busy(country: Country) -> Country:
    """Some hundred rows whose quantities do not add up the same in another order as floats."""
    draw = random.Random(2025)
    regions = ("KZ-71", "KZ-75", "KZ-NAT")
    for dataset in country.core:
        country.hears_all(dataset, "KZ-71", "KZ-75")
    for n in range(150):
        region, day = draw.choice(regions), f"2025-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        more = {"region_code": region, "source_id": "KZ-71"}
        country.add("seizure_item", {**more, "seized_on": day, "quantity": draw.random() * 10 ** draw.randint(-6, 6),
                                     "unit": draw.choice(["kg", "g", "tablet"]), "substance_code": draw.choice(["mdma", "heroin"])})  # fmt: skip
        country.add(
            "blocking_record",
            {**more, "channel_key": f"telegram:{n % 40}", "detected_on": "2025-01-01", "blocked_on": day},
        )
        country.add(
            "prevention_activity", {**more, "activity_on": day, "kind": draw.choice(["video", "event"])}
        )
    return country


def test_every_mart_has_exactly_the_columns_and_types_of_its_contract(country):
    marts = busy(country).marts()
    assert sorted(marts) == names("mart")
    for name, table in marts.items():
        assert table.schema.equals(arrow_schema(load(name))), name
        assert all(table[f.name].null_count == 0 for f in load(name).fields if f.required), name


def test_no_dimension_combination_appears_twice(country):
    measures = {"channels", "urls", "overlap", "seizures", "quantity", "mass_kg", "dated_by_registration", "laboratories",
                "activities", "participants_measured", "participants_estimated", "obs_status",
                "state", "due_on", "received_on", "days_late", "deliveries"}  # fmt: skip
    for name, table in busy(country).marts().items():
        dimensions = [c for c in table.column_names if c not in measures]
        assert table.group_by(dimensions).aggregate([]).num_rows == table.num_rows, name


def test_the_same_rows_in_another_order_give_the_same_tables(country):
    first = busy(country).marts()
    for stored in country.core.values():
        random.Random(7).shuffle(stored)
    assert all(table.equals(first[name]) for name, table in country.marts().items())


def test_only_the_years_asked_for_are_counted(country):
    country.hears_all("laboratory", "KZ-71").add(
        "laboratory", {"closed_on": "2025-03-01"}, {"closed_on": "2023-03-01"}
    )
    assert all(set(table["year"].to_pylist()) <= {2025} for table in country.marts().values())


def test_the_rules_file_says_versions_and_threshold():
    assert RULES.rules_version == RULES_VERSION == "2025-2"
    assert 0 < RULES.coverage_threshold <= 1


@pytest.mark.parametrize(
    "text, named",
    [
        ("rules_version: '1'\n", "expected the keys"),
        ("rules_version: 2025\nfactor_table_version: '1'\ncoverage_threshold: 0.9\n", "rules_version"),
        ("rules_version: '1'\nfactor_table_version: '1'\ncoverage_threshold: 90\n", "coverage_threshold"),
    ],
)
def test_a_rules_file_that_cannot_be_used_says_which_key(tmp_path, text, named):
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(RulesError, match=named):
        read_rules(path)
