"""Reads texts with the trained model, where one was trained."""

from __future__ import annotations

from samepicture.airflow.labels import label_dag

label = label_dag()
