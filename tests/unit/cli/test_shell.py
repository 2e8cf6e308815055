"""What a shell sees of any command: help, exit codes, one line for an error, pipes that close early."""

import subprocess
import sys

import pytest

from include.steps import release


def test_help_comes_before_a_person_wonders(process):
    heavy = "duckdb pyarrow pandas sqlalchemy great_expectations uvicorn deltalake pydantic rich"
    code = (
        "import sys, resource\n"
        "from include.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        f"found = [name for name in '{heavy}'.split() if name in sys.modules]\n"
        "print(used.ru_utime + used.ru_stime, *found, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    seconds, *imported = done.stderr.split()
    assert (float(seconds) < 0.7, imported) == (True, [])
    assert "Exit codes:" in done.stdout


@pytest.mark.parametrize(
    "args", [("nonsense",), ("figures", "--format", "xml"), ("release", "draft", "soon")]
)
def test_wrong_usage_is_exit_code_2(country, args):
    assert country.odcm(*args).exit_code == 2


def test_a_date_that_is_none_is_wrong_usage_and_named(country):
    done = country.odcm("statistics", "build", "--as-at", "yesterday")
    assert (done.exit_code, "'yesterday'" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "args", [("ledger", "balance"), ("release", "list"), ("figures",), ("statistics", "build")]
)
def test_looking_into_a_home_that_is_not_there_does_not_make_one(country, args):
    done = country.odcm(*args)
    assert (done.exit_code, (country.root / "home").exists()) == (2, False)
    assert "no home folder at" in done.stderr


def test_an_unexpected_failure_is_one_line_that_does_not_quote_its_words(country, monkeypatch):
    def fail(*args):
        raise KeyError("t.me/secret_shop")

    (country.root / "home").mkdir()
    monkeypatch.setattr(release, "releases", fail)
    done = country.odcm("release", "list")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "KeyError at include/cli/release.py:" in done.stderr
    assert "secret_shop" not in done.stderr


def test_debug_shows_the_traceback(country):
    done = country.odcm("--debug", "statistics", "build", "--as-at", "yesterday")
    assert type(done.exception).__name__ == "WrongUsage"


def test_a_reader_that_goes_away_is_no_error(country, process):
    running = process("dictionary")
    running.stdout.close()
    assert (running.wait(timeout=60), running.stderr.read()) == (0, "")


def test_the_dictionary_is_written_from_the_contracts(country):
    page = country.root / "docs" / "dictionary.md"
    assert country.odcm("dictionary", "--output", str(page)).exit_code == 0
    assert page.read_text(encoding="utf-8") == country.odcm("dictionary").stdout
    assert "## core_laboratory" in page.read_text(encoding="utf-8")
