"""One damaged file at a time, each in a process of its own, with a budget."""

from __future__ import annotations

import random
import resource
import time
from dataclasses import dataclass
from pathlib import Path

from include.steps.alone import Alone, Ended
from include.steps.budget import Budget
from tests.mutation.checks import LIMITS, Examined, examine, of_a_damaged_file
from tests.mutation.containers import CONTAINERS
from tests.mutation.mutations import of_text
from tests.mutation.originals import FORMATS, original

BUDGET = Budget(LIMITS.memory_mb, seconds=30)  # beyond what the idle process holds


@dataclass(frozen=True)
class Damaged:
    """A damaged file that can be made again: its format and its seed."""

    form: str
    seed: int

    def make(self) -> tuple[bytes, list[str]]:
        """Its bytes, and what was done to the sound file: one to three things that suit the format."""
        rng, declared = random.Random(f"{self.form}|{self.seed}"), FORMATS[self.form]
        kinds = CONTAINERS.get(declared["kind"]) or of_text(declared)
        names = rng.choices(sorted(kinds), k=rng.choice((1, 1, 1, 2, 3)))
        content = original(self.form, self.seed).content
        for name in names:
            content = kinds[name](content, rng)
        return content, names


@dataclass(frozen=True)
class Outcome:
    """How it ended (taken, refused, ended), what was done to the file, and what is wrong with that end.

    seconds, memory_mb: what the reading took, memory above that of the idle process; 0 where it did not end.
    """

    file: Damaged
    done: list[str]
    end: str
    wrong: list[str]
    seconds: float = 0.0
    memory_mb: int = 0


def examine_one(alone: Alone, file: Damaged, folder: Path) -> Outcome:
    """Make the file, have it judged, look at what became of it."""
    content, done = file.make()
    path = folder / "file"
    path.write_bytes(content)
    try:
        found, *took = alone.run(BUDGET, measured, file.form, str(path))
    except Ended as error:
        return Outcome(file, done, "ended", [error.found])
    except Exception as error:
        return Outcome(file, done, "failed", [f"{type(error).__name__}: {error}"])
    wrong = of_a_damaged_file(original(file.form, file.seed), content, done, found)
    _, memory_mb = took
    if memory_mb > BUDGET.memory_mb:  # it was over again before anybody looked
        wrong = [*wrong, f"{memory_mb} MB of memory"]
    return Outcome(file, done, "refused" if found.refused else "taken", wrong, *took)


def measured(form: str, path: str) -> tuple[Examined, float, int]:
    """`examine`, with its seconds and the most memory that it took, MB. Run in a process of its own."""
    began, before = time.monotonic(), _resident_mb()
    found = examine(form, path)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return found, time.monotonic() - began, most - before


def _resident_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() >> 20
