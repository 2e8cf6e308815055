"""A figure without scope, stage, as-at date, coverage and rules version cannot be published."""

import pytest

from include.contracts import codelist
from include.publish import FigureCard, IncompleteCard, headline_cards
from include.publish.cards import card_json, make_card


def cards(sample, rows=None, facts=None, catalogue=None):
    table = sample.table("mart_headlines", rows or sample.headlines())
    return headline_cards(table, catalogue or codelist("figures"), sample.sources(), facts or sample.facts())


def test_every_headline_figure_has_one_complete_card_in_the_order_of_the_catalogue(sample):
    made = cards(sample)
    assert [card.figure_id for card in made] == codelist("figures")["figure_id"].to_pylist()
    blocked = next(card for card in made if card.figure_id == "channels_blocked")
    assert card_json(blocked) == {
        "figure_id": "channels_blocked",
        "names": {
            "kk": "Бұғатталған онлайн-арналар",
            "ru": "Заблокировано онлайн-каналов",
            "en": "Online channels blocked",
        },
        "region_code": "KZ",
        "dataset": "blocking_record",
        "value": sample.size(2025, "KZ"),
        "status": "p",
        "qualifier": "exact",
        "previous_value": sample.size(2024, "KZ"),
        "comparison": "compared",
        "unit": "count",
        "scope": "all reporting regions",
        "stage": "blocked",
        "period": "2025",
        "release_stage": "provisional",
        "as_at": "2026-01-31T04:30:00Z",
        "coverage": {"expected": 240, "received": 227, "unit": "region-months"},
        "rules": ["B1", "B2", "B3", "B5", "B7"],
        "rules_version": "2025-1",
        "source_tables": ["core_blocking_record"],
        "synthetic": True,
    }


def test_a_quantity_keeps_every_decimal_and_a_count_is_a_whole_number(sample):
    made = {card.figure_id: card for card in cards(sample)}
    assert made["drugs_seized"].value == 30412.5671
    assert isinstance(made["channels_blocked"].value, int)


@pytest.mark.parametrize("part", sorted(set(FigureCard.model_fields) - {"figure_id"}))
def test_a_card_that_lacks_any_part_is_refused_and_the_part_is_named(sample, part):
    whole = cards(sample)[0].model_dump()
    figure_id = whole.pop("figure_id")
    del whole[part]
    with pytest.raises(IncompleteCard, match=rf"figure {figure_id} .*{part} is missing"):
        make_card(figure_id, "KZ", whole)


@pytest.mark.parametrize(
    ("part", "empty"), [("scope", ""), ("stage", " "), ("rules", ()), ("as_at", None), ("source_tables", [])]
)
def test_an_empty_part_is_a_missing_part(sample, part, empty):
    whole = cards(sample)[0].model_dump()
    with pytest.raises(IncompleteCard, match=part):
        make_card(whole.pop("figure_id"), "KZ", whole | {part: empty})


def test_all_incomplete_figures_are_named_at_once(sample):
    rows = [
        row | {"expected_reports": 0} if row["figure_id"] in ("videos", "podcasts") else row
        for row in sample.headlines()
    ]
    with pytest.raises(IncompleteCard) as refused:
        cards(sample, rows)
    assert "figure videos" in str(refused.value) and "figure podcasts" in str(refused.value)
    assert "coverage.expected" in str(refused.value)


def test_a_figure_that_lost_its_value_is_refused(sample):
    rows = [row | {"value": None} if row["figure_id"] == "videos" else row for row in sample.headlines()]
    with pytest.raises(IncompleteCard, match="figure videos .*value: is missing"):
        cards(sample, rows)


def test_a_figure_nobody_reported_on_is_a_colon_and_never_zero(sample):
    rows = [
        row | {"value": 0, "received_reports": 0} if row["figure_id"] == "videos" else row
        for row in sample.headlines()
    ]
    card = next(card for card in cards(sample, rows) if card.figure_id == "videos")
    assert (card.value, card.status) == (None, ":")


def test_a_figure_of_the_catalogue_without_a_row_is_refused(sample):
    with pytest.raises(IncompleteCard, match="videos is in codelists/figures.csv but"):
        cards(sample, [row for row in sample.headlines() if row["figure_id"] != "videos"])


def test_a_unit_that_is_not_the_catalogues_is_refused(sample):
    rows = [row | {"unit": "g"} if row["figure_id"] == "drugs_seized" else row for row in sample.headlines()]
    with pytest.raises(IncompleteCard, match="figure drugs_seized .*unit is missing"):
        cards(sample, rows)


def test_change_needs_both_years_and_a_share_needs_a_base(sample):
    made = {card.figure_id: card for card in cards(sample)}
    assert (made["channels_blocked"].change, made["plants_seized"].change) == (300, None)
    assert (
        made["plant_material_seized"].change == 9120.5 and made["plant_material_seized"].change_share is None
    )
