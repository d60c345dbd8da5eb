"""Where each submission's time went, from its landing to its publishing: read from the ledger.

The operators' page and `samepicture status --timings` show the same. What is read is
bounded, and in the analysts' copy too: names of files and sentences are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Subquery, and_, func, or_, select

from samepicture import ledger

STAGES = ("wait", "judge", "queue", "load", "pending", "build", "publish")
"""Until it is judged, judged, until it is loaded, loaded, until a build takes it, built, until analysts see it. Landing takes no time of ours."""


@dataclass(frozen=True)
class Timing:
    """One submission that is in the ledger."""

    submission_id: str
    feed_id: str
    landed_at: datetime
    outcome_code: str
    """loaded or rejected."""
    rejection_code: str | None
    received: int
    accepted: int
    rejected: int
    warnings: int
    published_at: datetime | None
    """When analysts saw it; None where they do not, or it was refused."""
    is_replayed: bool
    """Its waiting to be judged is then not known: it was landed long before."""
    spans: Mapping[str, float]
    """Seconds of those of STAGES that are over. One after the other: together they are the whole time."""

    @property
    def seconds(self) -> float:
        """The whole time so far."""
        return sum(self.spans.values())


def newest(connection: Connection, feed_id: str | None = None, *, before: str | None = None, most: int = 50) -> list[Timing]:
    """The newest submissions, of one feed or all; those before a submission that is named, to page on."""
    table = ledger.submission
    chosen = select(table.c.submission_id)
    if feed_id is not None:
        chosen = chosen.where(table.c.feed_id == feed_id)
    if before is not None:
        at = select(table.c.landed_at).where(table.c.submission_id == before).scalar_subquery()
        chosen = chosen.where(or_(table.c.landed_at < at, and_(table.c.landed_at == at, table.c.submission_id < before)))
    return _read(connection, chosen.order_by(table.c.landed_at.desc(), table.c.submission_id.desc()).limit(most))


def of(connection: Connection, submission_id: str) -> Timing | None:
    """Of one submission; None where the ledger does not know it."""
    found = _read(connection, select(ledger.submission.c.submission_id).where(ledger.submission.c.submission_id == submission_id))
    return found[0] if found else None


def last_loaded(connection: Connection) -> dict[str, Timing]:
    """Of each feed the submission that was loaded last, by feed."""
    table = ledger.submission
    place = func.row_number().over(partition_by=table.c.feed_id, order_by=(table.c.landed_at.desc(), table.c.submission_id.desc()))
    ranked = select(table.c.submission_id, place.label("place")).where(table.c.outcome_code == "loaded").subquery()
    return {timing.feed_id: timing for timing in _read(connection, select(ranked.c.submission_id).where(ranked.c.place == 1))}


def _read(connection: Connection, chosen: Select[Any]) -> list[Timing]:
    """Newest first, in one question."""
    return [_timing(row) for row in connection.execute(_question(chosen.subquery("chosen")))]


def _question(chosen: Subquery) -> Select[Any]:
    table, warning, build = ledger.submission, ledger.warning, ledger.build
    judged, loaded = ledger.stage.alias("judged"), ledger.stage.alias("loaded")
    # The first build that took the load; later ones have it too, and some of them took nothing more.
    others = build.alias("others")
    reached = select(func.min(others.c.load_number)).where(others.c.load_number >= table.c.load_number).scalar_subquery()
    first = select(func.min(others.c.finished_at)).where(others.c.load_number == build.c.load_number).scalar_subquery()
    warned = select(func.count()).where(warning.c.submission_id == table.c.submission_id).scalar_subquery()
    return (
        select(
            table.c.submission_id,
            table.c.feed_id,
            table.c.landed_at,
            table.c.outcome_code,
            table.c.rejection_code,
            table.c.received_count,
            table.c.accepted_count,
            table.c.rejected_count,
            (table.c.replaced_row_count > 0).label("is_replayed"),
            warned.label("warning_count"),
            judged.c.started_at.label("judged_from"),
            judged.c.finished_at.label("judged_to"),
            loaded.c.started_at.label("loaded_from"),
            loaded.c.finished_at.label("loaded_to"),
            build.c.started_at.label("built_from"),
            build.c.finished_at.label("built_to"),
            build.c.published_at,
        )
        .join(chosen, chosen.c.submission_id == table.c.submission_id)
        .outerjoin(judged, and_(judged.c.submission_id == table.c.submission_id, judged.c.stage_code == "judged"))
        .outerjoin(loaded, and_(loaded.c.submission_id == table.c.submission_id, loaded.c.stage_code == "loaded"))
        .outerjoin(build, and_(build.c.load_number == reached, build.c.finished_at == first))
        .order_by(table.c.landed_at.desc(), table.c.submission_id.desc())
    )


def _timing(row: Any) -> Timing:
    moments = [row.judged_from, row.judged_to, row.loaded_from, row.loaded_to]
    is_loaded = row.outcome_code == "loaded"
    if is_loaded:  # a refused one shows nowhere, however soon a build has passed it by
        moments += [row.built_from, row.built_to, row.published_at]
    return Timing(
        submission_id=row.submission_id,
        feed_id=row.feed_id,
        landed_at=row.landed_at,
        outcome_code=row.outcome_code,
        rejection_code=row.rejection_code,
        received=row.received_count,
        accepted=row.accepted_count,
        rejected=row.rejected_count,
        warnings=row.warning_count,
        published_at=row.published_at if is_loaded else None,
        is_replayed=row.is_replayed,
        spans=_spans(row.judged_from if row.is_replayed else row.landed_at, moments),
    )


def _spans(start: datetime, moments: Sequence[datetime | None]) -> dict[str, float]:
    """From each moment to the next. One that lies before the last (a build that began to wait during the load) takes no time."""
    spans: dict[str, float] = {}
    last = start
    for stage, moment in zip(STAGES, moments, strict=False):
        if moment is None:
            break
        spans[stage] = max((moment - last).total_seconds(), 0.0)
        last = max(last, moment)
    return spans
