"""The committed data dictionary is what the contracts give."""

from __future__ import annotations

from pathlib import Path

from include.contracts import dictionary_markdown, load, names

PAGE = Path(__file__).parents[3] / "docs" / "data_dictionary.md"


def test_the_committed_dictionary_is_what_the_contracts_give() -> None:
    given = dictionary_markdown([load(name) for name in names()])
    assert PAGE.read_text(encoding="utf-8") == given, (
        "docs/data_dictionary.md is out of date; run odcm dictionary --output docs/data_dictionary.md"
    )


def test_the_dictionary_names_every_column_of_every_contract() -> None:
    page = PAGE.read_text(encoding="utf-8")
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}
    for name in names():
        for field in load(name).columns:
            assert f"| `{field.name}` |" in sections[name], f"{name}.{field.name}"
