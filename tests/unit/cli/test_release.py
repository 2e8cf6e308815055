"""Releases on the command line: who approves, what is asked, and the exit code of a difference."""

from datetime import UTC, datetime

import pytest

from include.ledger import Ledger, ReleaseRecord
from include.steps import release
from include.storage.home import Home

ID = "2025.1-provisional"


@pytest.fixture
def frozen(country, monkeypatch):
    """A frozen release in the ledger, and a record of the steps that are taken with it."""
    home = Home.from_environment()
    home.root.mkdir()
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    with Ledger(home.ledger_url) as ledger:
        ledger.migrate()
        ledger.freeze_release(
            ReleaseRecord(ID, 2025, 1, "provisional", moment, "2025-1", "0.1.0", moment), []
        )
    taken = []
    monkeypatch.setattr(release, "approve", lambda release_id, by, home: taken.append(("approve", by)))
    monkeypatch.setattr(
        release, "publish", lambda release_id, home: taken.append(("publish",)) or {"release_id": release_id}
    )
    return taken


def test_a_release_is_listed_with_stable_keys(country, frozen):
    (row,) = country.data("release", "list")["releases"]
    assert (row["release_id"], row["state"], row["current"]) == (ID, "frozen", False)
    assert row["as_at"] == "2026-01-31T00:00:00+00:00"


def test_publishing_approves_first_in_the_name_of_the_account(country, frozen, monkeypatch):
    monkeypatch.setattr("include.runtime.account.account", lambda: "ann")
    assert country.data("release", "publish", ID)["release_id"] == ID
    assert frozen == [("approve", "ann"), ("publish",)]


def test_nobody_says_by_himself_who_approves(country, frozen):
    done = country.odcm("release", "publish", ID, "--by", "A. Person")
    assert (done.exit_code, frozen) == (2, [])


@pytest.mark.parametrize(("answer", "code"), [(False, 1), (True, 0)])
def test_on_a_terminal_the_person_is_asked(country, frozen, monkeypatch, answer, code):
    monkeypatch.setattr("include.cli.release.on_a_terminal", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda question, err: answer)
    done = country.odcm("release", "publish", ID)
    assert (done.exit_code, len(frozen)) == (code, 2 if answer else 0)


def test_an_unknown_release_is_wrong_usage(country, frozen):
    done = country.odcm("release", "publish", "2031.1-final")
    assert (done.exit_code, "2031.1-final" in done.stderr) == (2, True)


def test_a_difference_is_exit_code_1_and_listed(country, frozen, monkeypatch):
    monkeypatch.setattr(release, "verify", lambda release_id, home: ["headlines.csv: differs"])
    done = country.data("release", "verify", ID, code=1)
    assert done == {"release_id": ID, "same": False, "differences": ["headlines.csv: differs"]}


def test_the_same_bytes_are_exit_code_0(country, frozen, monkeypatch):
    monkeypatch.setattr(release, "verify", lambda release_id, home: [])
    assert country.data("release", "verify", ID) == {"release_id": ID, "same": True, "differences": []}


def test_a_release_of_nothing_is_refused_in_one_line(country):
    (country.root / "home").mkdir()
    done = country.odcm("release", "draft", "2025")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "nothing was committed" in done.stderr


def test_figures_without_a_release_say_what_to_do(country, frozen):
    done = country.odcm("figures")
    assert (done.exit_code, "odcm release" in done.stderr) == (1, True)


def test_summaries_without_a_mail_server_are_wrong_usage(country, frozen, monkeypatch):
    monkeypatch.delenv("ODCM_SMTP", raising=False)
    done = country.odcm("summaries", "send", ID)
    assert (done.exit_code, "ODCM_SMTP" in done.stderr) == (2, True)
