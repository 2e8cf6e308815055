"""docker-compose.yaml is well formed and keeps the promises of a production file."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

PROJECT = Path(__file__).parents[2]
AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer", "worker")
SECRET = re.compile(
    r"PASSWORD|SECRET|FERNET|TOKEN|REDISCLI_AUTH|CONN_|SQL_ALCHEMY|BROKER|RESULT_BACKEND|LEDGER_URL"
)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file with its anchors resolved."""
    return yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())


def test_the_file_fits_the_compose_schema(compose: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "compose_spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose)


@pytest.mark.parametrize("name", AIRFLOW)
def test_every_airflow_service_has_the_same_image_environment_and_volumes(
    compose: dict[str, Any], name: str
) -> None:
    service, first = compose["services"][name], compose["services"]["init"]
    assert service["environment"].items() <= first["environment"].items()
    assert first["environment"].keys() - service["environment"].keys() == {
        "ADMIN_USER",
        "ADMIN_PASSWORD",
        "ADMIN_EMAIL",
    }
    assert (service["image"], service["volumes"]) == (first["image"], first["volumes"])
    assert service["depends_on"]["init"] == {"condition": "service_completed_successfully"}


def test_every_service_that_stays_is_checked_for_health(compose: dict[str, Any]) -> None:
    unchecked = {name for name, service in compose["services"].items() if "healthcheck" not in service}
    assert unchecked == {"init"}


def test_nobody_is_root_and_nobody_may_become_it(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["user"] not in ("root", "0", "0:0"), name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
    assert re.search(r"^USER 10001:10001$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)


def test_every_secret_comes_from_the_environment_and_has_no_default(compose: dict[str, Any]) -> None:
    seen = set()
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name):
                seen.add(name)
                assert re.search(r"\$\{[A-Z_]+:\?[^}]*\}", value), f"{name}: {value}"
                assert ":-" not in value, f"{name}: {value}"
    assert len(seen) >= 12


def test_no_url_holds_a_literal_password() -> None:
    for found in re.finditer(r"://[^:/\s]*:([^@\s]+)@", (PROJECT / "docker-compose.yaml").read_text()):
        assert found[1].startswith("${") and found[1].endswith(":?}"), found[0]


def test_the_example_names_every_variable_that_is_needed_and_fills_in_none() -> None:
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", (PROJECT / "docker-compose.yaml").read_text()))
    lines = [line for line in (PROJECT / ".env.example").read_text().splitlines() if line and line[0] != "#"]
    assert needed <= {line.split("=")[0] for line in lines}
    assert all(line.endswith("=") for line in lines)


def test_only_the_api_server_is_reachable_from_outside_and_only_on_this_machine(
    compose: dict[str, Any],
) -> None:
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert list(ports) == ["api-server"]
    assert all(port.startswith("127.0.0.1:") for port in ports["api-server"])


def test_metadata_and_ledger_are_different_databases_of_different_owners(compose: dict[str, Any]) -> None:
    environment = compose["services"]["init"]["environment"]
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith("@postgres/airflow")
    assert environment["ODCM_LEDGER_URL"].endswith("@postgres/ledger")
    assert "ledger:${LEDGER_DB_PASSWORD:?}" in environment["ODCM_LEDGER_URL"]


def test_the_image_takes_only_packages_whose_hashes_are_known() -> None:
    assert "--require-hashes -r /tmp/requirements.txt" in (PROJECT / "Dockerfile").read_text()
    pinned = re.findall(
        r"^[a-z0-9][^\s]*==[^\s]+ ?(;[^\\]*)?\\$", (PROJECT / "requirements.txt").read_text(), re.M
    )
    assert len(pinned) > 100


def test_what_the_image_copies_is_in_the_build_context() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    copied = re.findall(
        r"^COPY (?:--chmod=\d+ )?(?!--from)(\S+) ", (PROJECT / "Dockerfile").read_text(), re.MULTILINE
    )
    assert copied
    for source in copied:
        assert (PROJECT / source).exists(), source
        assert f"!{source.split('/')[0]}" in ignored, source


@pytest.mark.parametrize("script", ["deploy/init-postgres.sh", "deploy/init-airflow.sh"])
def test_the_scripts_are_readable_by_their_shells(script: str) -> None:
    shell = (PROJECT / script).read_text().splitlines()[0].removeprefix("#!")
    subprocess.run([shell, "-n", str(PROJECT / script)], check=True)
