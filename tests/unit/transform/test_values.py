"""Values are read strictly by what the source declares: what does not fit is no value, never a guess."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest

from include.contracts import Field, fold, load
from include.transform import (
    TextRules,
    content_hash,
    null_where_nothing,
    record_key,
    register_codes,
    typed_value,
    without_spaces,
)

SPACES = " \t\n\r\u00a0"
KAZAKH = TextRules(decimal=",", thousands=" ", dates=("%d.%m.%Y",), null_values=("", "-", "нет"))
PLAIN = TextRules(decimal=".", thousands="", dates=("%Y-%m-%d",), null_values=("",))


def typed(text: str | None, kind: str, rules: TextRules = KAZAKH) -> Any:
    field = Field("value", kind, "")
    with duckdb.connect() as con:
        question = (
            f"select {typed_value(field, rules)} from (select {null_where_nothing('word', rules)} as raw_value "
            f"from (select {without_spaces('cell', SPACES)} as word from (select ?::varchar as cell)))"
        )
        return con.execute(question, [text]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("05.03.2025", dt.date(2025, 3, 5)), ("03.04.2025", dt.date(2025, 4, 3)), (" 29.02.2024 ", dt.date(2024, 2, 29)),
        ("29.02.2025", None), ("31.04.2025", None), ("00.01.2025", None), ("13.13.2025", None), ("2025-03-05", None),
        ("05/03/2025", None), ("вчера", None), ("05.03.2025 10:00", None), ("05.03.2025x", None), ("45721", None),
    ],
)  # fmt: skip
def test_a_date_is_read_in_the_declared_form_or_not_at_all(text: str, day: dt.date | None) -> None:
    assert typed(text, "date") == day


def test_the_first_declared_form_that_fits_is_the_date() -> None:
    both = TextRules(".", "", ("%d.%m.%Y", "%Y-%m-%d"), ("",))
    assert typed("2025-03-05", "date", both) == typed("05.03.2025", "date", both) == dt.date(2025, 3, 5)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4,5", 4.5), ("1 234,5", 1234.5), ("1\u00a0234", 1234.0), ("-0,5", -0.5), ("+7", 7.0), ("0012", 12.0),
        ("4.5", None), ("1,2,3", None), (",5", None), ("5,", None), ("4,5 г", None), ("12e3", None), ("nan", None),
        ("inf", None), ("0x10", None), ("много", None), ("1_000", None), ("١٢", None),
    ],
)  # fmt: skip
def test_a_number_has_the_declared_decimal_sign_or_is_none(text: str, number: float | None) -> None:
    assert typed(text, "number") == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("00012", 12), ("-3", -3), ("12.0", None), ("1e3", None), ("9223372036854775808", None), ("1 000", None), ("", None)],
)  # fmt: skip
def test_an_integer_is_digits_and_nothing_else(text: str, number: int | None) -> None:
    assert typed(text, "integer", PLAIN) == number


@pytest.mark.parametrize("mark", [" ", ",", ".", "'"])
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1_234_567", 1234567.0), ("12_345", 12345.0), ("999", 999.0), ("1234567", 1234567.0), ("-1_000", -1000.0),
        ("1_23", None), ("12_3456", None), ("1234_567", None), ("_123", None), ("1_234_", None), ("1__234", None), ("1_234_56", None),
    ],
)  # fmt: skip
def test_thousands_are_marked_as_declared_and_in_groups_of_three(
    mark: str, text: str, number: float | None
) -> None:
    rules = TextRules("," if mark == "." else ".", mark, ("%Y-%m-%d",), ("",))
    written = text.replace("_", mark)
    if written != written.strip():  # outer spaces are no part of a value
        return
    assert typed(written, "number", rules) == number
    assert typed(written, "integer", rules) == (None if number is None else int(number))
    unmarked = TextRules(rules.decimal, "", ("%Y-%m-%d",), ("",))
    assert "_" not in text or typed(written, "integer", unmarked) is None


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", " "])
def test_every_space_that_a_program_puts_between_groups_is_one(space: str) -> None:
    assert typed(f"12{space}345,5", "number") == 12345.5


def test_the_mark_of_thousands_is_never_the_decimal_sign() -> None:
    comma = TextRules(",", ".", ("%Y-%m-%d",), ("",))
    assert (
        typed("1.234", "number", comma),
        typed("1,234", "number", comma),
        typed("1.5", "number", comma),
    ) == (1234.0, 1.234, None)
    point = TextRules(".", ",", ("%Y-%m-%d",), ("",))
    assert (
        typed("1.234", "number", point),
        typed("1,234", "number", point),
        typed("1,5", "number", point),
    ) == (1.234, 1234.0, None)


@pytest.mark.parametrize(
    ("number", "of_1900", "of_1904"),
    [
        ("45721", dt.date(2025, 3, 5), dt.date(2029, 3, 6)), ("44259", dt.date(2021, 3, 4), dt.date(2025, 3, 5)),
        ("1", dt.date(1900, 1, 1), dt.date(1904, 1, 2)), ("59", dt.date(1900, 2, 28), dt.date(1904, 2, 29)),
        ("60", None, dt.date(1904, 3, 1)),  # 29 February 1900, which there was not
        ("61", dt.date(1900, 3, 1), dt.date(1904, 3, 2)), ("0", None, dt.date(1904, 1, 1)),
        ("2958465", dt.date(9999, 12, 31), None), ("2958466", None, None), ("9999999", None, None), ("99999999", None, None),
        ("-1", None, None), ("45721.5", None, None), ("45721,0", None, None), ("4,5721e4", None, None), ("05.03.2025", None, None),
    ],
)  # fmt: skip
def test_a_days_number_is_a_day_of_the_declared_system(
    number: str, of_1900: dt.date | None, of_1904: dt.date | None
) -> None:
    for system, day in (("excel1900", of_1900), ("excel1904", of_1904)):
        assert typed(number, "date", TextRules(",", "", (system,), ("",))) == day
        both = TextRules(",", "", ("%d.%m.%Y", system), ("",))
        assert typed(number, "date", both) == (
            dt.date(2025, 3, 5) if "." in number and number[0] == "0" else day
        )


def test_a_date_with_a_month_in_words_or_a_time_is_read_only_where_declared() -> None:
    with_time = TextRules(".", "", ("%d.%m.%Y %H:%M",), ("",))
    assert typed("05.03.2025 14:30", "date", with_time) == dt.date(2025, 3, 5)
    assert typed("05.03.2025", "date", with_time) is None
    assert typed("5 марта 2025", "date") is None


def test_a_year_has_as_many_digits_as_declared() -> None:
    four, two = "%d.%m.%Y", "%d.%m.%y"
    for forms, of_two, of_four in (((four,), None, dt.date(2025, 3, 5)), ((two,), dt.date(2025, 3, 5), None),
                                   ((four, two), dt.date(2025, 3, 5), dt.date(2025, 3, 5))):  # fmt: skip
        rules = TextRules(".", "", forms, ("",))
        assert (typed("05.03.25", "date", rules), typed("05.03.2025", "date", rules)) == (of_two, of_four)
    assert typed("05.03.0025", "date") is None and typed("05.03.225", "date") is None
    assert typed("050325", "date", TextRules(".", "", ("%d%m%Y",), ("",))) is None


@pytest.mark.parametrize("text", ["", " ", "-", "нет", " - ", "\u00a0", "\t", None])
def test_the_words_that_a_source_uses_for_nothing_are_nothing(text: str | None) -> None:
    assert typed(text, "string") is None


@pytest.mark.parametrize("text", ["NA", "null", "None", "0", "00012", "нет данных"])
def test_no_other_word_is_taken_for_nothing_and_zeros_stay(text: str) -> None:
    assert typed(text, "string") == text


def test_outer_spaces_of_every_kind_are_not_part_of_a_value() -> None:
    assert typed(" \u00a0г. Астана\t\r\n", "string") == "г. Астана"


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("  Мефедрон ", "мефедрон"), ("ЁЛКА", "елка"), ("Other Drugs**", "other drugs"), ("соль¹", "соль"),
        ("г.  Астана", "г. астана"), ("Ақмола\u00a0облысы", "ақмола облысы"), ("ІІМ", "іім"), ("ҒЫЛЫМ", "ғылым"),
    ],
)  # fmt: skip
def test_folding_keeps_what_carries_meaning_and_is_the_same_in_python_and_sql(word: str, folded: str) -> None:
    from include.transform.values import FOLD_MACRO

    with duckdb.connect() as con:
        con.execute(FOLD_MACRO)
        assert (fold(word), con.execute("select fold_word(?)", [word]).fetchall()[0][0]) == (folded, folded)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("мефедрон", "mephedrone"), ("МЕФ", "mephedrone"), ("  Мефедрон* ", "mephedrone"), ("mephedrone", "mephedrone"),
        ("соль", "alpha_pvp"), ("порошок", None), ("мефедро", None), ("", None),
    ],
)  # fmt: skip
def test_a_word_of_the_police_finds_its_substance_or_nothing(word: str, code: str | None) -> None:
    assert coded("core_seizure_item", "substance_code", word, {}) == code


def test_the_words_of_a_source_win_over_the_common_ones() -> None:
    assert coded("core_seizure_item", "substance_code", "соль", {"соль": "drug_other"}) == "drug_other"
    assert coded("core_seizure_item", "substance_code", "ТЁМНЫЙ*", {"Темный": "heroin"}) == "heroin"


def coded(contract: str, name: str, word: str, own: dict[str, str]) -> str | None:
    field = load(contract).field(name)
    with duckdb.connect() as con:
        register_codes(con, field, own)
        raw = f"raw_{field.derived_from or field.name}"
        found: str | None = con.execute(f"select {typed_value(field, KAZAKH)} from (select ? as {raw})", [word]).fetchall()[0][0]  # fmt: skip
        return found


def hashed(**values: str) -> str:
    contract = load("core_laboratory")
    columns = ", ".join(f"{values.get(f.name, 'null')}::varchar as {f.name}" for f in contract.reported)
    with duckdb.connect() as con:
        found: str = con.execute(
            f"select {content_hash(contract.fields)} from (select {columns})"
        ).fetchall()[0][0]
        return found


def test_content_differs_when_a_value_moves_to_another_field() -> None:
    same = hashed(substances="'a'", equipment="'b'")
    assert same == hashed(substances="'a'", equipment="'b'")
    assert (
        len(
            {
                same,
                hashed(substances="'b'", equipment="'a'"),
                hashed(substances="'a'"),
                hashed(equipment="'a'"),
            }
        )
        == 4
    )


def test_a_column_that_says_nothing_leaves_no_trace_in_the_content() -> None:
    fields = load("core_laboratory").fields
    with duckdb.connect() as con:
        found = [
            con.execute(f"select {content_hash(some)} from (select 'a' as substances, null::varchar as equipment)").fetchall()
            for some in ([f for f in fields if f.name == "substances"], [f for f in fields if f.name in ("substances", "equipment")])
        ]  # fmt: skip
    assert found[0] == found[1]


def test_a_record_key_names_source_dataset_and_identity_fields() -> None:
    with duckdb.connect() as con:
        question = f"select {record_key('KZ-43', 'laboratory', ['record_no', 'closed_on'])} from (select '7' as record_no, date '2025-03-05' as closed_on)"  # fmt: skip
        assert con.execute(question).fetchall()[0][0] == "KZ-43|laboratory|7|2025-03-05"
