"""`odcm source check` with a sample, and `odcm source preview`: they write nothing and show nothing restricted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.country import fingerprint
from tests.unit.cli.conftest import Country

DEFINITION: dict[str, Any] = {
    "source": "KZ-71",
    "name": {"kk": "Сынақ", "ru": "Проба", "en": "Trial source"},
    "regions": ["KZ-71"],
    "synthetic": True,
    "feeds": {
        "blocking_record": {
            "transport": {
                "kind": "folder",
                "path": "${ODCM_INBOX}/register",
                "name_pattern": r"(?P<year>\d{4})-(?P<month>\d{2})",
            },
            "format": {"kind": "csv", "delimiter": ";"},
            "identity": ["record_no"],
            "fields": {
                "record_no": "№",
                "region_code": {"constant": "KZ-71"},
                "platform": "Площадка",
                "identifier": "Ссылка",
                "category": "Вид",
                "detected_on": "Выявлен",
                "detected_by": {"constant": "police"},
                "case_number": "Дело",
            },
        }
    },
}
HEADING = "№;Площадка;Ссылка;Вид;Выявлен;Дело"
ROWS = (
    "R-7001;telegram_channel;https://t.me/synthetic_shop;sale;2025-03-05;SYNTH-DELO-1",
    "R-7002;telegram_channel;@synthetic_other;sale;2025-03-32;SYNTH-DELO-2",
    "R-7003;forum;synthetic-forum.example/topic;sale;2025-03-06;SYNTH-DELO-3",
    "R-7004;website;not an address synthetic_words;sale;2025-03-06;SYNTH-DELO-4",
    "R-7005;website;cut",
    f"R-7006{'0' * 60};website;synthetic-site.example;sale;2025-03-06;SYNTH-DELO-6",
)
SECRETS = ("synthetic_", "synthetic-", "R-700", "SYNTH-DELO")


@pytest.fixture
def register(country: Country) -> tuple[str, str]:
    """A definition of a register of channels and a sample of it."""
    definition = country.root / "register.yaml"
    definition.write_text(yaml.safe_dump(DEFINITION, allow_unicode=True), encoding="utf-8")
    sample = country.root / "register_2025-03.csv"
    sample.write_text("\n".join([HEADING, *ROWS, ""]), encoding="utf-8")
    return str(definition), str(sample)


def test_a_check_counts_what_a_delivery_would_become(country: Country, register: tuple[str, str]) -> None:
    found = country.data("source", "check", *register)
    assert (found["feed_id"], found["period"]) == ("KZ-71/blocking_record", "2025-03")
    assert (found["landed"], found["accepted"], found["quarantined"], found["duplicate"]) == (6, 1, 5, 0)
    assert {"detected_on.date", "platform.code", "row.columns", "record_no.length"} <= found["failed"].keys()
    assert found["headings"]["missing"] == [] and found["refused"] is None


def test_a_preview_shows_values_and_reasons(country: Country, register: tuple[str, str]) -> None:
    done = country.odcm("source", "preview", *register)
    assert done.exit_code == 0
    assert "6 rows: 1 accepted, 5 in quarantine, 0 duplicate" in done.stdout
    assert "2025-03-05" in done.stdout and "telegram_channel" in done.stdout
    assert "detected_on.date" in done.stdout and "2025-03-32" in done.stdout and "forum" in done.stdout
    assert "a date as the source declares it" in done.stdout


@pytest.mark.parametrize("form", ["table", "json"])
def test_no_raw_identifier_reaches_the_screen_unless_it_is_asked_for(
    country: Country, register: tuple[str, str], form: str
) -> None:
    done = country.odcm("source", "preview", *register, "--format", form)
    assert [secret for secret in SECRETS if secret in done.stdout + done.stderr] == []
    assert "•••" in done.stdout and "--show-restricted" in done.stderr
    checked = country.odcm("source", "check", *register, "--format", form)
    assert [secret for secret in SECRETS if secret in checked.stdout + checked.stderr] == []


@pytest.mark.parametrize("form", ["table", "json"])
def test_whoever_asks_sees_the_rows_as_they_were_received(
    country: Country, register: tuple[str, str], form: str
) -> None:
    done = country.odcm("source", "preview", *register, "--show-restricted", "--format", form)
    assert "https://t.me/synthetic_shop" in done.stdout and "R-7005;website;cut" in done.stdout
    assert "•••" not in done.stdout + done.stderr


def test_a_refused_sample_is_exit_code_1_and_quotes_no_row(
    country: Country, register: tuple[str, str]
) -> None:
    definition, sample = register
    text = Path(sample).read_text(encoding="utf-8").replace("Выявлен;", "Найден;")
    Path(sample).write_text(text, encoding="utf-8")
    for command in ("check", "preview"):
        done = country.odcm("source", command, definition, sample)
        assert done.exit_code == 1
        assert "headings that the file does not have: 'Выявлен'" in done.stderr
        assert "headings that no field takes: 'Найден'" in done.stderr
        assert [secret for secret in SECRETS if secret in done.stdout + done.stderr] == []


def test_a_check_asks_for_the_declaration_of_what_an_answer_says_of_itself(country: Country) -> None:
    feed = DEFINITION["feeds"]["blocking_record"]
    transport = {
        "kind": "http", "url": "https://api.example/{year}/{month}", "deliveries": {"by": "month"},
    }  # fmt: skip
    changed = feed | {
        "transport": transport, "format": {"kind": "json", "items": "items"}, "rhythm": {"since": "2025-01"},
    }  # fmt: skip
    definition, sample = country.root / "api.yaml", country.root / "answer_2025-03.json"
    definition.write_text(
        yaml.safe_dump(DEFINITION | {"feeds": {"blocking_record": changed}}, allow_unicode=True),
        encoding="utf-8",
    )
    sample.write_text('{"items": [], "links": {"next": "/2025/03?page=2"}}', encoding="utf-8")
    done = country.odcm("source", "check", str(definition), str(sample))
    assert done.exit_code == 1
    assert "Declare transport.pages (by: link with next: links.next)" in done.stderr
    assert "format.ignore: [links.next]" in done.stderr


def test_neither_check_nor_preview_writes_anything(country: Country, register: tuple[str, str]) -> None:
    (country.root / "home").mkdir()
    before = fingerprint(country.root)
    folders = sorted(path for path in country.root.rglob("*") if path.is_dir())
    for command in (("check",), ("preview",), ("preview", "--show-restricted")):
        assert country.odcm("source", *command, *register).exit_code == 0
    assert fingerprint(country.root) == before
    assert sorted(path for path in country.root.rglob("*") if path.is_dir()) == folders


def test_rows_says_how_many_are_shown(country: Country, register: tuple[str, str]) -> None:
    found = country.data("source", "preview", *register, "--rows", "2")
    assert (len(found["rows_accepted"]), len(found["rows_quarantined"])) == (1, 2)
    assert [row["raw_row"] for row in found["rows_quarantined"]] == [3, 4]


def test_the_period_of_a_sample_without_one_is_asked_for(country: Country, register: tuple[str, str]) -> None:
    definition, sample = register
    nameless = Path(sample).rename(country.root / "register.csv")
    done = country.odcm("source", "check", definition, str(nameless))
    assert (done.exit_code, "--period 2025-03" in done.stderr) == (2, True)
    assert country.data("source", "check", definition, str(nameless), "--period", "2025-03")["accepted"] == 1


def test_of_several_feeds_one_must_be_named(country: Country, register: tuple[str, str]) -> None:
    definition, sample = register
    laboratory = yaml.safe_load(country.definition.read_text(encoding="utf-8"))["feeds"]["laboratory"]
    laboratory["fields"]["region_code"] = {"constant": "KZ-71"}
    both = DEFINITION | {"feeds": DEFINITION["feeds"] | {"laboratory": laboratory}}
    Path(definition).write_text(yaml.safe_dump(both, allow_unicode=True), encoding="utf-8")
    done = country.odcm("source", "check", definition, sample)
    assert (done.exit_code, "--dataset: blocking_record, laboratory" in done.stderr) == (2, True)
    assert (
        country.data("source", "check", definition, sample, "--dataset", "blocking_record")["accepted"] == 1
    )
    assert country.odcm("source", "check", definition, sample, "--dataset", "resocialisation").exit_code == 2


def test_faults_of_the_definition_come_before_the_sample(country: Country, register: tuple[str, str]) -> None:
    definition, sample = register
    text = Path(definition).read_text(encoding="utf-8").replace("detected_on:", "detection:")
    Path(definition).write_text(text, encoding="utf-8")
    for command in ("check", "preview", "explain"):
        given = (definition,) if command == "explain" else (definition, sample)
        done = country.odcm("source", command, *given)
        assert done.exit_code == 2
        assert (
            "register.yaml: feeds.blocking_record.fields.detection: expected a reported field" in done.stderr
        )


@pytest.mark.parametrize("command", ["check", "preview"])
def test_what_is_not_there_is_exit_code_2(country: Country, register: tuple[str, str], command: str) -> None:
    definition, sample = register
    for given in ((definition, str(country.root / "none.csv")), (str(country.root / "none.yaml"), sample)):
        done = country.odcm("source", command, *given)
        assert (done.exit_code, "No such file" in done.stderr) == (2, True)


def test_two_samples_are_wrong_usage(country: Country, register: tuple[str, str]) -> None:
    definition, sample = register
    assert country.odcm("source", "check", definition, sample, sample).exit_code == 2


def test_an_explanation_has_the_limits_of_the_deployment(
    country: Country, register: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = country.root / "deployment.yaml"
    deployment.write_text("limits: {rows: 1234, memory_mb: 300}\n", encoding="utf-8")
    monkeypatch.setenv("ODCM_DEPLOYMENT", str(deployment))
    done = country.odcm("source", "explain", register[0])
    said = " ".join(done.stdout.split())
    assert done.exit_code == 0 and "1,234 rows" in said and "300 MB" in said
    assert "The column 'Ссылка' becomes identifier (required, restricted)." in said


def test_schema_and_keys_are_printed_or_written(country: Country) -> None:
    for command in ("schema", "keys"):
        path = country.root / "made" / command
        printed = country.odcm("source", command).stdout
        assert country.odcm("source", command, "-o", str(path)).exit_code == 0
        assert path.read_text(encoding="utf-8") == printed != ""
