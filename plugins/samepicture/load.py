"""Loads a judged submission: rows, quarantine, warnings and ledger in one transaction.

Everything of the submission is replaced, so that a retry after any failure ends the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, text, update

from samepicture import ledger
from samepicture.feed import Feed
from samepicture.judge import Verdict, read_verdict, work_folder
from samepicture.landing import Receipt
from samepicture.locks import alone
from samepicture.pending import find
from samepicture.records import CONTRACTS, Kind
from samepicture.safeguarding.reviews import queue, tell
from samepicture.settings import Settings
from samepicture.upkeep.rotate import require_key
from samepicture.upkeep.strike import strike_erased
from samepicture.warehouse import build_sql, open_warehouse
from samepicture.warehouse.tables import raw_table

USUAL_AFTER = 3
"""Earlier submissions of the same layout that make a usual size."""
UNUSUAL_SIZE = "unusual_size"


@dataclass(frozen=True)
class Outcome:
    """What became of a submission."""

    submission_id: str
    record_type: str
    loaded: bool
    received: int
    accepted: int
    rejected: int
    rows: int
    rejection_code: str | None
    rejection_sentence: str | None
    warnings: int = 0
    """Warnings of different code, column and value: see ops.submission_warning."""
    first_pending: bool = False
    """The warehouse is to be told: nothing was waiting to be built before it. The build takes what is loaded meanwhile."""


def load(settings: Settings, feed: Feed, receipt: Receipt, accept: Iterable[str] = ()) -> Outcome:
    """Load what `judge` left for this submission, and clear its work folder.

    `accept` names submission rejections that somebody has looked at and overruled
    (only `unusual_size` can be). Where another process, or this one before it was
    stopped, has loaded it already, what became of it then is the answer. Raises
    FileNotFoundError where it is neither judged nor loaded.
    """
    with alone(settings, receipt.submission_id):
        return _load(settings, feed, receipt, accept)


def _load(settings: Settings, feed: Feed, receipt: Receipt, accept: Iterable[str]) -> Outcome:
    folder = work_folder(settings, receipt.submission_id)
    started = datetime.now(UTC)
    warehouse = open_warehouse(settings)
    warehouse.create()
    try:
        verdict = read_verdict(settings, receipt.submission_id)
    except FileNotFoundError:
        with warehouse.writer() as connection:
            earlier = _earlier(connection, receipt.submission_id)
        if earlier is None:
            raise
        return earlier
    with warehouse.writer() as connection:
        earlier = _earlier(connection, receipt.submission_id)
        # Whoever loaded it before may have been stopped before it told.
        first_pending = find(connection) is None or earlier is not None
        require_key(connection, verdict.key)
        decided = verdict.is_copy or (earlier is not None and earlier.loaded)  # somebody has accepted it, or it was usual then
        if UNUSUAL_SIZE not in accept and not decided:
            _check_usual(connection, feed, receipt, verdict)
        replaced = _forget(connection, feed, receipt.submission_id)
        rows = 0
        if verdict.rejection_code is None and (folder / "accepted.parquet").exists():
            rows = warehouse.insert_parquet(connection, f"raw.{feed.record_type}", folder / "accepted.parquet")
        if (folder / "quarantine.parquet").exists():
            warehouse.insert_parquet(connection, "ops.quarantine", folder / "quarantine.parquet")
        _check_counts(connection, verdict, rows)
        emptied = _silence_removed(connection, feed, receipt.submission_id)
        queue(warehouse, connection, feed.record_type, feed.id, receipt.submission_id)
        _record(connection, feed, receipt, verdict, {"loaded": rows, "replaced": replaced, "emptied": emptied}, started)
        strike_erased(warehouse, connection, settings, feed.record_type, verdict)
    shutil.rmtree(folder, ignore_errors=True)
    tell(settings)
    return Outcome(
        receipt.submission_id,
        feed.record_type,
        verdict.rejection_code is None,
        verdict.received,
        verdict.accepted,
        verdict.rejected,
        rows,
        verdict.rejection_code,
        verdict.rejection_sentence,
        len(verdict.warnings),
        first_pending,
    )


def _earlier(connection: Connection, submission_id: str) -> Outcome | None:
    """What the ledger says of a submission."""
    row = connection.execute(select(ledger.submission).where(ledger.submission.c.submission_id == submission_id)).one_or_none()
    if row is None:
        return None
    return Outcome(
        submission_id,
        row.record_type,
        row.outcome_code == "loaded",
        row.received_count,
        row.accepted_count,
        row.rejected_count,
        row.loaded_row_count,
        row.rejection_code,
        row.rejection_sentence,
        # Whoever loaded it may have died before it told the warehouse: telling twice does no harm.
        first_pending=find(connection) is not None,
    )


def register_feeds(connection: Connection, feeds: Iterable[Feed], asked: Collection[str] = ()) -> None:
    """Copy what feed.yml declares into ops.feed, so that marts and analysts see it.

    A feed is in use once anything of it came or its source was `asked`: an ICS does not use
    every feed that is declared, and one that it does not use is neither late nor missing.
    """
    used = {*asked, *connection.execute(select(ledger.submission.c.feed_id).distinct()).scalars()}
    connection.execute(delete(ledger.feed))
    rows = [
        {
            "feed_id": feed.id,
            "feed_name": feed.title,
            "record_type": feed.record_type,
            "publisher_name": feed.publisher,
            "owner_directorate_code": feed.owner_directorate,
            "source_family_code": feed.source_family,
            "expected_every_days": feed.bounds.expected_every_days,
            "is_active": feed.id in used,
        }
        for feed in feeds
    ]
    if rows:
        connection.execute(insert(ledger.feed), rows)


def _check_usual(connection: Connection, feed: Feed, receipt: Receipt, verdict: Verdict) -> None:
    """Refuse a submission far larger than those of its kind that came before it: a doubled or a wrong export."""
    if verdict.rejection_code:
        return
    table = ledger.submission
    earlier: Sequence[int] = (
        connection.execute(
            select(table.c.received_count).where(
                table.c.feed_id == feed.id,
                table.c.layout_names == ",".join(verdict.layouts),
                table.c.outcome_code == "loaded",
                table.c.landed_at < receipt.landed_datetime,
            )
        )
        .scalars()
        .all()
    )
    if len(earlier) < USUAL_AFTER:
        return
    usual = sorted(earlier)[len(earlier) // 2]
    if usual and verdict.received > usual * feed.bounds.rows_vs_usual:
        verdict.rejection_code = UNUSUAL_SIZE
        verdict.rejection_sentence = (
            f"The file holds {verdict.received} records where {usual} are usual: check that nothing is in it twice. "
            f"If it is right, ask the data team to run `samepicture replay {verdict.submission_id} --accept {UNUSUAL_SIZE}`."
        )
        verdict.accepted, verdict.rejected, verdict.accepted_rows = 0, verdict.received, 0


def _forget(connection: Connection, feed: Feed, submission_id: str) -> int:
    """Take away what an earlier load of this submission left; how many rows of it the marts may still be made of."""
    raw, submission = raw_table(feed.record_type), ledger.submission
    rows: int = connection.execute(select(func.count()).select_from(raw).where(raw.c.submission_id == submission_id)).scalar_one()
    if not rows:  # what the last load took away may be in the marts yet
        replaced = select(submission.c.replaced_row_count).where(
            submission.c.submission_id == submission_id, submission.c.load_number > _shown_up_to(connection)
        )
        rows = connection.execute(replaced).scalar_one_or_none() or 0
    for table in (raw, ledger.quarantine, ledger.warning, ledger.stage, ledger.submission):
        connection.execute(delete(table).where(table.c.submission_id == submission_id))
    return rows


def _shown_up_to(connection: Connection) -> int:
    """The last load that every model has been made of."""
    last = ledger.last_build(connection)
    if last is None:
        return 0
    number: int = last.load_number if last.look_back_load_number is None else last.look_back_load_number
    return number


def _silence_removed(connection: Connection, feed: Feed, submission_id: str) -> int:
    """Take the words out of every version of a record up to the one in which its source removed it (takedown: domain C).

    A later one was given again: a return that was empty at first, a story whose page was only gone for a moment.
    Returns how many rows of other submissions it changed: models know records by their words, too.
    """
    contract = CONTRACTS[feed.record_type]
    words = contract.of_kind(Kind.NARRATIVE)
    raw = raw_table(feed.record_type)
    if not words or not connection.execute(select(raw.c.submission_id).where(raw.c.is_removed).limit(1)).first():
        return 0
    stone = raw.alias("tombstone")
    same = text(build_sql(connection).is_same(f"raw.{raw.name}", "tombstone", contract.record_key))
    removed = select(stone.c.submission_id).where(stone.c.is_removed, raw.c.version_at <= stone.c.version_at, same).exists()
    spoken = or_(*(raw.c[name].is_not(None) for name in words))
    others = select(func.count()).select_from(raw).where(spoken, removed, raw.c.submission_id != submission_id)
    silenced: int = connection.execute(others).scalar_one()
    connection.execute(update(raw).where(spoken, removed).values(dict.fromkeys(words)))
    return silenced


def _check_counts(connection: Connection, verdict: Verdict, rows: int) -> None:
    """received = accepted + rejected, what was accepted is what was loaded, what was rejected is in quarantine.

    A breach is our fault: nothing is committed.
    """
    table = ledger.quarantine
    lines = select(table.c.part_name, table.c.line_number).where(table.c.submission_id == verdict.submission_id).distinct().subquery()
    kept: int = connection.execute(select(func.count()).select_from(lines)).scalar_one()
    told = verdict.rejection_code is not None or kept == verdict.rejected
    if verdict.received != verdict.accepted + verdict.rejected or rows != verdict.accepted_rows or not told:
        raise RuntimeError(
            f"submission {verdict.submission_id}: received {verdict.received}, accepted {verdict.accepted}, rejected {verdict.rejected}, "
            f"rows {rows} of {verdict.accepted_rows}, {kept} lines in quarantine: these do not add up, so nothing was loaded"
        )


def _record(connection: Connection, feed: Feed, receipt: Receipt, verdict: Verdict, rows: Mapping[str, int], started: datetime) -> None:
    """Enter the submission into the ledger; `rows` of raw by what became of them."""
    rejected = verdict.rejection_code is not None
    connection.execute(
        insert(ledger.submission),
        {
            **{key: value for key, value in asdict(receipt).items() if key not in ("landed_at", "sender")},
            "record_type": feed.record_type,
            "layout_names": ",".join(verdict.layouts),
            "landed_at": receipt.landed_datetime,
            "outcome_code": "rejected" if rejected else "loaded",
            "rejection_code": verdict.rejection_code,
            "rejection_sentence": verdict.rejection_sentence,
            "received_count": verdict.received,
            "accepted_count": verdict.accepted,
            "rejected_count": verdict.rejected,
            **{f"{fate}_row_count": count for fate, count in rows.items()},
            # A replay has just taken its own number away: what is built already must not be reached again.
            "load_number": ledger.next_load_number(connection),
        },
    )
    if verdict.warnings:
        provenance = {"submission_id": receipt.submission_id, "feed_id": feed.id}
        connection.execute(insert(ledger.warning), [{**warning, **provenance} for warning in verdict.warnings])
    judged_from, judged_to = datetime.fromisoformat(verdict.started_at), datetime.fromisoformat(verdict.finished_at)
    landed = receipt.landed_datetime
    done = "rejected" if rejected else "done"
    connection.execute(
        insert(ledger.stage),
        [
            _stage(receipt, "landed", "done", None, landed, landed),
            _stage(receipt, "judged", done, verdict.received, judged_from, judged_to),
            _stage(receipt, "loaded", done, verdict.accepted, started, datetime.now(UTC)),
        ],
    )


def _stage(receipt: Receipt, code: str, outcome: str, count: int | None, started: datetime, finished: datetime) -> dict[str, object]:
    return {
        "submission_id": receipt.submission_id,
        "stage_code": code,
        "outcome_code": outcome,
        "record_count": count,
        "started_at": started,
        "finished_at": finished,
        "duration_seconds": (finished - started).total_seconds(),
    }
