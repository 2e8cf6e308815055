"""Release tables: one year, the contract's columns, and no person in a small count."""

import pyarrow as pa

from include.contracts import load
from include.publish import release_tables
from include.publish.tables import coarsened, has_small_counts


def resocialisation(sample, *rows):
    named = [
        {"year": 2025, "region_code": region, "facility_type": kind, "enrolled": number, "obs_status": ""}
        for region, kind, number in rows
    ]
    return sample.table("mart_resocialisation", named)


def kept(table):
    return [(row["region_code"], row["facility_type"], row["enrolled"]) for row in table.to_pylist()]


def test_a_release_holds_the_rows_of_its_year_alone(sample):
    release = release_tables(sample.marts(), sample.release_contracts(), 2025)
    assert all(set(table["year"].to_pylist()) == {2025} for table in release.tables.values())
    assert sorted(release.tables) == [
        "release_channels", "release_coverage", "release_headlines", "release_laboratories", "release_prevention",
        "release_reports", "release_resocialisation", "release_seizures",
    ]  # fmt: skip
    assert release.grains == {}


def test_the_finest_grain_without_small_counts_is_kept(sample):
    contract = load("release_resocialisation")
    fine = resocialisation(sample, ("KZ-10", "penal", 5), ("KZ-10", "_T", 5), ("KZ", "_T", 5))
    assert coarsened(fine, contract) == (fine, None)


def test_one_small_count_takes_the_facility_types_out_everywhere(sample):
    rows = (
        ("KZ-10", "penal", 3),
        ("KZ-10", "ngo", 9),
        ("KZ-10", "_T", 12),
        ("KZ-11", "_T", 7),
        ("KZ", "_T", 19),
    )
    table, grain = coarsened(resocialisation(sample, *rows), load("release_resocialisation"))
    assert kept(table) == [("KZ-10", "_T", 12), ("KZ-11", "_T", 7), ("KZ", "_T", 19)]
    assert grain == {"facility_type": "_T"}


def test_a_region_with_a_small_count_leaves_only_the_country(sample):
    rows = (("KZ-10", "_T", 4), ("KZ-11", "_T", 7), ("KZ", "_T", 11))
    table, grain = coarsened(resocialisation(sample, *rows), load("release_resocialisation"))
    assert kept(table) == [("KZ", "_T", 11)]
    assert grain == {"facility_type": "_T", "region_code": "KZ"}


def test_a_country_of_four_stays_for_the_check_to_refuse(sample):
    contract = load("release_resocialisation")
    table, _ = coarsened(resocialisation(sample, ("KZ", "_T", 4)), contract)
    assert has_small_counts(table, contract)


def test_few_participants_empty_the_detail_but_keep_the_activities(sample):
    contract = load("release_prevention")
    base = {
        "year": 2025,
        "region_code": "KZ-10",
        "organiser": "_T",
        "kind": "event",
        "audience": "_T",
        "obs_status": "",
    }
    rows = [
        base | {"month": None, "activities": 2, "participants_measured": 60},
        base | {"month": 3, "activities": 1, "participants_measured": 2},
        base | {"month": 4, "activities": 1, "participants_measured": 58},
    ]
    table, grain = coarsened(sample.table("mart_prevention", rows), contract)
    assert table["activities"].to_pylist() == [2, 1, 1]
    assert table["participants_measured"].to_pylist() == [60, None, None]
    assert grain == {"month": None} and not has_small_counts(table, contract)


def test_a_table_without_persons_is_never_made_coarser():
    contract = load("release_laboratories")
    table = pa.table({"laboratories": [1, 2]})
    assert coarsened(table, contract) == (table, None)
