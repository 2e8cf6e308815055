"""What an answer holds: JSON as declared, or at least no page for people."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, NoReturn

from include.sources.errors import SourceError
from include.sources.transports.base import Transport

PAGE_BYTES = 64 << 20
"""The largest JSON answer: it is parsed in memory, one at a time."""

PAGE_VALUES = 4_000_000
"""The most values in it, about 100 bytes of memory each; what counts is where one may begin: , [ {"""

HEAD_BYTES = 1024
MEDIA = re.compile(r"[a-z0-9][a-z0-9.+-]{0,30}/[a-z0-9][a-z0-9.+-]{0,60}")
PAGE = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)


def parsed(transport: Transport, raw: bytes, encoding: str, content_type: str, name: str, place: str) -> Any:
    """The JSON document of an answer, in the declared encoding.

    UTF-8 proves itself. Of any other encoding the bytes prove nothing, so the charset that the answer states, if
    it states one, must agree.

    Raises:
        SourceError: no JSON, half of it, in another encoding, or nested too deep.
    """
    refuse_page(transport, raw[:HEAD_BYTES], content_type, name, place)
    if sum(map(raw.count, (b",", b"[", b"{"))) > PAGE_VALUES:
        raise transport.fault(
            name, place, f"more than {PAGE_VALUES} values in one answer", "no more than that",
            "Declare smaller pages (transport.pages.size), or ask the source for them.",
        )  # fmt: skip
    stated = _charset(content_type)
    if stated and _plain(encoding) not in ("utf-8", stated):
        raise transport.fault(
            name, place, f"the charset {stated}", f"{encoding}, as format.encoding says",
            "Mend the definition, or ask the source which of them holds.",
        )  # fmt: skip
    try:
        text = raw.decode("utf-8-sig" if _plain(encoding) == "utf-8" else encoding)
        document = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        cut = error.end == len(raw) and "end of data" in error.reason
        if cut or not re.match(r"$|text/|.*json$", _media(content_type)):
            raise _no_json(transport, content_type, name, place) from None
        raise transport.fault(
            name, f"{place}, near byte {error.start}", f"a byte that is no {encoding}",
            f"{encoding}, as format.encoding says", "Mend the definition, or ask the source what it writes.",
        ) from None  # fmt: skip
    except ValueError:
        raise _no_json(transport, content_type, name, place) from None
    except RecursionError:
        raise _too_deep(transport, name, place) from None
    if _deeper(document, transport.limits.nesting):
        raise _too_deep(transport, name, place)
    return document


def refuse_page(transport: Transport, head: bytes, content_type: str, name: str, place: str) -> None:
    """Refuse a page for people, which many servers send with status 200: a login, an error, maintenance.

    What the body looks like decides. A content type alone does not: text/html is what many programs say of
    anything they write.
    """
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if PAGE.match(start) or (start.startswith(b"<") and _media(content_type) == "text/html"):
        raise transport.fault(
            name, place, "an HTML page", "the data", "It will be asked again; if it stays so, see the address "
            "in a browser: a login or an error page?", retry=True,
        )  # fmt: skip


def refuse_message(transport: Transport, head: bytes, content_type: str, name: str, place: str) -> None:
    """Refuse a JSON answer where a file was expected: an error told with status 200."""
    media = _media(content_type)
    if (media == "application/json" or media.endswith("+json")) and head.lstrip()[:1] in (b"{", b"["):
        raise transport.fault(
            name, place, "a JSON answer", f"a file of kind {transport.feed.format.kind}",
            "It will be asked again; if it stays so, ask the source.", retry=True,
        )  # fmt: skip


def _no_json(transport: Transport, content_type: str, name: str, place: str) -> SourceError:
    media = _media(content_type)
    said = f" ({media})" if media and not media.endswith("json") else ""
    return transport.fault(
        name, place, f"no JSON, or half of it{said}", "a whole JSON document",
        "It will be asked again; if it stays so, ask the source.", retry=True,
    )  # fmt: skip


def _too_deep(transport: Transport, name: str, place: str) -> SourceError:
    return transport.fault(
        name, place, f"JSON nested more than {transport.limits.nesting} levels", "no more than limits.nesting",
        "Ask the source for flat records, or raise the limit of the deployment.",
    )  # fmt: skip


def _deeper(document: Any, most: int) -> bool:
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(most):
        level = [
            value
            for part in level
            for value in (part.values() if isinstance(part, dict) else part)
            if isinstance(value, dict | list)
        ]
    return bool(level)


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _media(content_type: str) -> str:
    media = content_type.partition(";")[0].strip().lower()
    return media if MEDIA.fullmatch(media) else ""


def _charset(content_type: str) -> str:
    found = re.search(r"charset\s*=\s*\"?([A-Za-z0-9._-]+)", content_type)
    return _plain(found[1]) if found else ""


def _plain(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return ""
