"""Parquet: typed values become text as they stand, and the footer is believed only where the pages agree."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.sources import Limits, SourceError
from tests.unit.sources.formats.opened import Landed, landed, landed_together, opened, refusal

FORM = {"kind": "parquet"}


def parquet(columns: dict[str, pa.Array], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def texts(*cells: str | None) -> pa.Array:
    return pa.array(cells, pa.string())


VALUES: dict[str, tuple[pa.Array, list[str | None]]] = {
    "text": (texts("00012", "NA", "1.10", None, "әғқ"), ["00012", "NA", "1.10", None, "әғқ"]),
    "large text": (pa.array(["соль", None], pa.large_string()), ["соль", None]),
    "a dictionary": (texts("соль", "тұз", "соль").dictionary_encode(), ["соль", "тұз", "соль"]),
    "bytes that are text": (pa.array(["соль".encode(), None]), ["соль", None]),
    "whole numbers": (pa.array([7, -7, None, 2**63 - 1]), ["7", "-7", None, "9223372036854775807"]),
    "numbers without a sign": (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
    "decimals": (pa.array([Decimal("1.10"), Decimal("-0.05"), None], pa.decimal128(20, 2)), ["1,10", "-0,05", None]),
    "floats": (pa.array([4.5, 12.0, -0.25, None]), ["4,5", "12", "-0,25", None]),
    "short floats": (pa.array([0.1, 3.0], pa.float32()), ["0,1", "3"]),
    "truth": (pa.array([True, False, None]), ["true", "false", None]),
    "days": (pa.array([date(2025, 3, 5), date(1900, 2, 28), None]), ["2025-03-05", "1900-02-28", None]),
    "moments": (
        pa.array([datetime(2025, 3, 5), datetime(2025, 3, 5, 14, 30)], pa.timestamp("ns")),
        ["2025-03-05", "2025-03-05 14:30:00"],
    ),
    "moments with a zone": (
        pa.array([datetime(2025, 3, 4, 19)], pa.timestamp("us", "Asia/Almaty")), ["2025-03-04 19:00:00+00:00"],
    ),
    "times of day": (pa.array([time(9, 5)]), ["09:05:00"]),
    "lists": (pa.array([["a", "б"], [], None]), ['["a","б"]', "[]", None]),
    "records in a record": (pa.array([{"имя": "а", "n": 1}, None]), ['{"имя":"а","n":1}', None]),
    "nothing": (pa.nulls(2), [None, None]),
}  # fmt: skip


@pytest.mark.parametrize("kind", VALUES)
def test_values_of_every_type_become_text(tmp_path: Path, kind: str) -> None:
    values, expected = VALUES[kind]
    found = opened(tmp_path, FORM | {"decimal": ","}, parquet({"n": values}), "n")
    assert found.rows == {place: (text,) for place, text in enumerate(expected, 1)}


@pytest.mark.parametrize("options", [
    {"compression": "zstd"}, {"compression": "gzip"}, {"compression": "none"}, {"compression": "brotli"}, {"compression": "lz4"},
    {"use_dictionary": False}, {"data_page_version": "2.0"}, {"row_group_size": 7}, {"data_page_size": 64},
    {"version": "1.0"}, {"write_page_index": True},
])  # fmt: skip
def test_files_are_read_however_their_pages_are_written(tmp_path: Path, options: dict[str, Any]) -> None:
    cells = [f"соль {number % 9}" if number % 5 else None for number in range(100)]
    found = opened(
        tmp_path, FORM, parquet({"n": texts(*cells), "m": pa.array(range(100))}, **options), "n", "m"
    )
    assert list(found.rows.values()) == [(cell, str(number)) for number, cell in enumerate(cells)]


def test_a_file_of_another_writer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "made.parquet"
    duckdb.execute(f"copy (select 'соль' as n, date '2025-03-05' as d, 1.50::decimal(9, 2) as q) to '{path}'")
    assert opened(tmp_path, FORM, path.read_bytes(), "n", "d", "q").rows == {
        1: ("соль", "2025-03-05", "1.50")
    }


def test_a_day_is_a_day_beside_the_forms_that_are_declared(tmp_path: Path) -> None:
    content = parquet({"n": texts("1", "2"), "d": pa.array([date(2025, 3, 5), None])})
    found = landed(tmp_path, FORM | {"dates": ["%d.%m.%Y"]}, content, record_no="n", closed_on="d")
    assert found.accepted == {1: ("1", date(2025, 3, 5))} and found.quarantined[2][0] == [
        "closed_on.required"
    ]


@pytest.mark.parametrize("content", [
    parquet({"n": texts()}), parquet({"n": texts(), "m": pa.array([], pa.float64())}, compression="none"),
])  # fmt: skip
def test_a_file_without_rows_is_a_report_of_nothing(tmp_path: Path, content: bytes) -> None:
    assert opened(tmp_path, FORM, content, "n").rows == {}


def test_a_column_that_is_read_must_be_there_once(tmp_path: Path) -> None:
    assert "schema: found no column 'n' (there are: m)" in refusal(
        tmp_path, FORM, parquet({"m": texts("1")}), "n"
    )
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([texts("1"), texts("2")], names=["n", "n"]), out)
    assert "schema: found the column 'n' more than once" in refusal(tmp_path, FORM, out.getvalue(), "n")


def test_names_that_differ_in_capitals_are_two_columns(tmp_path: Path) -> None:
    assert opened(tmp_path, FORM, parquet({"n": texts("1"), "N": texts("2")}), "N", "n").rows == {
        1: ("2", "1")
    }


def test_bytes_that_are_no_text_refuse_the_file_before_its_neighbours_are_judged(tmp_path: Path) -> None:
    for kind in (pa.binary(), pa.string()):
        cells = pa.array(["соль".encode(), "тұз".encode("kz1048")], pa.binary())
        content = parquet({"n": pa.array([b"1", b"2"]), "s": cells.view(kind)})
        assert refusal(tmp_path, FORM, content, "n").startswith(
            "file: found a text that is no UTF-8; expected texts in UTF-8"
        )


def test_a_file_that_is_refused_does_not_hold_up_the_others_of_its_batch(tmp_path: Path) -> None:
    bad = parquet({"n": pa.array([b"1"]), "s": pa.array(["тұз".encode("kz1048")])})
    good = parquet({"n": texts("1"), "s": texts("тұз")})
    found = landed_together(tmp_path, FORM, {"bad": bad, "good": good}, record_no="n", substances="s")
    assert isinstance(found["bad"], SourceError) and isinstance(found["good"], Landed)
    assert found["good"].accepted == {1: ("1", "тұз")}


# What a file says of itself --------------------------------------------------------------------------------------

PLAIN = parquet(
    {"n": texts(*(f"строка {number}" for number in range(100)))}, compression="none", use_dictionary=False
)


def number(value: int) -> bytes:
    """As Thrift's compact protocol writes it: zigzag, seven bits a byte."""
    value = (value << 1) ^ (value >> 63)
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def with_footer(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    length = struct.unpack_from("<I", content, len(content) - 8)[0]
    footer = change(content[-8 - length : -8])
    return content[: -8 - length] + footer + struct.pack("<I", len(footer)) + b"PAR1"


def rows_said(claimed: int, places: int = -1) -> bytes:
    """The footer says so many rows: in its beginning, in the row group, and as values of the column."""
    return with_footer(
        PLAIN, lambda footer: footer.replace(b"\x16" + number(100), b"\x16" + number(claimed), places)
    )


def page_said(size: int) -> bytes:
    """The header of the only page says that it is so large when decompressed."""
    column = pq.read_metadata(io.BytesIO(PLAIN)).row_group(0).column(0)
    true, compressed = column.total_uncompressed_size, column.total_compressed_size
    header = PLAIN[4:40]
    for page in range(true - 60, true):  # the size of the page, without its header
        if header.startswith(b"\x15\x00\x15" + number(page)):
            break
    old, new = b"\x15\x00\x15" + number(page), b"\x15\x00\x15" + number(size)
    content = PLAIN[:4] + new + PLAIN[4 + len(old) :]
    longer = compressed + len(new) - len(old)
    return with_footer(
        content, lambda footer: footer.replace(b"\x16" + number(compressed), b"\x16" + number(longer))
    )


LIES: dict[str, tuple[bytes, str]] = {
    "more rows than there are": (rows_said(101), "a Parquet file whose parts do not agree"),
    "fewer": (rows_said(99), "a Parquet file whose parts do not agree"),
    "more in one place": (rows_said(101, 1), "a Parquet file whose parts do not agree"),
    "more in two places": (rows_said(101, 2), "a Parquet file whose parts do not agree"),
    "very many": (rows_said(10**12), "footer: found 1000000000000 rows; expected at most 20000000 rows"),
    "fewer than none": (rows_said(-1), "a Parquet file whose parts do not agree"),
    "a huge page": (page_said(2_000_000_000), "pages: found more than 16 MiB when decompressed"),
    "a page of less than nothing": (page_said(-5), "a Parquet file whose parts do not agree"),
    "cut off": (PLAIN[:-10], "end of the file: found no footer: it is cut off"),
    "the beginning alone": (b"PAR1", "end of the file: found no footer: it is cut off"),
    "a footer longer than the file": (PLAIN[:-8] + struct.pack("<I", 2**31) + b"PAR1", "footer: found a length that cannot be"),
    "a damaged footer": (with_footer(PLAIN, lambda footer: footer[:20] + bytes(20) + footer[40:]), "a Parquet file whose parts do not agree"),
    "a damaged page": (PLAIN[:30] + b"\xff" * 400 + PLAIN[430:], "a Parquet file whose parts do not agree"),
    "encrypted": (b"PARE" + PLAIN[4:-4] + b"PARE", "file: found an encrypted Parquet file"),
    "a CSV file": (b"n,s\n1,2\n", "file: found text, as of a CSV file; expected a whole Parquet file"),
}  # fmt: skip


@pytest.mark.parametrize("what", LIES)
def test_a_file_that_lies_about_itself_is_refused(tmp_path: Path, what: str) -> None:
    content, said = LIES[what]
    assert said in refusal(tmp_path, FORM, content, "n")


def test_the_lies_are_told_of_a_file_that_is_read(tmp_path: Path) -> None:
    assert (
        len(opened(tmp_path, FORM, PLAIN, "n").rows)
        == len(opened(tmp_path, FORM, rows_said(100), "n").rows)
        == 100
    )


@pytest.mark.parametrize(
    ("columns", "limits", "said"),
    [
        ({"n": texts("1", "2", "3")}, Limits(rows=2), "footer: found 3 rows; expected at most 2 rows"),
        ({"n": texts("1"), "m": texts("2")}, Limits(columns=1), "footer: found 2 columns; expected at most 1 columns"),
        ({"n": texts("ә" * 21)}, Limits(cell_chars=20), "file: found a text of 21 characters; expected at most 20 characters"),
        ({"n": texts("x" * 3000)}, Limits(expanded_bytes=2000), "expected less"),
        ({"n": texts(*["x" * 100] * 100)}, Limits(expanded_bytes=5000), "file: found 10000 bytes of text; expected at most 5000"),
        ({"n": pa.array([["ә" * 30]])}, Limits(cell_chars=20), "file: found a text of 34 characters; expected at most 20"),
    ],
)  # fmt: skip
def test_beyond_a_limit_a_file_is_refused_with_the_figures(
    tmp_path: Path, columns: dict[str, pa.Array], limits: Limits, said: str
) -> None:
    assert said in refusal(tmp_path, FORM, parquet(columns), "n", limits=limits)


def test_as_many_characters_as_the_limit_are_read_whatever_their_bytes(tmp_path: Path) -> None:
    assert opened(
        tmp_path, FORM, parquet({"n": texts("ә" * 20)}), "n", limits=Limits(cell_chars=20)
    ).cells == ["ә" * 20]
