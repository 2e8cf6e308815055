"""What the name of a file says, in the ways in which offices write months and days."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest

from include.sources.definition import FolderTransport
from include.sources.file_names import UnreadableName, read_file_name
from include.sources.looking import read_name
from include.sources.months import month_of

NUMBERS = r"(?P<year>\d{4})-(?P<month>\d{2})(_(?P<delivered>.+))?\."


def said(name: str, pattern: str = NUMBERS, **more: Any) -> tuple[str, datetime | None]:
    declared = FolderTransport.model_validate({"kind": "folder", "path": "x", "name_pattern": pattern} | more)
    found = read_file_name(name, declared)
    return found.period, found.delivered_at


@pytest.mark.parametrize(
    ("written", "form", "moment"),
    [
        ("20250404", "%Y%m%d", datetime(2025, 4, 4, tzinfo=UTC)),
        ("04.04.2025", "%d.%m.%Y", datetime(2025, 4, 4, tzinfo=UTC)),
        ("4-4-25", "%d-%m-%y", datetime(2025, 4, 4, tzinfo=UTC)),
        ("20250404_0130", "%Y%m%d_%H%M", datetime(2025, 4, 3, 20, 30, tzinfo=UTC)),
    ],
)
def test_the_day_of_delivery_is_read_in_the_declared_form(written: str, form: str, moment: datetime) -> None:
    assert said(f"a_2025-03_{written}.csv", delivered_format=form) == ("2025-03", moment)


def test_without_a_day_in_the_name_its_time_stamp_says_it() -> None:
    assert said("a_2025-03.csv") == ("2025-03", None)


@pytest.mark.parametrize(
    ("name", "pattern", "period"),
    [
        ("Отчёт за марта 2025 г.xlsx", r"(?P<month>\w+) (?P<year>\d{4})", "2025-03"),
        ("НАУРЫЗ_2025.csv", r"^(?P<month>[^_]+)_(?P<year>\d{4})", "2025-03"),
        ("май 25.csv", r"^(?P<month>\w+) (?P<year>\d\d)\.", "2025-05"),
        (unicodedata.normalize("NFD", "май 2025.csv"), r"^(?P<month>\w+) (?P<year>\d{4})", "2025-05"),
        ("IV квартал 2025.csv", r"(?P<quarter>[IV]+) квартал (?P<year>\d{4})", "2025-10"),
        ("2025_2.csv", r"(?P<year>\d{4})_(?P<quarter>\d)", "2025-04"),
        ("2024.csv", r"(?P<year>\d{4})", "2024"),
    ],
)
def test_months_have_names_and_quarters_stand_for_their_first_month(
    name: str, pattern: str, period: str
) -> None:
    assert said(name, pattern)[0] == period


@pytest.mark.parametrize(
    ("name", "pattern", "fault"),
    [
        ("a_2025-13.csv", NUMBERS, "a month that is none"),
        ("a_2025-03_20250231.csv", NUMBERS, r"a day of delivery that is no day; expected %Y%m%d"),
        ("foo 2025.csv", r"(?P<month>\w+) (?P<year>\d{4})", "expected 01 to 12, or the name of a month"),
        ("5 2025.csv", r"(?P<quarter>\d) (?P<year>\d{4})", "a quarter that is none"),
        ("a_125.csv", r"_(?P<year>\d+)", "a year that is none"),
        ("b.csv", NUMBERS, "no period or day of delivery"),
    ],
)
def test_a_name_that_says_no_period_or_day_says_why(name: str, pattern: str, fault: str) -> None:
    with pytest.raises(UnreadableName, match=fault):
        said(name, pattern)


@pytest.mark.parametrize("form", ["%Y%m", "%d.%m", "DDMMYYYY", "%Y-%m-%d %Q"])
def test_a_form_that_tells_no_day_is_a_fault_of_the_definition(form: str) -> None:
    with pytest.raises(ValueError, match="expected a strptime format with a day, a month and a year"):
        said("a_2025-03.csv", delivered_format=form)


@pytest.mark.parametrize(
    ("name", "period", "day"),
    [
        ("Отчет за март 2025 г. от 04.04.2025.xlsx", "2025-03", 4),
        ("x_05042025_2025-03.csv", "2025-03", 5),
        ("Мамыр_2025_2025-06-03.csv", "2025-05", 3),
        ("2025-03_2025.04.05.csv", "2025-03", 5),
        ("lab_2025-11_20251203.csv", "2025-11", 3),
    ],
)
def test_a_proposal_reads_what_its_own_pattern_reads(name: str, period: str, day: int) -> None:
    found = read_name(name)
    more = {"delivered_format": found.delivered_format}
    told, moment = said(name, found.name_pattern, **more)
    assert (found.period, told, moment and moment.day) == (period, period, day)


@pytest.mark.parametrize(
    ("word", "month"),
    [("май", 5), ("мая", 5), ("марта", 3), ("мар.", 3), ("Июня", 6), ("сентября", 9), ("наурыз", 3), ("маусым", 6), ("ма", 0)],
)  # fmt: skip
def test_a_month_is_known_whole_cut_short_and_declined(word: str, month: int) -> None:
    assert month_of(word) == month
