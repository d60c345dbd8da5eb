"""The `samepicture` command: for a person at a terminal and for scripts.

Results go to standard output, everything else to standard error; the exit code is 0
only where everything asked for was done.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from samepicture import people
from samepicture.errors import Explained, kind_and_place
from samepicture.operating.commands import app as operating
from samepicture.progress import Pace
from samepicture.safeguarding.commands import app as harm_reviews
from samepicture.settings import Settings
from samepicture.terminal import notes, out
from samepicture.text_labels.commands import app as text_labels
from samepicture.upkeep.commands import app as upkeep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samepicture.load import Outcome
    from samepicture.process import Pipeline

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Same Picture: patient experience and engagement of one ICS in one warehouse.",
)
app.add_typer(people.app, name="people")
app.add_typer(operating)
app.add_typer(upkeep)
app.add_typer(text_labels)
app.add_typer(harm_reviews)


def main() -> None:
    """Run the command; errors that a person can mend are one sentence, not a traceback."""
    # dbt leaves semaphores to Python's tracker, which would tell the user of them after every build.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    code = 0
    try:
        app(standalone_mode=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except Explained as error:
        notes.print(f"samepicture: {error}", style="red", highlight=False, soft_wrap=True)
        code = 1
    except KeyError as error:
        notes.print(f"samepicture: {error.args[0]}", style="red", highlight=False, soft_wrap=True)
        code = 1
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        notes.print(
            f"samepicture: {error.strerror or error}{where}: make room or mend it, then do the same again; it is safe to repeat.",
            style="red",
            highlight=False,
            soft_wrap=True,
        )
        code = 1
    except Exception as error:  # noqa: BLE001 - a traceback ends in the message, which may quote a record
        notes.print(
            f"samepicture: something failed that nobody foresaw: {kind_and_place(error)}. It is safe to do the same again; "
            "if it fails again, report this line.",
            style="red",
            highlight=False,
            soft_wrap=True,
        )
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Great Expectations keeps DuckDB's binding alive to the very end, which then lists its references on the terminal.
    os._exit(code)


def _pipeline() -> Pipeline:
    from samepicture.process import Pipeline

    return Pipeline(Settings.from_environment())


@app.command(epilog="Example: `samepicture submit complaint_return ko41a.csv --now`")
def submit(
    feed: Annotated[str, typer.Argument(help="The feed that the files belong to; `samepicture feeds` lists them.")],
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="One submission each.")],
    now: Annotated[bool, typer.Option("--now", help="Also judge, load and rebuild here, without a scheduler.")] = False,
) -> None:
    """Land files as submissions of a feed. The scheduler takes them from there."""
    pipeline = _pipeline()
    ids = []
    for path in files:
        receipt, new = pipeline.land_file(feed, path)
        ids.append(receipt.submission_id)
        out.print(
            f"{receipt.submission_id}  {receipt.file_name}  {'landed' if new else 'landed before: the same bytes are one submission'}",
            soft_wrap=True,
        )
    if now:
        _process(pipeline, ids)


@app.command(epilog="Example: `samepicture replay complaint_return.90b3f62ac4e9e49f`")
def replay(
    submission: Annotated[list[str], typer.Argument(help="Ids of submissions, as `samepicture status` shows them.")],
    accept: Annotated[list[str] | None, typer.Option(help="A submission rejection to overrule: unusual_size.")] = None,
) -> None:
    """Judge landed submissions again and load them in place of what was loaded before."""
    from samepicture.load import UNUSUAL_SIZE

    if unknown := set(accept or []) - {UNUSUAL_SIZE}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))} can't be overruled; {UNUSUAL_SIZE} can", param_hint="--accept")
    _process(_pipeline(), submission, accept or [])


@app.command(epilog="Example: `samepicture collect experience_story_care_opinion --now`")
def collect(
    feed: Annotated[str, typer.Argument(help="A feed with a connector of its own.")],
    now: Annotated[bool, typer.Option("--now", help="Also judge, load and rebuild here, without a scheduler.")] = False,
) -> None:
    """Ask a feed's source for what is new, and land it."""
    pipeline = _pipeline()
    ids = [receipt.submission_id for receipt in pipeline.collect(feed)]
    for submission_id in ids:
        out.print(f"{submission_id}  landed", soft_wrap=True)
    if not ids:
        notes.print("The source has nothing new.")
    if now:
        _process(pipeline, ids)


