"""The matrix of reports on the page: a line for each feed, a sign for each month, in each language."""

import pyarrow.compute as pc

from include.contracts import DATASETS, codelist
from include.publish.matrix import matrix
from include.publish.texts import texts


def shown(sample, language="en", **changes):
    reports = sample.marts()["mart_reports"]
    reports = reports.filter(pc.equal(reports["year"], 2025))
    for column, value in changes.items():
        reports = reports.filter(pc.not_equal(reports[column], value))
    return matrix(reports, codelist("regions"), codelist("report_states"), texts(language))


def line(found, dataset, name):
    (feed,) = [feed for feed in found["datasets"][dataset]["feeds"] if feed["name"] == name]
    return "".join(cell["sign"] if cell else " " for cell in feed["cells"])


def test_each_feed_is_a_line_and_each_month_a_sign(sample):
    found = shown(sample)
    assert len(found["datasets"]) == len(DATASETS)
    assert all(len(dataset["feeds"]) == 20 for dataset in found["datasets"])
    assert line(found, 0, "Ulytau Region") == "×" * 12
    assert line(found, 0, "Mangystau Region") == "+" * 11 + "L"
    assert line(found, 0, "Akmola Region") == "0" * 12


def test_states_are_counted_in_words_and_what_is_out_opens_the_list(sample):
    found = shown(sample)
    assert found["datasets"][0]["counts"] == "Reported: 215; Reported zero: 12; Late: 1; Never reported: 12"
    assert [dataset["is_whole"] for dataset in found["datasets"]] == [False] * len(DATASETS)
    whole = shown(sample, state="never_reported", month=12)
    assert [dataset["is_whole"] for dataset in whole["datasets"]] == [True] * len(DATASETS)


def test_a_month_that_is_not_expected_has_no_sign(sample):
    assert line(shown(sample, month=1), 0, "Akmola Region") == " " + "0" * 11


def test_names_are_those_of_the_language(sample):
    assert "Область Ұлытау" in [feed["name"] for feed in shown(sample, "ru")["datasets"][0]["feeds"]]
    assert "ешқашан есеп бермеді" in [state["name"] for state in shown(sample, "kk")["legend"]]
    assert {state["code"] for state in shown(sample)["legend"]} == set(
        codelist("report_states")["code"].to_pylist()
    )
