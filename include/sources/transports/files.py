"""What the transports of files share: which files count, what is wrong with others, and that each is read whole."""

from __future__ import annotations

import re
import time
from abc import abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import BinaryIO

from include.sources.definition.model import Feed
from include.sources.definition.transports import FolderTransport, SftpTransport
from include.sources.errors import SourceError
from include.sources.transports.base import (
    Capped,
    Offered,
    Offers,
    Surroundings,
    Transport,
    landed_mark,
    named_offer,
    oldest_first,
)

UNFINISHED = (".part", ".filepart", ".tmp")
PRIVATE = (".", "~$")
UNUSABLE = re.compile("[/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST_NAME = 200


@dataclass(frozen=True)
class Entry:
    """A file as it was listed.

    Attributes:
        size: bytes.
        modified: when its content changed last, as the place that keeps it says.
        state: is another one once the file has changed.
        mark: as in `Offered`.
    """

    name: str
    size: int
    modified: datetime
    state: object
    mark: str = ""


class Files(Transport):
    """The files that lie directly in one folder and whose names match the pattern."""

    def __init__(
        self, feed_id: str, feed: Feed, at: Surroundings, declared: FolderTransport | SftpTransport
    ) -> None:
        super().__init__(feed_id, feed, at, declared.deadline_s)
        self.pattern, self.naming = declared.pattern, declared
        self._refused: dict[str, SourceError] = {}
        self._listed: dict[str, Entry] = {}
        self._wanted = 0

    @abstractmethod
    def entries(self) -> Iterable[Entry]:
        """Every file that is wanted and can be used; `refuse` is told of the others."""

    @abstractmethod
    def blocks(self, entry: Entry) -> Generator[bytes, None, None]:
        """The bytes of a file, as long as it is still the one that was listed."""

    def settled(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of the files that are whole; `refuse` is told of the others. In some places all always are."""
        return entries

    def offered(self) -> Offers:
        self._refused.clear()
        listed = self.listing()
        offers: dict[str, Offered] = {}
        for entry in listed.values():
            try:
                offers[entry.name] = named_offer(self, entry.name, self.naming, entry.modified, entry.mark)
            except SourceError as error:
                self._refused[entry.name] = error
        known = {name: listed[name] for name, offer in offers.items() if self._is_known(offer)}
        fresh = self.settled([listed[name] for name in offers if name not in known])
        self._listed = known | {entry.name: entry for entry in fresh}
        found = [replace(offers[entry.name], mark=entry.mark) for entry in self._listed.values()]
        return Offers(oldest_first(found), list(self._refused.values()))

    def fetch(self, delivery: Offered, to: BinaryIO) -> Mapping[str, str]:
        entry, capped = self._listed[delivery.name], Capped(self, delivery.name, to)
        capped.announce(entry.size)
        with closing(self.blocks(entry)) as blocks:
            for block in blocks:
                capped.write(block)
        if capped.size != entry.size:
            raise self.fault(
                entry.name, "size", f"{capped.size} bytes where the listing says {entry.size}",
                "as many as were listed", "It will be asked again.", retry=True,
            )  # fmt: skip
        return {}

    # What the places share ----------------------------------------------------------------------------------

    def listing(self) -> dict[str, Entry]:
        """The usable files by name."""
        self._wanted = 0
        return {entry.name: entry for entry in self.entries()}

    def wanted(self, name: str) -> bool:
        """Whether a name is looked at.

        Raises:
            SourceError: more are than the deployment allows.
        """
        self.check_deadline("transport.path", "listing")
        if (
            name.endswith(UNFINISHED)
            or name.startswith(PRIVATE)
            and "/" not in name
            or not fnmatchcase(name, self.pattern)
        ):
            return False
        self._wanted += 1
        if self._wanted > self.limits.files:
            raise self.fault(
                "transport.path", "listing", f"more than {self.limits.files} files", "no more than limits.files",
                "Ask the source to clear the folder, or raise the limit of the deployment.",
            )  # fmt: skip
        return True

    def usable(self, name: str) -> bool:
        """Whether a name can be a delivery's; `refuse` is told where it cannot."""
        if UNUSABLE.search(name):
            self.refuse(name, "file name", "a path or a control character in it", "the name of a file alone")
        elif len(name) > LONGEST_NAME:
            self.refuse(name, "file name", f"{len(name)} characters", f"no more than {LONGEST_NAME}")
        else:
            return True
        return False

    def refuse(
        self,
        name: str,
        place: str,
        found: str,
        expected: str,
        action: str = "Ask the source to mend it; the other files go on.",
        *,
        retry: bool = False,
    ) -> None:
        """Note that a file cannot be taken, and why."""
        self._refused[name] = self.fault(shown(name), place, found, expected, action, retry=retry)

    def growing(self, name: str) -> None:
        """Note that a file is still being written."""
        self.refuse(
            name, "size and time", "a file that is still growing", "the same after a while",
            "It will be asked again; a source that renames finished files is taken at once.", retry=True,
        )  # fmt: skip

    def changed(self, name: str) -> SourceError:
        """The error of a file that is no longer the one that was listed."""
        return self.fault(
            shown(name), "reading", "a file that changed while it was read",
            "the same size and time from listing to end", "It will be asked again.", retry=True,
        )  # fmt: skip

    def pause(self, seconds: float) -> None:
        """Wait, unless there is not so much time left."""
        if seconds >= self.deadline.remaining:
            raise self.too_late("transport.settle_s", "waiting for files to stay the same")
        time.sleep(seconds)

    def _is_known(self, offer: Offered) -> bool:
        return bool(offer.mark) and landed_mark(self.at.memory, offer)[0] == offer.mark


def shown(name: str) -> str:
    """A file name as it may stand in a message."""
    clean = UNUSABLE.sub("?", name)
    return clean if len(clean) <= 80 else clean[:79] + "…"
