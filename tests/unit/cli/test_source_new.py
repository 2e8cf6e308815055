"""`odcm source new`: what it says of a sample, what it asks, what it writes, and how much it needs for that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from include.sources.definition.schema import definition_schema
from tests.end_to_end.country import fingerprint
from tests.unit.cli.conftest import PROJECT, Country
from tests.unit.sources.looking.seen import LABORATORIES, table

GIVEN = ("--dataset", "laboratory", "--region", "KZ-43")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "labs_2025-03_20250404.csv"
    path.write_bytes(("Синтетические данные\r\n" + table(*LABORATORIES)).encode("cp1251"))
    return path


def test_it_says_what_the_file_is_and_how_sure_that_is(country: Country, sample: Path) -> None:
    done = country.odcm("source", "new", str(sample), *GIVEN)
    assert done.exit_code == 0
    said = done.stderr.splitlines()[0]
    assert said.startswith("labs_2025-03_20250404.csv: 3 records looked at.")
    assert "delimited text in cp1251: cells parted by semicolons, after 1 title row." in said
    assert "dates as %d.%m.%Y" in said and "Confidence in the encoding: 5" in said
    assert "encoding: cp1251  # confidence 5" in done.stdout


def test_it_numbers_what_a_person_must_decide(country: Country, sample: Path) -> None:
    lines = country.odcm("source", "new", str(sample), *GIVEN).stderr.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("What a person must decide"))
    *asked, usual = lines[begin + 1 :]
    assert lines[begin] == f"What a person must decide ({len(asked)}), what matters most first:"
    assert [line.split(".")[0].strip() for line in asked] == [str(n) for n in range(1, len(asked) + 1)]
    keys = {line.split(". ", 1)[1].split(":")[0] for line in asked}
    assert "format.encoding" in keys
    for key in (
        "fields (no column for substances, equipment)",
        "transport.path",
        "rhythm",
        "source",
        "name",
        "delivers",
    ):
        assert key in usual and key not in keys


def test_without_an_output_nothing_is_written(country: Country, sample: Path) -> None:
    before = fingerprint(country.root)
    assert country.odcm("source", "new", str(sample), *GIVEN).exit_code == 0
    assert fingerprint(country.root) == before


def test_an_output_is_the_only_file_and_is_what_would_be_printed(country: Country, sample: Path) -> None:
    before = fingerprint(country.root)
    drafts = country.root / "drafts"
    done = country.odcm(
        "source", "new", str(sample), *GIVEN, "--source", "KZ-43", "-o", str(drafts / "a.yaml")
    )
    assert (done.exit_code, done.stdout) == (0, "")
    assert fingerprint(country.root).keys() - before.keys() == {"drafts/a.yaml"}
    printed = country.odcm("source", "new", str(sample), *GIVEN, "--source", "KZ-43").stdout
    assert yaml.safe_load((drafts / "a.yaml").read_text(encoding="utf-8")) == yaml.safe_load(printed)
    assert f"odcm source preview {drafts / 'a.yaml'} {sample}" in done.stderr


def test_a_file_that_is_there_is_not_overwritten(country: Country, sample: Path) -> None:
    before = country.definition.read_bytes()
    done = country.odcm("source", "new", str(sample), *GIVEN, "-o", str(country.definition))
    assert (done.exit_code, country.definition.read_bytes()) == (2, before)
    assert "exists" in done.stderr


def test_the_id_is_the_name_of_the_output_and_the_names_are_those_of_the_region(
    country: Country, sample: Path
) -> None:
    path = country.root / "police-43.yaml"
    assert country.odcm("source", "new", str(sample), *GIVEN, "-o", str(path)).exit_code == 0
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert (document["source"], document["name"]["en"]) == ("police-43", "Kyzylorda Region")
    assert document["feeds"]["laboratory"]["transport"]["path"] == "${ODCM_INBOX}/police-43/laboratory"


def test_a_proposal_passes_check_and_schema_and_accepts_the_rows_of_its_sample(
    country: Country, sample: Path
) -> None:
    path = country.root / "KZ-43-new.yaml"
    country.odcm("source", "new", str(sample), *GIVEN, "-o", str(path))
    assert country.data("source", "check", str(path))["faults"] == 0
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(Draft202012Validator(definition_schema()).iter_errors(document)) == []
    found = country.data("source", "check", str(path), str(sample))
    assert (found["landed"], found["accepted"], found["period"]) == (3, 3, "2025-03")


def test_an_open_key_is_exit_code_1_and_is_named(country: Country) -> None:
    path = country.root / "labs_2025-03.csv"
    path.write_text(table(*((row[0], row[1], row[3]) for row in LABORATORIES)), encoding="utf-8")
    done = country.odcm("source", "new", str(path), *GIVEN)
    assert done.exit_code == 1
    assert "open: fields.agency; the definition can be used when they are filled in" in done.stderr
    again = country.odcm("source", "new", str(path), *GIVEN, "--constant", "agency=knb")
    assert (again.exit_code, "agency: {constant: knb}" in again.stdout) == (0, True)


def test_dates_that_nobody_can_tell_apart_are_exit_code_1_and_are_in_quarantine_until_decided(
    country: Country,
) -> None:
    path = country.root / "labs_2025-03.csv"
    path.write_text(table(LABORATORIES[0], ("С-1", "04/03/2025", "ДП", "экстракция", "")), encoding="utf-8")
    draft = country.root / "KZ-43-new.yaml"
    done = country.odcm("source", "new", str(path), *GIVEN, "-o", str(draft))
    assert done.exit_code == 1 and "open: format.dates" in done.stderr
    undecided = country.data("source", "check", str(draft), str(path))
    assert (undecided["accepted"], undecided["failed"]) == (0, {"closed_on.date": 1})
    text = draft.read_text(encoding="utf-8")
    draft.write_text(
        text.replace("null_values:", 'dates: ["%d/%m/%Y"]\n      null_values:'), encoding="utf-8"
    )
    assert (
        country.data("source", "preview", str(draft), str(path))["rows_accepted"][0]["closed_on"]
        == "2025-03-04"
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--dataset", "laboratories"), "--dataset laboratories: expected one of blocking_record"),
        (("--region", "KZ-99"), "--region KZ-99: expected a code"),
        (("--source", "ҚЗ 43"), "--source"),
        (
            ("--constant", "agensy=knb"),
            "--constant agensy=knb: expected FIELD=VALUE with a field of laboratory",
        ),
        (("--constant", "agency=nobody"), "expected a code of agencies"),
    ],
)
def test_what_is_given_wrongly_is_exit_code_2_and_says_what_was_expected(
    country: Country, sample: Path, wrong: tuple[str, ...], said: str
) -> None:
    done = country.odcm("source", "new", str(sample), *GIVEN, *wrong)
    assert done.exit_code == 2 and said in done.stderr


def test_a_sample_that_is_not_there_is_exit_code_2(country: Country) -> None:
    done = country.odcm("source", "new", str(country.root / "none.csv"), *GIVEN)
    assert (done.exit_code, "No such file" in done.stderr) == (2, True)


def test_a_sample_that_is_no_report_is_exit_code_1(country: Country) -> None:
    path = country.root / "scan.csv"
    path.write_bytes(b"%PDF-1.7")
    done = country.odcm("source", "new", str(path), *GIVEN)
    assert (done.exit_code, "a PDF" in done.stderr, done.stdout) == (1, True, "")


PEAK = """\
import json, resource, sys, time
from include.cli import main
began = time.process_time()
try:
    main()
