"""Bugs that loaders of this kind have had, planted into ours: each is caught by a check."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mutation.bugs import BUGS
from tests.mutation.planted import Bug, Copies


@pytest.fixture(scope="module")
def copies() -> Iterator[Copies]:
    with Copies() as running:
        yield running


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught(copies: Copies, name: str) -> None:
    bug = BUGS[name]
    found = copies.run(bug, bug.tests)
    assert found.caught(bug.tests) == "", found.printed[-5000:]


def test_without_a_bug_such_tests_pass_in_a_copy(copies: Copies) -> None:
    """One of each file; that all of them pass is what the rest of the suite shows."""
    tests = {test.partition("::")[0]: test for bug in BUGS.values() for test in bug.tests}.values()
    found = copies.run(None, list(tests))
    assert (found.fault, found.ends) == ("", dict.fromkeys(tests, "passed")), found.printed[-5000:]


LOOK, SEEN = "include.steps.second_look", "return seen | repeated"
MARKS = "tests/unit/steps/test_second_look.py::test_a_mark"
TWICE, ONCE = (
    f"{MARKS}_twice_in_one_array_is_known_the_second_time",
    f"{MARKS}_that_was_shown_is_always_known",
)
ALONE = "tests/unit/steps/test_alone.py::test_closing_from_another_thread_ends_the_step_that_is_at_work"
NO_PROOF = {
    "a text that is not there": (Bug(LOOK, "no such text", "", (TWICE,)), "expected once: 'no such text'; found 0 times"),
    "a text that is there more than once": (Bug(LOOK, "seen", "", (TWICE,)), "expected once: 'seen'; found"),
    "a text that is no program": (Bug(LOOK, SEEN, "return (", (TWICE,)), "could not be planted"),
    "a text that any test notices": (Bug(LOOK, SEEN, "return nobody", (TWICE,)), "only breaks: NameError"),
    "a bug that is none": (Bug(LOOK, SEEN, "return repeated | seen", (TWICE,)), "expected each of them to fail"),
    "one test of two that does not notice": (Bug(LOOK, SEEN, "return seen", (TWICE, ONCE)), "expected each of them to fail"),
    "a test that is not there": (Bug(LOOK, SEEN, "return seen", (f"{TWICE}_too",)), "pytest ended with"),
    "a step that begins elsewhere": (Bug(LOOK, SEEN, "return seen", (ALONE,)), "ended without an answer"),
}  # fmt: skip


@pytest.mark.parametrize(("bug", "why"), NO_PROOF.values(), ids=NO_PROOF)
def test_what_proves_nothing_is_not_taken_for_caught(copies: Copies, bug: Bug, why: str) -> None:
    assert why in copies.run(bug, bug.tests).caught(bug.tests)


def test_there_are_twenty_of_them() -> None:
    assert len(BUGS) >= 20
