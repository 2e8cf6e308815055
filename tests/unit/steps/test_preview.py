"""A preview is what a delivery would become: the same reading, the same verdicts, and nothing is kept."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sources import Limits, SourceDefinition, load_sources
from include.steps import ingest
from include.steps.preview import Preview, PreviewError, preview
from tests.end_to_end.country import fingerprint
from tests.end_to_end.small import FEED, GOOD, csv, deliver, jsonl, small_place, workbook
from tests.unit.steps import judged

NAME = "s_2025-03_20250405.csv"
BAD_DATE = ("2", "31.02.2025", "мефедрон", "4,5", "г", "МВД")
NO_AMOUNT = ("3", "06.03.2025", "мефедрон", "-", "г", "МВД")
BOTH_BAD = ("4", "06.03.2025", "мефедрон", "много", "пуд", "МВД")


def definition(folder: Path, form: str = "csv", **changes: Any) -> SourceDefinition:
    return load_sources(small_place(folder / "place", form, **changes).sources)["KZ-43"]


def seen(
    folder: Path,
    content: bytes,
    name: str = NAME,
    form: str = "csv",
    period: str = "",
    rows: int = 5,
    **changes: Any,
) -> Preview:
    """What becomes of a file with this content."""
    sample = folder / name
    sample.write_bytes(content)
    return preview(definition(folder, form, **changes), "seizure_item", sample, period, rows)


def test_rows_are_accepted_with_their_values_and_quarantined_with_every_reason(tmp_path: Path) -> None:
    found = seen(tmp_path, csv(GOOD, BAD_DATE, NO_AMOUNT, BOTH_BAD, GOOD))
    assert found.counts
    counts = (found.counts.landed, found.counts.accepted, found.counts.quarantined, found.counts.duplicate)
    assert counts == (5, 1, 3, 1)
    (row,) = found.accepted
    assert row.raw_row == 2
    assert row.values == {
        "seizure_no": "1", "item_no": 1, "seized_on": date(2025, 3, 5), "region_code": "KZ-43",
        "lead_agency": "mia_police", "substance_as_reported": "мефедрон", "substance_code": "mephedrone",
        "quantity": 4.5, "unit": "g",
    }  # fmt: skip
    reasons = {row.raw_row: set(row.reasons) for row in found.quarantined}
    assert reasons == {
        3: {"seized_on.date", "row.has_reference_date"},
        4: {"quantity.required"},
        5: {"quantity.number", "unit.code"},
    }
    assert found.quarantined[2].cells == {"quantity": "много", "unit": "пуд"}
    assert found.failed["unit.code"] == 1 and found.expected["unit.code"]


@pytest.mark.parametrize(
    ("form", "name"), [("csv", NAME), ("kz", NAME), ("jsonl", "s_2025-03_20250405.jsonl")]
)
def test_a_preview_gives_what_an_ingest_of_the_same_file_gives(tmp_path: Path, form: str, name: str) -> None:
    rows = (GOOD, BAD_DATE, NO_AMOUNT, BOTH_BAD, GOOD)
    content = jsonl(*rows) if form == "jsonl" else csv(*rows, encoding="kz1048" if form == "kz" else "utf-8")
    place = small_place(tmp_path / "place", form)
    sample = deliver(place, content, name)
    assert place.sources
    found = preview(load_sources(place.sources)["KZ-43"], "seizure_item", sample)
    with place.entered():
        ingest.land(FEED)
        judged = ingest.judge(FEED)
        gate = ingest.gate("seizure_item", [judged])
        ingest.commit(gate["passed"][0])
    (core,) = place.rows("core", "seizure_item")
    (row,) = found.accepted
    assert {name: core[name] for name in row.values} == dict(row.values) and core["raw_row"] == row.raw_row
    quarantined = {
        row["raw_row"]: (set(row["reasons"]), row["received"])
        for row in place.rows("quarantine", "seizure_item")
    }
    assert {row.raw_row: (set(row.reasons), row.received) for row in found.quarantined} == quarantined


def test_nothing_is_written_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    source = definition(tmp_path)
    sample = tmp_path / NAME
    sample.write_bytes(csv(GOOD, BAD_DATE))
    before = fingerprint(tmp_path)
    monkeypatch.setenv("ODCM_HOME", str(tmp_path / "home"))
    preview(source, "seizure_item", sample)
    assert (
        fingerprint(tmp_path) == before and not list(scratch.iterdir()) and not (tmp_path / "home").exists()
    )


def test_only_as_many_rows_as_are_wanted_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    many = [(str(n), *GOOD[1:]) for n in range(1, 21)] + [(str(n), *BAD_DATE[1:]) for n in range(21, 31)]
    found = seen(tmp_path, csv(*many), rows=3)
    assert ([row.raw_row for row in found.accepted], [row.raw_row for row in found.quarantined]) == (
        [2, 3, 4],
        [22, 23, 24],
    )
    assert found.counts and (found.counts.accepted, found.counts.quarantined) == (20, 10)


def test_rows_are_shown_in_the_order_of_the_file_however_they_were_judged(tmp_path: Path) -> None:
    """A number that stands twice is looked at again, apart from the others."""
    found = seen(tmp_path, csv(*((number, *GOOD[1:]) for number in ("1", "2", "1", "3"))))
    assert [(row.raw_row, row.values["seizure_no"]) for row in found.accepted] == [
        (2, "1"),
        (3, "2"),
        (5, "3"),
    ]


def test_a_file_without_a_heading_of_the_definition_is_refused_and_says_what_it_has(tmp_path: Path) -> None:
    content = csv(GOOD).replace("Вещество".encode(), "Наркотик".encode())
    found = seen(tmp_path, content)
    assert found.counts is None and not found.accepted
    assert (found.missing, found.unused) == (["Вещество"], ["Наркотик"])
    assert "Вещество" in found.refused and "Наркотик" in found.refused


def test_headings_that_no_field_takes_are_named(tmp_path: Path) -> None:
    text = csv(GOOD).decode().replace("Орган\r", "Орган;Примечание\r").replace("МВД\r", "МВД;синтетика\r")
    found = seen(tmp_path, text.encode())
    assert (found.unused, found.missing) == (["Примечание"], []) and "Дата" in found.taken


def test_parts_of_nested_records_that_no_field_takes_are_named(tmp_path: Path) -> None:
    line = jsonl(GOOD).decode().replace("}\n", ', "прочее": {"автор": "синтетика", "шаг": 1}}\n')
    found = seen(tmp_path, line.encode(), "s_2025-03_20250405.jsonl", "jsonl")
    assert found.unused == ["прочее.автор", "прочее.шаг"]


def test_a_wrong_encoding_is_a_refusal_and_not_a_row_of_wrong_letters(tmp_path: Path) -> None:
    found = seen(tmp_path, csv(GOOD, encoding="cp1251"))
    assert "utf-8" in found.refused and found.counts is None


def test_the_period_is_that_of_the_name_or_of_the_person(tmp_path: Path) -> None:
    assert seen(tmp_path, csv(GOOD)).period == "2025-03"
    assert seen(tmp_path, csv(GOOD), "без даты.csv", period="2025-04").period == "2025-04"
    assert seen(tmp_path, csv(GOOD), period="2025-04").period == "2025-04"
    with pytest.raises(PreviewError, match="no period: expected a name that matches .* or --period"):
        seen(tmp_path, csv(GOOD), "без даты.csv")
    with pytest.raises(PreviewError, match="no period"):
        seen(tmp_path, csv(GOOD), period="март")


def test_a_row_dated_after_its_delivery_is_judged_by_the_day_in_the_name_or_the_time_stamp(
    tmp_path: Path,
) -> None:
    late = ("1", "20.04.2025", *GOOD[2:])
    assert seen(tmp_path, csv(late)).failed == {"row.not_after_receipt": 1}
    pattern = {"transport": {"kind": "folder", "path": "${ODCM_INBOX}", "name_pattern": r"(?P<year>\d{4})-(?P<month>\d{2})"}}  # fmt: skip
    sample = tmp_path / "s_2025-03.csv"
    sample.write_bytes(csv(late))
    for day, accepted in ((19, 0), (21, 1)):
        moment = datetime(2025, 4, day, 12, tzinfo=UTC).timestamp()
        os.utime(sample, (moment, moment))
        found = preview(definition(tmp_path, **pattern), "seizure_item", sample)
        assert found.counts and found.counts.accepted == accepted


def test_a_day_of_delivery_that_is_no_day_is_said(tmp_path: Path) -> None:
    with pytest.raises(PreviewError, match="no day"):
        seen(tmp_path, csv(GOOD), "s_2025-03_20250499.csv")


def test_the_limits_of_the_deployment_hold(tmp_path: Path) -> None:
    sample = tmp_path / NAME
    sample.write_bytes(csv(GOOD, BAD_DATE))
    found = preview(definition(tmp_path), "seizure_item", sample, limits=Limits(rows=1))
    assert "limits.rows" in found.refused


def test_a_workbook_is_read_by_its_content_whatever_its_name_ends_with(tmp_path: Path) -> None:
    content = workbook(tmp_path / "made.xlsx", GOOD)
    found = seen(tmp_path, content, "s_2025-03_20250405.xls", "xlsx")
    assert found.counts and (found.refused, found.counts.accepted) == ("", 1)


def test_a_sample_that_is_not_there_is_an_error_of_the_file_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        preview(definition(tmp_path), "seizure_item", tmp_path / NAME)


def test_a_preview_says_which_day_a_moment_becomes(tmp_path: Path) -> None:
    sample = tmp_path / "s_2024-02.csv"
    sample.write_text("No,Date,Substance,Qty\n1,2024-01-31,heroin,1\n2,2024-01-31T18:30:00Z,heroin,1\n")
    form = {"kind": "csv", "dates": ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]}
    for zone, day in (
        ({}, "2024-01-31 in Asia/Qyzylorda"),
        ({"zone": "Asia/Almaty"}, "2024-02-01 in Asia/Almaty"),
    ):
        found = preview(judged.definition(form | zone), "seizure_item", sample, "2024-02")
        assert found.moments == [f"seized_on: the moment 2024-01-31T18:30:00Z becomes {day}"]
    assert preview(judged.definition({"kind": "csv"}), "seizure_item", sample, "2024-02").moments == []
