"""The names of months in three languages."""

from __future__ import annotations

MONTH_NAMES = (
    ("январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"),
    ("қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан"),
    ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"),
)  # fmt: skip


SOFT = "ьй"
"""Ends that another takes the place of when a name is declined: июнь, июня; май, мая."""


def month_of(text: str) -> int:
    """1 to 12 for the name of a month in Russian, Kazakh or English, which may be cut short or declined; else 0."""
    said = text.strip().rstrip(".").lower()
    if len(said) < 3:
        return 0
    numbered = [(number, name) for names in MONTH_NAMES for number, name in enumerate(names, 1)]
    cut_short = (number for number, name in numbered if name.startswith(said))
    declined = (number for number, name in numbered if said[:-1] == name.rstrip(SOFT))
    return next(cut_short, 0) or next(declined, 0)
