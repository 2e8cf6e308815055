"""Where a field comes from: a column, a constant, an expression, or what a delivery says of all its rows."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from include.sources.parts import Part

DELIVERY_WORDS = ("{year}", "{month}", "{first_day}", "{last_day}")
"""What an expression may read besides the cells of its row: the period that the delivery is for."""
ANY_CELL = "any"


def regular_expression(text: str | None) -> str | None:
    """The text, where it is a regular expression; ValueError where it is none."""
    try:
        return text if text is None else re.compile(text).pattern
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}") from None


class ColumnMapping(Part):
    """A heading, with the source's own words for the codes of the field."""

    column: str
    codes: dict[str, str] = {}
    split: bool = Field(
        default=False,
        description="True where a cell may hold several addresses: each becomes a record of its own. Of identifier alone.",
    )


class ConstantMapping(Part):
    """The same value for every row."""

    constant: str


class ExpressionMapping(Part):
    """DuckDB SQL over the raw text columns of one row.

    "{year}", "{month}", "{first_day}" and "{last_day}" are those of the period that the delivery is for.
    """

    expression: str


class PeriodMapping(Part):
    """The period that the delivery is for, the same for each of its rows."""

    period: Literal["first_day", "last_day", "year", "month"] = Field(
        description="Its first or last day, for a date; else its year, 2025, or its month, 03."
    )


class FileNameMapping(Part):
    """What the name of the delivery says, the same for each of its rows."""

    file_name: str = Field(
        description="Regular expression searched in the name; its first group, or else all that matches, is the value. "
        "A delivery whose name does not match is refused."
    )
    codes: dict[str, str] = {}

    _valid = field_validator("file_name")(regular_expression)


class TitleCellMapping(Part):
    """What stands above the table, the same for each of its rows."""

    title_cell: str = Field(
        pattern=r"^([A-Z]{1,3}[1-9]\d{0,3}|any)$",
        description="A cell of the title rows, as a sheet names it: B2; or any, for the one in which `pattern` is found.",
    )
    pattern: str | None = Field(
        default=None,
        description="Regular expression searched in the cell; its first group, or else all that matches, is the value. "
        "A delivery in which it is not found is refused.",
    )
    codes: dict[str, str] = {}

    _valid = field_validator("pattern")(regular_expression)

    @model_validator(mode="after")
    def _can_be_found(self) -> TitleCellMapping:
        if self.title_cell == ANY_CELL and not self.pattern:
            raise ValueError(
                "pattern: expected a regular expression that tells the cell, with title_cell: any"
            )
        return self

    @property
    def row(self) -> int:
        """Row of the cell from 1; 0 for any."""
        return int("".join(filter(str.isdigit, self.title_cell)) or 0)

    @property
    def column(self) -> int:
        """Number of the column from 0; -1 for any."""
        number = 0
        for letter in filter(str.isupper, self.title_cell):
            number = number * 26 + ord(letter) - ord("A") + 1
        return number - 1


BY_KEY: dict[str, type[Part]] = {
    "column": ColumnMapping, "constant": ConstantMapping, "expression": ExpressionMapping, "period": PeriodMapping,
    "file_name": FileNameMapping, "title_cell": TitleCellMapping,
}  # fmt: skip


def _kind(value: Any) -> str | None:
    """Which mapping is meant: by its key, so that a fault of it is told once."""
    if isinstance(value, str):
        return "str"
    if isinstance(value, dict):
        return next((part.__name__ for key, part in BY_KEY.items() if key in value), None)
    return type(value).__name__ if isinstance(value, Part) else None


Mapping = Annotated[
    Annotated[str, Tag("str")]
    | Annotated[ColumnMapping, Tag("ColumnMapping")]
    | Annotated[ConstantMapping, Tag("ConstantMapping")]
    | Annotated[ExpressionMapping, Tag("ExpressionMapping")]
    | Annotated[PeriodMapping, Tag("PeriodMapping")]
    | Annotated[FileNameMapping, Tag("FileNameMapping")]
    | Annotated[TitleCellMapping, Tag("TitleCellMapping")],
    Discriminator(
        _kind,
        custom_error_type="mapping",
        custom_error_message=f"expected a heading, or a block with one of the keys {', '.join(BY_KEY)}",
    ),
]
