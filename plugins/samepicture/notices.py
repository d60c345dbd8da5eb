"""Finds what somebody should look at, and tells it once: when it begins, and when it is over.

    late          nothing loaded for longer than the feed's expected_every_days (as the mart feed_health says it)
    missing       expected and in use (its source was asked), and nothing was ever loaded
    refused       the last submission was refused as a whole
    drifting      columns or codes that the feed does not know
    rejecting     far more records rejected than usual
    unreconciled  the source says another number of records than was read
    failing       a source can't be asked, a submission waits, or the warehouse is not built

Feeds, columns, codes, numbers and dates alone: never words of patients, nor the name of
a file, in which a sender may have named one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select, update

from samepicture import failures, ledger
from samepicture.announced import WAITING_TOO_LONG
from samepicture.failures import Failure
from samepicture.landing import Receipt
from samepicture.messengers import NotSent, chat, mail
from samepicture.pending import find as find_pending
from samepicture.publish import unpublished_since
from samepicture.register import unprocessed
from samepicture.settings import SettingError, Settings
from samepicture.warehouse import open_warehouse

if TYPE_CHECKING:
    from samepicture.process import Pipeline

KINDS = ("late", "missing", "refused", "drifting", "rejecting", "unreconciled", "failing")
"""Each has a section in docs/operating.md."""
DRIFT_CODES = {"unknown_column": "a column", "unknown_code": "codes in the column"}
DRIFT_FOR = timedelta(days=7)
"""A column or code that no submission had for so long is no problem any more; feeds that are polled have it in one poll and not in the next."""
REJECTED_JUMP = 0.05
"""So much more of the records rejected than usual (0 to 1) is a jump."""
USUAL_OF = 10
USUAL_AFTER = 3
"""The median share of at most and at least so many earlier submissions is usual."""
SHOWN = 20
OF_A_SUBMISSION = (
    "submission_id", "feed_id", "landed_at", "outcome_code", "rejection_code", "source_count", "received_count", "accepted_count",
    "rejected_count",
)  # fmt: skip
"""Columns that are read of a submission; all are in the analysts' copy too."""

Messenger = Callable[[str, str], None]
"""Sends a subject and a text; raises where it can't."""


@dataclass(frozen=True)
class Problem:
    """Something that somebody should look at."""

    kind: str
    feed_id: str
    """Empty: the warehouse itself."""
    since: datetime
    sentence: str
    subject: str = ""
    """What of the feed, where it may have several problems of one kind."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same problem at the next look."""
        return self.kind, self.feed_id, self.subject


@dataclass(frozen=True)
class Seen:
    """What the ledger and the landing store say, as rows."""

    feeds: Sequence[Any]
    """ops.feed, with last_loaded_at."""
    submissions: Sequence[Any]
    """The last of each feed, newest first."""
    drift: Sequence[Any]
    """feed_id, code, column_name, landed_at of warnings of DRIFT_CODES: the last submission and those within DRIFT_FOR."""
    waiting: Sequence[Receipt] = ()
    """Landed and not in the ledger."""
    unbuilt_since: datetime | None = None
    uncollected: Sequence[tuple[str, Failure]] = ()


def problems(seen: Seen, now: datetime) -> list[Problem]:
    """Every problem that there is at this moment, by feed."""
    found = [*_of_the_warehouse(seen, now), *_of_sources(seen, now)]
    submissions, drift = by_feed(seen.submissions), by_feed(seen.drift)
    for feed in seen.feeds:
        found += _of_time(feed, now)
        if feed.feed_id in submissions:
            found += _of_the_last(feed, submissions[feed.feed_id])
        found += _of_shape(feed, drift.get(feed.feed_id, []))
    return sorted(found, key=lambda problem: (problem.feed_id, problem.kind, problem.subject))


