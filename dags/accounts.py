"""Who got through: what the ingest DAG says about its sources when all of them are done."""

from collections.abc import Iterable, Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

COUNTS = ("landed", "accepted", "quarantined", "duplicate")


def total(committed: Iterable[Mapping[str, Any] | None] | None) -> dict[str, int]:
    """Batches committed in this run and their rows, added up.

    Raises:
        AirflowSkipException: nothing new was committed, so that nobody downstream is woken.
    """
    batches = [found for found in committed or () if found]
    if not batches:
        raise AirflowSkipException("nothing new was committed: the core table is as it was")
    return {"batches": len(batches)} | {
        name: sum(int(batch.get(name, 0)) for batch in batches) for name in COUNTS
    }


def refuse_missing(
    expected: Iterable[str] | None,
    judged: Iterable[Mapping[str, Any] | None] | None,
    committed: Iterable[Mapping[str, Any] | None] | None,
    stopped: Mapping[str, str] | None,
) -> None:
    """Nothing when every delivery of every source got through.

    Raises:
        AirflowFailException: names every source with a fault, where it ended, and what to do.
    """
    if expected is None:
        raise AirflowFailException("the list of feeds was not made: see the log of `feeds`")
    verdicts = {found["feed_id"]: found for found in judged or () if found}
    in_core = {found["batch_id"] for found in committed or () if found}
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
