"""A cron timetable whose runs choose their partition keys while they run.

Airflow's own PartitionedAtRuntime can't be scheduled; this one can (the pattern is
Airflow's example `custom_partition_timetable`).
"""

from __future__ import annotations

from airflow.timetables.trigger import CronTriggerTimetable


class ScheduledSubmissions(CronTriggerTimetable):
    """Runs on a cron expression (UTC) and emits one keyed event a submission that it finds."""

    partitioned_at_runtime = True
