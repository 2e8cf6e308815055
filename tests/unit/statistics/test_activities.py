"""Laboratories by type, prevention by organiser, kind and audience, resocialisation by step of the programme."""

from tests.unit.statistics.frames import cell


def test_the_types_of_laboratories_stay_apart(country):
    country.hears_all("laboratory", "KZ-71").add(
        "laboratory", {"lab_type": "synthetic"}, *[{"lab_type": "grow_site"}] * 3
    )
    mart = country.marts()["mart_laboratories"]
    assert {t: cell(mart, lab_type=t)["laboratories"] for t in ("synthetic", "grow_site", "extraction", "_T")} == {
        "synthetic": 1, "grow_site": 3, "extraction": 0, "_T": 4,
    }  # fmt: skip


def test_counted_and_estimated_participants_are_never_added_and_are_empty_where_nobody_gave_a_number(country):
    country.hears_all("prevention_activity", "KZ-71").add(
        "prevention_activity",
        {"kind": "event", "participants": 30, "participants_basis": "measured"},
        {"kind": "event", "participants": 500, "participants_basis": "estimated"},
        {"kind": "video"},
    )
    mart = country.marts()["mart_prevention"]
    events, videos, podcasts = (cell(mart, kind=kind) for kind in ("event", "video", "podcast"))
    assert (events["activities"], events["participants_measured"], events["participants_estimated"]) == (
        2,
        30,
        500,
    )
    assert (videos["activities"], videos["participants_measured"]) == (1, None)
    assert (podcasts["activities"], podcasts["participants_measured"]) == (0, 0)


def test_participants_are_zero_where_a_zero_was_counted_and_the_sum_of_those_who_gave_a_number(country):
    country.hears_all("prevention_activity", "KZ-71").add(
        "prevention_activity",
        {"kind": "event", "participants": 0, "participants_basis": "measured"},
        {"kind": "video", "participants": 12, "participants_basis": "measured"},
        {"kind": "video"},
    )
    mart = country.marts()["mart_prevention"]
    assert [cell(mart, kind=kind)["participants_measured"] for kind in ("event", "video", "_T")] == [
        0,
        12,
        12,
    ]
    assert cell(mart, kind="event")["participants_estimated"] is None


def test_activities_are_counted_by_organiser_kind_and_audience(country):
    country.hears_all("prevention_activity", "KZ-71").add(
        "prevention_activity",
        {"organiser": "akimat", "kind": "event", "audience": "youth"},
        {"organiser": "akimat", "kind": "event", "audience": "parents"},
        {"organiser": "ngo", "kind": "event", "audience": "youth", "activity_on": "2025-07-01"},
    )
    mart = country.marts()["mart_prevention"]
    assert cell(mart, organiser="akimat")["activities"] == 2
    assert cell(mart, kind="event", audience="youth")["activities"] == 2
    assert cell(mart, organiser="akimat", kind="event", audience="parents", month=3)["activities"] == 1


def test_people_are_summed_over_the_months_of_the_year(country):
    country.hears_all("resocialisation", "KZ-71", "KZ-75").add(
        "resocialisation",
        {"month_on": "2025-01-01", "facility_type": "ngo", "enrolled": 7, "trained": 3},
        {"month_on": "2025-12-01", "facility_type": "ngo", "enrolled": 5, "trained": 1},
        {"month_on": "2025-12-01", "facility_type": "penal", "enrolled": 2, "employed_12m": 1},
        {"month_on": "2025-12-01", "region_code": "KZ-75", "enrolled": 1},
    )
    mart = country.marts()["mart_resocialisation"]
    ngo, region, nation = (
        cell(mart, region_code="KZ-71", facility_type="ngo"),
        cell(mart, region_code="KZ-71"),
        cell(mart),
    )
    assert (ngo["enrolled"], ngo["trained"], ngo["employed_12m"]) == (12, 4, 0)
    assert (region["enrolled"], region["employed_12m"]) == (14, 1)
    assert nation["enrolled"] == 15
