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
    """Nothing when every source got through.

    Raises:
        AirflowFailException: names every source that did not, where it ended, and what to do.
    """
    if expected is None:
        raise AirflowFailException("the list of feeds was not made: see the log of `feeds`")
    verdicts = {found["feed_id"]: found["batch_id"] for found in judged or () if found}
    in_core = {found["batch_id"] for found in committed or () if found}
    faults = [fault for feed in expected if (fault := _fault(feed, verdicts, in_core, stopped))]
    if faults:
        raise AirflowFailException(f"{len(faults)} source(s) did not get through:\n" + "\n".join(faults))


def _fault(
    feed: str, verdicts: Mapping[str, str | None], in_core: set[str], stopped: Mapping[str, str] | None
) -> str | None:
    if feed not in verdicts:
        return f"{feed}: not landed or not judged; its task log says why. Mend the source, then run again."
    batch = verdicts[feed]
    if batch is None or batch in in_core:
        return None
    if stopped is None:
        return f"{feed}: the gate itself failed; see the log of `gate`, then run again."
    if feed in stopped:
        return f"{feed}: stopped at the gate: {stopped[feed]}"
    return f"{feed}: judged but not committed; see the log of its `commit`, then run again."
