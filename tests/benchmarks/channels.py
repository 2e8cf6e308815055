"""Blocking records as known, made up: a third has a numeric id, a third the handle of one of those alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

from include.statistics import ORDER, REPORTS, STATES, Inputs
from include.statistics.build import _register, _sql
from tests.benchmarks.bounds import IDENTIFIERS

RECORDS = """
    create table blocking_record_as_known as
    select
        'KZ|blocking_record|' || n as record_key,
        md5_number(if(n % 3 = 0, 'telegram:id:' || n, 'telegram:shop' || shop)) as channel,
        md5_number(if(n % 2 = 0, '@shop', 'https://t.me/shop') || shop) as address,
        case when n % 3 = 0 then md5_number('telegram:shop' || shop) end as handle,
        'KZ-' || [71, 75, 79, 10, 11, 15, 19][1 + n % 7] as region_code,
        'telegram_channel' as platform, 'sale' as category,
        date '2025-01-01' + (n % 300)::integer as detected_on,
        date '2025-01-02' + (n % 300)::integer as requested_on,
        date '2025-01-03' + (n % 300)::integer as decision_on,
        case when n % 5 > 0 then date '2025-01-04' + (n % 300)::integer end as blocked_on,
        case when n % 40 = 1 then date '2025-02-04' + (n % 300)::integer end as unblocked_on
    from (select n, if(n % 3 = 1, n - 1, n) as shop from range({records}) as numbers(n))
"""


def prepared(records: int = IDENTIFIERS) -> duckdb.DuckDBPyConnection:
    """A connection with these records as known and with nothing reported."""
    connection = duckdb.connect(config={"threads": 2})
    nothing = [schema.empty_table() for schema in (REPORTS, REPORTS, STATES)]
    _register(connection, Inputs({}, {}, ORDER.empty_table(), [], *nothing))
    connection.register("years", pa.table({"year": [2024, 2025]}))
    for sql in (_sql("macros"), RECORDS.format(records=records), _sql("reporting")):
        connection.execute(sql)
    return connection


def resolving(connection: duckdb.DuckDBPyConnection) -> Callable[[], dict[str, Any]]:
    """Which channel each record is, ids and handles joined."""

    def work() -> dict[str, Any]:
        connection.execute(_sql("channel_identity"))
        query = (
            "select count(distinct coalesce(resolved, channel)) from blocking_record_as_known "
            "left join channel_of using (channel, detected_on)"
        )
        return {"channels": connection.sql(query).fetchall()[0][0]}

    return work


def counting(connection: duckdb.DuckDBPyConnection) -> Callable[[], dict[str, Any]]:
    """`mart_channels` of the same records."""
    connection.execute(_sql("channel_identity"))

    def work() -> dict[str, Any]:
        return {"rows": connection.sql(_sql("mart_channels")).to_arrow_table().num_rows}

    return work
