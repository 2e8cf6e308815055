"""Transform: pure rules that turn reported text into typed values, channels and records."""

from include.transform.channel import channel_key, register_registrable
from include.transform.identity import content_hash, record_key
from include.transform.values import TextRules, quoted, raw_value, register_codes, typed_value

__all__ = [
    "TextRules",
    "channel_key",
    "content_hash",
    "quoted",
    "raw_value",
    "record_key",
    "register_codes",
    "register_registrable",
    "typed_value",
]
