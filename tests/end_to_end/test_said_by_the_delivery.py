"""Fields that stand in no column: the period, the name of the file, a cell above the table."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from include.sources import DefinitionError, load_source
from tests.end_to_end.connected import connected

PLAIN = "No,Date,Substance,Qty,Unit\nS-1,2025-03-03,heroin,5,kg\n"
UNDATED = "No,Substance,Qty,Unit\nS-1,heroin,5,kg\n"
TITLED = f"Тізілім,Область: Кызылординская,\n\n{PLAIN}"
REGION = {"title_cell": "B1", "pattern": r"Область:\s*(.+)", "codes": {"кызылординская": "KZ-43"}}


@pytest.mark.parametrize(
    ("name", "rhythm", "said", "day"),
    [
        ("a_2025-03_20250405.csv", {"since": "2025-01"}, "first_day", date(2025, 3, 1)),
        ("a_2025-02_20250405.csv", {"since": "2025-01"}, "last_day", date(2025, 2, 28)),
        ("a_2025-05_20250805.csv", {"since": "2025-01", "every": "quarter"}, "last_day", date(2025, 6, 30)),
    ],
)
def test_a_day_is_the_first_or_the_last_of_the_period(
    tmp_path: Path, name: str, rhythm: Any, said: str, day: date
):
    place = connected(
        tmp_path, fields={"seized_on": {"period": said}}, format={"dates": ["%d.%m.%Y"]}, rhythm=rhythm
    )
    place.deliver(name, UNDATED)
    assert place.data("ingest")["totals"]["accepted"] == 1
    assert [row["seized_on"] for row in place.rows("core")] == [day]


def test_an_expression_may_read_the_period(tmp_path: Path):
    made = {"expression": """"{year}" || '-' || "{month}" || '-' || lpad("Day", 2, '0')"""}
    place = connected(tmp_path, fields={"seized_on": made})
    place.deliver("a_2025-03_20250405.csv", "No,Day,Substance,Qty,Unit\nS-1,7,heroin,5,kg\n")
    assert place.data("ingest")["totals"]["accepted"] == 1
    assert [row["seized_on"] for row in place.rows("core")] == [date(2025, 3, 7)]


def test_a_year_has_no_month_and_its_file_is_refused(tmp_path: Path):
    named = {"name_pattern": r"(?P<year>\d{4})"}
    place = connected(tmp_path, transport=named, fields={"route": {"period": "month"}})
    place.deliver("a_2025.csv", PLAIN)
    (feed,) = place.data("ingest", code=1)["feeds"]
    assert "fields.route: found a delivery for a whole year; expected one for a month" in feed["messages"][0]


def test_a_word_of_the_file_name_is_a_code_in_the_words_of_the_source(tmp_path: Path):
    region = {"file_name": r"^(?P<region>[^_]+)_", "codes": {"қызылорда": "KZ-43"}}
    place = connected(tmp_path, fields={"region_code": region})
    place.deliver("Қызылорда_2025-03_20250405.csv", PLAIN)
    assert place.data("ingest")["totals"]["accepted"] == 1
    place.deliver("_2025-04_20250505.csv", PLAIN)
    (feed,) = place.data("ingest", code=1)["feeds"]
    assert "fields.region_code: found a name that does not say it" in feed["messages"][0]


@pytest.mark.parametrize("mapping", [REGION, REGION | {"title_cell": "any"}])
def test_a_region_stands_in_a_cell_above_the_table(tmp_path: Path, mapping: dict[str, Any]):
    place = connected(tmp_path, fields={"region_code": mapping}, format={"title_rows": 2})
    place.deliver("a_2025-03_20250405.csv", TITLED)
    assert place.data("ingest")["totals"]["accepted"] == 1
    place.deliver("a_2025-04_20250505.csv", TITLED.replace("Область", "Қала"))
    (feed,) = place.data("ingest", code=1)["feeds"]
    assert "fields.region_code" in feed["messages"][0] and "Қала" not in feed["messages"][0]
    assert "Кызылординская" not in feed["messages"][0]


def test_a_day_and_a_name_stand_above_the_table_of_a_sheet(tmp_path: Path):
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("S")
        page.merge_range("B1:F1", "Область: Қызылорда")
        page.write("B2", "на")
        page.write_datetime("D2", date(2025, 3, 31), book.add_format({"num_format": "dd.mm.yyyy"}))
        page.write_row("B3", ["No", "Substance", "Qty", "Unit"])
        page.write_row("B4", ["S-1", "heroin", 5, "kg"])
    fields = {
        "seized_on": {"title_cell": "D2"},
        "region_code": {"title_cell": "B1", "pattern": "Область: (.*)", "codes": {"Қызылорда": "KZ-43"}},
    }
    form = {"kind": "xlsx", "sheet": "S", "title_rows": 2, "dates": ["%d.%m.%Y"]}
    place = connected(tmp_path, fields=fields, format=form)
    place.deliver("a_2025-03_20250405.xlsx", out.getvalue())
    assert place.data("ingest")["totals"]["accepted"] == 1
    assert [(row["seized_on"], row["region_code"]) for row in place.rows("core")] == [
        (date(2025, 3, 31), "KZ-43")
    ]


def test_a_line_above_fixed_columns_is_one_cell(tmp_path: Path):
    columns = {
        "No": {"start": 1, "width": 4}, "Date": {"start": 5, "width": 11}, "Substance": {"start": 16, "width": 7},
        "Qty": {"start": 23, "width": 2}, "Unit": {"start": 25, "width": 2},
    }  # fmt: skip
    form = {"kind": "fixed", "columns": columns, "title_rows": 2, "cut_blanks": True}
    place = connected(tmp_path, fields={"region_code": REGION | {"title_cell": "A1"}}, format=form)
    place.deliver("a_2025-03_20250405.txt", "Область: Кызылординская\n\nS-1 2025-03-03 heroin 5 kg\n")
    assert place.data("ingest")["totals"]["accepted"] == 1


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"seized_on": {"period": "month"}}, "seized_on.period: expected first_day or last_day, found month"),
        (
            {"region_code": {"period": "year"}},
            "region_code.period: expected year or month, in a field without codes",
        ),
        ({"region_code": {"title_cell": "A1"}}, "region_code.title_cell: expected a cell of the title rows"),
        ({"region_code": {"title_cell": "any"}}, "region_code: pattern: expected a regular expression"),
        ({"region_code": {"title_cell": "1A"}}, "region_code.title_cell: String should match pattern"),
        ({"region_code": {"file_name": "("}}, "region_code.file_name: expected a regular expression"),
        (
            {"region_code": {"file_name": "x", "codes": {"a": "KZ-99"}}},
            "region_code.codes.a: expected a code of regions",
        ),
        (
            {"region_code": {"colum": "x"}},
            "region_code: expected a heading, or a block with one of the keys column",
        ),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_once_with_its_key(
    tmp_path: Path, fields: dict[str, Any], fault: str
):
    place = connected(tmp_path, fields=fields)
    with pytest.raises(DefinitionError) as refused:
        load_source("KZ-43", place.definition.parent)
    assert f"KZ-43.yaml: feeds.seizure_item.fields.{fault}" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_explain_says_what_the_delivery_says_of_its_rows(tmp_path: Path):
    fields = {
        "seized_on": {"period": "last_day"}, "region_code": REGION, "route": {"file_name": "_(a|b)_"},
    }  # fmt: skip
    place = connected(tmp_path, fields=fields, format={"title_rows": 2})
    said = " ".join(place.odcm("source", "explain", place.definition).stdout.split())
    assert "seized_on is the last day of the period that the delivery is for." in said
    assert (
        "region_code (required) is what Область:\\s*(.+) finds in cell B1; here 'кызылординская' means KZ-43."
        in said
    )
    assert "route is what _(a|b)_ finds in the name of the file." in said
