"""A real file of another country's customs, read by a source definition alone: aggregates, fiscal years, pounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from include.contracts import codelist
from include.steps import ingest
from tests.end_to_end.country import Ingested, Place, ingest_feeds

FILE = Path(__file__).parents[3] / "shared" / "real" / "cbp_nationwide_drugs_fy2019_2022.csv"
FEED = "US-CBP/seizure_item"
KG_PER_LB = 0.45359237
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]

pytestmark = pytest.mark.skipif(
    not FILE.is_file(),
    reason=f"the real file is not part of the checkout: no {FILE.name} in shared/real beside it",
)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Ingested]]:
    """The file after one run of ingest."""
    place = Place(
        tmp_path_factory.mktemp("cbp") / "home", FILE.parent, sources=Path(__file__).parent / "cbp",
        now="2023-01-15T00:00:00+00:00",
    )  # fmt: skip
    allowed = tmp_path_factory.mktemp("allowed") / "deployment.yaml"
    allowed.write_text('roots: ["${CBP_FOLDER}"]\n', encoding="utf-8")
    with place.entered(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODCM_DEPLOYMENT", str(allowed))
        patch.setenv("CBP_FOLDER", str(FILE.parent))
        yield place, ingest_feeds([FEED])


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    """The file as pandas reads it; October to December of a fiscal year lie in the calendar year before."""
    frame = pd.read_csv(FILE)
    month = frame["Month (abbv)"].map({name: n for n, name in enumerate(MONTHS, 1)})
    frame["year"] = frame["FY"] - (month >= 10).astype(int)
    frame["kg"] = frame["Sum Qty (lbs)"] * KG_PER_LB
    return frame


def test_accepted_kilograms_by_drug_and_calendar_year_are_those_that_pandas_counts(
    taken: tuple[Place, Ingested], raw: pd.DataFrame
) -> None:
    factor = {row["code"]: float(row["to_base"]) * float(row["kg_per_base"] or "nan")
              for row in codelist("units").to_pylist()}  # fmt: skip
    found: dict[tuple[str, int], float] = {}
    for row in taken[0].rows("core", "seizure_item"):
        key = (row["substance_as_reported"], row["seized_on"].year)
        found[key] = found.get(key, 0) + row["quantity"] * factor[row["unit"]]
    expected: dict[Any, float] = raw.groupby(["Drug Type", "year"])["kg"].sum().to_dict()
    assert len(expected) > 20 and found == pytest.approx(expected, rel=1e-9)


def test_the_34_weights_of_zero_are_values_that_a_feed_of_aggregates_reports(
    taken: tuple[Place, Ingested], raw: pd.DataFrame
) -> None:
    rows = taken[0].rows("core", "seizure_item")
    lines = [line + 2 for line in raw.index[raw["Sum Qty (lbs)"] == 0]]  # the heading line is line 1
    zeros = [row for row in rows if row["quantity"] == 0]
    assert sorted(row["raw_row"] for row in zeros) == lines and len(lines) == 34
    assert taken[0].rows("quarantine", "seizure_item") == []


def test_every_row_of_the_file_is_accounted_for(taken: tuple[Place, Ingested], raw: pd.DataFrame) -> None:
    row = taken[0].balance()[FEED]
    assert (row.landed, row.quarantined, row.difference, row.waiting) == (len(raw), 0, 0, 0)
    assert row.accepted + row.duplicate == len(raw) and taken[1].refused == {}


def test_the_aggregates_say_how_many_seizures_they_stand_for(
    taken: tuple[Place, Ingested], raw: pd.DataFrame
) -> None:
    found = sum(row["seizures_n"] for row in taken[0].rows("core", "seizure_item"))
    assert found == raw["Count of Event"].sum()


def test_the_same_file_again_is_a_known_delivery(taken: tuple[Place, Ingested]) -> None:
    before = taken[0].balance()
    assert ingest.land(FEED)["known"] == 1 and ingest_feeds([FEED]).committed == {}
    assert taken[0].balance() == before
