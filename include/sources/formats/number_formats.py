"""Number formats of workbooks: which of them show a number in per cent."""

from __future__ import annotations

import re

PER_CENT = frozenset({9, 10})
"""Numbers of the built-in formats 0% and 0.00%. Source: ECMA-376 part 1, 18.8.30; [MS-XLS] 2.4.126."""
LITERAL = re.compile(r'"[^"]*"?|\\.|[_*].|\[[^\]]*\]', re.DOTALL)
"""What a format code shows or leaves room for as it stands: a per cent sign among it multiplies nothing."""


def is_per_cent(code: str) -> bool:
    """Whether a format code shows a number multiplied by a hundred."""
    return "%" in LITERAL.sub("", code)
