"""Bad input: a clear message or a quarantine reason, nothing lost, others unaffected, the balance exact."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sandbox import Broken, broken_deliveries
from include.sandbox.http import Misbehaviour, serving
from include.sources.definition import DEFAULT_FOLDER
from include.steps import ingest
from include.steps.context import open_ledger
from include.storage import landing
from tests.end_to_end.country import Ingested, Place, ingest_feeds
from tests.end_to_end.small import FEED, GOOD, csv, deliver, jsonl, small_place, workbook

MESSAGE = r"(?P<source>\S+): (?P<file>[^:]+): (?P<place>[^:]+): found (?P<found>.+); expected (?P<expected>.+?)\. (?P<action>[A-Z].+\.)"
# What the message says was found, where the whole file is broken: feed → place and finding.
SAID = {
    "KZ-10/blocking_record": ("line 1, near byte", "a byte that is no utf-8"),
    "KZ-31/blocking_record": ("line 2, near byte", "a byte that is no kz1048"),
    "KZ-55/blocking_record": ("file", "UTF-16"),
    "KZ-11/blocking_record": ("file", "an empty file"),
    "KZ-33/blocking_record": ("file", "an empty file"),
    "KZ-19/blocking_record": ("file", "an empty file"),
    "KZ-23/blocking_record": ("file", "an archive that is broken or cut off"),
    "KZ-79/blocking_record": ("line 1, near byte", "a byte that is no utf-8"),
    "KZ-63/blocking_record": ("file", "a PDF"),
    "KZ-27/blocking_record": ("file", "an HTML page"),
    "KZ-39/blocking_record": ("file", "a ZIP archive or XLSX workbook"),
    "KZ-59/blocking_record": ("heading line 1", "no column"),
    "KZ-61/blocking_record": ("heading line 1", "the column"),
    "KZ-47/blocking_record": ("workbook", "the sheets 'Синтетика'"),
}


# Whole files --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def autumn(sandbox_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox with the blocking records of September to November."""
    folder = tmp_path_factory.mktemp("autumn")
    for month in ("09", "10", "11"):
        for path in sandbox_folder.glob(f"*/*/blocking_record/*2025-{month}_*"):
            target = folder / path.relative_to(sandbox_folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    return folder


@pytest.fixture(scope="module")
def broken(autumn: Path) -> dict[str, Broken]:
    return {item.feed_id: item for item in broken_deliveries(autumn)}


@pytest.fixture(scope="module")
def after(
    autumn: Path, broken: dict[str, Broken], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Place, Ingested]]:
    """The place after one run over good and broken files."""
    with serving(autumn) as address:
        place = Place(tmp_path_factory.mktemp("bad") / "home", autumn, address)
        with place.entered():
            yield place, ingest_feeds(ingest.feeds("blocking_record"))


@pytest.mark.slow
@pytest.mark.parametrize("feed", SAID)
def test_a_broken_file_is_refused_with_source_file_place_finding_and_advice(
    after: tuple[Place, Ingested], broken: dict[str, Broken], feed: str
) -> None:
    (message,) = after[1].refused[feed]
    said = re.fullmatch(MESSAGE, message, re.DOTALL)
    assert said, message
    place, found = SAID[feed]
    assert (said["source"], said["file"]) == (feed, broken[feed].path.name)
    assert said["place"].startswith(place) and found in said["found"], message


@pytest.mark.slow
def test_every_kind_of_broken_file_was_tried_and_only_they_were_refused(
    after: tuple[Place, Ingested], broken: dict[str, Broken]
) -> None:
    assert set(SAID) == set(broken) == set(after[1].refused) and after[1].failed == {}


@pytest.mark.slow
def test_the_other_files_of_a_feed_and_the_other_feeds_go_on(after: tuple[Place, Ingested]) -> None:
    assert set(after[1].committed) == set(ingest.feeds("blocking_record"))
    for feed, row in after[0].balance().items():
        assert (row.difference, row.waiting) == (0, int(feed in SAID)), feed
        assert row.landed > 0


