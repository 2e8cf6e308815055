"""What a file says of its own size takes no memory: read in a process of its own, whose peak is looked at."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.sources.formats import (
    test_archives,
    test_json,
    test_ods,
    test_parquet,
    test_xls,
    test_xlsx,
    test_xml,
)
from tests.unit.sources.formats.books import ods_with
from tests.unit.sources.formats.opened import opened

MOST_MB = 128
FAR = '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'

Delivery = tuple[dict[str, Any], bytes | str]
HUGE: dict[str, Callable[[], Delivery]] = {
    "xlsx: A1:XFD1048576": lambda: (test_xlsx.FORM, test_xlsx.changed(test_xlsx.SHEET, "A1:B3", "A1:XFD1048576")),
    "xlsx: a format at the far end": lambda: (test_xlsx.FORM, test_xlsx.changed(test_xlsx.SHEET, "</sheetData>", FAR)),
    "xlsx: a value at the far end": lambda: (
        test_xlsx.FORM, test_xlsx.changed(test_xlsx.SHEET, "</sheetData>", FAR.replace("/></row>", "><v>1</v></c></row>")),
    ),
    "xlsx: a bomb": lambda: (test_archives.form("xlsx"), test_archives.with_text("xlsx", b"x" * (60 << 20))),
    "ods: blank rows to the end": lambda: (test_ods.FORM, ods_with(test_ods.table(test_ods.BLANK))),
    "ods: a value repeated everywhere": lambda: (
        test_ods.FORM, ods_with(test_ods.table(test_ods.row(test_ods.text("1", test_ods.MANY), more=' table:number-rows-repeated="1048575"'))),
    ),
    "xls: dimensions": lambda: (test_xls.FORM, test_xls.with_dimensions(0xFFFFFFF0, 0xFFFF)),
    "parquet: rows": lambda: (test_parquet.FORM, test_parquet.rows_said(19_999_999)),
    "parquet: a page": lambda: (test_parquet.FORM, test_parquet.page_said(2_000_000_000)),
    "json: levels": lambda: (test_json.LINES, test_json.nested(150_000)),
    "xml: levels": lambda: (test_xml.FORM, test_xml.document("<n>" + "<a>" * 500_000)),
    "xml: a billion laughs": lambda: (
        test_xml.FORM, test_xml.document("<n>&e;</n>", head=test_xml.DEFINITIONS["a billion laughs"]),
    ),
    "csv: a quote that does not close": lambda: ({"kind": "csv"}, 'n,s\n1,"' + "а\n" * 10_000_000),
}  # fmt: skip


def peaks(folder: str, told: Any) -> None:
    """Tell for each of the files how many megabytes more than before the process had at most."""
    for name in ("", *HUGE):  # the first time, what all readers need is loaded
        form, content = HUGE[name or "xlsx: A1:XFD1048576"]()
        content = content.encode() if isinstance(content, str) else content
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
        before = _kilobytes("VmRSS")
        try:
            opened(Path(folder), form, content, "n")
            outcome = "read"
        except Exception as error:
            outcome = str(error)
        told.send((name, outcome, (_kilobytes("VmHWM") - before) / 1024))
    told.close()


def _kilobytes(what: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1])


def test_no_file_takes_memory_by_what_it_says_of_itself(tmp_path: Path) -> None:
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=peaks, args=(str(tmp_path), there))
    process.start()
    there.close()
    found = {}
    while len(found) < len(HUGE) + 1:
        name, outcome, megabytes = here.recv()
        found[name] = (outcome, megabytes)
    process.join(10)
    assert {name: (outcome[:200], mb) for name, (outcome, mb) in found.items() if name and mb > MOST_MB} == {}
    assert [name for name, (outcome, _) in found.items() if outcome == "read"] == [
        "", "xlsx: A1:XFD1048576", "xlsx: a format at the far end", "ods: blank rows to the end", "xls: dimensions",
    ]  # fmt: skip
