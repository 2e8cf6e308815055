"""What the name of a file says: the period that it is for, and perhaps when it was handed over."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from include.sources.definition.transports import FolderTransport, SftpTransport
from include.sources.months import month_of
from include.sources.transports.moments import ALMATY

QUARTERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4} | {str(number): number for number in range(1, 5)}
TIME_OF_DAY = re.compile("%-?[HIMSXc]")


@dataclass(frozen=True)
class NamedFile:
    """The period, 2025-03 or 2025, and the moment of delivery in UTC; None where only the time stamp says it."""

    period: str
    delivered_at: datetime | None


class UnreadableName(ValueError):
    """A name that does not say what it should: what was found in it, and what was expected."""

    def __init__(self, found: str, expected: str, action: str = "Rename the file.") -> None:
        super().__init__(f"{found}; expected {expected}")
        self.found, self.expected, self.action = found, expected, action


def read_file_name(name: str, declared: FolderTransport | SftpTransport) -> NamedFile:
    """What a name says by the transport's patterns.

    A month is a number or a name in Kazakh, Russian or English; a year of two digits is one of this century; a quarter
    stands for its first month. A day of delivery begins at midnight UTC, which is that day in Kazakhstan; a time of day
    is one in Almaty.

    Raises:
        UnreadableName: it says no period, or a month or day that is none.
    """
    match = re.search(declared.name_pattern, unicodedata.normalize("NFC", name))
    if match is None:
        raise UnreadableName(
            "no period or day of delivery", f"a name that matches {declared.name_pattern}",
            "Rename the file, or mend transport.name_pattern.",
        )  # fmt: skip
    parts = {group: text for group, text in match.groupdict().items() if text}
    return NamedFile(_period(parts), _delivered(parts.get("delivered", ""), declared.delivered_format))


def _period(parts: dict[str, str]) -> str:
    year = parts.get("year", "")
    if not re.fullmatch(r"\d\d|\d{4}", year, re.ASCII):
        raise UnreadableName("a year that is none", "two or four digits")
    year = f"20{year}" if len(year) == 2 else year
    if "quarter" in parts:
        quarter = QUARTERS.get(parts["quarter"].lower())
        if quarter is None:
            raise UnreadableName("a quarter that is none", "1 to 4 or I to IV")
        return f"{year}-{quarter * 3 - 2:02}"
    if "month" not in parts:
        return year
    said = parts["month"]
    month = int(said) if said.isascii() and said.isdigit() else month_of(said)
    if not 1 <= month <= 12:
        raise UnreadableName("a month that is none", "01 to 12, or the name of a month")
    return f"{year}-{month:02}"


def _delivered(text: str, form: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.strptime(text, form)
    except ValueError:
        raise UnreadableName(
            "a day of delivery that is no day", f"{form} (transport.delivered_format)"
        ) from None
    return found.replace(tzinfo=ALMATY if TIME_OF_DAY.search(form) else UTC).astimezone(UTC)
