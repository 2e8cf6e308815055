"""A definition that cannot be read, in whatever way, is a fault of its own file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from include.sources import DefinitionError, load_source, read_sources
from tests.unit.cli.conftest import DEFINITION

SEVENTEEN = "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 17))
WAYS: dict[str, str | bytes] = {
    "a day that does not exist": "since: 2025-02-30",
    "a time that does not exist": "since: 2025-02-03T25:00:00Z",
    "an integer of 5000 digits": f"years: {'9' * 5000}",
    "an integer in sixties without digits": "years: !!int ':'",
    "a boolean that is none": "synthetic: !!bool perhaps",
    "a timestamp that is none": "since: !!timestamp soon",
    "an object of Python": "since: !!python/object:os.system x",
    "a key that is a list": "? [a]\n: b",
    "a key that is itself": "&a ? *a : b",
    "nested lists": "feeds: " + "[" * 20_000,
    "nested blocks": "\n".join(f"{' ' * n}a:" for n in range(500)),
    "nested dashes": "- " * 5000,
    "aliases of aliases": f"a0: &a0 [x, x]\n{SEVENTEEN}",
    "an alias of itself": "feeds: &a [*a]",
    "many keys": "\n".join(f"k{n}: v" for n in range(60_000)),
    "a large file": b"#" * (2 << 20),
    "another encoding": "source: Қазақстан".encode("utf-16"),
    "zero bytes": b"\x00" * 100,
    "nothing": "",
    "a list": "- a",
    "a number": "7",
    "a regular expression without end": DEFINITION.replace(r"\d{4}", r"\d{4294967296}"),
    "a first month without a year": DEFINITION.replace("2025-01", "0000-01"),
    "a year beyond reach": DEFINITION.replace("since: 2025-01", f"since: 2025-01, years: [{10**30}]"),
}


def folder_with(path: Path, content: str | bytes) -> Path:
    """A folder of the good definition KZ-43 and of this one, KZ-99."""
    (path / "KZ-43.yaml").write_text(DEFINITION, encoding="utf-8")
    bad = path / "KZ-99.yaml"
    bad.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.timeout(20)
@pytest.mark.parametrize("content", WAYS.values(), ids=WAYS)
def test_it_holds_back_its_own_source_only(tmp_path: Path, content: str | bytes) -> None:
    found = read_sources(folder_with(tmp_path, content))
    assert (list(found.usable), list(found.faults)) == (["KZ-43"], ["KZ-99"])
    assert all(line.startswith("KZ-99.yaml: ") for line in found.faults["KZ-99"].splitlines()[:1])
    with pytest.raises(DefinitionError, match="KZ-99.yaml"):
        load_source("KZ-99", tmp_path)


PLACES: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a pipe": lambda path: os.mkfifo(path),
}


@pytest.mark.parametrize("make", PLACES.values(), ids=PLACES)
def test_what_is_no_file_but_has_its_name_holds_back_itself(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    folder_with(tmp_path, "").joinpath("KZ-99.yaml").unlink()
    make(tmp_path / "KZ-99.yaml")
    found = read_sources(tmp_path)
    assert (list(found.usable), list(found.faults)) == (["KZ-43"], ["KZ-99"])


def test_a_misnamed_file_holds_back_itself_and_speaks_for_no_other(tmp_path: Path) -> None:
    for name in ("KZ-43.yaml", "copy of KZ-43.yaml", "KZ-43.yml", ".KZ-43.yaml"):
        (tmp_path / name).write_text(DEFINITION, encoding="utf-8")
    found = read_sources(tmp_path)
    assert (list(found.usable), list(found.faults)) == (["KZ-43"], ["KZ-43.yml", "copy of KZ-43"])
    for name in found.faults:
        with pytest.raises(DefinitionError, match="expected KZ-43.yaml"):
            load_source(name, tmp_path)


def test_anchors_and_aliases_are_read_where_they_are_few(tmp_path: Path) -> None:
    text = DEFINITION.replace('kk: "Сынақ"', "kk: &name Сынақ").replace('ru: "Проба"', "ru: *name")
    (tmp_path / "KZ-43.yaml").write_text(text, encoding="utf-8")
    assert read_sources(tmp_path).usable["KZ-43"].name["ru"] == "Сынақ"
