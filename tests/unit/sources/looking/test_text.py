"""Text samples: encoding with its confidence, signs between cells, titles, headings, footers, fixed places."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from tests.unit.sources.looking.seen import LABORATORIES, seen, table

KAZAKH = (
    ("Нөмірі", "Жойылған күні", "Орган атауы", "Зертхана түрі", "Жабдық"),
    ("С-1", "14.03.2025", "ІІМ", "синтетикалық", "реактор, сүзгі, таразы"),
    ("С-2", "25.03.2025", "ҰҚК", "өсіру", "көшетханаға арналған шамдар"),
)
FOUND = ["record_no", "closed_on", "region_code", "agency", "lab_type"]


@pytest.mark.parametrize(
    ("encoding", "proposed"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("kz1048", "kz1048"), ("utf-16", "utf-16")],
)
def test_the_encoding_of_kazakh_text_is_named_with_confidence(
    tmp_path: Path, encoding: str, proposed: str
) -> None:
    found = seen(tmp_path, table(*KAZAKH).encode(encoding))
    assert found.format["encoding"] == proposed
    assert found.proposal.confidence is not None and found.proposal.confidence > 0.9
    assert list(found.fields)[:5] == FOUND and found.fields["agency"] == "Орган атауы"


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_the_encoding_of_russian_text_is_named(tmp_path: Path, encoding: str) -> None:
    rows = [row[:4] for row in LABORATORIES]  # KOI8-R has no №
    found = seen(tmp_path, table(*rows).encode(encoding))
    assert found.format["encoding"] == encoding and found.fields["closed_on"] == "Дата ликвидации"


def test_windows_1251_and_kz_1048_read_russian_alike_and_that_is_a_question(tmp_path: Path) -> None:
    found = seen(tmp_path, table(*LABORATORIES).encode("cp1251"))
    (question,) = found.asked("format.encoding")
    assert found.proposal.confidence == pytest.approx(0.5) and "kz1048 (50%)" in question.what


def test_utf_16_without_a_mark_is_named_with_its_order_of_bytes(tmp_path: Path) -> None:
    found = seen(tmp_path, table(*KAZAKH).encode("utf-16-le"))
    assert found.format["encoding"] == "utf-16-le"


def test_ascii_text_asks_nothing_about_its_encoding(tmp_path: Path) -> None:
    rows = (("Number", "Closed on", "Agency", "Type"), ("1", "14.03.2025", "knb", "synthetic"))
    found = seen(tmp_path, table(*rows).encode())
    assert found.format["encoding"] == "utf-8" and not found.asked("format.encoding")


@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
def test_the_sign_between_cells_is_found(tmp_path: Path, sign: str) -> None:
    found = seen(tmp_path, table(*LABORATORIES, sign=sign).encode())
    assert (found.format["kind"], found.format["delimiter"]) == ("csv", sign)
    assert found.fields["lab_type"] == "Тип лаборатории"


def test_commas_in_the_cells_do_not_hide_the_semicolons_between_them(tmp_path: Path) -> None:
    rows = [(*row, "тара, реактор, весы, марля") for row in LABORATORIES[1:]]
    found = seen(tmp_path, table((*LABORATORIES[0], "Оборудование"), *rows).encode())
    assert found.format["delimiter"] == ";" and found.fields["equipment"] == "Оборудование"


def test_cells_in_quotes_may_hold_the_sign_and_line_breaks(tmp_path: Path) -> None:
    rows = [(*row, '"колба; плитка\r\n""СИНТЕТИКА"""') for row in LABORATORIES[1:]]
    found = seen(tmp_path, table((*LABORATORIES[0], "Оборудование"), *rows).encode())
    assert (found.proposal.records, found.fields["equipment"]) == (3, "Оборудование")


@pytest.mark.parametrize(("cell", "quote", "escape"), [("'а;б'", "'", None), ('"а \\"б\\"; в"', None, "\\")])
def test_other_quotes_and_escapes_are_declared(
    tmp_path: Path, cell: str, quote: str | None, escape: str | None
) -> None:
    rows = [(*row, cell) for row in LABORATORIES[1:]]
    found = seen(tmp_path, table((*LABORATORIES[0], "Оборудование"), *rows).encode())
    assert (found.format.get("quote"), found.format.get("escape")) == (quote, escape)
    assert found.proposal.records == 3


def test_titles_before_and_sums_behind_are_declared_and_are_no_records(tmp_path: Path) -> None:
    text = table(("Отчёт за март 2025 (синтетические данные)",), ("",), *LABORATORIES)
    text += table(("", "", "", "", ""), ("Итого: 3", "", "", "", ""), ("Исполнитель: А. Тестов",))
    found = seen(tmp_path, text.encode())
    assert (found.format["title_rows"], found.proposal.records) == (2, 3)
    assert found.format["footer"] == r"(?i)^\s*(исполнитель|итого)"
    assert found.asked("format.footer")


