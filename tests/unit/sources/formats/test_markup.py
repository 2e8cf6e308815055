"""Numbers that are found among tags, for all of them at once."""

from __future__ import annotations

import numpy as np
import pytest

from include.sources.formats.markup import numbers_between


def between(*texts: str) -> list[float] | None:
    content = np.frombuffer(f"<{'<'.join(texts)}<".encode(), np.uint8)
    at = np.flatnonzero(content == ord("<"))
    found = numbers_between(content, at[:-1] + 1, at[1:])
    return None if found is None else found.tolist()


def test_numbers_have_all_their_digits() -> None:
    texts = "7", "-0.5", "0.30000000000000004", "1e-7", "1.7976931348623157E308", "12345678901234567", "0"
    assert between(*texts) == [float(text) for text in texts]


@pytest.mark.parametrize(
    "text", ["", " 7", "7 ", "x", "1,5", "inf", "nan", "1e999", "1e", "0x10", "--1", "1.2.3", "٣"]
)
def test_where_one_is_no_number_none_is_told(text: str) -> None:
    assert between("7", text, "8") is None
