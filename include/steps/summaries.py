"""Summaries of a published release by e-mail: the national list and each regional headquarters, once each.

Order for each recipient: enqueue → claim → send → mark. The outbox in the ledger remembers what was sent, so a second
run sends nothing twice. One gap cannot be closed by anyone who sends mail: a process that dies after the server took
the letter and before the ledger noted it leaves a claimed letter of which nobody knows. The next run sends it again
with the same Message-ID, by which mail programs recognise it as the same letter. A lock keeps two senders of one
release apart, so that a claimed letter without a live sender is such a case.
"""

from __future__ import annotations

import json
import os
import smtplib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

from include.contracts import codelist
from include.ledger import Ledger, ReleaseRow
from include.publish import FigureCard, ReleaseFacts, Summary, read_recipients, summaries
from include.publish.recipients import DEFAULT, Recipients, Sender
from include.publish.smtp import Postman, Server
from include.steps import clock
from include.steps.context import open_ledger
from include.storage import publish as folders
from include.storage.home import Home


class SummariesError(RuntimeError):
    """Some letters could not be sent; the others were. The message counts them and names the first faults."""


class Sent(TypedDict):
    """Letters sent now, and those that had been sent before."""

    release_id: str
    sent: int
    already: int


def send(release_id: str, smtp: Mapping[str, Any] | None = None, home: Home | None = None) -> Sent:
    """Send the summary of a published release to everyone who has not had it.

    Args:
        release_id: a published release.
        smtp: host, port, user, password, tls (none, starttls, tls), sender; where not given, ODCM_SMTP.
        home: home folder.

    Raises:
        SummariesError: the release is not published; or some recipients failed, after all others were served.
            Run it again: only those are tried.
        RecipientsError, MailSetupError: the file of recipients or the mail server is not usable; nothing was sent.
        Busy: another process is sending this release's letters.
    """
    home = home or Home.from_environment()
    server = Server.from_mapping(smtp) if smtp else Server.from_environment()
    with folders.alone(home, f"{release_id}.mail"), open_ledger(home) as ledger:
        letters = _letters(home, ledger, release_id, server.sender)
        _enqueue(ledger, release_id, letters)
        with Postman(server) as postman:
            sent, failed = _deliver(ledger, release_id, letters, postman)
    if failed:
        listed = "; ".join(f"{address}: {fault}" for address, fault in list(failed.items())[:3])
        raise SummariesError(
            f"release {release_id}: {sent} letter(s) sent, {len(failed)} not ({listed}); run it again to try those"
        )
    return {"release_id": release_id, "sent": sent, "already": len(letters) - sent}


def preview(release_id: str, home: Home | None = None) -> list[Summary]:
    """The letters of a published release as they would be sent; nothing is sent or noted."""
    home = home or Home.from_environment()
    with open_ledger(home) as ledger:
        return _letters(home, ledger, release_id, None)


def _enqueue(ledger: Ledger, release_id: str, letters: list[Summary]) -> None:
    for letter in letters:
        ledger.enqueue(release_id, letter.address, letter.message_id, letter.body_sha256, letter.language)
    for row in ledger.outbox(release_id, state="sending"):
        # Nobody else sends: we hold the lock. Its sender died, and the letter goes out again (same Message-ID).
        ledger.mark_failed(release_id, row.recipient, "the sender stopped before the answer was noted")


def _deliver(
    ledger: Ledger, release_id: str, letters: list[Summary], postman: Postman
) -> tuple[int, dict[str, str]]:
    sent, failed = 0, {}
    for letter in letters:
        if not ledger.claim(release_id, letter.address):
            continue
        try:
            postman.send(letter.message(clock.now()))
        except (smtplib.SMTPException, OSError) as error:
            failed[letter.address] = _fault(error)
            ledger.mark_failed(release_id, letter.address, failed[letter.address])
            continue
        ledger.mark_sent(release_id, letter.address, clock.now())
        sent += 1
    return sent, failed


def _fault(error: Exception) -> str:
    """The server's words without addresses of others or what was said at login."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "the mail server refused the login"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return f"refused by the mail server: {code} {_plain(words)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"refused by the mail server: {error.smtp_code} {_plain(error.smtp_error)}"
    return f"no mail server could be reached or it broke off ({type(error).__name__}: {error})"


def _plain(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:200]


def _letters(home: Home, ledger: Ledger, release_id: str, sender: str | None) -> list[Summary]:
    row = ledger.release(release_id)
    if row.state != "published":
        raise SummariesError(f"release {release_id} is {row.state}: publish it before telling anyone")
    folder = folders.release_folder(home, release_id)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    recipients = _recipients(sender)
    return summaries(
        _facts(row, manifest),
        _cards(folder / "figures.json"),
        _cards(folder / "figures_by_region.json"),
        codelist("regions"),
        recipients,
    )


def _recipients(sender: str | None) -> Recipients:
    path = Path(os.environ.get("ODCM_RECIPIENTS") or DEFAULT)
    regions = codelist("regions").to_pylist()
    found = read_recipients(path, [row["code"] for row in regions if row["kind"] != "national"])
    if sender is None:
        return found
    return found.model_copy(update={"sender": Sender(address=sender, name=found.sender.name)})


def _cards(path: Path) -> list[FigureCard]:
    return [FigureCard.model_validate(card) for card in json.loads(path.read_bytes())["figures"]]


def _facts(row: ReleaseRow, manifest: dict[str, Any]) -> ReleaseFacts:
    return ReleaseFacts(
        release_id=row.release_id,
        year=row.year,
        number=row.number,
        stage=row.stage,
        as_at=datetime.fromisoformat(manifest["as_at"]),
        rules_version=manifest["rules_version"],
        factor_table_version=manifest["factor_table_version"],
        code_version=manifest["code_version"],
        synthetic=manifest["synthetic"],
        batches=(),
        reason=row.reason,
    )
