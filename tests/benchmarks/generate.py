"""A large CSV of synthetic blocking records, made by DuckDB from a seed: the same bytes for the same size."""

from __future__ import annotations

from pathlib import Path

import duckdb

QUERY = """
copy (select
    'SYN-' || i as "Record number", 'KZ-71' as "Region",
    ['ТГ-канал', 'ТГ-бот', 'сайт', 'инстаграм', 'ТГ-группа'][1 + i % 5] as "Platform",
    case when i % 5 = 2 then 'https://shop' || (i % 400000) || '.synthetic-market' || (i % 977) || '.example/item?utm_source=x'
         when i % 5 = 3 then 'https://www.instagram.com/sintetika_' || (i % 600000) || '/'
         else ['https://t.me/sintetika_', '@sintetika_', 'telegram.me/sintetika_'][1 + i % 3] || (i % 800000) end as "Identifier",
    case when i % 7 = 0 then cast(1000000000 + i % 300000 as varchar) end as "Platform id",
    ['сбыт', 'реклама', 'вербовка', 'пропаганда'][1 + i % 4] as "Category",
    strftime(date '2025-01-01' + cast(i % 300 as integer), '%d.%m.%Y') as "Detected on",
    ['Кибернадзор', 'волонтер', 'полиция'][1 + i % 3] as "Detected by",
    -- one row in a thousand is bad, one in five hundred stands twice
    case when i % 1000 = 500 then '31.02.2025'
         else strftime(date '2025-01-03' + cast(i % 300 as integer), '%d.%m.%Y') end as "Requested on",
    'R-' || (i % 50000) as "Decision number",
    strftime(date '2025-01-05' + cast(i % 300 as integer), '%d.%m.%Y') as "Decision date",
    strftime(date '2025-01-09' + cast(i % 300 as integer), '%d.%m.%Y') as "Blocked on",
    ['оператор', 'платформа', 'гео'][1 + i % 3] as "Execution mode"
  from (select case when r % 500 = 1 then r - 1 else r end as i from range({rows}) t(r)))
to '{path}' (format csv, delimiter ';', header true)
"""


def blocking_records(path: Path, rows: int) -> Path:
    """Write the file unless it is there already; one row in a thousand is bad, one in five hundred a duplicate."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        duckdb.execute(QUERY.format(rows=rows, path=part))
        part.rename(path)
    return path
