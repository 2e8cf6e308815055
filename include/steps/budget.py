"""What a step may take, and where in the project's code one failed: what both sides of a process know."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def raised_at(error: BaseException) -> str:
    """The innermost line of the project's own code that an error came through, also in another process."""
    if told := getattr(error, "raised_at", ""):
        return str(told)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(PROJECT / "include")]
    if not own:
        return "an unknown place"
    return f"{Path(own[-1].filename).relative_to(PROJECT)}:{own[-1].lineno}"


@dataclass(frozen=True)
class Budget:
    """What a step may take: memory of its own (not shared with other processes), and seconds."""

    memory_mb: int
    seconds: float
