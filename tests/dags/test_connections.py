"""Connections of sources: as Airflow holds them, as `odcm` reads them, and that nothing of them is handed on."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sources.connections import Connection, ConnectionFault, from_environment
from tests.faults.api import Api
from tests.faults.http_server import Request, Server, serving
from tests.faults.place import TOKEN, item

PARTS = ("conn_type", "host", "port", "login", "password", "schema")
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nsynthetic+/=\n-----END OPENSSH PRIVATE KEY-----\n"
WRITTEN = {
    "JSON": json.dumps({"conn_type": "sftp", "host": "files.example", "port": 22, "login": "a", "password": "p:/@%?#ә", "extra": {"private_key": KEY}}),
    "JSON with extra as a text": json.dumps({"conn_type": "http", "host": "h", "extra": json.dumps({"ca_file": "/etc/ca.pem"})}),
    "JSON with a port as a text": json.dumps({"conn_type": "http", "host": "h", "port": "8443"}),
    "URI": "postgresql://reader:p%3A%2F%40%25%3F%23@db.example:5433/reports?sslmode=verify-full&sslrootcert=%2Fca.pem",
    "URI without a login": "http://api.example",
    "URI with a protocol": "http://https://reader:secret@api.example:8443/schema",
    "URI with an extra that is JSON": "aws://key:s%2Fcret@/?__extra__=%7B%22endpoint_url%22%3A+%22http%3A%2F%2Fs3%3A9000%22%7D",
    "URI with a dash in its type": "google-cloud-platform://h",
    "URI with a host in capitals": "sftp://a:b@FILES.example:22",
    "URI with an address of IPv6": "sftp://a:b@[2001:db8::1]:22",
    "URI of a file": "sqlite://%2Ftmp%2Freports.db",
    "URI with an empty password": "http://a:@h",
    "URI with a password alone": "http://:token@h",
    "URI with Kazakh letters": "http://%D2%9B:%D2%AF@h",
}  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_odcm_reads_the_variable_that_airflow_reads_and_reads_it_as_airflow_does(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    monkeypatch.setenv("AIRFLOW_CONN_OFFICE", text)
    theirs, ours = EnvironmentVariablesBackend().get_connection("office"), from_environment("office")
    assert theirs
    for part in PARTS:
        assert (getattr(ours, part) or None) == (getattr(theirs, part) or None), part
    assert dict(ours.extra) == theirs.extra_dejson


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_task_gets_the_same_from_airflow(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.connections import source_connection

    monkeypatch.setenv("AIRFLOW_CONN_OFFICE", text)
    assert source_connection("office") == from_environment("office")


@pytest.mark.parametrize("text", ["", "  ", "{", "[1]", '"x"', "office", "{\"port\": \"synthetic-secret\"}", '{"extra": "synthetic-secret"}', "sftp://a:synthetic-secret@h:x"])  # fmt: skip
def test_what_is_no_connection_is_said_without_a_part_of_it(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OFFICE", text)
    with pytest.raises(ConnectionFault) as raised:
        from_environment("office")
    assert "AIRFLOW_CONN_OFFICE" in str(raised.value) and "synthetic-secret" not in repr(raised.value)
    assert raised.value.__context__ is None or raised.value.__suppress_context__


def test_a_connection_that_airflow_does_not_have_is_a_fault_of_the_connection() -> None:
    from dags.connections import source_connection

    with pytest.raises(ConnectionFault, match="Airflow does not give it: AirflowNotFoundException"):
        source_connection("nowhere")


def test_a_connection_shows_neither_password_nor_extra() -> None:
    held = Connection.of("office", {"conn_type": "sftp", "password": TOKEN, "extra": {"private_key": KEY}})
    assert TOKEN not in repr(held) and TOKEN not in str(held) and "BEGIN" not in f"{held!r} {held}"


# Trying again ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "is_tried_again"),
    [("RetryableSourceError", True), ("SourceError", False), ("DeadlineExceeded", False)],
)
def test_only_what_may_pass_is_tried_again_by_airflow(
    kind: str, is_tried_again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    import include.sources
    from dags import contained
    from include.steps import contained as steps

    error = getattr(include.sources, kind)("KZ-43/x", "file", "place", "this", "that", "Do something.")

    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(steps, "land", fails)
    with pytest.raises(include.sources.SourceError if is_tried_again else AirflowFailException) as raised:
        contained.land("KZ-43/x")
    assert str(raised.value) == str(error)
    assert raised.value is error if is_tried_again else raised.value.__suppress_context__


# In a run -------------------------------------------------------------------------------------------------------


@pytest.fixture
def office(
    bag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Server, list[Request]]]:
    """An API with a token and a source that is fetched from it; only Airflow's database may know the token."""
    api = Api(auth="token", items=[item(1), item(2)])
    with serving(api.answer) as server:
        definition = yaml.safe_load(DEFINITION.replace("{url}", server.url))
        for folder in ("sources", "inbox"):
            (tmp_path / folder).mkdir()
        (tmp_path / "sources" / "KZ-43.yaml").write_text(yaml.safe_dump(definition, allow_unicode=True))
        monkeypatch.setenv("ODCM_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("ODCM_SOURCES", str(tmp_path / "sources"))
        monkeypatch.setenv("ODCM_INBOX", str(tmp_path / "inbox"))
        monkeypatch.setenv("ODCM_NOW", "2026-01-31T09:00:00+05:00")
        assert "AIRFLOW_CONN_OFFICE_API" not in os.environ
        yield server, server.asked
        _in_airflow(None)


DEFINITION = """
source: KZ-43
name: {kk: Қ, ru: К, en: K}
regions: [KZ-43]
synthetic: true
feeds:
  seizure_item:
    transport:
      kind: http
      url: "{url}/reports"
      connection: office_api
      auth: {kind: token}
      deliveries: {by: month, again: 1}
      deadline_s: 20
    format: {kind: json, items: items, dates: ["%d.%m.%Y"], decimal: ","}
    rhythm: {since: 2026-01}
    identity: [seizure_no]
    fields:
      seizure_no: "№"
      item_no: {constant: "1"}
      seized_on: Дата
      region_code: {constant: KZ-43}
      substance_as_reported: Вещество
      quantity: Кол-во
      unit: Ед.
      lead_agency: Орган
"""


def _in_airflow(password: str | None) -> None:
    """Let Airflow's own database hold the connection with that password, or none."""
    from airflow.models import Connection as AirflowConnection
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(AirflowConnection).where(AirflowConnection.conn_id == "office_api"))
        if password is not None:
            session.add(
                AirflowConnection(conn_id="office_api", conn_type="http", host="127.0.0.1", password=password)
            )


