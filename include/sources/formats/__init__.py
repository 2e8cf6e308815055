"""Formats: the records of a delivery as text, whatever it came in."""

from __future__ import annotations

from include.sources.definition import CsvFormat, HttpJsonTransport, JsonlFormat, XlsxFormat
from include.sources.formats.csv import exact_records, read_csv
from include.sources.formats.json import read_json_pages, read_jsonl
from include.sources.formats.raw import Delivered, RawRows, Reading
from include.sources.formats.xlsx import read_xlsx

__all__ = ["Delivered", "RawRows", "Reading", "exact_records", "read"]


def read(reading: Reading) -> RawRows:
    """The delivery by its declared format.

    Raises:
        SourceError: the delivery as a whole cannot be read.
    """
    declared = reading.feed.format
    if isinstance(declared, CsvFormat):
        return read_csv(reading, declared)
    if isinstance(declared, XlsxFormat):
        return read_xlsx(reading, declared)
    if isinstance(declared, JsonlFormat):
        return read_jsonl(reading, declared)
    assert isinstance(reading.feed.transport, HttpJsonTransport)
    return read_json_pages(reading, reading.feed.transport.items, reading.feed.transport.total)
