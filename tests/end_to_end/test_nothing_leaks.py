"""No address, case, decision or platform number of any report leaves the restricted area (B9)."""

from __future__ import annotations

import email.policy
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.end_to_end.conftest import Country

TAIL = 6  # every planted identifier is longer than five characters


class Searched:
    """Finds any of many words inside texts: first by the last characters of a word, then by the whole word."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words: dict[str, list[str]] = defaultdict(list)
        for word in {word.lower() for word in words if len(word) >= TAIL}:
            self.words[word[-TAIL:]].append(word)

    def found_in(self, text: str) -> list[str]:
        text, tails = text.lower(), self.words
        return [
            word
            for end in range(TAIL, len(text) + 1)
            if text[end - TAIL : end] in tails
            for word in tails[text[end - TAIL : end]]
            if text.endswith(word, 0, end) and not _part_of_a_number(text, word, end)
        ]


def _part_of_a_number(text: str, word: str, end: int) -> bool:
    """Ten digits inside a hash or a longer number are not a platform's number."""
    start = end - len(word)
    return word.isdigit() and (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


@pytest.fixture(scope="module")
def searched(country: Country) -> Searched:
    """Every identifier as planted, and the bare handle of each address."""
    planted = (country.place.sandbox / "identifiers.txt").read_text(encoding="utf-8").splitlines()
    handles = {word.rstrip("/").rpartition("/")[2].rpartition("@")[2].rpartition("=")[2] for word in planted}
    return Searched([*planted, *(handle for handle in handles if len(handle) > 10)])


def texts(path: Path) -> Iterator[str]:
    """Whatever a file says: the strings of Parquet columns and metadata, the cells of a database, or its text."""
    if path.suffix == ".parquet":
        file = pq.ParquetFile(path)
        yield str(file.metadata.metadata)
        table = file.read()
        for column in table.columns:
            if pa.types.is_string(column.type):
                yield "\n".join(value for value in column.unique().to_pylist() if value)
            else:
                yield "\n".join(str(value) for value in column.unique().to_pylist())
    elif path.suffix == ".db":
        with sqlite3.connect(path) as connection:
            yield "\n".join(connection.iterdump())
    else:
        yield path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("said", "is_found"),
    [
        ("see https://t.me/Shop_0001 now", True),
        ("SHOP_0001", True),
        ("id 9000009564,", True),
        ("ab9000009564ff", False),
        ("https://t.me/sho", False),
    ],
)
def test_the_search_itself_finds_what_is_there(said: str, is_found: bool) -> None:
    assert bool(Searched(["https://t.me/shop_0001", "shop_0001", "9000009564"]).found_in(said)) is is_found


@pytest.mark.slow
def test_the_restricted_area_does_hold_them(country: Country, searched: Searched) -> None:
    core = next((country.place.home.core / "blocking_record").glob("*.parquet"))
    assert any(searched.found_in(text) for text in texts(core))


@pytest.mark.slow
def test_no_file_outside_the_restricted_area_holds_an_identifier(
    country: Country, searched: Searched
) -> None:
    home = country.place.home
    outside = [p for p in home.root.rglob("*") if p.is_file() and home.restricted not in p.parents]
    assert {".parquet", ".csv", ".json", ".html", ".md", ".db"} <= {path.suffix for path in outside}
    leaks = {
        str(path): found for path in outside for text in texts(path) if (found := searched.found_in(text))
    }
    assert leaks == {}


@pytest.mark.slow
def test_no_letter_holds_an_identifier(country: Country, searched: Searched) -> None:
    said: list[Any] = []
    for path in country.mailbox.glob("*.eml"):
        letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        said += [
            str(letter.items()),
            *(part.get_content() for part in letter.walk() if not part.is_multipart()),
        ]
    assert len(said) >= 63 and [found for text in said for found in searched.found_in(text)] == []


@pytest.mark.slow
def test_nothing_that_the_steps_printed_or_logged_holds_an_identifier(
    country: Country, searched: Searched
) -> None:
    said = country.said.read_text(encoding="utf-8", errors="replace") if country.said.exists() else ""
    assert searched.found_in(said) == []
