"""Row verdicts: every reason for every row, in one SQL pass compiled from the contract."""

from __future__ import annotations

from collections.abc import Sequence

from include.contracts import RowRule, has_mixed_up_letters


def is_broken(rules: Sequence[RowRule]) -> str:
    """SQL that is true for a row that breaks at least one rule; cheap enough to ask of every row."""
    asked = [rule for rule in rules if not rule.implied]
    conditions = [rule.broken for rule in asked if not rule.letters_of]
    if texts := [rule.letters_of for rule in asked if rule.letters_of]:
        conditions.append(has_mixed_up_letters(f"concat({', '.join(texts)})"))
    # CASE takes an unknown condition for false, at less cost than OR and COALESCE.
    return "case " + " ".join(f"when {condition} then true" for condition in conditions) + " else false end"


def reasons(rules: Sequence[RowRule]) -> str:
    """SQL for the list of the ids of all broken rules, in contract order; ask it of broken rows only."""
    cases = ", ".join(f"case when {rule.broken} then '{rule.id}' end" for rule in rules)
    return f"list_filter([{cases}], lambda reason: reason is not null)"
