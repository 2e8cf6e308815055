"""Annual release: freeze, check, draft, wait for a person, publish.

The release rests on the batches frozen in the first step, whatever arrives later. A figure with an
incomplete card does not pass `check`. The person sees the headline figures in the approval request and is not
the one who started the run; *Reject*, or no answer in 14 days, ends the run as failed and publishes nothing.
Publishing wakes `summaries` through the release Asset.
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag, task

from dags.approval import ApprovalByAnother
from dags.assets import RELEASE

YEAR_END_PLUS_ONE_MONTH = CronTriggerTimetable("0 9 31 1 *", timezone="Asia/Almaty")


@dag(
    schedule=YEAR_END_PLUS_ONE_MONTH,
    max_active_runs=1,
    params={"year": Param(None, type=["null", "integer"], minimum=2000, description="empty: last year")},
    doc_md=__doc__,
    tags=["release"],
    default_args={"owner": "statistics", "pool": "work", "execution_timeout": timedelta(hours=1)},
)
def annual_release() -> None:
    @task
    def freeze(params=None, dag_run=None) -> str:
        from dags.accounts import held_back
        from include.steps import release

        held_back()
        year = params["year"] or dag_run.run_after.year - 1
        return release.freeze(year, by=dag_run.triggering_user_name)["release_id"]

    @task
    def check(release_id: str) -> str:
        from include.steps import release

        release.check(release_id)
        return release_id

    @task
    def draft(release_id: str, dag_run=None) -> str:
        from include.steps import release

        return str(release.draft(release_id, by=dag_run.triggering_user_name))

    @task(outlets=[RELEASE], multiple_outputs=False)
    def publish(release_id: str, approval: dict, outlet_events=None) -> dict:
        from include.steps import release

        release.approve(release_id, by=approval["responded_by_user"]["name"])
        published = release.publish(release_id)
        outlet_events[RELEASE].extra = {"release_id": release_id}
        return published

    frozen = freeze()
    drafted = draft(check(frozen))
    approve = ApprovalByAnother(
        task_id="approve",
        subject="Publish release {{ ti.xcom_pull(task_ids='freeze') }}?",
        body="The draft lies in `{{ ti.xcom_pull(task_ids='draft') }}`.",
        response_timeout=timedelta(days=14),
        execution_timeout=None,
        fail_on_reject=True,
    )
    drafted >> approve
    publish(frozen, approve.output)


annual_release()
