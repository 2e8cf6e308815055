"""JSON samples: lines or a document, where the list of records is, and the paths in a record."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from include.sources.looking.sample import RECORDS, Sample
from include.sources.looking.table import Decision, Table
from include.sources.looking.text import Text

CLOSERS = {"{": "}", "[": "]"}
DEPTH = 6
"""Lists of records are looked for so many keys deep."""


def json_tables(sample: Sample, text: Text) -> list[Table] | None:
    """Every list of objects in a JSON sample as a table; None where it is no JSON.

    Raises:
        SourceError: it is nested deeper than a delivery may be, or broken.
    """
    _check_nesting(sample, text.text)
    documents = _documents(text.text, sample.is_whole)
    if not documents:
        _check_whole(sample, text.text)
        return None
    tables = [_table(text, keys, records) for keys, records in _lists(documents)]
    lists = tables or any(_has_list(each) for each in documents)
    if (
        all(isinstance(each, dict) for each in documents)
        and (len(documents) > 1 or not lists)
        and _one_a_line(text.text, len(documents))
    ):
        tables.insert(0, _table(text, {"kind": "jsonl", "encoding": text.encoding}, documents))
    return [table for table in tables if table.columns]


def flat(record: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """The texts of a record by path; lists are left out, null is nothing."""
    found: dict[str, str] = {}
    for key, value in record.items():
        path = f"{before}{key}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{path}.")
        elif not isinstance(value, list):
            found[path] = _text(value)
    return found


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _documents(text: str, is_whole: bool) -> list[Any]:
    """The documents of a text one after another; of one that the sample cuts, what is whole of it."""
    decoder = json.JSONDecoder(parse_float=_Written, parse_int=_Written)
    found: list[Any] = []
    place = len(text) - len(text.lstrip())
    while place < len(text) and len(found) < RECORDS:
        try:
            value, place = decoder.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError):
            if not found and (lines := _whole_lines(text)):
                return lines
            if found and (line := text.find("\n", place)) >= 0:  # a broken line among good ones
                place = line + 1
            elif not found and not is_whole:
                return [json.loads(mended, parse_float=_Written)] if (mended := _mended(text)) else []
            else:
                break
        else:
            found.append(value)
        place += len(text[place:]) - len(text[place:].lstrip()) if text[place : place + 1].isspace() else 0
    return found if all(isinstance(each, dict | list) for each in found) else []


def _whole_lines(text: str) -> list[Any]:
    """The objects of JSON lines whose first line is broken; none where fewer than half of the lines are whole."""
    lines = [line for line in text.splitlines()[:RECORDS] if line.strip()]
    found = []
    for line in lines:
        with contextlib.suppress(json.JSONDecodeError, RecursionError):
            found.append(json.loads(line, parse_float=_Written, parse_int=_Written))
    return found if len(found) * 2 >= len(lines) and all(isinstance(each, dict) for each in found) else []


class _Written(str):
    """A number as it is written: it must not go through a float."""


def _mended(text: str) -> str:
    """A document that the sample cuts, ended after its last whole element; "" where there is none."""
    stack: list[str] = []
    inside = escaped = False
    end, closing = 0, ""
    for place, sign in enumerate(text):
        if inside:
            inside = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            inside = True
        elif sign in CLOSERS:
            stack.append(sign)
        elif sign in "}]" and stack:
            stack.pop()
            if stack and stack[-1] == "[":
                end, closing = place + 1, "".join(CLOSERS[each] for each in reversed(stack))
    return text[:end] + closing if end else ""


def _lists(documents: list[Any]) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Each path at which lists of objects stand, with the objects of all documents; and lists inside those."""
    paths = dict.fromkeys(path for document in documents[:100] for path in _paths(document))
    for path in paths:
        records = [record for document in documents for record in _at(document, path)]
        keys: dict[str, Any] = {"kind": "json", "items": ".".join(path)}
        if total := _total(documents, len(records)):
            keys["total"] = total
        yield keys, records[:RECORDS]
        inner = dict.fromkeys(p for record in records[:100] for p in _paths(record) if p)
        for each in inner:
            longer = [
                {**record, **{f"{'.'.join(each)}.{k}": v for k, v in part.items()}}
                for record in records
                for part in _at(record, each)
            ]
            yield keys | {"each": ".".join(each)}, longer[:RECORDS]


def _paths(part: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(part, list):
        if part and all(isinstance(each, dict) for each in part):
            yield before
    elif isinstance(part, dict) and len(before) < DEPTH:
        for key, value in part.items():
            yield from _paths(value, (*before, key))


def _at(part: Any, path: tuple[str, ...]) -> list[Any]:
    for key in path:
        part = part.get(key) if isinstance(part, dict) else None
    return part if isinstance(part, list) and all(isinstance(each, dict) for each in part) else []


def _has_list(part: Any) -> bool:
    return isinstance(part, list) or (isinstance(part, dict) and any(map(_has_list, part.values())))


def _total(documents: list[Any], records: int) -> str:
    """Path of a number, the same in every document, that states how many records there are."""
    if not all(isinstance(document, dict) for document in documents):
        return ""
    found = [
        {path for path, text in flat(document).items() if text == str(records)} for document in documents
    ]
    same = set.intersection(*found)
    return min((path for path in same if "page" not in path.lower()), key=len, default="")


def _one_a_line(text: str, documents: int) -> bool:
    """Whether the documents are lines: of those that begin like one, some may be broken."""
    lines = sum(1 for line in text.splitlines() if line.strip().startswith("{"))
    return documents - 1 <= lines <= 1 + 2 * documents


def _table(text: Text, keys: dict[str, Any], records: list[Any]) -> Table:
    rows = [flat(record) for record in records]
    headings = dict.fromkeys(heading for row in rows for heading in row)
    columns = {heading: [row.get(heading, "").strip() for row in rows] for heading in headings}
    decisions = list(text.decisions)
    if text.encoding not in ("utf-8", "ascii"):
        keys = keys | {"encoding": text.encoding}
    if keys["kind"] == "json" and "total" not in keys:
        decisions.append(
            Decision(
                "format.total",
                "no number in the sample states how many records there are",
                "with one, an answer that lost records is refused; ask the source for it",
            )
        )
    return Table(keys, columns, decisions=decisions)


def _check_whole(sample: Sample, text: str) -> None:
    """Refuse what begins like JSON and is none; `[№];…` does not begin so."""
    if not re.match(r'\s*(\{\s*["}]|\[\s*[{\]])', text):
        return
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise sample.refuse(
            f"line {error.lineno}", "broken JSON", "a whole document", "Ask the source to deliver again."
        ) from None
    except RecursionError:
        return


def _check_nesting(sample: Sample, text: str) -> None:
    depth = deepest = 0
    for sign in text[: 1 << 16]:
        depth += (sign in CLOSERS) - (sign in "}]")
        deepest = max(deepest, depth)
    if deepest > 4 * sample.limits.nesting:
        raise sample.refuse(
            "JSON", "deeper nesting", f"at most {sample.limits.nesting} levels (limits.nesting)",
            "Ask the source for plain records.",
        )  # fmt: skip
