"""Rule R2 (and T2): which content of a record counts, and that the order of ingestion does not matter."""

import pytest

from tests.unit.statistics.frames import Country, cell

DATASET = "laboratory"


def lab(content: str, lab_type: str, received_at: str, **more: str | int) -> dict:
    return {
        "record_key": "KZ-71/7",
        "content_hash": content,
        "lab_type": lab_type,
        "received_at": received_at,
        **more,
    }


def sighting(content: str, received_at: str, **more: str) -> dict:
    return {"record_key": "KZ-71/7", "content_hash": content, "received_at": received_at, **more}


def types(country: Country, *known_batches: str) -> dict[str, int]:
    mart = country.hears_all(DATASET, "KZ-71").marts(known_batches=known_batches or ("b1",))[
        "mart_laboratories"
    ]
    names = ("synthetic", "grow_site", "extraction", "_T")
    return {name: n for name in names if (n := cell(mart, lab_type=name)["laboratories"])}


def test_r2_a_duplicate_is_counted_once(country):
    country.add(DATASET, lab("A", "synthetic", "2025-04-05")).seen_again(DATASET, sighting("A", "2025-05-05"))
    assert types(country) == {"synthetic": 1, "_T": 1}


def test_r2_the_newest_revision_counts(country):
    country.add(DATASET, lab("A", "synthetic", "2025-04-05"), lab("B", "grow_site", "2025-05-05"))
    assert types(country) == {"grow_site": 1, "_T": 1}


def test_r2_a_source_that_goes_back_to_the_first_content_is_at_the_first_content(country):
    country.add(DATASET, lab("A", "synthetic", "2025-04-05"), lab("B", "grow_site", "2025-05-05"))
    country.seen_again(DATASET, sighting("A", "2025-06-05"))
    assert types(country) == {"synthetic": 1, "_T": 1}


def test_r2_back_to_the_first_content_holds_also_when_the_deliveries_were_ingested_backwards(country):
    # June (A) came in first and was stored, then May (B), then April (A again: a duplicate of what June brought).
    country.add(DATASET, lab("A", "synthetic", "2025-06-05"), lab("B", "grow_site", "2025-05-05"))
    country.seen_again(DATASET, sighting("A", "2025-04-05"))
    assert types(country) == {"synthetic": 1, "_T": 1}


def test_r2_an_older_delivery_that_comes_in_late_does_not_undo_a_newer_one(country):
    country.add(
        DATASET,
        lab("B", "grow_site", "2025-05-05", batch_id="b1"),
        lab("A", "synthetic", "2025-04-05", batch_id="b2"),
    )
    assert types(country, "b1", "b2") == {"grow_site": 1, "_T": 1}


@pytest.mark.parametrize("order, newest", [(["d1", "d2"], "grow_site"), (["d2", "d1"], "synthetic")])
def test_r2_two_sightings_of_one_day_have_the_order_of_their_deliveries(country, order, newest):
    country.add(
        DATASET,
        lab("B", "grow_site", "2025-04-05", delivery_id="d2"),
        lab("A", "synthetic", "2025-04-05", delivery_id="d1"),
    ).order = order
    assert types(country) == {newest: 1, "_T": 1}


def test_r2_two_sightings_in_one_delivery_are_ordered_by_row(country):
    country.add(
        DATASET,
        lab("B", "grow_site", "2025-04-05", raw_row=2),
        lab("A", "synthetic", "2025-04-05", raw_row=1),
    )
    assert types(country) == {"grow_site": 1, "_T": 1}


def test_r2_content_stored_twice_is_still_one_record(country):
    country.add(DATASET, lab("A", "synthetic", "2025-04-05"), lab("A", "synthetic", "2025-05-05"))
    assert types(country) == {"synthetic": 1, "_T": 1}


def test_t2_rows_and_sightings_of_batches_not_known_at_the_time_are_not_seen(country):
    country.add(
        DATASET, lab("A", "synthetic", "2025-04-05"), lab("B", "grow_site", "2025-05-05", batch_id="b2")
    )
    country.seen_again(DATASET, sighting("A", "2025-06-05", batch_id="b3"))
    assert [types(country, *known) for known in (["b1"], ["b1", "b2"], ["b1", "b2", "b3"])] == [
        {"synthetic": 1, "_T": 1},
        {"grow_site": 1, "_T": 1},
        {"synthetic": 1, "_T": 1},
    ]
