"""The DAGs of the upkeep: replay, erase, retention and backup. All write, so all queue for the warehouse's one writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Param, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from samepicture.airflow.environment import WRITER_POOL
from samepicture.airflow.factory import ONE_AT_A_TIME
from samepicture.airflow.wordless import wordless

if TYPE_CHECKING:
    from samepicture.process import Pipeline

EACH_NIGHT, BEFORE_THAT, AFTER_THAT = "30 2 * * *", "30 1 * * *", "30 3 * * *"
HOURLY = "15 * * * *"
BACKUPS_KEPT = 7
"""Days, as it runs daily: within them what was erased goes from the backups too."""


def replay_dag() -> DAG:
    """Judges and loads one submission again."""
    with DAG(
        dag_id="replay",
        dag_display_name="Replay a submission",
        schedule=None,
        params={"submission_id": Param(type="string", title="Submission", description="As `samepicture status` shows it.")},
        **ONE_AT_A_TIME,
        tags=["upkeep"],
    ) as dag:

        @task(pool=WRITER_POOL)
        @wordless
        def replay(params: Any = None) -> None:
            """Judge what was landed again, load it in place of what was loaded before, rebuild and publish."""
            pipeline = _pipeline()
            try:
                verdict = pipeline.judge(params["submission_id"])
            except KeyError as error:
                raise AirflowFailException(error.args[0]) from None
            if verdict.is_copy:
                print("the original had to go: its judged copy is loaded")
            outcome = pipeline.load(params["submission_id"])
            print(f"{outcome.rows} rows loaded" if outcome.loaded else f"refused: {outcome.rejection_code}")
            pipeline.build_and_publish()

        replay()
    return dag


def erase_dag() -> DAG:
    """Fulfils requests for erasure. Runs know them by their id: the reference is in no conf, log or rendered field."""
    with DAG(
        dag_id="erase",
        dag_display_name="Erase records on request",
        schedule=HOURLY,
        params={
            "request": Param(
                None,
                type=["null", "string"],
                title="Request",
                description="The id that `samepicture erase --later` printed; empty: all that wait. Never a reference or a name.",
            )
        },
        **ONE_AT_A_TIME,
        tags=["upkeep"],
    ) as dag:

        @task(pool=WRITER_POOL)
        @wordless
        def erase(params: Any = None) -> None:
            """Erase each record that a request asks for; a request goes only when it is done."""
            from samepicture.records import CONTRACTS
            from samepicture.upkeep import requests
            from samepicture.upkeep.erase import erase as erase_record

            pipeline = _pipeline()
            asked = [params["request"]] if params.get("request") else requests.waiting(pipeline.landing)
            if not asked:
                raise AirflowSkipException("no request waits")
            for request_id in asked:
                try:
                    request = requests.read(pipeline.landing, request_id)
                except KeyError:
                    raise AirflowSkipException("there is no request of this id: it is done already, or the id is mistyped") from None
                done = erase_record(pipeline, CONTRACTS[request.record_type], request.record_key, request.reason)
                requests.done(pipeline.landing, request_id)
                print(f"{done.struck.rows} rows erased, {len(done.originals)} originals replaced by judged copies")
                if done.unsure:
                    raise AirflowFailException(
                        f"done, but nobody can look into {', '.join(done.unsure)}: they are damaged, or their feeds not declared"
                    )

        erase()
    return dag


def retention_dag() -> DAG:
    """Each night: lets go of what was kept long enough, and of originals in which an erased record came again."""
    with DAG(
        dag_id="retention",
        dag_display_name="Retention: let go of what was kept long enough",
        schedule=EACH_NIGHT,
        **ONE_AT_A_TIME,
        tags=["upkeep"],
    ) as dag:

        @task(pool=WRITER_POOL)
        @wordless
        def let_go() -> None:
            """Apply each contract's retention."""
            from samepicture.upkeep.retention import retention

            for due in retention(_pipeline()):
                print(
                    f"{due.record_type}: {due.records} records, words of {due.words} rows, {due.quarantined} in quarantine, "
                    f"{len(due.originals)} originals; {due.undated} stay without a date, {len(due.waiting)} originals wait"
                )

        let_go()
    return dag


def backup_dag() -> DAG:
    """Each night, before retention: backs up into SAMEPICTURE_BACKUPS."""
    with DAG(
        dag_id="backup",
        dag_display_name="Backup",
        schedule=BEFORE_THAT,
        **ONE_AT_A_TIME,
        tags=["upkeep"],
    ) as dag:

        @task(pool=WRITER_POOL)
        @wordless
        def back_up() -> None:
            """Warehouse, landing store and cursors, encrypted."""
            from samepicture.upkeep.backup import back_up as make_backup

            pipeline = _pipeline()
            if pipeline.settings.backups is None:
                raise AirflowSkipException("nobody said where to: set SAMEPICTURE_BACKUPS to a folder on another disk")
            done = make_backup(pipeline, pipeline.settings.backups, keep=BACKUPS_KEPT)
            print(f"{done.folder.name}: {done.files} files, {done.bytes / 1e6:,.1f} MB")

        back_up()
    return dag


def redact_again_dag() -> DAG:
    """Each night: where the version of redaction has changed, brings up to it what came before."""
    with DAG(
        dag_id="redact_again",
        dag_display_name="Redact again what an earlier version let through",
        schedule=AFTER_THAT,
        **ONE_AT_A_TIME,
        tags=["upkeep"],
    ) as dag:

        @task(pool=WRITER_POOL)
        @wordless
        def redact() -> None:
            """Redact what the warehouse holds of another version, and rebuild what is made of it."""
            from samepicture.upkeep.redact_again import redact_again

            done = redact_again(_pipeline())
            if not done.submissions:
                raise AirflowSkipException("everything went through the redaction of now")
            print(f"{done.submissions} submissions, {done.rows} rows, {done.quarantined} rejected ones, {done.copies} judged copies")

        redact()
    return dag


def _pipeline() -> Pipeline:
    """The steps, imported when a task runs."""
    from samepicture.process import Pipeline
    from samepicture.settings import Settings

    return Pipeline(Settings.from_environment())
