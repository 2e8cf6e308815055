"""How the bytes of a delivery are read: the keys of `format`. What is not declared is not guessed."""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator, model_validator

from include.sources.parts import Part

ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+")
MOST_COLUMNS = 10_000
HeadingPath = Annotated[str, Field(min_length=1)]


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"expected an encoding that Python knows, found {name!r}") from None
    return name


def _zone(name: str | None) -> str | None:
    if name is None:
        return None
    try:
        if ZONE.fullmatch(name):
            return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, OSError, ValueError):
        pass
    raise ValueError(f"expected the IANA name of a time zone (Asia/Almaty, UTC), found {name!r}")


def _expression(text: str | None) -> str | None:
    try:
        return text if text is None else re.compile(text).pattern
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}") from None


class Values(Part):
    """How a source writes values, whatever the format."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", " ", ".", ",", "'"] = Field(
        default="", description="Between groups of three digits; a no-break space counts as a space."
    )
    dates: list[str] = Field(
        default=["%Y-%m-%d"],
        description="strptime formats, tried in order; excel1900 and excel1904 read a day's number in a workbook.",
    )
    zone: str | None = Field(
        default=None,
        description="IANA name of the zone in which a moment (a time with an offset or Z) has its day: UTC; none: the "
        "zone of the region of its row. A time without an offset keeps the day that it names.",
    )
    null_values: list[str] = Field(default=[""], description="Words for nothing.")
    footnote_marks: str = Field(
        default="", description="Characters that may stand after a value and mean a footnote: *¹²³"
    )

    _valid_zone = field_validator("zone")(_zone)

    @model_validator(mode="after")
    def _signs_differ(self) -> Values:
        if self.thousands and self.thousands == self.decimal:
            raise ValueError("thousands: expected another sign than decimal")
        return self


class Unpivot(Part):
    """A wide table made long: each cell of some columns becomes a record of its own.

    A row whose cells there are all empty stays one record, so that it is not lost. raw_row is then
    1,000 × the row + the place of the column among these.
    """

    columns: str = Field(
        description="Regular expression; the headings that match it whole are turned into records."
    )
    name: str = Field(description="Heading under which the record finds the heading of its cell.")
    value: str = Field(description="Heading under which the record finds its cell.")

    _valid = field_validator("columns")(_expression)


class _Table(Values):
    """Rows under a heading."""

    title_rows: int = Field(default=0, ge=0, le=1000, description="Rows before the heading.")
    header_rows: int = Field(
        default=1,
        ge=0,
        le=20,
        description="Rows of the heading; of several, headings read `top / bottom`. 0 where there is none.",
    )
    footer: str | None = Field(
        default=None,
        description="Regular expression searched in the first cell of the last rows that is not empty; rows after "
        "the last one without it are no records: sums, signatures, notes.",
    )
    unpivot: Unpivot | None = None

    _valid_footer = field_validator("footer")(_expression)


def _numbered(columns: Any) -> Any:
    """So many columns without a name of their own: column 1, column 2, …"""
    if isinstance(columns, int) and not isinstance(columns, bool):
        if not 1 <= columns <= MOST_COLUMNS:
            raise ValueError(f"expected 1 to {MOST_COLUMNS} columns, found {columns}")
        return [place_name(number) for number in range(1, columns + 1)]
    return columns


def place_name(place: int | str) -> str:
    """What a column without a heading is called: `column 3`, or `column C` in a workbook."""
    return f"column {place}"


PLACE = re.compile(r"column (\d+|[A-Z]{1,3})")
ColumnNames = Annotated[
    list[HeadingPath], BeforeValidator(_numbered, json_schema_input_type=int | list[HeadingPath])
]


class CsvFormat(_Table):
    """Delimited text with one declared dialect."""

    kind: Literal["csv"]
    encoding: str = "utf-8"
    columns: ColumnNames | None = Field(
        default=None,
        description="With header_rows: 0 alone, and required there: how many columns there are, then called column 1, "
        "column 2, …; or a name for each.",
    )
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    merge_delimiters: bool = Field(
        default=False,
        description="True where several delimiters in a row part two cells as one does, as blanks do that make columns "
        "stand below each other.",
    )
    quote: str = Field(default='"', max_length=1, description="Empty where nothing is quoted.")
    escape: str | None = Field(
        default=None, max_length=1, description="Before a quote inside quotes; none: the quote stands twice."
    )
    comment: str | None = Field(
        default=None, min_length=1, max_length=1, description="A line that begins with it is no record."
    )

    _valid_encoding = field_validator("encoding")(_encoding)

    @model_validator(mode="after")
    def _marks_differ(self) -> CsvFormat:
        escape = None if self.escape == self.quote else self.escape
        marks = [mark for mark in (self.delimiter, self.quote, escape, self.comment) if mark]
        if len(set(marks)) != len(marks):
            raise ValueError("expected different signs for delimiter, quote, escape and comment")
        if {"\r", "\n", "\0"} & set(marks):
            raise ValueError("expected signs that end no line")
        if not (self.quote + (escape or "")).isascii():
            raise ValueError("expected signs of ASCII for quote and escape")
        return self

    @model_validator(mode="after")
    def _columns_are_named_once(self) -> CsvFormat:
        if self.header_rows == 0 and not self.columns:
            raise ValueError("columns: expected a number of columns, or their names, with header_rows: 0")
        if self.header_rows and self.columns is not None:
            raise ValueError("columns: expected only with header_rows: 0; else the heading names the columns")
        if self.columns and len(set(self.columns)) < len(self.columns):
            raise ValueError("columns: expected each name once")
        return self


class FixedColumn(Part):
    """Where a column stands in a line, in characters, the first one being 1."""

    start: int = Field(ge=1, le=100_000)
    width: int = Field(ge=1, le=100_000)


class FixedFormat(Values):
    """Lines with columns at fixed places."""

    kind: Literal["fixed"]
    encoding: str = "utf-8"
    columns: dict[str, FixedColumn] = Field(min_length=1)
    title_rows: int = Field(default=0, ge=0, le=1000, description="Lines before the first record.")
    footer: str | None = Field(default=None, description="As of csv, searched in the line.")
    cut_blanks: bool = Field(
        default=False,
        description="True where the source cuts blanks off the end of its lines; else a short line is broken.",
    )

    _valid_encoding = field_validator("encoding")(_encoding)
    _valid_footer = field_validator("footer")(_expression)


class WorkbookFormat(_Table):
    """One sheet of a workbook; merged labels stand in every row that they show in, a number in none but its own."""

    kind: Literal["xlsx", "xls", "ods"]
    sheet: str | None = Field(default=None, description="Name of the sheet.")
    sheet_pattern: str | None = Field(
        default=None, description="Or a regular expression that matches one name whole."
    )
    fill_merged: bool | list[str] = Field(
        default=True,
        description="Columns of labels, by heading, whose merged cells give their value to every row that they cover; "
        "true: every column that no number is read from, false: none. A number merged over several rows is never "
        "given to any of them: they are quarantined.",
    )

    _valid_pattern = field_validator("sheet_pattern")(_expression)

    @model_validator(mode="after")
    def _one_sheet(self) -> WorkbookFormat:
        if (self.sheet is None) == (self.sheet_pattern is None):
            raise ValueError("expected either sheet or sheet_pattern")
        return self


class JsonlFormat(Values):
    """One JSON object a line. A heading may be a path: `person.name`."""

    kind: Literal["jsonl"]
    encoding: str = "utf-8"

    _valid_encoding = field_validator("encoding")(_encoding)


class JsonFormat(Values):
    """A JSON document, or the pages of an API, with the list of records at a path."""

    kind: Literal["json"]
    items: str = Field(
        default="",
        description="Path of the list of records: data.items; empty where the document is the list.",
    )
    each: str | None = Field(
        default=None,
        description="Path, in a record, of a list: each of its elements becomes a record that also has what "
        "stands beside the list. raw_row is then 1,000 × the record + the place of the element.",
    )
    total: str | None = Field(
        default=None, description="Path of the number of records that the source states."
    )
    ignore: list[str] = Field(
        default=[],
        description="Paths of members beside the records that do not mean what they seem to: a next, a count, a "
        "truncated, an error. With others of that kind an answer that is not whole is refused.",
    )
    encoding: str = "utf-8"

    _valid_encoding = field_validator("encoding")(_encoding)


class XmlFormat(Values):
    """An XML document; its declaration names the encoding. Document types and entities are refused."""

    kind: Literal["xml"]
    record: str = Field(
        description="Path of the record elements from the root: report/records/record. Headings are paths in a "
        "record: name, person/name, @id, person/@id; namespaces are left out."
    )


class ParquetFormat(Values):
    """A Parquet file; values become text: 2025-03-31, 1.5, true."""

    kind: Literal["parquet"]


Format = Annotated[
    CsvFormat | FixedFormat | WorkbookFormat | JsonlFormat | JsonFormat | XmlFormat | ParquetFormat,
    Field(discriminator="kind"),
]
