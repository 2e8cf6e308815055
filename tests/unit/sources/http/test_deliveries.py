"""What counts as a delivery: months, what changed since, one document, and what is remembered of each."""

from __future__ import annotations

import gzip
import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sandbox.http import DEFAULT_TOKEN, serving
from include.sources import RetryableSourceError, SourceError
from include.steps import ingest
from tests.end_to_end.country import Place
from tests.end_to_end.small import GOOD, csv
from tests.faults.http_server import Request, Wire
from tests.faults.landing import Asked, asking
from tests.faults.place import JSON, files_below, item

NO_TOTAL = JSON | {"total": None}
CSV = {"kind": "csv", "encoding": "utf-8", "delimiter": ";"}
JANUARY, FEBRUARY = "2026-01-31T06:00:00+00:00", "2026-02-20T06:00:00+00:00"


# Months -------------------------------------------------------------------------------------------------------


def monthly(again: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "url": "{url}/reports/{year}/{month}",
        "parameters": {"from": "{first_day}", "to": "{last_day}", "before": "{next_first_day}"},
        "deliveries": {"by": "month", "again": again},
    } | more


VALIDATORS = {
    "ETag": ("ETag", "if-none-match"),
    "Last-Modified": ("Last_Modified", "if-modified-since"),
}


class Months:
    """Answers with a validator of its content, and says nothing where that still holds."""

    def __init__(self, validator: str = "ETag") -> None:
        self.content: dict[str, list[Any]] = {}
        self.broken: set[str] = set()
        self.validator = validator

    def answer(self, request: Request, wire: Wire) -> None:
        month = "-".join(request.path.split("/")[-2:])
        body = json.dumps({"items": self.content.get(month, [])}).encode()
        if month in self.broken:
            return wire.answer(b"synthetic", 404)
        name, asked_with = VALIDATORS[self.validator]
        digest = hashlib.sha256(body).digest()
        tag = (
            f'"{digest.hex()[:8]}"'
            if name == "ETag"
            else f"Sat, {digest[0] % 28 + 1:02} Jan 2026 10:00:00 GMT"
        )
        if request.headers.get(asked_with) == tag:
            return wire.head(304)
        return wire.answer(body, **{name: tag})


def paths(requests: list[Request]) -> list[str]:
    return [request.path.removeprefix("/reports/") for request in requests]


def test_every_month_since_the_first_is_asked_for_and_then_the_last_ones_again(tmp_path: Path) -> None:
    months = Months()
    with asking(tmp_path, months.answer, monthly(2), format=NO_TOTAL, rhythm={"since": "2025-11"}) as asked:
        first = asked.land(JANUARY)
        assert paths(first) == ["2025/11", "2025/12", "2026/01"]
        assert first[1].query == {"from": "2025-12-01", "to": "2025-12-31", "before": "2026-01-01"}
        assert paths(asked.land(FEBRUARY)) == ["2026/01", "2026/02"]
        assert [(d.period, d.name) for d in asked.deliveries()] == [
            (month, month) for month in ("2025-11", "2025-12", "2026-01", "2026-02")
        ]


def test_a_month_begins_when_it_begins_in_almaty(tmp_path: Path) -> None:
    months = Months()
    with asking(tmp_path, months.answer, monthly(), format=NO_TOTAL, rhythm={"since": "2025-12"}) as asked:
        assert paths(asked.land("2025-12-31T18:59:59+00:00")) == ["2025/12"]
        assert paths(asked.land("2025-12-31T19:00:00+00:00")) == ["2026/01"]


def test_a_month_that_did_not_land_is_asked_for_until_it_does(tmp_path: Path) -> None:
    months = Months()
    months.broken = {"2025-10"}
    with asking(tmp_path, months.answer, monthly(), format=NO_TOTAL, rhythm={"since": "2025-10"}) as asked:
        with pytest.raises(SourceError, match="2025-10: page 1: found HTTP status 404"):
            asked.land(JANUARY)
        assert len(asked.deliveries()) == 3
        months.broken = set()
        assert paths(asked.land(JANUARY)) == ["2025/10", "2026/01"]
        assert len(asked.deliveries()) == 4


