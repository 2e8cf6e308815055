"""Ingest and balance: what comes in, what is refused, and the exit code that says so."""

import pytest

from include.cli.errors import WrongUsage
from include.cli.ingest import chosen_feeds
from tests.unit.cli import failing

FEEDS = ["KZ-10/laboratory", "KZ-43/blocking_record", "KZ-43/laboratory"]
GOOD, BAD = ["L-1;2025-03-04", "L-2;2025-03-05"], "L-3;2025-02-30"


def test_a_source_is_all_its_feeds_and_a_feed_is_itself():
    assert chosen_feeds(FEEDS, ["KZ-43"]) == FEEDS[1:]
    assert chosen_feeds(FEEDS, ["KZ-43/laboratory", "KZ-10"]) == [FEEDS[0], FEEDS[2]]
    assert chosen_feeds(FEEDS, []) == FEEDS


def test_an_unknown_source_is_named_with_the_nearest_ones():
    with pytest.raises(WrongUsage, match="--source KZ-44: no such source or feed; did you mean .*KZ-43"):
        chosen_feeds(FEEDS, ["KZ-10", "KZ-44"])


def test_an_unknown_source_is_exit_code_2_and_nothing_is_made(country):
    done = country.odcm("ingest", "--source", "KZ-99")
    assert (done.exit_code, done.stdout, (country.root / "home").exists()) == (2, "", False)


def test_rows_are_counted_once_and_balance(country):
    country.deliver([*GOOD, BAD])
    (feed,) = country.data("ingest")["feeds"]
    assert (feed["state"], feed["new"], feed["landed"], feed["accepted"], feed["quarantined"]) == (
        *("committed", 1),
        *(3, 2, 1),
    )
    (again,) = country.data("ingest")["feeds"]
    assert (again["state"], again["new"], again["known"], again["landed"]) == ("unchanged", 0, 1, 0)
    balance = country.data("ledger", "balance")
    assert balance["exact"] is True
    assert balance["totals"] == {
        "deliveries": 1,
        "waiting": 0,
        "landed": 3,
        "accepted": 2,
        "quarantined": 1,
        "duplicate": 0,
        "not_for_us": 0,
        "difference": 0,
    }


def test_a_file_that_cannot_be_read_is_exit_code_1_and_holds_back_only_itself(country):
    country.deliver(GOOD)
    country.deliver([], month="2025-04", content="number;date\nЖ-1;2025-04-01\n".encode("utf-16"))
    (feed,) = country.data("ingest", code=1)["feeds"]
    assert (feed["state"], feed["committed"], feed["accepted"]) == ("refused", True, 2)
    assert feed["messages"][0].startswith("KZ-43/laboratory: laboratory_2025-04_20250405.csv:")


def test_a_source_that_fails_is_reported_and_does_not_stop_another(country):
    country.deliver(GOOD)
    other = country.definition.read_text(encoding="utf-8").replace("KZ-43", "KZ-10")
    other = other.replace("/laboratory", "/nowhere")
    country.definition.with_name("KZ-10.yaml").write_text(other, encoding="utf-8")
    done = country.data("ingest", code=1)
    assert [(one["feed_id"], one["state"]) for one in done["feeds"]] == [
        ("KZ-10/laboratory", "failed"),
        ("KZ-43/laboratory", "committed"),
    ]
    assert (done["totals"]["failed"], done["totals"]["accepted"]) == (1, 2)


def test_whoever_named_no_sources_is_told_whose_they_are_when_one_fails(country, monkeypatch):
    monkeypatch.delenv("ODCM_SOURCES")
    done = country.odcm("ingest", "--source", "KZ-10/laboratory")
    assert done.exit_code == 1 and "ODCM_SOURCES is not set" in done.stderr.splitlines()[-1]


def test_messages_go_to_standard_error_and_data_to_standard_output(country):
    country.deliver([], content=b"PK\x03\x04 not a text")
    done = country.odcm("ingest", "--format", "json")
    assert done.exit_code == 1
    assert done.stdout.startswith("{") and "KZ-43/laboratory" in done.stderr


def test_an_unexpected_failure_of_one_feed_is_exit_code_3_without_its_words(country, monkeypatch):
    monkeypatch.setattr("include.steps.ingest.judge", failing.judge)
    country.deliver(GOOD)
    done = country.odcm("ingest")
    assert (done.exit_code, "RuntimeError" in done.stderr) == (3, True)
    assert "secret_shop" not in done.stdout + done.stderr
