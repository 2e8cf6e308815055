"""The release step by step: what may follow what, and what a second run changes (nothing)."""

from datetime import UTC, datetime

import pytest

from include.ledger import Ledger, WrongState
from include.publish import IncompleteCard, ReleaseRefused
from include.statistics import Counted
from include.steps import release
from include.steps.release import ReleaseError
from include.storage import publish as folders

ID = "2025.1-provisional"


def drafted():
    frozen = release.freeze(2025)
    release.draft(frozen["release_id"])
    return frozen["release_id"]


def published():
    release_id = drafted()
    release.approve(release_id, "A. Person")
    release.publish(release_id)
    return release_id


def state(home, release_id=ID):
    with Ledger(home.ledger_url) as ledger:
        return ledger.release(release_id).state


def test_from_freeze_to_publication(home):
    frozen = release.freeze(2025)
    assert (frozen["release_id"], frozen["state"], frozen["batches"], frozen["new"]) == (
        ID,
        "frozen",
        1,
        True,
    )
    assert release.check(ID)["figures"] == 24
    path = release.draft(ID)
    assert (
        state(home) == "drafted"
        and (home.releases / ".drafts" / ID / "index.html").exists()
        and path.endswith(ID)
    )
    release.approve(ID, "A. Person")
    done = release.publish(ID)
    assert done["moved"] and done["current"] == ID and state(home) == "published"
    assert (home.releases / ID / "manifest.json").exists()
    assert release.verify(ID) == []
    assert [(each["release_id"], each["current"]) for each in release.releases()] == [(ID, True)]
    assert len(release.figures()) == 24


def test_the_account_that_started_a_release_does_not_approve_it(home):
    release.freeze(2025, by="ann")
    release.draft(ID, by="ann")
    with pytest.raises(WrongState, match="ann started or drafted it"):
        release.approve(ID, "ann")
    with pytest.raises(ReleaseError, match="has to approve it first"):
        release.publish(ID)
    assert release.approve(ID, "bob").approved_by == "bob"


def test_the_same_draft_again_is_still_of_who_made_it(home):
    release.freeze(2025)
    release.draft(ID, by="ann")
    release.draft(ID, by="bob")
    assert release.approve(ID, "bob").drafted_by == "ann"


def test_a_second_run_of_everything_changes_nothing(home):
    published()
    folder = home.releases / ID
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*")}
    with Ledger(home.ledger_url) as ledger:
        row = ledger.release(ID)
    again = release.freeze(2025)
    assert (again["release_id"], again["new"], again["state"]) == (ID, False, "published")
    assert release.draft(ID) == str(folder)
    assert release.approve(ID, "Somebody else").approved_by == "A. Person"
    assert release.publish(ID)["moved"] is False
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*")} == before
    with Ledger(home.ledger_url) as ledger:
        assert ledger.release(ID) == row and len(ledger.releases()) == 1


def test_the_same_draft_again_keeps_an_approval_and_another_draft_voids_it(home, sample, monkeypatch):
    drafted()
    release.approve(ID, "A. Person")
    release.draft(ID)
    assert state(home) == "approved"
    rows = sample.headlines(videos=413)
    changed = sample.marts() | {"mart_headlines": sample.table("mart_headlines", rows)}
    monkeypatch.setattr(
        "include.steps.release_build.build", lambda inputs, years, spill=None: Counted(changed, None)
    )
    release.draft(ID)
    assert state(home) == "drafted"


def test_nothing_is_published_without_approval(home):
    drafted()
    with pytest.raises(ReleaseError, match="a person has to approve it first"):
        release.publish(ID)
    assert folders.published(home) == []


def test_an_approval_names_a_person_and_a_draft(home):
    release.freeze(2025)
    with pytest.raises(ReleaseError, match="is frozen: draft it before approving"):
        release.approve(ID, "A. Person")
    release.draft(ID)
    with pytest.raises(ReleaseError, match="names the person"):
        release.approve(ID, " ")


def test_a_draft_touched_after_approval_is_not_published(home):
    drafted()
    release.approve(ID, "A. Person")
    (home.releases / ".drafts" / ID / "index.html").write_text("other")
    with pytest.raises(ReleaseError, match="not those that were drafted"):
        release.publish(ID)


def test_a_rejected_draft_can_be_drafted_again(home):
    drafted()
    release.reject(ID)
    with pytest.raises(ReleaseError, match="is rejected"):
        release.publish(ID)
    assert release.freeze(2025)["release_id"] == ID
    release.draft(ID)
    assert state(home) == "drafted"


