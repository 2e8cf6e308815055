"""What every transport is given, what it answers, and how long it may take."""

from __future__ import annotations

import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from types import TracebackType
from typing import BinaryIO, NoReturn, Self, TypeVar

from include.sources.connections import Connect, Connection, ConnectionFault
from include.sources.definition.model import Feed
from include.sources.definition.transports import FolderTransport, SftpTransport
from include.sources.deployment import Address, Deployment, NotAllowed
from include.sources.errors import DeadlineExceeded, RetryableSourceError, SourceError
from include.sources.file_names import UnreadableName, read_file_name

CHUNK = 1 << 20
Result = TypeVar("Result")


@dataclass(frozen=True)
class Offered:
    """One delivery that a source offers.

    Attributes:
        name: what the source calls it: a file name, an id. It is public: no address, no credential.
        period: what it is for, 2025-03 or 2025.
        received_at: when it was handed over (UTC).
        mark: tells this version from others without fetching it (a version, size and time); "" where the source
            does not say. What was landed with the same mark is not fetched again.
        stamped_at: its own time stamp (UTC), of the file or the server, or the moment of asking; without one it is
            that of handing over. It orders deliveries that were handed over at one declared moment.
    """

    name: str
    period: str
    received_at: datetime
    mark: str = ""
    stamped_at: datetime | None = None


@dataclass(frozen=True)
class Offers:
    """What a source offers now, oldest first, and what is wrong with the rest that it offers."""

    deliveries: list[Offered]
    faults: list[SourceError] = field(default_factory=list)


@dataclass(frozen=True)
class Surroundings:
    """What a deployment gives to a transport.

    Attributes:
        variables: values of ${NAME} in definitions.
        connect: the connection of an id.
        deployment: allowed places, and limits.
        scratch: a restricted folder for what must be whole before it is handed on; the caller empties it.
        memory: what earlier fetches of this feed asked to be remembered (watermarks, validators), by key.
        landed: periods of which this feed has a delivery.
        since: first month of the feed's rhythm, 2025-01; "" where it has none.
        now: the moment of asking (UTC).
    """

    variables: Mapping[str, str]
    connect: Connect
    deployment: Deployment
    scratch: Path
    memory: Mapping[str, str]
    landed: frozenset[str]
    since: str
    now: datetime


class NothingNew(Exception):
    """The source was asked for a delivery and answered that there is nothing new."""


class Unchanged(NothingNew):
    """The source answered that what it handed over last under this name, for this period, is what it has now."""


class Deadline:
    """The seconds that one feed has for everything it fetches in one run."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left, never less than 0."""
        return max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._end

    def at_most(self, seconds: float) -> float:
        """These seconds, or what is left; never 0, which sockets take for no limit."""
        return max(0.001, min(seconds, self.remaining))


