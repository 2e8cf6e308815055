"""The Arrow schema of a contract."""

from __future__ import annotations

import pyarrow as pa

from include.contracts.model import Contract

ARROW = {
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}


def arrow_schema(contract: Contract) -> pa.Schema:
    """Columns in contract order with their Arrow types; a required column is not nullable."""
    return pa.schema([pa.field(f.name, ARROW[f.type], nullable=not f.required) for f in contract.columns])
