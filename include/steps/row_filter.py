"""Rows of a shared file: which are this source's, which are left to others, of which nobody can say (R3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from include.contracts import RowRule, fold
from include.sources.definition import RowFilter
from include.transform import quoted

OTHERS, UNDECIDED, OURS = 0, 1, 2
UNKNOWN_OWNER = RowRule(
    "row.only", "a word that `only` names, so that one knows whose row it is", "undecided"
)
FOOTNOTE_MARKS = "*¹²³"
TO_BE_JOINED = ("  ", "\t", "\n", "\r", "\u00a0")


def with_owner(
    relation: str, filters: Sequence[RowFilter], cells: Mapping[str, str], nothing: Sequence[str]
) -> str:
    """The rows with the column `for_us`: OURS, UNDECIDED or OTHERS; with several filters the least that one says.

    Args:
        relation: FROM clause of the rows.
        filters: of the feed, one at least.
        cells: heading → SQL of the cell.
        nothing: words for nothing; each counts as an empty cell.
    """
    words = ", ".join(f"{_folded(cells[each.column])} as word_{n}" for n, each in enumerate(filters))
    empty = {"", *map(fold, nothing)}
    said = ", ".join(_said(each, f"word_{n}", empty) for n, each in enumerate(filters))
    return f"(select *, least({said}) as for_us from (select *, {words} from {relation}))"


def _said(declared: RowFilter, word: str, empty: set[str]) -> str:
    ours, others = (_is_one_of(word, words, empty) for words in (declared.is_, declared.not_))
    if not declared.is_:
        return f"case when {others} then {OTHERS} else {OURS} end"
    if declared.not_:
        return f"case when {ours} then {OURS} when {others} then {OTHERS} else {UNDECIDED} end"
    return f"case when {ours} then {OURS} when {_is_one_of(word, [''], empty)} then {UNDECIDED} else {OTHERS} end"


def _is_one_of(word: str, listed: Sequence[str], empty: set[str]) -> str:
    """SQL that is true where a folded word is one of these, or begins like one that ends with *."""
    whole = {fold(each) for each in listed if not each.endswith("*")}
    whole |= empty if "" in whole else set()
    found = [f"starts_with({word}, {quoted(fold(each[:-1]))})" for each in listed if each.endswith("*")]
    found += [f"{word} in ({', '.join(map(quoted, sorted(whole)))})"] if whole else []
    return f"({' or '.join(found)})" if found else "false"


def _folded(cell: str) -> str:
    """`contracts.fold` in SQL, an empty cell as an empty text. Few cells need trimming, and looking costs less."""
    text = f"coalesce({cell}, '')"
    joined = f"regexp_replace({text}, '[\\s\\x{{a0}}]+', ' ', 'g')"
    trimmed = f"ltrim(rtrim({joined}, {quoted(FOOTNOTE_MARKS + ' ')}))"
    looks = [f"{text} < '!'", *(f"ends_with({text}, {quoted(sign)})" for sign in FOOTNOTE_MARKS + " ")]
    looks += [f"contains({text}, {quoted(blanks)})" for blanks in TO_BE_JOINED]
    return f"replace(lower(case when {' or '.join(looks)} then {trimmed} else {text} end), 'ё', 'е')"
