"""How a database is asked: it is only read, at one checked address, and let go of at the deadline, whatever it does."""

from __future__ import annotations

import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from include.ledger import DeliveryRow
from include.sources import DeadlineExceeded, RetryableSourceError, SourceError, open_transport
from include.sources.transports.sql_session import _said_at_the_door
from include.steps import ingest
from include.steps.context import open_ledger
from include.storage import landing
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED, FIELDS, small_place
from tests.faults.certificates import authority_and_server
from tests.faults.clock import clocked
from tests.faults.doors import nobody
from tests.faults.names import look_ups_that_hang, made_up_names
from tests.faults.place import files_below
from tests.unit.sources.sql.conftest import FEED_ID, LOGIN, PASSWORD, Source

NAME = "db.example"
MANY = "insert into reports select n, repeat('a', 1000) from generate_series(1, 5000) n"  # some 5 MB


@pytest.fixture
def reports(source: Source) -> Source:
    """The source with a table that holds two rows."""
    source.sql("create table reports (no int, text text, changed date)")
    source.sql("insert into reports values (1, 'a', '2025-03-01'), (2, 'СЕКРЕТ', '2025-03-02')")
    return source


def connect_with(monkeypatch: pytest.MonkeyPatch, source: Source, **changes: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REGION", json.dumps(source.connection(**changes)))


def refused(source: Source, **transport: Any) -> SourceError:
    """The error of a fetch; it holds no secret, no row, and none of the words of the server."""
    with pytest.raises(SourceError) as raised:
        source.fetch(**transport)
    for secret in (PASSWORD, LOGIN, "СЕКРЕТ", "FATAL", "127.0.0.1"):
        assert secret not in str(raised.value)
    return raised.value


# Read only --------------------------------------------------------------------------------------------------

WRITING = {
    "an insert": "insert into victim values (1)",
    "an insert after asking to be let": "perform set_config('transaction_read_only', 'off', false); insert into victim values (1)",
    "a table of its own": "create table other (no int)",
    "a row that is locked": "perform no from victim for update",
}  # fmt: skip


@pytest.mark.parametrize("work", WRITING.values(), ids=WRITING)
def test_a_view_that_writes_when_it_is_read_writes_nothing(source: Source, work: str) -> None:
    source.sql("create table victim (no int)")
    source.sql(
        "create function meddle() returns int language plpgsql security definer as "
        f"$$ begin {work}; return 1; end $$"
    )
    source.sql("create view reports as select meddle() as no, 'a' as text")
    error = refused(source)
    assert type(error) is SourceError
    assert source.sql("select (select count(*) from victim), to_regclass('other')") == [(0, None)]


def test_a_view_that_writes_is_named_so(source: Source) -> None:
    source.sql("create table victim (no int)")
    source.sql("create function meddle() returns int language sql volatile security definer as 'insert into victim values (1) returning 1'")  # fmt: skip
    source.sql("create view reports as select meddle() as no, 'a' as text")
    assert "transport.table: found a view that writes when it is read" in str(refused(source))


def test_a_login_that_may_write_reads_all_the_same_and_leaves_no_transaction_behind(reports: Source) -> None:
    reports.sql(f"grant all on all tables in schema public to {LOGIN}")
    before = reports.sql("select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables")
    assert len(reports.fetch().rows()) == 2
    assert reports.sql("select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables") == before
    assert sessions(reports) == 0


def sessions(source: Source, within_s: float = 5) -> int:
    """Sessions of the login that are still there; what was let go of is given some time to end."""
    end = time.monotonic() + within_s
    while True:
        [(number,)] = source.sql("select count(*) from pg_stat_activity where usename = %s", LOGIN)
        if not number or time.monotonic() > end:
            return int(number)
        time.sleep(0.05)


# Time -------------------------------------------------------------------------------------------------------


def late(source: Source, deadline_s: float, **transport: Any) -> None:
    """The fetch uses up its time, and no more than that; the server has nothing to do for it any more."""
    with clocked() as held:
        assert type(refused(source, deadline_s=deadline_s, **transport)) is DeadlineExceeded
    assert held.reached(deadline_s)
    assert sessions(source) == 0


def test_a_query_that_takes_too_long_is_cut_at_the_deadline_here_and_on_the_server(source: Source) -> None:
    source.sql("create view reports as select 1 as no, 'a' as text from pg_sleep(120)")
    late(source, 1.5)


def test_a_query_that_does_not_heed_anything_is_cut_here(source: Source) -> None:
    source.sql(
        "create function deaf() returns int language plpgsql as $$ begin "
        "loop begin perform pg_sleep(120); exception when query_canceled then null; end; end loop; end $$"
    )
    source.sql("create view reports as select deaf() as no, 'a' as text")
    try:
        with clocked() as held:
            assert type(refused(source, deadline_s=1.5)) is DeadlineExceeded
        assert held.reached(1.5)
    finally:
        source.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", LOGIN)


def test_rows_that_come_one_by_one_for_ever_end_at_the_deadline(source: Source) -> None:
    source.sql(
        "create view reports as select n as no, 'a' || pg_sleep(0.02)::text as text from generate_series(1, 100000) n"
    )
    late(source, 1.5, batch_rows=1)


def test_a_server_that_falls_silent_in_the_middle_of_the_rows_ends_at_the_deadline(reports: Source) -> None:
    reports.sql(MANY)
    reports.gate.hold_after = 1_000_000
    late(reports, 1.5)


def test_a_server_that_takes_a_line_and_says_nothing_ends_at_the_deadline(
    reports: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connect_with(monkeypatch, reports, port=silent.getsockname()[1])
        late(reports, 1.3)  # no whole number of seconds: drivers know no others


def test_a_server_that_falls_silent_between_two_questions_ends_at_the_deadline(reports: Source) -> None:
    feed = reports.feed(deadline_s=1.5, timeout_s=30)
    with clocked() as held, open_transport(FEED_ID, feed, reports.surroundings()) as opened:
        (offered,) = opened.offered().deliveries
        reports.gate.hold_after = 0
        with pytest.raises(DeadlineExceeded):
            opened.fetch(offered, None)  # type: ignore[arg-type]
    assert held.reached(1.5)


@pytest.mark.parametrize(
    ("deadline_s", "timeout_s", "kind"), [(20, 0.3, RetryableSourceError), (1.5, 30, DeadlineExceeded)]
)
def test_a_table_that_somebody_keeps_locked_is_not_waited_for_for_ever(
    reports: Source, deadline_s: float, timeout_s: float, kind: type[SourceError]
) -> None:
    reports.sql("begin")
    reports.sql("lock table reports in access exclusive mode")
    with clocked() as held:
        error = refused(reports, deadline_s=deadline_s, timeout_s=timeout_s)
    assert type(error) is kind and held.kept(min(deadline_s, 5))
    assert kind is DeadlineExceeded or "a table that somebody keeps locked" in str(error)
    reports.sql("rollback")
    assert len(reports.fetch().rows()) == 2


def test_a_look_up_that_hangs_ends_at_the_deadline(reports: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    connect_with(monkeypatch, reports, host="localhost")
    with look_ups_that_hang():
        late(reports, 1)


# The line ---------------------------------------------------------------------------------------------------


def test_a_line_that_breaks_in_the_middle_of_the_rows_is_not_taken_for_their_end(reports: Source) -> None:
    reports.sql(MANY)
    reports.gate.cut_after = 1_000_000
    error = refused(reports)
    assert type(error) is RetryableSourceError and "rows: found a database that broke off" in str(error)


@pytest.mark.parametrize("after", [0, 5, 60])
def test_a_line_that_breaks_at_the_door_may_hold_later(reports: Source, after: int) -> None:
    reports.gate.cut_after = after
    assert type(refused(reports)) is RetryableSourceError


def test_a_server_that_ends_the_session_may_be_asked_later(reports: Source) -> None:
    reports.sql(MANY)

    class Ended:
        """A file during whose first write the operator ends the session."""

        def write(self, data: bytes) -> int:
            reports.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", LOGIN)
            return len(data)

    with open_transport(FEED_ID, reports.feed(), reports.surroundings()) as opened:
        (offered,) = opened.offered().deliveries
        with pytest.raises(RetryableSourceError, match="a database that broke off"):
            opened.fetch(offered, Ended())  # type: ignore[arg-type]


def test_nobody_is_there(reports: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    with nobody() as port:
        connect_with(monkeypatch, reports, port=port)
        error = refused(reports)
    assert type(error) is RetryableSourceError and "found nobody who answers" in str(error)


# The connection ---------------------------------------------------------------------------------------------

DOORS: list[tuple[str, dict[str, Any], str]] = [
    ("wrong password", {"password": "synthetic-wrong"}, "a login or password that the database does not accept"),
    ("no password", {"password": ""}, "a login or password that the database does not accept"),
    ("unknown login", {"login": "synthetic_nobody"}, "a login or password that the database does not accept"),
    ("unknown database", {"schema": "synthetic_none"}, "no such database on the server"),
    ("no login", {"login": ""}, "a connection without login"),
    ("no database", {"schema": ""}, "a connection without schema"),
    ("no host", {"host": ""}, "a connection without host"),
    ("host not allowed", {"host": "::1"}, "a host that is not allowed"),
    ("word of TLS written wrongly", {"extra": {"sslmod": "require"}}, "the extra keys sslmod"),
    ("options of the server", {"extra": {"options": "-c default_transaction_read_only=off"}}, "the extra keys options"),
    ("another address by the back door", {"extra": {"hostaddr": "10.0.0.1"}}, "the extra keys hostaddr"),
    ("no kind of database", {"conn_type": "ftp"}, "a connection of the type 'ftp'"),
    ("no driver", {"conn_type": "mysql"}, "no driver for mysql; expected the Python package pymysql"),
    ("TLS that is not offered", {"extra": {"sslmode": "require"}}, "no encrypted connection as sslmode asks for it"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), [d[1:] for d in DOORS], ids=[d[0] for d in DOORS])
def test_what_is_wrong_with_a_connection_is_said_without_it_and_not_tried_again(
    reports: Source, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("DEBUG")
    connect_with(monkeypatch, reports, **changes)
    error = refused(reports)
    assert type(error) is SourceError and f"definition: transport.connection: found {said}" in str(error)
    assert PASSWORD not in caplog.text and "synthetic-wrong" not in str(error) + caplog.text


def test_a_server_that_is_full_may_have_a_place_later(reports: Source) -> None:
    reports.sql(f"alter role {LOGIN} connection limit 0")
    try:
        error = refused(reports)
    finally:
        reports.sql(f"alter role {LOGIN} connection limit -1")
    assert type(error) is RetryableSourceError and "a server that takes nobody in now" in str(error)


@pytest.mark.parametrize(
    ("words", "said", "may_pass"),
    [
        ("FATAL:  the database system is starting up", "a server that takes nobody in now", True),
        ("FATAL:  the database system is shutting down", "a server that takes nobody in now", True),
        ("FATAL:  sorry, too many clients already", "a server that takes nobody in now", True),
        ("ВАЖНО:  система баз данных запускается", "a server that takes nobody in now", True),
        ("ВАЖНО:  извините, уже слишком много клиентов", "a server that takes nobody in now", True),
        ('ВАЖНО:  база данных "x" не существует', "no such database on the server", False),
        ('ВАЖНО:  пользователь "x" не прошёл проверку подлинности (по паролю)', "a login or password that the database does not accept", False),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "x", database "y", no encryption', "a server that does not let this login in from here", False),
        ("server closed the connection unexpectedly", "a database that broke off (Exception)", True),
    ],
)  # fmt: skip
def test_what_servers_say_at_the_door_is_understood(words: str, said: str, may_pass: bool) -> None:
    found = _said_at_the_door(Exception(f'connection to server at "x" (10.0.0.1), port 5432 failed: {words}'))
    assert (found.found, found.may_pass) == (said, may_pass)


def test_what_may_not_be_read_is_said(reports: Source) -> None:
    reports.sql(f"revoke select on reports from {LOGIN}")
    error = refused(reports)
    assert type(error) is SourceError and "transport.table: found no permission to read" in str(error)


def test_an_error_of_the_data_is_told_without_the_data(source: Source) -> None:
    source.sql("create table raw (text text)")
    source.sql("insert into raw values ('СЕКРЕТ')")
    source.sql("create view reports as select text::int as no, text from raw")
    error = refused(source)
    assert type(error) is SourceError and "SQLSTATE 22P02" in str(error)


# The address ------------------------------------------------------------------------------------------------


def test_a_name_is_looked_up_once_and_its_address_is_kept(
    reports: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_with(monkeypatch, reports, host=NAME)
    at = reports.surroundings()
    at.deployment.hosts.append(at.deployment.hosts[0].model_copy(update={"host": NAME}))
    with made_up_names() as names:
        names.addresses[NAME] = [["127.0.0.1"], ["10.0.0.1"]]  # rebound after the first answer
        done = reports.fetch({"deployment": at.deployment})
    assert len(done.rows()) == 2 and names.asked == [NAME]


def test_an_inner_address_is_refused_unless_it_is_allowed(
    reports: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_with(monkeypatch, reports, host=NAME)
    at = reports.surroundings()
    at.deployment.hosts.append(at.deployment.hosts[0].model_copy(update={"host": NAME, "private": False}))
    with made_up_names() as names, pytest.raises(SourceError, match="a host with an address that is not public"):  # fmt: skip
        names.addresses[NAME] = [["127.0.0.1"]]
        reports.fetch({"deployment": at.deployment})


@pytest.fixture
def encrypted(reports: Source, tmp_path: Path) -> Source:
    """The source behind a line that may be encrypted, with a certificate for localhost."""
    _, reports.gate.tls = authority_and_server(tmp_path, "localhost")
    return reports


@pytest.mark.parametrize(
    ("host", "sslmode", "trusted", "is_taken"),
    [
        ("localhost", "verify-full", True, True),
        ("127.0.0.1", "verify-full", True, False),  # the certificate is for the name
        ("localhost", "verify-full", False, False),  # its authority is not known
        ("127.0.0.1", "require", False, True),
    ],
)
def test_a_certificate_must_prove_the_name_where_that_is_asked_for(
    encrypted: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    host: str, sslmode: str, trusted: bool, is_taken: bool,
) -> None:  # fmt: skip
    other, _ = authority_and_server(_made(tmp_path / "other"), "localhost")
    authority = tmp_path / "authority.pem" if trusted else other
    extra = {"sslmode": sslmode} | ({"sslrootcert": str(authority)} if sslmode == "verify-full" else {})
    connect_with(monkeypatch, encrypted, host=host, extra=extra)
    if is_taken:
        assert len(encrypted.fetch().rows()) == 2
    else:
        error = refused(encrypted)
        assert type(error) is SourceError and "no encrypted connection as sslmode asks for it" in str(error)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# Landing ----------------------------------------------------------------------------------------------------


@contextmanager
def landing_from(source: Source, folder: Path, **transport: Any) -> Iterator[Place]:
    """A place whose feed is that database, entered."""
    declared = source.feed(**transport).transport.model_dump(mode="json", by_alias=True)
    fields = FIELDS | {"seizure_no": "no", "seized_on": "changed", "substance_as_reported": "text"}
    place = small_place(folder, "jsonl", transport=declared, fields=fields)
    deployment = folder / "deployment.yaml"
    deployment.write_text(json.dumps({"hosts": [{"host": "127.0.0.1", "private": True}]}))
    with place.entered(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODCM_DEPLOYMENT", str(deployment))
        open_ledger(place.home)
        yield place


def landed(place: Place) -> list[DeliveryRow]:
    with open_ledger(place.home) as ledger:
        found = ledger.deliveries(FEED)
    paths = {landing.landed_path(place.home, delivery.sha256) for delivery in found}
    assert set(files_below(place.home.landing)) == paths, "something is half-landed"
    assert list((place.home.restricted / "scratch").glob("*")) == []
    return found


def test_a_watermark_is_kept_from_run_to_run_and_moved_only_by_what_landed(
    reports: Source, tmp_path: Path
) -> None:
    by = {"by": "since", "column": "changed"}
    with landing_from(reports, tmp_path / "place", columns=["no", "text", "changed"], deliveries=by) as place:
        assert ingest.land(FEED)["new"] == 1
        assert ingest.land(FEED)["new"] == 0
        (first,) = landed(place)
        reports.sql("insert into reports select n, repeat('a', 1000), '2025-04-01' from generate_series(3, 3000) n")  # fmt: skip
        reports.gate.cut_after = 1_000_000
        with pytest.raises(RetryableSourceError):
            ingest.land(FEED)
        assert landed(place) == [first]
        reports.gate.cut_after = None
        assert ingest.land(FEED)["new"] == 1
        (later,) = [delivery for delivery in landed(place) if delivery.sha256 != first.sha256]
        lines = landing.landed_path(place.home, later.sha256).read_bytes().splitlines()
        assert [json.loads(line)["no"] for line in lines] == [str(n) for n in range(2, 3001)]
        assert ingest.land(FEED)["new"] == 0


@pytest.mark.parametrize("fault", ["cut_after", "hold_after"])
def test_of_a_delivery_that_breaks_nothing_lands(reports: Source, tmp_path: Path, fault: str) -> None:
    reports.sql(MANY)
    setattr(reports.gate, fault, 1_000_000)
    with landing_from(reports, tmp_path / "place", deadline_s=1.5) as place:
        with pytest.raises(RetryableSourceError if fault == "cut_after" else DeadlineExceeded):
            ingest.land(FEED)
        assert landed(place) == []


# A file -----------------------------------------------------------------------------------------------------


@pytest.fixture
def file(source: Source, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An SQLite file under the allowed root; the connection leads to it."""
    path = source.scratch / "reports.db"
    with sqlite3.connect(path) as made:
        made.execute("create table reports (no int, text text)")
        made.execute("insert into reports values (1, 'a')")
        made.execute("create view endless as with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) as no, 'a' as text from c")  # fmt: skip
    connect_with(monkeypatch, source, conn_type="sqlite", host=str(path), login="", password="", schema="")
    return path


def test_a_file_is_read_and_nothing_is_written_beside_it(source: Source, file: Path) -> None:
    before = file.read_bytes()
    assert source.fetch().rows() == [{"no": "1", "text": "a"}]
    assert file.read_bytes() == before
    assert sorted(path.name for path in file.parent.glob("reports.db*")) == ["reports.db"]


def test_a_query_over_a_file_is_cut_at_the_deadline(source: Source, file: Path) -> None:
    with clocked() as held:
        assert type(refused(source, table="endless", deadline_s=1)) is DeadlineExceeded
    assert held.reached(1)


@pytest.mark.parametrize("where", ["/etc/passwd", "{root}/../outside.db", "{root}/link.db"])
def test_a_file_outside_of_the_roots_is_not_opened(
    source: Source, file: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    root = file.parent
    (root.parent / "outside.db").write_bytes(file.read_bytes())
    (root / "link.db").symlink_to(root.parent / "outside.db")
    connect_with(monkeypatch, source, conn_type="sqlite", host=where.format(root=root), login="", password="")
    assert "a place outside of the allowed folders" in str(refused(source))
