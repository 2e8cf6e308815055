"""A delivery that a person set aside counts no more from then on; what was known before stays, and nothing is removed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from include.ledger import WrongState
from include.steps import deliveries, release, reports
from include.steps.deliveries import NoSuchDelivery
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED, GOOD, csv, deliver
from tests.end_to_end.test_judged_again import balance, grams, known, run

OTHER = ("2", "06.03.2025", "мефедрон", "7", "г", "МВД")
BEFORE, LATER, LAST = "2026-02-01T00:00:00+00:00", "2026-03-01T06:00:00+00:00", "2026-04-01T06:00:00+00:00"


def decided(place: Place, number: int, now: str = LATER, what: str = "set_aside") -> Place:
    """The place at a later moment, when somebody has decided about its n-th delivery."""
    place = replace(place, now=now)
    with place.entered() as home:
        found = deliveries.deliveries([FEED], home)[number].delivery.delivery_id
        decide = deliveries.set_aside if what == "set_aside" else deliveries.restore
        decide(found[:12], "ann", "the wrong year", home)
    return place


def test_its_rows_count_no_more_and_again_when_it_is_restored(tmp_path: Path) -> None:
    place = known(tmp_path, GOOD)
    deliver(place, csv(OTHER), "s_2025-04_20250505.csv")
    run(place)
    assert grams(place) == 11.5
    place = decided(place, 1)
    assert (grams(place), grams(place, BEFORE)) == (4.5, 11.5)
    assert balance(place) == (2, 2, 0, 0) and run(place).committed == {}
    place = decided(place, 1, LAST, "restore")
    assert (grams(place), grams(place, "2026-03-15T00:00:00+00:00"), grams(place, BEFORE)) == (
        11.5,
        4.5,
        11.5,
    )


def test_what_another_delivery_says_as_well_still_counts(tmp_path: Path) -> None:
    place = known(tmp_path, GOOD, OTHER)
    deliver(place, csv(OTHER), "s_2025-04_20250505.csv")
    run(place)
    place = decided(place, 0)
    assert grams(place) == 7.0


def test_the_revision_before_it_holds_again(tmp_path: Path) -> None:
    place = known(tmp_path, GOOD)
    deliver(place, csv((*GOOD[:3], "9", *GOOD[4:])), "s_2025-03_20250501.csv")
    run(place)
    assert grams(place) == 9.0 and grams(decided(place, 1)) == 4.5


def test_its_month_was_not_reported_from_then_on_and_a_release_is_another(tmp_path: Path) -> None:
    place = known(tmp_path, GOOD)
    with place.entered():
        first = release.freeze(2025)["release_id"]
    place = decided(place, 0)
    with place.entered() as home:
        assert reports.matrix(home, 2025).states[2].state == "never_reported"
        assert (
            reports.matrix(home, 2025, reports.datetime.fromisoformat(BEFORE)).states[2].state == "reported"
        )
        assert release.freeze(2025)["release_id"] != first


def test_a_refused_file_waits_no_more_until_it_is_restored(tmp_path: Path) -> None:
    place = known(tmp_path, GOOD)
    deliver(place, b"PK\x03\x04 no text", "s_2025-04_20250505.csv")
    assert run(place).refused
    with place.entered() as home:
        assert [one.state for one in deliveries.deliveries([FEED], home)] == ["in_core", "waiting"]
    place = decided(place, 1)
    assert not run(place).refused and balance(place) == (1, 1, 0, 0)
    with place.entered() as home:
        found = deliveries.deliveries([FEED], home)[1]
    assert found.state == "set_aside" and found.decision and found.decision.decided_by == "ann"
    assert run(decided(place, 1, LAST, "restore")).refused


@pytest.mark.parametrize("of", ["period", "everything"])
def test_what_a_later_snapshot_lacks_is_withdrawn_by_that_one(tmp_path: Path, of: str) -> None:
    delivers = {"kind": "snapshot", "of": of, "may_withdraw": 0.5}
    place = known(tmp_path, GOOD, OTHER, delivers=delivers)
    deliver(place, csv(GOOD), "s_2025-03_20250501.csv")
    run(place)
    deliver(place, csv(GOOD, ("3", *OTHER[1:])), "s_2025-03_20250601.csv")
    run(place)
    assert grams(place) == 11.5
    place = decided(place, 1)
    assert grams(place) == 18.5  # until the next ingest nothing says that the third lacks it
    run(place)
    assert grams(place) == 11.5 and run(place).committed == {}
    place = decided(place, 2, LAST)
    run(place)
    assert (grams(place), grams(place, BEFORE)) == (11.5, 11.5)


def test_a_decision_names_one_delivery_and_is_made_once(tmp_path: Path) -> None:
    place = known(tmp_path, GOOD)
    for given in ("", "abc", "0" * 64):
        with place.entered() as home, pytest.raises(NoSuchDelivery, match="expected one"):
            deliveries.set_aside(given, "ann", "why", home)
    decided(place, 0)
    with pytest.raises(WrongState, match="set aside"):
        decided(place, 0, LAST)
    decided(place, 0, LAST, "restore")
    with pytest.raises(WrongState, match="not set aside"):
        decided(place, 0, LAST, "restore")


def test_a_file_that_comes_again_after_it_was_set_aside_stays_aside(tmp_path: Path) -> None:
    place = decided(known(tmp_path, GOOD), 0)
    assert run(place).committed == {} and grams(place) is None
    assert len(place.rows("core", "seizure_item")) == 1
