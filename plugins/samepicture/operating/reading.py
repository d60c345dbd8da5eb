"""What the operators' page shows, from the ledger: as it is now, or as it was last published while a writer has the warehouse.

Never words of patients, nor what a sender called a file or its parts: it may name a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from samepicture import failures, ledger, notices, timings
from samepicture.feedback import CODE
from samepicture.notices import Problem, Seen
from samepicture.pending import find as find_pending
from samepicture.settings import Settings
from samepicture.timings import Timing
from samepicture.warehouse import open_warehouse

SUBMISSIONS = 50
"""On one page."""
LINES = 200
REASONS = 100
WARNINGS = 200


@dataclass(frozen=True)
class Moment:
    """Of when it is what a page shows."""

    read_at: datetime
    as_of: datetime | None
    """When the copy was made that it was read from; None: it is what there is now."""


@dataclass(frozen=True)
class FeedLine:
    """A feed, how it does, and what is wrong with it."""

    feed: Any
    """A row of ops.feed, with last_loaded_at."""
    last: Any | None
    """The last submission, a row of ops.submission."""
    loaded: Timing | None
    """The last that was loaded."""
    problems: Sequence[Problem]

    @property
    def is_late(self) -> bool:
        """Nothing was loaded for longer than it should be."""
        return any(problem.kind in ("late", "missing") for problem in self.problems)


@dataclass(frozen=True)
class FeedList:
    """All feeds: those with problems first."""

    moment: Moment
    feeds: Sequence[FeedLine]
    of_the_warehouse: Sequence[Problem]


@dataclass(frozen=True)
class SubmissionList:
    """Submissions, newest first."""

    moment: Moment
    feed_id: str | None
    feeds: Sequence[tuple[str, str]]
    """Id and name of every feed, to choose one."""
    submissions: Sequence[Timing]
    has_more: bool


@dataclass(frozen=True)
class Reason:
    """Why records were rejected, and how many."""

    code: str
    column_name: str
    sentence: str
    records: int


@dataclass(frozen=True)
class Line:
    """A rejected line. A part is known by its number, in the order of names."""

    part_number: int
    line_number: int
    code: str
    column_name: str
    sentence: str


@dataclass(frozen=True)
class Warned:
    """What was taken though it is worth a look."""

    code: str
    column_name: str
    value: str
    """Empty where it is not plainly a code."""
    records: int
    sentence: str


@dataclass(frozen=True)
class SubmissionPage:
    """One submission."""

    moment: Moment
    feed_name: str
    timing: Timing
    stages: Sequence[Any]
    """Rows of ops.ledger, in their order."""
    reasons: Sequence[Reason] | None
    """None, and the lines too, where they are not in what was read."""
    lines: Sequence[Line] | None
    first_line: int
    """How many lines come before these."""
    line_count: int
    warnings: Sequence[Warned]


def read_feed_list(settings: Settings) -> FeedList:
    """Feeds and their problems. Raises WarehouseError."""
    with _ledger(settings) as (moment, connection):
        feeds, submissions, drift = notices.read_ledger(connection)
        loaded = timings.last_loaded(connection)
        stuck = _told_to_be_stuck(connection)
        uncollected = failures.read_all(settings, [feed.feed_id for feed in feeds])
        seen = Seen(feeds, submissions, drift, (), _unbuilt_since(moment, connection), uncollected)
    found = [*notices.problems(seen, moment.read_at), *stuck]
    problems, rows = notices.by_feed(found), notices.by_feed(submissions)
    lines = [
        FeedLine(feed, rows.get(feed.feed_id, [None])[0], loaded.get(feed.feed_id), problems.get(feed.feed_id, ()))
        for feed in sorted(feeds, key=lambda feed: (not problems.get(feed.feed_id), not feed.is_active, feed.feed_name, feed.feed_id))
    ]
    known = {feed.feed_id for feed in feeds}
    return FeedList(moment, lines, [problem for problem in found if problem.feed_id not in known])


def read_submission_list(settings: Settings, feed_id: str | None, before: str | None) -> SubmissionList:
    """The newest submissions, of one feed or all; or those before one that is named. Raises WarehouseError."""
    with _ledger(settings) as (moment, connection):
        table = ledger.feed
        feeds = connection.execute(select(table.c.feed_id, table.c.feed_name).order_by(table.c.feed_name, table.c.feed_id)).all()
        found = timings.newest(connection, feed_id, before=before, most=SUBMISSIONS + 1)
    return SubmissionList(moment, feed_id, [(row.feed_id, row.feed_name) for row in feeds], found[:SUBMISSIONS], len(found) > SUBMISSIONS)


def read_submission(settings: Settings, submission_id: str, first_line: int = 0) -> SubmissionPage | None:
    """One submission, with LINES of its rejected lines from one on; None where it is not in the ledger. Raises WarehouseError."""
    with _ledger(settings) as (moment, connection):
        timing = timings.of(connection, submission_id)
        if timing is None:
            return None
        stage, feed = ledger.stage, ledger.feed
        stages = connection.execute(select(stage).where(stage.c.submission_id == submission_id).order_by(stage.c.finished_at)).all()
        name = connection.execute(select(feed.c.feed_name).where(feed.c.feed_id == timing.feed_id)).scalar_one_or_none()
        reasons = lines = None
        if moment.as_of is None:  # the copy has no quarantine
            reasons, lines = _reasons(connection, submission_id), _lines(connection, submission_id, first_line)
        return SubmissionPage(
            moment,
            name or timing.feed_id,
            timing,
            stages,
            reasons,
            lines,
            first_line,
            _line_count(connection, submission_id) if lines is not None else 0,
            _warnings(connection, submission_id),
        )


@contextmanager
def _ledger(settings: Settings) -> Iterator[tuple[Moment, Connection]]:
    with open_warehouse(settings).operations() as (as_of, connection):
        yield Moment(datetime.now(UTC), as_of), connection


def _unbuilt_since(moment: Moment, connection: Connection) -> datetime | None:
    """Since when what was loaded does not show. The copy, which shows itself, is not marked so in its own rows."""
    if (work := find_pending(connection)) is not None:
        return work.since
    last = ledger.last_build(connection)
    return last.finished_at if last is not None and last.published_at is None and moment.as_of is None else None


def _told_to_be_stuck(connection: Connection) -> list[Problem]:
    """Submissions that wait: `notices` has found them in the landing store, which is too large to be looked through for a page."""
    table = ledger.notice
    rows = connection.execute(
        select(
            table.c.kind_code,
            table.c.feed_id,
            table.c.subject,
            func.min(table.c.since).label("since"),
            func.min(table.c.sentence).label("sentence"),
        )
        .where(table.c.kind_code == "failing", table.c.subject == "load", table.c.solved_at.is_(None))
        .group_by(table.c.kind_code, table.c.feed_id, table.c.subject)
    )
    return [Problem(row.kind_code, row.feed_id, row.since, row.sentence, row.subject) for row in rows]


def _reasons(connection: Connection, submission_id: str) -> list[Reason]:
    table = ledger.quarantine
    rows = connection.execute(
        select(table.c.code, table.c.column_name, table.c.sentence, func.count().label("records"))
        .where(table.c.submission_id == submission_id)
        .group_by(table.c.code, table.c.column_name, table.c.sentence)
        .order_by(func.count().desc(), table.c.code, table.c.column_name, table.c.sentence)
        .limit(REASONS)
    )
    return [Reason(row.code, row.column_name or "", row.sentence, row.records) for row in rows]


def _lines(connection: Connection, submission_id: str, first: int) -> list[Line]:
    table = ledger.quarantine
    part = func.dense_rank().over(order_by=table.c.part_name).label("part_number")
    rows = connection.execute(
        select(part, table.c.line_number, table.c.code, table.c.column_name, table.c.sentence)
        .where(table.c.submission_id == submission_id)
        .order_by(part, table.c.line_number, table.c.code, table.c.column_name)
        .offset(first)
        .limit(LINES)
    )
    return [Line(row.part_number, row.line_number, row.code, row.column_name or "", row.sentence) for row in rows]


def _line_count(connection: Connection, submission_id: str) -> int:
    count: int = connection.execute(
        select(func.count()).select_from(ledger.quarantine).where(ledger.quarantine.c.submission_id == submission_id)
    ).scalar_one()
    return count


def _warnings(connection: Connection, submission_id: str) -> list[Warned]:
    table = ledger.warning
    rows = connection.execute(
        select(table.c.code, table.c.column_name, table.c.value, table.c.row_count, table.c.sentence)
        .where(table.c.submission_id == submission_id)
        .order_by(table.c.code, table.c.column_name, table.c.value)
        .limit(WARNINGS)
    )
    return [
        Warned(row.code, row.column_name or "", row.value if row.value and CODE.fullmatch(row.value) else "", row.row_count, row.sentence)
        for row in rows
    ]
