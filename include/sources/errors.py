"""What goes wrong with a source, said so that a person can act on it."""

from __future__ import annotations

from collections.abc import Sequence


class SourceError(Exception):
    """A delivery or a source that cannot be read.

    The message names source, file, place, what was found, what was expected and what to do. It carries no
    value of a row: it goes to logs.
    """

    def __init__(self, feed_id: str, file: str, place: str, found: str, expected: str, action: str) -> None:
        super().__init__(f"{feed_id}: {file}: {place}: found {found}; expected {expected}. {action}")
        self.feed_id, self.file, self.place = feed_id, file, place


class SeveralSourceErrors(SourceError):
    """What is wrong with several deliveries of one feed; the others of it were taken."""

    def __init__(self, faults: Sequence[SourceError]) -> None:
        Exception.__init__(self, "\n".join(map(str, faults)))
        self.feed_id, self.file, self.place = faults[0].feed_id, "", ""


class RetryableSourceError(SourceError):
    """The source did not answer as it should, and may do so later."""
