"""The commands for who looks at what runs, and tells others: `samepicture status` and `digest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from samepicture.settings import SettingError, Settings
from samepicture.terminal import notes, out

if TYPE_CHECKING:
    from samepicture.process import Pipeline

app = typer.Typer()


def _pipeline() -> Pipeline:
    from samepicture.process import Pipeline

    return Pipeline(Settings.from_environment())


@app.command(epilog="Example: `samepicture status --feed complaint_return`")
def status(
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
    most: Annotated[int, typer.Option(help="How many, newest first.")] = 30,
    timings: Annotated[bool, typer.Option("--timings", help="Where the time of each went, of those that are in the ledger.")] = False,
) -> None:
    """What happened to each submission: landed, loaded or rejected, and how many records; with --timings, how long each step took."""
    from samepicture.register import submissions

    if timings:
        _show_timings(feed, most)
        return
    pipeline = _pipeline()
    table = Table("submission", "file", "landed (UTC)", "outcome", "received", "accepted", "rejected", "reason", box=None)
    for column in table.columns[4:7]:
        column.justify = "right"
    for row in submissions(pipeline, feed)[:most]:
        table.add_row(
            row.submission_id, row.file_name, row.landed_at[:16].replace("T", " "), row.outcome, *map(str, row.counts), row.reason
        )
    out.print(table)


@app.command(epilog="Example: `samepicture digest --show nursing`")
def digest(
    show: Annotated[str | None, typer.Option(help="Print what nursing, or comms, would be sent now, and send nothing.")] = None,
) -> None:
    """Send each directorate the last week's digest now, where it was not sent; the DAG `digest` does it each Monday."""
    from datetime import UTC, datetime

    from samepicture.digest.sending import preview, send_due

    settings = _pipeline().settings
    now = datetime.now(UTC)
    if show is not None:
        written = preview(settings, show, now)
        out.print(written.text, soft_wrap=True, highlight=False)
        return
    if not any(settings.digest_to.values()):
        raise SettingError("Nobody is to be sent a digest: set SAMEPICTURE_DIGEST_NURSING_TO or SAMEPICTURE_DIGEST_COMMS_TO to addresses.")
    sent = send_due(settings, now)
    out.print(f"sent to {' and '.join(sent)}" if sent else "The last week's is sent already.")


def _show_timings(feed: str | None, most: int) -> None:
    """What the operators' page shows, as a table."""
    from samepicture.operating.rendering import SPANS, duration
    from samepicture.timings import newest
    from samepicture.warehouse import open_warehouse

    pipeline = _pipeline()
    if feed is not None:
        pipeline.feed(feed)
    with open_warehouse(pipeline.settings).operations() as (as_of, connection):
        rows = newest(connection, feed, most=most)
    if as_of is not None:
        notes.print(f"Another process is writing to the warehouse: this is what was published at {as_of:%Y-%m-%d %H:%M} UTC.")
    table = Table("submission", "landed (UTC)", "outcome", *SPANS.values(), "in all", box=None)
    for column in table.columns[3:]:
        column.justify = "right"
    for row in rows:
        steps = [duration(row.spans[stage]) if stage in row.spans else "-" for stage in SPANS]
        table.add_row(row.submission_id, f"{row.landed_at:%Y-%m-%d %H:%M}", row.outcome_code, *steps, duration(row.seconds))
    out.print(table)
