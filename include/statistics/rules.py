"""The versioned settings of the counting rules: rules.yaml, checked on load."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

RULES_FILE = Path(__file__).with_name("rules.yaml")


class RulesError(ValueError):
    """rules.yaml cannot be used; the message names the key, what was found and what was expected."""


@dataclass(frozen=True)
class Rules:
    """What figures are counted by: versions for the figure card, and the coverage below which none is published."""

    rules_version: str
    factor_table_version: str
    coverage_threshold: float


def read_rules(path: Path = RULES_FILE) -> Rules:
    """The rules of one file.

    Raises:
        RulesError: a key is missing or unknown, a version is empty, or the threshold is not a share from 0 to 1.
    """
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    expected = set(Rules.__dataclass_fields__)
    if not isinstance(found, dict) or set(found) != expected:
        keys = sorted(found) if isinstance(found, dict) else found
        raise RulesError(f"{path.name}: expected the keys {sorted(expected)}, found {keys}")
    rules = Rules(**found)
    for key in ("rules_version", "factor_table_version"):
        if not isinstance(found[key], str) or not found[key]:
            raise RulesError(
                f"{path.name}: {key}: expected a version as text in quotes, found {found[key]!r}"
            )
    threshold = rules.coverage_threshold
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise RulesError(
            f"{path.name}: coverage_threshold: expected a share from 0 to 1, found {threshold!r}"
        )
    return rules
