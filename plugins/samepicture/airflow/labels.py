"""The DAG that reads texts with the trained model: beside the way of the data, so that no submission waits for it."""

from __future__ import annotations

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowSkipException

from samepicture.airflow.factory import ONE_AT_A_TIME, pipeline
from samepicture.airflow.wordless import wordless

BEFORE_LOOKING_BACK = "47 * * * *"
"""Twenty minutes before the DAG `look_back`, whose build shows what was found."""


def label_dag() -> DAG:
    """Each hour, like what its labels are shown by: nobody sees them sooner, however soon they are there."""
    with DAG(
        dag_id="label",
        dag_display_name="Label: themes and severity of free text",
        schedule=BEFORE_LOOKING_BACK,
        **ONE_AT_A_TIME,
        tags=["text"],
    ) as dag:

        @task
        @wordless
        def label() -> None:
            """Read what the model has not read, batch by batch; loads and builds take their turns in between."""
            from samepicture.text_labels.labelling import label as label_texts

            done = label_texts(pipeline().settings)
            if done.model_version is None:
                raise AirflowSkipException("no model was trained: `samepicture train` makes one")
            if not done.texts:
                raise AirflowSkipException("every text was read before")
            print(f"{done.texts} texts read by model {done.model_version} in {done.seconds:.1f} s")

        label()
    return dag
