"""Files as sources write them, and damaged ones of every format: none crashes the reader, none loses a record, none
takes more than its budget.

The whole of it: python -m tests.mutation --files 10000
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.steps.alone import Alone
from tests.mutation.checks import examine, of_an_undamaged_file
from tests.mutation.originals import FORMATS, Original, original, troubled
from tests.mutation.run import BUDGET, Damaged, examine_one

IN_CI = 8
"""Damaged files of each format; the seeds are the first of the whole run's."""


@pytest.fixture(scope="module")
def alone() -> Iterator[Alone]:
    with Alone() as one:
        yield one


def wrong(alone: Alone, file: Original, folder: Path) -> list[str]:
    (folder / "file").write_bytes(file.content)
    return of_an_undamaged_file(file, alone.run(BUDGET, examine, file.form, str(folder / "file")))


@pytest.mark.parametrize("form", FORMATS)
def test_a_sound_file_is_taken_as_it_is(form: str, alone: Alone, tmp_path: Path) -> None:
    assert wrong(alone, original(form, 1), tmp_path) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_bad_record_is_quarantined_and_the_others_stay_what_and_where_they_are(
    form: str, alone: Alone, tmp_path: Path
) -> None:
    assert wrong(alone, troubled(form, 1), tmp_path) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_damaged_file_is_refused_or_every_record_is_accounted_for(
    form: str, alone: Alone, tmp_path: Path
) -> None:
    outcomes = [examine_one(alone, Damaged(form, seed), tmp_path) for seed in range(IN_CI)]
    assert [outcome for outcome in outcomes if outcome.wrong] == []
    assert {outcome.end for outcome in outcomes} <= {"taken", "refused"}
