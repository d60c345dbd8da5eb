"""Reads the ledger and the landing store for people: what happened to each submission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from samepicture import ledger
from samepicture.landing import Receipt
from samepicture.warehouse import open_warehouse

if TYPE_CHECKING:
    from samepicture.process import Pipeline

FORMULA_BEGINS = tuple("=+-@\t\r\n＝＋－＠")
"""The wide forms too: a spreadsheet of East Asia takes them for the others."""


@dataclass(frozen=True)
class Submission:
    """One submission as `samepicture status` shows it."""

    submission_id: str
    file_name: str
    landed_at: str
    outcome: str
    """waiting, loaded or rejected."""
    counts: tuple[int | str, int | str, int | str]
    """Received, accepted, rejected; '-' while waiting."""
    reason: str


def submissions(pipeline: Pipeline, feed_id: str | None = None) -> list[Submission]:
    """All submissions, newest first: from the landing store, with what the ledger says of each."""
    if feed_id is not None:
        pipeline.feed(feed_id)
    table = ledger.submission
    warehouse = open_warehouse(pipeline.settings)
    warehouse.create()
    with warehouse.reader() as connection:
        known = {row.submission_id: row for row in connection.execute(select(table))}
    found = []
    for receipt in pipeline.landing.receipts():
        if feed_id is not None and receipt.feed_id != feed_id:
            continue
        row = known.get(receipt.submission_id)
        found.append(
            Submission(
                receipt.submission_id,
                receipt.file_name,
                receipt.landed_at,
                row.outcome_code if row else "waiting",
                (row.received_count, row.accepted_count, row.rejected_count) if row else ("-", "-", "-"),
                f"{row.rejection_code}: {row.rejection_sentence}" if row and row.rejection_code else "",
            )
        )
    return found[::-1]


def unprocessed(pipeline: Pipeline) -> list[Receipt]:
    """Receipts of submissions that have no ledger entry, oldest first: what the sweep looks for.

    Reads the receipts of these alone: thousands of others may lie beside them.
    """
    warehouse = open_warehouse(pipeline.settings)
    warehouse.create()
    with warehouse.reader() as connection:
        known: set[str] = set(connection.execute(select(ledger.submission.c.submission_id)).scalars())
    found = [pipeline.landing.receipt(submission_id) for submission_id in pipeline.landing.submission_ids() - known]
    return sorted(found, key=lambda receipt: (receipt.landed_at, receipt.submission_id))


def rejected_records(pipeline: Pipeline, submission_id: str) -> list[tuple[Any, ...]]:
    """Part, line, code, column and sentence of each rejection of a submission, in order.

    A submission that was refused whole has its own sentence first, at line '-'. Raises KeyError.
    """
    pipeline.landing.receipt(submission_id)
    with open_warehouse(pipeline.settings).reader() as connection:
        whole = connection.execute(
            select(ledger.submission.c.rejection_code, ledger.submission.c.rejection_sentence).where(
                ledger.submission.c.submission_id == submission_id, ledger.submission.c.rejection_code.is_not(None)
            )
        ).all()
        table = ledger.quarantine
        lines = connection.execute(
            select(table.c.part_name, table.c.line_number, table.c.code, table.c.column_name, table.c.sentence)
            .where(table.c.submission_id == submission_id)
            .order_by(table.c.part_name, table.c.line_number, table.c.code)
        ).all()
    return [("", "-", row.rejection_code, "", row.rejection_sentence) for row in whole] + [
        (row.part_name, row.line_number, row.code, row.column_name or "", row.sentence) for row in lines
    ]


def warnings_of(pipeline: Pipeline, submission_id: str) -> list[tuple[Any, ...]]:
    """Code, column, value, number of records and sentence of each warning of a submission."""
    table = ledger.warning
    with open_warehouse(pipeline.settings).reader() as connection:
        rows = connection.execute(
            select(table.c.code, table.c.column_name, table.c.value, table.c.row_count, table.c.sentence)
            .where(table.c.submission_id == submission_id)
            .order_by(table.c.code, table.c.column_name, table.c.value)
        ).all()
    return [tuple("" if cell is None else cell for cell in row) for row in rows]


def safe_cell(value: Any) -> Any:
    """A cell that a spreadsheet shows and never runs: text that begins like a formula gets an apostrophe."""
    if isinstance(value, str) and value[:1] in FORMULA_BEGINS:
        return "'" + value
    return value