@pytest.mark.slow
def test_a_refused_file_stays_landed_as_it_came_and_waits(
    after: tuple[Place, Ingested], broken: dict[str, Broken]
) -> None:
    place, _ = after
    with open_ledger(place.home) as ledger:
        for feed, item in broken.items():
            (waiting,) = ledger.new_deliveries(feed)
            kept = landing.landed_path(place.home, waiting.sha256).read_bytes()
            assert (waiting.name, kept) == (item.path.name, item.path.read_bytes())


@pytest.mark.slow
def test_a_refused_file_is_refused_again_and_accepted_once_the_cause_is_mended(
    after: tuple[Place, Ingested], tmp_path: Path
) -> None:
    # Two of the causes lie in the definition: what the file holds is whole, and is taken when that is put right.
    place, first = after
    before = place.balance()
    again = ingest_feeds(SAID)
    assert (again.refused, again.committed, place.balance()) == (first.refused, {}, before)
    sources = shutil.copytree(DEFAULT_FOLDER, tmp_path / "sources")
    for name, wrong, right in (("KZ-10", "encoding: utf-8", "encoding: cp1251"), ("KZ-31", "encoding: kz1048", "encoding: utf-8")):  # fmt: skip
        path = sources / f"{name}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(wrong, right), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODCM_SOURCES", str(sources))
        mended = ingest_feeds(["KZ-10/blocking_record", "KZ-31/blocking_record"])
    assert set(mended.committed) == {"KZ-10/blocking_record", "KZ-31/blocking_record"}
    now = place.balance()
    for feed in mended.committed:
        assert (now[feed].waiting, now[feed].difference) == (0, 0)
        assert now[feed].landed > before[feed].landed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("fails", "page 1: found HTTP status 500; expected 200. It will be asked again"),
        ("stops", "page 1: found no JSON, or half of it; expected a whole JSON document. It will be asked"),
        ("forgets", "items; expected the"),
    ],
)
def test_an_api_that_misbehaves_holds_back_only_itself_and_nothing_is_lost(
    autumn: Path, tmp_path: Path, how: Misbehaviour, said: str
) -> None:
    bad, good = "KZ-71/blocking_record", "KZ-75/blocking_record"
    with serving(autumn, misbehaves={bad: how}) as address:
        place = Place(tmp_path / "home", autumn, address)
        with place.entered():
            done = ingest_feeds([bad, good])
            assert set(done.failed) == {bad} and done.failed[bad].startswith(f"{bad}: ")
            told = done.failed[bad].splitlines()  # one line for each delivery that could not be had
            assert said in done.failed[bad] and all(re.fullmatch(MESSAGE, line) for line in told)
            assert set(done.committed) == {good} and set(place.balance()) == {good}
            assert list(place.home.landing.rglob(".incoming-*")) == []
    with serving(autumn) as address:
        place = Place(tmp_path / "home", autumn, address)
        with place.entered():
            assert set(ingest_feeds([bad, good]).committed) == {bad}
            assert {(row.difference, row.waiting) for row in place.balance().values()} == {(0, 0)}


# Files written by hand ------------------------------------------------------------------------------------------


def reasons(place: Place) -> dict[int, list[str]]:
    """Row of the file → its reasons, for the rows in quarantine."""
    return {row["raw_row"]: sorted(row["reasons"]) for row in place.rows("quarantine", "seizure_item")}


def accepted(place: Place) -> list[int]:
    return sorted(row["raw_row"] for row in place.rows("core", "seizure_item"))


def exact(place: Place) -> tuple[int, int, int, int]:
    row = place.balance()[FEED]
    assert row.difference == 0
    return row.landed, row.accepted, row.quarantined, row.duplicate


