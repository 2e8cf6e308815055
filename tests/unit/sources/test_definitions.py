"""Definitions are checked on load: an error names file, key and what was expected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sources import DefinitionError, load_source, load_sources, read_definition
from tests.end_to_end.small import small_place

Change = Callable[[dict[str, Any]], Any]


def definition(folder: Path) -> dict[str, Any]:
    sources = small_place(folder).sources
    assert sources
    found: dict[str, Any] = yaml.safe_load((sources / "KZ-43.yaml").read_text(encoding="utf-8"))
    return found


def fault(folder: Path, change: Change) -> str:
    """What loading says of a good definition after one change."""
    document = definition(folder)
    change(document)
    path = folder / "KZ-43.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DefinitionError) as error:
        read_definition(path)
    return str(error.value)


def feed(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["feeds"]["seizure_item"]
    return found


PAGES = {
    "kind": "http",
    "url": "https://api.example/rows",
    "deliveries": {"by": "month"},
    "pages": {"by": "page"},
}
FAULTS: list[tuple[str, Change, tuple[str, ...]]] = [
    ("unknown key", lambda d: d.update(sourse="x"), ("sourse", "not permitted")),
    ("unknown key of a feed", lambda d: feed(d).update(identitty=[]), ("feeds.seizure_item.identitty",)),
    ("no regions", lambda d: d.update(regions=[]), ("regions", "at least 1")),
    ("unknown region", lambda d: d.update(regions=["KZ-99"]), ("regions", "KZ-99", "code list regions")),
    ("unknown dataset", lambda d: d["feeds"].update(seizures=feed(d)), ("feeds.seizures", "expected one of blocking_record")),
    ("unknown transport", lambda d: feed(d)["transport"].update(kind="ftp"), ("transport", "folder", "http")),
    ("unknown format", lambda d: feed(d)["format"].update(kind="pdf"), ("format", "csv")),
    ("unknown encoding", lambda d: feed(d)["format"].update(encoding="kz-1234"), ("format.encoding", "kz-1234")),
    ("long delimiter", lambda d: feed(d)["format"].update(delimiter=";;"), ("format.delimiter", "at most 1")),
    ("unknown field", lambda d: feed(d)["fields"].update(colour="Цвет"), ("fields.colour", "expected a reported field")),
    ("derived field", lambda d: feed(d)["fields"].update(substance_code="Код"), ("fields.substance_code",)),
    ("missing mapping", lambda d: feed(d)["fields"].pop("unit"), ("fields", "required unit")),
    ("identity not mapped", lambda d: feed(d).update(identity=["case_number"]), ("identity", "case_number")),
    ("constant no code", lambda d: feed(d)["fields"].update(unit={"constant": "pud"}), ("fields.unit.constant", "pud")),
    ("own word no code", lambda d: feed(d)["fields"].update(unit={"column": "Ед.", "codes": {"п": "pud"}}), ("fields.unit.codes.п", "code of units", "pud")),
    ("codes without list", lambda d: feed(d)["fields"].update(form={"column": "Ф", "codes": {"а": "b"}}), ("fields.form.codes", "no code list")),
    ("aggregate without number", lambda d: feed(d).update(aggregate=True), ("aggregate", "seizures_n")),
    ("pages that are no JSON", lambda d: feed(d).update(transport=PAGES), ("format.kind", "expected json")),
    ("a secret without a connection", lambda d: feed(d).update(transport=PAGES | {"auth": {"kind": "token"}}), ("transport", "connection")),
    ("pages in UTF-16", lambda d: feed(d).update(transport=PAGES, format={"kind": "json", "encoding": "utf-16"}), ("format.encoding", "extends ASCII")),
    ("months without a first one", lambda d: (feed(d).update(transport=PAGES), feed(d).pop("rhythm")), ("rhythm: expected one",)),
    ("rhythm", lambda d: feed(d).update(rhythm={"since": "2025-13"}), ("rhythm.since",)),
    ("no year in the name", lambda d: feed(d)["transport"].update(name_pattern=r"(?P<month>\d+)"), ("name_pattern", "group year")),
    ("expression", lambda d: feed(d)["fields"].update(form={"expression": "upper("}), ("fields.form.expression", "SQL")),
    ("query", lambda d: feed(d)["fields"].update(form={"expression": "(select 1)"}), ("fields.form.expression", "subquery, expected only")),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_is_named_by_file_key_and_what_was_expected(
    tmp_path: Path, change: Change, said: tuple[str, ...]
) -> None:
    message = fault(tmp_path, change)
    assert all(line.startswith("KZ-43.yaml: ") for line in message.splitlines()), message
    assert all(part in message for part in said), message


def test_every_fault_of_every_file_is_listed_at_once(tmp_path: Path) -> None:
    document = definition(tmp_path)
    feed(document)["fields"].pop("unit")
    feed(document)["fields"]["colour"] = "Цвет"
    for name in ("A", "B"):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(document | {"source": name}), encoding="utf-8")
    with pytest.raises(DefinitionError) as error:
        load_sources(tmp_path)
    lines = str(error.value).splitlines()
    assert len(lines) == 4 and {line.split(":")[0] for line in lines} == {"A.yaml", "B.yaml"}


def test_a_key_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "X.yaml"
    path.write_text("source: X\nsource: Y\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="X.yaml: expected YAML:.*doubled key source"):
        read_definition(path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="at least one source definition"):
        load_sources(tmp_path)


@pytest.mark.parametrize("name", ["KZ-00", "../sources/KZ-43", "README"])
def test_a_source_that_is_not_defined_is_none(tmp_path: Path, name: str) -> None:
    definition(tmp_path)
    found = load_source(name, tmp_path / "sources")
    assert found is None or found.source == name


def test_the_definitions_of_the_simulated_country_are_all_good() -> None:
    found = load_sources(Path(read_definition.__code__.co_filename).parents[2] / "sandbox" / "sources")
    assert len(found) == 20 and all(len(source.feeds) == 5 and source.synthetic for source in found.values())
