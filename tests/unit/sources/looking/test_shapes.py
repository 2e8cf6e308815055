"""Tables that hold two things in a cell, one thing in two cells, or records as columns; and what identifies a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from tests.unit.sources.looking.seen import LABORATORIES, Seen, seen, table

SEIZURE = ("№ изъятия", "№ п/п вещества", "Дата изъятия", "Орган", "Вещество")


def value(expression: Any, **cells: str) -> str | None:
    """What an expression of a proposal gives for a row."""
    columns = ", ".join(f'? as "{name}"' for name in cells)
    with duckdb.connect() as con:
        found = con.execute(
            f"select ({expression['expression']}) from (select {columns})", list(cells.values())
        ).fetchone()
    return found[0] if found else None


def test_an_amount_and_its_unit_in_one_cell_are_taken_apart(tmp_path: Path) -> None:
    rows = [(f"С-{n}", "1", "14.03.2025", "ДП", "героин", text) for n, text in enumerate(("1 250,5 г", "2 кг", "0,75 кг"))]  # fmt: skip
    found = seen(tmp_path, table((*SEIZURE, "Сколько"), *rows).encode(), "seizure_item")
    quantity, unit = found.fields["quantity"], found.fields["unit"]
    assert [value(quantity, Сколько=t) for t in ("1 250,5 г", "2 кг", "")] == ["1 250,5", "2", None]
    assert [value(unit, Сколько=t) for t in ("1 250,5 г", "2 кг", "")] == ["г", "кг", None]
    assert (found.format["decimal"], found.format["thousands"]) == (",", " ")
    assert found.asked("fields.quantity")


def test_a_number_and_its_day_in_one_cell_are_taken_apart(tmp_path: Path) -> None:
    rows = [
        (str(n), f"@synthetic_{n}", f"{n + 12}.03.2025", f"№ 7-{n} от {n + 15}.03.2025") for n in range(1, 5)
    ]
    headings = ("Номер записи", "Ссылка", "Дата выявления", "Предписание")
    found = seen(tmp_path, table(headings, *rows).encode(), "blocking_record")
    cell = {"Предписание": "№ 7-1 от 16.03.2025"}
    assert value(found.fields["decision_number"], **cell) == "7-1"
    assert value(found.fields["decision_on"], **cell) == "16.03.2025"
    assert value(found.fields["decision_on"], Предписание="устно") is None


def test_a_year_and_a_month_in_two_columns_are_put_together(tmp_path: Path) -> None:
    rows = [("2025", str(month), "учреждение УИС", "12", "7") for month in (1, 3, 11, 12)]
    headings = ("Год", "Месяц", "Учреждение", "Охвачено программой", "Получили профессию")
    found = seen(tmp_path, table(headings, *rows).encode(), "resocialisation", name="report_2025.csv")
    assert value(found.fields["month_on"], Год="2025", Месяц="3") == "2025-03-01"
    assert "%Y-%m-%d" in found.format["dates"] and found.asked("fields.month_on")


def test_small_numbers_that_are_not_called_a_month_are_none(tmp_path: Path) -> None:
    rows = [("2025", "учреждение УИС", str(n), "1") for n in (3, 7, 12)]
    headings = ("Год", "Учреждение", "Охвачено программой", "Получили профессию")
    found = seen(tmp_path, table(headings, *rows).encode(), "resocialisation", name="report_2025.csv")
    assert found.fields["enrolled"] == "Охвачено программой" and "fields.month_on" in found.open


def wide(folder: Path) -> Seen:
    rows = [("учреждение УИС", "12", "7", "9"), ("центр реабилитации", "3", "", "4")]
    headings = ("Учреждение", "01.2025", "02.2025", "03.2025")
    return seen(folder, table(headings, *rows).encode(), "resocialisation", name="report_2025.csv")


def test_months_that_stand_as_headings_become_records(tmp_path: Path) -> None:
    found = wide(tmp_path)
    unpivot = found.format["unpivot"]
    assert unpivot["columns"] == r"01\.2025|02\.2025|03\.2025"
    assert (found.fields["month_on"], found.fields["enrolled"]) == (unpivot["name"], unpivot["value"])
    assert (found.format["dates"], found.proposal.records) == (["%m.%Y"], 5)
    assert found.asked("format.unpivot")


def test_names_of_months_as_headings_take_the_year_from_the_name_of_the_file(tmp_path: Path) -> None:
    rows = [("учреждение УИС", "12", "7", "9"), ("центр реабилитации", "3", "", "4")]
    headings = ("Учреждение", "январь", "февраль", "март")
    found = seen(tmp_path, table(headings, *rows).encode(), "resocialisation", name="report_2025.csv")
    month = found.fields["month_on"]
    heading = found.format["unpivot"]["name"]
    assert value(month, **{heading: "март"}) == "2025-03-01" and value(month, **{heading: "қаңтар"}) is None
    assert "2025 was taken for the year" in found.asked("fields.month_on")[0].what


def test_the_own_number_identifies_a_record(tmp_path: Path) -> None:
    found = seen(tmp_path, table(*LABORATORIES).encode())
    assert found.feed["identity"] == ["record_no"] and not found.asked("identity")


def test_numbers_that_only_count_the_rows_are_a_question(tmp_path: Path) -> None:
    rows = [(str(n), *row[1:]) for n, row in enumerate(LABORATORIES[1:], 1)]
    found = seen(tmp_path, table(LABORATORIES[0], *rows).encode())
    assert "run 1, 2, 3" in found.asked("identity")[0].what


def test_where_no_column_is_a_number_the_stable_fields_identify_a_record(tmp_path: Path) -> None:
    found = seen(tmp_path, table(*(row[1:] for row in LABORATORIES)).encode())
    assert found.feed["identity"] == ["closed_on", "agency", "lab_type", "case_number"]
    cells = dict(zip(LABORATORIES[0][1:], ("14.03.2025", "ДП", "сбор", "СИНТ-1"), strict=True))
    number = value(found.fields["record_no"], **cells)
    assert number == "14.03.2025|ДП|сбор|СИНТ-1"
    assert "no column has a number" in found.asked("identity")[0].what


def test_a_region_that_is_the_same_in_every_record_identifies_none(tmp_path: Path) -> None:
    rows = [(*row[1:], "Кызылординская область") for row in LABORATORIES]
    rows[0] = (*LABORATORIES[0][1:], "Регион")
    one = seen(tmp_path, table(*rows).encode())
    rows[1] = (*LABORATORIES[1][1:], "г. Астана")
    two = seen(tmp_path, table(*rows).encode(), regions=())
    assert ("region_code" in one.feed["identity"], "region_code" in two.feed["identity"]) == (False, True)


def test_records_that_share_an_identity_are_counted_in_a_question(tmp_path: Path) -> None:
    rows = (*LABORATORIES, ("С-3", "30.03.2025", "КНБ", "экстракция", "СИНТ-4"))
    found = seen(tmp_path, table(*rows).encode())
    assert "2 of 4 records share" in found.asked("identity")[0].what
