"""What a person says of a source that is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Given:
    """What a person says of the source: the sample cannot tell it."""

    source: str
    dataset: str
    name: Mapping[str, str] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    transport: str = "folder"
    constants: Mapping[str, str] = field(default_factory=dict)
