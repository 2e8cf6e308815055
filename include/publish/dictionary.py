"""The dictionary that travels with a release: every column of its tables and every code, from the contracts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from include.contracts import Contract, codelist, dictionary_markdown
from include.publish.facts import ReleaseFacts
from include.publish.page import environment
from include.publish.texts import texts


def dictionary_html(contracts: Sequence[Contract], facts: ReleaseFacts) -> bytes:
    """dictionary.html: the columns of each table, then each code list with its names in three languages."""
    lists = sorted({c.codelist for contract in contracts for c in contract.columns if c.codelist})
    template = environment().get_template("dictionary.html.j2")
    html = template.render(
        facts=facts, tables=contracts, lists=[(name, _entries(name)) for name in lists], mark=synthetic_mark()
    )
    return html.encode("utf-8")


def dictionary_md(contracts: Sequence[Contract], facts: ReleaseFacts) -> bytes:
    """dictionary.md: the same columns as Markdown, with the release and, where synthetic, the mark on top."""
    mark = f"> **{synthetic_mark()}**\n\n" if facts.synthetic else ""
    head = f"Release {facts.release_id}, counting rules {facts.rules_version}.\n\n"
    return (mark + head + dictionary_markdown(contracts)).encode("utf-8")


def synthetic_mark() -> str:
    """The mark in three languages."""
    return " / ".join(texts(language)("synthetic_mark") for language in ("kk", "ru", "en"))


def _entries(name: str) -> list[dict[str, Any]]:
    table = codelist(name)
    return [{**row, "code": row[table.column_names[0]]} for row in table.to_pylist()]
