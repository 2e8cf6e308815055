"""The release over what the counting rules really give: every report came in, and nothing had happened."""

import pyarrow as pa

from include.contracts import DATASETS, codelist, load, names
from include.publish import headline_cards, problems, regional_cards, release_files, release_tables
from include.publish.regions import by_region
from include.statistics import ORDER, REPORTS, STATES, Inputs, build


def reports(sample, years, without=()):
    rows = [
        {"dataset": dataset, "source_id": region, "region_code": region, "year": year, "month": month}
        for dataset in DATASETS
        for region in sample.REGIONS
        for year in years
        for month in range(1, 13)
        if (region, year, month) not in without
    ]
    return pa.Table.from_pylist(rows, REPORTS)


def test_counted_marts_become_a_release_in_which_zero_and_missing_differ(sample):
    silent = {("KZ-62", 2025, month) for month in range(1, 13)}
    expected, received = (reports(sample, (2024, 2025), without) for without in ((), silent))
    marts = build(
        Inputs({}, {}, ORDER.empty_table(), ["b1"], expected, received, STATES.empty_table()), [2024, 2025]
    ).marts
    facts, contracts, regions = sample.facts(), sample.release_contracts(), codelist("regions")
    release = release_tables(marts, contracts, 2025)
    headlines = headline_cards(
        release.tables["release_headlines"], codelist("figures"), sample.sources(), facts
    )
    regional = regional_cards(
        marts, codelist("figures"), regions["code"].to_pylist(), sample.sources(), facts, release.grains, 0.9
    )
    every = [load(name) for name in names()]
    assert problems(release.tables, {each.name: each for each in contracts}, every, headlines, 0.9) == []
    assert {(card.value, card.coverage.received, card.coverage.expected) for card in headlines} == {
        (0, 228, 240)
    }
    cards = by_region(regional)
    assert {(card.value, card.status) for card in cards["KZ-62"].values()} == {(None, ":")}
    assert {(card.value, card.status, card.previous_value) for card in cards["KZ-10"].values()} == {
        (0, "", 0)
    }
    assert len(cards) == 21
    files = release_files(facts, release, contracts, [load("mart_channels")], headlines, regional, regions)
    assert "index.html" in files
