"""What the name of a sample tells of the files to come, what no sample tells, and how much of a sample is looked at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from include.sources import Limits, SourceError
from include.sources.looking import Given, propose, read_name, take
from include.sources.looking.sample import HEAD_BYTES, RECORDS, TAIL_BYTES
from tests.unit.sources.looking.seen import LABORATORIES, seen, table


@pytest.mark.parametrize(
    ("name", "period", "delivered"),
    [
        ("lab_2025-03_20250404.csv", "2025-03", "20250404"),
        ("lab_20250404_2025-03.csv", "2025-03", "20250404"),
        ("lab_2025_03.csv", "2025-03", None),
        ("отчёт 03.2025 (синтетика).xlsx", "2025-03", None),
        ("202503_lab.json", "2025-03", None),
        ("lab_2024_20250115.csv", "2024", "20250115"),
        ("годовой-2024.ods", "2024", None),
        ("lab_20250404.csv", "2025-04", None),
        ("выгрузка.csv", "", None),
        ("lab_12345_99.csv", "", None),
    ],
)
def test_the_period_and_the_day_of_delivery_are_read_from_a_name(
    name: str, period: str, delivered: str | None
) -> None:
    said = read_name(name)
    assert said.period == period
    found = re.search(said.name_pattern, name)
    groups = found.groupdict() if found else {}
    if period:
        assert "-".join(filter(None, (groups["year"], groups.get("month")))) == period
        assert groups.get("delivered") == delivered


def test_the_pattern_of_a_name_finds_the_next_months_too() -> None:
    said = read_name("lab_2025-03_20250404.csv")
    following = re.search(said.name_pattern, "lab_2025-11_20251203.csv")
    assert following and following.groupdict() == {"year": "2025", "month": "11", "delivered": "20251203"}
    assert said.pattern == "*.csv"


def test_reports_are_expected_from_the_period_of_the_sample_on_and_that_is_said_beside_it(
    tmp_path: Path,
) -> None:
    found = seen(tmp_path, table(*LABORATORIES).encode())
    assert found.feed["rhythm"] == {"every": "month", "since": "2025-03"}
    assert found.told("rhythm") and not found.asked("rhythm")


def test_a_name_without_a_period_is_a_question_and_the_dates_tell_the_month(tmp_path: Path) -> None:
    found = seen(tmp_path, table(*LABORATORIES).encode(), name="выгрузка.csv")
    assert found.asked("transport.name_pattern")
    assert found.feed["rhythm"] == {"every": "month", "since": "2025-03"}
    assert "month of most of its dates" in found.asked("rhythm")[0].what


def test_an_api_asked_by_month_without_any_month_leaves_the_rhythm_open(tmp_path: Path) -> None:
    content = b'{"items": [{"recordNo": "1", "closedOn": null, "agency": "knb", "labType": "synthetic"}]}'
    found = seen(tmp_path, content, name="answer.json", transport="http")
    assert "rhythm" in found.open and "rhythm" not in found.feed


@pytest.mark.parametrize(
    ("transport", "keys"),
    [("folder", {"path"}), ("sftp", {"path", "connection"}), ("http", {"url", "auth", "deliveries", "pages"}), ("sql", {"table", "columns", "order_by"})],
)  # fmt: skip
def test_what_a_sample_cannot_tell_of_a_transport_has_a_place_and_is_said_beside_it(
    tmp_path: Path, transport: str, keys: set[str]
) -> None:
    content = (
        b'{"items": [{"recordNo": "1", "closedOn": "2025-03-14", "agency": "knb", "labType": "synthetic"}]}'
    )
    found = seen(tmp_path, content, name="answer_2025-03.json", transport=transport)
    assert found.feed["transport"]["kind"] == transport and keys <= set(found.feed["transport"])
    assert any(each.key.startswith("transport") for each in found.proposal.usual)


def test_whether_a_delivery_holds_all_or_what_is_new_is_said_beside_it_for_every_source(
    tmp_path: Path,
) -> None:
    found = seen(tmp_path, table(*LABORATORIES).encode())
    (question,) = found.told("delivers")
    assert found.feed["delivers"] == {"kind": "increment"}
    assert "snapshot" in question.why and "cumulative" in question.why


def test_of_a_huge_file_only_its_ends_are_looked_at(tmp_path: Path) -> None:
    """Between them lie 400 MB of nothing, which would be no text; the sum at the end is seen all the same."""
    path = tmp_path / "report_2025-03.csv"
    heading, *rows = (table(row).encode() for row in LABORATORIES)
    with path.open("wb") as file:
        file.write(heading + b"".join(rows) * (HEAD_BYTES // 100))
        file.truncate(400 << 20)
        file.seek(0, 2)
        file.write(b"\r\n" + b"".join(rows) * (TAIL_BYTES // 100) + "Итого: 60150;;;;\r\n".encode())
    said = propose(take(path, "KZ-43/laboratory"), Given("KZ-43", "laboratory", regions=("KZ-43",)))
    form = said.document["feeds"]["laboratory"]["format"]
    assert (form["encoding"], form["footer"]) == ("utf-8", r"(?i)^\s*(итого)")
    assert RECORDS <= said.records <= RECORDS + 10 and said.open == []


def test_the_head_of_a_file_may_end_inside_a_letter(tmp_path: Path) -> None:
    rows = table(*LABORATORIES[1:] * 500).encode()
    for before in (b"", b"x", b"xx"):  # one of them lets the head end between the bytes of a letter
        content = table(LABORATORIES[0]).encode() + rows + before + "ё ".encode() * (HEAD_BYTES // 2)
        found = seen(tmp_path, content)
        assert (found.format["encoding"], found.fields["agency"]) == ("utf-8", "Орган")


def test_a_document_larger_than_the_look_is_ended_after_its_last_whole_record(tmp_path: Path) -> None:
    record = '{"recordNo": "S-%06d", "closedOn": "2025-03-14", "agency": "knb", "labType": "synthetic"}'
    content = '{"items": [' + ",".join(record % n for n in range(20_000)) + '], "total": 20000}'
    found = seen(tmp_path, content.encode(), name="answer_2025-03.json")
    assert (found.format["items"], found.proposal.records) == ("items", RECORDS)
    assert found.fields["record_no"] == "recordNo"


def test_a_sample_larger_than_a_delivery_may_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report_2025-03.csv"
    path.write_bytes(table(*LABORATORIES).encode())
    with pytest.raises(SourceError, match="limits.delivery_bytes"):
        take(path, "KZ-43/laboratory", Limits(delivery_bytes=100))