def _database() -> str:
    """What Airflow's database holds but for the connections: XComs, rendered fields, events and all else."""
    path = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database:
        lines = list(database.iterdump())
    assert any(line.startswith('INSERT INTO "xcom"') for line in lines)
    return "\n".join(line for line in lines if not line.startswith('INSERT INTO "connection"'))


def _logs() -> str:
    folder = Path(os.environ["AIRFLOW_HOME"]) / "logs"
    return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_a_source_is_landed_with_airflows_connection_and_nothing_of_it_is_handed_on(
    bag: Any, office: tuple[Server, list[Request]], capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    _in_airflow(TOKEN)
    caplog.set_level("INFO")
    done = bag.dags["ingest__seizure_item"].test()
    assert done.state == "success"
    assert [request.headers["authorization"] for request in office[1]] == [f"Bearer {TOKEN}"]
    printed = capfd.readouterr()
    for text in (_database(), _logs(), caplog.text, printed.out, printed.err):
        assert TOKEN not in text


@pytest.mark.parametrize("password", ["synthetic-wrong-token", None])
def test_a_connection_that_is_wrong_or_not_there_fails_the_source_at_once_and_is_not_repeated(
    bag: Any, office: tuple[Server, list[Request]], password: str | None, capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    _in_airflow(password)
    done = bag.dags["ingest__seizure_item"].test()
    tasks = {task.task_id: task for task in done.get_task_instances() if task.map_index in (0, -1)}
    assert (done.state, tasks["source.land"].state, tasks["source.land"].try_number) == (
        "failed",
        "failed",
        1,
    )
    assert len(office[1]) == (1 if password else 0)
    printed = capfd.readouterr()
    said = caplog.text + printed.out + printed.err
    assert "HTTP status 401" in said if password else "no usable connection 'office_api'" in said
    assert "synthetic-wrong-token" not in said + _logs() + _database()
