"""Which column is which field: by names in three languages and by what stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.contracts import DATASETS, load
from include.sources.looking.fields import names_of
from tests.unit.sources.looking.seen import LABORATORIES, seen, table

RUSSIAN, KAZAKH, ENGLISH = range(3)


@pytest.mark.parametrize("language", [RUSSIAN, KAZAKH, ENGLISH], ids=["ru", "kk", "en"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_heading_of_the_contract_is_its_field_in_each_language(
    tmp_path: Path, dataset: str, language: int
) -> None:
    headings = {field.name: field.headings[language] for field in load(f"core_{dataset}").reported}
    found = seen(tmp_path, table(list(headings.values())).encode(), dataset)
    assert {name: found.fields.get(name) for name in headings} == headings


@pytest.mark.parametrize(
    ("headings", "why"),
    [
        (("nomer", "data_likvidacii", "organ", "tip_laboratorii", "oborudovanie"), "Russian in Latin letters"),
        (("recordNumber", "closedOn", "agencyName", "labType", "equipmentFound"), "camelCase"),
        (("№ п/п", "Дата ликвид.", "Орг.", "Тип лаб.", "Оборуд."), "cut short"),
        (("НОМЕР  ЗАПИСИ", "Дата\u00a0ликвидации", " орган ", "ТИП ЛАБОРАТОРИИ", "Оборудование:"), "case, spaces, signs"),
        (("Номер", "Дата ликвидайии", "Орган", "Тип лабаратории", "Оборудованее"), "slips of letters"),
        (("Equipment 1", "x", "y", "z", "w"), ""),
    ],
)  # fmt: skip
def test_other_spellings_of_headings_are_known(tmp_path: Path, headings: tuple[str, ...], why: str) -> None:
    rows = [(row[0], row[1], row[2], row[3], "колба") for row in LABORATORIES[1:]]
    found = seen(tmp_path, table(headings, *rows).encode())
    wanted = ["record_no", "closed_on", "agency", "lab_type", "equipment"]
    clean = [" ".join(heading.split()) for heading in headings]
    if why:
        assert [found.fields.get(name) for name in wanted] == clean, why
    else:  # nothing but its content tells what a column is
        assert [found.fields.get(name) for name in wanted[1:4]] == clean[1:4]


def test_numbers_in_headings_tell_fields_apart_that_are_called_alike(tmp_path: Path) -> None:
    headings = (
        "Месяц",
        "Тип учреждения",
        "Работа: 12 месяцев",
        "Работа: 6 месяцев",
        "Работа: 3 месяца",
        "Работа: 0 месяцев",
    )
    rows = [
        ("01.03.2025", "учреждение УИС", "1", "2", "3", "4"),
        ("01.04.2025", "учреждение УИС", "2", "3", "4", "5"),
    ]
    found = seen(tmp_path, table(headings, *rows).encode(), "resocialisation")
    names = names_of(load("core_resocialisation"))
    other = {months: names.score("Работа: 3 месяца", f"employed_{months}m") for months in (3, 6, 12)}
    assert other[3] > 1.5 * max(other[6], other[12])
    after = {months: found.fields.get(f"employed_{months}m") for months in (12, 6, 3)}
    assert after == {12: "Работа: 12 месяцев", 6: "Работа: 6 месяцев", 3: "Работа: 3 месяца"}


def test_a_column_taken_by_its_content_is_a_question(tmp_path: Path) -> None:
    rows = [(row[0], row[1], row[2], row[3]) for row in LABORATORIES[1:]]
    found = seen(tmp_path, table(("№", "Дата ликвидации", "Кто", "Тип"), *rows).encode())
    assert found.fields["agency"] == "Кто"
    assert "by its content" in found.asked("fields.agency")[0].what
    assert not found.asked("fields.closed_on")


def test_a_name_does_not_win_over_what_stands_below_it(tmp_path: Path) -> None:
    """A `Тип` full of links is no type: what a column holds can forbid what it is called."""
    rows = (
        ("Номер записи", "Тип", "Ссылка"),
        ("1", "https://t.me/synthetic_a", "телеграм-канал"),
        ("2", "@synthetic_b", "сайт"),
        ("3", "synthetic-c.example", "телеграм-бот"),
    )
    found = seen(tmp_path, table(*rows).encode(), "blocking_record")
    assert (found.fields["identifier"], found.fields["platform"]) == ("Тип", "Ссылка")


def test_dates_without_telling_names_are_told_by_the_order_that_the_contract_asks_for(tmp_path: Path) -> None:
    rows = (
        ("№", "Ссылка", "дата 1", "дата 2", "дата 3"),
        ("1", "@synthetic_a", "20.03.2025", "14.03.2025", "17.03.2025"),
        ("2", "@synthetic_b", "25.03.2025", "15.03.2025", "18.03.2025"),
        ("3", "@synthetic_c", "31.03.2025", "16.03.2025", "28.03.2025"),
    )
    found = seen(tmp_path, table(*rows).encode(), "blocking_record")
    assert found.fields["detected_on"] == "дата 2"


def test_a_required_field_without_a_column_is_open(tmp_path: Path) -> None:
    found = seen(tmp_path, table(*[(row[0], row[1], row[3]) for row in LABORATORIES]).encode())
    assert found.open == ["fields.agency"] and "agency" not in found.fields
    assert found.asked("fields.agency")


def test_optional_fields_without_a_column_and_columns_without_a_field_are_named(tmp_path: Path) -> None:
    rows = [(*row, "синтетические данные") for row in LABORATORIES]
    rows[0] = (*LABORATORIES[0], "Зүқбғ")
    found = seen(tmp_path, table(*rows).encode())
    assert found.proposal.optional == ["substances", "equipment"] and found.proposal.unused == ["Зүқбғ"]
    assert "substances, equipment" in found.told("fields")[0].what


def test_a_constant_that_a_person_gives_fills_its_field(tmp_path: Path) -> None:
    rows = [(row[0], row[1], row[3]) for row in LABORATORIES]
    found = seen(tmp_path, table(*rows).encode(), constants={"agency": "knb"})
    assert found.fields["agency"] == {"constant": "knb"} and found.open == []


def test_without_a_named_region_those_of_the_sample_are_taken_and_that_is_a_question(tmp_path: Path) -> None:
    rows = [(*row, "г. Астана") for row in LABORATORIES]
    rows[0] = (*LABORATORIES[0], "Регион")
    found = seen(tmp_path, table(*rows).encode(), regions=())
    assert found.proposal.document["regions"] == ["KZ-71"] and found.asked("regions")


def test_without_any_region_the_regions_are_open(tmp_path: Path) -> None:
    assert seen(tmp_path, table(*LABORATORIES).encode(), regions=()).open == ["fields.region_code", "regions"]


def test_of_several_own_numbers_the_first_in_each_seizure_may_be_the_only_one(tmp_path: Path) -> None:
    rows = (
        ("№ изъятия", "Дата изъятия", "Орган", "Вещество", "Количество", "Ед. изм."),
        *(
            (f"С-{n}", f"{n + 12}.03.2025", "ДП", "героин", f"{n},5", "кг")
            for n in range(1, 7)
        ),
    )  # fmt: skip
    found = seen(tmp_path, table(*rows).encode(), "seizure_item")
    assert (found.fields["seizure_no"], found.fields["item_no"]) == ("№ изъятия", {"constant": "1"})
    assert found.feed["identity"] == ["seizure_no", "item_no"] and found.asked("fields.item_no")
