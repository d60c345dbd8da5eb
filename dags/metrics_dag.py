"""Sends metrics to a collector, where one is named."""

from __future__ import annotations

import os

from samepicture.airflow.environment import COLLECTOR

if os.environ.get(COLLECTOR):
    from samepicture.airflow.metrics import metrics_dag

    metrics = metrics_dag()
