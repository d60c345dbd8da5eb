"""Rebuilds the models that depend on what was loaded, and each day those that compare with today."""

from __future__ import annotations

from samepicture.airflow.factory import clock_dag, warehouse_dag
from samepicture.records import CONTRACTS

warehouse = warehouse_dag(CONTRACTS)
clock = clock_dag()
