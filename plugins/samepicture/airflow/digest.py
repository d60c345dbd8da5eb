"""The DAG of the weekly digest."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowSkipException

from samepicture.airflow.factory import ONE_AT_A_TIME, pipeline
from samepicture.airflow.wordless import wordless

EACH_WORKING_HOUR = "0 7-18 * * *"
"""From Monday at 7 on: it is sent at the first, and what could not be sent is tried again at the next."""


def digest_dag() -> DAG:
    """Looks whether the last week's digest was sent."""
    with DAG(
        dag_id="digest",
        dag_display_name="Digest: the week, to each directorate",
        schedule=EACH_WORKING_HOUR,
        **ONE_AT_A_TIME,
        tags=["notices"],
    ) as dag:

        @task
        @wordless
        def send() -> None:
            """Send it once, to each directorate that has addresses."""
            from samepicture.digest.sending import send_due
            from samepicture.page.reading import NothingPublished

            settings = pipeline().settings
            if not any(settings.digest_to.values()):
                raise AirflowSkipException("nobody is to be told: set SAMEPICTURE_DIGEST_NURSING_TO or SAMEPICTURE_DIGEST_COMMS_TO")
            try:
                sent = send_due(settings, datetime.now(UTC))
            except NothingPublished as reason:
                raise AirflowSkipException(str(reason)) from None
            if not sent:
                raise AirflowSkipException("the last week's is sent")
            print(f"sent to {' and '.join(sent)}")

        send()
    return dag
