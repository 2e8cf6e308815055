"""Faults of HTTP sources by name: what the server does, and what the feed must then say and do."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from include.sources import DeadlineExceeded, RetryableSourceError, SeveralSourceErrors, SourceError
from tests.faults.http_server import Answering, Request, Wire
from tests.faults.place import item

ITEMS = [item(number) for number in range(1, 6)]
SIZE = 2
TRIES = 4
LISTED = [{"id": "march", "period": "2025-03", "delivered_at": "2025-04-05T10:00:00+05:00"}]


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        name: what it is called.
        error: the class of the error, exactly; None where asking again must succeed.
        said: words of the message.
        asked: how often the delivery that is at fault was asked for; None where that does not matter.
        serve: answers requests for deliveries.
        listing: answers requests for the list.
        landed: deliveries that land all the same.
        transport, form: changes of the definition.
        limits: of the deployment.
        tls: host that the server's certificate names.
        waits_s: how long the feed must at least have waited.
    """

    name: str
    error: type[SourceError] | None
    said: tuple[str, ...]
    asked: int | None
    serve: Answering
    listing: Answering = lambda request, wire: wire.json({"deliveries": LISTED, "pages": 1})
    landed: int = 0
    transport: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    tls: str = ""
    waits_s: float = 0

    def answer(self, request: Request, wire: Wire) -> None:
        """What the server says to a request."""
        (self.listing if request.path == "/deliveries" else self.serve)(request, wire)


