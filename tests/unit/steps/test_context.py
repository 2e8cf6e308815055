"""What definitions may read of the environment: what they put into an address goes to the source."""

from pathlib import Path

import pytest

from include.steps import ingest
from include.steps.context import variables, variables_of_definitions
from include.storage.home import Home
from tests.end_to_end.small import FEED, deliver, small_place


@pytest.mark.parametrize(
    "name", ["ODCM_LEDGER_URL", "ODCM_SMTP", "AIRFLOW__CORE__FERNET_KEY", "AIRFLOW_CONN_X", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD"]
)  # fmt: skip
def test_secrets_of_the_program_are_nothing_for_definitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "secret")
    assert variables(Home(tmp_path))[name] == "secret"
    assert name not in variables_of_definitions(Home(tmp_path))


@pytest.mark.parametrize("name", ["ODCM_INBOX", "ODCM_API", "OFFICE_KEY"])
def test_other_variables_are_for_definitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "something")
    assert variables_of_definitions(Home(tmp_path))[name] == "something"


def test_a_definition_that_asks_for_a_secret_is_refused_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = {"kind": "folder", "path": "${AIRFLOW_CONN_X}/inbox", "name_pattern": r"(?P<year>\d{4})"}
    place = small_place(tmp_path, transport=transport)
    deliver(place, b"")
    with place.entered():
        monkeypatch.setenv("AIRFLOW_CONN_X", "/secret")
        with pytest.raises(
            ingest.SourceError, match="'AIRFLOW_CONN_X' is not set, or not for definitions"
        ) as error:
            ingest.land(FEED)
    assert "/secret" not in str(error.value)
