"""The real scheduler, run in this process until nothing is left to do.

For the demo, the tests and one-off runs: Airflow's own SchedulerJobRunner creates the
runs from asset events and schedules the tasks; EmbeddedExecutor runs each task here,
through the Task SDK's in-process supervisor, so no server and no worker is left behind.
Import this module only after `environment.apply`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from airflow.api.common.trigger_dag import trigger_dag
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.executors.base_executor import BaseExecutor
from airflow.jobs.job import Job, run_job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.pool import Pool
from airflow.utils import db
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import select, update

from samepicture.airflow.environment import WRITER_POOL

EXECUTOR = "samepicture.airflow.embedded.EmbeddedExecutor"
IDLE_LOOPS = 30
IDLE_SECONDS = 0.05
"""30 x 0.05 s: longer than the one-second resolution of time in SQLite, so that nothing due is missed."""

Progress = Callable[[str, str | None, str, str], None]
"""Called after each task with DAG id, partition key, task id and state."""

_progress: Progress | None = None


class EmbeddedExecutor(BaseExecutor):
    """Runs tasks one after another in the scheduler's own process."""

    is_local = True
    serve_logs = False
    supports_callbacks = False

    def _process_workloads(self, workloads: Sequence[Any]) -> None:
        from airflow.sdk.api.datamodels._generated import TaskInstance
        from airflow.sdk.execution_time.supervisor import run_task_in_process

        for workload in workloads:
            self.queued_tasks.pop(workload.key, None)
            self.running.add(workload.key)
            ti = workload.ti
            operator = _dag(ti.dag_id, str(workload.dag_rel_path), workload.bundle_info.name).get_task(ti.task_id)
            instance = TaskInstance(
                id=ti.id,
                task_id=ti.task_id,
                dag_id=ti.dag_id,
                run_id=ti.run_id,
                try_number=ti.try_number,
                map_index=ti.map_index,
                dag_version_id=ti.dag_version_id,
            )
            try:
                error = run_task_in_process(ti=instance, task=operator).error
            except Exception as raised:
                self.log.exception("the task %s of %s could not be run", ti.task_id, ti.dag_id)
                error = raised
            self.change_state(workload.key, workload.success_state if error is None else workload.failure_state)
            if _progress is not None:
                _progress(ti.dag_id, _partition_key(ti.dag_id, ti.run_id), ti.task_id, "done" if error is None else f"failed: {error}")

    def sync(self) -> None:
        """Nothing to collect: tasks end before `_process_workloads` returns."""

    def end(self) -> None:
        """Nothing to stop."""

    def terminate(self) -> None:
        """Nothing to stop."""


def set_up(switched_on: Iterable[str] = ()) -> None:
    """Make Airflow's database, the writer's pool and the parsed DAGs; switch on the DAGs named.

    Raises RuntimeError where a DAG file can't be parsed.
    """
    db.initdb()
    Pool.create_or_update_pool(WRITER_POOL, slots=1, description="The warehouse has one writer.", include_deferred=False)
    manager = DagBundlesManager()
    with create_session() as session:
        manager.sync_bundles_to_db(session=session)
    for bundle in manager.get_all_dag_bundles():
        bundle.initialize()
        bag = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
        if bag.import_errors:
            raise RuntimeError(f"DAG files that can't be parsed: {bag.import_errors}")
        sync_bag_to_db(bag, bundle.name, bundle.version)
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id.in_(list(switched_on))).values(is_paused=False))


def run_until_idle(dag_ids: Iterable[str], progress: Progress | None = None) -> None:
    """Trigger these DAGs and run the scheduler until no run is left, of them or of any that their events start."""
    global _progress
    for dag_id in dag_ids:
        with create_session() as session:
            trigger_dag(dag_id=dag_id, triggered_by=DagRunTriggeredByType.CLI, session=session, logical_date=None)
    _progress = progress
    try:
        job = Job()
        runner = SchedulerJobRunner(job=job, num_runs=IDLE_LOOPS, only_idle=True, scheduler_idle_sleep_time=IDLE_SECONDS)
        run_job(job=job, execute_callable=runner._execute)
    finally:
        _progress = None


def failed_runs() -> list[tuple[str, str | None]]:
    """DAG id and partition key of every run that did not end well."""
    with create_session() as session:
        rows = session.execute(select(DagRun.dag_id, DagRun.partition_key).where(DagRun.state != DagRunState.SUCCESS)).all()
    return [(row[0], row[1]) for row in rows]


@functools.cache
def _dag(dag_id: str, relative_path: str, bundle_name: str) -> Any:
    bundle = DagBundlesManager().get_bundle(bundle_name)
    bundle.initialize()
    return BundleDagBag(dag_folder=bundle.path / relative_path, bundle_path=bundle.path, bundle_name=bundle.name).dags[dag_id]


def _partition_key(dag_id: str, run_id: str) -> str | None:
    with create_session() as session:
        key: str | None = session.scalar(select(DagRun.partition_key).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
    return key
