"""What damaged files have taught: `python -m tests.mutation` found these, each is told here by itself."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlwt

from tests.unit.sources.formats.opened import refusal

HCENTER, MANY_NUMBERS = 0x0083, 0x00BD


def test_a_column_whose_name_is_no_text_where_its_pages_are_listed_breaks_the_file(tmp_path: Path) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"column": ["a"]}), out, store_schema=False)
    before, _, after = out.getvalue().rpartition(b"column")
    content = before + b"colu\x90n" + after
    assert "a Parquet file whose parts do not agree" in refusal(
        tmp_path, {"kind": "parquet"}, content, "column"
    )


def test_a_record_of_many_numbers_too_short_for_one_breaks_the_workbook(tmp_path: Path) -> None:
    book, out = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("a")
    sheet.write(0, 0, "n")
    sheet.write(1, 0, 1)
    book.save(out)
    head, other = (kind.to_bytes(2, "little") + b"\x02\x00" for kind in (HCENTER, MANY_NUMBERS))
    assert out.getvalue().count(head) == 1
    content = out.getvalue().replace(head, other)
    assert "an XLS workbook that is broken or cut off" in refusal(
        tmp_path, {"kind": "xls", "sheet": "a"}, content, "n"
    )
