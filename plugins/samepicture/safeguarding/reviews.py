"""The queue of records whose words speak of harm: filled by each load, told at once, looked at by a human.

A story of the queue is not published (published.consented_story) before somebody has looked and said that it may be
shown. Submissions, lines and codes alone are told and kept: never words of patients.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, delete, select, update

from samepicture.ledger import harm_review
from samepicture.messengers import NotSent, mail
from samepicture.records import CONTRACTS, Kind
from samepicture.safeguarding import Review
from samepicture.settings import SettingError, Settings
from samepicture.warehouse import Warehouse, open_warehouse
from samepicture.warehouse.tables import raw_table

log = logging.getLogger(__name__)
SHOWN = 50
"""References that one mail names; the rest stands in the queue."""
_LINE = ("submission_id", "part_name", "line_number")


def queue(warehouse: Warehouse, connection: Connection, record_type: str, feed_id: str, submission_id: str) -> int:
    """Bring the queue to what is flagged in raw of a submission, in its load's transaction; how many are new.

    A review stays where the same record of the same submission speaks of the same as before.
    """
    raw, table = raw_table(record_type), harm_review
    flagged = [raw.c[name] for name in (*_LINE, "harm_codes")]
    spoken = _frame(warehouse, connection, select(*flagged).where(raw.c.submission_id == submission_id, raw.c.harm_codes.is_not(None)))
    queued = [table.c[name] for name in (*_LINE, "harm_codes")]
    known = _frame(warehouse, connection, select(*queued).where(table.c.submission_id == submission_id))
    one = pl.col("line_number").is_unique() & ~pl.col("harm_codes").str.contains(",", literal=True)  # as most are
    wanted = pl.concat([spoken.filter(one), _of_several(spoken.filter(~one))])
    new = wanted
    if known.height:
        for line in known.join(wanted, on=known.columns, how="anti").select(_LINE).iter_rows():
            connection.execute(delete(table).where(*[table.c[name] == value for name, value in zip(_LINE, line, strict=True)]))
        new = wanted.join(known, on=known.columns, how="anti")
    if new.height:
        new = new.with_columns(feed_id=pl.lit(feed_id), record_type=pl.lit(record_type), flagged_at=pl.lit(datetime.now(UTC)))
        with TemporaryDirectory() as folder:
            path = Path(folder) / "new.parquet"
            new.write_parquet(path)
            warehouse.insert_parquet(connection, f"{table.schema}.{table.name}", path)
    return new.height


def _of_several(spoken: pl.DataFrame) -> pl.DataFrame:
    """What all rows of a line speak of together, in one order."""
    codes = pl.col("harm_codes").str.json_decode(pl.List(pl.String)).explode().unique().sort()
    return spoken.group_by(_LINE).agg(pl.format('["{}"]', codes.str.join('", "')).alias("harm_codes"))


def _frame(warehouse: Warehouse, connection: Connection, statement: Select[Any]) -> pl.DataFrame:
    """By way of a file: of a large submission these are hundreds of thousands."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        warehouse.export_parquet(connection, statement, path)
        return pl.read_parquet(path)


def tell(settings: Settings) -> int:
    """Tell whoever is responsible for safeguarding what nobody was told yet; how many records.

    By mail to SAMEPICTURE_SAFEGUARDING_TO; without one nobody is told, and the queue says so. A mail that could not
    be sent is logged and tried again with the next load and by the DAG `notices`: no load fails for it.
    """
    if not settings.safeguarding_to:
        return 0
    table = harm_review
    with open_warehouse(settings).reader() as connection:
        rows = connection.execute(
            select(table).where(table.c.told_at.is_(None)).order_by(table.c.feed_id, *[table.c[name] for name in _LINE])
        ).all()
    if not rows:
        return 0
    try:
        mail(settings, settings.safeguarding_to, _subject(len(rows)), _text(rows))
    except (NotSent, SettingError) as error:
        log.warning("who is responsible for safeguarding was not told of %s records: %s", len(rows), error)
        return 0
    with open_warehouse(settings).writer() as connection:
        for row in rows:
            connection.execute(
                update(table).where(*[table.c[name] == getattr(row, name) for name in _LINE]).values(told_at=datetime.now(UTC))
            )
    return len(rows)


def waiting(connection: Connection) -> list[Any]:
    """Records that nobody has looked at, oldest first."""
    table = harm_review
    statement = select(table).where(table.c.reviewed_at.is_(None)).order_by(table.c.flagged_at, *[table.c[name] for name in _LINE])
    return list(connection.execute(statement))


def reviewed(connection: Connection) -> list[Any]:
    """Records that somebody has looked at, latest first."""
    table = harm_review
    return list(connection.execute(select(table).where(table.c.reviewed_at.is_not(None)).order_by(table.c.reviewed_at.desc())))


def words(connection: Connection, submission_id: str, line_number: int) -> list[tuple[str, str]]:
    """The redacted words of a record of the queue, by column. Raises KeyError where it is not in the queue."""
    row = _known(connection, submission_id, line_number)
    raw = raw_table(row.record_type)
    names = CONTRACTS[row.record_type].of_kind(Kind.NARRATIVE)
    found = connection.execute(
        select(*[raw.c[name] for name in names]).where(raw.c.submission_id == submission_id, raw.c.line_number == line_number)
    ).mappings()
    return [(name, str(texts[name])) for texts in found for name in names if texts[name]]


def record(connection: Connection, submission_id: str, line_number: int, outcome: Review, by: str) -> None:
    """Record that somebody has looked, and have what is published made again. Raises KeyError where it is not in the queue."""
    from samepicture.upkeep.strike import balance

    _known(connection, submission_id, line_number)
    table = harm_review
    connection.execute(
        update(table)
        .where(table.c.submission_id == submission_id, table.c.line_number == line_number)
        .values(reviewed_at=datetime.now(UTC), reviewed_by=by, outcome_code=outcome.value)
    )
    balance(connection, {submission_id: (0, 0, 1)})


def _known(connection: Connection, submission_id: str, line_number: int) -> Any:
    table = harm_review
    row = connection.execute(select(table).where(table.c.submission_id == submission_id, table.c.line_number == line_number)).first()
    if row is None:
        raise KeyError(
            f"no record of line {line_number} in {submission_id} waits for a review: `samepicture harm-reviews` lists those that do"
        )
    return row


def _subject(count: int) -> str:
    return f"Same Picture: {count} {'record speaks' if count == 1 else 'records speak'} of harm"


def _text(rows: list[Any] | Any) -> str:
    by_feed = Counter(row.feed_id for row in rows)
    told = [f"{feed_id}: {count}" for feed_id, count in sorted(by_feed.items())]
    named = [f"{row.submission_id} line {row.line_number}: {', '.join(json.loads(row.harm_codes))}" for row in rows[:SHOWN]]
    more = [f"and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
    return "\n".join(
        [
            "Words in feedback speak of harm, abuse, neglect, or a wish to die or to hurt somebody. Somebody should look within a day.",
            "",
            *told,
            "",
            *named,
            *more,
            "",
            "`samepicture harm-reviews` lists what waits, `samepicture harm-review SUBMISSION LINE` shows one and records what you decide.",
        ]
    )
