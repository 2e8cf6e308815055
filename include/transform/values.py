"""From text to typed values, as DuckDB expressions: strictly by what the source declares, never by a guess.

Every function returns SQL over one row. `raw_<field>` is the text of a field or null, the typed value is null
where the text cannot be read: the row rules of the contract turn that into a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from include.contracts import Contract, Field, fold, spellings

SPACES = " \t\r\n\u00a0"
FOLD_MACRO = """
create or replace temp macro fold_word(word) as replace(lower(trim(regexp_replace(
    replace(rtrim(word, '*¹²³ '), chr(160), ' '), '\\s+', ' ', 'g'))), 'ё', 'е')
"""


@dataclass(frozen=True)
class TextRules:
    """How a source writes values: decimal sign, thousands mark, date formats (strptime), words for nothing."""

    decimal: str
    thousands: str
    dates: tuple[str, ...]
    null_values: tuple[str, ...]


def quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def raw_value(expression: str, rules: TextRules) -> str:
    """Text without outer spaces; null where the source says nothing."""
    words = ", ".join(quoted(word) for word in sorted({"", *rules.null_values}))
    cell = f"trim({expression}, {quoted(SPACES)})"
    return f"case when {cell} in ({words}) then null else {cell} end"


def typed_value(field: Field, rules: TextRules) -> str:
    """The typed value of `raw_<field>`; code-list fields are read by the join of `code_joins`."""
    raw = f"raw_{field.name}"
    if field.codelist:
        return f"{field.name}_codes.code"
    if field.type == "date":
        formats = "[" + ", ".join(map(quoted, rules.dates)) + "]"
        return f"cast(try_strptime({raw}, {formats}) as date)"
    if field.type in ("number", "integer"):
        return _number(raw, field.type, rules)
    return raw


def code_joins(contract: Contract) -> str:
    """LEFT JOINs that look up the code of each code-list field among the spellings of `register_codes`."""
    joins = []
    for field in contract.fields:
        if field.codelist:
            word = f"raw_{field.derived_from or field.name}"
            joins.append(f"left join {field.name}_codes on {field.name}_codes.word = {word}")
    return " ".join(joins)


def register_codes(
    connection: duckdb.DuckDBPyConnection, field: Field, own: dict[str, str], words_query: str
) -> None:
    """Make the table `<field>_codes(word, code)`: each distinct word of this delivery that the list knows.

    `own` are the words of one source; they win over the common spellings. Reading each distinct word once
    keeps the fold (case, spaces, footnote marks) out of the pass over the rows.
    """
    assert field.codelist
    known = spellings(field.codelist) | {fold(word): code for word, code in own.items()}
    table = pa.table({"folded": list(known), "code": list(known.values())})
    connection.register("spelling_list", table)
    connection.execute(FOLD_MACRO)
    connection.execute(
        f"create or replace temp table {field.name}_codes as select word, code "
        f"from (select distinct word from ({words_query}) where word is not null) "
        "join spelling_list on folded = fold_word(word)"
    )
    connection.unregister("spelling_list")


def _number(raw: str, kind: str, rules: TextRules) -> str:
    text = raw
    if rules.thousands:
        text = f"replace(replace({text}, {quoted(rules.thousands)}, ''), chr(160), '')"
    whole = "[+-]?[0-9]+"
    if kind == "integer":
        return f"case when regexp_full_match({text}, '{whole}') then try_cast({text} as bigint) end"
    pattern = (
        f"{whole}([{rules.decimal}][0-9]+)?([eE][+-]?[0-9]+)?"
        if rules.decimal == "."
        else f"{whole}(,[0-9]+)?"
    )
    return f"case when regexp_full_match({text}, '{pattern}') then try_cast(replace({text}, ',', '.') as double) end"
