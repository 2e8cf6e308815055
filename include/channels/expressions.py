"""Channels as DuckDB expressions: rows of the usual forms by SQL alone, the others by `reading`, with one answer.

What is compared with a list is compared by a bit of its hash: of a text that is in no list the bit is seldom set, and
then the row is read the longer way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb
from duckdb.func import FunctionNullHandling
from duckdb.sqltypes import VARCHAR

from include.channels import reading
from include.channels.hosts import long_suffixes
from include.channels.knowledge import hosts, network_of_platform, networks, paths

TELEGRAM = tuple(p for p, network in network_of_platform().items() if network == "telegram")
NAMED = ("instagram", "tiktok", "vk")
"""Networks whose names are as good as an address."""
BITS = {"shared_tails": 1 << 20, "path_words": 1 << 16}
ID, FAULT, NAME = "#", "!", "$"
"""How a key begins that is an id, and a fault; every other key sorts behind `NAME`."""

TELEGRAM_NAME = "[a-z][a-z0-9_]{2,63}"
NETWORK_NAME = "[a-z][a-z0-9_.]{0,62}[a-z0-9_]"
QUERY = r"/?\\?[a-z0-9_=&%.-]*".replace("\\\\", "\\")
LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
SITE = rf"(?:{LABEL}\.)+[a-z]{{2,24}}(?:/[a-z0-9/?=&_.%-]*)?"


SITES = ("website", "marketplace", "darknet", "other")
CYRILLIC = "[а-яёәғқңөұүһі0-9]+(?:-[а-яёәғқңөұүһі0-9]+)*"
CYRILLIC_SITE = re.compile(rf"(?:https?://)?(?:www\.)?({CYRILLIC})\.([a-z]{{2,24}})(?:/[a-z0-9/?=&_%-]*)?")


def register_channels(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the connection the functions that the expressions of this module ask for."""
    for name, function, arguments in (
        ("seen_in_text", _seen, 2),
        ("key_with_id", _identified, 3),
        ("platform_by_address", _other_platform, 3),
    ):
        connection.create_function(
            name, function, [VARCHAR] * arguments, VARCHAR, null_handling=FunctionNullHandling.SPECIAL
        )
    tails, _ = long_suffixes()
    _register_bits(connection, "shared_tails", {*tails, *(".".join(h.split(".")[-2:]) for h in hosts())})
    _register_bits(connection, "path_words", _words())


def with_channels(rows: str, identifier: str = "identifier", numeric_id: str = "platform_numeric_id") -> str:
    """SQL for the rows with `channel_key`, `handle_key`, `other_platform` and `channel_fault`.

    Args:
        rows: a query with the column `platform` (its code).
        identifier: column of the identifier as reported.
        numeric_id: column of the platform's numeric id.
    """
    # A usual row asks of the answer of `reading` only whether there is one: comparing texts costs more.
    rows = _with_seen(rows, "channel", identifier)
    rows = f"select *, {_by_id(numeric_id)} as channel_by_id from ({rows})"
    rows = f"""select *,
        case when channel_lowered is null then null when {numeric_id} is not null then case when channel_by_id >= '{NAME}' then channel_by_id end
            when channel_read is null then channel_usual
            when channel_read >= '{NAME}' then channel_read
            when starts_with(channel_read, '{ID}') then substr(channel_read, 2) end as channel_key,
        case when channel_read is null then channel_usual when channel_read >= '{NAME}' then channel_read end as handle_key,
        case when channel_read is not null and starts_with(coalesce(channel_by_id, channel_read), '{FAULT}')
            then substr(coalesce(channel_by_id, channel_read), 2) end as channel_fault
        from ({rows})"""
    return f"""select *,
        case when channel_read is null and platform <> 'darknet' then null
            when channel_key is null or starts_with(channel_key, platform || ':') then null
            else platform_by_address(platform::varchar, channel_key, handle_key) end as other_platform
        from ({rows})"""


def with_parent(rows: str, identifier: str = "mirror_of") -> str:
    """SQL for the rows with `parent_channel_key`: of the channel that one is a mirror of."""
    return f"""select *, case when parent_read is null then parent_usual when parent_read >= '{NAME}' then parent_read
        when starts_with(parent_read, '{ID}') then substr(parent_read, 2) end as parent_channel_key
        from ({_with_seen(rows, "parent", identifier)})"""


