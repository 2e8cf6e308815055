"""Marts on disk: by year, the same bytes, whole or not at all."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.contracts import arrow_schema, load
from include.storage.parquet import parquet_bytes, read_mart, write_marts

SCHEMA = arrow_schema(load("mart_laboratories"))


def laboratories(*rows: tuple[int, int | None, int | None]) -> pa.Table:
    """Rows of (year, month, laboratories) for Astana."""
    return pa.Table.from_pylist(
        [
            {"year": y, "month": m, "region_code": "KZ-71", "lab_type": "_T", "laboratories": n, "obs_status": "" if n is not None else ":"}
            for y, m, n in rows
        ],
        SCHEMA,
    )  # fmt: skip


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_mart_is_one_file_a_year_and_reads_back_as_it_was(tmp_path):
    table = laboratories((2024, None, 3), (2025, None, 5), (2025, 1, None))
    assert write_marts(tmp_path, {"mart_laboratories": table}) == {"mart_laboratories": 3}
    assert files(tmp_path) == [f"mart_laboratories/year={year}/data.parquet" for year in (2024, 2025)]
    assert read_mart(tmp_path, "mart_laboratories").equals(table)


def test_readers_of_partitioned_parquet_find_the_year(tmp_path):
    write_marts(tmp_path, {"mart_laboratories": laboratories((2024, None, 3), (2025, None, 5))})
    read = pq.read_table(tmp_path / "mart_laboratories").to_pylist()
    assert {(int(row["year"]), row["laboratories"]) for row in read} == {(2024, 3), (2025, 5)}


def test_the_same_rows_give_the_same_bytes_however_they_are_chunked():
    table = laboratories((2025, None, 5), (2025, 1, None), (2025, 2, 0))
    pieces = pa.concat_tables([table.slice(0, 1), table.slice(1, 2)]).replace_schema_metadata(
        {"pandas": "{}"}
    )
    assert parquet_bytes(pieces) == parquet_bytes(table)


def test_writing_again_leaves_an_unchanged_year_alone(tmp_path):
    write_marts(tmp_path, {"mart_laboratories": laboratories((2024, None, 3), (2025, None, 5))})
    before = {name: (tmp_path / name).stat().st_ino for name in files(tmp_path)}
    write_marts(tmp_path, {"mart_laboratories": laboratories((2024, None, 3), (2025, None, 6))})
    after = {name: (tmp_path / name).stat().st_ino for name in files(tmp_path)}
    assert [name for name in before if before[name] != after[name]] == [
        "mart_laboratories/year=2025/data.parquet"
    ]


def test_a_year_that_a_mart_no_longer_has_is_removed(tmp_path):
    write_marts(tmp_path, {"mart_laboratories": laboratories((2024, None, 3), (2025, None, 5))})
    write_marts(tmp_path, {"mart_laboratories": laboratories((2025, None, 5))})
    assert files(tmp_path) == ["mart_laboratories/year=2025/data.parquet"]


def test_a_failure_while_writing_leaves_the_old_marts_and_no_debris(tmp_path, monkeypatch):
    old = laboratories((2024, None, 3), (2025, None, 5))
    write_marts(tmp_path, {"mart_laboratories": old})
    calls = []

    def full_disk(table: pa.Table) -> bytes:
        calls.append(table)
        if len(calls) == 2:
            raise OSError("no space left on device")
        return parquet_bytes(table)

    monkeypatch.setattr("include.storage.parquet.parquet_bytes", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_marts(tmp_path, {"mart_laboratories": laboratories((2024, None, 30), (2025, None, 50))})
    assert read_mart(tmp_path, "mart_laboratories").equals(old)
    assert len(files(tmp_path)) == 2
