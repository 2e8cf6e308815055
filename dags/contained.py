"""Landing and judging under Airflow: each in a process with a budget, tried again only where that can help."""

from typing import Any


def land(feed_id: str) -> dict[str, Any]:
    """What `include.steps.ingest.land` brings, with Airflow's connections.

    Raises:
        SourceError: a later try may succeed: the task is tried again.
        AirflowFailException: no try of this run can succeed, or one would only hold up the other sources.
    """
    from airflow.sdk.exceptions import AirflowFailException

    from dags.connections import source_connection
    from include.sources import DefinitionError, SourceError
    from include.steps import contained
    from include.steps.alone import Alone

    try:
        with Alone() as alone:
            return dict(contained.land(alone, feed_id, source_connection))
    except SourceError as error:
        if error.may_pass:
            raise
        raise AirflowFailException(str(error)) from None
    except DefinitionError as error:  # only whoever writes it can mend it
        raise AirflowFailException(str(error)) from None


def judge(feed_id: str) -> dict[str, Any]:
    """What `include.steps.ingest.judge` says."""
    from include.steps import contained
    from include.steps.alone import Alone

    with Alone() as alone:
        return dict(contained.judge(alone, feed_id))
