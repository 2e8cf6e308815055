"""Files in a folder of this machine or under a prefix of an object store."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fsspec.core import split_protocol

from include.sources.definition.model import Feed
from include.sources.definition.transports import FolderTransport
from include.sources.transports.base import Surroundings
from include.sources.transports.files import Entry, Files
from include.sources.transports.local import LocalFolder

if TYPE_CHECKING:
    from include.sources.transports.bucket import Bucket


class Folder(Files):
    """The files of one folder that match the pattern."""

    def __init__(self, feed_id: str, feed: Feed, at: Surroundings, declared: FolderTransport) -> None:
        super().__init__(feed_id, feed, at, declared)
        self.declared = declared

    def entries(self) -> Iterable[Entry]:
        return self._place.entries()

    def settled(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        return self._place.settled(entries)

    def blocks(self, entry: Entry) -> Generator[bytes, None, None]:
        return self._place.blocks(entry)

    def close(self) -> None:
        if "_place" in vars(self):
            self._place.close()

    @cached_property
    def _place(self) -> LocalFolder | Bucket:
        declared = self.expand("path", self.declared.path)
        scheme, path = split_protocol(declared)
        if scheme == "s3":
            from include.sources.transports.bucket import Bucket  # takes a second to import

            named = self.declared.connection
            return Bucket(self, declared, self.connection(named) if named else None, self.declared.timeout_s)
        if scheme is None or scheme == "file" and path.startswith("/"):
            return LocalFolder(self, Path(path), self.declared.settle_s)
        raise self.fault(
            "definition", "transport.path", "an address of another kind", "a folder, file:///folder or s3://bucket/prefix",
            "Mend the definition.",
        )  # fmt: skip
