"""Bugs that loaders of this kind have had, planted into ours: each is caught by a check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.bugs import BUGS

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught(name: str) -> None:
    line = [sys.executable, "-m", "tests.mutation.planted", name]
    done = subprocess.run(line, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, (
        f"it survived, or could not be planted:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    )
