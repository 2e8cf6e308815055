"""How well bytes read as text in Kazakh or Russian, by one encoding or another.

Every byte is a letter of every single-byte encoding of Cyrillic, so that no decoder complains of a wrong one. Its
letters do: words get pairs that no word has, capitals inside, signs of line drawing. A reading is scored word by
word with the logarithm of its likelihood, and two readings are compared by the difference (a log-likelihood ratio,
in nats).

The likelihood of a word is that of its letters, each given the one before it, and of its capitals. Pairs of letters
are counted in the code lists of this project, which are in both languages. A pair that these do not have is rated by
what follows what (vowel, consonant, sign; the two before) and by how frequent the letter is: О. Н. Ляшевская,
С. А. Шаров, Частотный словарь современного русского языка (2009), table of letters, mixed with the code lists for the
letters of Kazakh. The mixing is that of a Dirichlet prior (MacKay & Peto, A hierarchical Dirichlet language model,
1995). A word of the code lists that one encoding gives and the other does not tells them apart by itself.

charset-normalizer was tried on the same texts first. It tells UTF-8, UTF-16 and longer Russian text as surely. Of short
texts, as one column of a report gives, it takes KZ-1048 for Windows-1251 or CP1250 and KOI8-R for CP932; and it gives no
odds, so that nothing can be refused by it.
"""

from __future__ import annotations

import codecs
import functools
import math
import re
from collections import Counter
from dataclasses import dataclass, field

from include.contracts import codelist, codelist_names

ALPHABET = "абвгдежзийклмнопрстуфхцчшщъыьэюяёәғқңөұүһі"
VOWELS, SIGNS = "аеёиоуыэюяәөұүі", "ьъ"
EDGE = "^"
RUSSIAN = dict(
    zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        (1097, 845, 801, 735, 670, 626, 547, 473, 454, 440, 349, 321, 298, 281, 262, 201, 190, 174, 170, 165, 159,
         144, 121, 97, 94, 73, 64, 48, 36, 32, 26, 4, 4),
        strict=True,
    )
)  # fmt: skip
"""Letters of Russian, in ten thousandths."""
PRIOR = 60.0
"""Weight of what is known of letters in general against the pairs counted, in letters."""
SMALL, CAPITALISED, CAPITALS, MIXED = (math.log(share) for share in (0.62, 0.25, 0.12, 0.01))
FALL = -2.5  # of each capital behind a small letter
PUNCTUATION, STRANGE, NO_TEXT = -4.0, -10.0, -12.0
MARKS = frozenset("«»–—№“”„…·°§’‘•\u00a0")

SINGLE = ("cp1251", "kz1048", "koi8-r")
OTHERS = ("cp866", "iso8859-5")
"""Encodings of Cyrillic that are told from the declared one, though no source of ours writes them."""
SAME_LETTERS = {frozenset(("cp1251", "kz1048"))}
"""They differ in the letters of Kazakh alone, and the rule `.letters` looks at those in every row."""

WORD = re.compile(rb"[\x80-\xff]+")
ADDRESS = re.compile(rb"(?:://|\bwww\.)[^\s\"'<>;,|]*", re.IGNORECASE)
"""What stands behind a scheme: letters of any alphabet, which say nothing of the encoding of the text around them."""
LONGEST_HOST = 256
PARTS = re.compile("[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]+|.", re.DOTALL)
SAMPLE_BYTES, WORDS = 4096, 1500
LEAST = 4
"""Words of fewer letters prove nothing."""
ABBREVIATION = 5
"""Capitals alone, up to so many, may be an abbreviation: any letters at all."""
MOST = 12.0
"""No single word counts for more, whatever it looks like."""
DECISIVE = 9.0
CLEAR = 4.0
SHARE = 0.05
PLAUSIBLE = 0.7


