"""Every format can be read back by somebody else's reader, at the places that planted.json names."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from include.sandbox.reports import Delivery
from include.sandbox.writers import to_bytes


def delivery_of(deliveries: list[Delivery], feed_id: str, period: str = "2025-03") -> Delivery:
    return next(d for d in deliveries if d.feed_id == feed_id and d.period == period)


@pytest.mark.parametrize(
    ("source", "encoding"), [("KZ-10", "utf-8"), ("KZ-43", "kz1048"), ("KZ-63", "cp1251")]
)
def test_a_csv_reads_back_cell_by_cell(deliveries: list[Delivery], source: str, encoding: str) -> None:
    delivery = delivery_of(deliveries, f"{source}/blocking_record")
    records = list(csv.reader(io.StringIO(to_bytes(delivery).decode(encoding), newline=""), delimiter=";"))
    headings = delivery.clerk.headings()
    assert records[0] == headings
    for place, row in enumerate(delivery.rows):
        read = records[delivery.raw_row(place) - 1]
        if not row.shape:
            assert read == ["" if row.cells[h] is None else row.cells[h] for h in headings]


def test_quotes_semicolons_and_line_breaks_survive_in_a_csv(deliveries: list[Delivery]) -> None:
    laboratories = [d for d in deliveries if d.clerk.dataset == "laboratory" and d.clerk.format.kind == "csv"]
    written = [
        (d, row.cells[c]) for d in laboratories for row in d.rows if (c := d.clerk.column_of("equipment"))
    ]
    awkward = [(d, text) for d, text in written if isinstance(text, str) and "\n" in text]
    assert awkward
    for delivery, text in awkward:
        content = to_bytes(delivery).decode(delivery.clerk.encoding)
        cells = [
            cell for record in csv.reader(io.StringIO(content, newline=""), delimiter=";") for cell in record
        ]
        assert text in cells


def test_an_xlsx_has_titles_two_header_rows_and_its_rows_below(deliveries: list[Delivery]) -> None:
    delivery = delivery_of(deliveries, "KZ-19/seizure_item")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(to_bytes(delivery))).get_sheet_by_name("Свод")
    rows = sheet.to_python()
    assert "SYNTHETIC" in rows[0][0]
    assert ("Вещество", "наименование") in zip(rows[3], rows[4], strict=True)
    place = next(n for n, row in enumerate(delivery.rows) if row.values)
    read = rows[delivery.raw_row(place) - 1]
    values = delivery.rows[place].values
    assert values is not None
    assert read[0] == values["seizure_no"]
    assert float(values["quantity"]) in read  # type: ignore[arg-type]
    assert values["registered_on"] in read


def test_json_lines_are_one_object_a_line(deliveries: list[Delivery]) -> None:
    delivery = delivery_of(deliveries, "KZ-39/blocking_record")
    lines = to_bytes(delivery).decode().splitlines()
    assert len(lines) == len(delivery.rows)
    for place, row in enumerate(delivery.rows):
        if not row.shape:
            assert json.loads(lines[delivery.raw_row(place) - 1]) == row.cells


def test_a_planted_place_is_the_row_that_was_planted(folder: Path) -> None:
    planted = json.loads((folder / "planted.json").read_text(encoding="utf-8"))["planted"]
    conflict = next(e for e in planted if e["kind"] == "row.conflict" and str(e["file"]).endswith(".jsonl"))
    lines = (
        (folder / "inbox" / conflict["feed_id"] / conflict["file"]).read_text(encoding="utf-8").splitlines()
    )
    rows = [json.loads(line) if line.endswith("}") else {} for line in lines]
    here = rows[conflict["raw_row"] - 1]
    number = next(iter(here))
    assert [row.get(number) for row in rows].count(here[number]) > 1


def test_every_file_says_that_it_is_synthetic(folder: Path) -> None:
    for path in sorted(folder.glob("inbox/*/*/*_2025-03_*")):
        if path.suffix == ".xlsx":
            text = str(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[0][0])
        else:
            source = path.parts[-3]
            codes = {
                "KZ-31": "kz1048",
                "KZ-43": "kz1048",
                "KZ-61": "kz1048",
                "KZ-55": "cp1251",
                "KZ-59": "cp1251",
            }
            text = path.read_bytes().decode({**codes, "KZ-63": "cp1251"}.get(source, "utf-8"))
        # a table without rows and without a title row holds nothing that could mislead
        assert any(word in text.lower() for word in ("синтет", "synthetic")) or text.count("\n") == 1, (
            path.name
        )
    assert "SYNTHETIC" in (folder / "README.txt").read_text(encoding="utf-8")
    assert all(json.loads(p.read_bytes())["synthetic"] is True for p in folder.glob("api/*/*/*.json"))


def test_no_two_files_of_a_feed_are_the_same_bytes(folder: Path) -> None:
    for feed in folder.glob("*/*/*"):
        files = [path.read_bytes() for path in feed.iterdir()] if feed.is_dir() else []
        assert len(set(files)) == len(files), feed


def test_the_list_of_identifiers_has_every_address_and_case(folder: Path, deliveries: list[Delivery]) -> None:
    listed = set((folder / "identifiers.txt").read_text(encoding="utf-8").splitlines())
    for delivery in deliveries:
        for row in delivery.rows:
            values: dict[str, Any] = row.values or {}
            for name in ("identifier", "case_number", "platform_numeric_id"):
                assert values.get(name) is None or values[name] in listed
