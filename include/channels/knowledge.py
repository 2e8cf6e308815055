"""The code lists of this package: networks, their hosts and paths, shared hosts, forms of ids."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from include.channels.patterns import Pattern
from include.contracts import ContractError, codelist

MEANINGS = ("account", "id", "nothing")


@dataclass(frozen=True)
class Network:
    """A platform by its addresses.

    platforms: what a row may call it; the first is what it is taken for.
    bare: whether a name without an address, as @name, is an account where a row names the platform.
    name: how names of accounts look, in small letters; None for any.
    drops: signs that make no difference in a name.
    """

    code: str
    platforms: tuple[str, ...]
    bare: bool
    name: re.Pattern[str] | None
    drops: str


@dataclass(frozen=True)
class Host:
    """What stands on a host: the network, the set of its paths, and what a label before the host means.

    subdomain: "account" or "owner" (a channel of its own), or "" where it means nothing.
    same_as: the host that the key names instead.
    """

    name: str
    network: str
    paths: str
    subdomain: str
    same_as: str


@dataclass(frozen=True)
class PathRule:
    """One kind of path: its pattern, whether it names an account, an id or nothing, and the key it gives."""

    pattern: Pattern
    names: str
    key: str


@dataclass(frozen=True)
class IdForm:
    """One way to write a network's numeric id; `platform` where only rows of that one mean it so."""

    platform: str
    pattern: Pattern
    key: str


@functools.cache
def networks() -> dict[str, Network]:
    """Every network by its code."""
    return {
        row["network"]: Network(
            row["network"],
            tuple(row["platforms"].split("|")),
            row["bare"] == "yes",
            re.compile(row["name"]) if row["name"] else None,
            row["drops"],
        )
        for row in codelist("channels/networks").to_pylist()
    }


@functools.cache
def network_of_platform() -> dict[str, str]:
    """Platform of a row → the network whose bare names it may give."""
    return {platform: n.code for n in networks().values() if n.bare for platform in n.platforms}


@functools.cache
def hosts() -> dict[str, Host]:
    """Every host that is known, of a platform or shared.

    Raises:
        ContractError: a host stands twice or names a network that is in no list.
    """
    rows = [
        Host(r["host"], r["network"], r["paths"] or r["network"], r["subdomain"], r["host"])
        for r in codelist("channels/hosts").to_pylist()
    ] + [
        Host(
            r["host"],
            r["network"],
            r["host"],
            "owner" if r["owner"] == "subdomain" else "",
            r["same_as"] or r["host"],
        )
        for r in codelist("channels/shared_hosts").to_pylist()
    ]
    found: dict[str, Host] = {}
    for host in rows:
        if host.name in found or host.network not in networks():
            raise ContractError(
                f"codelists/channels: host {host.name!r}: expected once, with a network of networks.csv; "
                f"found {'it twice' if host.name in found else repr(host.network)}. Mend hosts.csv or shared_hosts.csv."
            )
        found[host.name] = host
    return found


@functools.cache
def paths() -> dict[str, tuple[PathRule, ...]]:
    """The kinds of paths by their set, in the order in which they are tried.

    Raises:
        ContractError: a path means what no path can mean, or is written as none can be.
    """
    found: dict[str, list[PathRule]] = {}
    for row in codelist("channels/paths").to_pylist():
        if row["names"] not in MEANINGS:
            raise ContractError(
                f"codelists/channels/paths.csv: {row['paths']} {row['path']}: names: expected one of "
                f"{', '.join(MEANINGS)}, found {row['names']!r}"
            )
        found.setdefault(row["paths"], []).append(PathRule(Pattern.of(row["path"]), row["names"], row["key"]))
    for row in codelist("channels/shared_paths").to_pylist():
        host = hosts()[row["host"]]
        rule = PathRule(Pattern.of(row["path"]), "account", f"{host.same_as}/{row['key']}")
        found.setdefault(host.paths, []).append(rule)
    return {name: tuple(rules) for name, rules in found.items()}


@functools.cache
def ids() -> dict[str, tuple[IdForm, ...]]:
    """The forms of numeric ids by network, in the order in which they are tried."""
    found: dict[str, list[IdForm]] = {}
    for row in codelist("channels/ids").to_pylist():
        form = IdForm(row["platform"], Pattern.of(row["form"]), row["key"])
        found.setdefault(row["network"], []).append(form)
    return {name: tuple(forms) for name, forms in found.items()}
