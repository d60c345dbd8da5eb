"""Tells each directorate once a week what changed, what is special cause and what is due."""

from __future__ import annotations

from samepicture.airflow.digest import digest_dag

digest = digest_dag()
