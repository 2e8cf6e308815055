"""Data contracts: from one ODCS file come the Arrow schema, the row rules, the GX suite and the dictionary."""

from include.contracts.arrow import arrow_schema
from include.contracts.codelists import codelist, codelist_names, codes, fold, spellings, written
from include.contracts.dictionary import dictionary_markdown
from include.contracts.expectations import expectations
from include.contracts.model import (
    CONTRACTS_DIR,
    DATASETS,
    Contract,
    ContractError,
    Expectation,
    Field,
    RowCheck,
    Series,
    load,
    names,
    rules_sha256,
)
from include.contracts.rules import RowRule, has_mixed_up_letters, row_rules
from include.contracts.zones import ALMATY, day_in_kazakhstan, region_zones

__all__ = [
    "ALMATY",
    "CONTRACTS_DIR",
    "DATASETS",
    "Contract",
    "ContractError",
    "Expectation",
    "Field",
    "RowCheck",
    "RowRule",
    "Series",
    "arrow_schema",
    "codelist",
    "codelist_names",
    "codes",
    "day_in_kazakhstan",
    "dictionary_markdown",
    "expectations",
    "fold",
    "has_mixed_up_letters",
    "load",
    "names",
    "region_zones",
    "row_rules",
    "rules_sha256",
    "spellings",
    "written",
]
