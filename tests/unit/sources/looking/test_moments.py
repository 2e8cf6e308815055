"""Moments of a sample have the format that reads their offset, so that their day is that of their region."""

from collections import Counter

import pytest

from include.sources.looking.dates import formats_for


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2025-03-31T22:30:00Z", "%Y-%m-%dT%H:%M:%SZ"), ("2025-03-31T22:30:00.123Z", "%Y-%m-%dT%H:%M:%S.%fZ"),
        ("2025-03-31T22:30:00+05:00", "%Y-%m-%dT%H:%M:%S%z"), ("2025-03-31T22:30:00.5+0500", "%Y-%m-%dT%H:%M:%S.%f%z"),
        ("2025-03-31 22:30:00+05:00", "%Y-%m-%d %H:%M:%S%z"),
    ],
)  # fmt: skip
def test_a_time_with_an_offset_is_proposed_as_a_moment(text: str, form: str) -> None:
    assert formats_for([Counter({text: 1})])[0] == [form]
