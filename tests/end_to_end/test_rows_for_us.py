"""A file that several regions share: `only` says whose a row is, and no row is lost from the count (R3)."""

import json
from pathlib import Path

import pytest

from include.sources import DefinitionError, load_source
from tests.end_to_end.connected import connected

SHARED = """\
No,Region,Date,Substance,Qty,Unit
S-1,Кызылординская область,2025-03-03,heroin,5,kg
S-2,КЫЗЫЛОРДИНСКАЯ  область*,2025-03-04,heroin,7,kg
S-1,Абай облысы,no day,heroin,-,kg
S-2,Итого,,,12,
S-3,,2025-03-05,heroin,9,kg
"""
OURS = {"column": "Region", "is": ["Кызылординская область"]}


def test_rows_of_others_are_counted_not_judged_and_the_balance_is_exact(tmp_path: Path):
    place = connected(tmp_path, only=OURS)
    place.deliver("a_2025-03_20250405.csv", SHARED)
    (feed,) = place.data("ingest")["feeds"]
    counts = {name: feed[name] for name in ("landed", "accepted", "quarantined", "duplicate", "not_for_us")}
    assert counts == {"landed": 5, "accepted": 2, "quarantined": 1, "duplicate": 0, "not_for_us": 2}
    balance = place.data("ledger", "balance")
    assert balance["exact"] and balance["totals"]["not_for_us"] == 2 and balance["totals"]["difference"] == 0


def test_a_row_without_a_word_is_nobodys_and_quarantined(tmp_path: Path):
    place = connected(tmp_path, only=OURS)
    place.deliver("a_2025-03_20250405.csv", SHARED)
    place.data("ingest")
    ((reasons, received),) = [(row["reasons"], row["received"]) for row in place.rows("quarantine")]
    assert reasons == ["row.only"] and json.loads(received)["No"] == "S-3"


@pytest.mark.parametrize(
    ("only", "accepted", "quarantined", "not_for_us"),
    [
        ({"column": "Region", "not": ["итого", "Абай*"]}, 3, 0, 2),
        ({"column": "Region", "is": ["кызылорд*", ""]}, 3, 0, 2),
        ({"column": "Region", "is": ["Кызылординская область"], "not": ["Абай облысы"]}, 2, 2, 1),
        ([OURS, {"column": "Qty", "not": ["7"]}], 1, 1, 3),
    ],
)
def test_words_may_be_ours_or_others_or_both(tmp_path: Path, only, accepted, quarantined, not_for_us):
    place = connected(tmp_path, only=only)
    place.deliver("a_2025-03_20250405.csv", SHARED)
    found = place.data("source", "check", place.definition, place.sample)
    assert (found["accepted"], found["quarantined"], found["not_for_us"]) == (
        accepted,
        quarantined,
        not_for_us,
    )


def test_records_of_others_with_the_same_numbers_are_no_revisions_and_no_duplicates(tmp_path: Path):
    place = connected(tmp_path, only=OURS)
    place.deliver("a_2025-03_20250405.csv", SHARED)
    place.data("ingest")
    place.deliver("a_2025-04_20250505.csv", SHARED.replace("Абай облысы,no day", "Абай облысы,2025-03-09"))
    (feed,) = place.data("ingest")["feeds"]
    assert (feed["accepted"], feed["duplicate"], feed["not_for_us"]) == (0, 2, 2)


def test_a_snapshot_withdraws_what_is_no_longer_ours(tmp_path: Path):
    place = connected(tmp_path, only=OURS, delivers={"kind": "snapshot", "may_withdraw": 1})
    place.deliver("a_2025-03_20250405.csv", SHARED.replace("S-3,,", "S-3,Абай облысы,"))
    place.data("ingest")
    place.deliver(
        "a_2025-03_20250406.csv",
        SHARED.replace("S-3,,", "S-3,Абай облысы,").replace("КЫЗЫЛОРДИНСКАЯ", "Абай"),
    )
    place.data("ingest")
    assert [row["seizure_no"] for row in place.rows("core") if row["withdrawn"]] == ["S-2"]