@pytest.mark.parametrize("validator", VALIDATORS)
def test_what_did_not_change_is_not_sent_again_and_what_did_is_a_new_delivery(
    validator: str, tmp_path: Path
) -> None:
    months, header = Months(validator), VALIDATORS[validator][1]
    with asking(tmp_path, months.answer, monthly(), format=NO_TOTAL, rhythm={"since": "2026-01"}) as asked:
        assert header not in asked.land()[0].headers
        assert header in asked.land()[0].headers
        assert len(asked.deliveries()) == 1
        months.content["2026-01"] = [item(1)]
        asked.land()
        assert len(asked.deliveries()) == 2 and asked.items() == [item(1)]
        asked.land()
        assert len(asked.deliveries()) == 2


def test_what_a_run_that_failed_was_told_is_not_believed_by_the_next(tmp_path: Path) -> None:
    """A validator is kept once its delivery has landed; else the next run would be told that nothing is new."""

    def answer(request: Request, wire: Wire) -> None:
        if request.headers.get("if-none-match") == '"1"':
            return wire.head(304)
        body = b'{"items": []}' if len(wire.server.asked) > 4 else b'{"items": [' * 2
        return wire.answer(body, ETag='"1"')

    with asking(tmp_path, answer, monthly(), format=NO_TOTAL, rhythm={"since": "2026-01"}) as asked:
        with pytest.raises(RetryableSourceError, match="half of it"):
            asked.land()
        assert "if-none-match" not in asked.land()[0].headers
        assert len(asked.deliveries()) == 1


def test_validators_belong_to_their_address(tmp_path: Path) -> None:
    months = Months()
    with asking(tmp_path, months.answer, monthly(), format=NO_TOTAL, rhythm={"since": "2026-01"}) as asked:
        asked.land()
        assert asked.place.sources
        path = asked.place.sources / "KZ-43.yaml"
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))
        definition["feeds"]["seizure_item"]["transport"]["parameters"] = {"all": "yes"}
        path.write_text(yaml.safe_dump(definition, allow_unicode=True), encoding="utf-8")
        assert "if-none-match" not in asked.land()[0].headers


def test_pages_are_asked_for_without_validators(tmp_path: Path) -> None:
    months = Months()
    transport = monthly(pages={"by": "cursor", "next": "next"})
    with asking(tmp_path, months.answer, transport, format=NO_TOTAL, rhythm={"since": "2026-01"}) as asked:
        asked.land()
        assert "if-none-match" not in asked.land()[0].headers


# Since --------------------------------------------------------------------------------------------------------


class Changes:
    """Items with a field `at`, given from the asked one on, with or without the one itself."""

    def __init__(self, *at: Any, inclusive: bool = True) -> None:
        self.at, self.inclusive, self.fails = list(at), inclusive, False

    def answer(self, request: Request, wire: Wire) -> None:
        since = request.query["since"]
        later = [at for at in self.at if self._after(at, since)]
        page = int(request.query["page"])
        if self.fails and page == 2:
            return wire.answer(b"synthetic", 410)
        items = [item(self.at.index(at) + 1, at=at) for at in later[page - 1 : page]]
        return wire.json({"items": items, "pages": len(later)})

    def _after(self, at: Any, since: str) -> bool:
        order = (float(at), float(since)) if isinstance(at, int) else (str(at), since)
        return order[0] > order[1] or (self.inclusive and order[0] == order[1])


def since(start: str) -> dict[str, Any]:
    return {
        "url": "{url}/changes",
        "deliveries": {"by": "since", "field": "at", "start": start},
        "pages": {"by": "page", "size": 1, "pages": "pages"},
    }


def ats(asked: Asked) -> list[list[Any]]:
    """The field `at` of the items of each delivery."""
    return [
        [item["at"] for line in asked.bytes_of(delivery).splitlines() for item in json.loads(line)["items"]]
        for delivery in asked.deliveries()
    ]


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize(
    ("start", "first", "later"),
    [
        ("2025-01-01", ["2025-03-02T10:00:00+05:00", "2025-03-01"], "2025-03-02T11:00:00+05:00"),
        ("0", [9, 10], 11),
        ("a", ["b", "c"], "d"),
    ],
)
def test_each_run_asks_from_where_the_last_one_ended(
    inclusive: bool, start: str, first: list[Any], later: Any, tmp_path: Path
) -> None:
    changes = Changes(*first, inclusive=inclusive)
    with asking(tmp_path, changes.answer, since(start), format=NO_TOTAL) as asked:
        assert asked.land(JANUARY)[0].query["since"] == start
        newest = str(max(first))
        assert asked.land(FEBRUARY)[0].query["since"] == newest
        assert len(asked.deliveries()) == 1  # the same items at the watermark are nothing new
        changes.at.append(later)
        assert asked.land("2026-02-28T20:00:00+00:00")[0].query["since"] == newest
        assert asked.land("2026-03-02T20:00:00+00:00")[0].query["since"] == str(later)
        assert ats(asked) == [first, [max(first), later] if inclusive else [later]]
        assert [d.period for d in asked.deliveries()] == ["2026-01", "2026-03"]  # in Almaty


