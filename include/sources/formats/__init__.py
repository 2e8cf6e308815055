"""Formats: the records of a delivery as text, whatever it came in."""

from __future__ import annotations

from include.sources.formats.filling import filled
from include.sources.formats.held import PLACES, held
from include.sources.formats.raw import Delivered, RawRows, Reading

__all__ = ["PLACES", "Delivered", "RawRows", "Reading", "held", "read"]


def read(reading: Reading) -> RawRows:
    """The delivery by its declared format; libraries are loaded only for the kind that is asked for.

    Raises:
        SourceError: the delivery as a whole cannot be read.
    """
    raw, unpivot = _read(reading), getattr(reading.feed.format, "unpivot", None)
    if unpivot is not None:
        from include.sources.formats.unpivot import unpivoted

        raw = unpivoted(reading, raw, unpivot)
    return filled(reading, raw)


def _read(reading: Reading) -> RawRows:
    declared = reading.feed.format
    if declared.kind == "csv":
        from include.sources.formats.csv import read_csv

        return read_csv(reading, declared)
    if declared.kind == "jsonl":
        from include.sources.formats.json import read_jsonl

        return read_jsonl(reading, declared)
    if declared.kind == "json":
        from include.sources.formats.json import read_json

        return read_json(reading, declared)
    if declared.kind == "fixed":
        from include.sources.formats.fixed import read_fixed

        return read_fixed(reading, declared)
    if declared.kind == "xml":
        from include.sources.formats.xml import read_xml

        return read_xml(reading, declared)
    if declared.kind == "parquet":
        from include.sources.formats.parquet import read_parquet

        return read_parquet(reading, declared)
    from include.sources.formats.workbook import read_workbook

    return read_workbook(reading, declared)