def by_feed(rows: Iterable[Any]) -> dict[str, list[Any]]:
    """Rows of the ledger by their feed, in their order."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.feed_id, []).append(row)
    return found


def look(pipeline: Pipeline) -> Seen:
    """Read what `problems` needs, in one short transaction."""
    settings = pipeline.settings
    waiting = unprocessed(pipeline)
    with open_warehouse(settings).reader() as connection:
        feeds, submissions, drift = read_ledger(connection)
        work = find_pending(connection)
    uncollected = failures.read_all(settings, pipeline.feeds)
    unbuilt = work.since if work is not None else unpublished_since(settings)
    return Seen(feeds, submissions, drift, waiting, unbuilt, uncollected)


def tell(pipeline: Pipeline, messengers: Mapping[str, Messenger], now: datetime) -> dict[str, tuple[int, int]]:
    """Tell of what is new and what is over; how many of each, by messenger.

    Each messenger has its own account of what it took: one that fails is tried again at
    the next look, and the others say nothing twice. Raises NotSent or SettingError, once
    all had their turn.
    """
    there = problems(look(pipeline), now)
    told: dict[str, tuple[int, int]] = {}
    failed: list[NotSent | SettingError] = []
    for name, send in messengers.items():
        try:
            told[name] = _tell_by(pipeline, name, send, there, now)
        except (NotSent, SettingError) as error:
            failed.append(error)
    if len(failed) > 1:
        raise NotSent(" ".join(map(str, failed)))
    if failed:
        raise failed[0]
    return told


def messengers(settings: Settings) -> dict[str, Messenger]:
    """Those that are set up: mail, chat."""
    chosen: dict[str, Messenger] = {}
    if settings.notices_to:
        chosen["mail"] = lambda subject, text: mail(settings, settings.notices_to, subject, text)
    if settings.notices_webhook:
        webhook = settings.notices_webhook
        chosen["chat"] = lambda subject, text: chat(webhook, f"{subject}\n\n{text}")
    return chosen


def _tell_by(pipeline: Pipeline, name: str, send: Messenger, there: Sequence[Problem], now: datetime) -> tuple[int, int]:
    """One messenger's turn. It is marked after sending: a crash in between tells twice, and nothing is lost."""
    table = ledger.notice
    with open_warehouse(pipeline.settings).reader() as connection:
        rows = connection.execute(
            select(table).where(table.c.messenger_code == name, table.c.solved_at.is_(None)).order_by(table.c.told_at)
        )
        known = {(row.kind_code, row.feed_id, row.subject): row for row in rows}
    new = [problem for problem in there if problem.key not in known]
    over = [row for key, row in known.items() if key not in {problem.key for problem in there}]
    if not new and not over:
        return 0, 0
    send(*_message(new, [row.sentence for row in over]))
    with open_warehouse(pipeline.settings).writer() as connection:
        if new:
            connection.execute(insert(table), [_row(problem, name, now) for problem in new])
        if over:
            connection.execute(update(table).where(table.c.notice_id.in_([row.notice_id for row in over])).values(solved_at=now))
    return len(new), len(over)


def _of_time(feed: Any, now: datetime) -> Iterator[Problem]:
    """As the mart feed_health: days between dates, a refused submission does not help."""
    if not feed.is_active or feed.expected_every_days is None:
        return
    if feed.last_loaded_at is None:
        yield Problem(
            "missing",
            feed.feed_id,
            now,
            f"{_named(feed)} is expected every {feed.expected_every_days} days, and nothing of it was ever loaded: ask {feed.publisher_name} for it, or take "
            "bounds.expected_every_days out of feed.yml.",
        )
        return
    last = feed.last_loaded_at.astimezone(UTC).date()
    if (now.astimezone(UTC).date() - last).days > feed.expected_every_days:
        due = datetime.combine(last + timedelta(days=feed.expected_every_days + 1), time(), UTC)
        yield Problem(
            "late",
            feed.feed_id,
            due,
            f"{_named(feed)} is late: expected every {feed.expected_every_days} days, last loaded on {last}. Ask {feed.publisher_name} for it.",
        )


def _of_the_last(feed: Any, rows: Sequence[Any]) -> Iterator[Problem]:
    """What the last submission shows, and how long it has been so."""
    last = rows[0]
    if last.outcome_code == "rejected":
        yield Problem(
            "refused",
            feed.feed_id,
            _began(rows, lambda row: row.outcome_code == "rejected"),
            f"{_named(feed)}: the last submission was refused as a whole ({last.rejection_code}): see `samepicture rejects "
            f"{last.submission_id}`, and ask {feed.publisher_name} to send it again.",
        )
    if _is_unreconciled(last):
        yield Problem(
            "unreconciled",
            feed.feed_id,
            _began(rows, _is_unreconciled),
            f"{_named(feed)}: the source says that it gave {last.source_count} records, and {last.received_count} were read "
            f"({last.submission_id}): collect or send it again.",
        )
    usual = [_share(row) for row in rows[1:] if row.outcome_code == "loaded"][:USUAL_OF]
    if last.outcome_code == "loaded" and len(usual) >= USUAL_AFTER and _share(last) - median(usual) > REJECTED_JUMP:
        yield Problem(
            "rejecting",
            feed.feed_id,
            last.landed_at,
            f"{_named(feed)}: {_share(last):.0%} of the last submission's records were rejected, where {median(usual):.0%} are usual: see "
            f"`samepicture rejects {last.submission_id}`.",
        )


def _of_shape(feed: Any, warned: Sequence[Any]) -> Iterator[Problem]:
    """A problem a column: it stays the same one however often it comes."""
    since: dict[tuple[str, str], datetime] = {}
    for row in warned:
        key = (row.code, row.column_name or "")
        since[key] = min(row.landed_at, since.get(key, row.landed_at))
    for (code, column), began in since.items():
        yield Problem(
            "drifting",
            feed.feed_id,
            began,
            f"{_named(feed)} has {DRIFT_CODES[code]} {column!r} that it does not know: ask {feed.publisher_name} what changed, then name it "
            "in feed.yml.",
            f"{code}: {column}",
        )


