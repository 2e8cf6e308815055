"""Transform: pure rules that turn reported text into typed values and records."""

from include.transform.days import Zone, day_of, is_moment
from include.transform.identity import content_hash, record_key
from include.transform.values import (
    TextRules,
    null_where_nothing,
    quoted,
    register_codes,
    typed_value,
    without_footnotes,
    without_spaces,
)

__all__ = [
    "TextRules",
    "Zone",
    "content_hash",
    "day_of",
    "is_moment",
    "null_where_nothing",
    "quoted",
    "record_key",
    "register_codes",
    "typed_value",
    "without_footnotes",
    "without_spaces",
]
