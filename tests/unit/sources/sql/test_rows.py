"""Rows land as JSON lines of texts: names are quoted, values are bound, and the same rows give the same bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2.extensions import quote_ident
from sqlalchemy import create_engine, text

from include.sources import SourceError
from tests.unit.sources.sql.conftest import LOGIN, Server, Source

VALUES = {
    "text": ("text", "'әғқңөұүһі \"q\" \\ а''б'", 'әғқңөұүһі "q" \\ а\'б'),
    "empty": ("text", "''", ""),
    "nothing": ("text", "null", None),
    "char": ("char(3)", "'a'", "a  "),
    "integer": ("bigint", "-9223372036854775808", "-9223372036854775808"),
    "numeric": ("numeric", "0.000000000000000000001230", "0.000000000000000000001230"),
    "great": ("numeric", "123456789012345678901234567890", "123456789012345678901234567890"),
    "real": ("real", "0.1", "0.1"),
    "double": ("double precision", "0.1::double precision + 0.2", "0.30000000000000004"),
    "yes": ("boolean", "true", "true"),
    "no_": ("boolean", "false", "false"),
    "day": ("date", "'2025-03-05'", "2025-03-05"),
    "forever": ("date", "'infinity'", "infinity"),
    "old": ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    "last": ("date", "'9999-12-31'", "9999-12-31"),
    "local": ("timestamp", "'2025-03-05 10:00:00.5'", "2025-03-05T10:00:00.500000"),
    "moment": ("timestamptz", "'2025-03-05 10:00:00+05'", "2025-03-05T05:00:00+00:00"),
    "hour": ("time", "'10:00'", "10:00:00"),
    "midnight": ("time", "'24:00'", "24:00:00"),
    "json": ("json", """'{"b": [1], "a":  null}'""", '{"b": [1], "a":  null}'),
    "jsonb": ("jsonb", """'{"b": [1], "a":  null}'""", '{"a": null, "b": [1]}'),
    "uuid": ("uuid", "'00000000-0000-0000-0000-00000000000a'", "00000000-0000-0000-0000-00000000000a"),
    "bits": ("varchar", "E'a\\tb\\u007f\\u2028'", "a\tb\u007f\u2028"),
}


def test_every_kind_of_value_becomes_one_text_that_says_the_same(source: Source) -> None:
    source.sql(f"create table reports (no int, {', '.join(f'{name} {kind}' for name, (kind, _, _) in VALUES.items())})")  # fmt: skip
    source.sql(f"insert into reports values (1, {', '.join(value for _, value, _ in VALUES.values())})")
    (row,) = source.fetch(columns=list(VALUES)).rows()
    assert row == {name: said for name, (_, _, said) in VALUES.items()}
    assert list(row) == list(VALUES)


def test_the_texts_do_not_hang_on_the_settings_of_the_login_or_the_server(source: Source) -> None:
    source.sql("create table reports (no int, d date, t timestamptz, f double precision)")
    source.sql("insert into reports values (1, '2025-03-05', '2025-03-05 10:00+05', 0.1::float8 + 0.2)")
    before = source.fetch(columns=["d", "t", "f"]).bytes
    for setting in ("timezone = 'Asia/Almaty'", "datestyle = 'German'", "extra_float_digits = 0", "client_encoding = 'WIN1251'"):  # fmt: skip
        source.sql(f"alter role {LOGIN} in database {source.name} set {setting}")
    assert source.fetch(columns=["d", "t", "f"]).bytes == before
    assert before == {"reports": b'{"d":"2025-03-05","t":"2025-03-05T05:00:00+00:00","f":"0.30000000000000004"}\n'}  # fmt: skip


def test_a_value_with_line_breaks_stays_on_its_line(source: Source) -> None:
    source.sql("create table reports (no int, text text)")
    source.sql("insert into reports values (1, %s)", 'a\nb\r\n{"no":"2"}\n')
    done = source.fetch()
    assert done.bytes["reports"].count(b"\n") == 1
    assert done.rows() == [{"no": "1", "text": 'a\nb\r\n{"no":"2"}\n'}]


def test_the_same_rows_are_the_same_bytes_in_whatever_order_they_lie_and_however_they_are_batched(
    source: Source,
) -> None:
    source.sql("create table reports (no int, text text)")
    source.sql("insert into reports select n, 'row ' || n from generate_series(1, 3000) n")
    first = source.fetch().bytes["reports"]
    source.sql("create table other as select * from reports order by no desc")
    source.sql("drop table reports")
    source.sql("alter table other rename to reports")
    for batch_rows in (1, 7, 1_000_000):
        assert source.fetch(batch_rows=batch_rows).bytes["reports"] == first
    assert first.count(b"\n") == 3000


HOSTILE = (
    'a"b',
    "a'b",
    "x%s",
    "x%(y)s",
    ":x",
    "a.b",
    'x"; drop table victim; --',
    "x'; drop table victim; --",
    "select",
    "Дата  регистрации",
    "Әріп № (кг)",
    "a\\b",
    "a\nb",
    "UPPER",
    "[a]",
    "`a`",
    "$1",
)


def test_a_name_is_only_ever_a_name(source: Source) -> None:
    """Every name stands in the database under exactly this spelling, as table, column, key and watermark."""
    source.sql("create table victim (no int)")
    for number, name in enumerate(HOSTILE):
        quoted = quote_ident(name, source.admin)
        source.sql(f"create schema {quoted}")
        source.sql(f"create table {quoted}.{quoted} ({quoted} int)")
        source.sql(f"grant usage on schema {quoted} to {LOGIN}")
        source.sql(f"insert into {quoted}.{quoted} values ({number})")
        done = source.fetch(
            schema=name,
            table=name,
            columns=[name],
            order_by=[name],
            deliveries={"by": "since", "column": name},
        )
        assert done.rows(name) == [{name: str(number)}]
    assert source.sql("select count(*) from victim") == [(0,)]


@pytest.mark.parametrize("key", ["columns", "order_by"])
@pytest.mark.parametrize("name", ["no; drop table victim", 'no" from victim; --', "count(*)", "NO", "*", "1"])
def test_what_is_no_column_is_named_and_never_run(source: Source, key: str, name: str) -> None:
    source.sql("create table reports (no int, text text)")
    source.sql("create table victim (no int)")
    with pytest.raises(SourceError) as error:
        source.fetch(**{key: [name]})
    assert f"definition: transport.{key}: found no column {name!r} (there are: no, text)" in str(error.value)
    assert source.sql("select count(*) from victim") == [(0,)]


@pytest.mark.parametrize("name", ["reports; drop table victim", "reports, victim", "(select 1)", "Reports"])
def test_what_is_no_table_is_never_run(source: Source, name: str) -> None:
    source.sql("create table reports (no int, text text)")
    source.sql("create table victim (no int)")
    with pytest.raises(SourceError, match=r"definition: transport\.table: found no such table or view"):
        source.fetch(table=name)
    assert source.sql("select count(*) from victim") == [(0,)]


def test_a_long_name_that_the_server_would_cut_off_is_not_taken_for_another(source: Source) -> None:
    source.sql(f'create table reports (no int, "{"ә" * 31}" text)')
    source.sql("insert into reports values (1, 'x')")
    with pytest.raises(SourceError, match="found no column"):
        source.fetch(columns=["ә" * 40])  # 80 bytes, of which PostgreSQL compares 63


@pytest.mark.parametrize(
    "value", ["x'; drop table victim; --", "x' or '1'='1", "%s", "\\'; drop table victim; --"]
)
def test_a_value_of_a_row_or_of_the_definition_is_only_ever_a_value(source: Source, value: str) -> None:
    source.sql('create table reports (no int, text text collate "C")')
    source.sql("create table victim (no int)")
    source.sql("insert into reports values (1, %s)", value)
    by = {"by": "since", "column": "text", "start": value}
    first = source.fetch(deliveries=by)
    assert first.rows() == [{"no": "1", "text": value}]
    assert source.fetch({"memory": first.memory}, deliveries=by).nothing_new == ["reports"]
    assert source.sql("select count(*) from victim") == [(0,)]


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("bytea", "null", "BYTEA"),
        ("int[]", "null", "ARRAY"),
        ("interval", "'1 hour'", "timedelta"),
        ("int4range", "'[1,2)'", "NumericRange"),
    ],
)
def test_a_kind_of_value_without_one_text_is_refused_by_column(
    source: Source, kind: str, value: str, found: str
) -> None:
    source.sql(f"create table reports (no int, text {kind})")
    source.sql(f"insert into reports values (1, {value})")
    with pytest.raises(SourceError, match=f"transport.columns: found values of the kind {found} in the column 'text'.*Cast the column to text in a view"):  # fmt: skip
        source.fetch()
    source.sql("create view cast_to_text as select no, text::text from reports")
    assert len(source.fetch(table="cast_to_text").rows("cast_to_text")) == 1


@pytest.mark.parametrize(
    ("limit", "found"),
    [
        ({"rows": 2}, "size: found more than 2 rows; expected no more than limits.rows"),
        ({"delivery_bytes": 50}, "size: found more than 50 bytes"),
        ({"cell_chars": 6}, "row 3, column 'text': found more than 6 characters"),
    ],
)
def test_a_delivery_beyond_a_limit_is_refused(source: Source, limit: dict[str, int], found: str) -> None:
    source.sql("create table reports (no int, text text)")
    source.sql("insert into reports values (1, 'a'), (2, 'b'), (3, 'СЕКРЕТ!')")
    assert len(source.fetch().rows()) == 3
    source.limits = limit
    with pytest.raises(SourceError) as error:
        source.fetch()
    assert found in str(error.value) and "СЕКРЕТ" not in str(error.value)


@pytest.fixture
def in_encoding(source: Source, server: Server, request: pytest.FixtureRequest) -> Source:
    """A database in the encoding of the parameter."""
    engine = create_engine(
        server.url.replace("postgresql://", "postgresql+psycopg2://"), isolation_level="AUTOCOMMIT"
    )
    source.name = f"in_{request.param.lower()}"
    with engine.connect() as connection:
        connection.execute(
            text(f"create database {source.name} encoding '{request.param}' template template0 locale 'C'")
        )
    source.admin = psycopg2.connect(server.url.replace("/postgres?", f"/{source.name}?"))
    source.admin.autocommit = True
    source.sql(f"alter default privileges grant select on tables to {LOGIN}")
    yield source  # type: ignore[misc]
    source.admin.close()
    with engine.connect() as connection:
        connection.execute(text(f"drop database {source.name} with (force)"))
    engine.dispose()
    assert urlsplit(server.url).scheme == "postgresql"


@pytest.mark.parametrize("in_encoding", ["WIN1251"], indirect=True)
def test_a_database_in_another_encoding_lands_as_utf8(
    in_encoding: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = in_encoding
    _reconnect(source, monkeypatch)
    source.sql("create table reports (no int, text text)")
    source.sql("insert into reports values (1, 'мефедрон №')")
    assert source.sql("select octet_length(text) from reports") == [(10,)]
    assert source.fetch().rows() == [{"no": "1", "text": "мефедрон №"}]


@pytest.mark.parametrize("in_encoding", ["SQL_ASCII"], indirect=True)
def test_bytes_in_no_declared_encoding_refuse_the_delivery(
    in_encoding: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = in_encoding
    _reconnect(source, monkeypatch)
    source.sql("create table reports (no int, text text)")
    source.sql("insert into reports values (1, E'\\xec\\xe5\\xf4')")
    with pytest.raises(SourceError, match="reports: rows: found a text that cannot be turned into UTF-8"):
        source.fetch()


def _reconnect(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    monkeypatch.setenv("AIRFLOW_CONN_REGION", json.dumps(source.connection()))


MEASURED = """
import json, sys, resource
from pathlib import Path
from tests.unit.sources.sql.conftest import FEED_ID, Source
from include.sources import open_transport
source = Source(None, "", None, Path(sys.argv[1]))
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
with open_transport(FEED_ID, source.feed(), source.surroundings()) as opened, open(sys.argv[1] + "/out", "wb") as to:
    (offered,) = opened.offered().deliveries
    before = peak()
    opened.fetch(offered, to)
print(json.dumps({"before": before, "after": peak(), "bytes": Path(sys.argv[1], "out").stat().st_size}))
"""


@pytest.mark.parametrize(
    ("rows", "chars"), [(300_000, 200), (300, 200_000)], ids=["300,000 rows", "rows of 400,000 bytes"]
)
def test_rows_are_streamed_and_never_all_in_memory(
    source: Source, tmp_path: Path, rows: int, chars: int
) -> None:
    import json

    source.sql("create view reports as select no, repeat('ә', %s) || no as text from generate_series(1, %s) no", chars, rows)  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = json.loads(done.stdout)
    assert found["bytes"] > 2 * rows * chars  # 120 MB
    assert found["after"] - found["before"] < 60, found
    with (tmp_path / "out").open("rb") as file:
        assert sum(1 for _ in file) == rows
