"""The demo: one invented ICS, the whole way through a real scheduler, to the first answers."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import sys
import time
import warnings
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import duckdb
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from samepicture.airflow.environment import airflow_environment, apply
from samepicture.demo.answers import QUESTIONS
from samepicture.demo.apis import DemoApis
from samepicture.demo.healthwatch import DemoHealthwatch
from samepicture.demo.invent import LAST_DAY, submissions
from samepicture.demo.survey_platforms import DemoSurveys
from samepicture.feed import Feed
from samepicture.process import Pipeline
from samepicture.register import Submission, rejected_records
from samepicture.register import submissions as registered
from samepicture.sealing import fresh_landing_key, fresh_pseudonym_key
from samepicture.settings import Settings

LINE_EVERY = 25
SHOWN_REASONS = 12
ENVIRONMENT = "environment"
"""A file to source: the demo's home, and its keys, which guard nothing but invented people."""
IN_FOLDER = "complaint_eastvale"
"""Its submissions are put into the folder that its connector asks; the others' are landed as if they had been sent."""
STEPS = {
    "collect": "asked a source",
    "announce": "announced",
    "judge": "judged",
    "load": "loaded",
    "build": "rebuilt",
    "publish": "published",
    "make": "made the page",
}


def run(base: Settings) -> int:
    """Run it in the folder demo/ of the home, made anew each time; the exit code."""
    started = time.monotonic()
    settings = replace(
        base,
        home=base.home / "demo",
        warehouse=f"duckdb:///{base.home / 'demo' / 'warehouse.duckdb'}",
        landing=str(base.home / "demo" / "landing"),
        pseudonym_key=fresh_pseudonym_key(),
        landing_key=fresh_landing_key(),
    )
    shutil.rmtree(settings.home, ignore_errors=True)
    (settings.home / "logs").mkdir(parents=True)
    _write_environment(settings)
    with _terminal(settings.home / "logs" / "demo.log") as terminal:
        console = Console(file=terminal, width=None if terminal.isatty() else 150)
        try:
            failed = _run(settings, console)
        except Exception as error:
            logging.getLogger(__name__).exception("the demo failed")
            console.print(
                f"\n[red]The demo failed: {error} The log: {settings.home / 'logs' / 'demo.log'}[/red]", soft_wrap=True, highlight=False
            )
            return 1
        if failed:
            console.print(
                f"\n[red]The demo failed: these DAG runs did not end well: {', '.join(failed)}. The log: {settings.home / 'logs' / 'demo.log'}[/red]",
                soft_wrap=True,
            )
            return 1
        _show(settings, console, time.monotonic() - started)
    return 0


def _run(settings: Settings, console: Console) -> list[str]:
    """Everything up to the published copy; DAG runs that failed."""
    apply(
        {
            **airflow_environment(settings),
            "AIRFLOW__CORE__EXECUTOR": "samepicture.airflow.embedded.EmbeddedExecutor",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "SAMEPICTURE_WAREHOUSE": settings.warehouse,
            "SAMEPICTURE_LANDING": settings.landing,
            "SAMEPICTURE_PSEUDONYM_KEY": settings.pseudonym_key or "",
            "SAMEPICTURE_LANDING_KEY": settings.landing_key or "",
            # Invented problems are nobody's: no notice or digest leaves the demo, whatever this person's installation sends.
            "SAMEPICTURE_NOTICES_TO": "",
            "SAMEPICTURE_NOTICES_WEBHOOK": "",
            "SAMEPICTURE_DIGEST_NURSING_TO": "",
            "SAMEPICTURE_DIGEST_COMMS_TO": "",
        }
    )
    console.print(
        "[bold]Northshire[/bold], an invented ICS: 3 trusts, 2 local Healthwatch, 40 GP practices, 24 months. Everything stays on this machine."
    )
    pipeline = Pipeline(settings)
    with (
        DemoApis(stories=80, last_day=LAST_DAY) as apis,
        DemoHealthwatch(last_day=LAST_DAY) as healthwatch,
        DemoSurveys(count=180, last_day=LAST_DAY) as surveys,
        _progress(console) as progress,
    ):
        folder = settings.home / "arrivals" / IN_FOLDER
        folder.mkdir(parents=True)
        sources = {
            **apis.environment(),
            **healthwatch.environment(),
            **surveys.environment("surveymonkey", "qualtrics"),
            pipeline.feed(IN_FOLDER).connector.options["path_from"]: str(folder),
        }
        apply(sources)
        landing = progress.add_task("landing what the organisations sent", total=None)
        for submission in submissions():
            if submission.feed_id == IN_FOLDER:
                (folder / submission.file_name).write_bytes(submission.content)
            else:
                pipeline.land(submission.feed_id, submission.file_name, io.BytesIO(submission.content))
            progress.advance(landing)
        progress.update(landing, total=progress.tasks[landing].completed)
        from samepicture.airflow import embedded

        preparing = progress.add_task("preparing the scheduler", total=1)
        embedded.set_up(f"collect_{feed.id}" for feed in pipeline.feeds.values() if is_invented(feed, sources))
        progress.advance(preparing)
        working = progress.add_task("asking, judging and loading", total=None)
        building = progress.add_task("rebuilding and publishing", total=None)

        def step(dag_id: str, key: str | None, task_id: str, state: str) -> None:
            progress.advance(building if task_id in ("build", "publish", "make") else working)
            if state != "done":
                progress.console.print(f"{STEPS.get(task_id, task_id)}: {key or dag_id}: {state}", soft_wrap=True, highlight=False)

        embedded.run_until_idle([], step)  # the schedules ask the sources and announce what was sent
        embedded.run_until_idle(["intake"], step)  # announces what the sources gave
        embedded.run_until_idle(["look_back"], step)  # else it would be the hour's
        for task in (working, building):
            progress.update(task, total=progress.tasks[task].completed)
    return [f"{dag_id} ({key})" if key else dag_id for dag_id, key in embedded.failed_runs()]