@app.command(epilog="Example: `samepicture rejects complaint_northmoor.0a1b2c3d4e5f6071 --csv > rejects.csv`")
def rejects(
    submission: Annotated[str, typer.Argument(help="Id of a submission.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV, to send back to the organisation.")] = False,
) -> None:
    """What was rejected and why, line by line, and what was taken but is worth a look; without anybody's words."""
    from samepicture.register import rejected_records, safe_cell, warnings_of

    pipeline = _pipeline()
    rows = rejected_records(pipeline, submission)
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(("part", "line", "code", "column", "what to do"))
        writer.writerows([[safe_cell(cell) for cell in row] for row in rows])
        return
    table = Table("part", "line", "code", "column", "what to do", box=None)
    for row in rows:
        table.add_row(*map(str, row))
    out.print(table if rows else "Nothing of this submission was rejected.")
    worth_a_look = Table("warning", "column", "value", "records", "what to do", box=None)
    for row in warnings_of(pipeline, submission):
        worth_a_look.add_row(*map(str, row))
    if worth_a_look.row_count:
        out.print(worth_a_look)


@app.command(epilog="Example: `samepicture feedback complaint_northmoor.0a1b2c3d4e5f6071 --send`")
def feedback(
    submission: Annotated[str, typer.Argument(help="Id of a submission.")],
    send: Annotated[bool, typer.Option("--send", help="Send it to whom the submission came from.")] = False,
) -> None:
    """The report for the sender: what was received, accepted, rejected and why, line by line, as CSV; a summary on standard error."""
    from samepicture.feedback import report
    from samepicture.feedback import send as send_report

    pipeline = _pipeline()
    told = report(pipeline, submission)
    notes.print(told.summary, highlight=False, soft_wrap=True)
    if send:
        out.print(f"{submission}  sent to {send_report(pipeline, submission)}", soft_wrap=True)
    else:
        sys.stdout.write(told.csv)


@app.command(epilog="Example: `samepicture notices`")
def notices() -> None:
    """What somebody should look at now: feeds that are late, refused, changed in shape or not collected."""
    from datetime import UTC, datetime

    from samepicture.notices import look, problems

    table = Table("problem", "feed", "since (UTC)", "what to do", box=None)
    for problem in problems(look(_pipeline()), datetime.now(UTC)):
        table.add_row(problem.kind, problem.feed_id, f"{problem.since.astimezone(UTC):%Y-%m-%d %H:%M}", problem.sentence)
    out.print(table if table.row_count else "Nothing needs a look.")


@app.command(epilog="Example: `samepicture health`")
def health() -> None:
    """Whether everything works, a line a part; exit code 1 where something does not. docs/operating.md says what to do then."""
    from datetime import UTC, datetime

    from samepicture.health import check

    lines = check(Settings.from_environment(), datetime.now(UTC))
    for line in lines:
        out.print(f"{'ok  ' if line.is_well else 'FAIL'}  {line.part:<14}{line.sentence}", highlight=False, soft_wrap=True)
    if not all(line.is_well for line in lines):
        raise typer.Exit(1)


