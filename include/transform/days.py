"""From the text of a date to a day, as DuckDB expressions (S6).

A plain date, or a local time without an offset, is the day that it names. A moment, which is a time with an offset,
`Z` or a zone, is the day that it had in the zone of its row.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SERIAL_DAYS = ("excel1900", "excel1904")
"""Date formats that are a day's number in a workbook, by the two systems that there are."""
FOUR_DIGITS = "%Y"
"""A year of four digits in a date format."""
DIRECTIVE = re.compile(r"%-?[A-Za-z%]")
TIMES = frozenset("HIMSfgnpXc")
"""Directives that tell a time of day."""
OFFSET = re.compile(r"\s*\(?\s*(?:Z|UTC|GMT)?\s*(?:([+-])(\d{1,2})(?::?(\d\d))?)?\s*\)?\s*")
"""A fixed offset, written out at the end of a format: Z, UTC, +05:00, (UTC+5)."""
OFFSET_OF_A_DATE = "'(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})$'"


@dataclass(frozen=True)
class Zone:
    """The zone in which the moments of a row have their day.

    Attributes:
        name: IANA name for all rows that none of `others` names.
        region: SQL for the region code of a row; unused where there are no `others`.
        others: zone → codes of the regions that are in it.
    """

    name: str = "Asia/Almaty"
    region: str = ""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def day(self, moment: str) -> str:
        """SQL for the day of a moment (TIMESTAMP WITH TIME ZONE)."""
        local = f"timezone({_quoted(self.name)}, {moment})"
        if self.others:
            cases = (
                f"when {self.region} in ({', '.join(map(_quoted, codes))}) then timezone({_quoted(zone)}, {moment})"
                for zone, codes in self.others.items()
            )
            local = f"case {' '.join(cases)} else {local} end"
        return f"cast({local} as date)"


def day_of(raw: str, formats: Sequence[str], zone: Zone) -> str:
    """SQL for the day that a text names by the first format that fits; null where none does.

    Args:
        raw: SQL for the text.
        formats: strptime formats of DuckDB and `SERIAL_DAYS`, tried in order. Each is a call of its own: of a list
            of formats the engine lets a plain date take over the offset of the row above it.
        zone: where moments have their day.
    """
    tried = []
    for kind, group in itertools.groupby(formats, key=_kind):
        if kind in SERIAL_DAYS:
            tried.append(_serial_day(raw, kind))
            continue
        if kind == "moment":
            day = _first(zone.day(_moment(raw, each)) for each in group)
        elif kind == "date with an offset":
            bare = f"regexp_replace({raw}, {OFFSET_OF_A_DATE}, '')"
            day = _first(_plain(bare, re.sub("%z$", "", each)) for each in group)
        else:
            day = f"cast({_first(f'try_strptime({raw}, {_quoted(each)})' for each in group)} as date)"
        if kind == FOUR_DIGITS:  # the engine would take 25 for the year 25
            day = f"nullif(greatest({day}, date '0999-12-31'), date '0999-12-31')"
        tried.append(day)
    return _first(tried)


def is_moment(form: str) -> bool:
    """Whether what a strptime format reads is a moment: a time of day with an offset, `Z` or a zone."""
    return form not in SERIAL_DAYS and _kind(form) == "moment"


def _first(days: object) -> str:
    tried = list(days)  # type: ignore[call-overload]
    return tried[0] if len(tried) == 1 else f"coalesce({', '.join(tried)})"


def _kind(form: str) -> str:
    if form in SERIAL_DAYS:
        return form
    directives = {each[-1] for each in DIRECTIVE.findall(form)}
    if directives & TIMES:
        if directives & {"z", "Z"} or _fixed_offset(form) is not None:
            return "moment"
    elif form.endswith("%z"):  # a day, whatever the clock of who wrote it
        return "date with an offset"
    return FOUR_DIGITS if FOUR_DIGITS in form else ""


def _fixed_offset(form: str) -> int | None:
    """Minutes that the end of a format is ahead of UTC; None where it tells no offset."""
    end = DIRECTIVE.split(form)[-1]
    found = OFFSET.fullmatch(end)
    if not found or not end.strip(" ()"):
        return None
    sign, hours, minutes = found.groups("0")
    return (-1 if sign == "-" else 1) * (60 * int(hours) + int(minutes))


def _moment(raw: str, form: str) -> str:
    """SQL for the moment that a text tells."""
    offset = _fixed_offset(form)
    if offset is not None:
        shift = f" - interval '{offset} minutes'" if offset else ""
        return f"timezone('UTC', try_strptime({raw}, {_quoted(form)}){shift})"
    if form.endswith("%z"):  # which reads no Z
        raw = f"case when ends_with(upper({raw}), 'Z') then {raw}[:-2] || '+00' else {raw} end"
    return f"try_strptime({raw}, {_quoted(form)})"


def _plain(raw: str, form: str) -> str:
    return f"cast(try_strptime({raw}, {_quoted(form)}) as date)"


def _serial_day(raw: str, system: str) -> str:
    """The day that a workbook numbers so, up to 31 December 9999.

    In the system of 1900 day 1 is 1 January 1900, and day 60 is a 29 February that there was not: 60 is no day.
    In the system of 1904 day 0 is 1 January 1904. Source: ECMA-376 part 1, 18.17.4.
    """
    number = f"cast({raw} as integer)"
    if system == "excel1904":
        day = f"case when {number} <= 2957003 then date '1904-01-01' + {number} end"
    else:
        day = (
            f"case when {number} between 1 and 59 then date '1899-12-31' + {number} "
            f"when {number} between 61 and 2958465 then date '1899-12-30' + {number} end"
        )
    return f"case when regexp_full_match({raw}, '[0-9]{{1,7}}') then {day} end"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
