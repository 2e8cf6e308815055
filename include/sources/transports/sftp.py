"""Files on an SFTP server."""

from __future__ import annotations

import hashlib
import re
import stat
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from paramiko import SFTPAttributes

from include.sources.definition.model import Feed
from include.sources.definition.transports import SftpTransport
from include.sources.errors import SourceError
from include.sources.transports.base import Surroundings
from include.sources.transports.files import Entry, Files, shown
from include.sources.transports.ssh import Client, Session

CHECKSUM = ".sha256"
CHECKSUM_BYTES = 65_536
CHECKSUM_LINE = re.compile(r"\\?([0-9A-Fa-f]{64})(?:[ \t]+\*?(.+))?")
OVERDUE = timedelta(days=1)
YOUNG_S = 2
"""Servers tell times in whole seconds: within the last ones a file can change and look the same."""
SESSIONS = 5
"""The most that are opened in one run, for a server that drops them."""


class Sftp(Files):
    """The files of one folder of an SFTP server. One session serves all; a new one where the server drops it."""

    def __init__(self, feed_id: str, feed: Feed, at: Surroundings, declared: SftpTransport) -> None:
        super().__init__(feed_id, feed, at, declared)
        self.declared = declared
        self._folder = self.expand("path", declared.path).rstrip("/")
        self._session: Session | None = None
        self._sessions = 0
        self._checksums: dict[str, SFTPAttributes] = {}

    def entries(self) -> Iterable[Entry]:
        self._checksums.clear()
        found = []
        for name, attributes in self._names():
            if self.declared.complete == "checksum" and name.endswith(CHECKSUM):
                if self.wanted(of := name.removesuffix(CHECKSUM)) and _is_plain(attributes):
                    self._checksums[of] = attributes
            elif self.wanted(name) and self.usable(name) and (entry := self._entry(name, attributes)):
                found.append(entry)
        return [self._marked(entry) for entry in found]

    def settled(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        if not entries:
            return entries
        if self.declared.complete == "checksum":
            found = [entry for entry in entries if self._has_checksum(entry)]
        else:
            self.pause(self.declared.settle_s)
            later = self.listing()
            found = []
            for entry in (entry for entry in entries if entry.name in later):
                if later[entry.name].state == entry.state:
                    found.append(entry)
                else:
                    self.growing(entry.name)
        return [replace(entry, mark="") if self._is_young(entry) else entry for entry in found]

    def blocks(self, entry: Entry) -> Generator[bytes, None, None]:
        expected = self._expected(entry) if self.declared.complete == "checksum" else None
        digest = hashlib.sha256()
        path = self._path(entry.name)
        with self._asked(entry.name, "reading") as client:
            self._check_state(client.lstat(path), entry)
            for block in client.blocks(path, entry.size):
                digest.update(block)
                yield block
            self._check_state(client.lstat(path), entry)
        if expected and digest.hexdigest() != expected:
            raise self.fault(
                entry.name, "checksum", "bytes whose SHA-256 is another one", f"that of {shown(entry.name)}{CHECKSUM}",
                "It will be asked again; if it stays so, ask the source to send both files anew.", retry=True,
            )  # fmt: skip

    def close(self) -> None:
        if self._session:
            self._session.close()
        self._session = None

    # Listing ------------------------------------------------------------------------------------------------

    def _names(self) -> Iterator[tuple[str, SFTPAttributes]]:
        with self._asked("", "listing") as client:
            for raw, attributes in client.names(self._folder or "/"):
                # A byte that is no UTF-8 becomes a character that no name may have.
                name = raw.decode("utf-8", "surrogateescape")
                if name not in (".", ".."):
                    yield name, attributes

    def _entry(self, name: str, found: SFTPAttributes) -> Entry | None:
        """The file of that name; None where it is a folder, or was refused."""
        if found.st_mode is None or found.st_size is None or found.st_mtime is None:
            self.refuse(name, "file", "no kind, size or time of it", "a server that states them")
        elif stat.S_ISREG(found.st_mode):
            modified = datetime.fromtimestamp(found.st_mtime, UTC)
            return Entry(name, found.st_size, modified, _state(found), f"{found.st_size} {found.st_mtime}")
        elif stat.S_ISLNK(found.st_mode):
            self.refuse(name, "file", "a symbolic link", "a plain file")
        elif not stat.S_ISDIR(found.st_mode):
            self.refuse(name, "file", "a pipe, a device or a socket", "a plain file")
        return None

    def _marked(self, entry: Entry) -> Entry:
        """With the version of its checksum file in the mark, where that counts."""
        if beside := self._checksums.get(entry.name):
            return replace(entry, mark=f"{entry.mark} {beside.st_size} {beside.st_mtime}")
        return entry

    def _is_young(self, entry: Entry) -> bool:
        times = [entry.modified.timestamp()]
        if beside := self._checksums.get(entry.name):
            times.append(beside.st_mtime or 0)
        return any(abs(time.time() - when) < YOUNG_S for when in times)

    def _has_checksum(self, entry: Entry) -> bool:
        if entry.name in self._checksums:
            return True
        if self.at.now - entry.modified > OVERDUE:
            self.refuse(
                entry.name, "checksum", "no checksum file beside it for more than a day", f"{shown(entry.name)}{CHECKSUM}",
                "Ask the source to send it, or declare complete: size.",
            )  # fmt: skip
        return False

    # Reading ------------------------------------------------------------------------------------------------

    def _check_state(self, found: SFTPAttributes, entry: Entry) -> None:
        if _state(found) != entry.state:
            raise self.changed(entry.name)

    def _expected(self, entry: Entry) -> str:
        """The SHA-256 that the checksum file states, in lower case."""
        with (
            self._asked(entry.name, "checksum") as client,
            client.open(self._path(entry.name) + CHECKSUM, "rb") as file,
        ):
            text = file.read(CHECKSUM_BYTES)
        lines = [
            CHECKSUM_LINE.fullmatch(line.strip()) for line in text.decode("utf-8", "replace").splitlines()
        ]
        stated = [
            line[1].lower() for line in lines if line and line[2] in (None, entry.name, f"./{entry.name}")
        ]
        if len(stated) != 1:
            raise self.fault(
                entry.name, "checksum", f"{len(stated)} checksums of it", "one line as sha256sum writes it",
                "It will be asked again; if it stays so, ask the source.", retry=True,
            )  # fmt: skip
        return stated[0]

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    # The session --------------------------------------------------------------------------------------------

    @contextmanager
    def _asked(self, name: str, place: str) -> Iterator[Client]:
        """The server's client; within, what goes wrong becomes an error of one file, or of the folder where name is ""."""
        file = shown(name) or "transport.path"
        self.check_deadline(file, place)
        try:
            yield self._open(file, place).client
        except SourceError:
            raise
        except FileNotFoundError:
            if name:
                raise self.changed(name) from None
            raise self.fault(
                file, "folder", "no such folder on the server", "the folder the source writes to", "Check transport.path."
            ) from None  # fmt: skip
        except PermissionError:
            raise self.fault(
                file, place, "no permission", "a login that may list and read",
                "Ask the source to grant it; the other files go on.",
            ) from None  # fmt: skip
        except Exception as error:  # whatever the library makes of what a server sends
            if type(error) is not OSError or not (self._session and self._session.alive):
                self.close()  # what it still sends belongs to no question any more
            if self.deadline.passed:
                raise self.too_late(file, place) from None
            raise self.fault(
                file, place, f"no whole answer ({type(error).__name__})", "an answer to the end",
                "It will be asked again.", retry=True,
            ) from None  # fmt: skip

    def _open(self, file: str, place: str) -> Session:
        if self._session and not self._session.alive:
            self.close()
        if self._session is None:
            if self._sessions == SESSIONS:
                raise self.fault(
                    file, place, f"a server that dropped {SESSIONS} sessions", "one session for all files",
                    "It will be asked again.", retry=True,
                )  # fmt: skip
            self._sessions += 1
            self._session = Session(self, self.connection(self.declared.connection), self.declared.timeout_s)
        return self._session


def _is_plain(found: SFTPAttributes) -> bool:
    return stat.S_ISREG(found.st_mode or 0)


def _state(found: SFTPAttributes) -> tuple[int | None, ...]:
    return found.st_mode, found.st_size, found.st_mtime
