"""Which of two deliveries is the newer one: declared moment, own time stamp, name in natural order."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from include.ledger.order import natural, order_of

DAY = datetime(2025, 4, 4, tzinfo=UTC)


@dataclass(frozen=True)
class One:
    """A delivery: what its order is read from."""

    name: str = "a.csv"
    received_at: datetime = DAY
    stamped_at: datetime | None = DAY + timedelta(hours=3)
    delivery_id: str = "f"


@pytest.mark.parametrize(
    "names",
    [
        ("a_2025-03_20250404.csv", "a_2025-03_20250404_v2.csv", "a_2025-03_20250404_v10.csv"),
        ("report.xlsx", "report (2).xlsx", "report (10).xlsx"),
        ("report.csv.gz", "report-2.csv.gz", "report-11.csv.gz"),
        ("Отчёт.csv", "отчёт_испр2.csv", "Отчёт_испр10.csv"),
        ("data.xlsx", "data.v2.xlsx"),
        ("n1.csv", "n٢.csv", "n03.csv"),
        ("7.csv", "a.csv"),
    ],
)
def test_names_are_ordered_as_people_count(names: tuple[str, ...]) -> None:
    for shuffled in itertools.permutations(names):
        assert tuple(sorted(shuffled, key=natural)) == names


def test_a_declared_moment_counts_before_the_stamp_and_that_before_the_name() -> None:
    oldest_first = [
        One("z.csv", DAY, DAY + timedelta(days=9), "z"),
        One("c.csv", DAY + timedelta(days=1), DAY, "y"),
        One("b.csv", DAY + timedelta(days=1), DAY + timedelta(hours=1), "x"),
        One("b2.csv", DAY + timedelta(days=1), DAY + timedelta(hours=1), "w"),
        One("b10.csv", DAY + timedelta(days=1), DAY + timedelta(hours=1), "v"),
        One("b10.csv", DAY + timedelta(days=1), DAY + timedelta(hours=1), "w"),
    ]
    newest_first = list(reversed(oldest_first))
    assert sorted(newest_first, key=order_of) == oldest_first


def test_deliveries_recorded_without_a_stamp_keep_the_order_of_their_ids() -> None:
    first, second, stamped = One("z.csv", DAY, None, "a"), One("a.csv", DAY, None, "b"), One("a.csv", DAY)
    assert sorted([stamped, second, first], key=order_of) == [first, second, stamped]
