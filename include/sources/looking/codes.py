"""Words of a source that no code list knows: which they are, how often they stand there, and what they may mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.contracts import fold, spellings
from include.sources.looking.headings import LATIN, Word, words
from include.sources.looking.values import LINK, MARKS, Column

MOST_WORDS = 40
LONGEST = 60
LEAST = 3
"""Words of fewer letters are too like each other."""


@dataclass(frozen=True)
class UnknownWord:
    """A word, how many records have it, and the code with whose spelling its words agree; "" where none or several do."""

    word: str
    records: int
    agreeing: str

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
        UnknownWord(text, count, agreeing_code(text, codelist))
        for text, count in column.texts.most_common()
        if fold(text.rstrip(MARKS)) not in known and len(text) <= LONGEST and not LINK.fullmatch(text)
    ]
    return found[:MOST_WORDS]


def same_but_letters(word: str, codelist: str) -> str:
    """The code of a spelling that differs from a word in script and signs only: `sbyt`, `сбыт.`; "" for none."""
    letters = _letters(word)
    found = {code for spelling, code in spellings(codelist).items() if _letters(spelling) == letters}
    return found.pop() if len(found) == 1 and len(letters) >= LEAST else ""


def agreeing_code(word: str, codelist: str) -> str:
    """The one code of which a spelling has all words of this one, or this one all words of it; "" for none or several.

    A word agrees with the same word in any letters, and with one that is cut short by a full stop.
    """
    said = words(word)
    found = {
        code
        for spelling, code in spellings(codelist).items()
        if (known := words(spelling)) and said and (_all_in(said, known) or _all_in(known, said))
    }
    return found.pop() if len(found) == 1 and len(_letters(word)) >= LEAST else ""


def _all_in(some: Sequence[Word], others: Sequence[Word]) -> bool:
    return all(any(_agree(one, other) for other in others) for one in some)


def _agree(one: Word, other: Word) -> bool:
    if one.text == other.text:
        return True
    cut = (one.is_short and other.text.startswith(one.text)) or (
        other.is_short and one.text.startswith(other.text)
    )
    return cut and min(len(one.text), len(other.text)) >= LEAST


def _letters(text: str) -> str:
    """The letters and digits of a text, in Latin."""
    return "".join(LATIN.get(sign, sign) for sign in text.lower().replace("ё", "е") if sign.isalnum())
