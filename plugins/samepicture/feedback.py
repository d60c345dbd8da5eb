"""Tells the sender of a submission what became of it: received, accepted, rejected and why, line by line.

Codes, columns, lines and sentences alone, never a record; of values only what is plainly a code,
or a date that can't be one. The report goes to the receipt's sender and nobody else.

A feed asks for it with `connector.options.feedback_workflow`, the MESH workflow of its
reports; then each outcome is told once. The mark is written after sending, so a crash in
between tells twice, and nothing is lost. A replay that ends the same is not told again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, or_, select

from samepicture import ledger
from samepicture.connectors.base import ConnectorError, FetchContext
from samepicture.feed import Feed
from samepicture.landing import Receipt
from samepicture.messengers import Attachment, NotSent, mail
from samepicture.register import rejected_records, safe_cell, warnings_of
from samepicture.settings import SettingError
from samepicture.warehouse import open_warehouse

if TYPE_CHECKING:
    from samepicture.process import Pipeline

HEADER = ("kind", "part", "line", "code", "column", "records", "what to do")
OLDEST = timedelta(days=30)
"""What was loaded longer ago is no news: a feed that begins to ask is not answered for years past."""

CODE = re.compile(r"[A-Z0-9]{1,6}|(?=[A-Za-z_]*[0-9_])[A-Za-z0-9_]{1,20}")
"""What is told of a warning's value: it can be a code, and hardly anything else."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What became of one submission."""

    submission_id: str
    loaded_at: datetime
    """When the outcome that it tells came about."""
    summary: str
    """A few lines for a person."""
    csv: str
    """HEADER and a row a count, rejection and warning; safe in a spreadsheet."""

    @property
    def sha256(self) -> str:
        """Changes only with what is told."""
        return hashlib.sha256(self.csv.encode()).hexdigest()


def report(pipeline: Pipeline, submission_id: str) -> Report:
    """The report on a submission. Raises KeyError where it was not landed here, or is not through yet."""
    receipt = pipeline.landing.receipt(submission_id)
    table = ledger.submission
    warehouse = open_warehouse(pipeline.settings)
    warehouse.create()
    with warehouse.reader() as connection:
        row = connection.execute(
            select(table, ledger.stage.c.finished_at)
            .join(ledger.stage, ledger.stage.c.submission_id == table.c.submission_id)
            .where(table.c.submission_id == submission_id, ledger.stage.c.stage_code == "loaded")
        ).one_or_none()
    if row is None:
        raise KeyError(f"{submission_id} is not judged and loaded yet: there is nothing to report")
    rejected = rejected_records(pipeline, submission_id)
    warned = warnings_of(pipeline, submission_id)
    counts = [("received", row.received_count), ("accepted", row.accepted_count), ("rejected", row.rejected_count)]
    if row.source_count is not None:
        counts.insert(0, ("sent", row.source_count))
    rows: list[Sequence[Any]] = [
        ("summary", "", "", row.outcome_code, "", "", f"{receipt.file_name}, came {_minute(receipt)} UTC, reference {submission_id}")
    ]
    rows += [("summary", "", "", name, "", count, "") for name, count in counts]
    rows += [("rejection", part, line, code, column, "", sentence) for part, line, code, column, sentence in rejected]
    # Which code it was the sender must know; what may be words, or a name, stays here.
    together: dict[tuple[str, str, str], int] = {}
    for code, column, value, count, sentence in warned:
        told = f"{value}: {sentence}" if CODE.fullmatch(value) else sentence
        together[code, column, told] = together.get((code, column, told), 0) + count
    rows += [("warning", "", "", code, column, count, sentence) for (code, column, sentence), count in together.items()]
    return Report(submission_id, row.finished_at, _summary(receipt, row, len(together)), _as_csv(rows))


def send(pipeline: Pipeline, submission_id: str) -> str:
    """Send the report to whom the submission came from, and note that it was sent; to whom.

    Raises KeyError where nobody is known, ConnectorError, SettingError or NotSent where it can't be sent.
    """
    told = report(pipeline, submission_id)
    receipt = pipeline.landing.receipt(submission_id)
    scheme, _, address = (receipt.sender or "").partition(":")
    if scheme == "mesh" and address:
        _send_by_mesh(pipeline, pipeline.feed(receipt.feed_id), address, told)
    elif scheme == "mailto" and address:
        attachment = Attachment(f"{submission_id}_feedback.csv", told.csv.encode("utf-8-sig"), "text/csv")
        mail(pipeline.settings, [address], f"What became of your submission {submission_id}", told.summary, attachment)
    else:
        raise KeyError(f"{submission_id} came without an address to answer to: print the report and send it yourself")
    _note(pipeline, told)
    return receipt.sender or ""


