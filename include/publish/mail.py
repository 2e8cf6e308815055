"""The summaries of a release as letters: one for the national list, one for each regional headquarters.

A letter carries totals only (B9): it is made from figure cards and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import pyarrow as pa

from include.publish import numbers
from include.publish.cards import NATIONAL, FigureCard
from include.publish.facts import LANGUAGES, ReleaseFacts
from include.publish.headers import LETTER
from include.publish.page import environment, figure_row, grouped, region_name, region_title
from include.publish.recipients import Recipient, Recipients, Sender
from include.publish.texts import texts


@dataclass(frozen=True)
class Summary:
    """One finished letter, the same for the same release and recipient but for the date it is sent."""

    release_id: str
    recipient: Recipient
    sender: Sender
    message_id: str
    subject: str
    text: str
    html: str
    synthetic: bool

    @property
    def address(self) -> str:
        """The one address that the letter goes to."""
        return self.recipient.mailbox.address

    @property
    def language(self) -> str:
        """The language that the letter begins with."""
        return self.recipient.mailbox.language

    @property
    def body_sha256(self) -> str:
        """SHA-256 over subject and both parts; the date is no part of it."""
        return hashlib.sha256("\0".join((self.subject, self.text, self.html)).encode("utf-8")).hexdigest()

    def message(self, sent_at: datetime) -> EmailMessage:
        """The letter as multipart/alternative, plain text first."""
        mail = EmailMessage(policy=LETTER)
        mail["From"] = _address(self.sender.name, self.sender.address)
        mail["To"] = _address(self.recipient.mailbox.name, self.address)
        mail["Subject"] = self.subject
        mail["Date"] = format_datetime(sent_at)
        mail["Message-ID"] = self.message_id
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-ODCM-Release"] = self.release_id
        if self.synthetic:
            mail["X-ODCM-Synthetic"] = "yes"
        mail.set_content(self.text)
        mail.add_alternative(self.html, subtype="html")
        mail["Content-Language"] = ", ".join(_order(self.language))
        mail.set_boundary(f"=_{hashlib.sha256(self.message_id.encode()).hexdigest()[:40]}")
        return mail


def summaries(
    facts: ReleaseFacts,
    headlines: Sequence[FigureCard],
    regional: Sequence[FigureCard],
    regions: pa.Table,
    recipients: Recipients,
) -> list[Summary]:
    """One letter for each recipient, the national list first.

    Args:
        facts: of the release.
        headlines: national cards, for the national list.
        regional: cards of the regions; each headquarters gets its own and no other's.
        regions: codelists/regions.csv.
        recipients: who gets a letter.
    """
    cards = {NATIONAL: list(headlines)}
    for card in regional:
        cards.setdefault(card.region_code, []).append(card)
    return [
        _summary(facts, cards.get(each.region_code, []), regions, each, recipients)
        for each in recipients.everyone()
    ]


def message_id(release_id: str, address: str, domain: str) -> str:
    """The Message-ID of a release's letter to an address: always the same, so that a mail sent again is known."""
    key = hashlib.sha256(f"{release_id}\n{address.casefold()}".encode()).hexdigest()[:20]
    return f"<{key}.{release_id}@{domain}>"


def _summary(
    facts: ReleaseFacts,
    cards: Sequence[FigureCard],
    regions: pa.Table,
    recipient: Recipient,
    recipients: Recipients,
) -> Summary:
    order = _order(recipient.mailbox.language)
    views = [
        _view(language, facts, cards, regions, recipient.region_code, recipients.link) for language in order
    ]
    subject = _subject(facts, regions, recipient)
    filled: dict[str, Any] = {
        "facts": facts,
        "views": views,
        "synthetic": facts.synthetic,
        "subject": subject,
    }
    templates = environment()
    domain = recipients.sender.address.rpartition("@")[2]
    return Summary(
        release_id=facts.release_id,
        recipient=recipient,
        sender=recipients.sender,
        message_id=message_id(facts.release_id, recipient.mailbox.address, domain),
        subject=subject,
        text=templates.get_template("summary.txt.j2").render(filled),
        html=templates.get_template("summary.html.j2").render(filled),
        synthetic=facts.synthetic,
    )


def _subject(facts: ReleaseFacts, regions: pa.Table, recipient: Recipient) -> str:
    language = recipient.mailbox.language
    text = texts(language)
    kind = "national" if recipient.region_code == NATIONAL else "region"
    subject = text(
        f"mail.subject_{kind}",
        year=facts.year,
        release=facts.release_id,
        region=region_title(regions, recipient.region_code, language),
    )
    if not facts.synthetic:
        return subject
    marks = dict.fromkeys((text("synthetic_mark"), texts("en")("synthetic_mark")))
    return f"[{' / '.join(marks)}] {subject}"


def _view(
    language: str,
    facts: ReleaseFacts,
    cards: Sequence[FigureCard],
    regions: pa.Table,
    region_code: str,
    link: str | None,
) -> dict[str, Any]:
    text = texts(language)
    name = region_name(regions, region_code, language)
    kind = "national" if region_code == NATIONAL else "region"
    return {
        "language": language,
        "text": text,
        "heading": f"{region_title(regions, region_code, language)}. {text('year_results', year=facts.year)}",
        "intro": text(f"mail.intro_{kind}", year=facts.year, region=name),
        "stage": text(facts.stage),
        "as_at": text("as_at", moment=numbers.minute(facts.as_at, language)),
        "groups": grouped([figure_row(card, text) for card in cards], text),
        "partial": any(card.status == "p" for card in cards),
        "link": text("mail.link", link=link.format(release_id=facts.release_id)) if link else None,
    }


def _order(language: str) -> list[str]:
    return [language, *(other for other in LANGUAGES if other != language)]


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)
