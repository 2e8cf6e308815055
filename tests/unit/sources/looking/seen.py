"""A sample that a test writes, and what is proposed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.sources.looking import Decision, Given, Proposal, propose, take

LABORATORIES = (
    ("Номер", "Дата ликвидации", "Орган", "Тип лаборатории", "№ ЕРДР"),
    ("С-1", "14.03.2025", "ДП", "синтетическая", "СИНТ-1"),
    ("С-2", "25.03.2025", "КНБ", "выращивание", "СИНТ-2"),
    ("С-3", "31.03.2025", "ДП", "экстракция", "СИНТ-3"),
)
Row = Sequence[str]


@dataclass(frozen=True)
class Seen:
    """A proposal, by the parts that tests ask about."""

    proposal: Proposal
    dataset: str

    @property
    def feed(self) -> dict[str, Any]:
        found: dict[str, Any] = self.proposal.document["feeds"][self.dataset]
        return found

    @property
    def format(self) -> dict[str, Any]:
        found: dict[str, Any] = self.feed["format"]
        return found

    @property
    def fields(self) -> dict[str, Any]:
        found: dict[str, Any] = self.feed["fields"]
        return found

    @property
    def open(self) -> list[str]:
        return self.proposal.open

    def asked(self, key: str) -> list[Decision]:
        """What a person must decide about a key."""
        return [each for each in self.proposal.decisions if each.key == key]

    def told(self, key: str) -> list[Decision]:
        """What is said beside a key as for every source, without being asked."""
        return [each for each in self.proposal.usual if each.key == key]


def seen(
    folder: Path,
    content: bytes,
    dataset: str = "laboratory",
    name: str = "report_2025-03_20250404.csv",
    regions: tuple[str, ...] = ("KZ-43",),
    **given: Any,
) -> Seen:
    """What is proposed for a file with this content."""
    path = folder / name
    path.write_bytes(content)
    said = Given(given.pop("source", "KZ-43"), dataset, regions=regions, **given)
    return Seen(propose(take(path, f"KZ-43/{dataset}"), said), dataset)


def table(*rows: Row, sign: str = ";", end: str = "\r\n") -> str:
    """Delimited text without quotes."""
    return "".join(sign.join(row) + end for row in rows)


def column(heading: str, *texts: str, beside: str = "№") -> bytes:
    """Two columns: a number for each record, and these texts."""
    rows = [(str(number), text) for number, text in enumerate(texts, 1)]
    return table((beside, heading), *rows).encode()
