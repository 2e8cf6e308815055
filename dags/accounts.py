"""Who got through: what the ingest DAG says about its sources when all of them are done."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

Results = Iterable[Mapping[str, Any] | None] | Mapping[str, Any] | None
log = logging.getLogger(__name__)
COUNTS = ("landed", "accepted", "quarantined", "duplicate", "not_for_us")


def results(found: Results) -> list[Mapping[str, Any]]:
    """What the mapped tasks that succeeded returned, in a list also where Airflow hands over a single one bare."""
    if isinstance(found, Mapping):
        return [found]
    return [each for each in found or () if each]


def total(committed: Results) -> dict[str, int]:
    """Batches committed in this run and their rows, added up.

    Raises:
        AirflowSkipException: nothing new was committed, so that nobody downstream is woken.
    """
    batches = results(committed)
    if not batches:
        raise AirflowSkipException("nothing new was committed: the core table is as it was")
    return {"batches": len(batches)} | {
        name: sum(int(batch.get(name, 0)) for batch in batches) for name in COUNTS
    }


def warned(expected: Iterable[str] | None, began: str | None) -> list[str]:
    """The alerts that the run raised, in words; each is a warning in the log.

    Args:
        expected: feeds of the run.
        began: ISO 8601 moment at which it began.

    Raises:
        AirflowSkipException: there is none.
    """
    from include.steps import alerts

    found = alerts.raised_since(datetime.fromisoformat(began), expected or ()) if began else []
    if not found:
        raise AirflowSkipException("no alert was raised")
    for text in found:
        log.warning(text)
    return found


def held_back() -> list[str]:
    """Definitions that cannot be read, in words; each is a warning in the log. What was in force goes on."""
    from include.steps import definitions

    found = definitions.faults()
    for text in found:
        log.warning(text)
    return found


def refuse_missing(
    expected: Iterable[str] | None,
    judged: Results,
    committed: Results,
    stopped: Mapping[str, str] | None,
) -> None:
    """Nothing when every delivery of every source got through.

    Raises:
        AirflowFailException: names every source with a fault, where it ended, and what to do.
    """
    if expected is None:
        raise AirflowFailException("the list of feeds was not made: see the log of `feeds`")
    verdicts = {found["feed_id"]: found for found in results(judged)}
    in_core = {found["batch_id"] for found in results(committed)}
    faults = [fault for feed in expected for fault in _faults(feed, verdicts.get(feed), in_core, stopped)]
    if faults:
        raise AirflowFailException(
            f"{len(faults)} fault(s) kept deliveries out of core:\n" + "\n".join(faults)
        )


def _faults(
    feed: str, judged: Mapping[str, Any] | None, in_core: set[str], stopped: Mapping[str, str] | None
) -> list[str]:
    if judged is None:
        return [f"{feed}: not landed or not judged; its task log says why. Mend the source, then run again."]
    refused = list(judged.get("refused") or ())
    batch = judged["batch_id"]
    if batch is None or batch in in_core:
        return refused
    if stopped is None:
        return [*refused, f"{feed}: the gate itself failed; see the log of `gate`, then run again."]
    if feed in stopped:
        return [*refused, f"{feed}: stopped at the gate: {stopped[feed]}"]
    return [*refused, f"{feed}: judged but not committed; see the log of its `commit`, then run again."]
