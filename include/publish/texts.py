"""The catalogue of sentences in three languages, read once and complete or refused."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from include.publish.facts import LANGUAGES

CATALOGUE = Path(__file__).with_name("texts.yaml")


class TextsError(ValueError):
    """The catalogue lacks a text or a language; the message names the key."""


class Texts:
    """The sentences of one language, by dotted key: `texts("title")`, `texts("units.kg")`."""

    def __init__(self, language: str, sentences: Mapping[str, str]) -> None:
        self.language = language
        self._sentences = sentences

    def __call__(self, key: str, **values: Any) -> str:
        """The sentence with its places filled.

        Raises:
            TextsError: no such key.
        """
        if key not in self._sentences:
            raise TextsError(f"{CATALOGUE.name} has no text {key!r} ({self.language})")
        sentence = self._sentences[key]
        return sentence.format(**values) if values else sentence

    def has(self, key: str) -> bool:
        """Whether the catalogue has the key."""
        return key in self._sentences


def texts(language: str) -> Texts:
    """The catalogue in one of kk, ru, en.

    Raises:
        TextsError: another language, or a catalogue with a hole in it.
    """
    if language not in LANGUAGES:
        raise TextsError(f"no texts in {language!r}; there are: {', '.join(LANGUAGES)}")
    return Texts(language, {key: sentence[language] for key, sentence in _catalogue().items()})


@functools.cache
def _catalogue() -> dict[str, dict[str, str]]:
    flat = dict(_flatten(yaml.safe_load(CATALOGUE.read_text(encoding="utf-8")), ""))
    holes = [f"{key} ({', '.join(missing)})" for key, entry in flat.items() if (missing := _missing(entry))]
    if holes:
        raise TextsError(f"{CATALOGUE.name}: languages are missing for {'; '.join(holes)}")
    return flat


def _flatten(node: Mapping[str, Any], prefix: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for key, value in node.items():
        if set(value) & set(LANGUAGES):
            found.append((f"{prefix}{key}", value))
        else:
            found += _flatten(value, f"{prefix}{key}.")
    return found


def _missing(entry: Mapping[str, str]) -> list[str]:
    return [language for language in LANGUAGES if language not in entry]
