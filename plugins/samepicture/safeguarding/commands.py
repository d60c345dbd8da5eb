"""The commands of the queue of records that speak of harm."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Annotated

import typer
from rich.table import Table

from samepicture.safeguarding import Review
from samepicture.settings import Settings
from samepicture.terminal import notes, out

app = typer.Typer()


@app.command("harm-reviews", epilog="Example: `samepicture harm-reviews`")
def harm_reviews(reviewed: Annotated[bool, typer.Option("--reviewed", help="Those that somebody has looked at.")] = False) -> None:
    """Records whose words speak of harm, and that nobody has looked at: oldest first."""
    from samepicture.safeguarding import reviews
    from samepicture.warehouse import open_warehouse

    with open_warehouse(Settings.from_environment()).reader() as connection:
        rows = reviews.reviewed(connection) if reviewed else reviews.waiting(connection)
    table = Table("submission", "line", "speaks of", "flagged (UTC)", "told", *(["outcome", "by"] if reviewed else []), box=None)
    for row in rows:
        table.add_row(
            row.submission_id,
            str(row.line_number),
            ", ".join(json.loads(row.harm_codes)),
            f"{row.flagged_at.astimezone(UTC):%Y-%m-%d %H:%M}",
            "yes" if row.told_at else "no",
            *([row.outcome_code, row.reviewed_by] if reviewed else []),
        )
    out.print(table if rows else "Nothing waits for a review.")


@app.command("harm-review", epilog="Example: `samepicture harm-review nhsuk.0123456789abcdef 12 --outcome passed_on --by 'J. Patel'`")
def harm_review(
    submission: Annotated[str, typer.Argument(help="As `samepicture harm-reviews` shows it.")],
    line: Annotated[int, typer.Argument(help="The line in it.")],
    outcome: Annotated[
        Review | None, typer.Option(help="What you decide, having read it: shown lets a story be published; the others keep it back.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
) -> None:
    """Read one record of the queue, redacted; with --outcome and --by, record what you decide."""
    from samepicture.safeguarding import reviews
    from samepicture.warehouse import open_warehouse

    warehouse = open_warehouse(Settings.from_environment())
    if outcome is None:
        with warehouse.reader() as connection:
            for name, text in reviews.words(connection, submission, line):
                out.print(f"{name}: {text}", highlight=False, markup=False, soft_wrap=True)
        notes.print("To record what you decide: --outcome shown, withheld or passed_on, and --by your name.")
        return
    if not by.strip():
        raise typer.BadParameter("say who decides: --by NAME")
    with warehouse.writer() as connection:
        reviews.record(connection, submission, line, outcome, by.strip())
    out.print(f"{submission} line {line}: {outcome.value}. What is published follows with the next build.")
