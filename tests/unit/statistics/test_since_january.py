"""Rule R6: the series of numbers since January is what the record's identity says; a month is a difference."""

from typing import Any

import pytest

from tests.unit.statistics.frames import Country, Row, cell

DATASET = "seizure_item"
Stated = tuple[int, Row]


def stated(month: int, number: int | None, of: str = "mephedrone", **more: Any) -> Row:
    """One row of a feed whose identity is the date and the substance."""
    day = f"2025-{month:02}-01"
    return {
        "record_key": f"KZ-71|seizure_item|{day}|{of}", "seized_on": day, "substance_code": of, "since_january": True,
        "quantity": None if number is None else float(number), "seizures_n": number, **more,
    }  # fmt: skip


def months(country: Country, column: str, **where: Any) -> list[float | None]:
    """January to March and the year."""
    mart = country.marts()["mart_seizures"]
    where = {"substance_class": "drug", **where}
    return [cell(mart, month=month, **where)[column] for month in (1, 2, 3, None)]


@pytest.mark.parametrize(
    "change",
    [{"lead_agency": "knb"}, {"form": "powder"}, {"place_type": "flat"}, {"linked_to_online": "yes"}],
    ids=lambda change: next(iter(change)),
)
def test_a_series_goes_on_whatever_else_changes_in_its_row(country: Country, change: Row) -> None:
    country.hears_all(DATASET, "KZ-71").add(DATASET, stated(1, 5), stated(2, 8, **change), stated(3, 9))
    assert months(country, "seizures") == [5, 3, 1, 9]


def test_two_identities_are_two_series_though_all_else_is_the_same(country: Country) -> None:
    rows = [stated(month, number) for month, number in ((1, 5), (2, 8))]
    others = [row | {"record_key": row["record_key"] + "|second list"} for row in rows]
    country.hears_all(DATASET, "KZ-71").add(DATASET, *rows, *others)
    assert months(country, "seizures") == [10, 6, 0, 16]


def test_a_month_belongs_to_the_region_that_its_own_row_names(country: Country) -> None:
    country.hears_all(DATASET, "KZ-71", "KZ-75")
    country.add(DATASET, stated(1, 5), stated(2, 8, region_code="KZ-75", source_id="KZ-71"))
    assert months(country, "seizures", region_code="KZ-71") == [5, 0, 0, 5]
    assert months(country, "seizures", region_code="KZ-75") == [0, 3, 0, 3]


def test_units_are_converted_before_the_difference_is_taken(country: Country) -> None:
    country.hears_all(DATASET, "KZ-71")
    country.add(DATASET, stated(1, 800, unit="g"), stated(2, 2, unit="kg", seizures_n=801))
    assert months(country, "mass_kg") == pytest.approx([0.8, 1.2, 0, 2.0])
    assert months(country, "seizures") == [800, 1, 0, 801]


def test_a_series_that_goes_over_to_a_unit_of_another_kind_is_its_newest_number(country: Country) -> None:
    country.hears_all(DATASET, "KZ-71")
    country.add(DATASET, stated(1, 300, unit="tablet"), stated(2, 2, unit="kg", seizures_n=301))
    assert months(country, "mass_kg")[-1] == 2.0
    assert months(country, "seizures")[-1] == 301


def test_a_series_in_one_unit_stays_in_it_to_its_smallest_part(country: Country) -> None:
    country.hears_all(DATASET, "KZ-71")
    country.add(DATASET, stated(1, 1, unit="g", quantity=0.000004), stated(2, 2, unit="g", quantity=0.000007))
    assert months(country, "mass_kg")[-1] == pytest.approx(0.000000007)


def test_a_later_day_of_a_month_holds_what_an_earlier_one_held(country: Country) -> None:
    country.hears_all(DATASET, "KZ-71").add(DATASET, stated(1, 5), stated(2, 8))
    late = stated(2, 9) | {
        "record_key": "KZ-71|seizure_item|2025-02-14|mephedrone",
        "seized_on": "2025-02-14",
    }
    country.add(DATASET, late)
    assert months(country, "seizures") == [5, 4, 0, 9]


@pytest.mark.parametrize("february", [(), (stated(2, None),)], ids=["no row", "an empty row"])
def test_a_month_without_a_number_adds_nothing_and_the_next_holds_it_and_says_so(
    country: Country, february: tuple[Row, ...]
) -> None:
    country.hears_all(DATASET, "KZ-71").add(DATASET, stated(1, 5), *february, stated(3, 9))
    assert months(country, "seizures") == [5, 0, 4, 9]
    assert months(country, "over_several_months") == [0, 0, 4, 4]


def test_a_series_that_vanishes_keeps_its_last_number(country: Country) -> None:
    country.hears_all(DATASET, "KZ-71")
    country.add(DATASET, stated(1, 5), stated(1, 7, of="heroin"), stated(2, 8), stated(3, 9))
    mart = country.marts()["mart_seizures"]
    assert cell(mart, substance_class="drug", substance_code="heroin")["seizures"] == 7


def test_a_zero_since_january_is_a_number(country: Country) -> None:
    country.hears_all(DATASET, "KZ-71").add(DATASET, stated(1, 0), stated(2, 8))
    assert months(country, "seizures") == [0, 8, 0, 8]
    assert months(country, "over_several_months") == [0, 0, 0, 0]
