"""What is asked first: whatever makes figures wrong without a word, and only where the sample shows signs of it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import xlsxwriter

from include.sources.looking.codes import agreeing_code
from tests.unit.sources.looking.seen import LABORATORIES, Seen, seen, table

SEIZURE = (
    "Номер изъятия",
    "№ п/п",
    "Дата изъятия",
    "Орган",
    "Вещество",
    "Количество",
    "Ед. изм.",
    "Чистота, %",
)


def first(found: Seen) -> list[str]:
    """The keys that are asked about first, before all others."""
    firsts = [each.first for each in found.proposal.decisions]
    assert firsts == sorted(firsts, reverse=True)
    return [each.key for each in found.proposal.decisions if each.first]


def seizures(folder: Path, *purities: str, day: str = "14.03.2025") -> Seen:
    rows = [(f"С-2025-{n}", "1", day, "ДП", "героин", f"{n},5", "г", p) for n, p in enumerate(purities)]
    return seen(folder, table(SEIZURE, *rows).encode(), "seizure_item")


def test_a_plain_sample_asks_nothing_first(tmp_path: Path) -> None:
    assert first(seen(tmp_path, table(*LABORATORIES).encode())) == []


def test_a_first_row_like_the_others_is_no_heading(tmp_path: Path) -> None:
    found = seen(tmp_path, table(*LABORATORIES[1:]).encode())
    assert (found.format["header_rows"], found.format["columns"], found.proposal.records) == (0, 5, 3)
    assert found.fields["closed_on"] == "column 2" and found.fields["lab_type"] == "column 4"
    assert "format.header_rows" in first(found)


def test_years_and_numbers_of_columns_stand_in_headings_too(tmp_path: Path) -> None:
    rows = [("учреждение УИС", "12", "7", "9"), ("центр реабилитации", "3", "1", "4")]
    found = seen(tmp_path, table(("Учреждение", "2023", "2024", "2025"), *rows).encode(), "resocialisation")
    assert "header_rows" not in found.format
    found = seen(tmp_path, table(("1", "2", "3", "4"), *rows).encode(), "resocialisation")
    assert found.format.get("header_rows") != 0


def test_words_below_words_leave_it_open_which_of_them_are_the_heading(tmp_path: Path) -> None:
    rows = [("Орган", "Тип"), ("ДП", "синтетическая"), ("КНБ", "экстракция")]
    assert first(seen(tmp_path, table(*rows).encode()))[0] == "format.header_rows"


@pytest.mark.parametrize("number", ["{}", "4{}"])
def test_small_numbers_may_begin_anew(tmp_path: Path, number: str) -> None:
    rows = [(number.format(n), *row[1:]) for n, row in enumerate(LABORATORIES[1:], 1)]
    found = seen(tmp_path, table(LABORATORIES[0], *rows).encode())
    assert first(found) == ["identity"] and "begin anew" in found.asked("identity")[0].why


def test_a_purity_that_is_never_above_one_may_be_a_share(tmp_path: Path) -> None:
    assert first(seizures(tmp_path, "0,85", "0,61")) == ["fields.purity_pct"]
    assert first(seizures(tmp_path, "0,85", "61")) == []


def test_a_column_of_moments_asks_for_the_zone(tmp_path: Path) -> None:
    for text, said in (
        ("2025-03-14T01:30:00Z", "zone: UTC"),
        ("2025-03-14T01:30:00+05:00", "zone: UTC"),
        ("14.03.2025 01:30", "if the source writes them in UTC"),
    ):
        found = seizures(tmp_path, "85", "61", day=text)
        assert first(found) == ["fields.seized_on"], text
        assert said in found.asked("fields.seized_on")[0].why


def test_several_addresses_in_a_cell_are_counted_and_never_shown(tmp_path: Path) -> None:
    headings = ("Номер записи", "Ссылка", "Дата выявления")
    rows = [
        ("З-2025-1", "@synthetic_a, @synthetic_b", "14.03.2025"),
        ("З-2025-2", "@synthetic_c", "15.03.2025"),
    ]
    found = seen(tmp_path, table(headings, *rows).encode(), "blocking_record")
    assert first(found) == ["fields.identifier"]
    (question,) = found.asked("fields.identifier")
    assert "1 of 2 cells" in question.what and "synthetic" not in question.what + question.why


def test_regions_that_nobody_named_ask_whose_rows_they_are(tmp_path: Path) -> None:
    words = ("Регион", "Кызылординская область", "г. Астана", "Абайская область")
    rows = [(*row, word) for row, word in zip(LABORATORIES, words, strict=True)]
    found = seen(tmp_path, table(*rows).encode())
    assert first(found) == ["only"] and "Astana" in found.asked("only")[0].what


def test_merged_cells_below_the_heading_are_asked_about(tmp_path: Path) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("S")
        for number, row in enumerate(LABORATORIES):
            page.write_row(number, 0, row)
        page.merge_range("C2:C3", "ДП")
    found = seen(tmp_path, out.getvalue(), name="report_2025-03.xlsx")
    assert first(found) == ["format.fill_merged"]
    assert "'Орган'" in found.asked("format.fill_merged")[0].what


def test_columns_that_blanks_part_are_read(tmp_path: Path) -> None:
    text = "recordNo closedOn agency labType\nL-1 2025-03-14 knb synthetic\nL-22  2025-03-15  knb   extraction\nL-3 2025-03-16 mia_police  synthetic\n"
    found = seen(tmp_path, text.encode(), name="report_2025-03.txt")
    assert (found.format["delimiter"], found.format["merge_delimiters"]) == (" ", True)
    assert (found.fields["closed_on"], found.proposal.records) == ("closedOn", 3)


@pytest.mark.parametrize(
    ("word", "codelist", "code"),
    [
        ("Кызылординская", "regions", "KZ-43"),
        ("Кызылординская обл.", "regions", "KZ-43"),
        ("область", "regions", ""),
        ("Кызыл-Орда", "regions", ""),
        ("веб-сайтик", "platforms", ""),
    ],
)
def test_a_code_is_proposed_only_where_the_words_agree(word: str, codelist: str, code: str) -> None:
    assert agreeing_code(word, codelist) == code
