"""A country of one small source: a CSV feed of laboratories in a temporary folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from include.cli.app import app

PROJECT = Path(__file__).parents[3]
DEFINITION = """\
source: KZ-43
name: {kk: "Сынақ", ru: "Проба", en: "Trial source"}
regions: [KZ-43]
synthetic: true
feeds:
  laboratory:
    transport:
      kind: folder
      path: "${ODCM_INBOX}/laboratory"
      pattern: "*.csv"
      name_pattern: '(?P<year>\\d{4})-(?P<month>\\d{2})_(?P<delivered>\\d{8})'
    format: {kind: csv, delimiter: ";"}
    rhythm: {every: month, since: 2025-01}
    identity: [record_no]
    fields:
      record_no: number
      region_code: {constant: KZ-43}
      closed_on: date
      agency: {constant: mia_police}
      lab_type: {constant: synthetic}
"""
HEADER = "number;date"


@dataclass
class Country:
    """The source's folders, and `odcm` called as a script would call it."""

    root: Path

    @property
    def definition(self) -> Path:
        return self.root / "sources" / "KZ-43.yaml"

    def deliver(self, rows: Sequence[str], month: str = "2025-03", content: bytes | None = None) -> None:
        """One monthly file with these rows, or with this content."""
        folder = self.root / "inbox" / "laboratory"
        folder.mkdir(parents=True, exist_ok=True)
        body = content if content is not None else "\n".join([HEADER, *rows, ""]).encode()
        (folder / f"laboratory_{month}_20250405.csv").write_bytes(body)

    def odcm(self, *args: str) -> Result:
        """Run a command in this process."""
        return CliRunner().invoke(app, args)

    def data(self, *args: str, code: int = 0) -> Any:
        """What a command writes as JSON; its exit code has to be `code`."""
        done = self.odcm(*args, "--format", "json")
        assert done.exit_code == code, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Country:
    made = Country(tmp_path)
    made.definition.parent.mkdir()
    made.definition.write_text(DEFINITION, encoding="utf-8")
    monkeypatch.setenv("ODCM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ODCM_SOURCES", str(made.definition.parent))
    monkeypatch.setenv("ODCM_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setenv("ODCM_NOW", "2025-06-01T00:00:00Z")
    monkeypatch.delenv("ODCM_LEDGER_URL", raising=False)
    return made


@pytest.fixture
def process() -> Callable[..., subprocess.Popen[str]]:
    """A function that starts `odcm` in a process of its own, as from a shell."""

    def start(*args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "include.cli", *args],
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