def test_a_broken_row_stays_in_quarantine_whoever_it_is_of(tmp_path: Path):
    place = connected(tmp_path, only=OURS)
    place.deliver(
        "a_2025-03_20250405.csv",
        SHARED + "S-4,Абай облысы,2025-03-05\n" + SHARED.splitlines()[1].replace("S-1", "S-5") + "\n",
    )
    (feed,) = place.data("ingest")["feeds"]
    assert (feed["landed"], feed["accepted"], feed["quarantined"], feed["not_for_us"]) == (7, 3, 2, 2)


def test_a_file_of_others_alone_is_a_report_of_zero_and_a_person_is_asked(tmp_path: Path):
    place = connected(tmp_path, only=OURS)
    place.deliver(
        "a_2025-03_20250405.csv", "\n".join([SHARED.splitlines()[0], *SHARED.splitlines()[3:5]]) + "\n"
    )
    done = place.data("ingest")
    assert "none of its 2 rows is for us" in done["alerts"][0]
    states = place.data("coverage", "--year", "2025", "--source", "KZ-43")
    assert "reported_zero" in json.dumps(states)


def test_nobody_is_asked_where_the_words_of_the_others_are_known(tmp_path: Path):
    place = connected(tmp_path, only=OURS | {"not": ["Абай облысы", "Итого"]})
    place.deliver(
        "a_2025-03_20250405.csv", "\n".join([SHARED.splitlines()[0], *SHARED.splitlines()[3:5]]) + "\n"
    )
    assert place.data("ingest")["alerts"] == []


def test_only_may_read_the_heading_that_an_unpivoted_cell_stood_under(tmp_path: Path):
    wide = "No,Date,Unit,Substance,Кызылорда,Абай\nS-1,2025-03-03,kg,heroin,5,7\n"
    form = {"unpivot": {"columns": "Кызылорда|Абай", "name": "Region", "value": "Qty"}}
    place = connected(tmp_path, only={"column": "Region", "is": ["кызылорда"]}, format=form)
    place.deliver("a_2025-03_20250405.csv", wide)
    (feed,) = place.data("ingest")["feeds"]
    assert (feed["landed"], feed["accepted"], feed["not_for_us"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("only", "fault"),
    [
        ({"column": "Region"}, "feeds.seizure_item.only.0: expected words under is, not, or both"),
        ({"column": "Region", "is": ["*"]}, "expected a word before *"),
        ({"column": "Region", "is": ["Абай"], "not": [" абай*"]}, None),
        ({"column": "Region", "is": ["Абай"], "not": [" АБАЙ "]}, "found 'абай' in both"),
    ],
)
def test_a_filter_that_says_nothing_or_two_things_is_refused_on_load(tmp_path: Path, only, fault):
    place = connected(tmp_path, only=only)
    if fault is None:
        assert load_source("KZ-43", place.definition.parent)
        return
    with pytest.raises(DefinitionError, match=fault.replace("*", r"\*")):
        load_source("KZ-43", place.definition.parent)


def test_a_filter_on_a_column_that_the_file_does_not_have_refuses_the_file(tmp_path: Path):
    place = connected(tmp_path, only={"column": "Облысы", "is": ["Қызылорда"]})
    place.deliver("a_2025-03_20250405.csv", SHARED)
    (feed,) = place.data("ingest", code=1)["feeds"]
    assert "no column 'Облысы'" in feed["messages"][0]


def test_explain_says_whose_rows_are_taken(tmp_path: Path):
    place = connected(tmp_path, only=OURS)
    said = " ".join(place.odcm("source", "explain", str(place.definition)).stdout.split())
    assert "Only rows of which 'Region' says 'Кызылординская область' are for us" in said
