"""Rebuilds the models that depend on what was loaded, each hour those that look back, each day those that compare with today."""

from __future__ import annotations

from samepicture.airflow.factory import clock_dag, look_back_dag, warehouse_dag
from samepicture.records import CONTRACTS

warehouse = warehouse_dag(CONTRACTS)
look_back = look_back_dag()
clock = clock_dag()