BAD_ROWS = [
    ("unknown word", ("2", "05.03.2025", "мефедрон", "4,5", "ведро", "МВД"), ["unit.code"]),
    ("unknown substance", ("2", "05.03.2025", "порошок", "4,5", "г", "МВД"), ["substance_code.code"]),
    ("impossible day", ("2", "31.02.2025", "мефедрон", "4,5", "г", "МВД"), ["row.has_reference_date", "seized_on.date"]),
    ("American order", ("2", "03/05/2025", "мефедрон", "4,5", "г", "МВД"), ["row.has_reference_date", "seized_on.date"]),
    ("negative quantity", ("2", "05.03.2025", "мефедрон", "-4,5", "г", "МВД"), ["quantity.minimum"]),
    ("zero", ("2", "05.03.2025", "мефедрон", "0", "г", "МВД"), ["quantity.minimum"]),
    ("decimal point", ("2", "05.03.2025", "мефедрон", "4.5", "г", "МВД"), ["quantity.number"]),
    ("no number", ("2", "05.03.2025", "мефедрон", "много", "г", "МВД"), ["quantity.number"]),
    ("nothing", ("2", "05.03.2025", "мефедрон", "-", "г", "МВД"), ["quantity.required"]),
    ("the future", ("2", "06.04.2025", "мефедрон", "4,5", "г", "МВД"), ["row.not_after_receipt"]),
    ("letters of another code page", ("2", "05.03.2025", "Ќ", "4,5", "г", "МВД"), ["substance_as_reported.letters", "substance_code.code"]),
    (
        "five faults", ("-", "30.02.2025", "порошок", "-1", "ведро", "МВД"),
        ["quantity.minimum", "row.has_reference_date", "seized_on.date", "seizure_no.required", "substance_code.code", "unit.code"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), [bad[1:] for bad in BAD_ROWS], ids=[bad[0] for bad in BAD_ROWS])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_bad_row_is_kept_with_its_place_and_every_reason(
    tmp_path: Path, form: str, row: tuple[str, ...], expected: list[str]
) -> None:
    place = small_place(tmp_path, form)
    rows = (GOOD, row, ("3", *GOOD[1:]))
    deliver(place, csv(*rows) if form == "csv" else jsonl(*rows), f"s_2025-03_20250405.{form}")
    with place.entered():
        ingest.land(FEED)
        ingest.commit(str(ingest.judge(FEED)["batch_id"]))
        first = 2 if form == "csv" else 1
        assert reasons(place) == {first + 1: expected} and accepted(place) == [first, first + 2]
        assert exact(place) == (3, 2, 1, 0)
        received = place.rows("quarantine", "seizure_item")[0]["received"]
        assert all(cell in received for cell in row if len(cell) > 1)


def taken(place: Place, content: bytes, name: str = "s_2025-03_20250405.csv") -> ingest.Judged:
    """One delivery through land, judge and commit."""
    deliver(place, content, name)
    ingest.land(FEED)
    judged = ingest.judge(FEED)
    if judged["batch_id"]:
        ingest.commit(judged["batch_id"])
    return judged


def test_rows_that_cannot_be_split_are_kept_and_those_after_them_keep_their_numbers(tmp_path: Path) -> None:
    content = csv(
        GOOD,
        "2;05.03.2025;мефедрон;4,5;г;МВД;лишнее",  # row 3: a column too many
        ("3", *GOOD[1:]),
        "4;05.03.2025",  # row 5: columns too few
        "5;05.03.2025",  # row 6
        ("6", *GOOD[1:]),
    )
    place = small_place(tmp_path)
    with place.entered():
        taken(place, content)
        assert reasons(place) == {3: ["row.columns"], 5: ["row.columns"], 6: ["row.columns"]}
        assert accepted(place) == [2, 4, 7] and exact(place) == (6, 3, 3, 0)


def test_a_line_break_inside_quotes_does_not_end_a_record(tmp_path: Path) -> None:
    content = csv('1;05.03.2025;"мефе\r\nдрон";4,5;г;МВД', ("2", *GOOD[1:]), ("3", "05.03.2025", "мефедрон", "-1", "г", "МВД"))  # fmt: skip
    place = small_place(tmp_path)
    with place.entered():
        taken(place, content)
        assert exact(place)[0] == 3 and reasons(place)[4] == ["quantity.minimum"]
        assert 3 in accepted(place)


def test_a_quote_that_never_closes_loses_nothing(tmp_path: Path) -> None:
    content = csv(GOOD, '2;05.03.2025;"мефедрон;4,5;г;МВД', ("3", *GOOD[1:]))
    place = small_place(tmp_path)
    with place.entered():
        judged = taken(place, content)
        # Either the rest of the file is one unreadable record, or the file is refused; never fewer rows without a word.
        if judged["refused"]:
            assert place.balance()[FEED].waiting == 1
        else:
            assert 2 in accepted(place) and exact(place)[2] >= 1


def test_a_quoted_separator_and_doubled_quotes_are_part_of_the_text(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    with place.entered():
        taken(place, csv('"1;""а""";05.03.2025;мефедрон;4,5;г;МВД'))
        assert place.rows("core", "seizure_item")[0]["seizure_no"] == '1;"а"'


def test_blank_lines_at_the_end_are_no_rows(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    with place.entered():
        taken(place, csv(GOOD, ("2", *GOOD[1:])) + b"\r\n\r\n")
        assert exact(place) == (2, 2, 0, 0)


def test_a_last_line_without_line_break_is_a_row(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    with place.entered():
        taken(place, csv(GOOD, ("2", *GOOD[1:])).rstrip())
        assert exact(place) == (2, 2, 0, 0)


def test_a_broken_line_of_json_is_kept_as_it_came_in_its_place(tmp_path: Path) -> None:
    place = small_place(tmp_path, "jsonl")
    with place.entered():
        taken(
            place,
            jsonl(GOOD, '{"№": "2", "Дата": "05.0', "[1, 2]", ("4", *GOOD[1:])),
            "s_2025-03_20250405.jsonl",
        )
        assert reasons(place) == {2: ["row.json"], 3: ["row.json"]} and accepted(place) == [1, 4]
        kept = {r["raw_row"]: r["received"] for r in place.rows("quarantine", "seizure_item")}
        assert kept == {2: '{"№": "2", "Дата": "05.0', 3: "[1, 2]"}


def test_a_sheet_is_counted_as_it_shows_its_rows_and_blank_ones_are_no_rows(tmp_path: Path) -> None:
    place = small_place(tmp_path, "xlsx")
    book = workbook(tmp_path / "made.xlsx", ("1", "05.03.2025", "мефедрон", 4.5, "г", "МВД"), (),
                    ("2", "05.03.2025", "мефедрон", -4.5, "г", "МВД"))  # fmt: skip
    with place.entered():
        taken(place, book, "s_2025-03_20250405.xlsx")
        assert accepted(place) == [4] and reasons(place) == {6: ["quantity.minimum"]}
        assert exact(place) == (2, 1, 1, 0)


def test_the_same_number_with_other_content_in_one_file_is_a_conflict_and_an_exact_repeat_a_duplicate(
    tmp_path: Path,
) -> None:
    place = small_place(tmp_path)
    with place.entered():
        taken(place, csv(GOOD, ("1", "06.03.2025", *GOOD[2:]), GOOD))
        assert accepted(place) == [2] and reasons(place) == {3: ["row.conflict"]}
        assert exact(place) == (3, 1, 1, 1)


def test_the_same_number_with_other_content_in_a_later_file_is_a_revision(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    with place.entered():
        taken(place, csv(GOOD))
        taken(place, csv(("1", "06.03.2025", *GOOD[2:])), "s_2025-04_20250505.csv")
        assert accepted(place) == [2, 2] and exact(place) == (2, 2, 0, 0)


REFUSED = [
    ("wrong encoding", csv(GOOD, encoding="cp1251"), "line 1, near byte 0: found a byte that is no utf-8"),
    ("missing column", csv().replace("Кол-во;".encode(), b""), "heading line 1: found no column 'Кол-во'"),
    ("doubled column", csv().replace("Ед.".encode(), "Кол-во".encode()), "found the column 'Кол-во' more than once"),
    ("empty", b"", "file: found an empty file; expected at least a heading line"),
    ("blank", b"\r\n \r\n", "file: found an empty file"),
    ("truncated heading", csv().decode()[:12].encode(), "heading line 1: found no column"),
    ("a workbook", b"PK\x03\x04" + bytes(99), "file: found a ZIP archive or XLSX workbook; expected a text file"),
    ("a web page", b"<!DOCTYPE html><html></html>", "file: found an HTML page"),
    ("a PDF", b"%PDF-1.7\n", "file: found a PDF"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), [bad[1:] for bad in REFUSED], ids=[bad[0] for bad in REFUSED])
def test_a_file_that_cannot_be_read_is_refused_with_advice_and_waits(
    tmp_path: Path, content: bytes, said: str
) -> None:
    place = small_place(tmp_path)
    with place.entered():
        judged = taken(place, content)
        (message,) = judged["refused"]
        assert said in message and re.fullmatch(MESSAGE, message, re.DOTALL), message
        assert "s_2025-03_20250405.csv" in message and judged["batch_id"] is None
        assert place.balance()[FEED].waiting == 1 and exact(place) == (0, 0, 0, 0)
        assert (
            taken(place, csv(GOOD), "s_2025-03_20250406.csv")["accepted"] == 1
        )  # the repaired file goes through


def test_a_truncated_workbook_is_refused_and_the_whole_one_accepted(tmp_path: Path) -> None:
    place = small_place(tmp_path, "xlsx")
    book = workbook(tmp_path / "made.xlsx", ("1", "05.03.2025", "мефедрон", 4.5, "г", "МВД"))
    with place.entered():
        (message,) = taken(place, book[: len(book) // 2], "s_2025-03_20250405.xlsx")["refused"]
        assert (
            "an archive that is broken or cut off" in message
            and "a whole file that is an XLSX workbook" in message
        )
        assert taken(place, book, "s_2025-03_20250406.xlsx")["accepted"] == 1


def test_a_truncated_row_of_a_csv_is_kept_in_quarantine(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    with place.entered():
        taken(place, csv(GOOD, ("2", *GOOD[1:]))[:-30])
        assert accepted(place) == [2] and reasons(place) == {3: ["row.columns"]}


def test_kazakh_letters_read_by_the_wrong_code_page_are_noticed(tmp_path: Path) -> None:
    # The bytes of KZ-1048 are all letters of cp1251: no decoder complains, the letters do.
    place = small_place(tmp_path, format={"encoding": "cp1251"})
    with place.entered():
        content = (
            csv(("1", "05.03.2025", "шөп қоспа", "4,5", "г", "МВД"), encoding="utf-8")
            .decode()
            .encode("kz1048")
        )
        taken(place, content)
        assert reasons(place) == {2: ["substance_as_reported.letters", "substance_code.code"]}


def test_a_file_whose_name_says_no_period_is_named(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    deliver(place, csv(GOOD), "seizures.csv")
    with place.entered(), pytest.raises(ingest.SourceError, match="seizures.csv: file name: found no period"):
        ingest.land(FEED)


def test_one_misnamed_file_does_not_keep_the_others_of_the_feed_from_landing(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    deliver(place, csv(GOOD), "s_2025-03_20250405.csv")
    deliver(place, csv(GOOD), "seizures.csv")
    with place.entered():
        with pytest.raises(ingest.SourceError, match="seizures.csv"):
            ingest.land(FEED)
        assert ingest.judge(FEED)["accepted"] == 1


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    (place.sandbox / "inbox").rmdir()
    with (
        place.entered(),
        pytest.raises(ingest.SourceError, match="transport.path: folder: found no such folder"),
    ):
        ingest.land(FEED)


@pytest.mark.slow
def test_a_month_without_cases_is_a_heading_alone_and_counts_as_reported(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    deliver(place, csv())
    with place.entered():
        done = ingest_feeds([FEED])
        assert (done.refused, done.stopped) == ({}, {}) and set(done.committed) == {FEED}
        assert place.balance()[FEED].waiting == 0


@pytest.mark.slow
def test_a_delivery_of_bad_rows_alone_goes_to_quarantine_and_stops_nobody(tmp_path: Path) -> None:
    place = small_place(tmp_path)
    deliver(place, csv(("1", "05.03.2025", "мефедрон", "-1", "г", "МВД")))
    with place.entered():
        done = ingest_feeds([FEED])
        assert done.stopped == {} and reasons(place) == {2: ["quantity.minimum"]}
