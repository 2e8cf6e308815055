"""Every fault of an HTTP source: the right error, in time, asked again where that can help, nothing half-landed."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.sources import DeadlineExceeded, SourceError
from include.steps import ingest
from include.steps.context import open_ledger
from include.storage import landing
from include.storage.home import Home
from tests.end_to_end.small import FEED, small_place
from tests.faults.certificates import authority_and_server
from tests.faults.clock import Held, clocked
from tests.faults.http import FAULTS, SIZE, Fault, by_name, good
from tests.faults.http_server import Server, serving
from tests.faults.place import JSON, QUERY, TOKEN, entered, files_below, http_place

MENDED = Fault("mended", None, (), None, good, landed=1)


def transport(server: Server, fault: Fault) -> dict[str, object]:
    return {
        "url": f"{server.url}/deliveries/{{id}}",
        "connection": "api",
        "auth": {"kind": "token"},
        "deliveries": {"by": "list", "url": f"{server.url}/deliveries"},
        "parameters": {"purpose": QUERY},
        "pages": {"by": "page", "size": SIZE, "pages": "pages"},
        "deadline_s": 3,
    } | dict(fault.transport)


@pytest.mark.parametrize("fault", FAULTS, ids=by_name)
def test_a_fault_gives_its_error_in_time_and_nothing_half_landed(fault: Fault, tmp_path: Path) -> None:
    authority, tls = authority_and_server(tmp_path, fault.tls) if fault.tls else ("", None)
    with serving(fault.answer, tls) as server:
        place = http_place(tmp_path, transport(server, fault), format=JSON | dict(fault.form))
        hosts = [{"host": "127.0.0.1", "port": server.port, "private": True}]
        connection = {"extra": {"ca_file": str(authority)}} if authority else {}
        with entered(place, hosts, fault.limits, connection) as home:
            with clocked() as held:
                error = landed()
            check_error(fault, error, server)
            check_time(fault, float(transport(server, fault)["deadline_s"]), held)  # type: ignore[arg-type]
            check_landing(fault, home)
            deliveries = [request for request in server.asked if request.path != "/deliveries"]
            assert fault.asked in (None, len(deliveries))
            if not fault.landed and not fault.tls and not fault.limits:
                server.answering = MENDED.answer
                well = {"kind": "http"} | transport(server, MENDED)
                small_place(tmp_path, "jsonl", transport=well, format=JSON)
                assert landed() is None
                check_landing(MENDED, home)


def landed() -> SourceError | None:
    try:
        ingest.land(FEED)
    except SourceError as error:
        return error
    return None


def check_error(fault: Fault, error: SourceError | None, server: Server) -> None:
    if fault.error is None:
        assert error is None
        return
    assert type(error) is fault.error, error
    message = str(error)
    assert all(word in message for word in fault.said), message
    assert message.startswith(f"{FEED}: ")
    for secret in (TOKEN, QUERY, "?purpose", server.url, "passwd", "мефедрон"):
        assert secret not in message


def check_time(fault: Fault, deadline_s: float, held: Held) -> None:
    assert fault.waits_s <= held.seconds
    assert held.reached(deadline_s) if fault.error is DeadlineExceeded else held.kept(deadline_s)


def check_landing(fault: Fault, home: Home) -> None:
    with open_ledger(home) as book:
        deliveries = book.deliveries(FEED)
    kept = {landing.landed_path(home, delivery.sha256) for delivery in deliveries}
    assert len(deliveries) == len(kept) == fault.landed
    assert set(files_below(home.landing)) == kept
    assert list((home.restricted / "scratch").iterdir()) == []
