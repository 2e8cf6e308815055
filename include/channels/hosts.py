"""Hosts: in one spelling, and cut to what somebody registered.

Labels are encoded one by one, so that one which IDNA refuses (an underscore, a sign) says nothing against the others.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import unicodedata

import idna
import tldextract

ASCII_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
OWNED_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
LONGEST = 253
MAY_BE_IP = re.compile(r":|[0-9]$")
CYRILLIC = re.compile("[а-яёәғқңөұүһі0-9]+(?:-[а-яёәғқңөұүһі0-9]+)*")
DOTS = str.maketrans("。．｡", "...")


def address_of(host: str) -> str | None:
    """An IP address in one spelling, version 6 in brackets; None for what is none."""
    if not MAY_BE_IP.search(host):
        return None
    try:
        found = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped) if found.ipv4_mapped else f"[{found.compressed}]"
    return str(found)


@functools.lru_cache(maxsize=65_536)
def ascii_host(host: str) -> str | None:
    """The labels of a host in small ASCII letters (`Шымкент.қаз` → `xn--e1ajfgz5av.xn--80ao21a`); None for what is no host."""
    labels = host.translate(DOTS).rstrip(".").split(".")
    encoded = [_label(label) for label in labels]
    if len(labels) < 2 or None in encoded:
        return None
    found = ".".join(label for label in encoded if label)
    return found if len(found) <= LONGEST and not labels[-1].isdigit() else None


@functools.lru_cache(maxsize=65_536)
def _label(label: str) -> str | None:
    if label.isascii():
        found = label.lower()
    elif CYRILLIC.fullmatch(
        label
    ):  # needs no mapping: punycode says the same as IDNA, at a fraction of the cost
        found = f"xn--{label.encode('punycode').decode()}"
    else:
        try:
            mapped = idna.uts46_remap(label, std3_rules=False, transitional=False)
            found = mapped if mapped.isascii() else idna.alabel(mapped).decode()
        except idna.IDNAError:
            found = _punycode(unicodedata.normalize("NFKC", label).casefold())
    return found if ASCII_LABEL.fullmatch(found) else None


def _punycode(label: str) -> str:
    """What a browser asks for where IDNA has no answer: letters, marks, numbers and pictures may stand in a label."""
    if all(sign in "-_" or unicodedata.category(sign)[0] in "LMNS" for sign in label):
        return f"xn--{label.encode('punycode').decode()}"
    return ""


def registrable(host: str) -> str | None:
    """What somebody registered, of a host in ASCII: a domain, or a part below a host that gives parts away.

    By the public suffix list with its private section; an unknown last label is a suffix, as the list says. "" for a
    suffix itself, None for what nobody can register.
    """
    tails, wildcards = long_suffixes()
    tail = ".".join(host.rsplit(".", 2)[-2:])
    if tail not in tails and tail.rpartition(".")[2] not in wildcards:
        return tail if OWNED_LABEL.fullmatch(tail.partition(".")[0]) else None
    parts = _suffixes()(host)
    if not parts.suffix:
        owned, rest = host.rpartition(".")[::2]
        found = owned.rpartition(".")[2], rest
    else:
        found = parts.domain, parts.suffix
    if not found[0]:
        return ""
    return f"{found[0]}.{found[1]}" if OWNED_LABEL.fullmatch(found[0]) else None


def last_label_is_known(host: str) -> bool:
    """Whether the text ends with a top-level domain of the public suffix list."""
    return bool(_suffixes()(host).suffix)


@functools.cache
def long_suffixes() -> tuple[frozenset[str], frozenset[str]]:
    """Last two labels of every suffix that has two or more, in ASCII, and the last label of wildcards such as *.ck."""
    rules = [rule.lstrip("!").split(".") for rule in _suffixes().tlds if "." in rule]
    tails = {".".join(labels[-2:]) for labels in rules if "*" not in labels[-2:]}
    both = tails | {found for tail in tails if (found := ascii_host(tail))}
    return frozenset(both), frozenset(labels[-1] for labels in rules if "*" in labels[-2:])


@functools.cache
def _suffixes() -> tldextract.TLDExtract:
    # The list that the package carries: nothing is fetched and nothing is cached on disk.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
