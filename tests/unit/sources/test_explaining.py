"""`odcm source explain`: sentences that somebody who reads no YAML can hold against what the source said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from include.contracts import load
from include.sources import Limits, SourceDefinition, load_sources
from include.sources.definition import DEFAULT_FOLDER, ColumnMapping, ConstantMapping
from include.sources.definition.checks import against_contracts
from include.sources.explaining import explained

WRITTEN = load_sources(DEFAULT_FOLDER)
US = Path(__file__).parents[2] / "end_to_end" / "cbp" / "US-CBP.yaml"


def said(source: SourceDefinition, **limits: int) -> str:
    """Everything that is said, on one line."""
    return " ".join(" ".join(explained(source, Limits(**limits))).split())


def changed(dataset: str = "laboratory", source: str = "KZ-43", **parts: Any) -> str:
    """What is said of a source with one feed, some of whose parts are others."""
    document = WRITTEN[source].model_dump(mode="json", by_alias=True, exclude_unset=True)
    feed = document["feeds"][dataset]
    for name, part in parts.items():
        feed[name] = feed[name] | part if isinstance(part, dict) and "kind" not in part else part
    definition = SourceDefinition.model_validate(document | {"feeds": {dataset: feed}})
    assert against_contracts(definition) == []
    return said(definition)


def test_a_source_of_files_says_where_how_and_when() -> None:
    text = changed()
    for sentence in (
        "Kyzylorda Region (KZ-43)",
        "Its records may name Kyzylorda Region (KZ-43); its reports count for KZ-43.",
        "It is synthetic: everything that rests on it is marked so.",
        "Files *.csv are taken from ${ODCM_INBOX}/KZ-43/laboratory;",
        "It is delimited text in kz1048: cells parted by semicolons, after 1 title row.",
        "Decimals are written with ','; dates as %d.%m.%Y. Nothing is meant by '', '-' or 'жоқ'.",
        "Each delivery holds new and changed records; what it does not name stays as it is.",
        "A record is identified by record_no: the same again is a duplicate, changed content a revision.",
        "Every month a report is expected, the first for 2025-01. It is due 10 days after the end of its period, late for 20 days after that, and then missing. One file each covers 2024.",
        "The column 'Жойылды' becomes closed_on (required).",
    ):  # fmt: skip
        assert sentence in text


@pytest.mark.parametrize(
    ("transport", "sentences"),
    [
        (
            {"kind": "sftp", "connection": "police", "path": "/out", "pattern": "*.csv", "name_pattern": r"(?P<year>\d{4})", "complete": "checksum", "deadline_s": 60},
            ("by SFTP from /out (connection police)", "whole when it has a checksum beside it", "Fetching may take 60 s in each run"),
        ),
        (
            {"kind": "sftp", "connection": "police", "path": "/out", "name_pattern": r"(?P<year>\d{4})", "settle_s": 7},
            ("whole when it keeps its size for 7 s",),
        ),
        (
            {"kind": "http", "url": "https://api.example/lab.csv", "deliveries": {"by": "document"}, "timeout_s": 12},
            ("over HTTP from https://api.example/lab.csv:", "one document, fetched when it has changed", "12 s may pass without a byte"),
        ),
        (
            {"kind": "http", "url": "https://api.example/lab.csv", "deliveries": {"by": "month"}, "connection": "police", "auth": {"kind": "basic"}},
            ("with a login and its password (connection police): one delivery is asked for each month",),
        ),
    ],
)  # fmt: skip
def test_each_transport_is_told_in_its_own_words(
    transport: dict[str, Any], sentences: tuple[str, ...]
) -> None:
    text = changed(transport=transport)
    assert all(sentence in text for sentence in sentences), text


def test_an_api_with_pages_and_a_stated_number_of_records() -> None:
    text = changed("blocking_record", "KZ-71")
    assert (
        "with a token (connection sandbox_api): the API lists its deliveries, and each is fetched by its id."
        in text
    )
    assert "Answers come in pages, by page." in text
    assert "It is JSON in utf-8: the records at 'items', as many as 'total' states." in text


def test_rows_of_a_database_and_how_many_of_them() -> None:
    transport = {"kind": "sql", "connection": "register", "table": "labs", "columns": ["no", "day"], "order_by": ["no"], "deliveries": {"by": "since", "column": "day"}}  # fmt: skip
    text = changed(transport=transport, format={"kind": "jsonl"})
    assert "From the table labs (connection register), rows that are new or changed are read, with the columns no and day." in text  # fmt: skip
    assert "It is JSON lines in utf-8." in text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"kind": "xlsx", "sheet_pattern": "Свод.*", "title_rows": 3, "header_rows": 2, "footer": "Итого"}, "an XLSX workbook: the sheet that matches Свод.*, after 3 title rows, with a heading of 2 rows, the last rows that match Итого left out."),
        ({"kind": "csv", "delimiter": "\t", "quote": "'", "escape": "\\", "comment": "#"}, "cells parted by tabs, quoted with ', a quote inside quotes written \\', lines that begin with '#' left out."),
        ({"kind": "fixed", "columns": {"a": {"start": 1, "width": 3}, "b": {"start": 4, "width": 3}}}, "text with columns at fixed places in utf-8: 2 columns."),
        ({"kind": "xml", "record": "r/x"}, "It is XML: the records at 'r/x'."),
        ({"kind": "json", "each": "items"}, "JSON in utf-8: the document being the list of records, a record for each element of 'items'."),
        ({"kind": "parquet", "decimal": ",", "thousands": " "}, "It is Parquet. Decimals are written with ',', thousands with ' '; dates as %Y-%m-%d."),
        ({"kind": "csv", "footnote_marks": "*¹", "dates": ["%d.%m.%y", "%d.%m.%Y"]}, "dates as %d.%m.%y or %d.%m.%Y. Nothing is meant by ''. The signs *¹ after a value mean a footnote and are left out."),
        ({"kind": "csv", "unpivot": {"columns": "янв|фев", "name": "Месяц", "value": "Число"}}, "Each cell of the columns янв|фев becomes a record of its own: its heading as 'Месяц', itself as 'Число'."),
    ],
)  # fmt: skip
def test_each_format_is_told_in_its_own_words(form: dict[str, Any], sentence: str) -> None:
    assert sentence in changed(format=form)


def test_a_snapshot_withdraws_and_says_how_much_it_may() -> None:
    text = changed(delivers={"kind": "snapshot", "of": "everything", "may_withdraw": 0.05})
    assert "Each delivery holds every record there is: one that is no longer there is withdrawn, and a delivery that would withdraw more than 5% is refused." in text  # fmt: skip
    assert "holds every record of its period:" in changed(delivers={"kind": "snapshot"})


def test_numbers_since_january_are_told_from_others() -> None:
    text = changed("resocialisation", delivers={"kind": "cumulative"})
    assert (
        "The numbers of each delivery count since January: a month is the difference, a fall is a revision."
        in text
    )


def test_a_feed_without_rhythm_is_never_late() -> None:
    document = yaml.safe_load(US.read_text(encoding="utf-8"))
    text = said(SourceDefinition.model_validate(document))
    assert "No report is expected at any time: none is ever late or missing." in text
    assert "A row states a number of seizures." in text
    assert "seizure_no (required, restricted) is computed from 'Area of Responsibility', 'Component'," in text
    assert "It is synthetic" not in text


def test_a_quarter_and_a_year_are_told_from_a_month() -> None:
    rhythm = {"every": "quarter", "since": "2025-01", "due_days": 5, "late_days": 3}
    assert "Every quarter a report is expected, the first for 2025-01. It is due 5 days after the end of its period, late for 3 days after that" in changed(rhythm=rhythm)  # fmt: skip


def test_the_limits_are_those_of_the_deployment() -> None:
    text = said(WRITTEN["KZ-43"], delivery_bytes=5 << 20, rows=1_000, memory_mb=512, judge_s=90)
    assert "a delivery of at most 5 MiB, 1,000 rows," in text and "at most 90 s and 512 MB." in text


@pytest.mark.parametrize("name", WRITTEN)
def test_every_field_of_every_feed_is_told_with_its_heading_and_own_words(name: str) -> None:
    text = said(WRITTEN[name])
    for dataset, feed in WRITTEN[name].feeds.items():
        contract = load(f"core_{dataset}")
        for field, mapping in feed.fields.items():
            if isinstance(mapping, str):
                assert f"The column {mapping!r} becomes {field}" in text
            elif isinstance(mapping, ColumnMapping):
                assert f"The column {mapping.column!r} becomes {field}" in text
                assert all(f"{word!r} means {code}" in text for word, code in mapping.codes.items())
            elif isinstance(mapping, ConstantMapping):
                assert f"is {mapping.constant!r} in every record." in text
        restricted = [f.name for f in contract.reported if f.restricted and f.name in feed.fields]
        assert all(
            f"{field} (restricted)" in text or f"{field} (required, restricted)" in text
            for field in restricted
        )
        empty = {f.name for f in contract.reported} - feed.fields.keys() - {"seizures_n"}
        nothing = [part.split(".")[0] for part in text.split("Nothing is reported for ")[1:]]
        assert not empty or any(empty == set(part.replace(" and ", ", ").split(", ")) for part in nothing)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"header_rows": 0, "columns": 4}, "without a heading, 4 columns called by their number: column 1"),
        (
            {"header_rows": 0, "columns": ["№", "Күні"]},
            "without a heading, the columns called '№' and 'Күні'",
        ),
        ({"delimiter": " ", "merge_delimiters": True}, "cells parted by spaces, several in a row as one"),
    ],
)
def test_columns_without_a_heading_and_blanks_between_them_are_told(
    form: dict[str, Any], sentence: str
) -> None:
    assert sentence in changed(format=form)
