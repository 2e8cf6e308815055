"""Who gets the summaries: one national list and the headquarters of each region, from a YAML file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic import Field as Part

from include.publish.cards import NATIONAL

DEFAULT = Path(__file__).with_name("recipients.yaml")
Address = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}$")
]
Language = Literal["kk", "ru", "en"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\r\n]+$")]


class RecipientsError(ValueError):
    """The file of recipients cannot be used; the message names file, key, what was found and what is expected."""


class Mailbox(BaseModel):
    """One address, the name beside it, and the language its letter begins with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Address
    name: Name
    language: Language = "kk"


class Sender(BaseModel):
    """Whom the letters come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Address
    name: Name


class Recipient(BaseModel):
    """A mailbox and the region whose figures it gets: a region code, or KZ for the country."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mailbox: Mailbox
    region_code: str


class Recipients(BaseModel):
    """Sender, the national list and the mailboxes of each region; `link` may name {release_id}."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Sender
    national: Annotated[tuple[Mailbox, ...], Part(min_length=1)]
    regions: dict[str, Annotated[tuple[Mailbox, ...], Part(min_length=1)]]
    link: str | None = None

    def everyone(self) -> list[Recipient]:
        """All recipients: the national list first, then the regions by code."""
        listed = [Recipient(mailbox=mailbox, region_code=NATIONAL) for mailbox in self.national]
        for code in sorted(self.regions):
            listed += [Recipient(mailbox=mailbox, region_code=code) for mailbox in self.regions[code]]
        return listed


def read_recipients(path: Path, regions: Collection[str]) -> Recipients:
    """The recipients of a file, complete: every region has at least one mailbox and no address stands twice.

    Args:
        path: YAML file.
        regions: codes of the regions that have a headquarters.

    Raises:
        RecipientsError: names the file and every fault in it.
    """
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipientsError(f"{path.name}: there is no such file; ODCM_RECIPIENTS names it") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipientsError(f"{path.name}: not readable YAML in UTF-8: {error}") from None
    try:
        found = Recipients.model_validate(document)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}, found {fault.get('input')!r}"
            for fault in error.errors()
        )
        raise RecipientsError(f"{path.name}: {faults}") from None
    _complete(path, found, regions)
    return found


def _complete(path: Path, found: Recipients, regions: Collection[str]) -> None:
    faults = []
    if missing := sorted(set(regions) - set(found.regions)):
        faults.append(f"regions: no mailbox for {', '.join(missing)}; every region needs at least one")
    if unknown := sorted(set(found.regions) - set(regions)):
        faults.append(f"regions: {', '.join(unknown)}: no such region with a headquarters")
    addresses = [each.mailbox.address.casefold() for each in found.everyone()]
    if doubled := sorted({address for address in addresses if addresses.count(address) > 1}):
        faults.append(
            f"the same address stands twice: {', '.join(doubled)}; each gets one letter for a release"
        )
    if faults:
        raise RecipientsError(f"{path.name}: {'; '.join(faults)}")
