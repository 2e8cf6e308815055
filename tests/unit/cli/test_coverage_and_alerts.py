"""What became of every expected report, and what a person should look at, on the command line."""

from __future__ import annotations

from tests.unit.cli.conftest import Country

ROWS = [f"L-{n};2025-03-{n:02}" for n in range(1, 4)]


def test_the_matrix_names_every_state_and_how_many_reports_are_in_it(country: Country) -> None:
    country.deliver(ROWS)
    country.deliver([], month="2025-02")
    country.data("ingest")
    found = country.data("coverage")
    assert (found["year"], found["as_at"]) == (2025, "2025-06-01T00:00:00+00:00")
    assert [one["state"] for one in found["reports"]] == [
        "missing", "reported_zero", "reported", "missing", "not_due", *["not_due"] * 7,
    ]  # fmt: skip
    assert found["totals"] == {
        "reported": 1, "reported_zero": 1, "nothing_new": 0, "waiting": 0, "not_due": 8, "late": 0, "missing": 2,
        "never_reported": 0,
    }  # fmt: skip
    march = found["reports"][2]
    assert (march["feed_id"], march["due_on"], march["received_on"], march["rows"]) == (
        "KZ-43/laboratory", "2025-04-10", "2025-04-05", 3,
    )  # fmt: skip


def test_the_matrix_is_a_line_for_each_feed_with_a_sign_for_each_month(country: Country) -> None:
    country.deliver(ROWS)
    country.deliver([], month="2025-02")
    country.odcm("ingest")
    done = country.odcm("coverage", "--source", "KZ-43")
    (line,) = [line for line in done.stdout.splitlines() if line.strip().startswith("KZ-43/laboratory")]
    assert line.split() == ["KZ-43/laboratory", ":", "0", "+", ":", *["·"] * 8]
    assert "Reported zero" in done.stdout and "Never reported" in done.stdout


def test_a_feed_that_was_never_heard_of_is_told_from_one_that_fell_silent(country: Country) -> None:
    country.deliver([], content=b"")  # an empty file: it came, but could not be read
    country.odcm("ingest")
    assert [one["state"] for one in country.data("coverage")["reports"]][:4] == [
        "missing", "missing", "waiting", "missing",
    ]  # fmt: skip
    (country.root / "inbox" / "laboratory" / "laboratory_2025-03_20250405.csv").unlink()


def test_the_matrix_of_the_past_is_what_was_known_then(country: Country, monkeypatch) -> None:
    country.deliver(ROWS)
    monkeypatch.setenv("ODCM_NOW", "2025-04-06T00:00:00Z")
    country.odcm("ingest")
    country.deliver([], month="2025-02")
    monkeypatch.setenv("ODCM_NOW", "2025-06-01T00:00:00Z")
    country.odcm("ingest")
    then = [one["state"] for one in country.data("coverage", "--as-at", "2025-04-07")["reports"]]
    assert then[:5] == ["missing", "missing", "reported", "not_due", "not_due"]
    before = [
        one["state"] for one in country.data("coverage", "--as-at", "2025-03-15", "--year", "2025")["reports"]
    ]
    assert before[:3] == ["never_reported", "late", "not_due"]


def test_an_unknown_feed_is_exit_code_2(country: Country) -> None:
    country.deliver(ROWS)
    country.odcm("ingest")
    done = country.odcm("coverage", "--source", "KZ-99")
    assert done.exit_code == 2 and "no such source or feed" in done.stderr


def test_ingest_tells_of_its_alerts_and_a_person_acknowledges_them(country: Country) -> None:
    country.deliver(ROWS)
    country.deliver(ROWS, month="2025-04")
    done = country.odcm("ingest")
    assert done.exit_code == 0
    assert (
        "laboratory_2025-04_20250405.csv: the same 3 rows as laboratory_2025-03_20250405.csv" in done.stderr
    )
    (alert,) = country.data("alerts", "list")["alerts"]
    assert (alert["kind"], alert["figures"]["rows"], alert["period"]) == ("same_file_new_name", 3, "2025-04")
    said = country.odcm("alerts", "acknowledge", str(alert["alert_id"]), "--by", "Ann")
    assert "acknowledged by Ann" in said.stderr
    assert country.data("alerts", "list")["alerts"] == []
    assert [one["acknowledged_by"] for one in country.data("alerts", "list", "--all")["alerts"]] == ["Ann"]


def test_an_alert_that_does_not_exist_is_exit_code_2(country: Country) -> None:
    country.deliver(ROWS)
    country.odcm("ingest")
    done = country.odcm("alerts", "acknowledge", "7", "--by", "Ann")
    assert done.exit_code == 2 and "there is no alert 7" in done.stderr
