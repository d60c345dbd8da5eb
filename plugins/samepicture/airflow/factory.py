"""Makes DAGs from feeds. Nothing here reads more than local files while a DAG file is parsed.

Heavy modules are imported inside the tasks. Events carry ids only, never words of patients.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, AssetAny, AssetOrTimeSchedule, AssetWatcher, FixedKeyMapper, PartitionedAssetTimetable, task
from airflow.sdk.exceptions import AirflowSkipException

from samepicture.airflow.assets import arrival_asset, marts_asset, published_asset, raw_asset, submission_asset
from samepicture.airflow.environment import WRITER_POOL
from samepicture.airflow.timetable import ScheduledSubmissions
from samepicture.airflow.watching import SourceWatcher
from samepicture.airflow.wordless import wordless
from samepicture.feed import WATCHED, Feed

if TYPE_CHECKING:
    from samepicture.process import Pipeline

COMMON: dict[str, Any] = {
    "start_date": datetime(2024, 1, 1, tzinfo=UTC),
    "catchup": False,
    # Steps can be repeated; most of what goes wrong (a killed process, a database that restarts) is over within a minute.
    "default_args": {"retries": 4, "retry_delay": timedelta(seconds=5), "retry_exponential_backoff": True},
}
"""Arguments of every DAG."""
ONE_AT_A_TIME: dict[str, Any] = {**COMMON, "max_active_runs": 1}
"""Of a DAG whose run takes all that there is to do."""
TOLD_EVERY_SECONDS = 30
"""How often the log of a task says how far it is."""
SWEEP_EVERY_MINUTE = "* * * * *"
EVERY_TEN_MINUTES = "*/10 * * * *"
"""A watched source is asked as often too, for what its watcher missed."""
EARLY_EACH_DAY = "0 5 * * *"
EACH_HOUR = "7 * * * *"
PAGE_DAG = "page"


def feed_dag(feed: Feed) -> DAG:
    """The DAG of one feed: each keyed event of its asset is one submission, judged and then loaded."""
    with DAG(
        dag_id=f"feed_{feed.id}",
        dag_display_name=feed.title,
        schedule=PartitionedAssetTimetable(assets=submission_asset(feed)),
        **COMMON,
        tags=["feed", feed.record_type, feed.owner_directorate],
        doc_md=f"{feed.title}: {feed.record_type} from {feed.publisher}.\n\n{feed.caveats}",
    ) as dag:

        @task
        @wordless
        def judge(dag_run: Any = None) -> None:
            """Read, validate and de-identify the submission; needs no writer."""
            from samepicture.progress import Pace, Seldom

            verdict = pipeline().judge(dag_run.partition_key, Pace("judging", Seldom(print, TOLD_EVERY_SECONDS)))
            print(f"{verdict.received} records: {verdict.accepted} accepted, {verdict.rejected} rejected")

        @task(outlets=[raw_asset(feed.record_type)], pool=WRITER_POOL)
        @wordless
        def load(dag_run: Any = None, ti: Any = None) -> None:
            """Put rows, quarantine and ledger into the warehouse in one transaction."""
            outcome = pipeline().load(dag_run.partition_key)
            if not outcome.first_pending:
                # A build is on its way and takes this too: one event for each of a burst would queue a run for each.
                ti.task.outlets = []
            print(f"{outcome.rows} rows loaded" if outcome.loaded else f"refused: {outcome.rejection_code}")

        judge() >> load()
    return dag


def collect_dag(feed: Feed) -> DAG:
    """The DAG that fetches what is new from a feed's source: when the source says so, and on the feed's own schedule.

    It announces what it landed; what it can't, because it died in between, `intake` does.
    """
    submissions = submission_asset(feed)
    watchers = [AssetWatcher(name=f"watch_{feed.id}", trigger=SourceWatcher(feed.id))] if feed.connector.kind in WATCHED else []
    with DAG(
        dag_id=f"collect_{feed.id}",
        dag_display_name=f"Collect: {feed.title}",
        schedule=AssetOrTimeSchedule(
            timetable=ScheduledSubmissions(feed.connector.schedule or EVERY_TEN_MINUTES, timezone="UTC"),
            assets=[arrival_asset(feed, watchers)],
        ),
        is_paused_upon_creation=True,  # nobody else's site is asked until somebody switches it on
        **ONE_AT_A_TIME,
        tags=["collect", feed.record_type],
    ) as dag:

        @task(outlets=[submissions])
        @wordless
        def collect(outlet_events: Any = None) -> None:
            """Land what is new; the cursor moves only with the landing."""
            from samepicture.announced import note
            from samepicture.register import unprocessed

            steps = pipeline()
            collected = {receipt.submission_id for receipt in steps.collect(feed.id)}
            landed = [receipt.submission_id for receipt in unprocessed(steps) if receipt.submission_id in collected] if collected else []
            if not landed:
                raise AirflowSkipException("nothing new")
            outlet_events[submissions].add_partitions(landed)
            note(steps.settings, landed)
            print(f"{len(landed)} submissions landed")

        collect()
    return dag


def intake_dag(feeds: Collection[Feed]) -> DAG:
    """The sweep: announces what was landed and has no ledger entry, whoever landed it."""
    assets = {feed.id: submission_asset(feed) for feed in feeds}
    reminder = raw_asset(next(iter(feeds)).record_type)  # any raw asset starts the warehouse, which builds everything
    with DAG(
        dag_id="intake",
        dag_display_name="Intake: announce landed submissions",
        schedule=ScheduledSubmissions(SWEEP_EVERY_MINUTE, timezone="UTC"),
        **ONE_AT_A_TIME,
        tags=["intake"],
    ) as dag:

        @task(outlets=list(assets.values()))
        @wordless
        def announce(outlet_events: Any = None, ti: Any = None) -> None:
            """One keyed event a submission; the landing store is the durable inbox."""
            from samepicture.inbox import waiting

            found = waiting(pipeline())
            if not found:
                raise AirflowSkipException("nothing is waiting")
            for feed_id, ids in found.items():
                outlet_events[assets[feed_id]].add_partitions(ids)
            # An outlet without a key would emit an event that no DAG can use: only feeds with submissions stay.
            ti.task.outlets = [assets[feed_id] for feed_id in found]

        @task(outlets=[reminder])
        @wordless
        def remind(outlet_events: Any = None) -> None:
            """The backstop of the warehouse: tells it of loads that a failed or lost run left unbuilt or unpublished."""
            from samepicture.inbox import is_forgotten

            if not is_forgotten(pipeline().settings):
                raise AirflowSkipException("nothing was left unbuilt")
            outlet_events[reminder].add_partitions("reminder")

        announce()
        remind()
    return dag


def warehouse_dag(record_types: Iterable[str]) -> DAG:
    """Rebuilds what depends on what changed. Stateless: one run builds everything pending, so events may coalesce."""
    changed = AssetAny(*(raw_asset(record_type) for record_type in record_types))
    with DAG(
        dag_id="warehouse",
        dag_display_name="Warehouse: rebuild what changed",
        schedule=PartitionedAssetTimetable(assets=changed, default_partition_mapper=FixedKeyMapper("pending")),
        **ONE_AT_A_TIME,
        tags=["warehouse"],
    ) as dag:

        @task(outlets=[marts_asset()], pool=WRITER_POOL)
        @wordless
        def build() -> None:
            """Rebuild what depends on the raw tables that changed."""
            from samepicture.build import build as build_models
            from samepicture.progress import Seldom
            from samepicture.publish import unpublished_since

            settings = pipeline().settings
            built = build_models(settings, look_back=False, progress=Seldom(print, TOLD_EVERY_SECONDS))
            if built is None:
                if unpublished_since(settings) is None:
                    raise AirflowSkipException("an earlier run has built this already")
                print("nothing to build; the last build is still to be published")
                return
            print(
                f"{', '.join(built.record_types)} changed: {built.models} models built, {built.tests} tests passed in {built.seconds:.1f} s"
            )

        build()
    return dag


def look_back_dag() -> DAG:
    """Once an hour: what counts over everything there is would hold up each submission."""
    return _scheduled_build("look_back", "Look back: what counts over everything there is", EACH_HOUR, clocks=False)


def clock_dag() -> DAG:
    """Once a day: what is late or due changes by itself, also when nothing arrives."""
    return _scheduled_build("clock", "Clock: what is late or due today", EARLY_EACH_DAY, clocks=True)


def _scheduled_build(dag_id: str, title: str, schedule: str, *, clocks: bool) -> DAG:
    with DAG(
        dag_id=dag_id,
        dag_display_name=title,
        schedule=ScheduledSubmissions(schedule, timezone="UTC"),
        **ONE_AT_A_TIME,
        tags=["warehouse"],
    ) as dag:

        @task(outlets=[marts_asset()], pool=WRITER_POOL)
        @wordless
        def rebuild(outlet_events: Any = None) -> None:
            """Rebuild, and have it published."""
            from samepicture.build import build as build_models
            from samepicture.progress import Seldom

            if build_models(pipeline().settings, clocks=clocks, progress=Seldom(print, TOLD_EVERY_SECONDS)) is None:
                raise AirflowSkipException("there is nothing to rebuild")
            outlet_events[marts_asset()].add_partitions(dag_id)

        rebuild()
    return dag


def publish_dag() -> DAG:
    """After the marts: replaces the read-only copy that analysts query."""
    with DAG(
        dag_id="publish",
        dag_display_name="Publish: the analysts' copy",
        schedule=PartitionedAssetTimetable(assets=marts_asset()),
        **ONE_AT_A_TIME,
        tags=["publish"],
    ) as dag:

        @task(outlets=[published_asset()], pool=WRITER_POOL)
        @wordless
        def publish() -> None:
            """Copy, then rename: readers never see half a picture."""
            from samepicture.publish import publish as publish_copy

            publish_copy(pipeline().settings)

        publish()
    return dag


def page_dag() -> DAG:
    """After each publish: the page of nursing and comms. Apart from publishing, which does not wait for it."""
    with DAG(
        dag_id=PAGE_DAG,
        dag_display_name="Page: what nursing and comms look at together",
        schedule=PartitionedAssetTimetable(assets=published_asset(), default_partition_mapper=FixedKeyMapper("pending")),
        **ONE_AT_A_TIME,
        tags=["publish"],
        doc_md="Who may see this DAG may see the page: it holds what comms may read, no more.",
    ) as dag:

        @task
        @wordless
        def make() -> None:
            """Make it anew, unless an earlier run of the same burst has."""
            from samepicture.page.edition import make as make_page

            os.nice(10)  # seconds of drawing: the next submission goes first
            if make_page(pipeline().settings, if_new=True) is None:
                raise AirflowSkipException("the page shows the last build already")

        make()
    return dag


def pipeline() -> Pipeline:
    """The steps, imported when a task runs: a DAG file is parsed far more often than that."""
    from samepicture.airflow.secrets import Environment
    from samepicture.process import Pipeline
    from samepicture.settings import Settings

    return Pipeline(Settings.from_environment(), Environment())
