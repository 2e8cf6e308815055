"""The annual figures: each of the catalogue, its change on the year before, the coverage it rests on."""

import pytest

from include.contracts import DATASETS, codelist
from tests.unit.statistics.frames import Country, cell, reports

FIGURES = codelist("figures").to_pylist()


@pytest.fixture
def lively(country: Country) -> Country:
    """One of everything in 2025; 2024 has two laboratories and silence on the rest."""
    for dataset in DATASETS:
        country.hears_all(dataset, "KZ-71", "KZ-75")
    country.hears_all("laboratory", "KZ-71", year=2024)
    block = {
        "channel_key": "a",
        "requested_on": "2025-02-01",
        "decision_on": "2025-02-02",
        "blocked_on": "2025-02-03",
    }
    country.add("blocking_record", block, {**block, "region_code": "KZ-75"})
    for code, unit in (
        ("heroin", "kg"),
        ("wild_cannabis", "kg"),
        ("acetone", "l"),
        ("reagent", "kg"),
        ("cannabis_plant", "plant"),
    ):
        country.add("seizure_item", {"substance_code": code, "unit": unit, "quantity": 2.5})
    country.add("laboratory", *[{"closed_on": "2024-05-05"}] * 2, {}, {}, {"lab_type": "grow_site"})
    for kind, organiser in (
        ("meeting", "national_council"),
        ("meeting", "akimat"),
        ("video", "ngo"),
        ("podcast", "police"),
        ("event", "ngo"),
    ):
        country.add("prevention_activity", {"kind": kind, "organiser": organiser, "region_code": "KZ-71"})
    for region in ("KZ-10", "KZ-10", "KZ-75", "KZ-NAT"):
        country.add(
            "prevention_activity",
            {
                "kind": "field_visit",
                "organiser": "national_council",
                "region_code": region,
                "source_id": "KZ-71",
            },
        )
    return country.add("resocialisation", {"enrolled": 9, "trained": 8, "completed": 7, "employed_12m": 6})


def test_every_figure_of_the_catalogue_is_counted_from_the_marts(lively):
    mart = lively.marts(2024, 2025)["mart_headlines"].to_pylist()
    assert {row["figure_id"]: row["value"] for row in mart if row["year"] == 2025} == {
        "channels_detected": 1, "channels_requested": 1, "channels_ordered": 1, "channels_blocked": 1,
        "channels_still_blocked": 1, "channels_blocked_stock": 1, "channels_blocked_overlap": 1,
        "drugs_seized": 2.5, "plant_material_seized": 2.5, "precursors_seized": 2.5, "other_chemicals_seized": 2.5,
        "plants_seized": 2.5, "seizures": 5, "laboratories_closed": 3, "laboratories_synthetic": 2,
        "council_meetings": 1, "videos": 1, "podcasts": 1, "events": 1, "regions_visited": 2,
        "resocialisation_enrolled": 9, "resocialisation_trained": 8, "resocialisation_completed": 7,
        "resocialisation_employed_12m": 6,
    }  # fmt: skip
    assert {(row["figure_id"], row["unit"]) for row in mart} == {(f["figure_id"], f["unit"]) for f in FIGURES}


def test_the_change_on_the_year_before_is_given_where_that_year_is_there(lively):
    mart = lively.marts(2024, 2025)["mart_headlines"]
    change = ("previous_value", "change_abs", "change_pct")
    assert [cell(mart, figure_id="laboratories_closed")[name] for name in change] == [2, 1, 50]
    assert [cell(mart, figure_id="videos")[name] for name in change] == [
        None,
        None,
        None,
    ]  # silent in 2024: not zero
    assert cell(mart, figure_id="laboratories_closed", year=2024)["previous_value"] is None


def test_a_change_on_a_year_of_none_has_no_percent(country):
    country.hears_all("laboratory", "KZ-71", year=2024).hears_all("laboratory", "KZ-71").add("laboratory", {})
    closed = cell(country.marts(2024, 2025)["mart_headlines"], figure_id="laboratories_closed")
    assert (closed["previous_value"], closed["change_abs"], closed["change_pct"]) == (0, 1, None)


def test_r4_reported_but_none_is_zero_for_every_figure_and_nothing_reported_is_empty(country):
    for dataset in DATASETS:
        country.hears_all(dataset, "KZ-71", year=2025)
    mart = country.marts(2024, 2025)["mart_headlines"].to_pylist()
    assert {(row["year"], row["value"]) for row in mart} == {(2024, None), (2025, 0)}


def test_c1_each_figure_carries_the_coverage_of_its_own_dataset(country):
    country.expects(*reports("laboratory", "KZ-71", "KZ-75")).receives(*reports("laboratory", "KZ-71"))
    country.hears_all("blocking_record", "KZ-71")
    mart = country.marts()["mart_headlines"]
    rests_on = {f: (cell(mart, figure_id=f)["received_reports"], cell(mart, figure_id=f)["expected_reports"])
                for f in ("laboratories_closed", "channels_blocked", "videos")}  # fmt: skip
    assert rests_on == {"laboratories_closed": (12, 24), "channels_blocked": (12, 12), "videos": (0, 0)}


def test_c1_nothing_is_compared_with_a_year_of_which_too_few_reports_came_in(country):
    country.expects(*reports("laboratory", "KZ-71", year=2024)).hears_all("laboratory", "KZ-71")
    country.receives(
        *reports("laboratory", "KZ-71", year=2024, months=range(1, 11))
    )  # ten of twelve, below 0.9
    country.add(
        "laboratory", {"closed_on": "2024-03-05"}, {"closed_on": "2025-03-05"}, {"closed_on": "2025-04-05"}
    )
    shown = ("value", "previous_value", "change_abs", "change_pct", "comparison")
    closed = [cell(country.marts(2024, 2025)["mart_headlines"], figure_id="laboratories_closed")]
    country.receives(*reports("laboratory", "KZ-71", year=2024, months=[11]))  # eleven of twelve
    closed += [cell(country.marts(2024, 2025)["mart_headlines"], figure_id="laboratories_closed")]
    assert [tuple(row[name] for name in shown) for row in closed] == [
        (2, None, None, None, "below_coverage"), (2, 1, 1, 100, "compared"),
    ]  # fmt: skip
