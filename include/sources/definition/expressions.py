"""Expressions of a mapping: a list of functions and operators over the cells of a row, and nothing else.

DuckDB's parser makes the tree; only what stands on the lists below is written out again as SQL, with the cells in
the places of the headings. Nothing is evaluated here.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import duckdb

from include.runtime.engine import connect

LONGEST = 10_000
DEEPEST = 300
"""Levels of the tree; a part inside another is three or four of them."""
BEFORE = "select ("
LONGEST_TEXT = 1_000
"""Letters that a filling function may be asked for."""

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "text": (
        "chr", "concat", "concat_ws", "contains", "ends_with", "left", "length", "lower", "lpad", "ltrim",
        "position", "replace", "reverse", "right", "rpad", "rtrim", "split_part", "starts_with",
        "strip_accents", "strpos", "substr", "substring", "translate", "trim", "upper",
    ),
    "patterns": ("regexp_extract", "regexp_full_match", "regexp_matches", "regexp_replace"),
    "choice": ("greatest", "if", "least", "nullif"),
    "numbers": ("abs", "ceil", "floor", "round", "sign", "trunc"),
    "dates": (
        "date_diff", "date_part", "date_trunc", "day", "last_day", "make_date", "month", "quarter", "strftime",
        "strptime", "to_days", "to_months", "to_years", "try_strptime", "year",
    ),
    "lists": ("array_to_string", "len", "list_contains", "list_extract", "list_position", "list_value",
              "string_split"),
    "fingerprints": ("md5", "sha256"),
}  # fmt: skip
"""What an expression may call; each gives the same for the same cells, whenever and wherever it is asked."""
OPERATORS = ("||", "+", "-", "*", "/", "//", "%", "~~", "!~~", "~~*", "!~~*", "~", "!~")
FORMS = {
    "COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "<>", "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHAN": ">",
    "COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHANOREQUALTO": ">=",
    "COMPARE_DISTINCT_FROM": "is distinct from", "COMPARE_NOT_DISTINCT_FROM": "is not distinct from",
    "CONJUNCTION_AND": "and", "CONJUNCTION_OR": "or",
}  # fmt: skip
TYPES = (
    "bigint", "boolean", "date", "decimal", "double", "float", "hugeint", "int", "integer", "numeric", "smallint",
    "text", "time", "timestamp", "varchar",
)  # fmt: skip
ALSO = (
    "`coalesce`, `ifnull`, `case`, `in`, `between`, `is null`, `is distinct from`, `like`, `ilike`, "
    "`similar to`, `and`, `or`, `not`, `=` `<>` `<` `<=` `>` `>=`, a list in brackets and `[n]`"
)
# Places of arguments that the engine looks at before it has a row: they have to be written out.
WRITTEN_OUT: dict[str, tuple[int, ...]] = {
    "regexp_extract": (1, 2), "regexp_full_match": (1, 2), "regexp_matches": (1, 2), "regexp_replace": (1, 2, 3),
    "strftime": (1,), "strptime": (1,), "try_strptime": (1,), "date_part": (0,), "date_trunc": (0,),
    "date_diff": (0,), "round": (1,), "trunc": (1,), "lpad": (1,), "rpad": (1,), "chr": (0,),
}  # fmt: skip
FILLING = ("lpad", "rpad")
OF_DATES = ("strptime", "try_strptime")
NOISE = {"query_location", "query_location_length", "qualified_name", "class", "type"}

_FUNCTIONS = frozenset(name for names in FUNCTIONS.values() for name in names)
_ENDINGS = {"OPERATOR_IS_NULL": "is null", "OPERATOR_IS_NOT_NULL": "is not null"}

Cell = Callable[[str], str]


def expression_columns(expression: str) -> tuple[str, ...]:
    """Headings that an expression reads.

    Raises:
        ValueError: not one expression of listed functions and operators over the cells of a row, or one whose
            arguments do not fit its functions.
    """
    return _checked(expression)[1]


def expression_sql(expression: str, cells: Mapping[str, str]) -> str:
    """SQL of an expression, each heading replaced by the SQL of its cell.

    Args:
        expression: as the definition has it.
        cells: heading → SQL; has every heading of `expression_columns`.
    """
    return _written(_checked(expression)[0], lambda heading: f"({cells[heading]})")


@functools.lru_cache(maxsize=1024)
def _checked(expression: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The tree of an expression, and the headings in it."""
    if len(expression) > LONGEST:
        raise ValueError(f"found {len(expression)} letters, expected at most {LONGEST}")
    if not expression.strip():
        raise ValueError("found nothing, expected one expression")
    read: dict[str, str] = {}
    with connect(threads=1) as connection:
        tree = _tree(connection, expression)
        sql = _written(tree, lambda heading: read.setdefault(heading, f"c{len(read)}"))
        _check_headings(tree, f"{BEFORE}{expression}".encode())
        cells = ", ".join(f"null::varchar as {name}" for name in read.values()) or "null as nothing"
        try:  # DESCRIBE binds: it looks up functions and types, and evaluates no row
            connection.execute(f"describe select {sql} from (select {cells})")
        except duckdb.Error as error:
            raise ValueError(
                f"expected an expression that can be evaluated: {str(error).splitlines()[0]}"
            ) from None
    return tree, tuple(sorted(read))


