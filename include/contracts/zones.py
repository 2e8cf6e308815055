"""Kazakhstan's clocks: the time zone of each region, by its IANA name, whose history tzdata keeps.

Most regions were at UTC+6 until 29 February 2024 and are at UTC+5 since; Kyzylorda, Aktobe, Mangystau, Atyrau and
West Kazakhstan were at UTC+5 before.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from include.contracts.codelists import codelist

ALMATY = ZoneInfo("Asia/Almaty")
"""The zone of the country's offices. No region is ahead of it, so that no region has a later day."""


def region_zones() -> dict[str, str]:
    """Region code → IANA name of its zone, as the code list of regions has them."""
    regions = codelist("regions")
    return dict(zip(regions["code"].to_pylist(), regions["zone"].to_pylist(), strict=True))


def day_in_kazakhstan(moment: datetime) -> date:
    """The day of a moment in Kazakhstan; of two regions with different days the later one."""
    return moment.astimezone(ALMATY).date()
