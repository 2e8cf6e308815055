"""Text samples: their encoding, and then what they are: delimited, fixed width, JSON or XML."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from include.sources.formats.letters import guess_encoding
from include.sources.looking.sample import Sample
from include.sources.looking.table import Decision

CERTAIN = 0.9
NAMED = 0.2
LONGEST_CHARACTER = 4


@dataclass(frozen=True)
class Text:
    """The text of a sample's head, its encoding, the confidence in that (0 to 1), and what of it must be decided."""

    text: str
    encoding: str
    confidence: float
    decisions: list[Decision]


def text_of(sample: Sample) -> Text:
    """The head of a sample as text, up to its last whole character.

    Raises:
        SourceError: no encoding fits, so that it is no text.
    """
    guesses = guess_encoding(_whole_characters(sample))
    if not guesses or b"\0" in sample.head and not guesses[0][0].startswith("utf-16"):
        raise sample.refuse(
            "file", "bytes that are no text of a known encoding", "text, a workbook or Parquet",
            "Name the encoding yourself in a definition, or ask the source what the file is.",
        )  # fmt: skip
    encoding, confidence = guesses[0]
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    text = decoder.decode(sample.head, final=sample.is_whole).removeprefix("\ufeff")
    return Text(text, encoding, confidence, _decisions(text, guesses, confidence))


def _whole_characters(sample: Sample) -> bytes:
    """The head without a character of UTF-8 that its end cuts."""
    if sample.is_whole:
        return sample.head
    for cut in range(LONGEST_CHARACTER):
        head = sample.head[: len(sample.head) - cut]
        try:
            head.decode("utf-8")
        except UnicodeDecodeError:
            continue
        return head
    return sample.head


def _decisions(text: str, guesses: list[tuple[str, float]], confidence: float) -> list[Decision]:
    encoding = guesses[0][0]
    if text.isascii():
        return []
    others = [f"{name} ({share:.0%})" for name, share in guesses[1:] if share >= NAMED]
    if confidence >= CERTAIN and not others:
        return []
    return [
        Decision(
            "format.encoding",
            f"{encoding} fits best ({confidence:.0%})" + (f"; also possible: {', '.join(others)}" if others else ""),
            "a wrong encoding gives wrong letters without an error; look at the Kazakh letters in a preview",
        )
    ]  # fmt: skip