def _with_seen(rows: str, name: str, identifier: str) -> str:
    """`<name>_usual`: the key of a usual identifier; `<name>_read`: of any other what `_seen` gives.

    What is asked for many times over is a column of its own first: the engine would compute it each time.
    """
    lowered, bare, rest, plain = (f"{name}_{part}" for part in ("lowered", "bare", "rest", "plain"))
    rows = f"select *, lower({identifier}) as {lowered} from ({rows})"
    rows = f"select *, {_without_scheme(lowered)} as {bare} from ({rows})"
    rows = f"select *, {_rest(lowered, bare)} as {rest} from ({rows})"
    rows = f"select *, {_plain(lowered, rest)} as {plain} from ({rows})"
    rows = f"select *, {_usual(plain)} as {name}_usual from ({rows})"
    return (
        f"select *, case when {name}_usual is null and {lowered} is not null "
        f"then seen_in_text(platform::varchar, {identifier}) end as {name}_read from ({rows})"
    )


def _without_scheme(lowered: str) -> str:
    return " ".join(
        [
            "case",
            *(
                f"when starts_with({lowered}, '{begin}') then substr({lowered}, {len(begin) + 1})"
                for begin in ("https://www.", "https://", "http://www.", "http://", "www.")
            ),
            f"else {lowered} end",
        ]
    )


def _rest(lowered: str, bare: str) -> str:
    """Behind a usual beginning: the name and what follows it, or the host of a site; empty where the row is no usual one."""
    cases = [_after(lowered, bare, TELEGRAM, "telegram", "", ("t.me/s/",), "tg://resolve?domain=")]
    cases += [_after(lowered, bare, (n,), n, ".", ("m.vk.com/",) if n == "vk" else ()) for n in NAMED]
    cases.append(
        f"when platform = 'whatsapp' then case when starts_with({bare}, 'wa.me/') then substr({bare}, 7) else '' end"
    )
    return f"case when {lowered} is null then null {' '.join(cases)} else {bare} end"


def _after(
    lowered: str,
    bare: str,
    platforms: tuple[str, ...],
    network: str,
    no_name: str,
    more: tuple[str, ...],
    app: str = "",
) -> str:
    asked = ", ".join(f"'{platform}'" for platform in platforms)
    begins = [f"{h.name}/" for h in hosts().values() if h.paths == network and not h.name.endswith(":")]
    if network == "tiktok":
        begins = [f"{begin}@" for begin in begins] + begins
    usual = " ".join(
        f"when starts_with({bare}, '{begin}') then substr({bare}, {len(begin) + 1})"
        for begin in (*more, *begins)
    )
    if app:
        usual += f" when starts_with({lowered}, '{app}') then substr({lowered}, {len(app) + 1})"
    strange = f"starts_with({lowered}, 'id')" + (f" or contains({lowered}, '{no_name}')" if no_name else "")
    return (
        f"when platform in ({asked}) then case when starts_with({lowered}, '@') then substr({lowered}, 2) {usual} "
        f"when {strange} then '' else {lowered} end"
    )


def _plain(lowered: str, rest: str) -> str:
    """The name, number or host that the rest plainly is; null where it is more than that."""
    telegram = ", ".join(f"'{platform}'" for platform in TELEGRAM)
    numbered = "|".join(_numbered("vk"))
    return rf"""case
        when {rest} is null then null
        when platform in ({telegram}) then case
            when regexp_full_match({rest}, '{TELEGRAM_NAME}') then {rest}
            when regexp_full_match({rest}, '{TELEGRAM_NAME}(?:/[0-9]*|{QUERY})') and not starts_with({lowered}, 'tg:')
            then regexp_extract({rest}, '^[a-z0-9_]+') end
        when platform in ('instagram', 'tiktok') then case
            when regexp_full_match({rest}, '{NETWORK_NAME}(?:{QUERY}|/)?') then regexp_extract({rest}, '^[a-z0-9_.]+') end
        when platform = 'vk' then case
            when regexp_full_match({rest}, '{NETWORK_NAME}') and not regexp_matches({rest}, '^(?:{numbered})[0-9]')
            then {rest} end
        when platform = 'whatsapp' then case
            when regexp_full_match({rest}, '[1-79][0-9]{{10,14}}(?:\?text=[a-z0-9_%.-]*)?')
            then regexp_extract({rest}, '^[0-9]+') end
        when regexp_full_match({rest}, '{SITE}')
        then rtrim(regexp_extract({rest}, '[a-z0-9-]+[.][a-z]+(?:/|$)'), '/')
    end"""


def _usual(plain: str) -> str:
    """The key of what is plain; null where a list says that it may mean something else."""
    telegram = ", ".join(f"'{platform}'" for platform in TELEGRAM)
    named = ", ".join(f"'{name}'" for name in NAMED)
    ends = (
        "'" + "|".join(sorted({f".{label}"[-3:] for label in _rare_last_labels()})) + "'"
    )  # a text: the engine makes a join of a list
    return f"""case
        when {plain} is null then null
        when platform in ({telegram}) then case when {_is_listed("path_words", plain)} then null else 'telegram:' || {plain} end
        when platform in ({named}) then case
            when {_is_listed("path_words", plain)} then null else platform || ':' || {plain} end
        when platform = 'whatsapp' then 'whatsapp:' || {plain}
        when platform = 'darknet' and ends_with({plain}, '.onion') then 'darknet:' || {plain}
        when contains({ends}, right({plain}, 3)) or {_is_listed("shared_tails", plain)} then null
        else 'website:' || {plain}
    end"""


