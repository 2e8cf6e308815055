"""The patterns that the code lists write: words of a path, and braces for the part that says whose it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from include.contracts import ContractError

PARTS = {
    "name": r"[^/]+?",
    "code": r"[^/]+?",
    "slug": r"[^/]+?",
    "link": r".+",
    "any": r"[^/]*",
    "phone": r"\+?[0-9 ()\u2010-\u2015.-]{7,25}",
    "number": r"[0-9]{1,20}(?![0-9])",
    "marked": r"[0-9]{12}(?![0-9])",
}
BRACE = re.compile(r"\{(\w+)\}")
COUNTRY_AND_NUMBER = range(10, 16)
"""Digits of a telephone number with its country: E.164 allows fifteen."""


@dataclass(frozen=True)
class Pattern:
    """`s/{name}`, `wall-{number}*`, `send?phone={phone}`, `#@{name}`: what must stand in a path, a query, a fragment.

    A pattern holds where the address goes on with another part of the path; with * whatever follows. A name is a name
    in small letters, a code keeps its case, any matters not.
    """

    path: re.Pattern[str] | None
    query: tuple[str, re.Pattern[str]] | None
    fragment: re.Pattern[str] | None

    @classmethod
    def of(cls, written: str) -> Self:
        """The pattern as the code lists write it.

        Raises:
            ContractError: a brace holds no part that is known.
        """
        before, _, fragment = written.partition("#")
        path, _, query = before.partition("?")
        key, _, value = query.partition("=")
        return cls(
            _compiled(path) if path else None,
            (key.lower(), _compiled(value)) if query else None,
            _compiled(fragment) if fragment else None,
        )

    def match(self, path: str, query: Mapping[str, str], fragment: str) -> dict[str, str] | None:
        """What the braces hold, where all parts of the pattern fit."""
        found: dict[str, str] = {}
        looked = [(self.path, path), (self.fragment, fragment)]
        if self.query:
            looked.append((self.query[1], query.get(self.query[0], "")))
        for pattern, text in looked:
            if pattern is not None:
                fits = pattern.match(text)
                if fits is None:
                    return None
                found |= fits.groupdict()
        return found


def _compiled(written: str) -> re.Pattern[str]:
    """Words as they are, whatever their case; braces as what they stand for."""
    text, used = "", set()
    for place, part in enumerate(BRACE.split(written.removesuffix("*"))):
        if not place % 2:
            text += re.escape(part)
        elif part == "any":
            text += PARTS[part]
        elif part in PARTS and part not in used:
            used.add(part)
            text += f"(?P<{part}>{PARTS[part]})"
        else:
            raise ContractError(
                f"codelists/channels: {written!r}: {{{part}}}: expected one of {', '.join(PARTS)}, each once"
            )
    return re.compile(text if written.endswith("*") else f"{text}(?=/|$)", re.IGNORECASE)


def telephone(text: str) -> str | None:
    """A telephone number in digits with its country; one that begins with 8 or with nothing is one of Kazakhstan's.

    8 (701) 000-00-01 is 77010000001: inside Kazakhstan and Russia 8 stands for the country, and ten digits that begin
    with 7 lack it. None for what is no number that long.
    """
    digits = re.sub(r"\D", "", text)
    digits = digits.removeprefix("00")
    if re.fullmatch(r"8[79][0-9]{9}", digits):
        digits = "7" + digits[1:]
    elif re.fullmatch(r"7[0-9]{9}", digits):
        digits = "7" + digits
    return digits if len(digits) in COUNTRY_AND_NUMBER and digits[0] != "0" else None


def number(text: str) -> str | None:
    """A numeric id without zeros before it; None for zero."""
    return text.lstrip("0") or None
