"""The channel that a text names, with all that there is to know; `expressions` answers the usual forms without it."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from include.channels.cells import addresses_in, cleaned
from include.channels.hosts import address_of, ascii_host, registrable
from include.channels.knowledge import (
    Host,
    hosts,
    ids,
    network_of_platform,
    networks,
    paths,
)
from include.channels.patterns import number, telephone

NO_ACCOUNT, SEVERAL, TWO_IDS = "no account", "several", "two ids"
"""Why an identifier is refused although it can be read."""
WEB = re.compile(r"(?:h(?:tt|xx)ps?(?:[:;]\s*/{0,3}|/{2,3})|//)", re.IGNORECASE)
APP = re.compile(r"(tg|whatsapp|viber|vk|instagram):/{0,2}", re.IGNORECASE)
OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
AUTHORITY = re.compile(r"[^/?#]*")
PORT = re.compile(r":[0-9]*$")
MAIL = re.compile(r"[^\s@/:?#]+@[^\s@/:?#]+\.[^\s@/:?#]+")
TAIL = re.compile(r"[/?#]")
BARE_ID = re.compile(r"(?:id\s*:?\s*)?(-?[0-9]{5,20})", re.IGNORECASE)
CODE = re.compile(r"[A-Za-z0-9_=.+-]{2,128}")
SLUG = re.compile(r"[^\s/?#]{1,256}")
NAME_ANYWHERE = re.compile(r"[\w.~-]{1,64}")
BOT = re.compile(r"[a-z0-9_]+bot")
DEEPEST = 3
"""Links inside links are followed so far."""


class Seen(NamedTuple):
    """What a cell says by itself.

    key: `namespace:value`; "" where it names no channel.
    is_id: whether the key is the platform's numeric id, and no name.
    fault: why a text that can be read is refused, or "".
    """

    key: str = ""
    is_id: bool = False
    fault: str = ""


@dataclass(frozen=True)
class Channel:
    """The channel of one row.

    key: by its id where that is known, else by its name; None where there is none.
    handle: the key by its name, whether or not the id is known.
    other_platform: the platform by the address, where the row says another one.
    fault: why the row is refused although its identifier can be read.
    """

    key: str | None = None
    handle: str | None = None
    other_platform: str | None = None
    fault: str | None = None


def channel_of(platform: str | None, identifier: str | None, numeric_id: str | None = None) -> Channel:
    """The channel of a row by its platform, its identifier as reported and the numeric id, where one is reported."""
    if platform is None or identifier is None:
        return Channel()
    seen = seen_in(platform, identifier)
    key = identified(platform, seen, numeric_id)
    if seen.fault == SEVERAL or key == TWO_IDS:
        return Channel(fault=seen.fault or TWO_IDS)
    if not key:
        return Channel(fault=seen.fault or None)
    handle = seen.key if seen.key and not seen.is_id else None
    return Channel(key, handle, other_platform(platform, key, handle))


def seen_in(platform: str, identifier: str) -> Seen:
    """What an identifier names in a row of a platform. A cell with several addresses names one only where all agree."""
    whole = cleaned(identifier)
    pieces = addresses_in(whole)
    if len(pieces) > 1:
        found = {_read(platform, piece) for piece in pieces}
        one = next(iter(found))
        return one if len(found) == 1 and one.key else Seen(fault=SEVERAL)
    if re.search(r"\s", whole) and not (telephone(whole) and not re.search(r"[^\W\d]", whole)):
        return _read_spaced(platform, whole)
    return _read(platform, whole)


def _read_spaced(platform: str, whole: str) -> Seen:
    """A text with spaces: one address, with a space inside its scheme or its id, or nothing that can be read."""
    if BARE_ID.fullmatch(whole):
        return _read(platform, whole)
    joined = re.sub(r"^(\w+[:;])\s+|^@\s+", lambda found: found[1] or "@", whole)
    return Seen() if re.search(r"\s", joined) else _read(platform, joined)


def identified(platform: str, seen: Seen, numeric_id: str | None) -> str:
    """The key of a channel with its numeric id; `TWO_IDS` where the address names another id, "" where there is no key."""
    if not numeric_id:
        return seen.key
    network = seen.key.partition(":")[0] if seen.key else network_of_platform().get(platform, "")
    kind = platform if platform in networks().get(network, networks()["website"]).platforms else ""
    if network == "telegram" and not kind and BOT.fullmatch(seen.key.removeprefix("telegram:")):
        kind = "telegram_bot"
    reported = _by_id(network, kind, numeric_id)
    if not reported or not seen.is_id:
        return reported or seen.key
    same = re.findall(r"[0-9]+", reported)[-1:] == re.findall(r"[0-9]+", seen.key)[-1:]
    return seen.key if same else TWO_IDS


def other_platform(platform: str, key: str, handle: str | None = None) -> str | None:
    """The platform that an address belongs to, where a row says another one."""
    network = networks().get(key.partition(":")[0])
    if network is None or platform in network.platforms:
        return None
    is_bot = BOT.fullmatch((handle or "").removeprefix("telegram:")) or key.startswith("telegram:user:")
    if network.code == "telegram" and is_bot:
        return "telegram_bot"
    return "telegram_group" if key.startswith("telegram:group:") else network.platforms[0]


def _by_id(network: str, platform: str, text: str) -> str:
    for form in ids().get(network, ()):
        found = form.pattern.match(text, {}, "") if form.platform in ("", platform) else None
        key = None if found is None else _filled(form.key, found, network)
        if key is not None:
            return f"{network}:{key}"
    return ""


@functools.lru_cache(maxsize=65_536)
def _read(platform: str, text: str, depth: int = 0) -> Seen:
    """What one address names."""
    network = network_of_platform().get(platform)
    if APP.match(text):
        return _by_app(platform, text, depth)
    address = WEB.sub("", text, count=1) if WEB.match(text) else text
    while address != text and WEB.match(address):
        address = WEB.sub("", address, count=1)
    is_web = address != text
    if not is_web and OTHER_SCHEME.match(text):
        return Seen()
    if not is_web and text.startswith("@"):
        return _named(network, text[1:]) if network else Seen()
    if not is_web and MAIL.fullmatch(text):
        return _by_mail(text)
    if not is_web and _is_bare(text, network):
        return _bare(network, platform, text) if network else Seen()
    return _by_host(platform, address, depth)


def _is_bare(text: str, network: str | None) -> bool:
    """Whether a text is a name or a number, and no address: there is no host in it, or the network's names look so."""
    authority = AUTHORITY.match(text)
    place = authority[0] if authority else ""
    if address_of(place) or address_of(PORT.sub("", place)):
        return False
    host = ascii_host(PORT.sub("", place))
    if host is None:
        return True
    listed = _host_of(host) is not None or host.startswith("www.")
    pattern = networks()[network].name if network else None
    is_name = pattern is not None and pattern.fullmatch(text.lower()) is not None
    return not listed and is_name


