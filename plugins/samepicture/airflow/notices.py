"""The DAG that tells people: senders what became of their submissions, the data team what is wrong with a feed."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowSkipException

from samepicture.airflow.factory import ONE_AT_A_TIME, pipeline
from samepicture.airflow.wordless import wordless

EVERY_FIVE_MINUTES = "*/5 * * * *"


def notices_dag() -> DAG:
    """Looks at the ledger, beside the way of the data: nothing waits for it, and a load that no run reported on is told as well."""
    with DAG(
        dag_id="notices",
        dag_display_name="Notices: tell senders and the data team",
        schedule=EVERY_FIVE_MINUTES,
        **ONE_AT_A_TIME,
        tags=["notices"],
    ) as dag:

        @task
        @wordless
        def answer() -> None:
            """Send each submission's report to whom it came from, where its feed asks for it."""
            from samepicture.feedback import send_pending

            sent = send_pending(pipeline())
            if not sent:
                raise AirflowSkipException("no report was due")
            print(f"{len(sent)} reports sent")

        @task
        @wordless
        def warn() -> None:
            """Tell once of each problem, and once that it is over."""
            from samepicture.notices import messengers, tell

            steps = pipeline()
            chosen = messengers(steps.settings)
            if not chosen:
                raise AirflowSkipException("nobody is to be told: set SAMEPICTURE_NOTICES_TO or SAMEPICTURE_NOTICES_WEBHOOK")
            told = tell(steps, chosen, datetime.now(UTC))
            if not any(new or over for new, over in told.values()):
                raise AirflowSkipException("nothing has changed")
            print("; ".join(f"{name}: {new} new problems, {over} over" for name, (new, over) in told.items()))

        @task
        @wordless
        def safeguard() -> None:
            """Tell of records that speak of harm, where the mail of their load could not be sent."""
            from samepicture.safeguarding.reviews import tell

            told = tell(pipeline().settings)
            if not told:
                raise AirflowSkipException("everybody was told, or nobody is to be: see SAMEPICTURE_SAFEGUARDING_TO")
            print(f"told of {told} records")

        answer()
        warn()
        safeguard()
    return dag