class Transport(ABC):
    """One feed's source for one run; a context manager that holds whatever is open.

    `offered` first, then `fetch` for each delivery that is wanted.
    """

    def __init__(self, feed_id: str, feed: Feed, surroundings: Surroundings, deadline_s: float) -> None:
        self.feed_id, self.feed, self.at = feed_id, feed, surroundings
        self.deadline = Deadline(deadline_s)
        self.limits = surroundings.deployment.limits
        self._addresses: dict[tuple[str, int], Address] = {}

    @abstractmethod
    def offered(self) -> Offers:
        """Every delivery that the source offers now.

        Raises:
            SourceError: the source could not be asked; RetryableSourceError where a later try may succeed.
        """

    @abstractmethod
    def fetch(self, delivery: Offered, to: BinaryIO) -> Mapping[str, str]:
        """Write the bytes of one delivery as received.

        Returns:
            What to remember, by key, once the delivery is recorded.

        Raises:
            NothingNew: there is nothing new; nothing was written.
            SourceError: the delivery is not complete; what was written must be thrown away.
        """

    def stamp(self, delivery: Offered) -> datetime:
        """The own time stamp of a delivery, in UTC; some places state it only when they are asked for the bytes."""
        return delivery.stamped_at or delivery.received_at

    def close(self) -> None:  # noqa: B027 (most transports hold nothing)
        """Let go of what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What transports share ------------------------------------------------------------------------------------

    def fault(
        self, name: str, place: str, found: str, expected: str, action: str, *, retry: bool = False
    ) -> SourceError:
        """The error of this feed; `retry` where a later try may succeed."""
        kind = RetryableSourceError if retry else SourceError
        return kind(self.feed_id, name, place, found, expected, action)

    def too_late(self, name: str, place: str) -> SourceError:
        """The error of a source that used up its time."""
        return DeadlineExceeded(
            self.feed_id, name, place, "no end of it in time",
            f"everything within {self.deadline.seconds:g} s (transport.deadline_s)",
            "The next run asks again; if it stays so, ask the source, or raise the deadline.",
        )  # fmt: skip

    def check_deadline(self, name: str, place: str) -> None:
        """Raise DeadlineExceeded where the time is used up."""
        if self.deadline.passed:
            raise self.too_late(name, place)

    def in_time(self, work: Callable[[], Result], name: str, place: str) -> Result:
        """What the work brings. It is done in a thread of its own: some calls cannot be told when to end.

        Raises:
            DeadlineExceeded: the time is used up; whatever it brings later is for nobody.
        """
        found: queue.SimpleQueue[Callable[[], Result]] = queue.SimpleQueue()

        def bring() -> None:
            try:
                result = work()
            except Exception as error:
                found.put(_raising(error))
            else:
                found.put(lambda: result)

        threading.Thread(target=bring, daemon=True).start()
        try:
            brought = found.get(timeout=self.deadline.remaining)
        except queue.Empty:
            raise self.too_late(name, place) from None
        return brought()

    def address(self, host: str, port: int, place: str, name: str = "definition") -> Address:
        """The one address at which a host is reached in this run: looked up once, and allowed.

        Raises:
            SourceError: the deployment does not allow it; RetryableSourceError where it cannot be looked up.
        """

        def look_up() -> Address:
            try:
                return self.at.deployment.address(host, port)
            except UnicodeError:
                raise OSError("no host name") from None

        if (host, port) not in self._addresses:
            with self.allowed(place, name):
                self._addresses[host, port] = self.in_time(look_up, name, place)
        return self._addresses[host, port]

    def expand(self, key: str, text: str) -> str:
        """A text of the definition with its ${NAME} replaced."""
        try:
            return Template(text).substitute(self.at.variables)
        except (KeyError, ValueError) as error:
            raise self.fault(
                "definition",
                f"transport.{key}",
                f"{error} is not set, or not for definitions",
                "a variable of the environment that definitions may read",
                "Set it; a secret of the program itself (AIRFLOW…, AWS_…, of the ledger, of the mail server) has no place "
                "here: name a connection.",
            ) from None

    def connection(self, conn_id: str) -> Connection:
        """The connection of an id, from Airflow or the environment."""
        try:
            return self.at.connect(conn_id)
        except ConnectionFault as error:
            raise self.fault(
                "definition", "transport.connection", f"no usable connection {conn_id!r} ({error})",
                "an Airflow connection or its environment variable", "Make the connection; see docs/sources.md.",
            ) from None  # fmt: skip

    @contextmanager
    def allowed(self, place: str, name: str = "definition") -> Iterator[None]:
        """Within, NotAllowed and a name that cannot be looked up become the errors of this feed."""
        try:
            yield
        except NotAllowed as error:
            raise self.fault(
                name, place, error.found, error.expected,
                "Whoever operates the deployment decides what sources may reach.",
            ) from None  # fmt: skip
        except OSError as error:
            raise self.fault(
                name, place, f"a host that cannot be looked up ({type(error).__name__})",
                "a host name that resolves", "It will be asked again; check the name.", retry=True,
            ) from None  # fmt: skip


class Capped:
    """A file that refuses to grow beyond the deployment's limit for one delivery."""

    def __init__(self, transport: Transport, name: str, to: BinaryIO) -> None:
        self._transport, self._name, self._to, self.size = transport, name, to, 0

    def write(self, data: bytes) -> int:
        """Write, unless that would make the delivery too large or comes too late."""
        self._transport.check_deadline(self._name, f"after {self.size} bytes")
        self.size += len(data)
        self.announce(self.size)
        return self._to.write(data)

    def announce(self, size: int) -> None:
        """Refuse a delivery of that size where it is too large; before a byte of it is fetched."""
        if size > (most := self._transport.limits.delivery_bytes):
            raise self._transport.fault(
                self._name, "size", f"more than {most} bytes", "no more than limits.delivery_bytes",
                "Ask the source for smaller deliveries, or raise the limit of the deployment.",
            )  # fmt: skip


def _raising(error: Exception) -> Callable[[], NoReturn]:
    def again() -> NoReturn:
        raise error

    return again


def version_key(delivery: Offered) -> str:
    """Under which a feed remembers the mark of the version that was landed last, and its delivery."""
    return f"version {delivery.period} {delivery.name}"


def landed_mark(memory: Mapping[str, str], delivery: Offered) -> tuple[str, str]:
    """The mark of the version that was landed last, and the id of its delivery; empty where there is none."""
    mark, _, delivery_id = memory.get(version_key(delivery), "").rpartition(" ")
    return mark, delivery_id


def named_offer(
    transport: Transport,
    name: str,
    declared: FolderTransport | SftpTransport,
    modified: datetime,
    mark: str = "",
) -> Offered:
    """A file as an offer: its name says the period and perhaps the day of delivery, else its time stamp does.

    Raises:
        SourceError: the name says no period, or a day that is none.
    """
    try:
        said = read_file_name(name, declared)
    except UnreadableName as error:
        raise transport.fault(name, "file name", error.found, error.expected, error.action) from None
    stamp = modified.astimezone(UTC)
    delivered = said.delivered_at or stamp.replace(microsecond=0)
    return Offered(name, said.period, delivered, mark, stamp)


def oldest_first(deliveries: list[Offered]) -> list[Offered]:
    """In the order in which they were handed over."""
    return sorted(deliveries, key=lambda offered: (offered.received_at, offered.name))
