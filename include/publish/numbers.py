"""How numbers, moments and changes are written for people, in Kazakh, Russian and English (CLDR, by Babel).

Rounding happens here and nowhere else (S8).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from include.contracts import ALMATY, day_in_kazakhstan

MINUS = "\u2212"
NARROW = "\u202f"
NOT_REPORTED = ":"
NOT_AVAILABLE = "–"
LOCALES = {"kk": "kk", "ru": "ru", "en": "en_GB"}


def number(value: float | None, unit: str, language: str) -> str:
    """The value for reading: whole counts; kilograms with one decimal below 100, two below 1; ":" where missing."""
    if value is None:
        return NOT_REPORTED
    return _signed(
        format_decimal(_shown(value, unit), format=_pattern(value, unit), locale=LOCALES[language])
    )


def change(value: float | None, unit: str, language: str) -> str:
    """A change with its sign, in the unit; "–" where there is nothing to compare with, "0" for none."""
    if value is None:
        return NOT_AVAILABLE
    text = number(value, unit, language)
    return f"+{text}" if value > 0 and any(digit in text for digit in "123456789") else text


def share(value: float | None, language: str, signed: bool = False) -> str:
    """A share as per cent with one decimal ("+12,3 %"); "–" where there is none.

    A change of ten times and more is written as a factor ("×12"), since per cent would only look exact.
    """
    if value is None:
        return NOT_AVAILABLE
    if signed and value >= 9:
        return "×" + format_decimal(value + 1, format="#,##0", locale=LOCALES[language])
    text = format_decimal(abs(value) * 100, format="#,##0.0", locale=LOCALES[language])
    text += "%" if language == "en" else "\u00a0%"
    if value < 0 and any(digit in text for digit in "123456789"):
        return MINUS + text
    return f"+{text}" if signed and value > 0 and any(digit in text for digit in "123456789") else text


def coverage(received: int, expected: int, language: str) -> str:
    """ "239 / 240" with the digits of the language."""
    return f"{number(received, 'count', language)}{NARROW}/{NARROW}{number(expected, 'count', language)}"


def day(moment: datetime, language: str) -> str:
    """The day in Kazakhstan, spelled out."""
    return str(format_date(day_in_kazakhstan(moment), "long", locale=LOCALES[language]))


def minute(moment: datetime, language: str) -> str:
    """Day and minute in Kazakhstan's time, with the offset said."""
    local = moment.astimezone(ALMATY)
    hours = (local.utcoffset() or timedelta()) // timedelta(hours=1)
    clock = format_datetime(local.replace(tzinfo=None), "HH:mm", locale=LOCALES[language])
    return f"{day(moment, language)}, {clock} (UTC+{hours})"


def months(language: str) -> list[str]:
    """Short names of the twelve months."""
    return [
        str(format_date(datetime(2001, month, 1).date(), "LLL", locale=LOCALES[language])).rstrip(".")
        for month in range(1, 13)
    ]


def _shown(value: float, unit: str) -> float:
    return 0.0 if round(value, 3 if unit == "kg" else 0) == 0 else value


def _pattern(value: float, unit: str) -> str:
    if unit != "kg" or value == 0:
        return "#,##0"
    size = abs(value)
    return "#,##0" if size >= 100 else "#,##0.0" if size >= 1 else "#,##0.00#"


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
