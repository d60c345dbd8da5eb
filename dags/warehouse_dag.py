"""Rebuilds the models that depend on what was loaded."""

from __future__ import annotations

from samepicture.airflow.factory import warehouse_dag
from samepicture.records import CONTRACTS

warehouse = warehouse_dag(CONTRACTS)
