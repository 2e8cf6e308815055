"""`odcm deliveries`: what was delivered, where it stands, and who decided about it."""

from include.runtime.account import account


def test_a_delivery_is_listed_set_aside_and_restored_in_the_name_of_the_account(country):
    country.deliver(["L-1;2025-03-04"])
    country.odcm("ingest")
    (one,) = country.data("deliveries", "list")["deliveries"]
    assert (one["feed_id"], one["period"], one["state"], one["rows_landed"]) == (
        *("KZ-43/laboratory", "2025-03"),
        *("in_core", 1),
    )
    made = country.data("deliveries", "set-aside", one["delivery_id"][:12], "--reason", "the wrong year")
    assert (made["decided_by"], made["reason"]) == (account(), "the wrong year")
    (aside,) = country.data("deliveries", "list", "--state", "set_aside")["deliveries"]
    assert aside["state"] == "set_aside" and aside["decision"]["reason"] == "the wrong year"
    assert country.data("deliveries", "list", "--state", "in_core")["deliveries"] == []
    assert country.odcm("deliveries", "set-aside", one["delivery_id"], "--reason", "again").exit_code == 1
    country.data("deliveries", "restore", one["delivery_id"], "--reason", "it was right")
    assert country.data("deliveries", "list")["deliveries"][0]["state"] == "in_core"


def test_wrong_usage_is_said_and_changes_nothing(country):
    country.deliver(["L-1;2025-03-04"])
    country.odcm("ingest")
    for arguments, said in (
        (("set-aside", "123456", "--reason", "x"), "odcm deliveries list shows the ids"),
        (("set-aside", "123456", "--reason", " "), "a decision says why"),
        (("list", "--state", "gone"), "expected one of waiting"),
        (("list", "--source", "KZ-99"), "no such source"),
    ):
        done = country.odcm("deliveries", *arguments)
        assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_ingest_says_how_many_rows_were_judged_again(country):
    country.deliver(["L-1;2025-03-04", "L-2;04.03.2025"])
    country.odcm("ingest")
    text = country.definition.read_text(encoding="utf-8")
    mended = text.replace('delimiter: ";"}', 'delimiter: ";", dates: ["%Y-%m-%d", "%d.%m.%Y"]}')
    country.definition.write_text(mended, encoding="utf-8")
    done = country.odcm("ingest")
    assert "1 rows in quarantine were judged again; 1 of them left it" in done.stderr
    assert country.data("ingest")["totals"]["judged_again"] == 0