@app.command(epilog='Example: `samepicture query "select * from published.feed_health"`')
def query(
    sql: Annotated[str, typer.Argument(help="SQL on the schemas marts, published, conformed and ops.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
) -> None:
    """Ask the warehouse: the copy of the embedded one, the shared server itself. Nothing can be changed through it."""
    from samepicture.register import safe_cell
    from samepicture.warehouse import open_warehouse

    names, rows = open_warehouse(Settings.from_environment()).query(sql)
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow([safe_cell(name) for name in names])
        writer.writerows([[safe_cell(cell) for cell in row] for row in rows])
        return
    table = Table(*names, box=None)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)


@app.command(epilog="Example: `samepicture export complaint_outcome complaint_outcome.xlsx`")
def export(
    table: Annotated[str, typer.Argument(help="A table of the schema published.")],
    path: Annotated[Path, typer.Argument(help="The file to write: its ending, .csv, .parquet or .xlsx, says what it becomes.")],
) -> None:
    """Write a published table to a file, with a page that says what it holds, for when, what is withheld and how fresh it is."""
    from samepicture.export import Published, write

    _written(write([Published(Settings.from_environment()).extract(table)], path))


@app.command(epilog="Example: `samepicture board 2026-10 board-2026-10.xlsx`")
def board(
    month: Annotated[str, typer.Argument(help="Year and month, 2026-10.")],
    path: Annotated[Path, typer.Argument(help="The workbook to write.")],
) -> None:
    """Write the monthly extract for a board: what changed, what is late, what was done, and which feeds are missing in it."""
    from samepicture.board import board as of_month
    from samepicture.export import write

    _written(write(of_month(Settings.from_environment(), month), path))


def _written(paths: Sequence[Path]) -> None:
    for path in paths:
        out.print(f"written: {path}")


@app.command(epilog="Example: `samepicture feeds`")
def feeds() -> None:
    """The feeds that are declared: whose, what, and how they arrive."""
    table = Table("feed", "record type", "publisher", "read by", "arrives by", box=None)
    for feed in _pipeline().feeds.values():
        webhook = feed.connector.webhook
        arrives = feed.connector.schedule or ("file" if feed.connector.kind == "sent" else feed.connector.kind)
        if webhook is not None:
            arrives += " or webhook" + ("" if os.environ.get(webhook.secret_from) else f", when {webhook.secret_from} is set")
        table.add_row(feed.id, feed.record_type, feed.publisher, feed.owner_directorate, arrives)
    out.print(table)


@app.command("new-feed", epilog="Example: `samepicture new-feed complaint_westbrook --record-type complaint --into my-feeds`")
def new_feed(
    feed: Annotated[str, typer.Argument(help="The feed's id: the name of its folder.")],
    record_type: Annotated[str, typer.Option(help="What it supplies, for example complaint.")],
    into: Annotated[Path | None, typer.Option(help="Folder of feeds. Default: dags/feeds.")] = None,
) -> None:
    """Make a feed's folder: a feed.yml, a sample and a golden result that pass the feed test as they are."""
    from samepicture.scaffold import scaffold

    settings = Settings.from_environment()
    folder = scaffold(feed, record_type, into or settings.feeds[0])
    out.print(f"{folder}: change sample.csv to the supplier's layout, then feed.yml, then expected.yml.")


@app.command(epilog="Example: `samepicture docs`")
def docs() -> None:
    """Write the generated pages: the register of feeds, the data dictionary, and site/models.html with every model and column."""
    from samepicture.model_pages import write_model_pages
    from samepicture.reference_pages import write_pages
    from samepicture.settings import PROJECT

    for path in (*write_pages(_pipeline().feeds, PROJECT / "docs"), write_model_pages(PROJECT / "site")):
        out.print(path, soft_wrap=True)


@app.command(epilog="Example: `samepicture page`")
def page() -> None:
    """Make the page of nursing and comms now, from what is published; the DAG `page` does it after each publish."""
    from samepicture.page.edition import make

    out.print(make(Settings.from_environment()), soft_wrap=True)


@app.command(epilog="Example: `samepicture demo`")
def demo() -> None:
    """Invent one ICS, run the whole way through a real scheduler, and show the first answers."""
    from samepicture.demo.run import run

    raise typer.Exit(run(Settings.from_environment()))


@app.command(
    epilog="Example: `samepicture airflow`, or `samepicture airflow dags list`",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def airflow(context: typer.Context) -> None:
    """Run Airflow on this machine, on loopback, until Ctrl-C; or run one Airflow command on this installation."""
    from samepicture.airflow.local import run_command, serve

    settings = Settings.from_environment()
    raise typer.Exit(run_command(settings, context.args) if context.args else serve(settings))


def _process(pipeline: Pipeline, submission_ids: list[str], accept: list[str] | None = None) -> None:
    """Judge and load each, then rebuild and publish once; exit 1 where one was rejected whole."""
    outcomes: list[Outcome] = []
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=notes, transient=True) as progress:
        task = progress.add_task("")

        def show(what: str) -> None:
            progress.update(task, description=what)

        for submission_id in submission_ids:
            show(f"{submission_id}: judging")
            pipeline.judge(submission_id, Pace(f"{submission_id}: judging", show))
            show(f"{submission_id}: loading")
            outcomes.append(pipeline.load(submission_id, accept or ()))
            _tell(outcomes[-1])
        show("rebuilding what changed")
        built = pipeline.build_and_publish(lambda node: show(f"rebuilding what changed, {node}"))
    if built:
        out.print(f"models rebuilt: {built.models}, tests passed: {built.tests}, in {built.seconds:.1f} s")
        for warning in built.warnings:
            notes.print(f"warning: {warning}", style="yellow", highlight=False)
    if not all(outcome.loaded for outcome in outcomes):
        raise typer.Exit(1)


def _tell(outcome: Outcome) -> None:
    if outcome.loaded:
        out.print(
            f"{outcome.submission_id}  loaded: {outcome.accepted} of {outcome.received} records accepted, {outcome.rejected} rejected"
            + (f", {outcome.warnings} warnings: see `samepicture rejects`" if outcome.warnings else ""),
            soft_wrap=True,
        )
    else:
        out.print(
            f"{outcome.submission_id}  rejected ({outcome.rejection_code}): {outcome.rejection_sentence}",
            style="red",
            soft_wrap=True,
            highlight=False,
        )