def send_pending(pipeline: Pipeline) -> list[str]:
    """Send every report that is due; their submissions. What can't be sent is told in the log, and tried again the next time."""
    sent = []
    for submission_id, earlier in _pending(pipeline):
        try:
            if earlier and earlier == (told := report(pipeline, submission_id)).sha256:
                _note(pipeline, told)
                continue
            send(pipeline, submission_id)
        except (KeyError, ConnectorError, SettingError, NotSent) as error:
            log.warning("the report on %s could not be sent: %s", submission_id, error)
            continue
        sent.append(submission_id)
    return sent


def _pending(pipeline: Pipeline) -> list[tuple[str, str | None]]:
    """Submissions whose last outcome was not told, and the hash of what was told before; only of feeds that ask for it."""
    asking = [feed.id for feed in pipeline.feeds.values() if feed.connector.options.get("feedback_workflow")]
    if not asking:
        return []
    table, told, stage = ledger.submission, ledger.feedback, ledger.stage
    warehouse = open_warehouse(pipeline.settings)
    warehouse.create()
    with warehouse.reader() as connection:
        rows = connection.execute(
            select(table.c.submission_id, told.c.report_sha256)
            .join(stage, (stage.c.submission_id == table.c.submission_id) & (stage.c.stage_code == "loaded"))
            .outerjoin(told, told.c.submission_id == table.c.submission_id)
            .where(
                table.c.feed_id.in_(asking),
                or_(told.c.loaded_at.is_(None), told.c.loaded_at < stage.c.finished_at),
                stage.c.finished_at > datetime.now(UTC) - OLDEST,
            )
            .order_by(table.c.load_number)
        ).all()
    # One that came another way (a file at the command line) has nobody to be answered.
    return [(row[0], row[1]) for row in rows if pipeline.landing.receipt(row[0]).sender]


def _send_by_mesh(pipeline: Pipeline, feed: Feed, mailbox: str, told: Report) -> None:
    from mesh_client import MeshError

    from samepicture.connectors.mailbox import open_mailbox

    context = FetchContext(pipeline.environment, datetime.now(UTC))
    workflow = str(context.option(feed, "feedback_workflow"))
    content = told.csv.encode("utf-8-sig")  # so that a spreadsheet knows the encoding
    with open_mailbox(feed, context) as client:
        try:
            client.send_message(
                mailbox,
                content,
                workflow_id=workflow,
                filename=f"{told.submission_id}_feedback.csv",
                local_id=told.submission_id,
                subject=f"What became of submission {told.submission_id}",
                checksum=hashlib.sha256(content).hexdigest(),
                content_type="text/csv",
            )
        except MeshError:
            raise ConnectorError(
                f"{feed.id}: MESH does not take a report for {mailbox} in the workflow {workflow}: check that the mailbox is still there "
                "and registered for the workflow of connector.options.feedback_workflow."
            ) from None


def _note(pipeline: Pipeline, told: Report) -> None:
    """Remember what was told. A load in between is later, and is told the next time."""
    table = ledger.feedback
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.execute(delete(table).where(table.c.submission_id == told.submission_id))
        connection.execute(
            insert(table),
            {
                "submission_id": told.submission_id,
                "loaded_at": told.loaded_at,
                "report_sha256": told.sha256,
                "sent_at": datetime.now(UTC),
            },
        )


def _summary(receipt: Receipt, row: Any, warnings: int) -> str:
    lines = [
        f"{receipt.file_name}, which came on {_minute(receipt)} UTC, was {'taken' if row.outcome_code == 'loaded' else 'refused as a whole'}.",
        f"Records: {row.received_count} received, {row.accepted_count} accepted, {row.rejected_count} rejected.",
    ]
    if row.source_count is not None and row.source_count != row.received_count:
        lines.append(f"You said that it holds {row.source_count} records: please check that it is whole.")
    if row.rejection_code:
        lines.append(f"Why: {row.rejection_sentence} ({row.rejection_code})")
    if row.rejected_count:
        lines.append("Each rejected line and what to do is in the attached list.")
    if warnings:
        lines.append(f"{warnings} further points are worth a look; nothing was rejected for them.")
    return "\n".join([*lines, f"Reference: {receipt.submission_id}", ""])


def _minute(receipt: Receipt) -> str:
    return receipt.landed_datetime.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _as_csv(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows([[safe_cell(cell) for cell in row] for row in rows])
    return text.getvalue()