@pytest.mark.parametrize(
    "broken", ["include.storage.publish.point", "include.ledger.Ledger.set_release_state"]
)
def test_a_crash_while_publishing_is_finished_by_publishing_again(home, monkeypatch, broken):
    drafted()
    release.approve(ID, "A. Person")
    with monkeypatch.context() as crash:
        crash.setattr(broken, lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            release.publish(ID)
    assert (home.releases / ID).is_dir() and state(home) == "approved"
    assert release.publish(ID)["current"] == ID and state(home) == "published"
    assert release.verify(ID) == []


def test_new_batches_before_publication_take_the_next_number_and_set_the_draft_aside(home, commit):
    drafted()
    commit(home, "b2", datetime(2026, 1, 25, tzinfo=UTC))
    frozen = release.freeze(2025)
    assert (frozen["release_id"], frozen["batches"]) == ("2025.2-provisional", 2)
    assert state(home) == "rejected"
    assert release.releases()[1]["reason"] == f"replaces {ID}, which was not published"


def test_a_revision_of_a_published_release_needs_a_reason(home, commit):
    published()
    commit(home, "b2", datetime(2026, 1, 25, tzinfo=UTC))
    with pytest.raises(ReleaseError, match="give a reason for the next number"):
        release.freeze(2025)
    frozen = release.freeze(2025, reason="late report of KZ-47")
    assert frozen["release_id"] == "2025.2-provisional" and state(home) == "published"
    release.draft("2025.2-provisional")
    release.approve("2025.2-provisional", "A. Person")
    assert release.publish("2025.2-provisional")["current"] == "2025.2-provisional"
    assert "late report of KZ-47" in (home.releases / "2025.2-provisional" / "index.html").read_text()
    assert release.verify(ID) == []


def test_only_batches_committed_by_the_as_at_time_are_frozen(home, commit):
    commit(home, "b2", datetime(2026, 1, 25, tzinfo=UTC))
    assert release.freeze(2025, as_at=datetime(2026, 1, 21, tzinfo=UTC))["batches"] == 1
    with pytest.raises(ReleaseError, match="nothing was committed by"):
        release.freeze(2025, as_at=datetime(2025, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("moment", "stage"),
    [("2026-12-31T18:59:59+00:00", "provisional"), ("2026-12-31T19:00:00+00:00", "final")],
)
def test_figures_become_final_when_the_next_year_ends_in_kazakhstan(moment, stage):
    assert release.stage_at(2025, datetime.fromisoformat(moment)) == stage


def test_the_final_release_follows_the_provisional_one_without_being_asked_why(home, monkeypatch):
    published()
    monkeypatch.setenv("ODCM_NOW", "2027-01-31T04:30:00+00:00")
    assert release.freeze(2025)["release_id"] == "2025.2-final"


def test_verify_names_every_file_that_differs(home):
    published()
    page = home.releases / ID / "index.html"
    page.chmod(0o644)
    page.write_text("tampered")
    (home.releases / ID / "extra.txt").write_text("x")
    found = release.verify(ID)
    assert found[0] == "extra.txt: not part of the release"
    assert found[1].startswith("index.html: differs (8 bytes in the release")
    assert found[2].startswith("content: ")


def test_a_release_with_an_incomplete_card_leaves_no_draft(home, sample, monkeypatch):
    rows = [row | {"expected_reports": 0} for row in sample.headlines()]
    changed = sample.marts() | {"mart_headlines": sample.table("mart_headlines", rows)}
    monkeypatch.setattr(
        "include.steps.release_build.build", lambda inputs, years, spill=None: Counted(changed, None)
    )
    release.freeze(2025)
    with pytest.raises(IncompleteCard, match="figure channels_blocked .*coverage.expected"):
        release.draft(ID)
    assert state(home) == "frozen" and not (home.releases / ".drafts" / ID).exists()


def test_a_release_below_the_coverage_threshold_is_refused(home, sample, monkeypatch):
    rows = [row | {"received_reports": 100} for row in sample.headlines()]
    changed = sample.marts() | {"mart_headlines": sample.table("mart_headlines", rows)}
    monkeypatch.setattr(
        "include.steps.release_build.build", lambda inputs, years, spill=None: Counted(changed, None)
    )
    release.freeze(2025)
    with pytest.raises(ReleaseRefused, match=r"100 of 240 region-months \(41.7%\)"):
        release.check(ID)


def test_the_ledger_keeps_the_card_of_every_figure(home):
    drafted()
    with Ledger(home.ledger_url) as ledger:
        figures = {row.figure_id: row for row in ledger.figures(ID)}
    assert figures["drugs_seized"].value == 30412.5671 and '"rules_version"' in figures["drugs_seized"].card