def test_another_item_at_the_watermark_is_new(tmp_path: Path) -> None:
    items = [item(1, at=5)]

    def answer(request: Request, wire: Wire) -> None:
        wire.json({"items": items, "pages": 1})

    with asking(tmp_path, answer, since("0"), format=NO_TOTAL) as asked:
        asked.land()
        asked.land()
        assert len(asked.deliveries()) == 1
        items.append(item(2, at=5))
        asked.land()
        assert len(asked.deliveries()) == 2
        items.reverse()
        asked.land()
        assert len(asked.deliveries()) == 2


def test_nothing_at_all_is_nothing_new_also_the_first_time(tmp_path: Path) -> None:
    with asking(tmp_path, Changes().answer, since("0"), format=NO_TOTAL) as asked:
        asked.land()
        assert asked.deliveries() == [] == files_below(asked.home.landing)


def test_a_run_that_fails_moves_no_watermark(tmp_path: Path) -> None:
    changes = Changes(1, 2, 3)
    changes.fails = True
    with asking(tmp_path, changes.answer, since("0"), format=NO_TOTAL) as asked:
        with pytest.raises(SourceError, match="page 2: found HTTP status 410"):
            asked.land()
        changes.fails = False
        assert asked.land()[0].query["since"] == "0"
        assert ats(asked) == [[1, 2, 3]]


def test_a_disk_that_fails_when_every_byte_came_moves_no_watermark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with asking(tmp_path, Changes(1, 2, 3).answer, since("0"), format=NO_TOTAL) as asked:
        with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
            patch.setattr("include.storage.landing.os.fsync", full)
            asked.land()
        assert asked.deliveries() == [] == files_below(asked.home.landing)
        assert asked.land()[0].query["since"] == "0"
        assert ats(asked) == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ((1, "2025-01-01"), "values at at that cannot be compared"),
        (({"a": 1},), "values at at that cannot be compared"),
        ((True,), "values at at that cannot be compared"),
        ((None, None), "no value at at"),
    ],
)
def test_values_that_cannot_be_compared_are_refused(at: tuple[Any, ...], said: str, tmp_path: Path) -> None:
    def answer(request: Request, wire: Wire) -> None:
        wire.json({"items": [item(1, at=value) for value in at], "pages": 1})

    with asking(tmp_path, answer, since("0"), format=NO_TOTAL) as asked:
        with pytest.raises(SourceError, match=said):
            asked.land()
        assert asked.deliveries() == []


def test_an_item_without_the_field_lands_and_moves_nothing(tmp_path: Path) -> None:
    def answer(request: Request, wire: Wire) -> None:
        wire.json({"items": [item(1, at=3), item(2)], "pages": 1})

    with asking(tmp_path, answer, since("0"), format=NO_TOTAL) as asked:
        asked.land()
        assert len(asked.items()) == 2
        assert asked.land()[0].query["since"] == "3"


# Documents ----------------------------------------------------------------------------------------------------


class Document:
    """One file, with the headers that it is given."""

    def __init__(self, content: bytes, **headers: str) -> None:
        self.content, self.headers = content, headers

    def answer(self, request: Request, wire: Wire) -> None:
        modified = self.headers.get("Last_Modified")
        if modified and request.headers.get("if-modified-since") == modified:
            return wire.head(304)
        return wire.answer(self.content, **self.headers)


DOCUMENT = {"url": "{url}/files/seizures.csv?key=synthetic", "deliveries": {"by": "document"}}


