"""The twenty regions of the simulated country: size, language of the clerks, share of the work."""

from __future__ import annotations

from dataclasses import dataclass

NATIONAL = "KZ-NAT"
CAPITAL = "KZ-71"  # its source also hosts the rows of no region


@dataclass(frozen=True)
class Region:
    """One region-level unit.

    population: people at the start of 2023 (Bureau of National Statistics).
    activity: how many channels its police find, relative to the population.
    hemp: how much wild hemp and marijuana it seizes, relative to the population.
    """

    code: str
    population: int
    language: str
    activity: float
    hemp: float


REGIONS: tuple[Region, ...] = (
    Region("KZ-10", 610_205, "ru", 0.8, 0.5),
    Region("KZ-11", 788_023, "ru", 0.8, 0.5),
    Region("KZ-15", 928_161, "kk", 0.7, 0.3),
    Region("KZ-19", 1_505_968, "ru", 1.5, 6.0),
    Region("KZ-23", 693_085, "kk", 0.6, 0.2),
    Region("KZ-27", 688_129, "ru", 0.7, 0.3),
    Region("KZ-31", 1_218_170, "kk", 0.8, 7.0),
    Region("KZ-33", 698_729, "ru", 0.7, 3.0),
    Region("KZ-35", 1_134_854, "ru", 1.0, 0.6),
    Region("KZ-39", 832_237, "ru", 0.9, 0.4),
    Region("KZ-43", 833_676, "kk", 0.6, 1.2),
    Region("KZ-47", 767_107, "kk", 0.6, 0.2),
    Region("KZ-55", 754_954, "ru", 0.9, 0.4),
    Region("KZ-59", 534_108, "ru", 0.8, 0.4),
    Region("KZ-61", 2_119_320, "kk", 0.5, 1.5),
    Region("KZ-62", 221_426, "ru", 0.6, 0.4),
    Region("KZ-63", 730_236, "ru", 0.8, 0.5),
    Region("KZ-71", 1_354_507, "ru", 1.3, 0.5),
    Region("KZ-75", 2_161_797, "ru", 1.2, 0.8),
    Region("KZ-79", 1_192_120, "ru", 1.8, 1.0),
)
BY_CODE = {region.code: region for region in REGIONS}


def channel_weights() -> list[float]:
    """Share of each region in the channels found, in the order of REGIONS."""
    return [region.population * region.activity for region in REGIONS]


def seizure_weights(hemp: bool) -> list[float]:
    """Share of each region in the seizures, of hemp or of anything else, in the order of REGIONS."""
    return [region.population * (region.hemp if hemp else 1.0) for region in REGIONS]