def _by_id(numeric_id: str) -> str:
    """The key by the numeric id, where there is one; the fault, where the address contradicts it or there are several."""
    telegram = "channel_read is null and starts_with(channel_usual, 'telegram:')"
    plainly = f"{numeric_id} >= '1' and {numeric_id} < ':' and length({numeric_id}) <= 12 and {telegram}"
    return f"""case
        when {numeric_id} is null or channel_lowered is null then null
        when {plainly} and platform in ('telegram_channel', 'telegram_group') then 'telegram:id:' || {numeric_id}
        when {plainly} and platform = 'telegram_bot' then 'telegram:user:' || {numeric_id}
        else key_with_id(platform::varchar, coalesce(channel_read, channel_usual), {numeric_id})
    end"""


def _seen(platform: str | None, identifier: str | None) -> str | None:
    """`reading.seen_in` as a text: the key, behind # where it is an id; behind ! why the identifier is refused."""
    if platform is None or identifier is None:
        return None
    if platform in SITES and (domain := _plain_cyrillic(identifier)):
        return f"website:{domain}"
    seen = reading.seen_in(platform, identifier)
    if seen.fault:
        return FAULT + seen.fault
    return (ID + seen.key if seen.is_id else seen.key) or None


def _plain_cyrillic(identifier: str) -> str | None:
    """The domain of a site with one Cyrillic label, by far the most frequent of what SQL cannot answer; None for others."""
    found = CYRILLIC_SITE.fullmatch(identifier.lower())
    tails, wildcards = long_suffixes()
    if found is None or found[2] in wildcards or found[2] in hosts():
        return None
    label = found[1] if found[1].isascii() else f"xn--{found[1].encode('punycode').decode()}"
    domain = f"{label}.{found[2]}"
    return domain if len(label) < 64 and domain not in tails and domain not in hosts() else None


def _identified(platform: str | None, text: str | None, numeric_id: str | None) -> str | None:
    if platform is None:
        return None
    text = text or ""
    if text == FAULT + reading.SEVERAL:
        return text
    is_fault, is_id = text.startswith(FAULT), text.startswith(ID)
    seen = reading.Seen("" if is_fault else text.removeprefix(ID), is_id)
    key = reading.identified(platform, seen, numeric_id)
    if key == reading.TWO_IDS:
        return FAULT + key
    return key or (text or None)


def _other_platform(platform: str | None, key: str | None, handle: str | None) -> str | None:
    return reading.other_platform(platform, key, handle) if platform and key else None


def _words() -> set[str]:
    """The words that a path of a network with bare names may begin with."""
    found: set[str] = set()
    for network in networks().values():
        if network.bare:
            for rule in paths().get(network.code, ()):
                text = rule.pattern.path.pattern if rule.pattern.path else ""
                found.add(re.split(r"[/(]", text.replace("\\", ""))[0].lower())
    return found - {""}


def _numbered(network: str) -> list[str]:
    """What stands before the number of an id in the paths of a network."""
    found = set()
    for rule in paths()[network]:
        text = rule.pattern.path.pattern if rule.pattern.path else ""
        if "(?P<number>" in text:
            found.add(text.partition("(?P<number>")[0].replace("\\", ""))
    return sorted(
        re.escape(begin).rstrip("-") + ("-?" if begin.endswith("-") else "")
        for begin in found
        if begin.isascii()
    )


def _rare_last_labels() -> set[str]:
    """Last labels below which more than one label may belong together, or that are hosts themselves."""
    _, wildcards = long_suffixes()
    return set(wildcards) | {name for name in hosts() if "." not in name and not name.endswith(":")}


def _is_listed(name: str, text: str) -> str:
    return f"get_bit(getvariable('{name}'), (hash({text}) % {BITS[name]})::integer) = 1"


def _register_bits(connection: duckdb.DuckDBPyConnection, name: str, texts: Iterable[str]) -> None:
    """A variable with a bit for the hash of each text."""
    size, signs = BITS[name], bytearray(b"0" * BITS[name])
    known = sorted(set(texts))
    for (place,) in connection.execute(
        f"select hash(text) % {size} from (select unnest(?::varchar[]) as text)", [known]
    ).fetchall():
        signs[place] = ord("1")
    connection.execute(f"set variable {name} = (select ?::varchar::bit)", [signs.decode()])
