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
import tldextract
from duckdb.func import FunctionNullHandling
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
PLAIN_HOST = r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]"
LETTER = "[a-zа-яёәғқңөұүһі0-9]"
CYRILLIC_HOST = re.compile(rf"(?:{LETTER}(?:(?:{LETTER}|-)*{LETTER})?\.)+[a-z]{{2,63}}")
IP_ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
HOST = "^[^/:?#@\\s]+"


def register_registrable(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the connection `registrable(host)`: null for what is no host name.

    A plain host under a last label that never is part of a longer suffix needs no list: two labels are the answer.
    """
    connection.create_function(
        "registrable_domain",
        registrable_domain,
        [VARCHAR],
        VARCHAR,
        null_handling=FunctionNullHandling.SPECIAL,
    )
    lasts = ".".join(("", *sorted(_last_labels()), ""))  # a text: the engine makes a join of a list
    connection.execute(
        f"create or replace temp macro registrable(host) as case when regexp_full_match(host, '{PLAIN_HOST}') "
        f"and not contains('{lasts}', regexp_extract(host, '[.][^.]+$') || '.') "
        "then regexp_extract(host, '[^.]+[.][^.]+$') else registrable_domain(host) end"
    )


def with_channel(rows: str, name: str, identifier: str, numeric_id: str, handle: str = "") -> str:
    """SQL for the rows with the canonical key `namespace:value` as the column `name`.

    The key is null where the identifier fits no channel of the platform.

    Args:
        rows: a query with the column `platform` (its code).
        name: of the column that is added.
        identifier: column of the identifier as reported.
        numeric_id: SQL expression of the platform's numeric id.
        handle: of one more column, if any: the key that the identifier gives by itself.
    """
    # What is asked for many times over is a column of its own first: the engine would compute it each time.
    lowered, address, handle = f"{name}_lowered", f"{name}_address", handle or f"{name}_handle"
    rows = f"select *, lower({identifier}) as {lowered} from ({rows})"
    rows = f"select *, {_address(lowered)} as {address} from ({rows})"
    rows = f"select *, {_handle(identifier, lowered, address)} as {handle} from ({rows})"
    return f"select *, {_key(identifier, handle, numeric_id)} as {name} from ({rows})"


def _address(lowered: str) -> str:
    """The handle behind a usual beginning or, of a site, the host; null where the key needs none."""
    beginnings = ("@", "https://t.me/s/", "https://t.me/", "t.me/", "telegram.me/", "https://telegram.me/", "tg://resolve?domain=")  # fmt: skip
    handle = " ".join(
        f"when starts_with({lowered}, '{b}') then substr({lowered}, {len(b) + 1})" for b in beginnings
    )
    networks = " ".join(
        f"when platform = '{name}' then regexp_replace({lowered}, '^(?:@|(?:https?://)?(?:www\\.)?(?:{hosts})/@?)', '')"
        for name, hosts in NETWORKS.items()
    )
    path = f"case when contains({lowered}, '://') then split_part({lowered}, '://', 2) else {lowered} end"
    return f"""case
        when {lowered} is null then null
        when starts_with(platform, 'telegram') then case {handle} else {lowered} end
        {networks}
        else regexp_extract({_without_user(path)}, '{HOST}')
    end"""


def _key(identifier: str, handle: str, numeric_id: str) -> str:
    return f"""case
        when platform is null or {identifier} is null then null
        when {numeric_id} is not null then
            case when starts_with(platform, 'telegram') then 'telegram' else platform end || ':id:' || {numeric_id}
        else {handle}
    end"""


def _handle(identifier: str, lowered: str, address: str) -> str:
    networks = ", ".join(f"'{name}'" for name in NETWORKS)
    invited = f"contains({lowered}, 'joinchat/') or contains({lowered}, '/+')"
    return f"""case
        when platform is null or {identifier} is null then null
        when starts_with(platform, 'telegram') then case
            when {invited} then 'telegram:+' || nullif(regexp_extract({identifier}, '{TELEGRAM_INVITE}', 1), '')
            when regexp_full_match({address}, '[a-z0-9_]{{2,64}}') then 'telegram:' || {address}
            else 'telegram:' || nullif(regexp_extract({lowered}, '{TELEGRAM}', 1), '') end
        when platform in ({networks}) then case
            when regexp_full_match({address}, '\\+?{HANDLE}(?:[/?#].*)?')
            then platform || ':' || regexp_extract({address}, '^[^/?#]+') end
        else platform || ':' || registrable({address})
    end"""


def _without_user(address: str) -> str:
    return f"case when contains({address}, '@') then regexp_replace({address}, '^[^/?#]*@', '') else {address} end"


@functools.lru_cache(maxsize=65_536)
def registrable_domain(host: str | None) -> str | None:
    """The domain somebody registered, in ASCII (`shop.пример.kz` → `xn--e1afmkfd.kz`); null for what is no host."""
    tails, wildcards = _longer_suffixes()
    labels = (host or "").rsplit(".", 2)
    if len(labels) < 2 or not host:
        return None
    if labels[-1].isdigit():
        return host if IP_ADDRESS.fullmatch(host) else None
    tail = f"{labels[-2]}.{labels[-1]}"
    if re.fullmatch(PLAIN_HOST, host) and tail not in tails and labels[-1] not in wildcards:
        return tail
    if CYRILLIC_HOST.fullmatch(host) and "--" not in host:
        # Lower-case Cyrillic needs no mapping: punycode says the same as IDNA, at a fraction of the cost.
        encoded = list(map(_ascii_label, labels[-2:]))
        if labels[-1] not in wildcards and ".".join(encoded) not in tails:
            return ".".join(encoded)
    try:
        ascii_host = idna.encode(host.strip("."), uts46=True).decode().lower()
    except idna.IDNAError:
        return None
    parts = _suffixes()(ascii_host)
    if not parts.suffix:  # the public suffix list's own default rule: an unknown last label is a suffix
        return ".".join(ascii_host.split(".")[-2:]) if "." in ascii_host else None
    return f"{parts.domain}.{parts.suffix}" if parts.domain else None


def _last_labels() -> set[str]:
    """Last label of every suffix that has two or more: about two hundred."""
    return {labels[-1] for labels in _longer_rules()}


def _longer_rules() -> list[list[str]]:
    return [rule.lstrip("!").split(".") for rule in _suffixes().tlds if "." in rule]


@functools.lru_cache(maxsize=65_536)
def _ascii_label(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"


@functools.cache
def _longer_suffixes() -> tuple[frozenset[str], frozenset[str]]:
    """Last two labels of every suffix that has two or more, and the last label of every wildcard rule."""
    rules = _longer_rules()
    tails = {".".join(labels[-2:]) for labels in rules if "*" not in labels[-2:]}
    return frozenset(tails), frozenset(labels[-1] for labels in rules if "*" in labels[-2:])


@functools.cache
def _suffixes() -> tldextract.TLDExtract:
    # The list that the package carries: nothing is fetched and nothing is cached on disk.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
