"""JSON lines and the pages of a JSON API, read by DuckDB; a broken line is kept, a broken page refuses the file."""

from __future__ import annotations

import duckdb

from include.sources.definition import JsonlFormat
from include.sources.formats.raw import RawRows, Reading, check_headings, identifier, literal
from include.sources.formats.text import count_lines, utf8_text

MAX_LINE_BYTES = 8 << 20
MAX_PAGE_BYTES = 32 << 20
NO_REJECTS = "select null::bigint as raw_row, null as received, null as rule where false"


def read_jsonl(reading: Reading, declared: JsonlFormat) -> RawRows:
    """Every line as one object; a line that is no JSON object is a reject with its place."""
    path = utf8_text(reading, declared.encoding)
    table = identifier(f"lines_{reading.delivered.label}")
    reading.connection.execute(
        f"create temp table {table} as select row_number() over () as raw_row, line, "
        f"coalesce(try_cast(json_type(try_cast(line as json)) as varchar), '') = 'OBJECT' as is_object from "
        f"read_csv({literal(str(path))}, auto_detect=false, header=false, delim='\\x1f', quote='', escape='', "
        f"new_line='\\n', max_line_size={MAX_LINE_BYTES}, columns={{'line': 'VARCHAR'}}) where trim(line) <> ''"
    )
    keys = _keys(reading, f"select line as item from {table} where is_object")
    check_headings(reading, keys, "keys of the objects")
    return RawRows(
        relation=f"(select raw_row, line as item from {table} where is_object)",
        columns=("item",),
        cells=_cells(reading),
        received="item",
        rejects=f"select raw_row, line as received, 'row.json' as rule from {table} where not is_object",
        physical_rows=count_lines(path),
    )


def read_json_pages(reading: Reading, items: str, total: str) -> RawRows:
    """Every item of every page in order; the items must be as many as the API states."""
    path = utf8_text(reading, "utf-8")
    table = identifier(f"pages_{reading.delivered.label}")
    source = f"read_json_objects({literal(str(path))}, format='unstructured', maximum_object_size={MAX_PAGE_BYTES})"
    try:
        reading.connection.execute(
            f"create temp table {table} as select row_number() over () as raw_row, item from (select unnest("
            f"cast(json_extract(json, {literal('$.' + identifier(items))}) as json[])) as item from {source})"
        )
        stated = reading.connection.execute(
            f"select max(cast(json_extract(json, {literal('$.' + identifier(total))}) as bigint)) from {source}"
        ).fetchall()[0][0]
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        raise reading.refuse(
            "pages", "broken JSON", f"whole pages with {items} and {total}", "Land the delivery again."
        ) from None
    check_headings(reading, _keys(reading, f"select item from {table}"), "keys of the items")
    return RawRows(
        relation=f"(select raw_row, cast(item as varchar) as item from {table})",
        columns=("item",),
        cells=_cells(reading),
        received="item",
        rejects=NO_REJECTS,
        physical_rows=int(stated),
    )


def _cells(reading: Reading) -> dict[str, str]:
    return {
        heading: f"json_extract_string(item, {literal('$.' + identifier(heading))})"
        for heading in reading.feed.headings()
    }


def _keys(reading: Reading, items: str) -> list[str]:
    """Keys of the objects. An API may leave out what is empty: only a key that no object has is missing."""
    rows = reading.connection.execute(
        f"select distinct unnest(json_keys(item)) as key from ({items}) order by key"
    ).fetchall()
    return [key for (key,) in rows] or sorted(reading.feed.headings())
