"""Row verdicts: every reason for every row, in one SQL pass compiled from the contract."""

from __future__ import annotations

from collections.abc import Sequence

from include.contracts import RowRule


def is_broken(rules: Sequence[RowRule]) -> str:
    """SQL that is true for a row that breaks at least one rule; cheap enough to ask of every row."""
    # OR is true if one part is, whatever the others are; only "nothing true, something unknown" is left to decide.
    return "coalesce(" + " or ".join(f"({rule.broken})" for rule in rules if not rule.implied) + ", false)"


def reasons(rules: Sequence[RowRule]) -> str:
    """SQL for the list of the ids of all broken rules, in contract order; ask it of broken rows only."""
    cases = ", ".join(f"case when {rule.broken} then '{rule.id}' end" for rule in rules)
    return f"list_filter([{cases}], lambda reason: reason is not null)"