def _of_sources(seen: Seen, now: datetime) -> Iterator[Problem]:
    for feed_id, failure in seen.uncollected:
        if now - failure.since > WAITING_TOO_LONG:
            sentence = f"{feed_id} could not be collected since {_minute(failure.since)}: {failure.sentence}"
            yield Problem("failing", feed_id, failure.since, sentence, "collect")
    waiting: dict[str, list[Receipt]] = {}
    for receipt in seen.waiting:
        if now - receipt.landed_datetime > WAITING_TOO_LONG:
            waiting.setdefault(receipt.feed_id, []).append(receipt)
    for feed_id, receipts in waiting.items():
        first = min(receipts, key=lambda receipt: receipt.landed_at)
        yield Problem(
            "failing",
            feed_id,
            first.landed_datetime,
            f"{feed_id}: {len(receipts)} landed submissions are not loaded, the first since {_minute(first.landed_datetime)}: look for "
            f"failed runs of feed_{feed_id}, or run `samepicture replay {first.submission_id}` to see why.",
            "load",
        )


def _of_the_warehouse(seen: Seen, now: datetime) -> Iterator[Problem]:
    if seen.unbuilt_since is not None and now - seen.unbuilt_since > WAITING_TOO_LONG:
        yield Problem(
            "failing",
            "",
            seen.unbuilt_since,
            f"The warehouse does not show what was loaded since {_minute(seen.unbuilt_since)}: look for failed runs of warehouse and publish.",
            "build",
        )


def read_ledger(connection: Connection) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """Feeds, their last submissions, and what drifts: the first three of Seen."""
    table, warning = ledger.submission, ledger.warning
    loaded = (
        select(table.c.feed_id, func.max(table.c.landed_at).label("last_loaded_at"))
        .where(table.c.outcome_code == "loaded")
        .group_by(table.c.feed_id)
        .subquery()
    )
    feeds = connection.execute(
        select(ledger.feed, loaded.c.last_loaded_at).outerjoin(loaded, loaded.c.feed_id == ledger.feed.c.feed_id)
    ).all()
    place = func.row_number().over(partition_by=table.c.feed_id, order_by=(table.c.landed_at.desc(), table.c.submission_id.desc()))
    ranked = select(*(table.c[name] for name in OF_A_SUBMISSION), place.label("place")).subquery()
    submissions = connection.execute(select(ranked).where(ranked.c.place <= USUAL_OF + 1).order_by(ranked.c.feed_id, ranked.c.place)).all()
    recent = datetime.now(UTC) - DRIFT_FOR
    drift = connection.execute(
        select(warning.c.feed_id, warning.c.code, warning.c.column_name, ranked.c.landed_at)
        .join(ranked, ranked.c.submission_id == warning.c.submission_id)
        .where(warning.c.code.in_(DRIFT_CODES), (ranked.c.place == 1) | (ranked.c.landed_at > recent))
        .distinct()
    ).all()
    return feeds, submissions, drift


def _began(rows: Sequence[Any], is_so: Callable[[Any], bool]) -> datetime:
    """When the first of the newest submissions that are so came."""
    began: datetime = rows[0].landed_at
    for row in rows:
        if not is_so(row):
            break
        began = row.landed_at
    return began


def _is_unreconciled(row: Any) -> bool:
    return row.source_count is not None and row.source_count != row.received_count


def _share(row: Any) -> float:
    return row.rejected_count / row.received_count if row.received_count else 0.0


def _named(feed: Any) -> str:
    return f"{feed.feed_name} ({feed.feed_id})"


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _row(problem: Problem, messenger: str, now: datetime) -> dict[str, Any]:
    return {
        "notice_id": uuid.uuid4().hex,
        "messenger_code": messenger,
        "kind_code": problem.kind,
        "feed_id": problem.feed_id,
        "subject": problem.subject,
        "since": problem.since,
        "sentence": problem.sentence,
        "told_at": now,
    }


def _message(new: Sequence[Problem], over: Sequence[str]) -> tuple[str, str]:
    """Subject and text; what is too much for one message is counted."""
    parts = [f"{len(new)} new"] * bool(new) + [f"{len(over)} over"] * bool(over)
    lines = [f"- {problem.kind}: {problem.sentence}" for problem in new[:SHOWN]]
    if len(new) > SHOWN:
        lines.append(f"- and {len(new) - SHOWN} more: see `samepicture notices`")
    if over:
        lines += ["", "Over:", *(f"- {sentence}" for sentence in over[:SHOWN])]
        if len(over) > SHOWN:
            lines.append(f"- and {len(over) - SHOWN} more")
    return f"Same Picture: problems of feeds, {', '.join(parts)}", "\n".join([*lines, ""]).lstrip("\n")
