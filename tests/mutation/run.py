"""One damaged file at a time, each in a process of its own, with a budget."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from include.steps.alone import Alone, Budget, Ended
from tests.mutation.checks import examine, faults
from tests.mutation.mutations import mutate
from tests.mutation.originals import original

BUDGET = Budget(memory_mb=512, seconds=30)  # beyond what the idle process holds


@dataclass(frozen=True)
class Damaged:
    """A damaged file that can be made again: its format and its seed."""

    form: str
    seed: int

    def make(self) -> tuple[bytes, list[str]]:
        """Its bytes, and what was done to the sound file."""
        rng = random.Random(f"{self.form}|{self.seed}")
        return mutate(self.form, original(self.form, self.seed).content, rng)


@dataclass(frozen=True)
class Outcome:
    """How it ended (taken, refused, ended), what was done to the file, and what is wrong with that end."""

    file: Damaged
    done: list[str]
    end: str
    wrong: list[str]


def examine_one(alone: Alone, file: Damaged, folder: Path) -> Outcome:
    """Make the file, have it judged, look at what became of it."""
    content, done = file.make()
    path = folder / "file"
    path.write_bytes(content)
    try:
        found = alone.run(BUDGET, examine, file.form, str(path))
    except Ended as error:
        return Outcome(file, done, "ended", [error.found])
    except Exception as error:
        return Outcome(file, done, "failed", [f"{type(error).__name__}: {error}"])
    wrong = faults(original(file.form, file.seed), content, found)
    return Outcome(file, done, "refused" if found.refused else "taken", wrong)
