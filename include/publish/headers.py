"""How the headers of a letter are written: names and subjects that are not ASCII, folded as RFC 2047 asks.

The standard policy folds such headers wrongly in some Python versions: it loses or adds a space between an encoded
word and its neighbour, and runs over 78 characters. Here every header that needs it is encoded as a whole.
"""

from __future__ import annotations

from email.header import Header
from email.headerregistry import AddressHeader
from email.policy import EmailPolicy
from typing import Any

LINE = 76


class LetterPolicy(EmailPolicy):
    """The default policy but for the folding of headers with letters beyond ASCII."""

    def fold(self, name: str, value: Any) -> str:
        """The header as lines with their ends."""
        text = str(value)
        if text.isascii():
            return str(super().fold(name, value))
        lines = _addresses(name, value) if isinstance(value, AddressHeader) else _encoded(name, text)
        return f"{name}: " + self.linesep.join(lines.split("\n")) + self.linesep

    def fold_binary(self, name: str, value: Any) -> bytes:
        """The same in ASCII bytes."""
        return self.fold(name, value).encode("ascii")


LETTER = LetterPolicy()


def _encoded(name: str, text: str) -> str:
    return Header(text, "utf-8", maxlinelen=LINE, header_name=name).encode()


def _addresses(name: str, value: Any) -> str:
    return ",\n ".join(
        f"{_encoded(name, each.display_name)}\n <{each.addr_spec}>" if each.display_name else each.addr_spec
        for each in value.addresses
    )
