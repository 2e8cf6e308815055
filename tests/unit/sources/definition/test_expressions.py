import itertools
import re
import time

import pytest

from include.runtime.engine import connect
from include.sources.definition import expression_columns, expression_sql
from include.sources.definition.expressions import FUNCTIONS, OPERATORS, TYPES, allowed

LETTERS = {"a": "'Xy'", "b": "'3'", 'with "quotes" and *': "' q '", "day": "'05.04.2025'", "": "'nothing'"}


def value(expression: str) -> object:
    """What an expression makes of the cells above."""
    with connect() as con:
        return con.execute(f"select {expression_sql(expression, LETTERS)}").fetchall()[0][0]


@pytest.mark.parametrize(
    ("expression", "columns"),
    [
        ('coalesce("Факт", "План")', ["План", "Факт"]),
        ('concat_ws(\'|\', "a", "b")', ["a", "b"]),
        ("'synthetic'", []),
        ('case when "n" = \'\' then null else "n" end', ["n"]),
        ('"a""b*" || \' "no heading" \'', ['a"b*']),
    ],
)
def test_an_expression_names_the_columns_it_reads(expression: str, columns: list[str]) -> None:
    assert list(expression_columns(expression)) == columns


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"a" || \'|\' || lower("a")', "Xy|xy"),
        ('coalesce(nullif(upper("a"), \'XY\'), "b")', "3"),
        ("case \"b\" when '3' then 'three' when '4' then 'four' end", "three"),
        ("if(\"b\" in ('3', '4') and not \"a\" is null, 'yes', 'no')", "yes"),
        ('cast("b" as integer) * -2 + 1.5', -4.5),
        ('try_cast("a" as date) is null', True),
        ("strftime(strptime(\"day\", '%d.%m.%Y'), '%Y-%m-%d')", "2025-04-05"),
        ("extract(month from strptime(\"day\", '%d.%m.%Y')::date)", 4),
        ("regexp_extract(\"day\", '([0-9]{4})$', 1)", "2025"),
        ("\"a\" like 'X%' and \"a\" ilike 'x_' and \"a\" not like 'x%'", True),
        ("string_split(\"day\", '.')[2]", "04"),
        ("lpad(cast(list_position(['jan', 'xy'], lower(\"a\")) as varchar), 2, '0')", "02"),
        ('trim("with ""quotes"" and *")', "q"),
        ("'\"a\"' || \"a\" || 'it''s'", '"a"Xyit\'s'),
        ('substring("day" from 4 for 2) || position(\'y\' in "a")', "042"),
        ("date '2025-04-05' - interval 1 day < strptime(\"day\", '%d.%m.%Y')", True),
        ('"b" between \'1\' and \'4\' or "b" is distinct from "a"', True),
        ('1) /* a comment */ || ("b" -- and another', "13"),
    ],
)
def test_an_expression_means_what_it_means_in_duckdb(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "(select max(x) from other)", "exists(select 1)", "1 from read_csv('/etc/passwd')", "1; drop table judged",
        "1) from read_text('/etc/passwd') t(a, b, c) where (true", '"a" in (select 1)', "", " ", "-- nothing",
        "(from range(3))", "x from (values (1)) t(x)", "1) union all select (2", "1 limit 1 --", '"a" = any(select 1)',
        "1) over (", "1), (2",
    ],
)  # fmt: skip
def test_a_query_is_no_expression(expression: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        expression_columns(expression)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("read_text('/etc/hostname')", "read_text"), ("read_csv('x')", "read_csv"), ("getenv('HOME')", "getenv"),
        ("current_setting('threads')", "current_setting"), ("getvariable('x')", "getvariable"),
        ("now()", "now"), ("cast(now() as varchar)", "now"), ("random()", "random"), ("uuid()", "uuid"),
        ("nextval('s')", "nextval"), ("today()", "today"), ("txid_current()", "txid_current"), ("error('x')", "error"),
        ("get_current_timestamp()", "get_current_timestamp"), ("nosuch(\"a\")", "nosuch"), ('hash("a")', "hash"),
        ('max("a")', "max"), ('count(distinct "a")', "count"), ('row_number() over (order by "a")', "row number"),
        ('upper("a") filter (where true)', "upper"), ('main.upper("a")', "upper"), ('upper(x := "a")', "upper"),
        ("*", "star"), ("columns('a')", "star"), ('"a"."b"', "a.b"), ("$1", "value parameter"), ("#1", "positional reference"),
        ("current_date", "current_date"), ("user", "user"), ("raw_row", "raw_row"), ("\"a\" at time zone 'UTC'", "timezone"),
        ('list_filter(["a"], lambda x: x > 1)', "list_filter"), ('"a" collate nocase', "collate"), ("{'a': 1}", "struct_pack"),
        ('"a"::json', "cast to json"), ('"a"::blob', "cast to blob"), ('"a"::timestamptz', "cast to timestamptz"),
        ('cast("a" as mytype)', "cast to mytype"), ('"a"::integer[]', "cast to list"), ("x'AB'", "hex literal"), ("try(1)", "operator try"),
        ("region_is_allowed(\"a\")", "region_is_allowed"), ("query('select 1')", "query"), ('repeat("a", 1000)', "repeat"),
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused_by_name(expression: str, found: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"found {found}, expected")):
        expression_columns(expression)


