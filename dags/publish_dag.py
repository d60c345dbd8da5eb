"""Publishes the marts after they were built."""

from __future__ import annotations

from samepicture.airflow.factory import publish_dag

publish = publish_dag()
