"""Brings what is kept up to the redaction of now: words that came under an earlier version go through this one too.

The originals are sealed, and some are gone: what the warehouse holds is redacted again. That is right, since redaction
leaves alone what was redacted before. A submission is one transaction, over files and in batches, so that memory does
not grow with it: killed at any point, the next run does what is left. Records are flagged for harm on the way.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq
from sqlalchemy import Connection, delete, insert, select

from samepicture import ledger
from samepicture.deidentify import redacted
from samepicture.privacy.harm import harm_codes
from samepicture.privacy.redaction import REDACTION_VERSION, redact_identifiers
from samepicture.records import CONTRACTS, Contract, Kind
from samepicture.safeguarding.reviews import queue, tell
from samepicture.warehouse import Warehouse, open_warehouse
from samepicture.warehouse.tables import raw_table

if TYPE_CHECKING:
    from samepicture.process import Pipeline

BATCH_ROWS = 50_000


@dataclass(frozen=True)
class Redacted:
    """What was brought up to the redaction of now."""

    submissions: int
    rows: int
    """Of raw."""
    quarantined: int
    copies: int
    """Judged copies that were written anew."""


def redact_again(pipeline: Pipeline) -> Redacted:
    """Redact what went through another version of redaction, wherever it is kept. Safe to kill and to repeat."""
    from samepicture.locks import alone
    from samepicture.upkeep.originals import discard_work, refresh_copies
    from samepicture.upkeep.scrub import is_to_scrub, scrub_later, show_and_scrub

    settings = pipeline.settings
    warehouse = open_warehouse(settings)
    warehouse.create()
    with alone(settings, "upkeep"):
        with warehouse.reader() as connection:
            due = earlier(connection)
        if due:
            scrub_later(settings)
            discard_work(pipeline)
        rows = quarantined = 0
        for submission_id, record_type in due:
            with warehouse.writer() as connection:
                more, kept = _submission(warehouse, connection, CONTRACTS[record_type], submission_id)
            rows, quarantined = rows + more, quarantined + kept
        copies = refresh_copies(pipeline)
        if is_to_scrub(settings):
            show_and_scrub(pipeline)
    tell(settings)
    return Redacted(len(due), rows, quarantined, copies)


def earlier(connection: Connection) -> list[tuple[str, str]]:
    """Submissions with rows in raw or quarantine of another version of redaction, with their record types."""
    table, kept = ledger.submission, ledger.quarantine
    types: dict[str, str] = dict(connection.execute(select(table.c.submission_id, table.c.record_type)).tuples().all())
    found: set[str] = set(
        connection.execute(
            select(kept.c.submission_id).where(kept.c.redaction_version.is_distinct_from(REDACTION_VERSION)).distinct()
        ).scalars()
    )
    for record_type in CONTRACTS:
        raw = raw_table(record_type)
        found |= set(
            connection.execute(
                select(raw.c.submission_id).where(raw.c.redaction_version.is_distinct_from(REDACTION_VERSION)).distinct()
            ).scalars()
        )
    return sorted((submission_id, types[submission_id]) for submission_id in found if submission_id in types)


def _submission(warehouse: Warehouse, connection: Connection, contract: Contract, submission_id: str) -> tuple[int, int]:
    """One submission, within the caller's transaction: rows of raw and of the quarantine."""
    from samepicture.upkeep.strike import balance

    raw = raw_table(contract.record_type)
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.parquet", Path(folder) / "after.parquet"
        warehouse.export_parquet(connection, select(raw).where(raw.c.submission_id == submission_id), before)
        rows = _rewrite(before, after, contract)
        if rows:
            connection.execute(delete(raw).where(raw.c.submission_id == submission_id))
            warehouse.insert_parquet(connection, f"raw.{contract.record_type}", after)
    quarantined = _quarantine(connection, contract, submission_id)
    feed_id: str = connection.execute(
        select(ledger.submission.c.feed_id).where(ledger.submission.c.submission_id == submission_id)
    ).scalar_one()
    queue(warehouse, connection, contract.record_type, feed_id, submission_id)
    balance(connection, {submission_id: (0, 0, rows)})
    return rows, quarantined


def _rewrite(before: Path, after: Path, contract: Contract) -> int:
    """Redact a file of raw rows into another, batch by batch; how many rows."""
    source = pq.ParquetFile(before)
    rows = 0
    with pq.ParquetWriter(after, source.schema_arrow) as target:
        for batch in source.iter_batches(BATCH_ROWS):
            frame = pl.DataFrame(pl.from_arrow(batch))
            frame = redacted(frame, contract)
            spoken = harm_codes([frame.get_column(name) for name in (*contract.of_kind(Kind.NARRATIVE), "unmapped")])
            frame = frame.with_columns(spoken, pl.lit(REDACTION_VERSION).alias("redaction_version"))
            target.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(source.schema_arrow))
            rows += frame.height
    return rows


def _quarantine(connection: Connection, contract: Contract, submission_id: str) -> int:
    """Redact the rejected records of a submission, and what is said of them; how many rows."""
    table = ledger.quarantine
    rows: list[dict[str, Any]] = [
        dict(row) for row in connection.execute(select(table).where(table.c.submission_id == submission_id)).mappings()
    ]
    if not rows:
        return 0
    records = [json.loads(row["record"]) if row["record"] else {} for row in rows]
    names = [*contract.of_kind(Kind.NARRATIVE, Kind.TEXT, Kind.LIST, Kind.JSON), "unmapped"]
    frame = pl.DataFrame({name: [record.get(name) for record in records] for name in names}, schema=dict.fromkeys(names, pl.String))
    sentences = redact_identifiers(pl.Series([row["sentence"] for row in rows], dtype=pl.String))
    for row, record, words, sentence in zip(rows, records, redacted(frame, contract).iter_rows(named=True), sentences, strict=True):
        changed = {name: text for name, text in words.items() if name in record}
        row["record"] = json.dumps(record | changed, ensure_ascii=False) if row["record"] else None
        row |= {"sentence": sentence, "redaction_version": REDACTION_VERSION}
    connection.execute(delete(table).where(table.c.submission_id == submission_id))
    connection.execute(insert(table), rows)
    return len(rows)
