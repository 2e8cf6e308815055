"""Object stores, against a real one: what lands, what is known by its ETag, and every way in which it goes wrong.

The store is OpenStack Swift with its S3 interface, from its package (see `object_store`). What no sound store would
do - redirects, listings without end, answers that are no XML - is done by a small HTTP server.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from include.sources import (
    DeadlineExceeded,
    RetryableSourceError,
    SourceError,
    Surroundings,
    load_deployment,
    load_source,
    open_transport,
)
from include.sources.connections import from_environment
from tests.end_to_end.country import Place
from tests.end_to_end.small import FEED, GOOD, csv, small_place
from tests.faults import object_store
from tests.faults.doors import nobody
from tests.faults.landing_files import deliveries, land, reaching, whole
from tests.faults.names import look_ups_that_hang, made_up_names
from tests.faults.object_store import KEY, SECRET, ObjectStore
from tests.faults.relay import Relay

BEFORE, BAD, AFTER = "s_2025-02_20250305.csv", "s_2025-03_20250405.csv", "s_2025-04_20250505.csv"
EVERY = [BEFORE, BAD, AFTER]
CONTENT = {name: csv(GOOD, (name, *GOOD[1:])) for name in (BEFORE, AFTER)}
CONTENT[BAD] = csv(*[(str(number), *GOOD[1:]) for number in range(5_000)])
NAME = "store.example"
_numbers = count(1)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with object_store.running(tmp_path_factory.mktemp("store")) as found:
        yield found


class Prefix:
    """A prefix of a bucket of its own, and the same files on disk to compare with."""

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        self.store, self.folder, self.client = store, folder, store.client()
        self.bucket = f"synthetic-{next(_numbers)}"
        folder.mkdir()
        self.client.create_bucket(Bucket=self.bucket)
        for name, content in CONTENT.items():
            self.put(name, content)
        store.asked()

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/in"

    def put(self, name: str, content: bytes) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(content)
        self.client.put_object(Bucket=self.bucket, Key=f"in/{name}", Body=content)

    def fetched(self) -> list[str]:
        """The names of the objects that were fetched since the last time."""
        prefix = f"GET /{self.bucket}/in/"
        return sorted(line.removeprefix(prefix) for line in self.store.asked() if line.startswith(prefix))


@pytest.fixture
def prefix(store: ObjectStore, tmp_path: Path) -> Prefix:
    return Prefix(store, tmp_path / "same")


def place_of(folder: Path, url: str, **transport: Any) -> Place:
    declared = {
        "kind": "folder", "path": url, "connection": "source", "pattern": "*.csv", "deadline_s": 20,
        "name_pattern": r"(?P<year>\d{4})-(?P<month>\d{2})_(?P<delivered>\d{8})",
    }  # fmt: skip
    return small_place(folder / "place", transport=declared | transport)


def at(prefix: Prefix, folder: Path, **transport: Any) -> Any:
    """The place of a feed whose source is that prefix, entered."""
    return reaching(
        place_of(folder, transport.pop("path", prefix.url), **transport), folder, ports=[prefix.store.port],
        roots=[prefix.url], connection=prefix.store.connection(),
    )  # fmt: skip


# What goes well -------------------------------------------------------------------------------------------------


def test_objects_land_and_the_second_run_fetches_none_of_them(tmp_path: Path, prefix: Prefix) -> None:
    with at(prefix, tmp_path) as place:
        first = land()
        assert first.faults == [] and deliveries(place) == EVERY and whole(place, prefix.folder)
        assert prefix.fetched() == EVERY
        second = land()
        assert second.landed == {"feed_id": FEED, "new": 0, "known": 3, "bytes": 0}
        assert prefix.fetched() == []


def test_a_changed_object_is_a_new_delivery_and_the_others_are_not_fetched(
    tmp_path: Path, prefix: Prefix
) -> None:
    with at(prefix, tmp_path) as place:
        assert land().faults == []
        prefix.fetched()
        prefix.put(BAD, csv(GOOD))
        run = land()
        assert run.landed and (run.landed["new"], run.landed["known"]) == (1, 2)
        assert prefix.fetched() == [BAD] and deliveries(place) == sorted([*EVERY, BAD])


def test_a_listing_of_several_pages_is_read_to_its_end(tmp_path: Path, prefix: Prefix) -> None:
    more = [f"s_2025-{month:02}_20251231.csv" for month in range(5, 13)]
    for name in more:
        prefix.put(name, csv((name, *GOOD[1:])))
    with at(prefix, tmp_path) as place:
        assert land().faults == [] and deliveries(place) == sorted([*EVERY, *more])


def test_only_finished_objects_directly_under_the_prefix_are_looked_at(
    tmp_path: Path, prefix: Prefix
) -> None:
    for name in (f"{BAD}.part", f"{BAD}.filepart", f"{BAD}.tmp", f".{BAD}", f"~${BAD}", f"deeper/{BAD}"):
        prefix.put(name, b"half")
    with at(prefix, tmp_path, pattern="*") as place:
        assert land().faults == [] and deliveries(place) == EVERY


def test_an_object_whose_name_cannot_be_used_holds_back_itself_alone(tmp_path: Path, prefix: Prefix) -> None:
    prefix.client.put_object(Bucket=prefix.bucket, Key="in/s_2025-05_20250605\x07.csv", Body=b"x")
    with at(prefix, tmp_path) as place:
        run = land()
        assert run.kinds == [SourceError] and "a path or a control character" in run.said
        assert deliveries(place) == EVERY


# What goes wrong ------------------------------------------------------------------------------------------------


def test_an_object_that_is_replaced_after_the_listing_is_refused_and_asked_for_again(
    tmp_path: Path, prefix: Prefix
) -> None:
    with at(prefix, tmp_path) as place, transport(place, tmp_path) as opened:
        offers = {offer.name: offer for offer in opened.offered().deliveries}
        prefix.put(BAD, CONTENT[BAD][::-1])  # of the same size
        with pytest.raises(RetryableSourceError, match="a file that changed while it was read"):
            opened.fetch(offers[BAD], BytesIO())
        prefix.client.delete_object(Bucket=prefix.bucket, Key=f"in/{AFTER}")
        with pytest.raises(RetryableSourceError, match="a file that changed while it was read"):
            opened.fetch(offers[AFTER], BytesIO())
        kept = BytesIO()
        opened.fetch(offers[BEFORE], kept)
        assert kept.getvalue() == CONTENT[BEFORE]


def transport(place: Place, folder: Path) -> Any:
    source = load_source("KZ-43")
    assert source
    surroundings = Surroundings(
        variables={}, connect=from_environment, deployment=load_deployment({}), scratch=folder, memory={},
        landed=frozenset(), since="", now=datetime.now(UTC),
    )  # fmt: skip
    return open_transport(FEED, source.feeds["seizure_item"], surroundings)


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("wrong secret", {"password": "synthetic-wrong"}, {}, "no permission: HTTP status 403 (SignatureDoesNotMatch)"),
    ("unknown key", {"login": "synthetic:nobody"}, {}, "no permission: HTTP status 403"),
    ("no credentials", {"login": "", "password": ""}, {}, "HTTP status 412"),  # Swift's word for it
    ("missing bucket", {}, {"path": "s3://synthetic-none/in"}, "no such bucket"),
    ("nothing there", {}, {"path": "{url}/deeper"}, "nothing under this prefix"),
    ("outside of the root", {}, {"path": "{url}-other"}, "a place outside of the allowed stores"),
    ("upwards", {}, {"path": "{url}/../out"}, "a place outside of the allowed stores"),
    ("a prefix that begins alike", {}, {"path": "{url}x"}, "a place outside of the allowed stores"),
    ("host not allowed", {"extra": {"endpoint_url": "http://localhost:1"}}, {}, "a host that is not allowed"),
    ("default host", {"extra": {}}, {}, "a host that is not allowed"),
    ("no address", {"extra": {"endpoint_url": "ftp://127.0.0.1"}}, {}, "extra.endpoint_url: found no address"),
    ("another kind of store", {}, {"path": "gs://synthetic/in"}, "an address of another kind"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "declared", "said"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_what_is_wrong_with_a_connection_or_a_place_is_not_tried_again(
    tmp_path: Path, prefix: Prefix, changes: dict[str, Any], declared: dict[str, Any], said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    path = declared.get("path", "{url}").format(url=prefix.url)
    with reaching(
        place_of(tmp_path, path), tmp_path, ports=[prefix.store.port],
        roots=[prefix.url, "s3://synthetic-none"], connection=prefix.store.connection(**changes),
    ) as place:  # fmt: skip
        run = land()
        assert run.kinds == [SourceError] and said in run.said
        assert deliveries(place) == [] and whole(place, prefix.folder)
        no_secret(run.said + caplog.text)


def no_secret(text: str) -> None:
    for secret in (KEY, SECRET, "synthetic-wrong", "AWS4-HMAC", "127.0.0.1"):
        assert secret not in text


@pytest.mark.parametrize(("then", "deadline_s", "kind", "said"), [
    ("drip", 5, DeadlineExceeded, "found no end of it in time"),
    ("hold", 5, DeadlineExceeded, "found no end of it in time"),
    ("cut", 20, RetryableSourceError, "found no whole answer"),
    ("reset", 20, RetryableSourceError, "found no whole answer"),
])  # fmt: skip
def test_an_object_whose_bytes_stop_in_the_middle_is_not_taken_for_whole(
    tmp_path: Path, prefix: Prefix, then: Any, deadline_s: int, kind: type[SourceError], said: str
) -> None:
    with ExitStack() as open_now:
        relay = open_now.enter_context(Relay(prefix.store.port, passes=100_000, then=then))
        known = prefix.store.connection(relay.port)
        place = open_now.enter_context(
            reaching(
                place_of(tmp_path, prefix.url, deadline_s=deadline_s), tmp_path, ports=[relay.port], roots=[prefix.url],
                connection=known,
            )
        )  # fmt: skip
        run = land()
        assert run.kinds == [kind] and said in run.said and BAD in run.said
        assert run.held.kept(deadline_s)
        assert BEFORE in deliveries(place) and BAD not in deliveries(place) and whole(place, prefix.folder)


def test_more_or_larger_objects_than_the_deployment_allows_are_refused_before_they_are_fetched(
    tmp_path: Path, prefix: Prefix
) -> None:
    whole_size = len(CONTENT[BAD])
    for limits, said, landed in (
        ({"delivery_bytes": whole_size - 1}, "limits.delivery_bytes", [BEFORE, AFTER]),
        ({"files": 2}, "more than 2 files", []),
    ):
        folder = tmp_path / said.split()[-1]
        folder.mkdir()
        with reaching(
            place_of(folder, prefix.url), folder, ports=[prefix.store.port], roots=[prefix.url],
            connection=prefix.store.connection(), **limits,
        ) as place:  # fmt: skip
            run = land()
            assert run.kinds == [SourceError] and said in run.said
            assert deliveries(place) == prefix.fetched() == landed


# Where the store is ---------------------------------------------------------------------------------------------


def called(prefix: Prefix, folder: Path, port: int = 0, private: bool = True, **transport: Any) -> Any:
    """As `at`, but the store is known by a name."""
    port = port or prefix.store.port
    extra = prefix.store.connection(port)["extra"] | {"endpoint_url": f"http://{NAME}:{port}"}
    return reaching(
        place_of(folder, prefix.url, **transport), folder, ports=[port], roots=[prefix.url], host=NAME,
        private=private, connection=prefix.store.connection(extra=extra),
    )  # fmt: skip


def test_a_name_is_looked_up_once_in_a_run_and_its_address_is_kept(tmp_path: Path, prefix: Prefix) -> None:
    with called(prefix, tmp_path) as place, made_up_names() as names:
        names.addresses[NAME] = [["127.0.0.1"], ["10.0.0.1"]]  # rebound after the first answer
        assert land().faults == [] and deliveries(place) == EVERY
        assert names.asked == [NAME]


def test_a_name_with_an_inner_address_is_refused(tmp_path: Path, prefix: Prefix) -> None:
    with called(prefix, tmp_path, private=False), made_up_names() as names:
        names.addresses[NAME] = [["127.0.0.1"]]
        run = land()
        assert run.kinds == [SourceError] and "a host with an address that is not public" in run.said
        assert prefix.store.asked() == []


def test_a_look_up_that_hangs_ends_at_the_deadline(tmp_path: Path, prefix: Prefix) -> None:
    with called(prefix, tmp_path, deadline_s=1), look_ups_that_hang():
        run = land()
    assert run.kinds == [DeadlineExceeded] and run.held.reached(1)


def test_nothing_listens_there(tmp_path: Path, prefix: Prefix) -> None:
    with nobody() as port, called(prefix, tmp_path, port), made_up_names() as names:
        names.addresses[NAME] = [["127.0.0.1"]]
        run = land()
        assert run.kinds == [RetryableSourceError] and "listing: found no whole answer" in run.said


# A server that only says it is a store --------------------------------------------------------------------------

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>in/</Prefix>
<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>
<Contents><Key>in/s_2025-03_2025{number:04}.csv</Key><LastModified>2025-04-05T00:00:00.000Z</LastModified>
<ETag>"0"</ETag><Size>10</Size><StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>"""


