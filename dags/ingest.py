"""One DAG for each dataset: land → judge → gate → commit, mapped over its regional sources.

**land** keeps what a source delivered, byte for byte, and is the only step that tries again by itself: where
the source may answer later, not where somebody must mend something or the source used up its time.
**judge** gives every row its verdict, source by source. **gate** lets Great Expectations judge the
accepted rows of all sources, once. **commit** appends each batch that passed to the core table, once.

**alerts** says what a person should look at (far fewer rows than usual, the same file again); it is skipped where there
is nothing.

One bad source holds back only itself: the others are committed and announced, and the run ends as
*failed* in `every_source`, whose message names the source and what to do. Running again is always safe.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, TriggerRule, dag, get_parsing_context, task, task_group

from dags.assets import CORE, DATASETS

EVERY_NIGHT = CronTriggerTimetable("30 3 * * *", timezone="Asia/Almaty")
NET = timedelta(hours=26)
"""Landing and judging keep budgets of their own, of a day at most; this is the net below them."""
NAMES_THE_SOURCE = "{{ task.op_kwargs['feed_id'].split('/')[0] }}"


def ingest(dataset: str) -> DAG:
    """The DAG ingest__<dataset>."""

    @dag(
        dag_id=f"ingest__{dataset}",
        schedule=EVERY_NIGHT,
        max_active_runs=1,
        doc_md=__doc__,
        tags=["ingest", dataset],
        default_args={
            "owner": "data-engineering",
            "pool": "work",
            "execution_timeout": timedelta(minutes=30),
        },
    )
    def build() -> None:
        @task(pool="landing")
        def feeds(ti=None) -> list[str]:
            from include.steps import clock, definitions, ingest

            ti.xcom_push("began", clock.now().isoformat())
            definitions.keep()
            return ingest.feeds(dataset)

        @task(
            pool="landing",
            retries=3,
            retry_delay=timedelta(seconds=30),
            retry_exponential_backoff=2.0,
            max_retry_delay=timedelta(minutes=10),
            execution_timeout=NET,
            map_index_template=NAMES_THE_SOURCE,
            multiple_outputs=False,
        )
        def land(feed_id: str) -> dict:
            from dags import contained

            return contained.land(feed_id)

        @task(execution_timeout=NET, map_index_template=NAMES_THE_SOURCE, multiple_outputs=False)
        def judge(feed_id: str) -> dict:
            from dags import contained

            return contained.judge(feed_id)

        @task_group
        def source(feed_id: str) -> object:
            judged = judge(feed_id=feed_id)
            land(feed_id=feed_id) >> judged
            return judged

        @task(trigger_rule=TriggerRule.ALL_DONE)
        def gate(judged: list[dict], ti=None) -> list[dict]:
            from dags.accounts import results
            from include.steps import ingest

            batches = {found["batch_id"]: found["feed_id"] for found in results(judged)}
            verdict = ingest.gate(dataset, results(judged))
            ti.xcom_push("stopped", {batches[batch]: reason for batch, reason in verdict["stopped"].items()})
            return [{"batch_id": batch, "feed_id": batches[batch]} for batch in verdict["passed"]]

        @task(map_index_template=NAMES_THE_SOURCE, multiple_outputs=False)
        def commit(batch_id: str, feed_id: str) -> dict:
            from include.steps import ingest

            return ingest.commit(batch_id)

        @task(trigger_rule=TriggerRule.ALL_DONE, outlets=[CORE[dataset]])
        def announce(committed: list[dict], outlet_events=None) -> None:
            from dags.accounts import total

            outlet_events[CORE[dataset]].extra = total(committed)

        @task(trigger_rule=TriggerRule.ALL_DONE)
        def alerts(expected: list[str], ti=None) -> list[str]:
            from dags.accounts import warned

            return warned(expected, ti.xcom_pull(task_ids="feeds", key="began"))

        @task(trigger_rule=TriggerRule.ALL_DONE)
        def every_source(expected: list[str], judged: list[dict], committed: list[dict], ti=None) -> None:
            from dags.accounts import refuse_missing

            refuse_missing(expected, judged, committed, ti.xcom_pull(task_ids="gate", key="stopped"))

        expected = feeds()
        judged = source.expand(feed_id=expected)
        committed = commit.expand_kwargs(gate(judged))
        announce(committed)
        committed >> alerts(expected)
        every_source(expected, judged, committed)

    return build()


ONLY = get_parsing_context().dag_id  # a task needs its own DAG alone; the DAG processor asks for all (None)
for each in DATASETS:
    if ONLY in (None, f"ingest__{each}"):
        globals()[f"ingest__{each}"] = ingest(each)