def _bare(network: str, platform: str, text: str) -> Seen:
    if (found := BARE_ID.fullmatch(text)) and network != "whatsapp":
        return Seen(_by_id(network, platform, found[1]), is_id=True)
    return _named(network, text)


def _named(network: str, text: str) -> Seen:
    """What a name alone says: it is read as the path of an address of its network would be."""
    name, _, rest = text.partition("?")
    name, _, after = name.rstrip("/").partition("/")
    if after and not after.isdigit():
        return Seen()
    return _by_path(network, network, name, {}, "", Seen())


def _by_mail(text: str) -> Seen:
    name, _, host = text.rpartition("@")
    found = ascii_host(host)
    if found in ("s.whatsapp.net", "c.us"):
        return _by_path("whatsapp", "whatsapp", name, {}, "", Seen())
    return Seen(f"mail:{name.lower()}@{found}") if found else Seen()


def _by_app(platform: str, text: str, depth: int) -> Seen:
    """A link that opens an app: what stands in place of the host is the first word of its path."""
    found = APP.match(text)
    assert found
    path, _, query = text[found.end() :].partition("?")
    host = hosts()[f"{found[1].lower()}:"]
    return _by_rules(host, path.strip("/"), _query(query), "", platform, depth)


def _by_host(platform: str, address: str, depth: int) -> Seen:
    authority = AUTHORITY.match(address)
    assert authority
    place, rest = unquote(authority[0]).rpartition("@")[2], address[authority.end() :]
    bare = PORT.sub("", place) if place.count(":") < 2 or place.startswith("[") else place
    if ip := address_of(bare):
        return Seen(f"website:{ip}")
    name = ascii_host(bare)
    if name is None:
        return Seen()
    path, _, fragment = rest.partition("#")
    path, _, query = path.partition("?")
    path = re.sub("/{2,}", "/", unquote(path)).strip("/")
    found = _host_of(name)
    if found is None:
        domain = registrable(name)
        return Seen(f"website:{domain}") if domain else Seen(fault=NO_ACCOUNT if domain == "" else "")
    host, before = found
    before = [label for label in before if label not in ("www", "m", "mobile")]
    if host.subdomain == "owner":
        return Seen(f"{host.network}:{before[-1]}.{host.same_as}") if before else Seen(fault=NO_ACCOUNT)
    if host.subdomain == "account" and before:
        return _by_path(host.network, host.paths, before[-1], {}, "", Seen(fault=NO_ACCOUNT))
    return _by_rules(host, path, _query(query), unquote(fragment), platform, depth)


