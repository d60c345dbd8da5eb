"""Sends each directorate its digest, once a week; what could not be sent is tried again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from samepicture import ledger
from samepicture.digest.comparing import Figures
from samepicture.digest.content import Digest, compose
from samepicture.digest.message import Message, message
from samepicture.digest.reading import DIRECTORATES, read_for
from samepicture.locks import alone
from samepicture.messengers import NotSent, mail
from samepicture.settings import SettingError, Settings
from samepicture.warehouse import open_warehouse


def week_before(now: datetime) -> date:
    """The Monday of the last week that is over."""
    today = now.astimezone(UTC).date()
    return today - timedelta(days=today.weekday() + 7)


def preview(settings: Settings, directorate: str, now: datetime) -> Message:
    """What would be sent now. Raises KeyError, NothingPublished, SettingError and WarehouseError."""
    if directorate not in DIRECTORATES:
        raise KeyError(f"there is no directorate {directorate!r}: use one of {', '.join(DIRECTORATES)}")
    open_warehouse(settings).create()
    return message(_digest(settings, directorate, week_before(now)), settings.page_url)


def send_due(settings: Settings, now: datetime) -> list[str]:
    """Send what was not sent for the last week; to which directorates.

    It is marked after sending: a crash in between sends twice, and nobody misses one. Raises
    NotSent or SettingError once all had their turn; NothingPublished, and WarehouseError.
    """
    open_warehouse(settings).create()
    week, sent, failed = week_before(now), [], []
    with alone(settings, "digest"):
        for directorate in DIRECTORATES:
            to = settings.digest_to.get(directorate, ())
            if not to or _is_sent(settings, directorate, week):
                continue
            digest = _digest(settings, directorate, week)
            try:
                written = message(digest, settings.page_url)
                mail(settings, to, written.subject, written.text, html=written.html)
            except (NotSent, SettingError) as error:
                failed.append(error)
                continue
            _mark(settings, digest, now)
            sent.append(directorate)
    if failed:
        raise failed[0] if len(failed) == 1 else NotSent(" ".join(dict.fromkeys(map(str, failed))))
    return sent


def _digest(settings: Settings, directorate: str, week: date) -> Digest:
    read = read_for(settings, directorate)
    with open_warehouse(settings).reader() as connection:
        before = _figures_before(connection, directorate, week)
    return compose(read, directorate, week, before)


def _is_sent(settings: Settings, directorate: str, week: date) -> bool:
    table = ledger.digest
    with open_warehouse(settings).reader() as connection:
        found = connection.execute(select(table.c.sent_at).where(table.c.directorate_code == directorate, table.c.week_start_date == week))
        return found.first() is not None


def _figures_before(connection: Connection, directorate: str, week: date) -> Figures | None:
    table = ledger.digest
    kept = connection.execute(
        select(table.c.figures)
        .where(table.c.directorate_code == directorate, table.c.week_start_date < week, table.c.figures.is_not(None))
        .order_by(table.c.week_start_date.desc())
        .limit(1)
    ).scalar()
    return Figures.from_json(kept) if kept else None


def _mark(settings: Settings, digest: Digest, now: datetime) -> None:
    """Note that it was sent, and keep its figures; those of earlier ones go."""
    table = ledger.digest
    row = {
        "directorate_code": digest.directorate,
        "week_start_date": digest.week,
        "sent_at": now,
        "figures": digest.figures.as_json(),
    }
    with open_warehouse(settings).writer() as connection:
        connection.execute(update(table).where(table.c.directorate_code == digest.directorate).values(figures=None))
        connection.execute(insert(table), row)
