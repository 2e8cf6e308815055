"""The figures of each region: its own, with ":" where it did not report and 0 where nothing happened."""

import pyarrow.compute as pc
import pytest

from include.contracts import codelist
from include.publish import IncompleteCard, regional_cards
from include.publish.regions import by_region


def grid(sample, marts=None, grains=None):
    marts = marts or sample.marts()
    regions = codelist("regions")["code"].to_pylist()
    return by_region(
        regional_cards(
            marts, codelist("figures"), regions, sample.sources(), sample.facts(), grains or {}, 0.9
        )
    )


def test_a_region_has_its_own_value_the_year_before_and_its_own_coverage(sample):
    card = grid(sample)["KZ-15"]["channels_blocked"]
    assert (card.value, card.previous_value, card.change) == (300, 270, 30)
    assert (card.coverage.received, card.coverage.expected) == (12, 12)
    assert card.region_code == "KZ-15" and card.scope == "regional headquarters"


def test_missing_is_not_zero(sample):
    cards = grid(sample)
    silent, nothing, partly = (
        cards[region]["seizures"] for region in (sample.SILENT, sample.NOTHING, sample.PARTLY)
    )
    assert (silent.value, silent.status) == (None, ":")
    assert (nothing.value, nothing.status) == (0, "")
    assert partly.status == "p" and partly.coverage.received == 11


def test_the_sum_of_the_regions_less_the_overlap_is_the_country(sample):
    blocked = [cards["channels_blocked"].value or 0 for cards in grid(sample).values()]
    assert sum(blocked) - 7 == sample.size(2025, "KZ")


def test_what_belongs_to_no_region_rests_on_the_reports_of_the_country(sample):
    card = grid(sample)["KZ-NAT"]["seizures"]
    assert (card.value, card.coverage.expected) == (0, 240)


def test_a_few_persons_in_one_region_take_the_figure_from_all_letters(sample):
    rows = sample.marts()["mart_resocialisation"].to_pylist()
    for row in rows:
        if (row["year"], row["region_code"], row["facility_type"]) == (2024, "KZ-35", "_T"):
            row["enrolled"] = 2
    marts = sample.marts() | {"mart_resocialisation": sample.table("mart_resocialisation", rows)}
    cards = grid(sample, marts)
    assert all("resocialisation_enrolled" not in each for each in cards.values())
    assert all("resocialisation_completed" in each for each in cards.values())


def test_persons_that_the_published_table_does_not_show_by_region_are_in_no_letter(sample):
    cards = grid(sample, grains={"mart_resocialisation": {"facility_type": "_T", "region_code": "KZ"}})
    assert not any(name.startswith("resocialisation") for each in cards.values() for name in each)


def test_a_subject_nobody_reports_on_for_a_region_has_no_card(sample):
    mart = sample.marts()["mart_coverage"]
    gone = pc.and_(pc.equal(mart["dataset"], "laboratory"), pc.equal(mart["region_code"], "KZ-10"))
    cards = grid(sample, sample.marts() | {"mart_coverage": mart.filter(pc.invert(gone))})
    assert "laboratories_closed" not in cards["KZ-10"] and "laboratories_closed" in cards["KZ-11"]


def test_a_mass_without_a_factor_is_left_out_and_never_zero(sample):
    rows = sample.marts()["mart_seizures"].to_pylist()
    for row in rows:
        if (row["year"], row["region_code"], row["substance_class"]) == (2025, "KZ-10", "precursor"):
            row["mass_kg"] = None
    cards = grid(sample, sample.marts() | {"mart_seizures": sample.table("mart_seizures", rows)})
    assert "precursors_seized" not in cards["KZ-10"]


def test_an_incomplete_regional_card_is_refused_with_figure_and_region(sample):
    with pytest.raises(IncompleteCard, match=r"figure channels_blocked \(KZ-10\) .*rules_version is missing"):
        regions = codelist("regions")["code"].to_pylist()
        regional_cards(
            sample.marts(),
            codelist("figures"),
            regions,
            sample.sources(),
            sample.facts(rules_version=""),
            {},
            0.9,
        )
