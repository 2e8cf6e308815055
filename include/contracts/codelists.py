"""Code lists: which codes exist, what people call them, and how a reported word finds its code."""

from __future__ import annotations

import functools
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from include.contracts.model import CONTRACTS_DIR, ContractError


def codelist_names() -> list[str]:
    """Names of all code lists, in order."""
    return sorted(path.stem for path in (CONTRACTS_DIR / "codelists").glob("*.csv"))


def codelist(name: str) -> pa.Table:
    """One code list as a table of strings; empty cells are empty strings.

    Raises:
        ContractError: there is no such list.
    """
    return _read(CONTRACTS_DIR / "codelists" / f"{name}.csv")


def codes(name: str) -> list[str]:
    """The codes of a list, in file order."""
    column: list[str] = codelist(name).column(0).to_pylist()
    return column


def spellings(name: str) -> dict[str, str]:
    """Folded spelling → code: the code itself, its names in kk, ru and en, and every alias.

    Raises:
        ContractError: one spelling stands for two codes, which would make reading a matter of order.
    """
    return dict(_spellings(CONTRACTS_DIR / "codelists" / f"{name}.csv"))


def written(name: str) -> dict[str, str]:
    """Spelling as the list writes it → code, before any folding."""
    return {word: row["code"] for row in codelist(name).to_pylist() for word in _words(row) if word}


def fold(text: str) -> str:
    """A spelling without what carries no meaning: case, outer and doubled spaces, ё for е, footnote marks."""
    return " ".join(text.replace("\u00a0", " ").rstrip("*¹²³ ").split()).lower().replace("ё", "е")


@functools.cache
def _read(path: Path) -> pa.Table:
    if not path.exists():
        raise ContractError(
            f"no code list {path.name} in {path.parent.name}/; there are: {', '.join(codelist_names())}"
        )
    header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    options = pacsv.ConvertOptions(
        column_types={name: pa.string() for name in header}, strings_can_be_null=False
    )
    return pacsv.read_csv(path, convert_options=options)


@functools.cache
def _spellings(path: Path) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for row in _read(path).to_pylist():
        for word in filter(None, map(fold, _words(row))):
            if found.setdefault(word, row["code"]) != row["code"]:
                raise ContractError(f"{path.name}: {word!r} stands for both {found[word]} and {row['code']}")
    return tuple(found.items())


def _words(row: dict[str, str]) -> list[str]:
    return [row["code"], row["name_kk"], row["name_ru"], row["name_en"], *row["aliases"].split("|")]