except SystemExit as end:
    code = end.code
print(json.dumps([code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10, time.process_time() - began]))
"""


def needed(path: Path, dataset: str, home: Path) -> tuple[int, int, float]:
    """Exit code, peak memory in MB and seconds of CPU of a process that looks at a file."""
    command = [
        sys.executable,
        "-c",
        PEAK,
        "source",
        "new",
        str(path),
        "--dataset",
        dataset,
        "--region",
        "KZ-43",
    ]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "ODCM_HOME": str(home)}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    code, peak, seconds = json.loads(done.stdout.splitlines()[-1])
    return int(code or 0), peak, seconds


def test_a_file_of_300_mb_needs_no_more_memory_and_hardly_more_time_than_a_small_one(
    country: Country, sample: Path
) -> None:
    huge = country.root / "huge_2025-03.csv"
    piece = sample.read_bytes() + b"".join(table(*LABORATORIES[1:]).encode("cp1251") for _ in range(20_000))
    with huge.open("wb") as file:
        for _ in range((300 << 20) // len(piece) + 1):
            file.write(piece)
    small, large = (needed(path, "laboratory", country.root / "home") for path in (sample, huge))
    huge.unlink()
    assert (small[0], large[0]) == (0, 0)
    assert large[1] - small[1] < 100 and large[2] - small[2] < 5, (small, large)
