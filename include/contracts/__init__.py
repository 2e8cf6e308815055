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
)
from include.contracts.rules import RowRule, has_mixed_up_letters, row_rules

__all__ = [
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
    "dictionary_markdown",
    "expectations",
    "fold",
    "has_mixed_up_letters",
    "load",
    "names",
    "row_rules",
    "spellings",
    "written",
]
