"""The connections of one run: only to allowed hosts, each at the address looked up first, all cut at the deadline."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from include.sources.deployment import Address
from include.sources.transports.base import Transport
from include.sources.transports.http.addresses import origin


class Network:
    """Looks a host up once, and connects to that address alone.

    A read that waits for a source cannot look at the clock, and a source that sends a byte now and then never
    runs into the timeout of a read: at the deadline a timer shuts every connection, and the read ends.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._pinned: dict[tuple[str, int], Address] = {}
        self._open: dict[int, socket.socket] = {}
        self._closing: list[socket.socket] = []
        self.adapter = _Adapter(self)
        self._timer = threading.Timer(transport.deadline.remaining, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def pin(self, url: str, name: str, place: str) -> None:
        """Look up the host of an address, once in a run.

        Raises:
            SourceError: the deployment does not allow it, or it cannot be looked up.
        """
        _, host, port = origin(url)
        self._pinned[host, port] = self._transport.address(host, port, place, name)

    def connect(self, connection: HTTPConnection) -> socket.socket:
        """A socket for a connection, to the pinned address of its host."""
        address = self._pinned.get((connection.host, connection.port))
        if address is None:
            raise NewConnectionError(connection, "its address was not looked up")
        try:
            made = create_connection(
                (address.ip, address.port), connection.timeout, socket_options=connection.socket_options
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(connection, "no connection") from error
        # A second handle on the same connection: TLS takes the first one away, and an answer that ends its
        # connection is read from it when the connection object has let go of it.
        self.closed(connection)
        self._open[id(connection)] = made.dup()
        return made

    def closed(self, connection: HTTPConnection) -> None:
        """A connection let go of its socket; what it still reads from it ends with the exchange."""
        handle = self._open.pop(id(connection), None)
        if handle is not None:
            self._closing.append(handle)

    def exchanged(self) -> None:
        """An answer was read, or given up."""
        while self._closing:
            self._closing.pop().close()

    def reset(self) -> None:
        """Close every connection, so that what is left of a broken answer is not taken for the next one."""
        self.adapter.close()
        self.exchanged()

    def close(self) -> None:
        """The end of the run."""
        self._timer.cancel()
        self.reset()

    def _cut(self) -> None:
        for handle in [*self._open.values(), *self._closing]:
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """requests over the connections of one network. No redirects, no cookies, no proxies, no netrc."""

    def __init__(self, network: Network) -> None:
        self._network = network
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        super().init_poolmanager(*arguments, **keywords)
        self.poolmanager.pool_classes_by_scheme = _pools(self._network)


def _pools(network: Network) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools whose connections are made by the network."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return network.connect(self)

        def close(self) -> None:
            super().close()
            network.closed(self)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return network.connect(self)

        def close(self) -> None:
            super().close()
            network.closed(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
