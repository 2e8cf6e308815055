"""The Great Expectations suite of a contract, as plain data: nothing here imports Great Expectations."""

from __future__ import annotations

from typing import Any

from include.contracts.codelists import codes
from include.contracts.model import Contract, Expectation, Field


def expectations(contract: Contract) -> list[Expectation]:
    """Column expectations from the fields, then the dataset expectations that the contract spells out.

    They judge accepted rows again by another engine: one that fails is a defect in one of the two.
    """
    made = [
        Expectation(
            "columns",
            "expect_table_columns_to_match_ordered_list",
            {"column_list": [field.name for field in contract.columns]},
        )
    ]
    for field in contract.columns:
        made += _column(field)
    return made + list(contract.expectations)


def _column(field: Field) -> list[Expectation]:
    def expectation(suffix: str, kind: str, **kwargs: Any) -> Expectation:
        return Expectation(f"{field.name}.{suffix}", kind, {"column": field.name, **kwargs})

    made = []
    if field.required:
        made.append(expectation("required", "expect_column_values_to_not_be_null"))
    if field.codelist:
        made.append(expectation("code", "expect_column_values_to_be_in_set", value_set=codes(field.codelist)))
    low = field.minimum if field.minimum is not None else field.above
    high = field.maximum
    if field.type == "date":  # a bound with a time is read as a moment, which is what the engine compares
        low, high = (f"{bound}T00:00:00" if bound is not None else None for bound in (low, high))
    if low is not None or high is not None:
        made.append(
            expectation(
                "range",
                "expect_column_values_to_be_between",
                min_value=low,
                max_value=high,
                strict_min=field.above is not None and field.zero_with is None,
            )
        )
    if field.min_length is not None or field.max_length is not None:
        made.append(
            expectation(
                "length",
                "expect_column_value_lengths_to_be_between",
                min_value=field.min_length,
                max_value=field.max_length,
            )
        )
    if field.pattern is not None:
        made.append(expectation("pattern", "expect_column_values_to_match_regex", regex=field.pattern))
    return made
