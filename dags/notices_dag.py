"""Tells senders what became of their submissions, and the data team what is wrong with a feed."""

from __future__ import annotations

from samepicture.airflow.notices import notices_dag

notices = notices_dag()
