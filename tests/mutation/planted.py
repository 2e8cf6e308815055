"""Bugs planted into our own loaders, one at a time: the tests that must notice do, or the bug survives.

One: python -m tests.mutation.planted "rejects are forgotten"; exit code 0 where it was caught.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType, ModuleType

import pytest


@dataclass(frozen=True)
class Bug:
    """A module, a piece of its text that stands there once, what is put in its place, and the tests that must fail."""

    module: str
    old: str
    new: str
    tests: tuple[str, ...]


class _Loader(importlib.machinery.SourceFileLoader):
    bug: Bug

    def get_code(self, fullname: str) -> CodeType:
        """The module with the bug in it."""
        source = self.get_data(self.path).decode()
        if source.count(self.bug.old) != 1:
            raise ValueError(
                f"{fullname}: expected once: {self.bug.old}; found {source.count(self.bug.old)} times"
            )
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


def caught(bug: Bug) -> bool:
    """Whether the tests notice. To be run in a process of its own, before the module is imported."""
    assert bug.module not in sys.modules, f"{bug.module} is imported already"
    planter = Planter(bug)
    sys.meta_path.insert(0, planter)
    importlib.import_module(bug.module)
    importlib.import_module("include.steps.ingest")  # so that contained steps run in copies of this process
    code = pytest.main(["-q", "-x", "--no-header", "-p", "no:cacheprovider", *bug.tests])
    return code == pytest.ExitCode.TESTS_FAILED


def main() -> int:
    """0 where the bug was caught."""
    from tests.mutation.bugs import BUGS

    return int(not caught(BUGS[sys.argv[1]]))


if __name__ == "__main__":
    sys.exit(main())
