"""What people write into one cell: an address, several, or words around them."""

from __future__ import annotations

import re

from include.channels.hosts import address_of, ascii_host, last_label_is_known
from include.channels.patterns import telephone

INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
SPACES = dict.fromkeys((0xA0, 0x202F, 0x2007), " ")
DEFUSED = re.compile(r"\[(\.|:|:/+)\]|\((\.)\)")
"""Signs that people put in brackets, so that nobody opens the address by mistake: shop[.]kz."""
SEPARATOR = re.compile(r"[\s|,;]+|(?<=[^\s=&?:/])(?=(?:https?|tg)://)|/(?=https?://)", re.IGNORECASE)
LISTED = re.compile(r"[|,;\n]+")
PARTED = re.compile(r"[\s|,;]|/@|.(?:https?|tg)://", re.IGNORECASE)
"""What a cell with several addresses has at least one of; a quick look."""
BEGINS_WITH_NAME = re.compile(r"/(?=@)")
BARE = re.compile(r"(?=[\d.]*[A-Za-z_])[A-Za-z0-9_.]{3,64}")
PHONE = re.compile(r"\+?[0-9][0-9 ()\u2010-\u2015.-]{6,24}")
JOINING = frozenset(
    [
        "и",
        "также",
        "а",
        "да",
        "или",
        "и/или",
        "және",
        "немесе",
        "and",
        "or",
        "&",
        "+",
        "/",
        "-",
        "–",
        "—",
        "\\",
        "|",
        "http",
        "https",
        "www",
    ]
)
AROUND = "\"'«»“”„‘’<>"
HOST = re.compile(r"[^/?#\s@:]+")


def may_be_several(cell: str) -> str:
    """SQL that is true of every cell that `parts_of` parts, and of few others."""
    return rf"regexp_matches({cell}, '(?i)[\s|,;]|/@|.(?:https?|tg)://')"


def cleaned(text: str) -> str:
    """A text without what carries nothing: signs that nobody sees, quotes around it, a full stop behind it."""
    found = text if text.isascii() else text.translate(INVISIBLE).translate(SPACES)
    found = found.replace("\\", "/").strip()
    if "[" in found or "(" in found:
        found = DEFUSED.sub(lambda sign: sign[1] or sign[2], found)
    return _bare(found)


def parts_of(text: str) -> list[str]:
    """The addresses that a cell holds, in their order; the whole text where it is not several and nothing else.

    Several are parted by spaces, line breaks, commas, semicolons or bars, by a word such as «и», or by nothing where the
    next begins with its scheme. A cell of addresses and other words is one part: nobody can say what the words mean.
    """
    whole = cleaned(text)
    pieces = _pieces(whole)
    return pieces if len(pieces) > 1 and _are_all_addresses(whole, pieces) else [whole]


def addresses_in(whole: str) -> list[str]:
    """The pieces of a cleaned text that look like addresses, whatever words stand between them."""
    if not PARTED.search(whole):
        return []
    pieces = _pieces(whole)
    if len(pieces) > 1 and _are_all_addresses(whole, pieces):
        return pieces
    return [piece for piece in pieces if _is_address(piece)]


def _pieces(whole: str) -> list[str]:
    if _is_phone(whole):
        return [whole]
    if _are_phones(whole):
        return [_bare(piece) for piece in LISTED.split(whole) if _bare(piece)]
    rough = [
        piece
        for part in SEPARATOR.split(whole)
        for piece in (BEGINS_WITH_NAME.split(part) if part.startswith("@") else [part])
    ]
    return [piece for part in rough if (piece := _bare(part)) and piece.lower() not in JOINING]


def _are_phones(whole: str) -> bool:
    """Whether the cell holds telephone numbers that have spaces inside, parted by other signs."""
    pieces = [piece for part in LISTED.split(whole) if (piece := _bare(part))]
    return len(pieces) > 1 and all(map(_is_phone, pieces))


def _are_all_addresses(whole: str, pieces: list[str]) -> bool:
    if all(map(_is_address, pieces)):
        return True
    return LISTED.search(whole) is not None and all(
        BARE.fullmatch(piece) or _is_address(piece) for piece in pieces
    )


def _is_address(piece: str) -> bool:
    if piece.startswith("@"):
        return len(piece) > 2
    if "://" in piece or _is_phone(piece):
        return True
    host = HOST.match(piece.partition("@")[2] or piece)
    if host is None or "." not in host[0]:
        return False
    name = ascii_host(host[0])
    return address_of(host[0]) is not None or (name is not None and last_label_is_known(name))


def _is_phone(piece: str) -> bool:
    return PHONE.fullmatch(piece) is not None and telephone(piece) is not None


def _bare(piece: str) -> str:
    """Without quotes and brackets around it, and without the sign that ends a sentence."""
    found = piece.strip().strip(AROUND).rstrip(".,;!").strip(AROUND)
    if found.startswith(("(", "[")) and "]:" not in found and not _is_bracketed_ip(found):
        found = found.strip("()[]")
    elif found.endswith(")") and "(" not in found:
        found = found.rstrip(")")
    return found.rstrip(".,;:!").strip() if not found.endswith("...") else found


def _is_bracketed_ip(text: str) -> bool:
    return text.startswith("[") and text.count(":") > 1
