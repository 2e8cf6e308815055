"""Which date is which, where names do not say it: by the order that the contract's own checks ask of dates."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import pyarrow as pa

from include.contracts import Contract, RowCheck
from include.runtime.engine import connect
from include.sources.looking.dates import formats_of
from include.sources.looking.values import MARKS

MOST_COLUMNS = 7
AGAINST = 2.0
"""What it costs an assignment when every record breaks a check."""

Scores = Mapping[tuple[str, str], float]


def by_order(
    contract: Contract, texts: Mapping[str, Sequence[str]], fields: Sequence[str], names: Scores
) -> dict[str, str]:
    """The assignment of date columns to date fields that fits their names and breaks the fewest checks.

    Args:
        contract: of the dataset.
        texts: heading → its texts, of the columns to be assigned.
        fields: the date fields to be assigned.
        names: (field, heading) → how well the heading names the field, 0 to 1.

    Returns:
        field → heading; empty where there is nothing to compare, or too much.
    """
    checks = {check.id: pair for check in contract.checks if (pair := _pair(check, fields))}
    if not checks or not 2 <= len(texts) <= MOST_COLUMNS:
        return {}
    broken = _broken(contract, texts, checks)
    required = {field.name for field in contract.reported if field.required}
    filled = {heading: sum(map(bool, column)) / max(1, len(column)) for heading, column in texts.items()}

    def score(chosen: Mapping[str, str]) -> float:
        total = sum(names[field, heading] for field, heading in chosen.items())
        total -= sum(1 - filled[heading] for field, heading in chosen.items() if field in required)
        return total - AGAINST * sum(
            broken[check, chosen[one], chosen[other]]
            for check, (one, other) in checks.items()
            if one in chosen and other in chosen
        )

    size = min(len(fields), len(texts))
    ways = (
        dict(zip(some, headings, strict=True))
        for some in itertools.combinations(fields, size)
        for headings in itertools.permutations(texts, size)
    )
    return max(ways, key=score)


def _pair(check: RowCheck, fields: Sequence[str]) -> tuple[str, str] | None:
    """The two date fields that a check compares; None where it looks at others."""
    named = dict.fromkeys(re.findall(r"\w+_on\b", check.predicate))
    return tuple(named) if len(named) == 2 and set(named) <= set(fields) else None


def _broken(
    contract: Contract, texts: Mapping[str, Sequence[str]], checks: Mapping[str, tuple[str, str]]
) -> dict[tuple[str, str, str], float]:
    """(check, heading, heading) → the part of the records that break the check, were these its two fields."""
    headings = list(texts)
    dates = {f"d{n}": pa.array(map(_date, texts[heading]), pa.date32()) for n, heading in enumerate(headings)}
    predicates = {check.id: check.predicate for check in contract.checks}
    asked = [(check, n, m) for check in checks for n, m in itertools.permutations(range(len(headings)), 2)]
    with connect(threads=1) as con:
        con.register("dates", pa.table(dates))
        shares = [
            con.execute(
                f"select coalesce(avg(cast(not ({predicates[check]}) as integer)), 0) from "
                f"(select d{n} as {checks[check][0]}, d{m} as {checks[check][1]} from dates)"
            ).fetchall()[0][0]
            for check, n, m in asked
        ]
    return {
        (check, headings[n], headings[m]): float(share)
        for (check, n, m), share in zip(asked, shares, strict=True)
    }


def _date(text: str) -> date | None:
    text = text.rstrip(MARKS + " ")
    formats = formats_of(text)
    return datetime.strptime(text, formats[0]).date() if formats else None
