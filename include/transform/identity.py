"""Which record a row is (R1) and whether its content was seen before (R2), as DuckDB expressions."""

from __future__ import annotations

from collections.abc import Sequence

from include.contracts import Contract
from include.transform.values import quoted


def record_key(source_id: str, dataset: str, identity: Sequence[str]) -> str:
    """SQL for the identity of a record: source, dataset and the values of the declared identity fields."""
    values = ", ".join(f"coalesce(cast({name} as varchar), '')" for name in identity)
    return f"concat_ws('|', {quoted(source_id)}, {quoted(dataset)}, {values})"


def content_hash(contract: Contract) -> str:
    """SQL for the MD5 of the reported content, `name=value` of every field that has one.

    Empty fields leave no trace, so that a column added to the contract changes no earlier hash.
    """
    parts = ", ".join(
        f"{quoted(field.name + '=')} || cast({field.name} as varchar)" for field in contract.reported
    )
    return f"md5(concat_ws(chr(31), {parts}))"
