"""JSON lines and JSON documents, read by DuckDB; a broken line is kept, a broken document refuses the file.

Numbers are kept as they are written: the engine alone would make 1.1 of 1.10, and 100000.0 of 1e5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from duckdb.func import PythonUDFType

from include.sources.definition import JsonFormat, JsonlFormat
from include.sources.formats.json_items import (
    LARGEST_FRAME,
    BrokenDocument,
    Frame,
    Knife,
    LargeFrame,
    TooDeep,
    cut_out,
)
from include.sources.formats.json_signs import deepest
from include.sources.formats.numbered import numbered_lines
from include.sources.formats.raw import RawRows, Reading, check_headings, identifier, literal
from include.sources.formats.spool import too_many_rows
from include.sources.formats.text import utf8_text
from include.sources.whole import at_odds, error, signs, what_to_do

RULE = "row.json"
NOTHING_TAKEN = "Ask the source, or land the delivery again; nothing of this file was taken."
ODD = r"[:,\[]\s*-?([0-9]+[.][0-9]*0([^0-9]|$)|[0-9.]+[eE]|[0-9.]{17}|0[.]000000)"
"""Where a number stands that the engine would write in another way; rather too often than too seldom."""
FRACTION = r"[:,\[]\s*-?[0-9]+[.eE]"
"""Where a number stands that has a fraction or an exponent; rather too often than too seldom."""
NUMBER = r":\s*-?[0-9]"
"""Where the value of a key may be a number; rather too often than too seldom."""
MOST_DIGITS = 300
"""Of a number written out without its exponent."""
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|-?[0-9][0-9.eE+-]*+', re.DOTALL)
ODD_NUMBER = re.compile(r"-?(?:[0-9]+[.][0-9]*0|.*[eE].*|[0-9.]{17,}|0[.]000000[0-9]*)")


def read_jsonl(reading: Reading, declared: JsonlFormat) -> RawRows:
    """Every line as one object; a line that is none, or has a key twice that is read, is a reject with its place."""
    lines, rows = numbered_lines(reading, utf8_text(reading, declared.encoding, blank_is_zero=True))
    shapes = _shapes(reading, lines)
    table = identifier(f"lines_{reading.delivered.label}")
    whole = (
        "coalesce(json_type(try_cast(line as json)) = 'OBJECT', false)"
        if _some(reading, shapes, "not whole")
        else "true"
    )
    reading.connection.execute(
        f"create temp view {table} as select number as raw_row, line as item, null::varchar as received, "
        f"{whole} as whole from {lines}"
    )
    headings, table = _look_at_keys(reading, table, shapes)
    check_headings(reading, headings, "keys of the objects")
    if _some(reading, shapes, "fraction"):
        odd = f"case when whole then {_fraction(reading)} and {_is_odd(reading)} else false end"
        table = _with_numbers_as_written(reading, table, odd)
    return _raw(reading, table, rows)


def _shapes(reading: Reading, lines: str) -> str:
    """What there is among the lines, in a table: whole (an object), keys, fraction.

    All of it is found in one scan of the lines, and no line is parsed for an answer that is plain already. Numbers with
    a fraction or an exponent are told apart because the engine gives others as they are written. Of lines with more
    brackets than levels are allowed, which are few, the depth is found one by one.
    """
    con, shapes = reading.connection, identifier(f"shapes_{reading.delivered.label}")
    opened = "strlen(line) - strlen(replace(replace(line, '{', ''), '[', ''))"
    con.execute(
        f"create temp table {shapes} as select distinct deep, whole, case when whole then keys end as keys, "
        f"case when whole and some_number then {_fraction(reading)} else false end as fraction from ("
        "select *, json_keys(item) as keys, "
        "case when len(keys) > 0 then true else coalesce(json_type(item) = 'OBJECT', false) end as whole from ("
        f"select try_cast(line as json) as item, {opened} > {reading.limits.nesting} as deep, "
        f"regexp_matches(line, {literal(NUMBER)}) as some_number from {lines}))"
    )
    if _some(reading, shapes, "deep"):
        found = con.execute(
            f"select number, line from {lines} where {opened} > {reading.limits.nesting} order by number"
        )
        while some := found.fetchmany(100):
            for number, line in some:
                _check_nesting(reading, f"line {number}", deepest(line.encode()))
    return shapes


def read_json(reading: Reading, declared: JsonFormat) -> RawRows:
    """Every record of every document in order; raw_row counts them from 1 over all documents.

    With `each`, every element of that list is a record that also has what stands beside the list; raw_row is then
    1,000 × the record + the place of the element, and a record without elements stays one. A record that has a key
    twice that is read is a reject. Where the source states how many records there are, there must be as many.

    Raises:
        SourceError: a document is not whole, holds no list of objects at the path, states another number, or goes
            beyond a limit.
    """
    path = utf8_text(reading, declared.encoding)
    items = reading.folder / f"{reading.delivered.label}.items"
    try:
        knife = cut_out(path, items, _keys_of(declared.items), reading.limits.nesting)
        documents, last = _check_frames(reading, declared, knife)
    except TooDeep:
        raise _beyond(reading, "document", f"more than {reading.limits.nesting} levels", "nesting") from None
    except LargeFrame:
        raise reading.refuse(
            "document", f"more than {LARGEST_FRAME >> 20} MiB besides its records", "less",
            f"Mend format.items of the definition. {NOTHING_TAKEN}",
        ) from None  # fmt: skip
    except BrokenDocument:
        raise _broken(reading) from None
    table = _items(reading, items, knife.count)
    rows = knife.count
    if declared.each:
        table, rows = _each(reading, declared.each, table)
    _check_end(reading, declared, last, documents, knife.count, rows)
    shapes = identifier(f"keys_{reading.delivered.label}")
    reading.connection.execute(
        f"create temp table {shapes} as select distinct json_keys(item) as keys from {table} where whole"
    )
    headings, table = _look_at_keys(reading, table, shapes)
    check_headings(reading, headings, "keys of the records")
    return _raw(reading, table, rows)


def _raw(reading: Reading, table: str, rows: int) -> RawRows:
    return RawRows(
        relation=f"(select raw_row, item, received from {table} where whole)",
        columns=("item", "received"),
        cells=_cells(reading),
        received="coalesce(received, item)",
        rejects=f"select raw_row, coalesce(received, item) as received, '{RULE}' as rule from {table} where not whole",
        physical_rows=rows,
    )


# Documents -------------------------------------------------------------------------------------------------------


def _check_frames(reading: Reading, declared: JsonFormat, knife: Knife) -> tuple[int, object]:
    """Every document has one list of records at the path, every key on the way to it once, and states the number.

    Returns:
        How many documents there are, and the last of them without its records.
    """
    documents = lists = 0
    twice, stated = False, set()
    frame: object = None
    for frame in knife.frames():
        documents += 1
        if _stands_alone(reading) and (wrong := error(signs(frame, declared.items, _known(declared)))):
            raise reading.refuse(
                "document", f"an error ({wrong.path})", "the data",
                f"Ask the source for the data, or declare format.ignore: [{wrong.path}] if it is no error; "
                "nothing of this file was taken.",
            )  # fmt: skip
        value, doubled = _at(frame, declared.items)
        lists += isinstance(value, list)
        twice |= doubled
        if declared.total:
            value, doubled = _at(frame, declared.total)
            stated.add(None if doubled else str(value))
    if documents != lists:
        raise reading.refuse(
            "document", f"no list at {declared.items or 'the top'} in {documents - lists} of {documents} documents",
            "a list of records", "Mend format.items of the definition, or ask the source; nothing of this file was taken.",
        )  # fmt: skip
    if twice:
        raise reading.refuse(
            "document",
            f"a key more than once on the way to {declared.items}",
            "every key once",
            NOTHING_TAKEN,
        )
    if declared.total:
        _check_total(reading, declared.total, stated, knife.count)
    return documents, frame


def _stands_alone(reading: Reading) -> bool:
    """Whether the file is all there is, and nobody has looked at the end of several answers."""
    pages = getattr(reading.feed.transport, "pages", None)
    return pages is None or pages.by == "none"


def _known(declared: JsonFormat) -> set[str]:
    return {path for path in (declared.items, declared.total, *declared.ignore) if path}


def _check_end(
    reading: Reading, declared: JsonFormat, last: object, documents: int, count: int, rows: int
) -> None:
    """Refuse a file that says that it is not all there is."""
    if not _stands_alone(reading):
        return
    found = signs(last, declared.items, _known(declared))
    if sign := at_odds(found, counted=count, on_page=0, pages=max(documents, 1), elements=rows):
        raise reading.refuse("document", *what_to_do(sign, "format.ignore"))


def _at(frame: object, path: str) -> tuple[object, bool]:
    """The value at a path of a document, and whether a key on the way to it stands more than once."""
    doubled = False
    while path and isinstance(frame, Frame):
        key, rest = (path, "") if path in frame else path.partition(".")[::2]
        path = rest
        if key:
            doubled |= key in frame.doubled
            frame = frame.get(key)
    return (None if path else frame), doubled


def _check_total(reading: Reading, path: str, stated: set[str | None], count: int) -> None:
    number = stated.pop() if len(stated) == 1 else None
    if number is None or not number.isdecimal():
        raise reading.refuse(
            "document", "no number, or several, of records stated", f"one number at {path}", NOTHING_TAKEN
        )
    if int(number) != count:
        raise reading.refuse(
            "document",
            f"{count} records",
            f"the {int(number)} that the source states ({path})",
            NOTHING_TAKEN,
        )


def _items(reading: Reading, path: Path, count: int) -> str:
    """The records, in a table: raw_row, item, received, whole. All of them are objects."""
    con = reading.connection
    lines, rows = numbered_lines(reading, path, "record")
    if rows != count:  # an empty place between two commas
        raise _broken(reading)
    table = identifier(f"items_{reading.delivered.label}")
    odd = _is_odd(reading)
    con.execute(
        f"create temp table {table} as select row_number() over (order by number) as raw_row, trim(line) as item, "
        f"null::varchar as received, true as whole from {lines}"
    )
    kind = "coalesce(try_cast(json_type(try_cast(item as json)) as varchar), '')"
    broken, others = con.execute(
        f"select count(*) filter ({kind} = ''), count(*) filter ({kind} not in ('', 'OBJECT')) from {table}"
    ).fetchall()[0]
    if broken:
        raise _broken(reading)
    if others:
        raise reading.refuse(
            "document", f"{others} of {rows} records that are no objects", "objects with named values",
            "Mend format.items of the definition, or ask the source; nothing of this file was taken.",
        )  # fmt: skip
    if con.execute(f"select exists (from {table} where {odd})").fetchall()[0][0]:
        table = _with_numbers_as_written(reading, table, odd)
    return table


def _broken(reading: Reading) -> Exception:
    return reading.refuse("document", "broken JSON", "whole JSON documents", NOTHING_TAKEN)


def _each(reading: Reading, each: str, table: str) -> tuple[str, int]:
    """The records made of the elements of a list in each item, and their number."""
    made = identifier(f"elements_{reading.delivered.label}")
    place = json_path(each)
    element = f"cast(json_extract(item, {place}) as json[])[n]"
    once = f"not coalesce({_doubled(element, _read_keys(reading).get(each, set()))}, false)"
    reading.connection.execute(
        f"create temp table {made} as select raw_row * 1000 + n as raw_row, case when n = 0 then item else "
        f"cast(json_merge_patch(item, {_nested(each, element)}) as varchar) end as item, received, "
        f"case when n = 0 then {_once(reading, 'item')} else {_once(reading, 'item')} and {once} end as whole "
        f"from (select raw_row, item, received, "
        f"unnest(case when json_type(item, {place}) = 'ARRAY' and json_array_length(item, {place}) > 0 then "
        f"range(1, cast(json_array_length(item, {place}) as bigint) + 1) else [0] end) as n from {table}) "
        "order by raw_row"
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
    if rows > reading.limits.rows:
        raise too_many_rows(reading)
    return made, int(rows)


def _nested(path: str, value: str) -> str:
    """SQL for an object that holds the value at the path."""
    for key in reversed(path.split(".")):
        value = f"json_object({literal(key)}, {value})"
    return value


# Records ---------------------------------------------------------------------------------------------------------


def _keys_of(path: str) -> list[str]:
    return [key for key in path.split(".") if key]


def json_path(path: str) -> str:
    """The path `a.b` of a definition as an SQL literal of DuckDB; an empty one is the document itself."""
    return literal(_path(path.split(".")))


def _path(keys: Iterable[str]) -> str:
    """A path as the engine reads it; where its own signs stand in a key, as a JSON pointer, which has none of them."""
    found = [key for key in keys if key]
    if any(sign in key for key in found for sign in '"*\\'):
        return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in found)
    return "$" + "".join("." + identifier(key) for key in found)


def _places(heading: str) -> list[str]:
    """Where a heading may stand: it is a key, or where there is no such key, a path."""
    return [_path([heading]), *([_path(heading.split("."))] if "." in heading else [])]


def _read_places(reading: Reading) -> list[str]:
    return [place for heading in sorted(reading.feed.headings()) for place in _places(heading)]


def _read_keys(reading: Reading) -> dict[str, set[str]]:
    """The keys that the definition reads, by the path of the object that they stand in."""
    found: dict[str, set[str]] = {}
    for heading in reading.feed.headings():
        found.setdefault("", set()).add(heading)
        keys = heading.split(".")
        for n, key in enumerate(keys):
            found.setdefault(".".join(keys[:n]), set()).add(key)
    return found


def _cells(reading: Reading) -> dict[str, str]:
    """The text at every heading. All of them are asked for at once: a record is parsed once for each question."""
    places = _read_places(reading)
    texts = f"json_extract_string(item, [{', '.join(map(literal, places))}])"
    cells = {}
    for heading in reading.feed.headings():
        found = [f"{texts}[{places.index(place) + 1}]" for place in _places(heading)]
        cells[heading] = found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"
    return cells


def _look_at_keys(reading: Reading, table: str, shapes: str) -> tuple[list[str], str]:
    """Keys of the objects, with the paths that the definition reads and some object has; and the table to go on with.

    An API may leave out what is empty: only what no object has is missing. Objects that have a key twice which is
    read are no longer whole: nobody can say which of them holds.
    """
    con, declared = reading.connection, sorted(reading.feed.headings())
    most, doubled = con.execute(f"select max(len(keys)), {_some_doubled('keys')} from {shapes}").fetchall()[0]
    if (most or 0) > reading.limits.columns:
        raise _beyond(reading, "records", f"an object of {most} keys", "columns")
    for path in filter(None, _read_keys(reading)):
        question = f"select json_keys(item, {json_path(path)}) as keys from {table} where whole"
        doubled |= con.execute(f"select {_some_doubled('keys')} from ({question})").fetchall()[0][0] or False
    if doubled:
        once = identifier(f"once_{reading.delivered.label}")
        con.execute(
            f"create temp view {once} as select * replace "
            f"(case when whole then {_once(reading, 'item')} else false end as whole) from {table}"
        )
        table = once
    keys = [
        key
        for (key,) in con.execute(
            f"select distinct unnest(keys) as key from {shapes} order by key"
        ).fetchall()
    ]
    for path in [heading for heading in declared if "." in heading and heading not in keys] if keys else ():
        question = (
            f"select 1 from (select item from {table} where whole) where json_exists(item, {json_path(path)})"
        )
        if con.execute(f"select exists ({question})").fetchall()[0][0]:
            keys.append(path)
    return keys or declared, table


def _some(reading: Reading, shapes: str, which: str) -> bool:
    return bool(reading.connection.execute(f"select exists (from {shapes} where {which})").fetchall()[0][0])


def _some_doubled(keys: str) -> str:
    return f"coalesce(bool_or(len(list_distinct({keys})) < len({keys})), false)"


def _once(reading: Reading, item: str) -> str:
    """SQL: whether every key that is read stands in its object once at most."""
    doubled = [
        f"coalesce({_doubled(item, keys, path)}, false)" for path, keys in sorted(_read_keys(reading).items())
    ]
    return f"not ({' or '.join(doubled)})"


def _doubled(item: str, keys: set[str], path: str = "") -> str:
    """SQL: whether one of the keys stands more than once in the object at the path."""
    names = ", ".join(map(literal, sorted(keys))) or "null"
    found = f"list_filter(json_keys({item}, {json_path(path)}), lambda key: key in ({names}))"
    return f"len({found}) > len(list_distinct({found}))"


# Numbers ---------------------------------------------------------------------------------------------------------


def _fraction(reading: Reading) -> str:
    """SQL: whether a number that is read has a fraction or an exponent."""
    places = ", ".join(map(literal, _read_places(reading)))
    return f"list_contains(json_type(item, [{places}]), 'DOUBLE')"


def _is_odd(reading: Reading) -> str:
    """SQL: whether a record has a number that the engine would not write as the texts of the feed are read."""
    return f"regexp_matches(item, {literal(ODD if reading.feed.format.decimal == '.' else FRACTION)})"


def _with_numbers_as_written(reading: Reading, table: str, odd: str) -> str:
    """The same records in a table of their own; `received` is the record where its numbers had to be quoted."""
    con, made, written = (
        reading.connection,
        identifier(f"numbers_{reading.delivered.label}"),
        _as_written(reading),
    )
    con.execute(
        f"create temp table {made} as select raw_row, case when odd then {written}(item) else item end as item, "
        f"case when odd then item end as received, whole from (select *, {odd} as odd from {table})"
    )
    return made


def _as_written(reading: Reading) -> str:
    """The name of an SQL function that quotes the numbers of a JSON text which the engine would write otherwise.

    Where the texts of the feed have another decimal sign, every number with a fraction gets that sign: a number of JSON
    is that number, whatever the texts beside it look like.
    """
    name, decimal = f"as_written_{reading.delivered.label}", reading.feed.format.decimal
    quote = _quoted_if_odd if decimal == "." else _quoted_with_a_comma

    def as_written(texts: pa.Array) -> pa.Array:
        return pa.array([TOKEN.sub(quote, text) for text in texts.to_pylist()], pa.string())

    reading.connection.create_function(name, as_written, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
    return name


def _quoted_if_odd(token: re.Match[str]) -> str:
    text = token[0]
    return f'"{text}"' if text[0] != '"' and ODD_NUMBER.fullmatch(text) else text


def _quoted_with_a_comma(token: re.Match[str]) -> str:
    text = token[0]
    if text[0] == '"' or not {".", "e", "E"} & set(text):
        return text
    plain = format(Decimal(text), "f") if abs(Decimal(text).adjusted()) < MOST_DIGITS else text
    return f'"{plain.replace(".", ",")}"'


# Limits ----------------------------------------------------------------------------------------------------------


def _check_nesting(reading: Reading, place: str, levels: int) -> None:
    if levels > reading.limits.nesting:
        raise _beyond(reading, place, f"{levels} levels", "nesting")


def _beyond(reading: Reading, place: str, found: str, limit: str) -> Exception:
    return reading.refuse(
        place, found, f"no more than {getattr(reading.limits, limit)} (limits.{limit})",
        "Ask the source for smaller or simpler records, or raise the limit of the deployment.",
    )  # fmt: skip
