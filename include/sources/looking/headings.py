"""How alike a heading and the names of a field are: words against words, without stems and without a dictionary.

The measure is SoftTFIDF: words count the more, the fewer fields of the dataset use them, and two words that are
only alike count as far as they are. Words of all languages are compared in Latin letters, since sources write
Cyrillic headings in them: `data_vyyavleniya`.

Source: Cohen, Ravikumar, Fienberg: A Comparison of String Distance Metrics for Name-Matching Tasks (2003).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from math import log, sqrt

LATIN = {
    "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
    "и": "i", "й": "y", "і": "i", "к": "k", "қ": "k", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o",
    "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "х": "h", "һ": "h", "ц": "c",
    "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip
SAME = (
    {"№", "nomer", "nomir", "nomiri", "no", "number", "num", "nr"},
    {"data", "date", "day", "on", "kuni", "kun", "den"},
    {"ssylka", "silteme", "link", "url", "uri", "adres", "address", "mekenzhay", "mekenzhayy"},
)
"""Words that every office uses for the same thing."""
WORD = re.compile(r"№|%|\d+|[^\W\d_]+\.?")
HUMP = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])")
ALIKE = 0.7
SHORTENED = 0.9
LONGEST_PREFIX = 3
BOTTOM = 0.9
OTHER_NUMBERS = 0.5
"""What is left of a likeness when one name has a number that the other has not: `after 3 months`, `after 6`."""


@dataclass(frozen=True)
class Word:
    """A word in Latin letters; `is_short` where a full stop says that it was cut."""

    text: str
    is_short: bool = False


def words(heading: str) -> tuple[Word, ...]:
    """The words of a heading: camelCase and snake_case are taken apart, digits are words of their own."""
    found = []
    for word in WORD.findall(HUMP.sub(" ", heading)):
        latin = "".join(LATIN.get(letter, letter) for letter in word.rstrip(".").lower())
        same = next((min(group) for group in SAME if latin in group), latin)
        found.append(Word(same, word.endswith(".")))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=100_000)
def alike(one: Word, other: Word) -> float:
    """How alike two words are, 0 to 1: the same, one cut short, a common beginning or root, or a slip of letters."""
    a, b = one.text, other.text
    if a == b:
        return 1.0
    if not (a.isalpha() and b.isalpha()):
        return 0.0
    short, long = sorted((a, b), key=len)
    cut = one.is_short if short == a else other.is_short
    if long.startswith(short) and (cut or len(short) >= 3):
        return SHORTENED
    if len(short) < 4:
        return 0.0
    letters = SequenceMatcher(None, a, b, autojunk=False)
    root = letters.find_longest_match()
    near = letters.ratio() if a[0] == b[0] else 0.0
    if root.size >= 5 and max(root.a, root.b) <= LONGEST_PREFIX:
        return max(near, 0.5 + 0.4 * root.size / len(short))
    return near


class Names:
    """What each field of a dataset may be called, with how telling each word is.

    `names` has, for each field, its headings in three languages and its own name.
    """

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self.names = {field: [words(name) for name in each] for field, each in names.items()}
        used = Counter(
            word.text for each in self.names.values() for word in {word for name in each for word in name}
        )
        self._rare = log(1 + len(names))
        self._telling = {word: log(1 + len(names) / count) for word, count in used.items()}

    def telling(self, word: Word) -> float:
        """The weight of a word: one that a single field uses tells most. Unknown words tell as little as common ones."""
        return self._telling.get(word.text, self._rare / 2)

    def score(self, heading: str, field: str) -> float:
        """How well a heading names a field, 0 to 1: by the name that fits best, of `top / bottom` by the bottom too."""
        whole, bottom = words(heading), words(heading.rpartition(" / ")[2])
        return max(
            max(self._cosine(whole, name), BOTTOM * self._cosine(bottom, name)) for name in self.names[field]
        )

    def _cosine(self, heading: tuple[Word, ...], name: tuple[Word, ...]) -> float:
        if not heading or not name:
            return 0.0
        total = 0.0
        weight_of: dict[Word, float] = {}
        for word in heading:
            best, other = max(((alike(word, other), other) for other in name), key=lambda pair: pair[0])
            weight_of[word] = self.telling(other if best >= ALIKE else word)
            if best >= ALIKE:
                total += best * weight_of[word] * self.telling(other)
        size = sqrt(sum(w * w for w in weight_of.values())) * sqrt(sum(self.telling(w) ** 2 for w in name))
        return min(1.0, total / size) * (1.0 if _numbers(heading) == _numbers(name) else OTHER_NUMBERS)


def _numbers(name: tuple[Word, ...]) -> set[str]:
    return {word.text for word in name if word.text.isdigit()}
