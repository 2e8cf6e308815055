"""What the texts of a column are: dates, numbers, links or words, and which words mean nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from include.sources.looking.dates import looks_like_date
from include.sources.looking.numbers import is_number, is_whole

PLAIN = frozenset(
    {"-", "--", "–", "—", "…", "...", "н/д", "н.д.", "б/н", "н/у", "null", "n/a", "#n/a", "nan"}
)
NOTHING = PLAIN | {
    ".", "*", "х", "x", "нет", "нет данных", "не указано", "не указан", "жоқ", "деректер жоқ", "мәлімет жоқ",
    "көрсетілмеген", "net", "no", "none", "nil", "na", "no data", "not available", "(null)", "<null>",
}  # fmt: skip
"""Usual words for nothing. Those of PLAIN mean something nowhere."""
MARKS = "*¹²³⁴⁵†‡"
LINK = re.compile(r"(https?|tg)://\S+|@[\w.]{3,}|(?:[\w-]+\.)+[a-z]{2,}(/\S*)?", re.IGNORECASE)
WORDS_ONLY = re.compile(r"[^\d]{1,20}")
MOST = 0.6
"""Share of the values of a column that must be of a kind, for the column to be."""


@dataclass(frozen=True)
class Column:
    """A column of a sample: its heading and how often each text stands in it, without words for nothing."""

    heading: str
    texts: Counter[str]
    records: int

    @cached_property
    def filled(self) -> int:
        return self.texts.total()

    def share(self, texts: Iterable[str]) -> float:
        """The part of the filled records that hold one of these texts."""
        return sum(self.texts[text] for text in texts) / self.filled if self.filled else 0.0

    @cached_property
    def dates(self) -> float:
        return self.share(text for text in self.texts if looks_like_date(text.rstrip(MARKS + " ")))

    @cached_property
    def numbers(self) -> float:
        return self.share(text for text in self.texts if is_number(text.rstrip(MARKS + " ")))

    @cached_property
    def whole_numbers(self) -> float:
        return self.share(text for text in self.texts if is_whole(text.rstrip(MARKS + " ")))

    @cached_property
    def links(self) -> float:
        return self.share(text for text in self.texts if LINK.fullmatch(text))

    @cached_property
    def digits(self) -> float:
        """The part of the filled records with a digit."""
        return self.share(text for text in self.texts if any(letter.isdigit() for letter in text))

    def without(self, words: Collection[str]) -> Column:
        """The column without these words, whatever their case."""
        texts = Counter({text: count for text, count in self.texts.items() if text.lower() not in words})
        return Column(self.heading, texts, self.records)

    @property
    def is_typed(self) -> bool:
        return self.dates >= MOST or self.numbers >= MOST

    @property
    def distinct(self) -> float:
        """Different texts for each filled record."""
        return len(self.texts) / self.filled if self.filled else 0.0


def columns_of(
    columns: Mapping[str, list[str]], nothing: Iterable[str] = (), records: int = 0
) -> dict[str, Column]:
    """The columns of a table with their texts, the words for nothing left out."""
    out = {"", *nothing}
    return {
        heading: Column(heading, Counter(text for text in texts if text not in out), len(texts))
        for heading, texts in columns.items()
    }


def words_for_nothing(columns: Mapping[str, list[str]], known: Mapping[str, set[str]]) -> list[str]:
    """Words that stand where a value would, and are none.

    A word counts where a date or number should be, where the other words of the column are those of a code list
    and it is not, or where nothing else stands: when it is a usual word for nothing, or stands so in several
    columns.

    Args:
        columns: heading → texts.
        known: heading → its texts that a code list knows.
    """
    usual: set[str] = set()
    stray: Counter[str] = Counter()
    for heading, column in columns_of(columns).items():
        without = column.without(NOTHING)
        spelled = known.get(heading, set())
        for text in column.texts:
            is_usual = text.lower() in NOTHING
            stands_alone = not without.filled
            if (
                is_usual
                and text not in spelled
                and (without.is_typed or spelled or stands_alone or text.lower() in PLAIN)
            ):
                usual.add(text)
            elif without.is_typed and WORDS_ONLY.fullmatch(text):
                stray[text] += 1
    found = usual | {text for text, places in stray.items() if places > 1}
    return sorted(found, key=lambda text: (len(text), text))
