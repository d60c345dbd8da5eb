"""The commands of the upkeep: what a data engineer, or the data protection officer beside them, asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from samepicture.settings import Settings

if TYPE_CHECKING:
    from samepicture.process import Pipeline

app = typer.Typer()
out = Console(markup=False, soft_wrap=True, highlight=False)
notes = Console(stderr=True, markup=False, soft_wrap=True, highlight=False)


def _pipeline() -> Pipeline:
    from samepicture.process import Pipeline

    return Pipeline(Settings.from_environment())


@app.command(epilog='Example: `samepicture keys`, or `eval "$(samepicture keys)"` to try things out')
def keys() -> None:
    """Print fresh keys, as lines for a shell or an environment file. They are kept nowhere: keep them, apart from the data."""
    from samepicture.sealing import fresh_landing_key, fresh_pseudonym_key

    typer.echo(f"export SAMEPICTURE_PSEUDONYM_KEY={fresh_pseudonym_key()}")
    typer.echo(f"export SAMEPICTURE_LANDING_KEY={fresh_landing_key()}")


@app.command("encrypt-landing", epilog="Example: `samepicture encrypt-landing`")
def encrypt_landing() -> None:
    """Encrypt what was landed before originals were encrypted. Safe to interrupt and to repeat."""
    originals, receipts = _pipeline().landing.encrypt_all()
    out.print(f"{originals} originals and {receipts} receipts encrypted; nothing is left in the clear.")


@app.command(epilog="Example: `samepicture erase complaint RZN C-2025/0117 --reason 'request 31 of 2026'`")
def erase(
    record_type: Annotated[str, typer.Argument(help="What it is, for example complaint.")],
    scope: Annotated[
        str,
        typer.Argument(
            help="What references are unique within: the organisation's ODS code; for a survey its id; for a story its publisher."
        ),
    ],
    reference: Annotated[str, typer.Argument(help="What the source calls the record.")],
    is_pseudonym: Annotated[
        bool, typer.Option("--pseudonym", help="The reference is the pseudonym that the warehouse knows it by.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Kept, encrypted, with the day of the erasure. Don't name the person.")] = "",
    later: Annotated[bool, typer.Option("--later", help="Only leave a request, for the DAG `erase`; prints its id.")] = False,
) -> None:
    """Erase a record on request: everywhere, with all versions, and so that it does not come back."""
    from samepicture.upkeep import requests
    from samepicture.upkeep.erase import erase as erase_record
    from samepicture.upkeep.erase import record_key

    pipeline = _pipeline()
    contract, key = record_key(pipeline.settings, record_type, scope, reference, is_pseudonym=is_pseudonym)
    if later:
        out.print(requests.leave(pipeline.landing, requests.Request(contract.record_type, tuple(key), reason)))
        return
    done = erase_record(pipeline, contract, key, reason)
    struck = done.struck
    out.print(
        f"erased: {struck.records} records with {struck.rows} versions, named in {struck.references} other rows; "
        f"{len(done.originals)} originals replaced by judged copies"
    )
    if not struck.submissions:
        notes.print(
            "Nothing of it was known here. If it should have been, check organisation and reference; should it come, it will not be taken."
        )
    if done.originals:
        notes.print(f"Originals that are gone: {', '.join(done.originals)}")
    if done.unsure:
        notes.print(
            f"Damaged, or landed for feeds that are not declared, so nobody can look into them: {', '.join(done.unsure)}", style="red"
        )
        raise typer.Exit(1)


@app.command(epilog="Example: `samepicture retention --dry-run`")
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Let go of what was kept long enough, as each record type's contract says."""
    from samepicture.upkeep.retention import retention as let_go

    headings = ("record type", "records", "words", "in quarantine", "originals", "stay: no date", "stay: not in the ledger")
    table = Table(*headings, title="would go" if dry_run else "gone", title_justify="left", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for due in let_go(_pipeline(), dry_run=dry_run):
        table.add_row(
            due.record_type, *map(str, (due.records, due.words, due.quarantined, len(due.originals), due.undated, len(due.waiting)))
        )
    out.print(table)


@app.command("rotate-key", epilog="Example: `samepicture rotate-key`, with SAMEPICTURE_PSEUDONYM_KEY=OLD,NEW")
def rotate_key() -> None:
    """Bring the warehouse to the newest key in SAMEPICTURE_PSEUDONYM_KEY, which was appended to the earlier ones."""
    from samepicture.sealing import fresh_pseudonym_key
    from samepicture.upkeep.rotate import rotate_key as rotate

    done = rotate(_pipeline())
    if done.links:
        out.print(
            f"{done.pseudonyms} pseudonyms re-keyed, {done.copies} judged copies written anew. From now on every process needs all keys."
        )
    else:
        out.print(f"The warehouse has this key already; {done.copies} judged copies brought up to it.")
        notes.print(f"To rotate, append a new key after a comma, for example {fresh_pseudonym_key()}, and run this again.")


@app.command(epilog="Example: `samepicture backup /mnt/backups`")
def backup(
    folder: Annotated[Path, typer.Argument(help="Where backups lie: each gets a folder of its own.")],
    keep: Annotated[int | None, typer.Option(min=1, help="How many stay; the oldest go.")] = None,
) -> None:
    """Back up warehouse, landing store and cursors: encrypted, while loads go on."""
    from samepicture.upkeep.backup import back_up

    done = back_up(_pipeline(), folder, keep)
    out.print(f"{done.folder}: {done.files} files, {done.bytes / 1e6:,.1f} MB")


@app.command(epilog="Example: `samepicture restore /mnt/backups`")
def restore(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A backup, or a folder of backups: then the newest.")],
) -> None:
    """Restore a backup into an empty home, and check that ledger, rows and landing store agree."""
    from samepicture.upkeep.backup import restore as restore_from

    wrong = restore_from(_pipeline(), folder)
    for sentence in wrong:
        notes.print(sentence, style="red")
    if wrong:
        raise typer.Exit(1)
    out.print(
        "restored: every hash is right, and ledger, rows and landing store agree. `samepicture replay`, or the scheduler, publishes it."
    )


@app.command(epilog="Example: `samepicture rebuild`")
def rebuild(
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Put it in its place although it is not the same.")
    ] = False,
) -> None:
    """Make the warehouse again from the landing store, compare it with the one in use, and put it in its place if they are equal."""
    from samepicture.upkeep.rebuild import rebuild as make_again

    started = datetime.now(UTC)
    with notes.status("rebuilding") as status:
        done = make_again(_pipeline(), accept_differences=accept_differences, progress=status.update)
    seconds = (datetime.now(UTC) - started).total_seconds()
    out.print(
        f"{done.submissions} submissions, {done.from_copies} of them from judged copies; {done.tables} tables compared, in {seconds:.0f} s"
    )
    for name, why in done.failed.items():
        notes.print(f"{name} could not be loaded again: {why}", style="red")
    for difference in done.differences:
        out.print(
            f"{difference.table}: {difference.only_before} rows only in the one in use, {difference.only_rebuilt} only in the rebuilt one"
        )
    if done.in_place:
        out.print("The rebuilt warehouse is in use.")
    else:
        notes.print("The one in use stays; the rebuilt one lies in the folder rebuild/ of the home.", style="red")
        raise typer.Exit(1)


@app.command("redact-again", epilog="Example: `samepicture redact-again`")
def redact_again() -> None:
    """Bring words that came under an earlier version of redaction up to the one of now. Safe to interrupt and to repeat."""
    from samepicture.upkeep.redact_again import redact_again as bring_up

    done = bring_up(_pipeline())
    out.print(
        f"{done.submissions} submissions: {done.rows} rows and {done.quarantined} rejected ones redacted again, {done.copies} judged copies written anew."
    )
