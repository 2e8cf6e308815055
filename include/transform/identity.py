"""Which record a row is (R1) and whether its content was seen before (R2), as DuckDB expressions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from include.contracts import Field
from include.transform.values import quoted

SEPARATOR = "\x1f"


def record_key(source_id: str, dataset: str, identity: Sequence[str]) -> str:
    """SQL for the identity of a record: source, dataset and the values of the declared identity fields, or of SQL."""
    values = ", ".join(f"coalesce(cast({name} as varchar), '')" for name in identity)
    return f"concat_ws('|', {quoted(source_id)}, {quoted(dataset)}, {values})"


def content_hash(fields: Iterable[Field]) -> str:
    """SQL for the MD5 of the reported content: mark and value of every reported field that has one.

    The mark stands for the field's name. Empty fields leave no trace, so that a column added to the contract
    changes no earlier hash. Rows that lack a required field are in quarantine and have no hash.

    Raises:
        ValueError: two names have the same mark.
    """
    reported = [field for field in fields if not field.derived]
    marks = {
        field.name: hashlib.md5(field.name.encode(), usedforsecurity=False).hexdigest()[:4]
        for field in reported
    }
    if len(set(marks.values())) < len(marks):
        raise ValueError(f"two of the columns {', '.join(marks)} have the same mark; rename the newest")
    parts = []
    for field in reported:
        mark = quoted(SEPARATOR + marks[field.name])
        parts.append(mark if field.required else f"case when {field.name} is null then '' else {mark} end")
        parts.append(field.name)
    return f"md5(concat({', '.join(parts)}))"
