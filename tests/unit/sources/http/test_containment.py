"""Where an HTTP source may lead: nowhere but to allowed hosts at their first address, and with no secret."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from include.sources import DeadlineExceeded, RetryableSourceError, SourceError
from tests.end_to_end.small import small_place
from tests.faults.api import ITEMS, Api
from tests.faults.certificates import authority_and_server
from tests.faults.clock import clocked
from tests.faults.doors import nobody
from tests.faults.http_server import Answering, Request, Wire, serving
from tests.faults.landing import asking
from tests.faults.names import Names, look_ups_that_hang, made_up_names
from tests.faults.place import JSON, TOKEN

NO_TOTAL = JSON | {"total": None}
MONTHLY = {"rhythm": {"since": "2026-01"}}
RHYTHM = {"format": NO_TOTAL} | MONTHLY
NAME = "reports.example"


def month(**more: Any) -> dict[str, Any]:
    return {
        "url": "{url}/reports",
        "connection": "api",
        "auth": {"kind": "token"},
        "deliveries": {"by": "month", "again": 1},
    } | more


@pytest.fixture
def names() -> Iterator[Names]:
    with made_up_names() as found:
        yield found


# Addresses ----------------------------------------------------------------------------------------------------


def test_a_name_is_looked_up_once_in_a_run_and_its_address_is_kept(names: Names, tmp_path: Path) -> None:
    names.addresses[NAME] = [["127.0.0.1"], ["10.0.0.1"]]  # rebound after the first answer
    api = Api("page", "token")

    def closing(request: Request, wire: Wire) -> None:
        api.answer(request, wire)
        wire.close()

    with asking(tmp_path, closing, month(pages={"by": "page", "size": 2}), host=NAME, **RHYTHM) as asked:
        requests = asked.land()
        assert asked.items() == ITEMS and len(requests) == 4
        assert {request.headers["host"] for request in requests} == {f"{NAME}:{asked.server.port}"}
    assert names.asked == [NAME]


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.215.14", "10.1.2.3"], ["169.254.169.254"], ["::ffff:127.0.0.1"]]
)
def test_a_name_with_an_address_that_is_not_public_is_refused(
    addresses: list[str], names: Names, tmp_path: Path
) -> None:
    names.addresses[NAME] = [addresses]
    with asking(tmp_path, Api().answer, month(), host=NAME, allowed={"private": False}, **RHYTHM) as asked:
        with pytest.raises(SourceError, match="a host with an address that is not public") as raised:
            asked.land()
        assert type(raised.value) is SourceError and asked.server.asked == []


@pytest.mark.parametrize("allowed", [{"host": "other.example"}, {"port": 1}])
def test_a_host_or_port_that_is_not_allowed_is_not_even_looked_up(
    allowed: dict[str, Any], names: Names, tmp_path: Path
) -> None:
    names.addresses[NAME] = [["127.0.0.1"]]
    with asking(tmp_path, Api().answer, month(), host=NAME, allowed=allowed, **RHYTHM) as asked:
        with pytest.raises(SourceError, match="a host that is not allowed"):
            asked.land()
        assert names.asked == [] == asked.server.asked


def test_a_name_that_does_not_exist_may_exist_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **keywords: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "synthetic")

    with asking(tmp_path, Api().answer, month(), host=NAME, **RHYTHM) as asked:
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(RetryableSourceError, match="a host that cannot be looked up"):
            asked.land()


def test_a_look_up_that_hangs_ends_at_the_deadline(tmp_path: Path) -> None:
    with (
        asking(tmp_path, Api().answer, month(deadline_s=1), host=NAME, **RHYTHM) as asked,
        look_ups_that_hang(),
        clocked() as held,
        pytest.raises(DeadlineExceeded),
    ):
        asked.land()
    assert held.reached(1)


def test_nobody_who_listens_may_be_somebody_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with nobody() as port, asking(tmp_path, Api().answer, month(), **RHYTHM) as asked:
        asked.hosts[0]["port"] = port
        monkeypatch.setenv("OFFICE_PORT", str(port))
        url = {"url": "http://127.0.0.1:${OFFICE_PORT}/reports"}
        small_place(tmp_path, "jsonl", transport={"kind": "http"} | month(**url), format=NO_TOTAL, **MONTHLY)
        with pytest.raises(RetryableSourceError, match="a connection that broke"):
            asked.land()


# Elsewhere ----------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """Another server, that gives the items to anybody."""
    with serving(Api().answer) as server:
        yield server


def moved(where: str) -> Answering:
    return lambda request, wire: wire.answer(status=307, Location=where)


def linked(where: str) -> Answering:
    return lambda request, wire: wire.json({"items": []}, Link=f'<{where}>; rel="next"')


@pytest.mark.parametrize("by", ["redirect", "link"])
@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_another_allowed_host_is_asked_without_credentials_and_declared_headers(
    by: str, header: str, elsewhere: Any, tmp_path: Path
) -> None:
    where = f"{elsewhere.url}/reports".replace("127.0.0.1", "localhost")
    answering, pages = (moved(where), "none") if by == "redirect" else (linked(where), "link")
    auth = {"kind": "token", "header": header}
    transport = month(auth=auth, headers={"X-Office": "synthetic"}, pages={"by": pages})
    with asking(tmp_path, answering, transport, **RHYTHM) as asked:
        asked.hosts.append({"host": "localhost", "port": elsewhere.port, "private": True})
        asked.land()
        assert asked.items() == ITEMS
        (first,) = asked.server.asked
    (second,) = elsewhere.asked
    assert (TOKEN in first.headers[header.lower()], first.headers["x-office"]) == (True, "synthetic")
    assert TOKEN not in str(second) and "x-office" not in second.headers


def test_another_port_of_the_same_host_gets_no_credentials(elsewhere: Any, tmp_path: Path) -> None:
    with asking(tmp_path, moved(f"{elsewhere.url}/reports"), month(), **RHYTHM) as asked:
        asked.hosts[0]["port"] = None
        asked.land()
        assert asked.items() == ITEMS
    assert "authorization" not in elsewhere.asked[0].headers


@pytest.mark.parametrize(
    "where", ["/v2/reports", "//127.0.0.1:{port}/v2/reports", "http://127.0.0.1:{port}/v2"]
)
def test_a_redirect_within_the_host_keeps_the_credentials(where: str, tmp_path: Path) -> None:
    api = Api(auth="token")

    def answer(request: Request, wire: Wire) -> None:
        if request.path == "/reports":
            wire.answer(status=301, Location=where.format(port=wire.server.port))
        else:
            api.answer(request, wire)

    with asking(tmp_path, answer, month(), **RHYTHM) as asked:
        asked.land()
        assert asked.items() == ITEMS


@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.1:{port}\\@10.0.0.1/",
        "http://10.0.0.1#@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@10.0.0.1/",
        "http://0x7f000001:{port}/",
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "gopher://127.0.0.1:{port}/",
        "http://127.0.0.1:99999/",
    ],
)
def test_an_address_made_to_be_misread_is_refused(where: str, tmp_path: Path) -> None:
    def answer(request: Request, wire: Wire) -> None:
        wire.answer(status=302, Location=where.format(port=wire.server.port))

    with asking(tmp_path, answer, month(), **RHYTHM) as asked:
        with pytest.raises(SourceError, match="a host that is not allowed|no address of HTTP") as raised:
            asked.land()
        assert type(raised.value) is SourceError and len(asked.server.asked) == 1


@pytest.mark.parametrize("url", ["ftp://{host}/x", "http://a:b@{host}/x", "{host}/x", "http:///x"])
def test_what_is_no_address_of_http_is_refused(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFICE_API", url.replace("{host}", "127.0.0.1:1"))
    with asking(tmp_path, Api().answer, month(url="${OFFICE_API}"), **RHYTHM) as asked:
        with pytest.raises(SourceError, match="definition: transport.url: found no address of HTTP"):
            asked.land()
        assert asked.server.asked == []


# TLS ----------------------------------------------------------------------------------------------------------


def test_the_certificate_must_prove_the_name_whatever_the_address(names: Names, tmp_path: Path) -> None:
    names.addresses[NAME] = [["127.0.0.1"]]
    authority, tls = authority_and_server(tmp_path, NAME)
    said: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: said.append(name)
    trusting = {"extra": {"ca_file": str(authority)}}
    with asking(tmp_path / "a", Api(auth="token").answer, month(), host=NAME, tls=tls, connection=trusting, **RHYTHM) as asked:  # fmt: skip
        asked.land()
        assert asked.items() == ITEMS and set(said) == {NAME}
    with asking(tmp_path / "b", Api().answer, month(), host=NAME, tls=tls, **RHYTHM) as asked:
        with pytest.raises(SourceError, match="a certificate that does not prove the host"):
            asked.land()  # the authority is not known
        assert asked.server.asked == []


def test_there_is_no_way_back_from_https(elsewhere: Any, tmp_path: Path) -> None:
    authority, tls = authority_and_server(tmp_path, "127.0.0.1")
    trusting = {"extra": {"ca_file": str(authority)}}
    with asking(
        tmp_path / "a", moved(elsewhere.url), month(), tls=tls, connection=trusting, **RHYTHM
    ) as asked:
        asked.hosts[0]["port"] = None
        with pytest.raises(SourceError, match="a way from https to http"):
            asked.land()
    assert elsewhere.asked == []


@pytest.mark.parametrize("drips", [True, False])
def test_a_handshake_that_does_not_end_is_ended_at_the_deadline(drips: bool, tmp_path: Path) -> None:
    class Stuck(ssl.SSLContext):
        """Sends the beginning of a TLS record for ever, or nothing."""

        def wrap_socket(self, connection: socket.socket, **keywords: Any) -> Any:
            connection.sendall(b"\x16\x03\x03\x40\x00" if drips else b"")
            while not over.wait(0.05):
                connection.sendall(b"\x02" if drips else b"")
            raise OSError

    over = threading.Event()
    stuck = Stuck(ssl.PROTOCOL_TLS_SERVER)
    with asking(tmp_path, Api().answer, month(deadline_s=1), tls=stuck, **RHYTHM) as asked:
        with clocked() as held, pytest.raises(DeadlineExceeded):
            asked.land()
        assert held.reached(1)
        over.set()


# What a run leaves behind -------------------------------------------------------------------------------------


@pytest.mark.parametrize("keeps", [True, False])
def test_many_pages_hold_no_more_open_than_one(keeps: bool, tmp_path: Path) -> None:
    most_open = []

    def answer(request: Request, wire: Wire) -> None:
        most_open.append(psutil.Process().num_fds())
        items = [{"a": request.query["page"]}]
        wire.json({"items": items, "pages": 150}, Connection="keep-alive" if keeps else "close")
        if not keeps:
            wire.close()

    before, threads = psutil.Process().num_fds(), threading.active_count()
    transport = month(pages={"by": "page", "size": 1, "pages": "pages"})
    with asking(tmp_path, answer, transport, **RHYTHM) as asked:
        asked.land()
        assert len(asked.items()) == 150
    assert max(most_open) - before < 20
    assert threading.active_count() <= threads + 1