def page(request: Request, items: list[Any] = ITEMS, **changes: Any) -> dict[str, Any]:
    """A good page."""
    number = int(request.query.get("page", "1"))
    part = items[(number - 1) * SIZE : number * SIZE]
    return {"items": part, "page": number, "pages": -(-len(items) // SIZE), "total": len(items)} | changes


def text(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def good(request: Request, wire: Wire) -> None:
    wire.json(page(request))


def times(wire: Wire) -> int:
    """How often deliveries were asked for, this time included."""
    return sum(request.path != "/deliveries" for request in wire.server.asked)


def says(body: bytes, **headers: str) -> Answering:
    """The same whole body for every request."""
    return lambda request, wire: wire.answer(body, **headers)


def status(number: int, **headers: str) -> Answering:
    return lambda request, wire: wire.answer(b"synthetic", number, **headers)


def sends(where: str) -> Answering:
    """A redirect; {port} is the server's own."""
    return lambda request, wire: wire.answer(status=302, Location=where.format(port=wire.server.port))


# Bytes on the wire --------------------------------------------------------------------------------------------


def truncated_with_length(request: Request, wire: Wire) -> None:
    body = text(page(request))
    wire.head(Content_Type="application/json", Content_Length=str(len(body)))
    wire.write(body[: len(body) // 2])
    wire.close()


def truncated_without_length(request: Request, wire: Wire) -> None:
    body = text(page(request))
    wire.head(Content_Type="application/json", Connection="close")
    wire.write(body[: len(body) // 2])
    wire.close()


def truncated_chunks(request: Request, wire: Wire) -> None:
    body = text(page(request))
    wire.head(Content_Type="application/json", Transfer_Encoding="chunked")
    wire.write(b"%x\r\n%s\r\n" % (20, body[:20]))
    wire.close()


def reset_in_the_middle(request: Request, wire: Wire) -> None:
    wire.head(Content_Type="application/json", Content_Length="100000")
    wire.write(b'{"items": [' + b" " * 5000)
    wire.pause(0.05)
    wire.reset()


def length_too_long(request: Request, wire: Wire) -> None:
    body = text(page(request))
    wire.head(Content_Type="application/json", Content_Length=str(len(body) + 100))
    wire.write(body)
    wire.pause(30)


def length_too_short(request: Request, wire: Wire) -> None:
    body = text(page(request))
    wire.head(Content_Type="application/json", Content_Length=str(len(body) - 20))
    wire.write(body)
    wire.pause(0.2)
    wire.close()


def drips_body(request: Request, wire: Wire) -> None:
    wire.head(Content_Type="application/json", Content_Length="100000")
    while True:
        wire.write(b" ")
        wire.pause(0.05)


def drips_headers(request: Request, wire: Wire) -> None:
    wire.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        wire.write(b"a")
        wire.pause(0.05)


def drips_chunk_size(request: Request, wire: Wire) -> None:
    wire.head(Content_Type="application/json", Transfer_Encoding="chunked")
    wire.write(b"1;")
    while True:
        wire.write(b"a")
        wire.pause(0.05)


def goes_on_and_on(request: Request, wire: Wire) -> None:
    """Says "100 Continue" for ever."""
    while True:
        wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.pause(0.05)


def silent(request: Request, wire: Wire) -> None:
    wire.pause(30)


def closes(request: Request, wire: Wire) -> None:
    wire.close()


def speaks_something_else(request: Request, wire: Wire) -> None:
    wire.write(b"220 synthetic.example ESMTP\r\n")
    wire.close()


def too_many_headers(request: Request, wire: Wire) -> None:
    wire.head(**{f"X_{number}": "a" for number in range(500)})
    wire.close()


def never_ends(request: Request, wire: Wire) -> None:
    wire.head(Content_Type="application/json")
    while True:
        wire.write(b" " * 65536)


# Pages --------------------------------------------------------------------------------------------------------

CURSOR = {"pages": {"by": "cursor", "next": "next"}}
LINK = {"pages": {"by": "link"}}
NO_TOTAL = {"total": None}


def endless_pages(request: Request, wire: Wire) -> None:
    number = int(request.query["page"])
    wire.json({"items": [item(number)], "pages": number + 1, "total": 10**6})


def same_page_for_ever(request: Request, wire: Wire) -> None:
    wire.json({"items": ITEMS[:SIZE], "pages": 99, "total": 10**6})


def cursors(*names: str) -> Answering:
    """A cursor after another, round and round, each with an item of its own."""

    def answer(request: Request, wire: Wire) -> None:
        number = times(wire)
        wire.json({"items": [item(number)], "next": names[(number - 1) % len(names)]})

    return answer


def link_to_itself(request: Request, wire: Wire) -> None:
    wire.json({"items": ITEMS[:SIZE]}, Link='</deliveries/march?purpose=x>; rel="next"')


def links_elsewhere(request: Request, wire: Wire) -> None:
    wire.json({"items": ITEMS[:SIZE]}, Link='<http://10.0.0.1/deliveries>; rel="next"')


def total_changes(request: Request, wire: Wire) -> None:
    wire.json(page(request, total=5 if request.query["page"] == "1" else 6))


def shifts(request: Request, wire: Wire) -> None:
    """An item is put in at the front, and one taken away at the end, while the first page is read."""
    first = (int(request.query["page"]) - 1) * SIZE
    wire.json({"items": [item(9), *ITEMS][first:5][:SIZE] if first else ITEMS[:SIZE], "pages": 3, "total": 5})


def lost_after_page_2(request: Request, wire: Wire) -> None:
    if request.query["page"] == "3":
        wire.json({"error": "synthetic"}, 401)
    else:
        wire.json(page(request))


def server_error_on_page_2(request: Request, wire: Wire) -> None:
    if request.query["page"] == "2":
        wire.json({"error": "synthetic"}, 500)
    else:
        wire.json(page(request))


# Whole answers ------------------------------------------------------------------------------------------------


def recovers(after: int, broken: Answering) -> Answering:
    """Broken some times, then good."""
    return lambda request, wire: (broken if times(wire) <= after else good)(request, wire)


def cut_gzip(request: Request, wire: Wire) -> None:
    wire.answer(gzip.compress(text(page(request)))[:-12], Content_Encoding="gzip")


def missing(name: str) -> Answering:
    """A good answer for every delivery but one."""

    def answer(request: Request, wire: Wire) -> None:
        if request.path.endswith(name):
            wire.json({"error": "synthetic"}, 404)
        else:
            wire.json(page(request) | {"of": request.path})

    return answer


def listing(*entries: Mapping[str, Any]) -> Answering:
    return lambda request, wire: wire.json({"deliveries": list(entries), "pages": 1})


def entry(name: Any, **changes: Any) -> dict[str, Any]:
    return LISTED[0] | {"id": name} | changes


def redirect_loop(request: Request, wire: Wire) -> None:
    wire.answer(status=302, Location=f"/deliveries/march?turn={times(wire)}")


HTML = b"<!DOCTYPE html>\n<html><body>Synthetic login page</body></html>"
DEEP = b'{"items": [' + b"[" * 100 + b"]" * 100 + b'], "pages": 1, "total": 1}'
VERY_DEEP = b"[" * 200_000
ZEROS = gzip.compress(b" " * (24 << 20))
RETRY, FINAL, LATE, SEVERAL = RetryableSourceError, SourceError, DeadlineExceeded, SeveralSourceErrors
AGAIN = "It will be asked again"
SHORT: dict[str, Any] = {"deadline_s": 1}
QUICK: dict[str, Any] = {"timeout_s": 0.2}

FAULTS = [
    # the connection
    Fault("truncated with length", RETRY, ("page 1", "ended early", AGAIN), TRIES, truncated_with_length),
    Fault("truncated without length", RETRY, ("no JSON, or half of it", AGAIN), TRIES, truncated_without_length),
    Fault("truncated chunks", RETRY, ("ended early", AGAIN), TRIES, truncated_chunks),
    Fault("truncated twice, then good", None, (), 2 + 3, recovers(2, truncated_with_length), landed=1),
    Fault("length too long", RETRY, ("no byte for 0.2 s",), TRIES, length_too_long, transport=QUICK),
    Fault("length too short", RETRY, ("no JSON, or half of it",), TRIES, length_too_short),
    Fault("slow drip of the body", LATE, ("no end of it in time", "within 1 s"), 1, drips_body, transport=SHORT),
    Fault("slow drip of headers", LATE, ("no end of it in time",), 1, drips_headers, transport=SHORT),
    Fault("slow drip of a chunk size", LATE, ("no end of it in time",), 1, drips_chunk_size, transport=SHORT),
    Fault("100 Continue without end", LATE, ("no end of it in time",), 1, goes_on_and_on, transport=SHORT),
    Fault("never answers", LATE, ("no end of it in time",), 1, silent, transport=SHORT),
    Fault("answers too late each time", RETRY, ("no byte for 0.2 s",), TRIES, silent, transport=QUICK),
    Fault("accepts and closes", RETRY, ("a connection that broke",), TRIES, closes),
    Fault("reset in the middle", RETRY, ("a connection that broke", "Reset"), TRIES, reset_in_the_middle),
    Fault("another protocol", RETRY, ("a connection that broke",), TRIES, speaks_something_else),
    Fault("too many headers", RETRY, ("a connection that broke",), TRIES, too_many_headers),
    Fault("two lengths", RETRY, ("a connection that broke",), TRIES, lambda request, wire: wire.answer(b"{}", Content_length="99")),
    Fault("body without end", FINAL, ("more than 1000000 bytes", "limits.delivery_bytes"), 1, never_ends, limits={"delivery_bytes": 10**6}),
    Fault("list that drips", LATE, ("list of deliveries", "in time"), 0, good, listing=drips_body, transport=SHORT),
    # pages
    Fault("endless pages", FINAL, ("no end after 20 pages", "limits.pages"), 20, endless_pages, limits={"pages": 20}),
    Fault("the same page for ever", FINAL, ("the same items as on the page before",), 2, same_page_for_ever, transport={"pages": {"by": "page", "size": SIZE}}),
    Fault("offset that is not heeded", FINAL, ("the same items as on the page before",), 2, same_page_for_ever, transport={"pages": {"by": "offset", "size": SIZE}}),
    Fault("repeated cursor", FINAL, ("a cursor for the second time",), 2, cursors("a"), transport=CURSOR, form=NO_TOTAL),
    Fault("two cursors that alternate", FINAL, ("a cursor for the second time",), 3, cursors("a", "b"), transport=CURSOR, form=NO_TOTAL),
    Fault("cursor that is none", FINAL, ("no cursor at next",), 1, lambda request, wire: wire.json({"items": [], "next": {"a": 1}}), transport=CURSOR, form=NO_TOTAL),
    Fault("link to itself", FINAL, ("a link to a page that was read already",), 2, link_to_itself, transport=LINK, form=NO_TOTAL),
    Fault("link to a private address", FINAL, ("a host that is not allowed",), 1, links_elsewhere, transport=LINK, form=NO_TOTAL),
    Fault("total too high", RETRY, ("5 items", "the 6 that the source states"), 3, lambda request, wire: wire.json(page(request, total=6))),
    Fault("total that changes", RETRY, ("page 2", "another number of items"), 2, total_changes),
    Fault("total too low", RETRY, ("5 items", "the 4 that the source states"), 3, lambda request, wire: wire.json(page(request, total=4))),
    Fault("item on two pages", RETRY, ("pages 1 and 2", "the same item on both", AGAIN), 3, shifts),
    Fault("a next that nobody follows", FINAL, ("last page", "next, which says that more follows", "format.ignore"), 1, says(text({"items": ITEMS, "next": 2})), transport={"pages": {"by": "none"}}, form=NO_TOTAL),
    Fault("a count that the items do not give", FINAL, ("than the 9 that count states", "format.total: count"), 1, says(text({"items": ITEMS, "count": 9})), transport={"pages": {"by": "none"}}, form=NO_TOTAL),
    Fault("no items beside an error", RETRY, ("page 1", "an error in the answer (error)"), TRIES, says(text({"items": [], "pages": 0, "total": 0, "error": "synthetic"}))),
    Fault("total missing", FINAL, ("no number at total",), 1, lambda request, wire: wire.json(page(request, total=None))),
    Fault("permission lost in the middle", FINAL, ("page 3", "HTTP status 401", "credentials"), 3, lost_after_page_2),
    Fault("500 on the second page", RETRY, ("page 2", "HTTP status 500"), 1 + TRIES, server_error_on_page_2),
    # what the answer holds
    Fault("HTML instead of JSON", RETRY, ("an HTML page", "in a browser"), TRIES, says(HTML, Content_Type="text/html")),
    Fault("HTML that says it is JSON", RETRY, ("an HTML page",), TRIES, says(HTML, Content_Type="application/json")),
    Fault("wrong type", RETRY, ("no JSON", "image/png"), TRIES, says(b"\x89PNG\r\n\x1a\n", Content_Type="image/png")),
    Fault("half a JSON", RETRY, ("no JSON, or half of it",), TRIES, lambda request, wire: wire.answer(text(page(request))[:100])),
    Fault("empty answer", RETRY, ("no JSON, or half of it",), TRIES, says(b"")),
    Fault("NaN", RETRY, ("no JSON",), TRIES, says(b'{"items": [NaN], "pages": 1, "total": 1}')),
    Fault("JSON list instead of object", FINAL, ("no list at items",), 1, says(text(ITEMS))),
    Fault("items missing", FINAL, ("no list at items",), 1, says(text({"pages": 1, "total": 0}))),
    Fault("items that are no list", FINAL, ("no list at items",), 1, says(text({"items": {}, "pages": 1, "total": 0}))),
    Fault("wrong charset", FINAL, ("near byte", "a byte that is no utf-8"), 1, says('{"items": ["мефедрон"]}'.encode("cp1251"))),
    Fault("another charset than declared", FINAL, ("the charset utf-8", "cp1251"), 1, says(b"{}", Content_Type="application/json; charset=UTF-8"), form={"encoding": "cp1251"}),
    Fault("deep nesting", FINAL, ("nested more than 64 levels", "limits.nesting"), 1, says(DEEP)),
    Fault("very deep nesting", FINAL, ("nested more than 64 levels",), 1, says(VERY_DEEP)),
    Fault("millions of empty objects", FINAL, ("more than 4000000 values",), 1, says(b'{"items": [' + b"{}," * (2 << 20) + b"{}]}")),
    Fault("oversized body", FINAL, ("more than 1000 bytes", "limits.delivery_bytes"), 1, says(b" " * 5000), limits={"delivery_bytes": 1000}),
    Fault("gzip bomb by size", FINAL, ("a compressed body of more than 1000000 bytes", "limits.expanded_bytes"), 1, says(ZEROS, Content_Encoding="gzip"), limits={"expanded_bytes": 10**6}),
    Fault("gzip bomb by ratio", FINAL, ("expands more than 200 times", "limits.expansion"), 1, says(ZEROS, Content_Encoding="gzip")),
    Fault("broken gzip", RETRY, ("a gzip body that is broken",), TRIES, says(b"\x1f\x8b\x08" + b"synthetic" * 9, Content_Encoding="gzip")),
    Fault("cut gzip", RETRY, ("a gzip body that is broken or ends too early",), TRIES, cut_gzip),
    Fault("unknown compression", FINAL, ("compressed in another way",), 1, says(b"synthetic", Content_Encoding="br")),
    # redirects
    Fault("redirect to a private address", FINAL, ("redirect", "a host that is not allowed"), 1, sends("http://10.0.0.1/march")),
    Fault("redirect to the metadata of a cloud", FINAL, ("a host that is not allowed",), 1, sends("http://169.254.169.254/latest")),
    Fault("redirect to another host", FINAL, ("a host that is not allowed",), 1, sends("http://localhost:{port}/march")),
    Fault("redirect to another port", FINAL, ("a host that is not allowed",), 1, sends("http://127.0.0.1:1/march")),
    Fault("redirect to a file", FINAL, ("no address of HTTP",), 1, sends("file:///etc/passwd")),
    Fault("redirect with credentials", FINAL, ("no address of HTTP",), 1, sends("http://a:b@127.0.0.1:{port}/march")),
    Fault("redirect to nowhere", FINAL, ("no address of HTTP",), 1, status(302)),
    Fault("redirect loop", FINAL, ("more than 5 redirects",), 6, redirect_loop),
    # statuses
    Fault("429 without end", RETRY, ("HTTP status 429", AGAIN), TRIES, status(429)),
    Fault("503 with a huge Retry-After", RETRY, ("HTTP status 503", AGAIN), 1, status(503, Retry_After="86400")),
    Fault("Retry-After as a date", RETRY, ("HTTP status 503",), 1, status(503, Retry_After="Fri, 31 Dec 2100 23:59:59 GMT")),
    Fault("500 twice, then good", None, (), 2 + 3, recovers(2, status(500)), landed=1),
    Fault("429 that asks to wait, then good", None, (), 1 + 3, recovers(1, status(429, Retry_After="1")), landed=1, waits_s=1),
    Fault("429 that asks to wait until, then good", None, (), 1 + 3, recovers(1, status(429, Date="Fri, 31 Dec 2100 23:59:58 GMT", Retry_After="Fri, 31 Dec 2100 23:59:59 GMT")), landed=1, waits_s=1),
    Fault("429 that asks for too long a wait, then good", None, (), 1 + 3, recovers(1, status(429, Retry_After="60")), landed=1, transport={"retry_after_s": 0.5}, waits_s=0.5),
    Fault("401", FINAL, ("HTTP status 401", "credentials"), 1, status(401)),
    Fault("403", FINAL, ("HTTP status 403", "credentials"), 1, status(403)),
    Fault("304 that nobody asked for", FINAL, ("HTTP status 304",), 1, lambda request, wire: wire.head(304)),
    Fault("404 for one delivery in the middle", FINAL, ("second: page 1", "HTTP status 404"), None, missing("second"), listing(*map(entry, ("first", "second", "third"))), landed=2),
    # the list
    Fault("path-like ids", SEVERAL, ("list of deliveries", "entry 2", "no id that can stand as a name"), None, missing("none"), listing(*map(entry, ("first", "../../etc/passwd", "a/b", "..", "a\\b", "a\nb", "", None, "x" * 201))), landed=1),
    Fault("an id for two deliveries", FINAL, ("entry 3", "an id that stands for another delivery"), None, missing("none"), listing(entry("first"), entry("twice"), entry("twice", period="2025-04")), landed=1),
    Fault("an entry of the list twice", None, (), None, missing("none"), listing(entry("first"), entry("first")), landed=1),
    Fault("no period, no moment", SEVERAL, ("no period", "no moment"), None, missing("none"), listing(entry("first"), entry("second", period="2025-13"), entry("third", delivered_at="yesterday")), landed=1),
    Fault("more deliveries than allowed", FINAL, ("more than 3", "limits.files"), 0, good, listing(*map(entry, "abcde")), limits={"files": 3}),
    # TLS
    Fault("certificate of another name", FINAL, ("a certificate that does not prove the host", "ca_file"), 0, good, tls="other.example"),
]  # fmt: skip


def by_name(fault: Fault) -> str:
    return fault.name
