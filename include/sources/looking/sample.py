"""A bounded look at a file: its first and last bytes, and never more, whatever its size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from include.sources.deployment import Limits
from include.sources.errors import SourceError

HEAD_BYTES = 1 << 20
TAIL_BYTES = 1 << 16
RECORDS = 5_000
"""A proposal rests on so many records at most."""


@dataclass(frozen=True)
class Sample:
    """A sample file with its ends.

    Attributes:
        feed_id: of the feed that is to be defined; stands in messages.
        head: the first bytes, HEAD_BYTES at most.
        tail: the last bytes, TAIL_BYTES at most; of a small file they are a part of the head.
    """

    feed_id: str
    path: Path
    size: int
    head: bytes
    tail: bytes
    limits: Limits = Limits()

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_whole(self) -> bool:
        """Whether the head is the whole file."""
        return len(self.head) == self.size

    def refuse(self, place: str, found: str, expected: str, action: str) -> SourceError:
        """The error of a sample that no definition can be proposed for."""
        return SourceError(self.feed_id, self.name, place, found, expected, action)


def take(path: Path, feed_id: str, limits: Limits | None = None) -> Sample:
    """Look at a file.

    Raises:
        SourceError: it is empty, or larger than a delivery may be.
        OSError: it cannot be read.
    """
    limits = limits or Limits()
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        sample = Sample(feed_id, path, size, head, file.read(TAIL_BYTES), limits)
    if not head.strip():
        raise sample.refuse("file", "nothing", "a delivery with records", "Take a file that has some.")
    if size > limits.delivery_bytes:
        raise sample.refuse(
            "size", f"{size} bytes", f"at most {limits.delivery_bytes} (limits.delivery_bytes)",
            "Take a smaller file, or raise the limit of the deployment.",
        )  # fmt: skip
    return sample
