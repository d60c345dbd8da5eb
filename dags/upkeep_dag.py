"""Replays, erasures on request, retention, backups and a new version of redaction."""

from __future__ import annotations

from samepicture.airflow.upkeep import backup_dag, erase_dag, redact_again_dag, replay_dag, retention_dag

replay = replay_dag()
erase = erase_dag()
retention = retention_dag()
backup = backup_dag()
redact_again = redact_again_dag()
