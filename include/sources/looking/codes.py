"""Words of a source that no code list knows: which they are, how often they stand there, and what they may mean."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from include.contracts import fold, spellings
from include.sources.looking.headings import LATIN, words
from include.sources.looking.values import LINK, MARKS, Column

MOST_WORDS = 40
LONGEST = 60
LEAST = 3
"""Words of fewer letters are too like each other."""


@dataclass(frozen=True)
class UnknownWord:
    """A word, how many records have it, and the code whose spelling is nearest; "" where none is near."""

    word: str
    records: int
    nearest: str

    @property
    def counted(self) -> str:
        return f"{self.records} record{'' if self.records == 1 else 's'}"


def unknown_words(column: Column, codelist: str) -> list[UnknownWord]:
    """The words of a column that its code list does not know, the commonest first, MOST_WORDS at most.

    Texts that look like an address or are too long for a word are left out: they are no words for a code, and
    may be what must not be shown.
    """
    known = spellings(codelist)
    found = [
        UnknownWord(text, count, nearest_code(text, codelist))
        for text, count in column.texts.most_common()
        if fold(text.rstrip(MARKS)) not in known and len(text) <= LONGEST and not LINK.fullmatch(text)
    ]
    return found[:MOST_WORDS]


def same_but_letters(word: str, codelist: str) -> str:
    """The code of a spelling that differs from a word in script and signs only: `sbyt`, `сбыт.`; "" for none."""
    letters = _letters(word)
    found = {code for spelling, code in spellings(codelist).items() if _letters(spelling) == letters}
    return found.pop() if len(found) == 1 and len(letters) >= LEAST else ""


def nearest_code(word: str, codelist: str) -> str:
    """The code one of whose spellings is most like a word; "" where none is like it."""
    known = {_latin(spelling): code for spelling, code in spellings(codelist).items()}
    latin = _latin(word)
    near = difflib.get_close_matches(latin, known, n=1, cutoff=0.6)
    if near:
        return known[near[0]]
    inside = [
        spelling for spelling in known if len(spelling) >= 4 and (spelling in latin or latin in spelling)
    ]
    return known[max(inside, key=len)] if latin and inside else ""


def _letters(text: str) -> str:
    """The letters and digits of a text, in Latin."""
    return "".join(LATIN.get(sign, sign) for sign in text.lower().replace("ё", "е") if sign.isalnum())


def _latin(text: str) -> str:
    return " ".join(word.text for word in words(text))
