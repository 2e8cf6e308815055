"""From text to typed values, as DuckDB expressions: strictly by what the source declares, never by a guess.

Every function returns SQL over one row. `raw_<field>` is the text of a field or null, the typed value is null
where the text cannot be read: the row rules of the contract turn that into a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from include.contracts import Field, fold, spellings, written
from include.transform.days import Zone, day_of

# `contracts.fold` in SQL.
FOLD_MACRO = """
create or replace temp macro fold_word(word) as
    replace(lower(trim(regexp_replace(rtrim(replace(word, chr(160), ' '), '*¹²³ '), '\\s+', ' ', 'g'))), 'ё', 'е')
"""


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
        zone: where moments have their day.
    """

    decimal: str
    thousands: str
    dates: tuple[str, ...]
    null_values: tuple[str, ...]
    footnote_marks: str = ""
    zone: Zone = Zone()


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
        return day_of(raw, rules.dates, rules.zone)
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


def _number(raw: str, kind: str, rules: TextRules) -> str:
    whole, text = "[+-]?[0-9]+", raw
    if rules.thousands:
        marks = SPACES_IN_NUMBERS if rules.thousands == " " else rules.thousands
        # A group has three digits, and none of a whole number begins with a zero.
        whole = f"[+-]?([0-9]+|[1-9][0-9]{{0,2}}([{marks}][0-9]{{3}})+)"
        text = f"translate({raw}, {quoted(marks)}, '')"
    if kind == "integer":
        return f"case when regexp_full_match({raw}, {quoted(whole)}) then try_cast({text} as bigint) end"
    pattern = f"{whole}([.][0-9]+)?([eE][+-]?[0-9]+)?" if rules.decimal == "." else f"{whole}(,[0-9]+)?"
    if rules.decimal == ",":
        text = f"replace({text}, ',', '.')"
    return f"case when regexp_full_match({raw}, {quoted(pattern)}) then try_cast({text} as double) end"
