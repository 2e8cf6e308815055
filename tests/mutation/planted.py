"""Bugs planted into our own loaders, one at a time: the tests that must notice do, or the bug survives.

All: python -m tests.mutation.planted. Some: python -m tests.mutation.planted "the last partial batch is lost"
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import multiprocessing
import os
import pickle
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

PROJECT = Path(__file__).parents[2]
LIBRARIES = (
    "pytest", "numpy", "duckdb", "pyarrow.parquet", "pyarrow.compute", "pydantic", "sqlalchemy.orm", "sqlalchemy.dialects.sqlite",
    "open_data_contract_standard.model", "deltalake", "openpyxl", "xlsxwriter", "xlwt", "odf.opendocument", "python_calamine",
    "requests", "paramiko", "alembic.command", "yaml", "tldextract", "hypothesis", "_hypothesis_pytestplugin",
    "anyio.pytest_plugin", "pytest_timeout", "xdist.plugin",
)  # fmt: skip
"""What takes long to import and is not ours: it is imported once, by the process that all others are copies of."""
TIMEOUT_S = 120
NO_BUG = re.compile(
    r"(Name|Syntax|Import|Indentation|Attribute)Error|(Parser|Binder|Catalog)Exception|Timeout >"
)
"""A text that only breaks the program proves nothing, any test would fail; nor does a test that has no end."""


@dataclass(frozen=True)
class Bug:
    """A module, a piece of its text that stands there once, what is put in its place, and the tests that must all fail."""

    module: str
    old: str
    new: str
    tests: tuple[str, ...]


@dataclass
class Run:
    """What became of the tests, by id (passed, failed, or broken: by a fixture, or not found); else what went wrong."""

    ends: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    printed: str = ""

    def caught(self, tests: Sequence[str]) -> str:
        """Empty where each of the tests failed, and by itself; else why that proves nothing."""
        if self.fault:
            return self.fault
        if self.ends != dict.fromkeys(tests, "failed"):
            return f"expected each of them to fail: {self.ends or 'none was run'}"
        found = NO_BUG.search(self.printed)
        return f"the program only breaks: {found[0]}" if found else ""


class Copies:
    """A process that has the libraries and nothing of ours; every run is in a copy of it. A context manager."""

    def __enter__(self) -> Copies:
        context = multiprocessing.get_context("spawn")
        self._line, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there,))
        self._process.start()
        there.close()
        return self

    def run(self, bug: Bug | None, tests: Sequence[str]) -> Run:
        """Run the tests, with the bug or without any."""
        self._line.send((bug, tests))
        found: Run = self._line.recv()
        return found

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._process.join()


def _serve(line: Any) -> None:
    os.chdir(PROJECT)
    for name in LIBRARIES:
        importlib.import_module(name)
    while True:
        try:
            bug, tests = line.recv()
        except EOFError:
            return
        with tempfile.TemporaryDirectory() as folder:
            pid = os.fork()
            if pid == 0:
                try:
                    _run(bug, tests, Path(folder))
                finally:
                    os._exit(0)
            os.waitpid(pid, 0)
            line.send(_answer(Path(folder)))


def _answer(folder: Path) -> Run:
    said, printed = folder / "said", folder / "printed"
    found: Run = pickle.loads(said.read_bytes()) if said.exists() else Run(fault="it ended without an answer")
    found.printed = printed.read_text(encoding="utf-8", errors="replace")
    return found


def _run(bug: Bug | None, tests: Sequence[str], folder: Path) -> None:
    with (folder / "printed").open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        if bug:
            _plant(bug)
        found = _tested(tests, folder)
    except BaseException:
        found = Run(fault=f"it could not be planted: {traceback.format_exc(limit=-2)}")
    sys.stdout.flush()
    (folder / "said").write_bytes(pickle.dumps(found))


def _plant(bug: Bug) -> None:
    """From here on the module is the one with the bug, in this process and in every step that it runs alone."""
    assert bug.module not in sys.modules, f"{bug.module} is imported already"
    sys.meta_path.insert(0, Planter(bug))
    importlib.import_module(bug.module)
    importlib.import_module("include.steps.ingest")  # so that steps alone run in copies of this process
    alone: Any = importlib.import_module("include.steps.alone")
    alone._begun = _without_the_bug


def _without_the_bug(*_: object) -> None:
    """Instead of a step in a process that does not begin as a copy of this one: end, and say so, from any thread."""
    print("a step began in a new process, which has no bug in it", file=sys.stderr, flush=True)
    os._exit(1)


def _tested(tests: Sequence[str], folder: Path) -> Run:
    import pytest

    reports = Reports()
    options = [
        "-p",
        "no:cacheprovider",
        "--disable-warnings",
        f"--timeout={TIMEOUT_S}",
        f"--basetemp={folder}/pytest",
    ]
    code = pytest.main([*options, *tests], plugins=[reports])
    known = pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED
    return Run(reports.ends, "" if code in known else f"pytest ended with {code}")


class Reports:
    """A plugin of pytest that keeps how every test ended."""

    def __init__(self) -> None:
        self.ends: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A test is broken where something else than itself failed."""
        if report.failed and report.when != "call":
            self.ends[report.nodeid] = "broken"
        elif report.when == "call":
            self.ends[report.nodeid] = report.outcome


class _Loader(importlib.machinery.SourceFileLoader):
    bug: Bug

    def get_code(self, fullname: str) -> CodeType:
        """The module with the bug in it."""
        source = self.get_data(self.path).decode()
        if (times := source.count(self.bug.old)) != 1:
            raise ValueError(f"{fullname}: expected once: {self.bug.old!r}; found {times} times")
        return compile(source.replace(self.bug.old, self.bug.new), self.path, "exec")


class Planter(importlib.abc.MetaPathFinder):
    """Loads one module with its bug; every other as it is."""

    def __init__(self, bug: Bug) -> None:
        self.bug = bug

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's own place, with the loader that plants."""
        if fullname != self.bug.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        assert spec and spec.origin
        spec.loader = _Loader(fullname, spec.origin)
        spec.loader.bug = self.bug
        return spec


def main() -> int:
    """0 where every bug was caught."""
    from tests.mutation.bugs import BUGS

    survived = 0
    with Copies() as copies:
        for name in sys.argv[1:] or BUGS:
            began, bug = time.monotonic(), BUGS[name]
            found = copies.run(bug, bug.tests)
            why = found.caught(bug.tests)
            print(f"{name}: {why or 'caught'}; {time.monotonic() - began:.1f} s", flush=True)
            if why:
                survived += 1
                print(found.printed[-3000:])
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main())
