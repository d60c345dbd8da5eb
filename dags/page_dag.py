"""Makes the page of nursing and comms after each publish."""

from __future__ import annotations

from samepicture.airflow.factory import page_dag

page = page_dag()
