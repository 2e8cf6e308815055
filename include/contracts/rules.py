"""Row rules of a contract as SQL: each gives its id for a bad row and null for a good one.

The rules read two sets of columns of one row: the raw text as the source gave it (`raw_<field>`, null where
the source says nothing) and the typed value (`<field>`, null where the text could not be read), besides
`received_on` (the day of delivery), and ask the macro `region_is_allowed(code)`. A rule never stops at the first fault: `METHODOLOGY`
wants every reason for every row.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.contracts.model import Contract, Field

UNREADABLE = {
    "date": "date",
    "timestamp": "date",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
}
# What Kazakh letters become where another encoding is declared, and what stands in no Kazakh or Russian word: KZ-1048
# read as windows-1251 gives letters of other alphabets, read as KOI8-R it gives line drawing.
MIXED_UP_LETTERS = "[ЌќЋћЎўЈјҐґЄєЇїЅѕ─-■]"


@dataclass(frozen=True)
class RowRule:
    """One rule: id, what is expected, and the DuckDB predicate that is true for a row that breaks it.

    `implied`: a row that breaks it breaks another rule as well, so that it need not be asked of every row.
    `letters_of`: the text that a rule about letters looks at; such rules can be asked of several texts at once.
    """

    id: str
    expected: str
    broken: str
    implied: bool = False
    letters_of: str = ""


def row_rules(contract: Contract) -> list[RowRule]:
    """All row rules of a core contract, in column order, the checks over several columns last."""
    rules = [rule for field in contract.fields for rule in _field_rules(field)]
    if any(field.name == "region_code" for field in contract.fields):
        rules.append(
            RowRule(
                "region_code.foreign",
                "a region that this source reports for",
                "not region_is_allowed(region_code)",
            )
        )
    rules += [
        RowRule(f"row.{check.id}", check.description, f"not ({check.predicate})") for check in contract.checks
    ]
    return rules


def _field_rules(field: Field) -> list[RowRule]:
    name, raw, rules = field.name, f"raw_{field.name}", []
    if field.derived:
        if field.codelist and field.derived_from:
            rules.append(_code_rule(field, f"raw_{field.derived_from}"))
        return rules
    if field.required:
        rules.append(RowRule(f"{name}.required", "a value", f"{raw} is null"))
    if field.codelist:
        rules.append(_code_rule(field, raw))
    elif field.type in UNREADABLE:
        kind = UNREADABLE[field.type]
        rules.append(
            RowRule(
                f"{name}.{kind}",
                f"a {kind} as the source declares it",
                f"{name} is null and {raw} is not null",
            )
        )
    literal = "date '{}'" if field.type == "date" else "{}"
    if field.minimum is not None:
        rules.append(
            RowRule(
                f"{name}.minimum", f"at least {field.minimum}", f"{name} < {literal.format(field.minimum)}"
            )
        )
    if field.above is not None:
        bound, broken = f"more than {field.above}", f"{name} <= {field.above}"
        if field.zero_with:  # what a row of aggregates reports may be zero (R4)
            bound += f", or that where {field.zero_with} is reported"
            broken += f" and ({name} < {field.above} or {field.zero_with} is null)"
        rules.append(RowRule(f"{name}.minimum", bound, broken))
    if field.maximum is not None:
        rules.append(
            RowRule(
                f"{name}.maximum", f"at most {field.maximum}", f"{name} > {literal.format(field.maximum)}"
            )
        )
    if field.min_length is not None or field.max_length is not None:
        low, high = field.min_length or 0, field.max_length or 2**31
        rules.append(
            RowRule(
                f"{name}.length",
                f"{low} to {high} characters",
                f"length({name}) not between {low} and {high}",
            )
        )
    if field.pattern is not None:
        pattern = field.pattern.replace("'", "''")
        rules.append(
            RowRule(
                f"{name}.pattern",
                f"text that matches {field.pattern}",
                f"not regexp_full_match({name}, '{pattern}')",
            )
        )
    if field.type == "string" and not field.address:
        rules.append(
            RowRule(
                f"{name}.letters",
                "Kazakh or Russian letters",
                has_mixed_up_letters(raw),
                implied=field.codelist is not None,
                letters_of=raw,
            )
        )
    return rules


def has_mixed_up_letters(text: str) -> str:
    """SQL that is true where the text holds a letter that only a wrong encoding brings."""
    # More bytes than characters: only then can there be such a letter. Asking that is cheap.
    return f"strlen({text}) <> length({text}) and regexp_matches({text}, '{MIXED_UP_LETTERS}')"


def _code_rule(field: Field, raw: str) -> RowRule:
    expected = f"a word of the code list {field.codelist}"
    return RowRule(f"{field.name}.code", expected, f"{field.name} is null and {raw} is not null")