def is_invented(feed: Feed, sources: Collection[str]) -> bool:
    """Whether the demo has a counterpart of a feed's source: one of its own variables leads there.

    Every other feed would ask the world outside, also where the person's own environment
    says where: that is somebody's real site.
    """
    return feed.is_collected and any(feed.connector.options.get(name, "") in sources for name in ("base_url_from", "path_from"))


def _show(settings: Settings, console: Console, seconds: float) -> None:
    pipeline = Pipeline(settings)
    found = registered(pipeline)
    _show_landed(console, found, pipeline)
    _show_reasons(console, found, pipeline)
    with duckdb.connect(str(settings.picture), read_only=True) as connection:
        for question in QUESTIONS:
            result = connection.execute(question.sql)
            table = Table(
                *[column[0] for column in result.description or []],
                title=question.words,
                title_justify="left",
                caption=question.note or None,
                caption_justify="left",
            )
            for row in result.fetchall():
                table.add_row(*("" if cell is None else str(cell) for cell in row))
            console.print()
            console.print(table)
    console.print(f"\nDone in {seconds:.0f} s. Nothing is left running; run it again when you like. To look further:")
    for command, words in (
        (f". {os.path.relpath(settings.home / ENVIRONMENT)}", "use the demo's warehouse in this shell"),
        ('.venv/bin/samepicture query "from published.spc limit 5"', "ask your own questions in SQL"),
        (".venv/bin/samepicture status", "what became of each submission"),
        (os.path.relpath(settings.page / "current" / "index.html"), "the page of nursing and comms: open it in a browser"),
        ("make airflow", "its DAGs and their runs in Airflow on this machine, until Ctrl-C"),
    ):
        console.print(f"  {command:<60} {words}", soft_wrap=True, highlight=False)


def _show_landed(console: Console, found: list[Submission], pipeline: Pipeline) -> None:
    table = Table("feed", "submissions", "received", "accepted", "rejected", title="What landed", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for feed_id in pipeline.feeds:
        mine = [submission for submission in found if submission.submission_id.startswith(feed_id + ".")]
        if mine:
            totals = [sum(int(submission.counts[place]) for submission in mine if submission.outcome != "waiting") for place in range(3)]
            table.add_row(feed_id, str(len(mine)), *(f"{total:,}" for total in totals))
    console.print()
    console.print(table)


def _show_reasons(console: Console, found: list[Submission], pipeline: Pipeline) -> None:
    reasons: dict[tuple[str, str, str], int] = {}
    for submission in found:
        if submission.outcome == "loaded" and submission.counts[2]:
            feed_id = submission.submission_id.rsplit(".", 1)[0]
            for _, _, code, column, sentence in rejected_records(pipeline, submission.submission_id):
                key = (feed_id, code, sentence if column == "" else f"{column}: {sentence}")
                reasons[key] = reasons.get(key, 0) + 1
        elif submission.outcome == "rejected":
            reasons[(submission.file_name, "refused whole", submission.reason)] = 1
    table = Table("feed", "code", "what to do", "records", title="What was rejected, and why", title_justify="left")
    for (feed_id, code, sentence), count in sorted(reasons.items(), key=lambda item: -item[1])[:SHOWN_REASONS]:
        table.add_row(feed_id, code, sentence, str(count))
    console.print()
    console.print(table)


def _write_environment(settings: Settings) -> None:
    path = settings.home / ENVIRONMENT
    path.touch(mode=0o600)
    path.write_text(
        f"export SAMEPICTURE_HOME={settings.home}\n"
        f"export SAMEPICTURE_PSEUDONYM_KEY={settings.pseudonym_key}\n"
        f"export SAMEPICTURE_LANDING_KEY={settings.landing_key}\n"
    )


class _Lines(Progress):
    """Where there is no terminal to draw on: a line now and then."""

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        super().advance(task_id, advance)
        task = self.tasks[task_id]
        if not self.console.is_terminal and task.completed % LINE_EVERY == 0:
            self.console.print(f"{task.description}: {task.completed:.0f} steps, {task.elapsed or 0:.0f} s")


def _progress(console: Console) -> Progress:
    return _Lines(
        TextColumn("{task.description:<36}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console, refresh_per_second=4
    )


@contextlib.contextmanager
def _terminal(log: Path) -> Iterator[TextIO]:
    """The person's terminal; everything that Airflow, dbt and their children print goes to the log instead."""
    sys.stdout.flush()
    saved = [os.dup(1), os.dup(2)]
    with log.open("ab") as target, os.fdopen(os.dup(saved[0]), "w", encoding="utf-8") as terminal:
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
        warnings.simplefilter("ignore")
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in zip((1, 2), saved, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
