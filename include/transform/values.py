"""From text to typed values, as DuckDB expressions: strictly by what the source declares, never by a guess.

Every function returns SQL over one row. `raw_<field>` is the text of a field or null, the typed value is null
where the text cannot be read: the row rules of the contract turn that into a reason.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import duckdb

from include.contracts import Field, fold, spellings, written

# `contracts.fold` in SQL.
FOLD_MACRO = """
create or replace temp macro fold_word(word) as
    replace(lower(trim(regexp_replace(rtrim(replace(word, chr(160), ' '), '*¹²³ '), '\\s+', ' ', 'g'))), 'ё', 'е')
"""


SERIAL_DAYS = ("excel1900", "excel1904")
"""Date formats that are a day's number in a workbook, by the two systems that there are."""
FOUR_DIGITS = "%Y"
"""A year of four digits in a date format."""
SPACES_IN_NUMBERS = " \u00a0\u202f"


@dataclass(frozen=True)
class TextRules:
    """How a source writes values.

    Attributes:
        decimal: the decimal sign.
        thousands: the mark between groups of three digits; "" for none.
        dates: strptime formats and `SERIAL_DAYS`, tried in order.
        null_values: words for nothing.
        footnote_marks: characters that may stand behind a value.
    """

    decimal: str
    thousands: str
    dates: tuple[str, ...]
    null_values: tuple[str, ...]
    footnote_marks: str = ""


def quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def without_spaces(cell: str, spaces: str) -> str:
    """Text of a column without these outer spaces. Few cells have any, and looking is cheaper than trimming."""
    codes = [f"chr({ord(space)})" for space in spaces]
    beginnings = [f"{cell} < '!'", *(f"starts_with({cell}, chr({ord(s)}))" for s in spaces if s > "!")]
    looks = beginnings + [f"ends_with({cell}, {code})" for code in codes]
    return f"case when {' or '.join(looks)} then trim({cell}, {' || '.join(codes)}) else {cell} end"


def without_footnotes(cell: str, marks: str, spaces: str) -> str:
    """Text of a column without the marks of footnotes at its end, nor spaces before, between or behind these."""
    return f"rtrim({cell}, {quoted(marks + spaces)})"


def null_where_nothing(cell: str, rules: TextRules) -> str:
    """Null where the source says nothing, in one of the words it declares for that."""
    words = ", ".join(quoted(word) for word in sorted({"", *rules.null_values}))
    return f"case when {cell} in ({words}) then null else {cell} end"


def typed_value(field: Field, rules: TextRules) -> str:
    """The typed value of `raw_<field>`; code-list fields need `register_codes` first."""
    raw = f"raw_{field.name}"
    if field.codelist:
        word = f"raw_{field.derived_from or field.name}"
        # As written first; folded only where that finds nothing, since folding costs more.
        return f"coalesce({field.name}_code({word}), {field.name}_code(fold_word({word})))"
    if field.type == "date":
        return _date(raw, rules.dates)
    if field.type in ("number", "integer"):
        return _number(raw, field.type, rules)
    return raw


def register_codes(connection: duckdb.DuckDBPyConnection, field: Field, own: dict[str, str]) -> None:
    """Give the connection `<field>_code(word)`: the code of a known word, else null.

    `own` are the words of one source; they win over the common spellings. The words are an ENUM type, the
    cheapest lookup that DuckDB has: no join, no memory.
    """
    assert field.codelist
    folded = spellings(field.codelist) | {fold(word): code for word, code in own.items()}
    known = {word.capitalize(): code for word, code in folded.items()} | {
        w.upper(): c for w, c in folded.items()
    }
    known |= written(field.codelist) | folded | own
    words, codes = ", ".join(map(quoted, known)), ", ".join(map(quoted, known.values()))
    connection.execute(FOLD_MACRO)
    connection.execute(f"create type {field.name}_words as enum ({words})")
    connection.execute(
        f"create type {field.name}_codes as enum ({', '.join(map(quoted, dict.fromkeys(known.values())))})"
    )
    connection.execute(
        f"create temp macro {field.name}_code(word) as "
        f"cast([{codes}] as {field.name}_codes[])[enum_code(try_cast(word as {field.name}_words)) + 1]"
    )


def _date(raw: str, formats: tuple[str, ...]) -> str:
    """The first format that fits; formats of a kind that follow each other are tried in one call."""
    tried = []
    for kind, group in itertools.groupby(formats, key=_kind_of_date):
        if kind in SERIAL_DAYS:
            tried.append(_serial_day(raw, kind))
            continue
        day = f"cast(try_strptime({raw}, [{', '.join(map(quoted, group))}]) as date)"
        if kind == FOUR_DIGITS:  # the engine would take 25 for the year 25
            day = f"nullif(greatest({day}, date '0999-12-31'), date '0999-12-31')"
        tried.append(day)
    return tried[0] if len(tried) == 1 else f"coalesce({', '.join(tried)})"


def _kind_of_date(form: str) -> str:
    if form in SERIAL_DAYS:
        return form
    return FOUR_DIGITS if FOUR_DIGITS in form else ""


def _serial_day(raw: str, system: str) -> str:
    """The day that a workbook numbers so, up to 31 December 9999.

    In the system of 1900 day 1 is 1 January 1900, and day 60 is a 29 February that there was not: 60 is no day.
    In the system of 1904 day 0 is 1 January 1904. Source: ECMA-376 part 1, 18.17.4.
    """
    number = f"cast({raw} as integer)"
    if system == "excel1904":
        day = f"case when {number} <= 2957003 then date '1904-01-01' + {number} end"
    else:
        day = (
            f"case when {number} between 1 and 59 then date '1899-12-31' + {number} "
            f"when {number} between 61 and 2958465 then date '1899-12-30' + {number} end"
        )
    return f"case when regexp_full_match({raw}, '[0-9]{{1,7}}') then {day} end"


def _number(raw: str, kind: str, rules: TextRules) -> str:
    whole, text = "[+-]?[0-9]+", raw
    if rules.thousands:
        marks = SPACES_IN_NUMBERS if rules.thousands == " " else rules.thousands
        whole = f"[+-]?([0-9]+|[0-9]{{1,3}}([{marks}][0-9]{{3}})+)"
        text = f"translate({raw}, {quoted(marks)}, '')"
    if kind == "integer":
        return f"case when regexp_full_match({raw}, {quoted(whole)}) then try_cast({text} as bigint) end"
    pattern = f"{whole}([.][0-9]+)?([eE][+-]?[0-9]+)?" if rules.decimal == "." else f"{whole}(,[0-9]+)?"
    if rules.decimal == ",":
        text = f"replace({text}, ',', '.')"
    return f"case when regexp_full_match({raw}, {quoted(pattern)}) then try_cast({text} as double) end"
