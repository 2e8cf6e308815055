"""The canonical channel of a reported identifier (B1, B6), as a DuckDB expression.

Telegram's hosts, `@name` and `tg://` links are one namespace, whatever the reporter calls the channel
(channel, bot or group): handles are unique across it. Sites are known by their registrable domain (public
suffix list, IDNA). Where the platform's numeric id is known it decides, so that a rename stays one channel.
"""

from __future__ import annotations

import functools
import re

import duckdb
import idna
import pyarrow as pa
import pyarrow.compute as pc
import tldextract
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import VARCHAR

HANDLE = "[a-z0-9_.-]{2,64}"
# A post number, a query, a tracking part: everything behind the handle.
TELEGRAM = (
    "^(?:@|(?:https?://)?(?:www\\.)?(?:t\\.me|telegram\\.me|telegram\\.dog)/(?:s/)?|tg://resolve/?\\?(?:[^#]*&)?domain=)"
    "([a-z0-9_]{2,64}|c/[0-9]+)(?:[/?&#].*)?$"
)
TELEGRAM_INVITE = "^(?:https?://)?(?:www\\.)?(?:[tT]\\.me|telegram\\.me|telegram\\.dog)/(?:joinchat/|\\+)([A-Za-z0-9_-]{6,64})(?:[/?#].*)?$"
NETWORKS = {
    "instagram": "instagram\\.com|instagr\\.am",
    "tiktok": "tiktok\\.com",
    "vk": "vk\\.com|vk\\.ru|vkontakte\\.ru|m\\.vk\\.com",
    "whatsapp": "wa\\.me|api\\.whatsapp\\.com|chat\\.whatsapp\\.com",
}
PLAIN_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9][a-z0-9-]*[a-z0-9]")
CYRILLIC = "[а-яёәғқңөұүһі0-9]"
CYRILLIC_HOST = re.compile(rf"(?:[a-z0-9-]+\.)*{CYRILLIC}(?:[а-яёәғқңөұүһі0-9-]*{CYRILLIC})?\.[a-z]{{2,63}}")
IP_ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
HOST = "^[^/:?#@\\s]+"


def register_registrable(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the connection `registrable_domain(host)`: null for what is no host name."""
    connection.create_function(
        "registrable_domain",
        _registrable,
        [VARCHAR],
        VARCHAR,
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )


def channel_key(platform: str, identifier: str, numeric_id: str) -> str:
    """SQL for the canonical key `namespace:value`; null where the identifier fits no channel of the platform.

    Args: SQL expressions of the platform code, the identifier as reported and the platform's numeric id.
    """
    text = f"lower({identifier})"
    networks = " ".join(
        f"when {platform} = '{name}' then '{name}:' || nullif(regexp_extract({text}, "
        f"'^(?:@|(?:https?://)?(?:www\\.)?(?:{hosts})/@?)?(\\+?{HANDLE})(?:[/?#].*)?$', 1), '')"
        for name, hosts in NETWORKS.items()
    )
    return f"""case
        when {platform} is null or {identifier} is null then null
        when {numeric_id} is not null then
            case when starts_with({platform}, 'telegram') then 'telegram' else {platform} end || ':id:' || {
        numeric_id
    }
        when starts_with({platform}, 'telegram') and (contains({text}, 'joinchat/') or contains({
        text
    }, '/+')) then
            'telegram:+' || nullif(regexp_extract({identifier}, '{TELEGRAM_INVITE}', 1), '')
        when starts_with({platform}, 'telegram') then coalesce(
            case when regexp_full_match({_bare_handle(text)}, '[a-z0-9_]{{2,64}}')
                then 'telegram:' || {_bare_handle(text)} end,
            'telegram:' || nullif(regexp_extract({text}, '{TELEGRAM}', 1), ''))
        {networks}
        else {platform} || ':' || registrable_domain(regexp_extract({
        _without_user(f"case when contains({text}, '://') then split_part({text}, '://', 2) else {text} end")
    }, '{HOST}'))
    end"""


def _bare_handle(text: str) -> str:
    """What stands behind the usual beginnings; the full expression is asked only where this is no handle."""
    beginnings = ("@", "https://t.me/s/", "https://t.me/", "t.me/", "telegram.me/", "https://telegram.me/")
    cases = " ".join(f"when starts_with({text}, '{b}') then substr({text}, {len(b) + 1})" for b in beginnings)
    return f"case {cases} else {text} end"


def _without_user(address: str) -> str:
    return f"case when contains({address}, '@') then regexp_replace({address}, '^[^/?#]*@', '') else {address} end"


def _registrable(hosts: pa.Array) -> pa.Array:
    if isinstance(hosts, pa.ChunkedArray):
        hosts = hosts.combine_chunks()
    encoded = pc.dictionary_encode(hosts)
    known = pa.array(map(registrable_domain, encoded.dictionary.to_pylist()), pa.string())
    return known.take(encoded.indices)


@functools.lru_cache(maxsize=65_536)
def registrable_domain(host: str | None) -> str | None:
    """The domain somebody registered, in ASCII (`shop.пример.kz` → `xn--e1afmkfd.kz`); null for what is no host."""
    tails, lasts = _longer_suffixes()
    labels = (host or "").rsplit(".", 2)
    if len(labels) < 2 or not host:
        return None
    if labels[-1].isdigit():
        return host if IP_ADDRESS.fullmatch(host) else None
    tail = f"{labels[-2]}.{labels[-1]}"
    if PLAIN_HOST.fullmatch(host) and tail not in tails and labels[-1] not in lasts:
        return tail  # most hosts: no suffix of two labels is involved, and the list need not be asked
    if CYRILLIC_HOST.fullmatch(host) and "--" not in host:
        # Lower-case Cyrillic needs no mapping: punycode says the same as IDNA, at a fraction of the cost.
        encoded = [
            part if part.isascii() else f"xn--{part.encode('punycode').decode()}" for part in labels[-2:]
        ]
        if labels[-1] not in lasts and ".".join(encoded) not in tails:
            return ".".join(encoded)
    try:
        ascii_host = idna.encode(host.strip("."), uts46=True).decode().lower()
    except idna.IDNAError:
        return None
    parts = _suffixes()(ascii_host)
    if not parts.suffix:  # the public suffix list's own default rule: an unknown last label is a suffix
        return ".".join(ascii_host.split(".")[-2:]) if "." in ascii_host else None
    return f"{parts.domain}.{parts.suffix}" if parts.domain else None


@functools.cache
def _longer_suffixes() -> tuple[frozenset[str], frozenset[str]]:
    """Last two labels of every suffix that has two or more, and the last label of every wildcard rule."""
    rules = [rule.lstrip("!").split(".") for rule in _suffixes().tlds if "." in rule]
    tails = {".".join(labels[-2:]) for labels in rules if "*" not in labels[-2:]}
    return frozenset(tails), frozenset(labels[-1] for labels in rules if "*" in labels[-2:])


@functools.cache
def _suffixes() -> tldextract.TLDExtract:
    # The list that the package carries: nothing is fetched and nothing is cached on disk.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
