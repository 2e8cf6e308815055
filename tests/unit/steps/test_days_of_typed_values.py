"""A timestamp of Parquet, of a database or of a workbook needs no declared form; one with a zone is a moment (S6)."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.steps.judge_queries import TYPED_DAYS
from include.transform import is_moment
from tests.unit.sources.formats.books import WRITERS
from tests.unit.steps.judged import judged

EVENING = datetime(2024, 1, 31, 18, 30, tzinfo=UTC)
LOCAL = datetime(2024, 1, 31, 23, 59)
SQL = {
    "kind": "sql",
    "connection": "c",
    "table": "t",
    "columns": ["No"],
    "order_by": ["No"],
    "deliveries": {"by": "all"},
}


def parquet(values: list[Any], kind: pa.DataType) -> bytes:
    out = io.BytesIO()
    rows = {"No": ["1"], "Substance": ["heroin"], "Qty": ["1"]}
    table = pa.table({name: cells * len(values) for name, cells in rows.items()})
    table = table.set_column(0, "No", pa.array([str(n) for n in range(len(values))]))
    pq.write_table(table.append_column("Date", pa.array(values, kind)), out)
    return out.getvalue()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Almaty", "+05:00", "America/New_York"])
def test_a_timestamp_with_a_zone_is_a_moment_whatever_the_zone(tmp_path: Path, unit: str, zone: str) -> None:
    content = parquet([EVENING, EVENING.replace(hour=17)], pa.timestamp(unit, zone))
    for source, days in (
        ("KZ-75", [date(2024, 2, 1), date(2024, 1, 31)]),
        ("KZ-43", [date(2024, 1, 31)] * 2),
    ):
        region = {"region_code": {"constant": source}}
        found = judged(tmp_path / source, content, {"kind": "parquet"}, regions=[source], fields=region)
        assert found.column("seized_on") == days


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (LOCAL, pa.timestamp("us")), (LOCAL, pa.timestamp("ns")), (LOCAL.replace(microsecond=500_000), pa.timestamp("us")),
        (LOCAL.replace(hour=0, minute=0), pa.timestamp("us")), (LOCAL.date(), pa.date32()), (LOCAL.date(), pa.date64()),
    ],
)  # fmt: skip
def test_a_timestamp_without_a_zone_keeps_its_day(tmp_path: Path, value: Any, kind: pa.DataType) -> None:
    found = judged(tmp_path, parquet([value], kind), {"kind": "parquet", "dates": ["%d.%m.%Y"]})
    assert found.column("seized_on") == [date(2024, 1, 31)]


def test_numbers_of_parquet_are_those_numbers_whatever_the_texts_look_like(tmp_path: Path) -> None:
    for number, kind in ((125.125, pa.float64()), (125.125, pa.float32()), (125125, pa.int64())):
        out = io.BytesIO()
        row = {
            "No": ["1"],
            "Date": [date(2024, 1, 31)],
            "Substance": ["heroin"],
            "Qty": pa.array([number], kind),
        }
        pq.write_table(pa.table(row), out)
        found = judged(
            tmp_path / str(kind),
            out.getvalue(),
            {"kind": "parquet", "decimal": ",", "thousands": "."},
            fields={"unit": {"constant": "g"}},
        )
        assert found.column("quantity") == [number]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-01-31T18:30:00+00:00", date(2024, 2, 1)), ("2024-01-31T18:30:00.500000+00:00", date(2024, 2, 1)),
        ("2024-01-31T18:30:00", date(2024, 1, 31)), ("2024-01-31T23:59:59.999999", date(2024, 1, 31)), ("2024-01-31", date(2024, 1, 31)),
    ],
)  # fmt: skip
def test_a_timestamp_of_a_database_is_a_moment_where_it_has_a_zone(
    tmp_path: Path, text: str, day: date
) -> None:
    row = json.dumps({"No": "1", "Date": text, "Substance": "heroin", "Qty": "1"}) + "\n"
    region = {"region_code": {"constant": "KZ-75"}}
    found = judged(tmp_path, row, {"kind": "jsonl"}, regions=["KZ-75"], fields=region, transport=SQL)
    assert found.column("seized_on") == [day]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_cell_with_a_time_of_day_is_that_day(tmp_path: Path, kind: str) -> None:
    content = WRITERS[kind]({"S": (("No", "Date", "Substance", "Qty"), ("1", LOCAL, "heroin", 1))})
    assert judged(tmp_path, content, {"kind": kind, "sheet": "S"}).column("seized_on") == [date(2024, 1, 31)]


def test_of_the_forms_of_typed_values_those_with_an_offset_are_moments() -> None:
    assert {form for forms in TYPED_DAYS.values() for form in forms if is_moment(form)} == {
        form for forms in TYPED_DAYS.values() for form in forms if form.endswith("%z")
    }