def test_a_document_lands_as_received_for_the_month_it_changed_in(tmp_path: Path) -> None:
    document = Document(csv(GOOD), Last_Modified="Fri, 31 Oct 2025 20:00:00 GMT")
    with asking(tmp_path, document.answer, DOCUMENT, format=CSV) as asked:
        asked.land()
        (delivery,) = asked.deliveries()
        assert (delivery.name, delivery.period) == ("seizures.csv", "2025-11")  # in Almaty
        assert asked.bytes_of(delivery) == csv(GOOD)
        assert "if-modified-since" in asked.land()[0].headers
        document.content = csv(GOOD, ("2", *GOOD[1:]))
        document.headers["Last_Modified"] = "Mon, 01 Dec 2025 10:00:00 GMT"
        asked.land()
        assert [d.period for d in asked.deliveries()] == ["2025-11", "2025-12"]


def test_a_document_without_validators_is_known_by_its_bytes_in_the_next_month_too(tmp_path: Path) -> None:
    document = Document(csv(GOOD))
    with asking(tmp_path, document.answer, DOCUMENT, format=CSV) as asked:
        asked.land(JANUARY)
        asked.land(FEBRUARY)
        assert [d.period for d in asked.deliveries()] == ["2026-01"]
        document.content = csv(GOOD, ("2", *GOOD[1:]))
        asked.land(FEBRUARY)
        assert [d.period for d in asked.deliveries()] == ["2026-01", "2026-02"]


def test_a_document_from_the_future_was_received_now(tmp_path: Path) -> None:
    document = Document(csv(GOOD), Last_Modified="Fri, 31 Dec 2100 20:00:00 GMT")
    with asking(tmp_path, document.answer, DOCUMENT, format=CSV) as asked:
        asked.land(JANUARY)
        (delivery,) = asked.deliveries()
        assert (delivery.period, delivery.received_at.year) == ("2026-01", 2026)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_document_may_come_compressed_or_in_chunks(chunked: bool, tmp_path: Path) -> None:
    content = csv(*[GOOD] * 200_000)  # 13 MB that compress 400 times: no bomb

    def answer(request: Request, wire: Wire) -> None:
        packed = gzip.compress(content, 9)
        if not chunked:
            return wire.answer(packed, Content_Encoding="gzip")
        wire.head(Transfer_Encoding="chunked", Content_Encoding="gzip")
        for start in range(0, len(packed), 1000):
            part = packed[start : start + 1000]
            wire.write(b"%x\r\n%s\r\n" % (len(part), part))
        return wire.write(b"0\r\n\r\n")

    with asking(tmp_path, answer, DOCUMENT, format=CSV) as asked:
        asked.land()
        assert asked.bytes_of(asked.deliveries()[0]) == content


@pytest.mark.parametrize(
    ("body", "media", "said"),
    [
        (b"<html><body>Login</body></html>", "text/html", "an HTML page"),
        (b"<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE html><html/>", "text/csv", "an HTML page"),
        (b"<div>Synthetic error</div>", "text/html; charset=utf-8", "an HTML page"),
        (b'{"error": "busy"}', "application/json", "a JSON answer"),
        (b'{"error": "busy"}', "application/problem+json", "a JSON answer"),
    ],
)
def test_a_page_or_a_message_instead_of_a_file_is_asked_for_again(
    body: bytes, media: str, said: str, tmp_path: Path
) -> None:
    def answer(request: Request, wire: Wire) -> None:
        if len(wire.server.asked) < 3:
            return wire.answer(body, Content_Type=media)
        return wire.answer(csv(GOOD), Content_Type="text/html")  # what many programs say of anything

    with asking(tmp_path, answer, DOCUMENT, format=CSV) as asked:
        asked.land()
        assert asked.bytes_of(asked.deliveries()[0]) == csv(GOOD)
    with asking(tmp_path / "again", Document(body, Content_Type=media).answer, DOCUMENT, format=CSV) as asked:
        with pytest.raises(RetryableSourceError, match=said) as raised:
            asked.land()
        assert "synthetic" not in str(raised.value) and asked.deliveries() == []


# Size ---------------------------------------------------------------------------------------------------------

MEGABYTE = b"synthetic;row\n" * 74_899  # of rows


class Large:
    """A body without length and without end, or of so many megabytes; says how much of it was taken."""

    def __init__(self, megabytes: int | None = None) -> None:
        self.megabytes, self.sent = megabytes, 0

    def answer(self, request: Request, wire: Wire) -> None:
        wire.head(Content_Type="text/csv", Connection="close")
        while self.megabytes is None or self.sent < self.megabytes:
            wire.write(MEGABYTE)
            self.sent += 1
        wire.close()