def _tree(connection: duckdb.DuckDBPyConnection, expression: str) -> dict[str, Any]:
    """The tree of the one expression, by DuckDB's parser."""
    text = connection.execute(
        "select json_serialize_sql(?, skip_default := true, skip_null := true)", [f"{BEFORE}{expression}\n)"]
    ).fetchall()[0][0]
    try:
        parsed = json.loads(text)
    except RecursionError:
        raise _too_deep() from None
    if parsed["error"]:
        raise ValueError(f"expected one SQL expression over the cells of a row: {parsed['error_message']}")
    nodes = [statement["node"] for statement in parsed["statements"]]
    plain = {"type", "cte_map", "select_list", "from_table", "aggregate_handling"}
    if (
        len(nodes) != 1
        or not nodes[0].keys() <= plain
        or nodes[0]["type"] != "SELECT_NODE"
        or nodes[0]["from_table"]["type"] != "EMPTY"
        or len(nodes[0]["select_list"]) != 1
    ):
        raise ValueError("found a query, expected one expression over the cells of a row")
    tree: dict[str, Any] = nodes[0]["select_list"][0]
    if any(depth >= DEEPEST for depth, _ in enumerate(_levels(tree))):
        raise _too_deep()
    return tree


def _levels(tree: dict[str, Any]) -> Iterator[list[Any]]:
    """The parts of the tree, level by level."""
    level: list[Any] = [tree]
    while level:
        yield level
        parts = (node.values() if isinstance(node, dict) else node for node in level)
        level = [part for values in parts for part in values if isinstance(part, dict | list)]


def _check_headings(tree: dict[str, Any], text: bytes) -> None:
    """Headings stand in double quotes, so that none is taken for a word of SQL such as current_date."""
    for node in itertools.chain.from_iterable(_levels(tree)):
        if isinstance(node, dict) and node.get("class") == "COLUMN_REF":
            place = node.get("query_location")
            if place is not None and text[place : place + 1] != b'"':
                raise _not_a_heading(node["column_names"])


def _not_a_heading(names: list[str]) -> ValueError:
    return ValueError(f"found {'.'.join(names)}, expected headings in double quotes")


def _too_deep() -> ValueError:
    return ValueError(f"found too many parts inside each other, expected at most {DEEPEST // 4}")


def _written(node: dict[str, Any], cell: Cell) -> str:
    """SQL of a part of the tree; whatever is not on a list is refused."""
    parts = {key: value for key, value in node.items() if key not in NOISE}
    kind, form = node["class"], node["type"]
    match kind, parts:
        case "COLUMN_REF", {"column_names": [heading], **rest} if not rest:
            return cell(heading)
        case "COLUMN_REF", {"column_names": names}:
            raise _not_a_heading(names)
        case "CONSTANT", {"literal": literal, **rest} if not rest:
            return _literal(literal)
        case "FUNCTION", {"function_name": _}:
            return _call(parts, cell)
        case "CAST", {"child": child, "type_expr": wanted, **rest} if rest.keys() <= {"try_cast"}:
            word = "try_cast" if rest.get("try_cast") else "cast"
            return f"{word}({_written(child, cell)} as {_type(wanted)})"
        case "COMPARISON", {"left": left, "right": right, **rest} if not rest and form in FORMS:
            return f"({_written(left, cell)} {FORMS[form]} {_written(right, cell)})"
        case "CONJUNCTION", {"children": children, **rest} if not rest and form in FORMS:
            return "(" + f" {FORMS[form]} ".join(_written(each, cell) for each in children) + ")"
        case "BETWEEN", {"input": value, "lower": lower, "upper": upper, **rest} if not rest:
            return f"({_written(value, cell)} between {_written(lower, cell)} and {_written(upper, cell)})"
        case "CASE", {"case_checks": checks, "else_expr": otherwise, **rest} if not rest:
            return f"case {' '.join(_branches(checks, cell))} else {_written(otherwise, cell)} end"
        case "OPERATOR", {"children": children, **rest} if not rest:
            return _form(form, [_written(each, cell) for each in children])
    raise _not_allowed(str(node.get("function_name") or form).lower().replace("_", " "))


