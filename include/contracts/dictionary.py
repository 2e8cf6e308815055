"""The data dictionary: every column of every table, written from the contracts alone."""

from __future__ import annotations

from collections.abc import Iterable

from include.contracts.model import Contract, Field


def dictionary_markdown(contracts: Iterable[Contract]) -> str:
    """A Markdown page: one section a table, one line a column (name, type, unit or list, meaning)."""
    lines = ["# Data dictionary", "", "Written from the data contracts; edit those, not this page.", ""]
    for contract in contracts:
        lines += [f"## {contract.name}", "", f"{contract.description} {contract.usage}".strip(), ""]
        lines += [
            f"Contract version {contract.version}.",
            "",
            "| column | type | values | meaning |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{f.name}` | {f.type}{'' if f.required else ', may be empty'} | {_values(f)} | {_meaning(f)} |"
            for f in contract.columns
        ]
        if contract.checks:
            lines += ["", "Rows are checked further:", ""]
            lines += [f"- `row.{check.id}`: {check.description}" for check in contract.checks]
        lines.append("")
    return "\n".join(lines)


def _values(field: Field) -> str:
    if field.codelist:
        return f"code list `{field.codelist}`"
    bounds = []
    if field.minimum is not None:
        bounds.append(f"≥ {field.minimum}")
    if field.above is not None:
        bounds.append(f"> {field.above}" + (f", or 0 with {field.zero_with}" if field.zero_with else ""))
    if field.maximum is not None:
        bounds.append(f"≤ {field.maximum}")
    if field.max_length is not None:
        bounds.append(f"up to {field.max_length} characters")
    if field.pattern is not None:
        bounds.append(f"`{field.pattern}`")
    return ", ".join(([field.unit] if field.unit else []) + bounds).replace("|", "\\|")


def _meaning(field: Field) -> str:
    marks = [mark for mark, on in (("restricted", field.restricted), ("derived", field.derived)) if on]
    return field.description.replace("|", "\\|") + (f" ({', '.join(marks)})" if marks else "")