def test_a_heading_of_two_rows_is_joined(tmp_path: Path) -> None:
    rows = (
        ("№", "Ликвидация", "", "Тип лаборатории", "№ ЕРДР"),
        ("", "дата", "орган", "", ""),
        *LABORATORIES[1:],
    )
    found = seen(tmp_path, table(*rows).encode())
    assert found.format["header_rows"] == 2
    assert (found.fields["closed_on"], found.fields["agency"]) == ("Ликвидация / дата", "Ликвидация / орган")


def test_a_sign_at_the_end_of_each_line_makes_a_column_without_heading_and_changes_nothing(
    tmp_path: Path,
) -> None:
    rows = (
        ("№", "Ликвидация", "", "Тип", ""),
        ("", "дата", "орган", "", ""),
        *(row[:4] for row in LABORATORIES[1:]),
    )
    text = table(*(row if len(row) == 5 else (*row, "") for row in rows))
    found = seen(tmp_path, text.encode())
    assert (found.format["header_rows"], found.fields["agency"]) == (2, "Ликвидация / орган")


def test_a_row_that_numbers_the_columns_belongs_to_the_heading(tmp_path: Path) -> None:
    found = seen(tmp_path, table(LABORATORIES[0], ("1", "2", "3", "4", "5"), *LABORATORIES[1:]).encode())
    assert (found.format["header_rows"], found.proposal.records) == (2, 3)
    assert found.fields["closed_on"] == "Дата ликвидации / 2"


def test_lines_that_begin_with_a_sign_are_comments(tmp_path: Path) -> None:
    text = (
        "# выгрузка от 04.04.2025\r\n"
        + table(*LABORATORIES[:2])
        + "# конец страницы; 1\r\n"
        + table(*LABORATORIES[2:])
    )
    found = seen(tmp_path, text.encode())
    assert (found.format["comment"], found.proposal.records) == ("#", 3)


def test_a_heading_may_begin_with_the_sign_of_a_comment(tmp_path: Path) -> None:
    found = seen(tmp_path, table(("#", *LABORATORIES[0][1:]), *LABORATORIES[1:]).encode())
    assert "comment" not in found.format and found.proposal.records == 3


def test_broken_rows_do_not_mislead_the_look(tmp_path: Path) -> None:
    broken = (("С-4", "28.03.2025"), ("С-5", "29.03.2025", "ДП", "лишнее", "синтетическая", "СИНТ-5"))
    found = seen(tmp_path, table(*LABORATORIES, *broken).encode())
    assert (found.format["delimiter"], found.fields["case_number"]) == (";", "№ ЕРДР")


def test_a_title_a_heading_and_one_broken_row_are_still_a_table(tmp_path: Path) -> None:
    rows = (("Синтетические данные",), LABORATORIES[0], ("С-1", "14.03.2025", "ДП"))
    found = seen(tmp_path, table(*rows).encode())
    assert (found.format["delimiter"], found.fields["closed_on"]) == (";", "Дата ликвидации")


def test_a_heading_without_records_is_read_by_its_names_alone(tmp_path: Path) -> None:
    found = seen(tmp_path, table(LABORATORIES[0]).encode())
    assert found.fields["closed_on"] == "Дата ликвидации" and found.open == []
    assert "no date of the sample" in found.asked("format.dates")[0].what


def fixed(*rows: tuple[str, ...], widths: tuple[int, ...] = (8, 18, 12, 20)) -> bytes:
    return "".join(
        "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    ).encode()


def test_columns_at_fixed_places_are_found_by_their_gaps(tmp_path: Path) -> None:
    found = seen(tmp_path, fixed(*(row[:4] for row in LABORATORIES)), name="report_2025-03.txt")
    columns = found.format["columns"]
    assert found.format["kind"] == "fixed" and found.asked("format.columns")
    assert columns["Дата ликвидации"] == {"start": 9, "width": 18}
    assert (found.fields["closed_on"], found.format["title_rows"]) == ("Дата ликвидации", 1)


def test_a_comma_in_each_number_does_not_make_fixed_columns_delimited(tmp_path: Path) -> None:
    rows = (
        ("№", "Дата изъятия", "Вещество", "Количество"),
        ("1", "14.03.2025", "мефедрон", "4,5"),
        ("2", "25.03.2025", "героин", "12,75"),
        ("3", "26.03.2025", "соль", "0,3"),
    )
    found = seen(tmp_path, fixed(*rows), "seizure_item", name="report_2025-03.txt")
    assert found.format["kind"] == "fixed" and found.fields["quantity"] == "Количество"


def test_a_byte_order_mark_is_no_letter_of_the_first_heading(tmp_path: Path) -> None:
    found = seen(tmp_path, codecs.BOM_UTF8 + table(*LABORATORIES).encode())
    assert found.fields["record_no"] == "Номер"
