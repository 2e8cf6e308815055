"""The API wants its token and serves pages; the mailbox keeps every mail."""

import json
import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests

from include.sandbox.http import DEFAULT_TOKEN, Misbehaviour, serving
from include.sandbox.smtp import mails, server

FEED = "/KZ-71/blocking_record/deliveries"
TOKEN = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[str]:
    with serving(folder) as address:
        yield address


def get(address: str, **parameters: int) -> Any:
    answer = requests.get(address, params=parameters, headers=TOKEN, timeout=10)
    answer.raise_for_status()
    return answer.json()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": DEFAULT_TOKEN}])
def test_without_the_token_there_is_nothing_to_see(api: str, headers: dict[str, str]) -> None:
    assert requests.get(api + FEED, headers=headers, timeout=10).status_code == 401


def test_all_deliveries_are_listed_over_two_pages(api: str) -> None:
    pages = [get(api + FEED, page=page) for page in (1, 2)]
    assert [page["pages"] for page in pages] == [2, 2]
    assert len({d["id"] for page in pages for d in page["deliveries"]}) == 13
    assert pages[0]["deliveries"][0].keys() == {"id", "period", "delivered_at"}


def test_the_pages_of_a_delivery_hold_each_item_once(api: str, folder: Path) -> None:
    path = next(folder.glob("api/KZ-71/blocking_record/2025-03_*.json"))
    items: list[object] = []
    pages = 1
    while len(items) < 10_000 and pages:
        answer = get(f"{api}{FEED}/{path.stem}", page=pages, page_size=40)
        items += answer["items"]
        assert answer["total"] > 40
        pages = pages + 1 if pages < answer["pages"] else 0
    assert items == json.loads(path.read_bytes())["items"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/KZ-71/nothing/deliveries", 404),
        ("/KZ-71/blocking_record/deliveries/none", 404),
        (f"{FEED}?page=9", 404),
        (f"{FEED}?page=-1", 400),
        (f"{FEED}?page=one", 400),
        ("/..%2f..%2fetc/passwd/deliveries", 404),
    ],
)
def test_what_does_not_exist_is_said_so(api: str, path: str, status: int) -> None:
    assert requests.get(api + path, headers=TOKEN, timeout=10).status_code == status


def test_an_api_can_be_made_to_fail_to_stop_and_to_forget(folder: Path) -> None:
    path = next(folder.glob("api/KZ-71/blocking_record/2025-03_*.json"))
    answers = {}
    ways: tuple[Misbehaviour, ...] = ("fails", "stops", "forgets")
    for how in ways:
        with serving(folder, misbehaves={"KZ-71/blocking_record": how}) as address:
            answers[how] = requests.get(
                f"{address}{FEED}/{path.stem}", params={"page_size": 10_000}, headers=TOKEN, timeout=10
            )
    assert answers["fails"].status_code == 500
    assert "content-length" not in answers["stops"].headers
    with pytest.raises(json.JSONDecodeError):
        answers["stops"].json()
    assert len(answers["forgets"].json()["items"]) == answers["forgets"].json()["total"] - 1


def test_a_mail_is_kept_as_a_file_with_its_recipient(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = (
        "Synthetic",
        "odcm@synthetic.example",
        "staff@synthetic.example",
    )
    mail.set_content("Қазақша мәтін")
    mail.add_alternative("<p>Қазақша мәтін</p>", subtype="html")
    controller = server(tmp_path, port)
    controller.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            smtp.send_message(mail)
            smtp.send_message(mail, to_addrs=["second@synthetic.example"])
    finally:
        controller.stop()
    kept = mails(tmp_path)
    assert [m["X-Rcpt-To"] for m in kept] == ["staff@synthetic.example", "second@synthetic.example"]
    assert [part.get_content_type() for part in kept[0].walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
