"""JSON lines and JSON documents, read by DuckDB; a broken line is kept, a broken document refuses the file."""

from __future__ import annotations

import duckdb

from include.sources.definition import JsonFormat, JsonlFormat
from include.sources.formats.numbered import numbered_lines
from include.sources.formats.raw import RawRows, Reading, check_headings, identifier, literal
from include.sources.formats.text import utf8_text

MAX_PAGE_BYTES = 32 << 20
NO_REJECTS = "select null::bigint as raw_row, null as received, null as rule where false"


def read_jsonl(reading: Reading, declared: JsonlFormat) -> RawRows:
    """Every line as one object; a line that is no JSON object is a reject with its place."""
    lines, rows = numbered_lines(reading, utf8_text(reading, declared.encoding, blank_is_zero=True))
    table = identifier(f"lines_{reading.delivered.label}")
    reading.connection.execute(
        f"create temp table {table} as select number as raw_row, line, "
        f"coalesce(try_cast(json_type(try_cast(line as json)) as varchar), '') = 'OBJECT' as is_object from {lines}"
    )
    keys = _keys(reading, f"select line as item from {table} where is_object")
    check_headings(reading, keys, "keys of the objects")
    return RawRows(
        relation=f"(select raw_row, line as item from {table} where is_object)",
        columns=("item",),
        cells=_cells(reading),
        received="item",
        rejects=f"select raw_row, line as received, 'row.json' as rule from {table} where not is_object",
        physical_rows=rows,
    )


def read_json(reading: Reading, declared: JsonFormat) -> RawRows:
    """Every record of every document in order; raw_row counts them from 1 over all documents.

    With `each`, every element of that list is a record that also has what stands beside the list; raw_row is then
    1,000 × the record + the place of the element, and a record without elements stays one. Where the source states
    how many records there are, there must be as many.

    Raises:
        SourceError: a document is not whole, holds no list of objects at the path, or states another number.
    """
    path = utf8_text(reading, declared.encoding)
    table = identifier(f"items_{reading.delivered.label}")
    source = f"read_json_objects({literal(str(path))}, format='unstructured', maximum_object_size={MAX_PAGE_BYTES})"
    place = json_path(declared.items)
    try:
        lists = reading.connection.execute(
            f"select count(*), count(*) filter (json_type(json, {place}) = 'ARRAY') from {source}"
        ).fetchall()[0]
        reading.connection.execute(
            f"create temp table {table} as select row_number() over () as raw_row, item from (select unnest("
            f"cast(json_extract(json, {place}) as json[])) as item from {source})"
        )
        stated = _stated(reading, declared, source)
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException):
        raise reading.refuse(
            "document", "broken JSON", "whole JSON documents", "Ask the source, or land the delivery again."
        ) from None
    if lists[0] != lists[1]:
        raise reading.refuse(
            "document", f"no list at {declared.items or 'the top'} in {lists[0] - lists[1]} of {lists[0]} documents",
            "a list of records", "Mend format.items of the definition, or ask the source; nothing of this file was taken.",
        )  # fmt: skip
    rows, objects = reading.connection.execute(
        f"select count(*), count(*) filter (json_type(item) = 'OBJECT') from {table}"
    ).fetchall()[0]
    if stated is not None and stated != rows:
        raise reading.refuse(
            "document", f"{rows} records", f"the {stated} that the source states ({declared.total})",
            "Ask the source, or land the delivery again; nothing of this file was taken.",
        )  # fmt: skip
    if rows != objects:
        raise reading.refuse(
            "document", f"{rows - objects} of {rows} records that are no objects", "objects with named values",
            "Mend format.items of the definition, or ask the source; nothing of this file was taken.",
        )  # fmt: skip
    relation = f"(select raw_row, cast(item as varchar) as item from {table})"
    if declared.each:
        relation, rows = _each(reading, declared.each, table)
    check_headings(reading, _keys(reading, f"select item from {relation}"), "keys of the records")
    return RawRows(
        relation=relation,
        columns=("item",),
        cells=_cells(reading),
        received="item",
        rejects=NO_REJECTS,
        physical_rows=rows,
    )


def _stated(reading: Reading, declared: JsonFormat, source: str) -> int | None:
    """The number of records that the documents state; they must agree."""
    if not declared.total:
        return None
    total = f"try_cast(json_extract_string(json, {json_path(declared.total)}) as bigint)"
    documents, stating, least, most = reading.connection.execute(
        f"select count(*), count({total}), min({total}), max({total}) from {source}"
    ).fetchall()[0]
    if documents != stating or least != most:
        raise reading.refuse(
            "document", "no number, or several, of records stated", f"one number at {declared.total}",
            "Ask the source, or land the delivery again; nothing of this file was taken.",
        )  # fmt: skip
    return int(least)


def _each(reading: Reading, each: str, table: str) -> tuple[str, int]:
    """The records made of the elements of a list in each item, and their number."""
    made = identifier(f"elements_{reading.delivered.label}")
    place = json_path(each)
    elements = f"cast(json_extract(item, {place}) as json[])"
    reading.connection.execute(
        f"create temp table {made} as select raw_row * 1000 + n as raw_row, case when n = 0 then item else "
        f"json_merge_patch(item, {_nested(each, f'{elements}[n]')}) end as item from (select raw_row, item, "
        f"unnest(case when json_type(item, {place}) = 'ARRAY' and json_array_length(item, {place}) > 0 then "
        f"range(1, json_array_length(item, {place}) + 1) else [0] end) as n from {table})"
    )
    rows = reading.connection.execute(f"select count(*) from {made}").fetchall()[0][0]
    longest = reading.connection.execute(
        f"select max(json_array_length(item, {place})) from {table}"
    ).fetchall()[0][0]
    if (longest or 0) > 999:
        raise reading.refuse(
            f"list {each}", f"{longest} elements in one record", "999 at most",
            "Ask the source for smaller records; nothing of this file was taken.",
        )  # fmt: skip
    return f"(select raw_row, cast(item as varchar) as item from {made} order by raw_row)", int(rows)


def _nested(path: str, value: str) -> str:
    """SQL for an object that holds the value at the path."""
    for key in reversed(path.split(".")):
        value = f"json_object({literal(key)}, {value})"
    return value


def json_path(path: str) -> str:
    """The path `a.b` of a definition as an SQL literal of DuckDB; an empty one is the document itself."""
    return literal("$" + "".join("." + identifier(key) for key in path.split(".") if key))


def _cells(reading: Reading) -> dict[str, str]:
    """A heading is a key, or where there is no such key, a path."""
    cells = {}
    for heading in reading.feed.headings():
        key = f"json_extract_string(item, {literal('$.' + identifier(heading))})"
        cells[heading] = (
            f"coalesce({key}, json_extract_string(item, {json_path(heading)}))" if "." in heading else key
        )
    return cells


def _keys(reading: Reading, items: str) -> list[str]:
    """Keys of the objects, and the paths that the definition reads and some object has.

    An API may leave out what is empty: only what no object has is missing.
    """
    rows = reading.connection.execute(
        f"select distinct unnest(json_keys(item)) as key from ({items}) order by key"
    ).fetchall()
    keys = [key for (key,) in rows]
    paths = [heading for heading in sorted(reading.feed.headings()) if "." in heading and heading not in keys]
    for path in paths if keys else ():
        question = f"select count(*) from ({items}) where json_exists(item, {json_path(path)})"
        if reading.connection.execute(question).fetchall()[0][0]:
            keys.append(path)
    return keys or sorted(reading.feed.headings())
