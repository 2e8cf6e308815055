"""What one deployment allows its sources: folders, hosts, and how much of everything.

The file is the operator's, not the source's: whoever writes a definition cannot widen it. ODCM_DEPLOYMENT names
it; without it the sandbox's holds, which allows the inbox and this machine.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from string import Template

import yaml
from pydantic import Field, ValidationError, field_validator

from include.sources.parts import Part

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Addresses of IPv4 as networks of IPv6 alone see them (RFC 6052)."""
DEFAULT_FILE = Path(__file__).parents[1] / "sandbox" / "deployment.yaml"


class DeploymentError(ValueError):
    """The deployment file cannot be used."""


class NotAllowed(Exception):
    """A place that the deployment does not allow; `found` and `expected` are for the error that names the feed."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}; expected {expected}")
        self.found, self.expected = found, expected


class Limits(Part):
    """The most that one delivery may be or need. Beyond a limit the delivery is refused."""

    delivery_bytes: int = Field(default=2 << 30, gt=0)
    files: int = Field(default=20_000, gt=0, description="Files in a folder, deliveries in a list.")
    pages: int = Field(default=100_000, gt=0)
    expanded_bytes: int = Field(
        default=1 << 30, gt=0, description="Of what is compressed: workbooks, HTTP bodies."
    )
    expansion: int = Field(
        default=200, gt=0, description="Expanded ÷ compressed bytes, beyond the first 16 MiB."
    )
    rows: int = Field(default=20_000_000, gt=0)
    columns: int = Field(default=2_000, gt=0)
    cell_chars: int = Field(default=1 << 20, gt=0, description="The longest cell or line.")
    nesting: int = Field(default=64, gt=0, description="Levels of JSON and XML.")
    memory_mb: int = Field(default=1536, ge=256, description="Of the process that reads and judges one feed.")
    judge_s: int = Field(default=3600, gt=0, description="For reading and judging one feed.")


class AllowedHost(Part):
    """A host that sources may reach. `private` allows addresses that are not public: an office network."""

    host: str
    port: int | None = Field(default=None, ge=1, le=65535)
    private: bool = False


@dataclass(frozen=True)
class Address:
    """A host with the one address that it is reached at: looked up once, and checked."""

    host: str
    port: int
    ip: str


class Deployment(Part):
    """Allow-lists and limits. Nothing that is not named here can be reached."""

    roots: list[str] = Field(default=[], description="Folders, or s3://bucket/prefix.")
    hosts: list[AllowedHost] = []
    limits: Limits = Limits()

    @field_validator("roots")
    @classmethod
    def _each_is_somewhere(cls, value: list[str]) -> list[str]:
        """An empty root, of a variable that is set to nothing, would be wherever the program happens to run."""
        if any(not root.rpartition("://")[2].strip() for root in value):
            raise ValueError("expected folders, or s3://bucket/prefix; found an empty one")
        return value

    def folder(self, path: Path) -> Path:
        """The path with every link followed, if that lies under a root.

        Raises:
            NotAllowed: it lies elsewhere.
        """
        real = path.resolve()
        for root in self.roots:
            if "://" not in root and real.is_relative_to(Path(root).resolve()):
                return real
        raise NotAllowed(
            "a place outside of the allowed folders", "a path under a root of the deployment file"
        )

    def bucket(self, url: str) -> str:
        """The address in an object store without its scheme, if it lies under a root.

        Raises:
            NotAllowed: it lies elsewhere, or steps upwards.
        """
        place = PurePosixPath(url.partition("://")[2])
        scheme = url.partition("://")[0]
        if ".." not in place.parts:
            for root in self.roots:
                kind, _, prefix = root.partition("://")
                if kind == scheme and prefix and place.is_relative_to(PurePosixPath(prefix)):
                    return str(place)
        raise NotAllowed(
            "a place outside of the allowed stores", "an address under a root of the deployment file"
        )

    def address(self, host: str, port: int) -> Address:
        """The address of an allowed host, looked up now; every address that it has must be allowed.

        Raises:
            NotAllowed: the host is not named, or has an address that is not public and not allowed to be so.
            OSError: the name cannot be looked up.
        """
        named = [h for h in self.hosts if h.host.lower() == host.lower() and h.port in (None, port)]
        if not named:
            raise NotAllowed("a host that is not allowed", "one of the hosts of the deployment file")
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not any(h.private for h in named):
            for each in addresses:
                if not _is_public(each):
                    raise NotAllowed(
                        "a host with an address that is not public",
                        "a public address, or `private: true` for the host in the deployment file",
                    )
        return Address(host, port, addresses[0])


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [ip]
    if isinstance(ip, ipaddress.IPv6Address):
        found += _inside(ip)
    return all(each.is_global and not each.is_multicast for each in found)


def _inside(ip: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses to which one of IPv6 may lead: mapped, by 6to4, by NAT64."""
    nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None
    return [inner for inner in (ip.ipv4_mapped, ip.sixtofour, nat64) if inner]


def load_deployment(variables: Mapping[str, str]) -> Deployment:
    """The deployment that ODCM_DEPLOYMENT names, else the sandbox's.

    Raises:
        DeploymentError: one line for each fault.
    """
    path = Path(os.environ.get("ODCM_DEPLOYMENT") or DEFAULT_FILE)
    try:
        document = yaml.safe_load(_text(path)) or {}
        roots = [Template(root).safe_substitute(variables) for root in document.get("roots") or []]
        return Deployment.model_validate(document | {"roots": [root for root in roots if "$" not in root]})
    except OSError as error:
        raise DeploymentError(f"{path}: {error.strerror}; ODCM_DEPLOYMENT names it") from None
    except (yaml.YAMLError, AttributeError, TypeError):
        raise DeploymentError(f"{path.name}: expected YAML with roots, hosts and limits") from None
    except ValidationError as error:
        raise DeploymentError(
            "\n".join(f"{path.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        ) from None


@cache
def _cached_text(path: Path, _mtime_ns: int) -> str:
    return path.read_text(encoding="utf-8")


def _text(path: Path) -> str:
    return _cached_text(path, path.stat().st_mtime_ns)
