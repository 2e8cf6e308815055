"""Every way of paging with every way of proving who asks, against a real server."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from include.sources import RetryableSourceError, SourceError
from tests.faults.api import ITEMS, Api
from tests.faults.http_server import Request, Wire
from tests.faults.landing import asking
from tests.faults.place import JSON, TOKEN, item

PAGES: dict[str, dict[str, Any]] = {
    "none": {"by": "none"},
    "page": {"by": "page", "size": 2},
    "offset": {"by": "offset", "size": 2},
    "cursor": {"by": "cursor", "next": "then.cursor"},
    "link": {"by": "link", "size_parameter": "per_page", "size": 2},
}
AUTH: dict[str, dict[str, Any]] = {
    "none": {"kind": "none"},
    "token": {"kind": "token"},
    "key": {"kind": "token", "header": "X-Api-Key", "prefix": ""},
    "basic": {"kind": "basic"},
    "oauth2": {"kind": "oauth2", "token_url": "{url}/token", "scope": "reports.read"},
}
NO_TOTAL = JSON | {"total": None}


def month(**more: Any) -> dict[str, Any]:
    """A feed with one delivery, for January 2026."""
    return {
        "url": "{url}/reports",
        "connection": "api",
        "deliveries": {"by": "month", "again": 1},
    } | more


RHYTHM = {"rhythm": {"since": "2026-01"}}


@pytest.mark.parametrize("auth", AUTH)
@pytest.mark.parametrize("by", PAGES)
def test_all_items_land_once_however_they_are_paged_and_guarded(by: str, auth: str, tmp_path: Path) -> None:
    api = Api(by, auth)
    transport = month(pages=PAGES[by], auth=AUTH[auth])
    with asking(tmp_path, api.answer, transport, format=NO_TOTAL, **RHYTHM) as asked:
        asked.land()
        assert asked.items() == ITEMS
        assert api.granted == (auth == "oauth2")


# Where pages end ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beyond", "states", "size", "numbers"),
    [
        ("empty", (), 2, "1 2 3 4"),
        ("missing", (), 2, "1 2 3 4"),
        ("last", (), 2, "1 2 3 4"),
        ("missing", ("pages",), 2, "1 2 3"),
        ("missing", ("total",), 2, "1 2 3"),
        ("empty", (), 500, "1 2 3 4"),  # the source gives fewer items than it is asked for
        ("missing", ("total",), 500, "1 2 3"),
    ],
)
def test_a_page_that_is_not_full_is_not_taken_for_the_last(
    beyond: str, states: tuple[str, ...], size: int, numbers: str, tmp_path: Path
) -> None:
    api = Api("page", beyond=beyond, states=states)
    pages = PAGES["page"] | {"size": size, "pages": "pages" if "pages" in states else None}
    form = JSON | {"total": "total" if "total" in states else None}
    with asking(tmp_path, api.answer, month(pages=pages), format=form, **RHYTHM) as asked:
        assert " ".join(request.query["page"] for request in asked.land()) == numbers
        assert asked.items() == ITEMS


def test_pages_that_are_all_full_end_where_the_next_is_missing(tmp_path: Path) -> None:
    api = Api("page", items=ITEMS[:4], beyond="missing")
    with asking(tmp_path, api.answer, month(pages=PAGES["page"]), format=NO_TOTAL, **RHYTHM) as asked:
        assert len(asked.land()) == 3
        assert asked.items() == ITEMS[:4]


@pytest.mark.parametrize("by", ["page", "cursor", "link"])
def test_an_empty_page_ends_nothing_where_the_source_says_what_follows(by: str, tmp_path: Path) -> None:
    parts = [[item(1)], [], [], [item(2)]]

    def answer(request: Request, wire: Wire) -> None:
        number = int(request.query.get(by, "1"))
        link = {"Link": f'</reports?link={number + 1}>; rel="next"'} if number < 4 else {}
        wire.json(
            {"items": parts[number - 1], "pages": 4, "then": {"cursor": number + 1 if number < 4 else ""}},
            **link,
        )

    pages = PAGES[by] | ({"pages": "pages"} if by == "page" else {})
    with asking(tmp_path, answer, month(pages=pages), format=NO_TOTAL, **RHYTHM) as asked:
        asked.land()
        assert asked.items() == [item(1), item(2)]


def test_offsets_count_the_items_that_came(tmp_path: Path) -> None:
    api = Api("offset", most=1)
    transport = month(pages={"by": "offset", "size": 500})
    with asking(tmp_path, api.answer, transport, format=NO_TOTAL, **RHYTHM) as asked:
        assert [request.query["offset"] for request in asked.land()] == list("012345")
        assert asked.items() == ITEMS


def test_no_items_are_a_report_of_nothing(tmp_path: Path) -> None:
    api = Api("page", items=[], states=("total",))
    with asking(tmp_path, api.answer, month(pages=PAGES["page"]), **RHYTHM) as asked:
        assert len(asked.land()) == 1
        assert (asked.items(), [d.period for d in asked.deliveries()]) == ([], ["2026-01"])


def test_pages_land_as_they_came_but_for_byte_order_marks_inside(tmp_path: Path) -> None:
    bodies = [b'\xef\xbb\xbf{"items": [1], "then": {"cursor": "a"}}', b'\xef\xbb\xbf{"items": [2]}']

    def answer(request: Request, wire: Wire) -> None:
        wire.answer(bodies["cursor" in request.query])

    with asking(tmp_path, answer, month(pages=PAGES["cursor"]), format=NO_TOTAL, **RHYTHM) as asked:
        asked.land()
        (delivery,) = asked.deliveries()
        assert asked.bytes_of(delivery) == bodies[0] + b"\n" + bodies[1][3:]


def test_a_declared_encoding_reads_the_items_and_the_bytes_land_as_received(tmp_path: Path) -> None:
    body = '{"data": {"list": [{"Вещество": "мефедрон"}], "count": "1"}}'.encode("cp1251")
    form = JSON | {"encoding": "cp1251", "items": "data.list", "total": "data.count"}
    with asking(tmp_path, lambda request, wire: wire.answer(body), month(), format=form, **RHYTHM) as asked:
        asked.land()
        assert asked.bytes_of(asked.deliveries()[0]) == body


# Credentials --------------------------------------------------------------------------------------------------


def test_an_access_token_that_ends_is_fetched_anew_and_the_pages_go_on(tmp_path: Path) -> None:
    api = Api("cursor", "oauth2", good_for=2)
    transport = month(pages=PAGES["cursor"], auth=AUTH["oauth2"])
    with asking(tmp_path, api.answer, transport, format=NO_TOTAL, **RHYTHM) as asked:
        requests = asked.land()
        assert asked.items() == ITEMS
    given = [request.headers["authorization"] for request in requests if request.path != "/token"]
    assert given == ["Bearer granted-1"] * 3 + ["Bearer granted-2"]
    (first, *_) = [request.body for request in requests if request.path == "/token"]
    assert first == b"grant_type=client_credentials&scope=reports.read"


def test_a_source_that_refuses_a_fresh_token_is_not_asked_for_ever(tmp_path: Path) -> None:
    api = Api("none", "oauth2", good_for=0)
    with asking(tmp_path, api.answer, month(auth=AUTH["oauth2"]), format=NO_TOTAL, **RHYTHM) as asked:
        with pytest.raises(SourceError, match=r"HTTP status 401; expected credentials"):
            asked.land()
        assert asked.server.paths() == ["/token", "/reports"]


@pytest.mark.parametrize(
    ("status", "error", "said", "times"),
    [
        (400, SourceError, "token: answer: found HTTP status 400; expected credentials", 1),
        (401, SourceError, "token: answer: found HTTP status 401; expected credentials", 1),
        (503, RetryableSourceError, "token: answer: found HTTP status 503", 4),
        (302, SourceError, "token: answer: found HTTP status 302", 1),
    ],
)
def test_a_token_that_is_not_given_is_said_without_the_secret(
    status: int, error: type[SourceError], said: str, times: int, tmp_path: Path
) -> None:
    def answer(request: Request, wire: Wire) -> None:
        wire.json({"error": "synthetic"}, status, Location="/elsewhere")

    with asking(tmp_path, answer, month(auth=AUTH["oauth2"]), **RHYTHM) as asked:
        with pytest.raises(SourceError) as raised:
            asked.land()
        assert type(raised.value) is error and said in str(raised.value)
        assert TOKEN not in str(raised.value)
        assert asked.server.paths() == ["/token"] * times


@pytest.mark.parametrize(
    ("auth", "connection", "said"),
    [
        ("token", {"password": ""}, "a connection without password"),
        ("basic", {"login": ""}, "a connection without login"),
        ("token", {"password": "two\nlines"}, "characters that no header can hold"),
        ("token", {"password": "құпия"}, "characters that no header can hold"),
        ("token", {"host": "https://other.example/"}, "a host that is not that of the connection"),
        ("token", {"extra": {"ca_file": "/nowhere/authority.pem"}}, "an extra ca_file that is no file"),
    ],
)
def test_a_connection_that_cannot_be_used_is_said_before_anything_is_sent(
    auth: str, connection: dict[str, Any], said: str, tmp_path: Path
) -> None:
    transport = month(auth=AUTH[auth])
    with asking(tmp_path, Api().answer, transport, connection=connection, **RHYTHM) as asked:
        with pytest.raises(SourceError, match=said) as raised:
            asked.land()
        assert asked.server.asked == []
        assert "lines" not in str(raised.value) and "құпия" not in str(raised.value)


def test_basic_credentials_may_be_in_any_script(tmp_path: Path) -> None:
    seen = []

    def answer(request: Request, wire: Wire) -> None:
        seen.append(request.headers["authorization"])
        wire.json({"items": [item(1)], "total": 1})

    connection = {"login": "қолданушы", "password": "құпия"}
    with asking(tmp_path, answer, month(auth=AUTH["basic"]), connection=connection, **RHYTHM) as asked:
        asked.land()
    assert [base64.b64decode(text.removeprefix("Basic ")).decode() for text in seen] == ["қолданушы:құпия"]


@pytest.mark.parametrize("value", ["two\nlines", "мәтін"])
def test_a_header_that_cannot_be_sent_is_said(value: str, tmp_path: Path) -> None:
    with asking(tmp_path, Api().answer, month(headers={"X-Office": value}), **RHYTHM) as asked:
        with pytest.raises(SourceError, match="a header that cannot be sent") as raised:
            asked.land()
        assert asked.server.asked == [] and value not in str(raised.value)


def test_neither_proxies_nor_netrc_of_the_environment_are_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with asking(tmp_path, Api().answer, month(), format=NO_TOTAL, **RHYTHM) as asked:
        (request,) = asked.land()
        assert "authorization" not in request.headers
        assert request.headers["host"] == f"127.0.0.1:{asked.server.port}"


def test_the_log_says_nothing_of_what_was_asked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def answer(request: Request, wire: Wire) -> None:
        wire.write(
            b"HTTP/1.1 200 OK\r\nNo header at all: \r\n bad\r\nSynthetic\r\n\r\n"
            + b'{"items": [], "total": 0}'
        )
        wire.close()

    caplog.set_level("DEBUG")
    transport = month(auth=AUTH["token"], parameters={"key": "synthetic-parameter"})
    with asking(tmp_path, answer, transport, **RHYTHM) as asked:
        asked.land()
    assert TOKEN not in caplog.text and "synthetic-parameter" not in caplog.text
