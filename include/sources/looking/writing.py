"""A proposal as YAML: every key in its place, and beside it what a person must decide about it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from include.sources.looking.codes import UnknownWord
from include.sources.looking.proposal import Proposal
from include.sources.looking.table import Decision

WIDTH = 110
SHORT = 90
BLOCKS = {"transport", "format", "fields", "columns"}


def to_yaml(proposal: Proposal, sample: str, schema: str) -> str:
    """The proposed definition as the text of a file.

    Args:
        proposal: what was found.
        sample: name of the file it was found in.
        schema: where editors find the JSON Schema, as a path or address.
    """
    document, pending = proposal.document, [*proposal.decisions, *proposal.usual]
    (dataset, feed), *_ = document["feeds"].items()
    lines = [f"# yaml-language-server: $schema={_plain(schema)}"]
    lines += _comment(
        0,
        f"Proposed from {proposal.records:,} records of {sample}. What a person must decide is marked DECIDE, what every source says of itself USUAL.",
    )
    lines += _block({key: document[key] for key in ("source", "name", "regions")}, "", 0, pending, proposal)
    lines += ["feeds:", f"  {dataset}:"]
    lines += _block(feed, "", 4, pending, proposal)
    for decision in pending:
        lines += _decide(0, decision)
    return "\n".join(lines) + "\n"


def _block(
    keys: Mapping[str, Any], path: str, indent: int, pending: list[Decision], proposal: Proposal
) -> list[str]:
    lines: list[str] = []
    space = " " * indent
    for key, value in keys.items():
        place = f"{path}{key}"
        for decision in _taken(pending, place):
            lines += _decide(indent, decision)
        words = proposal.unknown_words.get(key, []) if path == "fields." else []
        if words:
            value = value if isinstance(value, dict) else {"column": value}
            lines += [f"{space}{key}:", f"{space}  column: {_flow(value['column'])}"]
            lines += _codes(indent + 2, value.get("codes", {}), words, _taken(pending, f"{place}.codes"))
        elif isinstance(value, dict) and (key in BLOCKS or len(_flow(value)) > SHORT):
            lines += [f"{space}{_flow_key(key)}:", *_block(value, f"{place}.", indent + 2, pending, proposal)]
        else:
            for decision in _taken(pending, place, below=True):
                lines += _decide(indent, decision)
            fits = f"  # confidence {proposal.confidence:.0%}" if place == "format.encoding" else ""
            lines.append(f"{space}{_flow_key(key)}: {_flow(value)}{fits}")
        if key == "fields":
            lines += _left(indent + 2, proposal)
        for decision in _taken(pending, place, below=True):
            lines += _decide(indent + 2, decision)
    return lines


def _left(indent: int, proposal: Proposal) -> list[str]:
    """Columns without a field."""
    return _comment(indent, f"Not taken: {', '.join(map(_flow, proposal.unused))}") if proposal.unused else []


def _codes(
    indent: int, codes: Mapping[str, str], words: Sequence[UnknownWord], decisions: Sequence[Decision]
) -> list[str]:
    """The words that are known and those that must be decided, with the codes that they agree with, ready to be uncommented."""
    space = " " * indent
    asked = [line for decision in decisions for line in _decide(indent, decision)]
    known = [f"{space}codes:", *(f"{space}  {_flow(word)}: {code}" for word, code in codes.items())]
    open_ = [f"{_flow(each.word)}: {each.agreeing or '?'}  # {each.counted}" for each in words]
    if codes:
        asked = [line for decision in decisions for line in _decide(indent + 2, decision)]
        return [*known, *asked, *(f"{space}  # {line}" for line in open_)]
    return [*asked, f"{space}# codes:", *(f"{space}#   {line}" for line in open_)]


def _decide(indent: int, decision: Decision) -> list[str]:
    return _comment(indent, f"{'USUAL' if decision.usual else 'DECIDE'}: {decision.what}; {decision.why}.")


def _comment(indent: int, text: str) -> list[str]:
    space = " " * indent
    return textwrap.wrap(
        _plain(text), WIDTH, initial_indent=f"{space}# ", subsequent_indent=f"{space}#   ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _taken(pending: list[Decision], place: str, below: bool = False) -> list[Decision]:
    """Decisions about a key, or about keys below it that are not there; they are pending no longer."""
    found = [each for each in pending if each.key == place or (below and each.key.startswith(f"{place}."))]
    for each in found:
        pending.remove(each)
    return found


def _flow(value: Any) -> str:
    """A value on one line."""
    text = _dumped(value)
    return text if text.isprintable() else _dumped(value, default_style='"', allow_unicode=False)


def _dumped(value: Any, **how: Any) -> str:
    usual: dict[str, Any] = {"default_flow_style": True, "allow_unicode": True, "sort_keys": False}
    text: Any = yaml.safe_dump([value], width=10**6, **usual | how)
    return str(text).strip()[1:-1]


def _flow_key(key: str) -> str:
    return key if key.isidentifier() and key.isascii() else _flow(key)


def _plain(text: str) -> str:
    """Text that can stand in a comment: on one line, without signs that steer."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
