"""Lets go of what was kept long enough, by what the contract of each record type says.

Records go as erased ones do, but may come again: a source that still sends them keeps them too,
and the next day's run takes them away again. Words are replaced by a mark, so that what was
counted still counts. Originals, and records in quarantine, go after a short life.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Date, and_, case, cast, func, literal, or_, select, update

from samepicture import ledger
from samepicture.locks import alone
from samepicture.process import Pipeline
from samepicture.records import CONTRACTS, Contract, Keep, Kind
from samepicture.upkeep.originals import WORDS_GONE, holders_of_erased, refresh_copies, replace_originals
from samepicture.upkeep.scrub import is_to_scrub, scrub_later, show_and_scrub
from samepicture.upkeep.strike import balance, strike
from samepicture.warehouse import Warehouse, open_warehouse
from samepicture.warehouse.tables import raw_table

CODE = "kept_long_enough"
SENTENCE = "This record was kept as long as it has to be, and was taken away: nothing is to be done."


@dataclass
class Due:
    """What goes of one record type."""

    record_type: str
    records: int = 0
    words: int = 0
    """Rows whose words go."""
    quarantined: int = 0
    """Rejected records whose content goes; the reasons stay."""
    originals: list[str] = field(default_factory=list)
    undated: int = 0
    """Records that would be old enough by when they came, but have no date that their time runs from: they stay."""
    waiting: list[str] = field(default_factory=list)
    """Originals that are old enough, but have to stay: their submission is not in the ledger."""

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.records or self.words or self.quarantined or self.originals)


def retention(pipeline: Pipeline, today: date | None = None, *, dry_run: bool = False) -> list[Due]:
    """Take away what is due, and tell what was; with `dry_run` only tell. Safe to repeat and to interrupt."""
    day = today or datetime.now(UTC).date()
    warehouse = open_warehouse(pipeline.settings)
    warehouse.create()
    with alone(pipeline.settings, "upkeep"):
        with warehouse.writer() as connection:
            found = [due for contract in CONTRACTS.values() if (due := _due(connection, pipeline, contract, day)) is not None]
            if dry_run:
                return found
            if not all(due.is_nothing for due in found):
                scrub_later(pipeline.settings)
            apply_to_warehouse(warehouse, connection, day)
        replaced = {*holders_of_erased(pipeline), *(name for due in found for name in due.originals)}
        gone, waiting = replace_originals(pipeline, replaced)
        for due in found:
            due.waiting += [name for name in due.originals if name in waiting]
            due.originals = [name for name in due.originals if name in gone]
        refresh_copies(pipeline)
        if is_to_scrub(pipeline.settings):
            show_and_scrub(pipeline)
    return found


def apply_to_warehouse(warehouse: Warehouse, connection: Connection, today: date) -> None:
    """The part of it that is in the warehouse, within the caller's transaction."""
    for contract in CONTRACTS.values():
        for keep in contract.retention.records:
            strike(warehouse, connection, contract, _expired(connection, contract, keep, today), CODE, SENTENCE, references=False)
        _forget_words(connection, contract, today)
        _empty_quarantine(connection, contract, today)


def _due(connection: Connection, pipeline: Pipeline, contract: Contract, today: date) -> Due | None:
    rules = contract.retention
    if not (rules.records or rules.words or rules.original_days):
        return None
    due = Due(contract.record_type)
    for keep in rules.records:
        due.records += _expired(connection, contract, keep, today).height
        due.undated += _undated(connection, contract, keep, today)
    if rules.words:
        raw = raw_table(contract.record_type)
        due.words = connection.execute(select(func.count()).select_from(raw).where(_old_words(contract, today))).scalar_one()
    condition = _old_quarantine(contract, today)
    if condition is not None:
        due.quarantined = connection.execute(select(func.count()).select_from(ledger.quarantine).where(condition)).scalar_one()
        _find_originals(connection, pipeline, contract, today, due)
    return due


# -- records ------------------------------------------------------------------------------


def _latest(contract: Contract, keep: Keep) -> Any:
    """The current versions, as staging knows them, with the day that their time runs from. A tombstone's runs from when it came."""
    raw = raw_table(contract.record_type)
    order = func.rank().over(partition_by=[raw.c[name] for name in contract.record_key], order_by=raw.c.version_at.desc())
    came = cast(raw.c.version_at, Date)
    since = case((raw.c.is_removed, came), else_=raw.c[keep.since])
    rule = raw.c[keep.column].in_(keep.values) if keep.column else literal(value=True)
    return select(
        *[raw.c[name] for name in contract.record_key],
        since.label("since"),
        came.label("came"),
        case((or_(rule, raw.c.is_removed), 1), else_=0).label("is_meant"),
        order.label("place"),
    ).subquery()


