"""Counting rules S1 and S3-S6: number of seizures, native quantity, derived mass, reference date."""

import pytest

from tests.unit.statistics.frames import Country, cell, rows

DATASET = "seizure_item"


def seizures(country: Country, *items: dict):
    return country.hears_all(DATASET, "KZ-71").add(DATASET, *items).marts()["mart_seizures"]


def test_s1_a_seizure_of_two_substances_is_one_in_the_total_and_one_for_each(country):
    mart = seizures(
        country,
        {"seizure_no": "1", "item_no": 1, "substance_code": "mephedrone"},
        {"seizure_no": "1", "item_no": 2, "substance_code": "heroin"},
        {"seizure_no": "1", "item_no": 3, "substance_code": "acetone", "unit": "l"},
    )
    counts = {(r["substance_class"], r["substance_code"]): r["seizures"]
              for r in rows(mart, region_code="KZ", month=None, unit="_T") if r["seizures"]}  # fmt: skip
    assert counts == {
        ("_T", "_T"): 1, ("drug", "_T"): 1, ("drug", "mephedrone"): 1, ("drug", "heroin"): 1,
        ("precursor", "_T"): 1, ("precursor", "acetone"): 1,
    }  # fmt: skip


def test_s1_the_same_number_from_two_sources_is_two_seizures(country):
    mart = seizures(
        country, {"seizure_no": "1", "source_id": "KZ-71"}, {"seizure_no": "1", "source_id": "KZ-75"}
    )
    assert cell(mart)["seizures"] == 2


def test_s1_a_feed_of_aggregates_brings_the_number_it_states(country):
    mart = seizures(
        country, {"seizures_n": 40, "quantity": 12.5}, {"seizures_n": 2, "quantity": 0.5}, {"quantity": 1.0}
    )
    drugs = cell(mart, substance_class="drug")
    assert (drugs["seizures"], drugs["mass_kg"]) == (43, 14.0)


def test_s3_purity_is_never_multiplied_in(country):
    assert (
        cell(seizures(country, {"quantity": 2.0, "purity_pct": 10.0}), substance_class="drug")["mass_kg"]
        == 2.0
    )


def test_s4_native_units_come_first_and_kilograms_are_derived_only_where_there_is_a_factor(country):
    mart = seizures(
        country,
        {"substance_code": "mdma", "quantity": 500.0, "unit": "g"},  # 0.5 kg
        {"substance_code": "mdma", "quantity": 1000.0, "unit": "tablet"},  # 0.0003 kg each
        {"substance_code": "mdma", "quantity": 7.0, "unit": "package"},  # no mass: no guess
        {"substance_code": "lsd", "quantity": 9.0, "unit": "blotter"},
        {"substance_code": "heroin", "quantity": 30.0, "unit": "tablet"},  # no factor for this substance
    )
    measured = {(r["substance_code"], r["unit"]): (r["quantity"], r["mass_kg"])
                for r in rows(mart, region_code="KZ", month=None, substance_class="drug") if r["substance_code"] != "_T"}  # fmt: skip
    assert measured == {
        ("mdma", "_T"): (None, 0.8), ("mdma", "kg"): (0.5, 0.5), ("mdma", "tablet"): (1000.0, 0.3), ("mdma", "package"): (7.0, None),
        ("lsd", "_T"): (None, None), ("lsd", "blotter"): (9.0, None),
        ("heroin", "_T"): (None, None), ("heroin", "tablet"): (30.0, None),
    }  # fmt: skip
    assert cell(mart, substance_class="drug")["mass_kg"] == 0.8


def test_s4_a_litre_is_a_kilogram_and_plants_stay_plants(country):
    mart = seizures(
        country,
        {"substance_code": "acetone", "quantity": 1500.0, "unit": "ml"},
        {"substance_code": "cannabis_plant", "quantity": 144.0, "unit": "plant"},
    )
    acetone = cell(mart, substance_class="precursor", unit="l")
    plants = cell(mart, substance_class="plant_material", unit="plant")
    assert (acetone["quantity"], acetone["mass_kg"]) == (1.5, 1.5)
    assert (plants["quantity"], plants["mass_kg"]) == (144.0, None)


def test_s5_no_mass_and_no_quantity_is_added_over_classes(country):
    mart = seizures(
        country,
        {"substance_code": "heroin"},
        {"substance_code": "reagent"},
        {"substance_code": "wild_cannabis"},
    )
    over_classes = rows(mart, substance_class="_T")
    assert over_classes
    assert all(
        row["mass_kg"] is None and row["quantity"] is None and row["unit"] == "_T" for row in over_classes
    )


def test_s6_the_date_is_the_day_of_seizure_and_failing_that_of_registration_which_is_counted(country):
    mart = seizures(
        country,
        {"seizure_no": "1", "seized_on": "2025-03-31", "registered_on": "2025-04-02"},
        {"seizure_no": "2", "seized_on": None, "registered_on": "2025-04-02"},
        {"seizure_no": "3", "seized_on": "2024-12-31", "registered_on": "2025-01-02"},  # of the year before
    )
    counted = [
        (cell(mart, month=m)["seizures"], cell(mart, month=m)["dated_by_registration"])
        for m in (None, 1, 3, 4)
    ]
    assert counted == [(2, 1), (0, 0), (1, 0), (1, 1)]


def test_s8_tenths_and_thousandths_add_up_exactly(country):
    mart = seizures(country, *({"quantity": 0.1} for _ in range(10)), {"quantity": 100.0, "unit": "g"})
    assert cell(mart, substance_class="drug")["mass_kg"] == 1.1


def test_c3_a_seizure_of_no_region_is_in_its_own_row_and_in_the_country(country):
    mart = seizures(country, {"region_code": "KZ-NAT", "source_id": "KZ-71"}, {"region_code": "KZ-71"})
    assert [cell(mart, region_code=r)["seizures"] for r in ("KZ", "KZ-71", "KZ-NAT")] == [2, 1, 1]


@pytest.mark.parametrize(
    "unit, kilograms", [("t", 1000.0), ("kg", 1.0), ("g", 0.001), ("mg", 0.000001), ("lb", 0.45359237)]
)
def test_s4_one_of_each_unit_of_mass_in_kilograms(country, unit, kilograms):
    assert cell(seizures(country, {"unit": unit}), substance_class="drug")["mass_kg"] == kilograms