class Pretender:
    """An HTTP server that answers each request in the same way."""

    def __init__(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.asked: list[dict[str, str]] = []
        numbers, pretender = count(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                pretender.asked.append(dict(self.headers))
                number = next(numbers)
                answer = body.replace("{number:04}", f"{number:04}").replace("{token}", f"t{number}").encode()
                self.send_response(status)
                for key, value in ({"Content-Length": str(len(answer))} | headers).items():
                    self.send_header(key, value)
                self.end_headers()
                with suppress(ConnectionError):
                    self.wfile.write(answer if self.command == "GET" else b"")

            do_HEAD = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._http.server_address[1]

    def __enter__(self) -> Pretender:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def pretending(
    folder: Path, status: int, body: str, *, connection: bool = True, deadline_s: float = 20, **headers: str
) -> Iterator[Pretender]:
    with Pretender(status, body, headers) as server:
        extra = {"endpoint_url": f"http://127.0.0.1:{server.port}"}
        known = {"conn_type": "aws", "login": KEY, "password": SECRET, "extra": extra}
        declared = place_of(folder, "s3://b/in", deadline_s=deadline_s)
        with reaching(
            declared, folder, ports=[server.port], roots=["s3://b/in"], connection=known, files=500, pages=50
        ) as place:
            yield server
            assert deliveries(place) == []


PRETENDED = [
    ("endless pages", 200, PAGE, RetryableSourceError, "listing: found no end of it"),
    ("repeated page", 200, PAGE.replace("{token}", "t"), RetryableSourceError, "listing: found no end of it"),
    ("half an answer", 200, PAGE[:300], RetryableSourceError, "expected 200 and all bytes"),
    ("HTML instead", 200, "<html><body>Sign in</body></html>", SourceError, "nothing under this prefix"),
    ("nothing instead", 200, "", SourceError, "nothing under this prefix"),
    ("slow down", 503, "<Error><Code>SlowDown</Code></Error>", RetryableSourceError, "HTTP status 503 (SlowDown)"),
    ("an error of its own", 500, "oops", RetryableSourceError, "HTTP status 500"),
    ("a redirect to nowhere", 301, "<Error><Code>PermanentRedirect</Code></Error>", RetryableSourceError, "no whole answer"),
    ("a code that is none", 400, "<Error><Code>x\x1b; drop</Code></Error>", SourceError, "HTTP status 400"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"), [p[1:] for p in PRETENDED], ids=[p[0] for p in PRETENDED]
)
def test_what_is_no_store_is_named_and_nothing_is_taken(
    tmp_path: Path, status: int, body: str, kind: type[SourceError], said: str, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    with pretending(tmp_path, status, body):
        run = land()
        assert run.kinds == [kind] and said in run.said and "\x1b" not in run.said, run.said
        no_secret(run.said + caplog.text)


def test_a_bucket_of_another_region_is_named(tmp_path: Path) -> None:
    body, region = "<Error><Code>PermanentRedirect</Code></Error>", {"x-amz-bucket-region": "eu-central-1"}
    with pretending(tmp_path, 301, body, **region):
        run = land()
        assert run.kinds == [SourceError]
        assert "HTTP status 301 (PermanentRedirect); expected 200. Check extra.region_name" in run.said


def test_a_body_shorter_than_announced_is_no_listing(tmp_path: Path) -> None:
    with pretending(tmp_path, 200, PAGE, deadline_s=2, **{"Content-Length": "100000"}):
        run = land()
        assert run.kinds == [DeadlineExceeded] and run.held.kept(2)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_to_another_address_is_not_followed(tmp_path: Path, host: str) -> None:
    with (
        Pretender(200, PAGE, {}) as other,
        pretending(tmp_path, 307, "", Location=f"http://{host}:{other.port}/b") as server,
    ):
        run = land()
        assert len(run.faults) == 1 and server.asked and not other.asked


def test_without_a_connection_nothing_is_signed_whatever_the_environment_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with Pretender(200, PAGE, {}) as server:
        extra = {"endpoint_url": f"http://127.0.0.1:{server.port}"}
        declared = place_of(tmp_path, "s3://b/in")
        known = {"conn_type": "aws", "extra": extra}
        with reaching(declared, tmp_path, ports=[server.port], roots=["s3://b"], connection=known, pages=1):
            land()
        assert server.asked and not any("Authorization" in headers for headers in server.asked)