def _expired(connection: Connection, contract: Contract, keep: Keep, today: date) -> pl.DataFrame:
    latest = _latest(contract, keep)
    young = case((and_(latest.c.is_meant == 1, latest.c.since < keep.cutoff(today)), 0), else_=1)
    statement = (
        select(*[latest.c[name] for name in contract.record_key])
        .where(latest.c.place == 1)
        .group_by(*[latest.c[name] for name in contract.record_key])
        .having(func.max(young) == 0)
    )
    rows = [tuple(row) for row in connection.execute(statement)]
    return pl.DataFrame(rows, schema=dict.fromkeys(contract.record_key, pl.String), orient="row")


def _undated(connection: Connection, contract: Contract, keep: Keep, today: date) -> int:
    latest = _latest(contract, keep)
    raw = raw_table(contract.record_type)
    event = raw.c[contract.event_date] if contract.event_date else cast(raw.c.version_at, Date)
    open_since = select(*[raw.c[name] for name in contract.record_key]).where(event < keep.cutoff(today)).distinct().subquery()
    same = and_(*[latest.c[name] == open_since.c[name] for name in contract.record_key])
    count: int = connection.execute(
        select(func.count())
        .select_from(latest.join(open_since, same))
        .where(latest.c.place == 1, latest.c.is_meant == 1, latest.c.since.is_(None))
    ).scalar_one()
    return count


# -- words --------------------------------------------------------------------------------


def _old_words(contract: Contract, today: date) -> ColumnElement[bool]:
    """Rows with words that are old enough; without a date, by when they came."""
    assert contract.retention.words is not None
    raw = raw_table(contract.record_type)
    since = func.coalesce(raw.c[contract.retention.words.since], cast(raw.c.version_at, Date))
    there = [and_(raw.c[name].is_not(None), raw.c[name] != WORDS_GONE) for name in contract.of_kind(Kind.NARRATIVE)]
    return and_(since < contract.retention.words.cutoff(today), or_(*there))


def _forget_words(connection: Connection, contract: Contract, today: date) -> None:
    if contract.retention.words is None:
        return
    raw = raw_table(contract.record_type)
    old = _old_words(contract, today)
    rows = connection.execute(select(raw.c.submission_id, func.count()).where(old).group_by(raw.c.submission_id)).all()
    emptied = {name: case((raw.c[name].is_not(None), WORDS_GONE)) for name in contract.of_kind(Kind.NARRATIVE)}
    connection.execute(update(raw).where(old).values(emptied))
    balance(connection, {row[0]: (0, 0, row[1]) for row in rows})


# -- quarantine and originals -------------------------------------------------------------


def _old_quarantine(contract: Contract, today: date) -> ColumnElement[bool] | None:
    days = contract.retention.original_days
    if days is None:
        return None
    table, kept = ledger.submission, ledger.quarantine
    old = select(table.c.submission_id).where(table.c.record_type == contract.record_type, table.c.landed_at < _moment(today, days))
    return and_(kept.c.record.is_not(None), kept.c.submission_id.in_(old))


def _empty_quarantine(connection: Connection, contract: Contract, today: date) -> None:
    condition = _old_quarantine(contract, today)
    if condition is not None:
        connection.execute(update(ledger.quarantine).where(condition).values(record=None))


def _find_originals(connection: Connection, pipeline: Pipeline, contract: Contract, today: date, due: Due) -> None:
    assert contract.retention.original_days is not None
    before = _moment(today, contract.retention.original_days)
    table = ledger.submission
    old: Sequence[str] = (
        connection.execute(select(table.c.submission_id).where(table.c.record_type == contract.record_type, table.c.landed_at < before))
        .scalars()
        .all()
    )
    landing = pipeline.landing
    due.originals = [name for name in old if landing.has_original(landing.receipt(name))]
    known: set[str] = set(connection.execute(select(table.c.submission_id)).scalars())
    feeds = {feed.id for feed in pipeline.feeds.values() if feed.record_type == contract.record_type}
    for name in landing.submission_ids() - known:
        receipt = landing.receipt(name)
        if receipt.feed_id in feeds and receipt.landed_datetime < before:
            due.waiting.append(name)


def _moment(today: date, days: int) -> datetime:
    return datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=days)
