"""Count: every mart from core as known now, whenever a core table has new rows.

An Asset starts the count; it never says that a year is complete: that is the coverage table's job (C1).
"""

from datetime import timedelta

from airflow.sdk import AssetAny, dag, task

from dags.assets import CORE, MARTS


@dag(
    schedule=AssetAny(*CORE.values()),
    max_active_runs=1,
    doc_md=__doc__,
    tags=["statistics"],
    default_args={"owner": "statistics", "pool": "work", "execution_timeout": timedelta(hours=1)},
)
def statistics() -> None:
    @task(outlets=list(MARTS.values()), multiple_outputs=False)
    def count(outlet_events=None) -> dict:
        from dags.accounts import held_back
        from include.steps import statistics

        held_back()
        counted = statistics.build()
        for name, rows in counted["marts"].items():
            outlet_events[MARTS[name]].extra = {"rows": rows, "as_at": str(counted["as_at"])}
        return counted["marts"]

    count()


statistics()
