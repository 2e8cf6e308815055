"""docs/sources.md works as it is printed: its commands are run in an empty folder, in its order, with its definition.

What the page prints must be what comes, line by line; `…` stands for what it leaves out, in a line or of lines.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from include.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
FENCED = re.compile(r"```(console|yaml)\n(.*?)```", re.DOTALL)
END = "END"


@dataclass(frozen=True)
class Printed:
    """A command of the page with the lines below it."""

    command: str
    output: list[str]


def blocks() -> Iterator[list[Printed] | str]:
    """What a reader does, in order: commands to run, and the definition to save."""
    for kind, text in FENCED.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "console":
            yield list(commands(text.splitlines()))
        elif text.startswith("source:"):
            yield text


def commands(lines: list[str]) -> Iterator[Printed]:
    begins = [n for n, line in enumerate(lines) if line.startswith("$ ")]
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        said = lines[begin:end]
        last = said.index(END) if END in said else 0
        yield Printed("\n".join(said[: last + 1]).removeprefix("$ "), said[last + 1 :])


def run(command: str, patch: pytest.MonkeyPatch) -> str:
    """What a command prints on both streams, in this process where it is ours."""
    words = shlex.split(command.partition("\n")[0])
    if words[0] == "export":
        for word in words[1:]:
            name, _, value = word.partition("=")
            patch.setenv(name, os.path.expandvars(value))
        return ""
    if words[0] == "odcm" and ">" not in words:
        return CliRunner().invoke(app, words[1:]).output
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def missing(printed: list[str], said: str) -> list[str]:
    """The lines of the page that did not come, each looked for behind the one before."""
    lines = [line.rstrip() for line in said.splitlines()]
    place, lost = 0, []
    for line in filter(None, (line.rstrip() for line in printed)):
        pattern = re.compile(".*".join(map(re.escape, line.split("…"))))
        found = next((n for n in range(place, len(lines)) if pattern.fullmatch(lines[n])), None)
        if found is None and line.strip(" …"):
            lost.append(line)
        elif found is not None and line.strip(" …"):
            place = found + 1
    return lost


def test_the_walkthrough_works_as_it_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("ODCM_")]:
        monkeypatch.delenv(name)
    ran = []
    for block in blocks():
        if isinstance(block, str):
            (tmp_path / "sources" / "KZ-43.yaml").write_text(block, encoding="utf-8")
            continue
        for each in block:
            said = run(each.command, monkeypatch)
            assert missing(each.output, said) == [], f"{each.command}\n{said}"
            ran.append(each.command.split()[:3])
    steps = [" ".join(words) for words in ran if words[0] == "odcm"]
    assert steps == [
        "odcm source new", "odcm source check", "odcm source preview", "odcm source check", "odcm source explain",
        "odcm ingest --source", "odcm ingest --source",
    ]  # fmt: skip


def test_the_definition_of_the_page_is_the_proposal_but_for_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever follows the page changes what the table of answers says, and nothing else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ODCM_HOME", str(tmp_path / "data"))
    first, *_ = (block for block in blocks() if isinstance(block, list))
    for each in first:
        if each.command.startswith("python3"):
            run(each.command, monkeypatch)
    new = next(
        each
        for block in blocks()
        if isinstance(block, list)
        for each in block
        if "source new" in each.command
    )
    run(new.command, monkeypatch)
    proposed = yaml.safe_load((tmp_path / "sources" / "KZ-43.yaml").read_text(encoding="utf-8"))
    written = yaml.safe_load(next(block for block in blocks() if isinstance(block, str)))
    feed = proposed["feeds"]["seizure_item"]
    feed["fields"]["lead_agency"] = {
        "column": feed["fields"]["lead_agency"]["column"],
        "codes": {"облыстық ПД": "mia_police"},
    }
    feed["fields"]["weight_state"] = {"constant": "net"}
    feed["rhythm"]["since"] = "2025-01"
    assert proposed | {"synthetic": True} == written
