"""Checks that ledger, raw and landing store tell the same story."""

from __future__ import annotations

from sqlalchemy import func, select

from samepicture import ledger
from samepicture.copies import JudgedCopies
from samepicture.process import Pipeline
from samepicture.records import CONTRACTS
from samepicture.warehouse import open_warehouse
from samepicture.warehouse.tables import raw_table


def disagreements(pipeline: Pipeline) -> list[str]:
    """What does not agree, a sentence each; empty where everything does."""
    table, kept = ledger.submission, ledger.quarantine
    with open_warehouse(pipeline.settings).reader() as connection:
        submissions = connection.execute(select(table)).all()
        raw: dict[str, int] = {}
        for contract in CONTRACTS.values():
            rows = raw_table(contract.record_type)
            raw |= {row[0]: row[1] for row in connection.execute(select(rows.c.submission_id, func.count()).group_by(rows.c.submission_id))}
        lines = select(kept.c.submission_id, kept.c.part_name, kept.c.line_number).distinct().subquery()
        quarantined = {
            row[0]: row[1] for row in connection.execute(select(lines.c.submission_id, func.count()).group_by(lines.c.submission_id))
        }
    landed, copies = pipeline.landing.submission_ids(), JudgedCopies(pipeline.landing.store).states()
    found = []
    for row in submissions:
        name, loaded = row.submission_id, row.outcome_code == "loaded"
        if row.received_count != row.accepted_count + row.rejected_count:
            found.append(f"{name}: received {row.received_count}, accepted {row.accepted_count}, rejected {row.rejected_count}")
        if raw.pop(name, 0) != row.loaded_row_count:
            found.append(f"{name}: the ledger says {row.loaded_row_count} rows, raw has another number")
        if loaded and quarantined.get(name, 0) != row.rejected_count:
            found.append(f"{name}: {row.rejected_count} records rejected, {quarantined.get(name, 0)} in quarantine")
        if name not in landed:
            found.append(f"{name}: it is in the ledger, but nothing was landed under this id")
        elif name not in copies and not pipeline.landing.has_original(pipeline.landing.receipt(name)):
            found.append(f"{name}: neither its original nor a judged copy is in the landing store")
    found += [f"{name}: raw has rows of it, the ledger does not know it" for name in raw]
    for name in landed - {row.submission_id for row in submissions}:
        if not pipeline.landing.has_original(pipeline.landing.receipt(name)):
            found.append(f"{name}: it waits to be judged, but its original is not in the landing store")
    return found