def _host_of(name: str) -> tuple[Host, list[str]] | None:
    """The longest known host that a name ends with, and the labels before it."""
    labels = name.split(".")
    for place in range(len(labels)):
        if host := hosts().get(".".join(labels[place:])):
            return host, labels[:place]
    return None


def _by_rules(host: Host, path: str, query: dict[str, str], fragment: str, platform: str, depth: int) -> Seen:
    if link := _link(host.paths, path, query, fragment):
        return _read(platform, link, depth + 1) if depth < DEEPEST else Seen()
    return _by_path(host.network, host.paths, path, query, fragment, Seen(fault=NO_ACCOUNT))


def _link(kind: str, path: str, query: dict[str, str], fragment: str) -> str:
    """The link that stands inside another one, where it does."""
    links = [rule for rule in paths().get(kind, ()) if rule.names == "account" and not rule.key]
    fragment_query = _query(fragment.partition("?")[2]) if links else {}
    for rule in links:
        found = rule.pattern.match(path, query | fragment_query, fragment)
        if found and "link" in found:
            return found["link"]
    return ""


def _by_path(network: str, kind: str, path: str, query: dict[str, str], fragment: str, nothing: Seen) -> Seen:
    """What a path names by the first rule of its set that fits; `nothing` where none does."""
    for rule in paths().get(kind, ()):
        found = rule.pattern.match(path, query, fragment)
        if found is None:
            continue
        if rule.names == "nothing":
            return Seen(fault=NO_ACCOUNT)
        if rule.key and (key := _filled(rule.key, found, network)) is not None:
            return Seen(f"{network}:{key}", rule.names == "id")
    return nothing


def _filled(key: str, found: dict[str, str], network: str) -> str | None:
    """The key with what was found in place of its braces; None where that cannot be such a part."""
    for part, text in found.items():
        value = _part(part, text, network)
        if value is None:
            return None
        key = key.replace(f"{{{part}}}", value)
    return key


def _part(part: str, text: str, network: str) -> str | None:
    if part == "phone":
        return telephone(text)
    if part in ("number", "marked"):
        return number(text)
    if part == "code":
        return text if CODE.fullmatch(text) else None
    if part == "slug":
        return unicodedata.normalize("NFC", text) if SLUG.fullmatch(text) else None
    declared, name = networks()[network], text.lower()
    for sign in declared.drops:
        name = name.replace(sign, "")
    return name if (declared.name or NAME_ANYWHERE).fullmatch(name) else None


def _query(text: str) -> dict[str, str]:
    if not text:
        return {}
    pairs = parse_qsl(text.replace("&amp;", "&"))
    return {key.lower(): value for key, value in reversed(pairs)}
