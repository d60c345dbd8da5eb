"""Replaces originals by judged copies, and keeps these in agreement with the warehouse.

Order is what makes it safe to kill: the copy is durable before the original goes, and whatever
is left undone can be seen from the store and the ledger, and is done the next time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, case, func, select, update

from samepicture import ledger
from samepicture.copies import ACCEPTED, QUARANTINE, VERDICT, JudgedCopies
from samepicture.judge import Verdict
from samepicture.landing import HASH_IN_ID, NAME_GONE, Receipt, forgotten_name
from samepicture.locks import alone
from samepicture.privacy.erased import CODE, FOLDER, REFERENCE_CODE
from samepicture.privacy.pseudonym import fingerprint
from samepicture.records import CONTRACTS, Kind
from samepicture.warehouse import Warehouse, open_warehouse
from samepicture.warehouse.tables import raw_table

if TYPE_CHECKING:
    from samepicture.process import Pipeline

WORDS_GONE = "[no longer kept]"
"""In place of words that were kept long enough: that there were some still counts."""
STATE_DIGITS = 12


def replace_originals(pipeline: Pipeline, submission_ids: Iterable[str]) -> tuple[list[str], list[str]]:
    """Replace the originals of these submissions, and of others with the same bytes, by judged copies.

    Returns the submissions whose original went, and those whose original stays because it, or another
    with the same bytes, is not in the ledger yet.
    """
    landing = pipeline.landing
    everything = landing.submission_ids()
    receipts: dict[str, Receipt] = {}
    for submission_id in submission_ids:
        digits = submission_id[-HASH_IN_ID:]
        for other in (each for each in everything if each.endswith(f".{digits}")):
            receipts.setdefault(other, landing.receipt(other))
    gone, waiting = [], []
    states, copied = wanted_states(pipeline), JudgedCopies(landing.store).states()
    for submission_id, receipt in sorted(receipts.items()):
        if not landing.has_original(receipt) and submission_id in copied:
            continue
        if submission_id not in states:
            waiting.append(submission_id)
            continue
        _write_copy(pipeline, receipt, states[submission_id])
        gone.append(submission_id)
    kept = {receipts[submission_id].sha256 for submission_id in waiting}
    # Copies take a while to write: another feed may have received the same bytes meanwhile, and was told that they are landed.
    arrived = {each[-HASH_IN_ID:] for each in landing.submission_ids() - everything}
    waiting += [submission_id for submission_id in gone if submission_id[-HASH_IN_ID:] in arrived]
    done = [submission_id for submission_id in gone if receipts[submission_id].sha256 not in kept and submission_id not in waiting]
    for submission_id in done:
        landing.forget_original(receipts[submission_id])
    _forget_names(pipeline)
    return done, waiting


def refresh_copies(pipeline: Pipeline) -> int:
    """Write anew the copies that no longer agree with the warehouse; how many."""
    copies = JudgedCopies(pipeline.landing.store)
    wanted = wanted_states(pipeline)
    stale = [submission_id for submission_id, state in copies.states().items() if wanted.get(submission_id, state) != state]
    for submission_id in stale:
        _write_copy(pipeline, pipeline.landing.receipt(submission_id), wanted[submission_id])
    _forget_names(pipeline)
    return len(stale)


def holders_of_erased(pipeline: Pipeline) -> list[str]:
    """Submissions that say by a code in quarantine or warnings that an erased record came in them."""
    with open_warehouse(pipeline.settings).reader() as connection:
        found: set[str] = set()
        for table, codes in ((ledger.quarantine, (CODE, REFERENCE_CODE)), (ledger.warning, (REFERENCE_CODE,))):
            found |= set(connection.execute(select(table.c.submission_id).where(table.c.code.in_(codes)).distinct()).scalars())
    return sorted(submission_id for submission_id in found if _has_original(pipeline, submission_id))


def discard_work(pipeline: Pipeline) -> None:
    """Remove what was judged and is not loaded: it is judged again, by the keys and erasures of now."""
    for path in pipeline.settings.work.glob("*"):
        if path.is_dir():
            with alone(pipeline.settings, path.name.removesuffix(".part")):
                shutil.rmtree(path, ignore_errors=True)


def wanted_states(pipeline: Pipeline) -> dict[str, str]:
    """What a copy of each submission in the ledger would hold now, in short."""
    key = fingerprint(pipeline.settings.require_pseudonym_key())
    told: dict[str, list[Any]] = {}
    table, kept = ledger.submission, ledger.quarantine
    with open_warehouse(pipeline.settings).reader() as connection:
        for row in connection.execute(
            select(table.c.submission_id, table.c.outcome_code, table.c.accepted_count, table.c.rejected_count, table.c.loaded_row_count)
        ):
            told[row[0]] = [key, *row[1:]]
        counted = select(
            kept.c.submission_id, func.count(), func.count(kept.c.record), func.sum(case((kept.c.code == CODE, 1), else_=0))
        ).group_by(kept.c.submission_id)
        for row in connection.execute(counted):
            told.get(row[0], []).append([int(cell) for cell in row[1:]])
        for contract in CONTRACTS.values():
            if not contract.is_about_people:
                continue
            raw = raw_table(contract.record_type)
            counts = [func.count(raw.c[name]) for name in contract.of_kind(Kind.IDENTIFIER)]
            counts += [func.count(func.nullif(raw.c[name], WORDS_GONE)) for name in contract.of_kind(Kind.NARRATIVE)]
            versions = [func.min(raw.c.redaction_version), func.max(raw.c.redaction_version)]
            for row in connection.execute(select(raw.c.submission_id, *versions, *counts).group_by(raw.c.submission_id)):
                told.get(row[0], []).append([*row[1:3], *(int(cell) for cell in row[3:])])
    return {
        submission_id: hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:STATE_DIGITS]
        for submission_id, facts in told.items()
    }


def _write_copy(pipeline: Pipeline, receipt: Receipt, state: str) -> None:
    """Write what the warehouse has of a submission as its judged copy."""
    settings = pipeline.settings
    warehouse = open_warehouse(settings)
    settings.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.work, prefix="copy.") as folder, warehouse.reader() as connection:
        _export(
            warehouse,
            connection,
            receipt,
            Path(folder),
            fingerprint(settings.require_pseudonym_key()),
            len(pipeline.landing.store.names(FOLDER)),
        )
        JudgedCopies(pipeline.landing.store).write(receipt.submission_id, state, Path(folder))


def _export(warehouse: Warehouse, connection: Connection, receipt: Receipt, folder: Path, key: str, erasures: int) -> None:
    submission, kept, warned, stage = ledger.submission, ledger.quarantine, ledger.warning, ledger.stage
    row = connection.execute(select(submission).where(submission.c.submission_id == receipt.submission_id)).one()
    judged = connection.execute(select(stage).where(stage.c.submission_id == receipt.submission_id, stage.c.stage_code == "judged")).one()
    lines = select(kept).where(kept.c.submission_id == receipt.submission_id).order_by(kept.c.part_name, kept.c.line_number, kept.c.code)
    erased: int = connection.execute(
        select(func.count()).select_from(kept).where(kept.c.submission_id == receipt.submission_id, kept.c.code == CODE)
    ).scalar_one()
    warnings = connection.execute(
        select(*[warned.c[name] for name in ("code", "sentence", "column_name", "value", "row_count")]).where(
            warned.c.submission_id == receipt.submission_id
        )
    ).mappings()
    verdict = Verdict(
        receipt.submission_id,
        row.received_count,
        row.accepted_count,
        row.rejected_count,
        row.loaded_row_count,
        row.layout_names.split(",") if row.layout_names else [],
        row.rejection_code,
        row.rejection_sentence,
        [dict(warning) for warning in warnings],
        judged.started_at.isoformat(),
        judged.finished_at.isoformat(),
        erased=erased,
        erasures_known=erasures,
        key=key,
        is_copy=True,
    )
    (folder / VERDICT).write_text(json.dumps(asdict(verdict)))
    if row.loaded_row_count:
        raw = raw_table(row.record_type)
        rows = select(raw).where(raw.c.submission_id == receipt.submission_id).order_by(raw.c.part_name, raw.c.line_number)
        warehouse.export_parquet(connection, rows, folder / ACCEPTED)
    if connection.execute(select(kept.c.code).where(kept.c.submission_id == receipt.submission_id).limit(1)).first():
        warehouse.export_parquet(connection, lines, folder / QUARANTINE)


def _forget_names(pipeline: Pipeline) -> None:
    """Let the ledger, too, forget what senders called the files that had to go."""
    copies = JudgedCopies(pipeline.landing.store).states()
    table = ledger.submission
    with open_warehouse(pipeline.settings).writer() as connection:
        rows = connection.execute(select(table.c.submission_id, table.c.file_name).where(table.c.file_name.not_like(f"{NAME_GONE}%"))).all()
        for row in rows:
            if row.submission_id in copies and not _has_original(pipeline, row.submission_id):
                connection.execute(
                    update(table).where(table.c.submission_id == row.submission_id).values(file_name=forgotten_name(row.file_name))
                )


def _has_original(pipeline: Pipeline, submission_id: str) -> bool:
    return pipeline.landing.has_original(pipeline.landing.receipt(submission_id))
