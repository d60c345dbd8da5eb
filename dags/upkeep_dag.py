"""Replays, erasures on request, retention and backups."""

from __future__ import annotations

from samepicture.airflow.upkeep import backup_dag, erase_dag, replay_dag, retention_dag

replay = replay_dag()
erase = erase_dag()
retention = retention_dag()
backup = backup_dag()
