"""Who got through: what the ingest DAG says about its sources when all of them are done."""

from collections.abc import Iterable, Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

Results = Iterable[Mapping[str, Any] | None] | Mapping[str, Any] | None
COUNTS = ("landed", "accepted", "quarantined", "duplicate")


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
