"""An answer that is not all there is never passes for one: members and headers that say so, items that come twice."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from include.sources import RetryableSourceError, SourceError
from include.sources.transports.http.repeats import Seen
from tests.faults.http_server import Request, Wire
from tests.faults.landing import asking
from tests.faults.place import JSON, item

NO_TOTAL = JSON | {"total": None}
ITEMS = [item(number) for number in range(1, 6)]


def month(**more: Any) -> dict[str, Any]:
    """A feed with one delivery, for January 2026."""
    return {"url": "{url}/reports", "deliveries": {"by": "month", "again": 1}} | more


def landed(folder: Path, answering: Any, form: Any = NO_TOTAL, **transport: Any) -> list[Any]:
    """The items that land."""
    with asking(folder, answering, month(**transport), format=form, rhythm={"since": "2026-01"}) as asked:
        asked.land()
        return asked.items()


def refused(folder: Path, answering: Any, form: Any = NO_TOTAL, **transport: Any) -> SourceError:
    """Why nothing lands."""
    with asking(folder, answering, month(**transport), format=form, rhythm={"since": "2026-01"}) as asked:
        with pytest.raises(SourceError) as raised:
            asked.land()
        assert asked.deliveries() == []
    return raised.value


# What an answer says of itself ------------------------------------------------------------------------------------

MORE: list[tuple[dict[str, Any], str]] = [
    ({"next": "https://api.example/?page=2"}, "next"),
    ({"next": 2}, "next"),
    ({"@odata.nextLink": "https://api.example/?$skip=2"}, "@odata.nextLink"),
    ({"@odata.count": 9}, "@odata.count"),
    ({"exceededTransferLimit": True}, "exceededTransferLimit"),
    ({"properties": {"exceededTransferLimit": True}}, "properties.exceededTransferLimit"),
    ({"count": 9}, "count"),
    ({"count": "9", "next": None}, "count"),
    ({"total": 4}, "total"),
    ({"meta": {"total": 9}}, "meta.total"),
    ({"links": {"next": "/reports?page=2"}}, "links.next"),
    ({"_links": {"next": {"href": "/reports?page=2"}}}, "_links.next"),
    ({"links": [{"rel": "self", "href": "/a"}, {"rel": "next", "href": "/b"}]}, "links"),
    ({"has_more": True}, "has_more"),
    ({"hasMore": "true"}, "hasMore"),
    ({"nextPageToken": "synthetic"}, "nextPageToken"),
    ({"response_metadata": {"next_cursor": "synthetic"}}, "response_metadata.next_cursor"),
    ({"paging": {"next": {"after": "7"}}}, "paging.next"),
    ({"pageInfo": {"hasNextPage": True}}, "pageInfo.hasNextPage"),
    ({"truncated": True}, "truncated"),
    ({"incomplete_results": True}, "incomplete_results"),
    ({"isLast": False}, "isLast"),
    ({"done": False, "nextRecordsUrl": "/query/2"}, "done"),
    ({"endOfRecords": False}, "endOfRecords"),
    ({"page": {"totalElements": 9, "totalPages": 2}}, "page.totalElements"),
    ({"last_page": 2}, "last_page"),
    ({"recordsTotal": 9}, "recordsTotal"),
    ({"total": {"value": 9, "relation": "gte"}}, "total"),
]


@pytest.mark.parametrize(("beside", "path"), MORE, ids=[str(beside) for beside, _ in MORE])
def test_an_answer_that_says_there_is_more_is_refused_and_the_key_to_declare_is_named(
    beside: dict[str, Any], path: str, tmp_path: Path
) -> None:
    def answer(request: Request, wire: Wire) -> None:
        wire.json({"items": ITEMS} | beside)

    error = refused(tmp_path / "refused", answer)
    assert type(error) is SourceError and path in str(error) and f"format.ignore: [{path}]" in str(error)
    others = [path, "nextRecordsUrl", "page.totalPages"]
    assert landed(tmp_path / "ignored", answer, NO_TOTAL | {"ignore": others}) == ITEMS


@pytest.mark.parametrize(
    "beside",
    [
        {"count": 5, "next": None, "previous": "https://api.example/?page=1"},
        {"total": 5, "pages": 1, "page": 1, "per_page": 500, "limit": 500, "offset": 0},
        {"meta": {"total": "5", "has_more": False, "next_cursor": ""}},
        {"links": [{"rel": "self", "href": "/a"}], "_links": {"next": None}},
        {"error": None, "errors": [], "status": "ok", "code": 200, "message": "", "success": True},
        {"error": {"code": 0, "message": "OK"}, "status": 200},
        {"page": {"size": 20, "totalElements": 5, "totalPages": 1, "number": 0}, "last": True},
        {"next_release": "2026-03-01", "description": "count", "facets": {"region": {"count": 12}}},
        {"total": 12.5, "hasMore": 0, "truncated": "false", "isLast": "true"},
    ],
)
def test_an_answer_that_says_it_is_whole_is_taken(beside: dict[str, Any], tmp_path: Path) -> None:
    assert landed(tmp_path, lambda request, wire: wire.json({"items": ITEMS} | beside)) == ITEMS


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"Link": '</reports?page=2>; rel="next"'}, "Link"),
        ({"X_Total_Count": "9"}, "X-Total-Count"),
        ({"X_Next_Page": "2", "X_Total_Pages": "2"}, "X-Next-Page"),
        ({"X_Has_More": "true"}, "X-Has-More"),
        ({"Content_Range": "items 0-4/9"}, "Content-Range"),
    ],
)
def test_a_header_that_says_there_is_more_is_heeded_too(
    headers: dict[str, str], name: str, tmp_path: Path
) -> None:
    def answer(request: Request, wire: Wire) -> None:
        wire.json({"items": ITEMS}, **headers)

    assert f"transport.ignore: [{name}]" in str(refused(tmp_path / "refused", answer))
    assert landed(tmp_path / "ignored", answer, ignore=[name, "x-total-pages"]) == ITEMS


def test_a_file_whose_header_names_a_next_page_is_not_the_whole_file(tmp_path: Path) -> None:
    def answer(request: Request, wire: Wire) -> None:
        wire.answer(b"a;b\r\n1;2\r\n", Content_Type="text/csv", Link='</reports?page=2>; rel="next"')

    assert "Link" in str(refused(tmp_path, answer, {"kind": "csv", "encoding": "utf-8"}))


@pytest.mark.parametrize(
    "beside",
    [
        {"error": "synthetic"},
        {"errors": [{"message": "synthetic"}]},
        {"status": "error"},
        {"success": False},
        {"status": 500, "message": "synthetic"},
        {"meta": {"error_code": 17}},
        {"@odata.error": {"code": "synthetic"}},
    ],
)
@pytest.mark.parametrize("items", [[], ITEMS], ids=["without items", "with items"])
def test_items_beside_an_error_are_no_report(
    items: list[Any], beside: dict[str, Any], tmp_path: Path
) -> None:
    good = {"items": ITEMS}
    first = lambda request, wire: wire.json({"items": items} | beside if len(wire.server.asked) < 2 else good)  # noqa: E731
    assert landed(tmp_path / "then good", first) == ITEMS
    error = refused(tmp_path / "always", lambda request, wire: wire.json({"items": items} | beside))
    assert type(error) is RetryableSourceError and "an error in the answer" in str(error)
    assert "synthetic" not in str(error)


# Pages --------------------------------------------------------------------------------------------------------


def test_the_address_of_the_next_page_may_stand_in_the_answer(tmp_path: Path) -> None:
    def answer(request: Request, wire: Wire) -> None:
        skip = int(request.query.get("$skip", "0"))
        beyond = {"@odata.nextLink": f"/reports?$skip={skip + 2}"} if skip + 2 < len(ITEMS) else {}
        wire.json({"@odata.count": 5, "items": ITEMS[skip : skip + 2]} | beyond)

    pages = {"by": "link", "next": "@odata.nextLink"}
    assert landed(tmp_path, answer, JSON | {"total": "@odata.count"}, pages=pages) == ITEMS


@pytest.mark.parametrize("by", ["page", "offset"])
def test_an_undeclared_total_that_the_pages_do_not_give_is_noticed(by: str, tmp_path: Path) -> None:
    """The source has nine, and answers with nothing after the fifth."""

    def answer(request: Request, wire: Wire) -> None:
        first = (int(request.query["page"]) - 1) * 2 if by == "page" else int(request.query["offset"])
        wire.json({"items": ITEMS[first : first + 2], "count": stated})

    stated = 9
    pages = {"by": by, "size": 2}
    assert "the 9 that count states" in str(refused(tmp_path / "refused", answer, pages=pages))
    stated = 5
    assert landed(tmp_path / "landed", answer, pages=pages) == ITEMS
    stated = 2  # of a page
    assert landed(tmp_path / "of a page", answer, pages=pages) == ITEMS


def test_pages_that_end_while_the_source_says_that_more_follows_are_refused(tmp_path: Path) -> None:
    def answer(request: Request, wire: Wire) -> None:
        first = (int(request.query["page"]) - 1) * 2
        wire.json({"items": ITEMS[first : first + 2], "has_more": first + 2 < 9})

    assert "has_more" in str(refused(tmp_path, answer, pages={"by": "page", "size": 2}))


def test_a_next_that_is_always_there_says_nothing_against_a_total_that_pages_gave(tmp_path: Path) -> None:
    """As CKAN answers."""

    def answer(request: Request, wire: Wire) -> None:
        first = int(request.query["offset"])
        result = {
            "records": ITEMS[first : first + 2],
            "total": 5,
            "_links": {"next": f"/r?offset={first + 2}"},
        }
        wire.json({"success": True, "result": result})

    form = JSON | {"items": "result.records", "total": "result.total"}
    with asking(
        tmp_path, answer, month(pages={"by": "offset", "size": 2}), format=form, rhythm={"since": "2026-01"}
    ) as asked:
        asked.land()
        assert len(asked.server.asked) == 3 and len(asked.deliveries()) == 1


@pytest.mark.parametrize("changed", [{}, {"Route": "synthetic"}], ids=["the same", "changed meanwhile"])
@pytest.mark.parametrize("by", ["page", "offset", "cursor", "link"])
def test_an_item_on_two_pages_shows_that_another_was_passed_over(
    by: str, changed: dict[str, str], tmp_path: Path
) -> None:
    """An item is put in at the front while the first page is read: the second begins with the last of the first."""

    def answer(request: Request, wire: Wire) -> None:
        place = int(request.query.get(by, "0"))
        first = (place - 1) * 2 if by == "page" else place
        items = ITEMS if first == 0 or not shifts else [item(9), *(each | changed for each in ITEMS)]
        after = first + 2
        link = {"Link": f'</reports?link={after}>; rel="next"'} if by == "link" and after < len(items) else {}
        follows = {"then": after if after < len(items) else None} if by == "cursor" else {}
        wire.json({"items": items[first:after]} | follows, **link)

    shifts = True
    pages = {"by": by, "size": 2} | ({"next": "then"} if by == "cursor" else {})
    error = refused(tmp_path / "refused", answer, pages=pages)
    assert type(error) is RetryableSourceError and "pages 1 and 2: found the same item on both" in str(error)
    assert len(landed(tmp_path / "allowed", answer, pages=pages | {"repeats": True})) == 6
    shifts = False
    assert landed(tmp_path / "still", answer, pages=pages) == ITEMS


def test_an_item_twice_on_one_page_is_for_judging(tmp_path: Path) -> None:
    def answer(request: Request, wire: Wire) -> None:
        wire.json({"items": [ITEMS[0], ITEMS[0]] if request.query["page"] == "1" else []})

    assert landed(tmp_path, answer, pages={"by": "page", "size": 2}) == [ITEMS[0], ITEMS[0]]


def test_what_is_remembered_of_an_item_is_small_however_large_it_is() -> None:
    seen = Seen()
    for page in range(20):
        seen.see({"no": page * 1000 + number, "text": "x" * 1000} for number in range(1000))
    tracemalloc.start()
    assert seen.repeated() is None
    seen.see([{"no": 4321, "text": "x" * 1000}])
    assert seen.repeated() == (5, 21)
    assert tracemalloc.get_traced_memory()[1] < 20_000 * 200
    tracemalloc.stop()
