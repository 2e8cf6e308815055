"""Numbers as people of each language write them; rounding happens here alone (S8)."""

from datetime import UTC, datetime

import pytest

from include.publish import numbers
from include.publish.texts import Texts, TextsError, texts

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("language", "text"), [("kk", f"30{NBSP}413"), ("ru", f"30{NBSP}413"), ("en", "30,413")]
)
def test_thousands_are_set_off_as_the_language_does(language, text):
    assert numbers.number(30412.5671, "kg", language) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.25, "0,25"),
        (0.0341, "0,034"),
        (1.26, "1,3"),
        (99.94, "99,9"),
        (100.4, "100"),
        (-987.2, "−987"),
    ],
)
def test_small_masses_keep_decimals(value, text):
    assert numbers.number(value, "kg", "ru") == text


def test_missing_is_a_colon_and_zero_is_zero():
    assert (numbers.number(None, "count", "kk"), numbers.number(0, "count", "kk")) == (":", "0")


@pytest.mark.parametrize(("value", "text"), [(12, "+12"), (-12, "−12"), (0, "0"), (None, "–")])
def test_a_change_shows_its_sign(value, text):
    assert numbers.change(value, "count", "en") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1234, f"+12,3{NBSP}%"),
        (-0.05, f"−5,0{NBSP}%"),
        (0, f"0,0{NBSP}%"),
        (-0.0001, f"0,0{NBSP}%"),
        (11, "×12"),
        (None, "–"),
    ],
)
def test_a_share_of_change(value, text):
    assert numbers.share(value, "ru", signed=True) == text


def test_a_day_is_a_day_in_kazakhstan():
    late = datetime(2025, 12, 31, 20, 0, tzinfo=UTC)
    days = [" ".join(numbers.day(late, language).split()) for language in ("kk", "ru", "en")]
    assert days == ["2026 ж. 1 қаңтар", "1 января 2026 г.", "1 January 2026"]
    assert numbers.minute(late, "en") == "1 January 2026, 01:00 (UTC+5)"


def test_every_sentence_is_there_in_three_languages_and_differs():
    kazakh, russian, english = (texts(language) for language in ("kk", "ru", "en"))
    assert kazakh("title") != russian("title") != english("title")
    with pytest.raises(TextsError, match="no text 'nonsense'"):
        english("nonsense")
    with pytest.raises(TextsError, match="kk, ru, en"):
        texts("de")


def test_figures_and_scopes_of_the_catalogue_have_words():
    from include.contracts import codelist

    words: Texts = texts("kk")
    for entry in codelist("figures").to_pylist():
        assert words.has(f"units.{entry['unit']}") and words.has(f"subjects.{entry['dataset']}")
        assert words.has(f"scopes.{entry['scope']}") and words.has(f"stages.{entry['stage']}")