def _branches(checks: list[dict[str, Any]], cell: Cell) -> Iterator[str]:
    for check in checks:
        yield f"when {_written(check['when_expr'], cell)} then {_written(check['then_expr'], cell)}"


def _form(form: str, values: list[str]) -> str:
    """SQL of an operator that is written in a form of its own."""
    first, rest = values[0], ", ".join(values[1:])
    if form in _ENDINGS:
        return f"({first} {_ENDINGS[form]})"
    match form:
        case "OPERATOR_NOT":
            return f"(not {first})"
        case "OPERATOR_COALESCE":
            return f"coalesce({', '.join(values)})"
        case "COMPARE_IN":
            return f"({first} in ({rest}))"
        case "COMPARE_NOT_IN":
            return f"({first} not in ({rest}))"
        case "ARRAY_EXTRACT":
            return f"({first})[{rest}]"
    raise _not_allowed(form.lower().replace("_", " "))


def _call(parts: dict[str, Any], cell: Cell) -> str:
    name = parts["function_name"].lower()
    arguments = parts.get("arguments", [])
    more = parts.keys() - {"function_name", "arguments", "is_operator", "order_bys"}
    operator = parts.get("is_operator", False)
    named = any(argument.keys() != {"expression"} for argument in arguments)
    sorting = parts.get("order_bys", {}).keys() - {"type"}
    if name not in (OPERATORS if operator else _FUNCTIONS) or more or named or sorting:
        raise _not_allowed(name)
    nodes = [argument["expression"] for argument in arguments]
    _check_what_is_written_out(name, nodes)
    values = [_written(node, cell) for node in nodes]
    if operator:
        return f"({f' {name} '.join(values)})" if len(values) == 2 else f"({name} {values[0]})"
    return f'"{name}"({", ".join(values)})'


def _check_what_is_written_out(name: str, nodes: list[dict[str, Any]]) -> None:
    for place in WRITTEN_OUT.get(name, ()):
        if place >= len(nodes):
            continue
        literal = nodes[place].get("literal", {})
        if nodes[place]["class"] != "CONSTANT" or literal.get("kind") == "NULL_LITERAL":
            raise ValueError(
                f"argument {place + 1} of {name}: found a part that is computed, expected a value written out"
            )
        text = literal.get("text", "")
        if name in FILLING and not (text.isdecimal() and int(text) <= LONGEST_TEXT):
            raise ValueError(f"{name}: found a length of {text[:20]}, expected 0 to {LONGEST_TEXT}")
        if name in OF_DATES and re.search("%z", text, re.IGNORECASE):
            raise ValueError(
                f"{name}: found %z in the format; expected a local time. Map the column itself and give the format "
                "under format.dates: then the moment becomes a day in Kazakhstan"
            )


def _literal(literal: dict[str, Any]) -> str:
    kind, text = literal["kind"], literal.get("text", "")
    if kind == "STRING":
        return "'" + text.replace("'", "''") + "'"
    if kind == "NULL_LITERAL":
        return "null"
    if kind == "BOOLEAN" and text in ("true", "false"):
        return str(text)
    if kind in ("INTEGER", "NUMERIC") and re.fullmatch(r"-?[0-9._]+([eE][-+]?[0-9]+)?", text):
        return f"({text})"
    raise _not_allowed(f"{kind.lower()} literal")


def _type(wanted: dict[str, Any]) -> str:
    name = str(wanted.get("type_name", "")).lower()
    sizes = [each.get("literal", {}) for each in wanted.get("children", [])]
    if name not in TYPES or not wanted.keys() - NOISE <= {"type_name", "children"}:
        raise _not_allowed(f"cast to {name or 'another type'}")
    if not all(size.get("kind") == "INTEGER" and size["text"].isdecimal() for size in sizes):
        raise _not_allowed(f"size of {name}")
    return name + (f"({', '.join(size['text'] for size in sizes)})" if sizes else "")


def _not_allowed(found: str) -> ValueError:
    return ValueError(f"found {found}, expected only {allowed()}")


def allowed() -> str:
    """What an expression may use, in one sentence."""
    return (
        f"the functions {', '.join(sorted(_FUNCTIONS))}; the operators {' '.join(OPERATORS)}; "
        f"{ALSO.replace('`', '')}; casts to {', '.join(TYPES)}; headings in double quotes"
    )
