"""Releases move one way, and what is published stays."""

from dataclasses import replace
from datetime import timedelta

import pytest

from include.ledger import AlreadyRecorded, FigureRow, Ledger, NotFound, WrongState
from tests.unit.ledger.examples import NOON, release, with_committed_batch

ID = "2025.1-provisional"


def _frozen(ledger: Ledger) -> None:
    ledger.freeze_release(release(), [with_committed_batch(ledger)])


def test_a_frozen_release_remembers_its_batches(ledger: Ledger) -> None:
    _frozen(ledger)
    assert ledger.release_batches(ID) == ["b1"]
    assert (ledger.release(ID).state, ledger.release(ID).as_at) == ("frozen", NOON)


def test_a_release_goes_from_frozen_to_published(ledger: Ledger) -> None:
    _frozen(ledger)
    ledger.set_release_state(ID, "drafted", content_sha256="c" * 64)
    ledger.set_release_state(ID, "approved", approved_by="ann", approved_at=NOON)
    ledger.set_release_state(ID, "published", published_at=NOON)
    again = ledger.set_release_state(ID, "published", published_at=NOON + timedelta(days=1))
    assert (again.published_at, again.content_sha256, again.approved_by) == (NOON, "c" * 64, "ann")


@pytest.mark.parametrize("state", ["approved", "published"])
def test_a_release_without_a_draft_is_not_approved_or_published(ledger: Ledger, state: str) -> None:
    _frozen(ledger)
    with pytest.raises(WrongState, match="is frozen"):
        ledger.set_release_state(ID, state, approved_by="ann", approved_at=NOON, published_at=NOON)


def test_a_new_draft_voids_the_approval(ledger: Ledger) -> None:
    _frozen(ledger)
    ledger.set_release_state(ID, "drafted", content_sha256="c" * 64)
    ledger.set_release_state(ID, "approved", approved_by="ann", approved_at=NOON)
    ledger.set_release_state(ID, "drafted", content_sha256="e" * 64)
    assert ledger.release(ID).approved_by is None
    with pytest.raises(WrongState):
        ledger.set_release_state(ID, "published", published_at=NOON)


@pytest.mark.parametrize("name", ["ann", "bob", " Ann", "BOB"])
def test_who_started_or_drafted_a_release_does_not_approve_it(ledger: Ledger, name: str) -> None:
    ledger.freeze_release(replace(release(), started_by="ann"), [with_committed_batch(ledger)])
    ledger.set_release_state(ID, "drafted", drafted_by="bob")
    with pytest.raises(WrongState, match="cannot approve it; expected the account of another person"):
        ledger.set_release_state(ID, "approved", approved_by=name, approved_at=NOON)
    assert ledger.release(ID).state == "drafted"
    assert ledger.set_release_state(ID, "approved", approved_by="eve", approved_at=NOON).state == "approved"


def test_a_new_draft_is_of_who_made_it(ledger: Ledger) -> None:
    ledger.freeze_release(release(), [with_committed_batch(ledger)])
    ledger.set_release_state(ID, "drafted", drafted_by="bob")
    ledger.set_release_state(ID, "drafted", content_sha256="e" * 64)
    row = ledger.set_release_state(ID, "approved", approved_by="bob", approved_at=NOON)
    assert (row.started_by, row.drafted_by, row.approved_by) == (None, None, "bob")


def test_an_approval_names_a_person(ledger: Ledger) -> None:
    _frozen(ledger)
    ledger.set_release_state(ID, "drafted")
    with pytest.raises(WrongState, match="names who"):
        ledger.set_release_state(ID, "approved", approved_at=NOON)


def test_nothing_published_is_overwritten(ledger: Ledger) -> None:
    _frozen(ledger)
    ledger.save_figures(ID, [FigureRow("seizures", 1.0, "{}")])
    ledger.save_figures(ID, [FigureRow("seizures", 2.0, "{}"), FigureRow("videos", None, "{}")])
    ledger.set_release_state(ID, "drafted")
    ledger.set_release_state(ID, "approved", approved_by="ann", approved_at=NOON)
    ledger.set_release_state(ID, "published", published_at=NOON)
    with pytest.raises(WrongState, match="do not change"):
        ledger.save_figures(ID, [])
    with pytest.raises(WrongState):
        ledger.set_release_state(ID, "drafted")
    assert [figure.value for figure in ledger.figures(ID)] == [2.0, None]


def test_a_number_of_a_year_is_used_once(ledger: Ledger) -> None:
    _frozen(ledger)
    with pytest.raises(AlreadyRecorded):
        ledger.freeze_release(release("2025.1-other"), [])
    with pytest.raises(AlreadyRecorded):
        ledger.freeze_release(release(number=2), [])
    ledger.freeze_release(release("2025.2-provisional", number=2), ["b1"])
    assert [row.number for row in ledger.releases(2025)] == [1, 2]
    assert ledger.releases(2024) == []


def test_an_unknown_release_is_named(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="2031"):
        ledger.release("2031.1-final")
