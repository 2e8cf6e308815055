"""Counting rules: core as known at a moment → marts, in SQL files that cite the rules they implement."""

from include.statistics.build import ORDER, REPORTS, SIGHTING, STATES, Counted, Inputs, build
from include.statistics.rules import RULES_FILE, Rules, RulesError, read_rules

RULES = read_rules()
RULES_VERSION = RULES.rules_version

__all__ = [
    "ORDER",
    "REPORTS",
    "RULES",
    "RULES_FILE",
    "RULES_VERSION",
    "SIGHTING",
    "STATES",
    "Counted",
    "Inputs",
    "Rules",
    "RulesError",
    "build",
    "read_rules",
]
