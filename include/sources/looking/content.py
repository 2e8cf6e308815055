"""What a sample is, by its content and not by its name, and every way to read records from it."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.sources.looking.delimited import blank_table, delimited_table, fixed_table
from include.sources.looking.elements import xml_tables
from include.sources.looking.objects import json_tables
from include.sources.looking.sample import RECORDS, Sample
from include.sources.looking.table import Table
from include.sources.looking.text import text_of
from include.sources.looking.workbook import workbook_tables

ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
OTHERS = {
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"{\\rtf": "a text of a word processor",
}


def tables_of(sample: Sample) -> list[Table]:
    """Every table that the sample can be read as.

    Raises:
        SourceError: it is of a kind that no format reads, or nothing in it looks like records under headings.
    """
    tables = [table for table in _tables(sample) if table.columns]
    if not tables:
        raise sample.refuse(
            "file", "no records under headings", "a table, or a list of objects or elements",
            "Take a sample that has some records.",
        )  # fmt: skip
    return tables


def _tables(sample: Sample) -> list[Table]:
    head = sample.head
    for magic, kind in OTHERS.items():
        if head.startswith(magic):
            raise sample.refuse(
                "file", kind, "text, a workbook or Parquet", "Unpack it, or ask the source for the data."
            )
    if head.startswith(PARQUET):
        return [_parquet(sample)]
    if head.startswith(OLE):
        return workbook_tables(sample, "xls")
    if head.startswith(ZIP):
        return workbook_tables(sample, _kind_of_archive(sample))
    return _of_text(sample)


def _of_text(sample: Sample) -> list[Table]:
    text = text_of(sample)
    begin = text.text[:1000].lstrip().lower()
    if begin.startswith(("<!doctype html", "<html")):
        raise sample.refuse(
            "file", "an HTML page", "text, a workbook or Parquet",
            "This is what a browser shows, often a login or an error: ask the source for the file itself.",
        )  # fmt: skip
    if begin.startswith("<"):
        return xml_tables(sample)
    if begin.startswith(("{", "[")) and (tables := json_tables(sample, text)) is not None:
        found = tables
    else:  # a comma in each number parts fixed columns as well: what the cells mean decides
        found = [table for table in (delimited_table(sample, text), fixed_table(sample, text)) if table]
        found = found or [table for table in [blank_table(sample, text)] if table]
    return [replace(table, confidence=text.confidence) for table in found]


def _kind_of_archive(sample: Sample) -> str:
    try:
        with zipfile.ZipFile(sample.path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        names = set()
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    raise sample.refuse(
        "file", "a ZIP archive or a broken workbook", "a whole workbook",
        "Unpack it, or ask the source to deliver again.",
    )  # fmt: skip


def _parquet(sample: Sample) -> Table:
    try:
        file = pq.ParquetFile(sample.path)
        rows = pa.Table.from_batches([next(file.iter_batches(RECORDS), None)], file.schema_arrow)
    except (pa.ArrowException, OSError, AttributeError, TypeError) as error:
        raise sample.refuse(
            "file", f"no readable Parquet ({type(error).__name__})", "a whole Parquet file with rows",
            "Ask the source to deliver again.",
        ) from None  # fmt: skip
    columns = {
        name: [text or "" for text in pc.cast(rows[name], pa.string()).to_pylist()]
        for name in rows.column_names
        if not pa.types.is_nested(rows.schema.field(name).type)
    }
    return Table({"kind": "parquet"}, columns, has_dates=True)