def test_a_refusal_says_what_may_be_used() -> None:
    for name in itertools.chain(*FUNCTIONS.values(), OPERATORS, TYPES):
        assert f" {name}" in allowed()
    with pytest.raises(ValueError, match=re.escape(allowed())):
        expression_columns("now()")


@pytest.mark.parametrize(
    "expression",
    [
        "strptime(\"a\", lpad('%Y', 1000, 'x'))", "strptime(\"a\", ['%d', '%m'])", "strptime(\"a\", \"b\")",
        "strptime(\"a\", '%d %z')", 'regexp_matches("a", "b")', 'lpad("a", 2000000000, \'x\')',
        'rpad("a", cast("b" as integer), \'x\')', 'length("a", "b")', '"a" + 1', 'date_part("a", date \'2025-01-01\')',
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_are_refused_on_load(expression: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        expression_columns(expression)


def test_nothing_is_evaluated_while_a_definition_is_loaded() -> None:
    """Each of these takes long, or fails, when it is evaluated."""
    slow = '"a"'
    for _ in range(30):
        slow = f"concat({slow}, {slow})" if len(slow) < 4_000 else f"md5({slow})"
    assert expression_columns(slow) == ("a",)
    long = "length('" + "x" * 5_000 + "') / 0"
    assert expression_columns(f"cast('no number' as integer) + {long}") == ()


@pytest.mark.parametrize(
    "expression",
    ["(" * 5_000 + "1" + ")" * 5_000, "upper(" * 900 + '"a"' + ")" * 900, "not " * 900 + '"a"', "x" * 20_000, "[" * 400 + "]" * 400],
)  # fmt: skip
def test_an_expression_too_long_or_too_deep_is_refused_at_once(expression: str) -> None:
    begun = time.process_time()
    with pytest.raises(ValueError, match=r"expected at most|expected one SQL expression"):
        expression_columns(expression)
    assert time.process_time() - begun < 2


def test_every_listed_function_and_type_exists() -> None:
    with connect() as con:
        known = {name for (name,) in con.execute("select function_name from duckdb_functions()").fetchall()}
        assert set(itertools.chain(*FUNCTIONS.values())) <= known
        for name in TYPES:
            con.execute(f"select null::{name}")


def test_every_listed_function_gives_the_same_whenever_it_is_asked() -> None:
    with connect() as con:
        stable = con.execute("select function_name from duckdb_functions() where stability <> 'CONSISTENT'")
        assert not set(itertools.chain(*FUNCTIONS.values())) & {name for (name,) in stable.fetchall()}
