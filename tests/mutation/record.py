"""What a source reports in one record, and what its file is once it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

AGENCIES = {"МВД": "mia_police", "КНБ": "knb"}  # as written, and its code
UNITS = {"г": "g", "кг": "kg", "таблеток": "tablet"}


@dataclass(frozen=True)
class Record:
    """number: a token; day: 2025-03-05; quantity: 1234.5; torn: written as what is no whole row."""

    number: str
    day: str
    substance: str
    quantity: str
    unit: str
    agency: str
    packaging: str
    torn: bool = False

    @property
    def accepted(self) -> tuple[object, ...]:
        """As core has it."""
        return (
            self.number, self.day, self.substance, float(self.quantity), UNITS[self.unit], AGENCIES[self.agency],
            self.packaging.strip(),
        )  # fmt: skip

    @property
    def date(self) -> date:
        """The day as such."""
        return date.fromisoformat(self.day)

    def cells(self, day: str, quantity: str) -> list[str]:
        """The texts in the order of the headings, day and quantity as the source writes them."""
        return [self.number, day, self.substance, quantity, self.unit, self.agency, self.packaging]


@dataclass
class Written:
    """A file: its bytes; by token, the bytes of each record that stands in one piece, and its raw_row."""

    content: bytes = b""
    pieces: dict[str, bytes] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def place(self, record: Record, raw_row: int, piece: bytes = b"") -> None:
        """Note where a record stands first."""
        self.places.setdefault(record.number, raw_row)
        if piece:
            self.pieces.setdefault(record.number, piece)
