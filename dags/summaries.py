"""Summaries: one e-mail to the national list and one to each regional headquarters, once per release.

Started by the release Asset, or by a person who names a release. The mail server is Airflow's connection `smtp_default`, read in the task;
the ledger's outbox remembers who was sent what, so that running again sends only what is missing.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, task

from dags.assets import RELEASE


@dag(
    schedule=[RELEASE],
    max_active_runs=1,
    params={
        "release_id": Param(None, type=["null", "string"], description="empty: the release that started this")
    },
    doc_md=__doc__,
    tags=["release", "mail"],
    default_args={"owner": "statistics", "pool": "work", "execution_timeout": timedelta(minutes=30)},
)
def summaries() -> None:
    @task
    def send(params=None, triggering_asset_events=None) -> list[dict]:
        from dags.mail import smtp_settings
        from include.steps import summaries

        asked = [params["release_id"]] if params["release_id"] else []
        releases = asked or sorted({event.extra["release_id"] for event in triggering_asset_events[RELEASE]})
        return [summaries.send(release_id, smtp_settings("smtp_default")) for release_id in releases]

    send()


summaries()