def guess_encoding(data: bytes) -> list[tuple[str, float]]:
    """Encodings that the bytes can be text in, best first, with a confidence from 0 to 1.

    The confidence is the probability of the reading if all of them were equally likely before. Windows-1251 and
    KZ-1048 read Russian alike: they share it then. A UTF-16 without a byte order mark is named utf-16-le or -be.

    Args:
        data: the file, or its beginning. An unfinished character at the end is left out.
    """
    if data.startswith(codecs.BOM_UTF8):
        return [("utf-8-sig", 1.0)] if _reads(data, "utf-8") else []
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return [("utf-16", 1.0)] if _reads(data[: len(data) // 2 * 2], "utf-16") else []
    if b"\0" in data:
        found = [(name, plausible(data.decode(name, "replace"))) for name in ("utf-16-le", "utf-16-be")]
        return [(name, share) for name, share in sorted(found, key=lambda f: -f[1]) if share >= PLAUSIBLE]
    if data.isascii():
        return [("utf-8", 1.0)]
    words = _words(data)
    names = [name for name in ("utf-8", *SINGLE) if _reads(data, name)]
    scores = {name: sum(_score(word, name) for word in words) for name in names}
    best = max(scores.values(), default=0.0)
    weights = {name: math.exp(max(score - best, -700)) for name, score in scores.items()}
    total = sum(weights.values())
    return sorted(((name, weight / total) for name, weight in weights.items()), key=lambda found: -found[1])


def plausible(text: str) -> float:
    """The share of the characters that texts in Kazakh, Russian or English have."""
    kept = sum(
        "\t" <= sign <= "~" or "\u00a0" <= sign <= "ӿ" or "\u2009" <= sign <= "⇿" or sign in "\r\n\ufeff"
        for sign in text
    )
    return kept / max(len(text), 1)


@dataclass
class Sample:
    """Bits of a text taken while it is decoded, and what they tell about the declared encoding."""

    declared: str
    words: dict[bytes, None] = field(default_factory=dict)
    strange: bool = False

    def take(self, piece: bytes, text: str) -> None:
        """Look at the beginning of a piece, from its first byte that is not ASCII."""
        if self.declared.startswith(("utf-16", "utf-32")):
            self.strange |= bool(text) and plausible(text[:SAMPLE_BYTES]) < PLAUSIBLE
        elif len(self.words) < WORDS and (first := WORD.search(piece)):
            begin = max(0, first.start() - LONGEST_HOST)  # the word may stand in an address
            self.words.update(dict.fromkeys(_words(piece[begin : begin + SAMPLE_BYTES])))

    def better_read_as(self) -> str:
        """What the text decisively reads as instead; "" where the declared encoding may be right."""
        if self.strange:
            return "signs of no Kazakh or Russian text"
        for name in ("utf-8", *SINGLE, *OTHERS):
            pair = frozenset((name, self.declared))
            if name == self.declared or pair in SAME_LETTERS:
                continue
            if self._reads_better(name) or (name == "utf-8" and self._is_utf8()):
                return f"letters that make words in {name} and none in {self.declared}"
        return ""

    def _is_utf8(self) -> bool:
        """Whether all there is are letters and marks in UTF-8: bytes of another encoding are that by a rare chance."""
        try:
            text = "".join(word.decode() for word in self.words)
        except UnicodeDecodeError:
            return False
        known = all(sign.lower() in ALPHABET or sign in MARKS for sign in text)
        return known and any(sign > "\u00ff" for sign in text)

    def _reads_better(self, name: str) -> bool:
        """Whether all words together do, or enough of them: one column may come from elsewhere."""
        gains = [_gain(word, name, self.declared) for word in self.words if _tells(word, name, self.declared)]
        clear = [gain for gain in gains if gain > CLEAR]
        return sum(gains) >= DECISIVE or (
            sum(clear) >= 2 * DECISIVE and len(clear) >= max(3, SHARE * len(gains))
        )


def _gain(word: bytes, name: str, other: str) -> float:
    """How much better a word reads in one encoding than in another; a word that is known is seldom one by chance."""
    if _is_known(word, name) and not _is_known(word, other):
        return MOST
    return min(max(_score(word, name) - _score(word, other), -MOST), MOST)


def _tells(word: bytes, name: str, other: str) -> bool:
    """Whether a word is long enough, and none that can be any letters."""
    if _is_known(word, name) or (name == "utf-8" and len(word) >= LEAST and _reads(word, name)):
        return True
    if len(word) < LEAST or not _reads(word, name) or not _reads(word, other):
        return len(word) >= LEAST
    text = word.decode(other)
    return not (text.isupper() and len(text) <= ABBREVIATION)


def _words(data: bytes) -> list[bytes]:
    """The different words with a byte that is not ASCII, but for those of addresses."""
    return list(dict.fromkeys(WORD.findall(ADDRESS.sub(b" ", data))))[:WORDS]


def _reads(data: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)("strict").decode(data)
    except UnicodeDecodeError:
        return False
    return True


@functools.lru_cache(maxsize=50_000)
def _score(word: bytes, name: str) -> float:
    """The logarithm of the likelihood of the bytes as a word in an encoding."""
    try:
        text = word.decode(name)
    except UnicodeDecodeError:
        return NO_TEXT * len(word)
    score = 0.0
    for part in PARTS.findall(text):
        if part[0].lower() in ALPHABET:
            score += _letters(part.lower()) + _capitals(part)
        else:
            score += PUNCTUATION if part in MARKS else STRANGE
    return score


def _letters(word: str) -> float:
    known = _pairs()
    spelt = EDGE + EDGE + word + EDGE
    return sum(known.log(spelt[n - 2], spelt[n - 1], spelt[n]) for n in range(2, len(spelt)))


def _capitals(word: str) -> float:
    if word.islower():
        return SMALL
    if word[0].isupper() and (len(word) == 1 or word[1:].islower()):
        return CAPITALISED
    if word.isupper():
        return CAPITALS
    return MIXED + FALL * sum(a.islower() and b.isupper() for a, b in zip(word, word[1:], strict=False))


class _Pairs:
    """What letters follow what letters, in words of the two languages."""

    def __init__(self, words: frozenset[str]) -> None:
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.before: Counter[str] = Counter()
        self.kinds: Counter[tuple[str, str, str]] = Counter()
        self.kinds_before: Counter[tuple[str, str]] = Counter()
        for word in words:
            spelt = EDGE + EDGE + word + EDGE
            for a, b, c in zip(spelt, spelt[1:], spelt[2:], strict=False):
                self.pairs[b, c] += 1
                self.before[b] += 1
                self.kinds[_kind(a), _kind(b), _kind(c)] += 1
                self.kinds_before[_kind(a), _kind(b)] += 1
        letters = Counter("".join(words))
        total = sum(letters.values())
        share = {
            c: 0.6 * RUSSIAN.get(c, 0) / 10_000 + 0.4 * (letters[c] + 0.5) / (total + len(ALPHABET) / 2)
            for c in ALPHABET
        }
        of_kind: Counter[str] = Counter()
        for c, s in share.items():
            of_kind[_kind(c)] += s  # type: ignore[assignment]
        self.share = {c: s / of_kind[_kind(c)] for c, s in share.items()} | {EDGE: 1.0}

    @functools.lru_cache(maxsize=100_000)  # noqa: B019 - there is one object of this class
    def log(self, a: str, b: str, c: str) -> float:
        """The logarithm of the probability of a letter behind two others."""
        kinds = _kind(a), _kind(b)
        general = (self.kinds[*kinds, _kind(c)] + 0.5) / (self.kinds_before[kinds] + 2) * self.share[c]
        return math.log((self.pairs[b, c] + PRIOR * general) / (self.before[b] + PRIOR))


def _kind(letter: str) -> str:
    if letter == EDGE:
        return letter
    return "vowel" if letter in VOWELS else "sign" if letter in SIGNS else "consonant"


def _is_known(word: bytes, name: str) -> bool:
    """Whether it is a word of the code lists, and long enough to prove something."""
    try:
        return len(word) >= LEAST and word.decode(name).lower() in _known()
    except UnicodeDecodeError:
        return False


@functools.cache
def _known() -> frozenset[str]:
    """The words of all code lists, in small letters."""
    word = re.compile(f"[{ALPHABET}]+")
    return frozenset(
        found
        for name in codelist_names()
        for row in codelist(name).to_pylist()
        for cell in row.values()
        for found in word.findall((cell or "").lower())
    )


@functools.cache
def _pairs() -> _Pairs:
    return _Pairs(_known())
