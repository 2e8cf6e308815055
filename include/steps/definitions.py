"""Definitions in force: what the ledger keeps of them, and which of today's cannot be read."""

from __future__ import annotations

import functools
import json
from datetime import datetime

from pydantic import ValidationError

from include.ledger import Ledger
from include.sources import DefinitionError, SourceDefinition, read_sources
from include.steps import clock
from include.steps.context import open_ledger
from include.storage.home import Home


def keep(home: Home | None = None) -> list[str]:
    """Keep today's definitions in the ledger, from now on in force; the faults of those that cannot be read.

    Raises:
        DefinitionError: the folder has no definition at all; then nothing is kept.
    """
    today = read_sources()
    found = {name: _as_text(source) for name, source in today.usable.items()}
    with open_ledger(home or Home.from_environment()) as ledger:
        ledger.keep_definitions(found, today.held, clock.now())
    return list(today.faults.values())


def faults() -> list[str]:
    """What is wrong with today's definitions, in words for a person; the counts go on without them."""
    try:
        found = read_sources().faults
    except DefinitionError as error:
        return [f"{error}. What the ledger keeps of the sources goes on"]
    return [
        f"{fault}. The last definition of the source that could be read goes on" for fault in found.values()
    ]


def in_force(ledger: Ledger, as_at: datetime) -> dict[str, SourceDefinition]:
    """The definitions in force at a moment, by source; today's, where the ledger keeps none yet.

    Raises:
        DefinitionError: one that is kept cannot be read by this version of the program.
    """
    if not ledger.keeps_definitions():
        return read_sources().usable
    kept = ledger.definitions(as_at)
    return {name: _from_text(name, contents[-1]) for name, contents in kept.items() if contents[-1]}


def ever_synthetic(ledger: Ledger, as_at: datetime) -> set[str]:
    """The sources that were simulated by any definition kept until then: what rests on them stays marked."""
    if not ledger.keeps_definitions():
        return {name for name, source in read_sources().usable.items() if source.synthetic}
    kept = ledger.definitions(as_at)
    return {
        name
        for name, texts in kept.items()
        if any(text and json.loads(text).get("synthetic") for text in texts)
    }


def _as_text(source: SourceDefinition) -> str:
    return json.dumps(
        source.model_dump(mode="json", by_alias=True, exclude_unset=True), ensure_ascii=False, sort_keys=True
    )


@functools.lru_cache(maxsize=512)
def _from_text(name: str, content: str) -> SourceDefinition:
    try:
        return SourceDefinition.model_validate_json(content)
    except ValidationError:
        raise DefinitionError(
            f"{name}: the ledger keeps a definition that this version of the program cannot read; expected one that "
            "it or an earlier version kept. Use the newer version."
        ) from None
