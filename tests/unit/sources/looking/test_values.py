"""What stands in the cells: dates, numbers, words for nothing, words of code lists. A doubt is a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.sources.looking.codes import same_but_letters
from tests.unit.sources.looking.seen import LABORATORIES, Seen, column, seen, table


def dated(folder: Path, *texts: str) -> Seen:
    """Laboratories closed on these days."""
    rows = [(f"С-{n}", text, "ДП", "синтетическая") for n, text in enumerate(texts, 1)]
    return seen(folder, table(LABORATORIES[0][:4], *rows).encode())


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (("14.03.2025", "01.03.2025"), ["%d.%m.%Y"]),
        (("2025-03-14", "2025-03-01"), ["%Y-%m-%d"]),
        (("2025-03-01", "2025-03-02"), ["%Y-%m-%d"]),
        (("14/03/2025", "01/03/2025"), ["%d/%m/%Y"]),
        (("03/14/2025", "03/01/2025"), ["%m/%d/%Y"]),
        (("14-03-2025", "15-03-2025"), ["%d-%m-%Y"]),
        (("14.03.25", "15.03.25"), ["%d.%m.%y"]),
        (("14.03.25", "15.03.2025"), ["%d.%m.%y", "%d.%m.%Y"]),
        (("20250314", "20250301"), ["%Y%m%d"]),
        (("14 Mar 2025", "1 Mar 2025"), ["%d %b %Y"]),
        (("14 March 2025", "1 June 2025"), ["%d %B %Y"]),
        (("2025-03-14T10:20:30Z", "2025-03-01T00:00:00Z"), ["%Y-%m-%dT%H:%M:%SZ"]),
        (("14.03.2025 10:20", "01.03.2025 00:05"), ["%d.%m.%Y %H:%M"]),
    ],
)
def test_a_date_format_that_one_value_decides_is_taken_without_a_question(
    tmp_path: Path, texts: tuple[str, ...], formats: list[str]
) -> None:
    found = dated(tmp_path, *texts)
    assert found.format["dates"] == formats and not found.asked("format.dates")


def test_with_full_stops_the_day_first_is_taken_and_still_is_a_question(tmp_path: Path) -> None:
    found = dated(tmp_path, "03.04.2025", "05.06.2025")
    assert found.format["dates"] == ["%d.%m.%Y"] and found.open == []
    (question,) = found.asked("format.dates")
    assert "no day of the sample is above 12" in question.what and "%m.%d.%Y" in question.why


def test_with_slashes_nothing_is_taken_until_a_person_decides(tmp_path: Path) -> None:
    found = dated(tmp_path, "04/03/2025", "06/05/2025")
    assert "dates" not in found.format and found.open == ["format.dates"]
    (question,) = found.asked("format.dates")
    assert question.what.startswith("%d/%m/%Y or %m/%d/%Y")


def test_a_sample_with_both_orders_says_so(tmp_path: Path) -> None:
    found = dated(tmp_path, "14/03/2025", "03/15/2025", "04/05/2025")
    assert set(found.format["dates"]) == {"%d/%m/%Y", "%m/%d/%Y"}
    assert "has both" in found.asked("format.dates")[0].what


def test_a_day_that_no_month_has_does_not_hide_the_format(tmp_path: Path) -> None:
    assert dated(tmp_path, "31.02.2025", "14.03.2025", "15.03.2025").format["dates"] == ["%d.%m.%Y"]


def measured(folder: Path, *texts: str, heading: str = "Количество") -> Seen:
    """Seizures of these quantities."""
    rows = [(f"С-{n}", "1", "14.03.2025", "ДП", "героин", text, "кг") for n, text in enumerate(texts, 1)]
    headings = ("№ изъятия", "№ п/п вещества", "Дата изъятия", "Орган", "Вещество", heading, "Ед. изм.")
    return seen(folder, table(headings, *rows, sign="|").encode(), "seizure_item")


@pytest.mark.parametrize(
    ("texts", "decimal", "thousands"),
    [
        (("4,5", "12,75"), ",", ""),
        (("4.5", "12.75"), ".", ""),
        (("1 250,5", "300"), ",", " "),
        (("1\u00a0250,5", "300"), ",", " "),
        (("1.250,50", "3,5"), ",", "."),
        (("1,250.50", "3.5"), ".", ","),
        (("1'250.5", "3"), ".", "'"),
        (("1.250.000", "3"), ",", "."),
        (("0,125", "0,250"), ",", ""),
    ],
)
def test_the_signs_in_numbers_are_told_from_all_values(
    tmp_path: Path, texts: tuple[str, ...], decimal: str, thousands: str
) -> None:
    found = measured(tmp_path, *texts)
    assert (found.format["decimal"], found.format.get("thousands", "")) == (decimal, thousands)
    assert not found.asked("format.decimal")


def test_a_sign_before_three_digits_may_part_thousands_and_is_a_question(tmp_path: Path) -> None:
    found = measured(tmp_path, "1,250", "3,500")
    assert "thousands" not in found.format and found.asked("format.decimal")


def test_marks_of_footnotes_behind_values_are_declared(tmp_path: Path) -> None:
    found = measured(tmp_path, "4,5*", "12,75", "3¹")
    assert (found.format["footnote_marks"], found.format["decimal"]) == ("*¹", ",")


def test_words_for_nothing_are_found_where_a_number_or_day_should_be(tmp_path: Path) -> None:
    assert measured(tmp_path, "4,5", "н/д", "2,5", "—").format["null_values"] == ["", "—", "н/д"]


def test_a_word_for_nothing_that_a_code_list_knows_is_an_answer(tmp_path: Path) -> None:
    """`нет` under `Интернет-сбыт` says no; it is nothing only where the word is no answer."""
    rows = [(f"С-{n}", "1", "14.03.2025", "ДП", "героин", "1,5", "кг", "нет") for n in range(1, 4)]
    headings = ("№ изъятия", "№ п/п вещества", "Дата изъятия", "Орган", "Вещество", "Количество", "Ед. изм.", "Интернет-сбыт")  # fmt: skip
    found = seen(tmp_path, table(headings, *rows).encode(), "seizure_item")
    assert found.format["null_values"] == [""] and found.fields["linked_to_online"] == "Интернет-сбыт"


def test_a_column_of_nothing_but_words_for_nothing_is_empty_and_keeps_its_name(tmp_path: Path) -> None:
    rows = [(f"С-{n}", "1", "14.03.2025", "ДП", "героин", "1,5", "кг", "х") for n in range(1, 4)]
    headings = ("№ изъятия", "№ п/п вещества", "Дата изъятия", "Орган", "Вещество", "Количество", "Ед. изм.", "Чистота, %")  # fmt: skip
    found = seen(tmp_path, table(headings, *rows).encode(), "seizure_item")
    assert found.format["null_values"] == ["", "х"] and found.fields["purity_pct"] == "Чистота, %"


def typed(folder: Path, *words: str) -> Seen:
    """Channels on platforms that the source calls so."""
    rows = [(str(n), word, f"@synthetic_{n}", f"{n + 12}.03.2025") for n, word in enumerate(words, 1)]
    headings = ("Номер записи", "Тип платформы", "Ссылка", "Дата выявления")
    return seen(folder, table(headings, *rows).encode(), "blocking_record")


def test_words_that_the_code_list_knows_need_no_codes(tmp_path: Path) -> None:
    found = typed(tmp_path, "КАНАЛ Telegram", "сайт", "Telegram bot", "telegram_group")
    assert found.fields["platform"] == "Тип платформы" and not found.asked("fields.platform.codes")


def test_words_that_it_does_not_know_are_a_question_with_the_code_that_they_agree_with(
    tmp_path: Path,
) -> None:
    found = typed(tmp_path, "сайт", "сайт", "веб-сайтик", "ЩЮЖ", "ЩЮЖ", "телеграм-канал", "закрытый сайт")
    assert found.fields["platform"] == "Тип платформы"
    (question,) = found.asked("fields.platform.codes")
    assert (
        question.details == "'ЩЮЖ' (2 records), 'веб-сайтик' (1 record), 'закрытый сайт' (1 record, website?)"
    )


def test_words_that_are_known_in_other_letters_are_taken(tmp_path: Path) -> None:
    found = typed(tmp_path, "telegram-kanal", "sayt", "сайт.", "ЩЮЖ")
    assert found.fields["platform"] == {
        "column": "Тип платформы",
        "codes": {"telegram-kanal": "telegram_channel", "сайт.": "website", "sayt": "website"},
    }
    assert found.asked("fields.platform.codes")[0].details == "'ЩЮЖ' (1 record)"


def test_two_letters_are_too_few_to_know_a_word_by() -> None:
    assert (same_but_letters("k.g", "units"), same_but_letters("gramm", "units")) == ("", "g")


def test_addresses_never_stand_among_the_words_that_are_asked_about(tmp_path: Path) -> None:
    """A question is printed on the screen: what may be a live channel is not quoted (B9)."""
    found = typed(tmp_path, "сайт", "сайт", "t.me/synthetic_shop", "@synthetic_shop", "сайт", "форум-синт")
    asked = " ".join(f"{each.what} {each.details}" for each in found.proposal.decisions)
    assert "форум-синт" in asked and "synthetic_shop" not in asked


@pytest.mark.parametrize("word", ["Қызылорда облысы", "Кызылординская область", "kyzylorda region", "KZ-43"])
def test_a_region_in_any_language_is_known(tmp_path: Path, word: str) -> None:
    rows = [(*row, word) for row in LABORATORIES]
    rows[0] = (*LABORATORIES[0], "Регион")
    found = seen(tmp_path, table(*rows).encode())
    assert found.fields["region_code"] == "Регион"


def test_an_own_word_for_the_region_that_was_named_is_a_question_and_is_not_taken(tmp_path: Path) -> None:
    rows = [(*row, "Сыр өңірі") for row in LABORATORIES]
    rows[0] = (*LABORATORIES[0], "Регион")
    found = seen(tmp_path, table(*rows).encode())
    assert found.fields["region_code"] == "Регион"
    assert found.asked("fields.region_code.codes")[0].details == "'Сыр өңірі' (3 records)"


def test_a_heading_and_a_number_alone_say_too_little_and_are_open(tmp_path: Path) -> None:
    assert "fields.closed_on" in seen(tmp_path, column("Пусто", "а", "б", "в")).open


def test_a_word_that_agrees_with_the_region_that_was_named_is_taken(tmp_path: Path) -> None:
    rows = [(*row, "Кызылорд. обл.") for row in LABORATORIES]
    rows[0] = (*LABORATORIES[0], "Регион")
    text = table(*rows).encode()
    assert seen(tmp_path, text).fields["region_code"] == {
        "column": "Регион",
        "codes": {"Кызылорд. обл.": "KZ-43"},
    }
    assert seen(tmp_path, text, regions=("KZ-71",)).fields["region_code"] == "Регион"
