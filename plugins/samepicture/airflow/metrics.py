"""The DAG that measures what the ledger says and sends it to a collector."""

from __future__ import annotations

from airflow.sdk import DAG, task

from samepicture.airflow.factory import ONE_AT_A_TIME, SWEEP_EVERY_MINUTE, pipeline
from samepicture.airflow.wordless import wordless


def metrics_dag() -> DAG:
    """Every minute; a measurement that can't be sent is worth nothing later, so it is not tried again."""
    with DAG(
        dag_id="metrics",
        dag_display_name="Metrics: what the ledger says",
        schedule=SWEEP_EVERY_MINUTE,
        **ONE_AT_A_TIME,
        tags=["metrics"],
    ) as dag:

        @task(retries=0)
        @wordless
        def measure() -> None:
            """Measure, and send once."""
            from datetime import UTC, datetime

            from samepicture.metrics import measure as measure_all
            from samepicture.metrics import send

            measures = measure_all(pipeline(), datetime.now(UTC))
            send(measures)
            print(f"{len(measures)} values sent")

        measure()
    return dag