def test_a_large_document_goes_to_disk_and_is_never_in_memory(tmp_path: Path) -> None:
    large = Large(megabytes=96)
    with asking(tmp_path, large.answer, DOCUMENT, format=CSV) as asked:
        tracemalloc.start()
        try:
            asked.land()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        (delivery,) = asked.deliveries()
        assert delivery.size_bytes == 96 * len(MEGABYTE)
        assert peak < 12 << 20, f"{peak >> 20} MB"


def test_a_body_without_end_is_given_up_at_the_limit_and_not_after_it(tmp_path: Path) -> None:
    large = Large()
    limits = {"delivery_bytes": 20 << 20}
    with asking(tmp_path, large.answer, DOCUMENT, format=CSV, limits=limits) as asked:
        with pytest.raises(SourceError, match=f"more than {20 << 20} bytes; expected no more than limits.delivery_bytes"):  # fmt: skip
            asked.land()
        assert asked.deliveries() == [] == files_below(asked.home.landing)
        assert files_below(asked.home.restricted / "scratch") == []
    assert large.sent <= 20 + 16  # what both sides of a connection hold in between


# A list, and the sandbox --------------------------------------------------------------------------------------


def test_a_listed_delivery_is_fetched_by_its_id_and_keeps_what_the_list_says(tmp_path: Path) -> None:
    def answer(request: Request, wire: Wire) -> None:
        if request.path == "/list":
            page = int(request.query["page"])
            found = [("отчёт № 7.csv", "2025-03", "2025-04-05T10:00"), (8, "2025-01", "2025-02-10T00:00:00Z")]
            entry = dict(zip(("no", "for", "on"), found[page - 1], strict=True))
            return wire.json({"data": {"all": [entry]}, "pages": 2})
        return wire.answer(csv(GOOD) + request.path.encode())

    transport = {
        "url": "{url}/files/{id}/content",
        "deliveries": {
            "by": "list", "url": "{url}/list", "items": "data.all", "id": "no", "period": "for",
            "delivered_at": "on",
        },
    }  # fmt: skip
    with asking(tmp_path, answer, transport, format=CSV) as asked:
        asked.land()
        found = [(d.name, d.period, d.received_at.isoformat()) for d in asked.deliveries()]
    assert found == [
        ("8", "2025-01", "2025-02-10T00:00:00+00:00"),
        ("отчёт № 7.csv", "2025-03", "2025-04-05T05:00:00+00:00"),
    ]
    assert asked.server.paths()[2:] == [
        "/files/8/content",
        "/files/%D0%BE%D1%82%D1%87%D1%91%D1%82%20%E2%84%96%207.csv/content",
    ]


@pytest.mark.parametrize("token", [DEFAULT_TOKEN, "wrong"])
def test_the_api_of_the_sandbox_is_read_with_the_token_of_its_connection(token: str, tmp_path: Path) -> None:
    record = {
        "recordNumber": "71-2025-0001", "region": "KZ-71", "platformType": "telegram", "resourceUrl": "t.me/made_up_shop",
        "violation": "drugs", "detectedOn": "2025-03-01", "blockedOn": "2025-03-09",
    }  # fmt: skip
    feed = "KZ-71/blocking_record"
    for number, name in enumerate(("2025-03_20250405", "2025-04_20250505")):
        path = tmp_path / "sandbox" / "api" / feed / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        moment = f"2025-0{4 + number}-05T04:00:00Z"
        document = {"id": name, "period": name[:7], "delivered_at": moment, "items": [record] * number}
        path.write_text(json.dumps(document))
    with serving(tmp_path / "sandbox", token) as address:
        place = Place(tmp_path / "home", tmp_path / "sandbox", address)
        with place.entered():
            if token == "wrong":
                with pytest.raises(SourceError, match="list of deliveries: page 1: found HTTP status 401"):
                    ingest.land(feed)
                return
            landed = ingest.land(feed)
            assert (landed["new"], landed["known"]) == (2, 0)
            assert ingest.land(feed)["known"] == 2
    with pytest.raises(SourceError, match="a connection that broke"), place.entered():
        ingest.land(feed)
