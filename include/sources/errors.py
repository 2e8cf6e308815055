"""What goes wrong with a source, said so that a person can act on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LONGEST = 600
"""Characters of a part of a message: a file can call its columns and sheets whatever it likes, for as long as it likes."""


class SourceError(Exception):
    """A delivery or a source that cannot be read.

    The message names source, file, place, what was found, what was expected and what to do. It carries no
    value of a row: it goes to logs. `may_pass`: trying again soon may succeed.
    """

    may_pass: bool = False

    def __init__(self, feed_id: str, file: str, place: str, found: str, expected: str, action: str) -> None:
        place, found, expected = map(_cut, (place, found, expected))
        super().__init__(f"{feed_id}: {file}: {place}: found {found}; expected {expected}. {action}")
        self.feed_id, self.file, self.place = feed_id, file, place
        self._parts = (feed_id, file, place, found, expected, action)

    def __reduce__(self) -> tuple[Any, ...]:
        """How it travels between processes."""
        return type(self), self._parts


class SeveralSourceErrors(SourceError):
    """What is wrong with several deliveries of one feed; the others of it were taken.

    It may pass where one of them may, unless the time of the run is used up.
    """

    def __init__(self, faults: Sequence[SourceError]) -> None:
        Exception.__init__(self, "\n".join(map(str, faults)))
        self.feed_id, self.file, self.place, self.faults = faults[0].feed_id, "", "", tuple(faults)
        out_of_time = any(isinstance(fault, DeadlineExceeded) for fault in faults)
        self.may_pass = any(fault.may_pass for fault in faults) and not out_of_time

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.faults,)


class RetryableSourceError(SourceError):
    """The source did not answer as it should, and may do so later; `after_s` is the wait that it asked for."""

    may_pass = True
    after_s: float = 0


class DeadlineExceeded(SourceError):
    """The source used up the time of this run. Trying again at once would only hold up the others."""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
