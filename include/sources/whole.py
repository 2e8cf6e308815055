"""What an answer says about itself: that more follows, how many records there are, that something went wrong.

APIs call these things by many names. Known ones are looked for in the objects around the list of records: those on the
way to it, and in parts of them that are called by a known name (`meta`, `links`, `pagination`, …). Records are never
looked at. What a definition reads, or says is something else, is left out by its path.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

DEPTH = 4
"""Levels of known parts within each other."""

PARTS = re.compile(
    r"meta(?:data)?|links?|paginat(?:ion|or)|paging|page(?:info)?|pages|cursors?|info|summary|headers?|"
    r"response(?:header|metadata|info)?|results?(?:info|set)?|searchinfo|data|d|hits|navigation|status|state|odata|"
    r"query(?:summary)?|more|properties"
)

_THING = (
    r"(?:pages?|items?|results?|records?|rows?|data|elements?|entries|features|objects|documents?|docs|hits)"
)
NEXT = re.compile(
    rf"(?:odata)?next(?:{_THING}|link|url|uri|href|token|cursor|offset|start|skip|key|marker|index|number|position)*|"
    r"continuationtoken|continuation|continue|resumptiontoken|lastevaluatedkey|morelink|moreurl"
)
MORE = re.compile(
    rf"(?:has|is|there)?(?:more|next){_THING}?(?:available|exists?)?|(?:is)?truncated|{_THING}truncated|(?:is)?partial|"
    rf"exceeded(?:transfer)?limit|limit(?:was)?(?:reached|exceeded)|{_THING}?incomplete{_THING}?|isincomplete"
)
NO_MORE = re.compile(
    rf"(?:is)?(?:the)?last(?:{_THING})?|(?:is)?(?:done|complete|completed|finished|final)|endof{_THING}|endoflist|eof|"
    rf"{_THING}complete|nomore{_THING}?"
)
COUNT = re.compile(
    rf"(?:odata)?(?:inline)?count|(?:odata)?(?:total|num|number|count)(?:of)?(?:total)?{_THING}(?:total|count|found|matched)?|"
    rf"totals?|total(?:count|size|number|num|found|matched|available)|counttotal|num(?:ber)?(?:found|matched)|"
    rf"{_THING}(?:count|total|filtered|found|matched|number)|matches|matched|found|hits"
)
PAGES = re.compile(
    r"(?:total|num|number|count|max|last)(?:of)?pages?(?:count|number)?|pages?(?:count|total|max)|pages"
)
WHOLE = re.compile(r"total|found|matched|odatacount|inlinecount|filtered")
"""Counts that are never those of one page."""

ERROR = re.compile(
    r"(?:odata)?(?:error|exception|fault|failure)s?|error(?:message|msg|code|description|info|details?|text|type|list)|"
    r"err|errmsg|errcode|errno"
)
GOOD = re.compile(r"(?:is)?(?:success|successful|succeeded|ok)")
STATE = re.compile(r"status|result|state|outcome")
STATUS = re.compile(r"(?:http)?status(?:code)?|httpcode|code|responsecode")
FAILED = re.compile(r"errors?|err|fail(?:ed|ure)?|n?ko|nok|exception|fault|timeout|unavailable")
NOTHING_WRONG = frozenset(("", "0", "ok", "none", "null", "false", "success", "no error", "no errors", "200"))

Meaning = Literal["more", "count", "pages", "error"]


@dataclass(frozen=True)
class Sign:
    """A member of an answer that says something about all of it.

    Attributes:
        path: where it stands, as `format.ignore` names it; made of known words and of what the definition declares.
        means: that more follows, how many records there are, how many pages, or that something went wrong.
        follow: for `more`: an address or a cursor that leads to what follows; "" where there is none.
        number: for `count` and `pages`.
    """

    path: str
    means: Meaning
    follow: str = ""
    number: int = 0


def signs(document: Any, items: str, known: Collection[str] = ()) -> list[Sign]:
    """Every sign in a parsed answer that can be at odds with it.

    Args:
        document: the answer, or the frame around its records.
        items: path of the list of records.
        known: paths that the definition reads, or says are something else.
    """
    found: list[Sign] = []
    part, way = document, ""
    keys = [key for key in items.split(".") if key]
    while isinstance(part, dict):
        beside = keys[0] if keys else None
        found += [sign for sign in _of(part, way, beside, DEPTH) if sign.path not in known]
        if beside is None:
            break
        part, way = part.get(beside), f"{way}{beside}."
        keys = keys[1:]
    return found


def at_odds(
    found: Collection[Sign], *, counted: int, on_page: int, pages: int, elements: int | None = None
) -> Sign | None:
    """The first sign by which the answers are not all there is.

    Args:
        found: the signs of the last answer.
        counted: records in all answers.
        on_page: records in the last answer that had any.
        pages: answers that had any, 1 at least.
        elements: records made of the elements of lists in them, where that is how they are read.
    """
    for sign in found:
        if sign.means == "more" or (sign.means == "pages" and sign.number > pages):
            return sign
        if sign.means == "count" and sign.number not in (counted, elements):
            of_a_page = pages > 1 and (sign.number == on_page or not WHOLE.search(_plain(_last(sign.path))))
            if sign.number > counted or not of_a_page:
                return sign
    return None


def error(found: Collection[Sign]) -> Sign | None:
    """The first sign that the source could not answer."""
    return next((sign for sign in found if sign.means == "error"), None)


def in_headers(headers: Mapping[str, str], known: Collection[str] = ()) -> list[Sign]:
    """Signs in the headers of an answer, but for Link (RFC 8288); `known` are names of headers.

    Args:
        headers: names in any case.
        known: headers that say something else.
    """
    left_out = {name.lower() for name in known}
    found = []
    for name, value in ((name.lower(), value.strip()) for name, value in headers.items()):
        word = _plain(name.removeprefix("x-"))
        if name in left_out or not value:
            continue
        if name == "content-range" and (whole := re.fullmatch(r"[\w-]+ (?:\d+-\d+|\*)/(\d{1,15})", value)):
            found.append(Sign("Content-Range", "count", number=int(whole[1])))
        elif name.startswith("x-"):
            found += [sign for sign in _sign(word, name.title(), value) if sign.means != "error"]
    return found


def _of(part: dict[str, Any], way: str, beside: str | None, depth: int) -> Iterator[Sign]:
    """The signs in an object and in its known parts; not in what stands at the key `beside`."""
    has_words = any(_plain(key) in ("message", "msg", "detail", "title") for key in part)
    for key, value in part.items():
        word = _plain(key)
        if key == beside or not word:
            continue
        path = f"{way}{key}"
        if word == "code" and not has_words:
            continue
        yield from _sign(word, path, value)
        if isinstance(value, dict) and PARTS.fullmatch(word) and depth:
            yield from _of(value, f"{path}.", None, depth - 1)
        elif isinstance(value, list) and word in ("links", "link"):
            for each in value[:100]:
                if isinstance(each, dict) and each.get("rel", each.get("relation")) in ("next", ["next"]):
                    follow = next((each[k] for k in ("href", "url", "uri") if each.get(k)), "")
                    if isinstance(follow, str) and follow:
                        yield Sign(path, "more", follow)


def _sign(word: str, path: str, value: Any) -> Iterator[Sign]:
    """What a member of that name says."""
    if NEXT.fullmatch(word) and (follow := _follow(value)):
        yield Sign(path, "more", follow)
    elif (MORE.fullmatch(word) and (value == 1 or _is(value, True))) or (
        NO_MORE.fullmatch(word) and _is(value, False)
    ):
        yield Sign(path, "more")
    elif PAGES.fullmatch(word) and (number := _number(value)) is not None:
        yield Sign(path, "pages", number=number)
    elif COUNT.fullmatch(word) and (number := _number(value)) is not None:
        yield Sign(path, "count", number=number)
    elif (
        (ERROR.fullmatch(word) and _wrong(value))
        or (GOOD.fullmatch(word) and _is(value, False))
        or (STATE.fullmatch(word) and isinstance(value, str) and FAILED.fullmatch(value.strip().lower()))
        or (STATUS.fullmatch(word) and 400 <= (_number(value) or 0) < 600)
    ):
        yield Sign(path, "error")


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower()) if len(key) <= 60 else ""


def _last(path: str) -> str:
    return path if "@" in path else path.rpartition(".")[2]


def _follow(value: Any) -> str:
    """Where a member called `next` leads; "" where it says that nothing follows."""
    if isinstance(value, bool) or value is None:
        return "true" if value else ""
    if isinstance(value, str):
        return "" if value.strip().lower() in ("", "null", "none", "false", "-1") else value
    if isinstance(value, int):
        return str(value) if value > 0 else ""
    if isinstance(value, dict):
        return next((found for found in map(_follow, value.values()) if found), "")
    return ""


def _is(value: Any, expected: bool) -> bool:
    words = ("true", "yes", "1", "y") if expected else ("false", "no", "0", "n")
    return value is expected or (isinstance(value, str) and value.strip().lower() in words)


def _number(value: Any) -> int | None:
    """A whole number; some write {"value": 12, "relation": "eq"}."""
    if isinstance(value, dict):
        value = value.get("value", value.get("count"))
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _wrong(value: Any) -> bool:
    """Whether something is said of an error."""
    if isinstance(value, dict):
        return any(map(_wrong, value.values()))
    if isinstance(value, list):
        return any(map(_wrong, value))
    if isinstance(value, str):
        return value.strip().lower() not in NOTHING_WRONG
    return bool(value) and value != 200


def what_to_do(sign: Sign, declare: str) -> tuple[str, str, str]:
    """Of a sign at odds with an answer: what was found, what was expected, what to do.

    Args:
        sign: the first of them.
        declare: keys of a definition under which such a sign may be said to mean something else.
    """
    otherwise = f"or {declare}: [{sign.path}] if it means something else; nothing of it was taken."
    if sign.means == "more":
        follow = (
            f" with next: {sign.path}"
            if sign.follow and sign.path[:1].islower() | (sign.path[:1] in "@_")
            else ""
        )
        by = "link" if not follow or "/" in sign.follow else "cursor"
        return (
            f"{sign.path}, which says that more follows",
            "an answer to the end, or pages as the definition declares them",
            f"Declare transport.pages (by: {by}{follow}), {otherwise}",
        )
    if sign.means == "pages":
        return (
            f"fewer pages than the {sign.number} that {sign.path} states",
            "all of them",
            f"Declare transport.pages (by: page with pages: {sign.path}), {otherwise}",
        )
    return (
        f"another number of records than the {sign.number} that {sign.path} states",
        "as many as the source states",
        f"Declare format.total: {sign.path}, and transport.pages where the source answers in pages, {otherwise}",
    )
