"""A digest goes out once a week, by a real mail server, with the rights of its readers on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from samepicture import ledger
from samepicture.digest.comparing import Figures
from samepicture.digest.reading import read_for
from samepicture.digest.sending import preview, send_due, week_before
from samepicture.messengers import NotSent
from samepicture.page.reading import NothingPublished
from samepicture.process import Pipeline
from samepicture.settings import SettingError, Settings
from samepicture.warehouse import open_warehouse
from tests.told import Mails, mail_server

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
WEEK = date(2026, 11, 16)


@pytest.fixture
def mails() -> Iterator[Mails]:
    with mail_server() as server:
        yield server


@pytest.fixture
def settings_of_digest(on_each_made: Pipeline, mails: Mails) -> Settings:
    return replace(
        on_each_made.settings,
        smtp_url=f"smtp://127.0.0.1:{mails.port}",
        mail_from="samepicture@ics.example",
        digest_to={"nursing": ("chief.nurse@ics.example", "deputy@ics.example"), "comms": ("comms@ics.example",)},
        page_url="https://intranet.example.org/same-picture/",
    )


def rows(settings: Settings) -> list[tuple[str, date, bool]]:
    table = ledger.digest
    with open_warehouse(settings).reader() as connection:
        found = connection.execute(select(table).order_by(table.c.directorate_code, table.c.week_start_date)).all()
    return [(row.directorate_code, row.week_start_date, row.figures is not None) for row in found]


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (MONDAY, WEEK),
        (MONDAY - timedelta(hours=7, seconds=1), WEEK - timedelta(days=7)),  # late on Sunday
        (MONDAY + timedelta(days=6), WEEK),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), date(2026, 12, 21)),
    ],
)
def test_the_week_is_the_last_that_is_over(now: datetime, monday: date) -> None:
    assert week_before(now) == monday


def test_each_directorate_is_sent_its_own_once_a_week(settings_of_digest: Settings, mails: Mails) -> None:
    assert send_due(settings_of_digest, MONDAY) == ["nursing", "comms"]
    assert send_due(settings_of_digest, MONDAY + timedelta(hours=1)) == []
    assert send_due(settings_of_digest, MONDAY + timedelta(days=6)) == []
    assert [mail["To"] for mail in mails.received] == ["chief.nurse@ics.example, deputy@ics.example", "comms@ics.example"]
    (first, _) = mails.received
    assert first["Subject"] == "Same Picture: 16 November 2026 to 22 November 2026"
    assert first.get_content_type() == "multipart/alternative"
    plain, html = first.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "This is the first digest here" in plain.get_content()
    assert 'href="https://intranet.example.org/same-picture/index.html"' in html.get_content()
    assert send_due(settings_of_digest, MONDAY + timedelta(days=7)) == ["nursing", "comms"]
    assert "This is the first digest here" not in str(mails.received[-1])
    next_week = WEEK + timedelta(days=7)
    assert rows(settings_of_digest) == [(name, week, week == next_week) for name in ("comms", "nursing") for week in (WEEK, next_week)]


def test_what_could_not_be_sent_is_tried_again_and_nobody_else_hears_twice(settings_of_digest: Settings, mails: Mails) -> None:
    only_nursing = replace(settings_of_digest, digest_to={"nursing": ("chief.nurse@ics.example",)})
    assert send_due(only_nursing, MONDAY) == ["nursing"]
    mails.refuses = True
    with pytest.raises(NotSent):
        send_due(settings_of_digest, MONDAY)
    assert rows(settings_of_digest) == [("nursing", WEEK, True)]
    mails.refuses = False
    assert send_due(settings_of_digest, MONDAY + timedelta(hours=1)) == ["comms"]
    assert len(mails.received) == 2


def test_one_wrong_address_of_a_page_is_told_before_anything_is_sent(settings_of_digest: Settings, mails: Mails) -> None:
    with pytest.raises(NotSent, match="SAMEPICTURE_PAGE_URL"):
        send_due(replace(settings_of_digest, page_url="intranet"), MONDAY)
    assert (mails.received, rows(settings_of_digest)) == ([], [])


def test_a_preview_sends_and_marks_nothing(settings_of_digest: Settings, mails: Mails) -> None:
    shown = preview(settings_of_digest, "nursing", MONDAY)
    assert "WHAT IS DUE" in shown.text
    assert (mails.received, rows(settings_of_digest)) == ([], [])
    with pytest.raises(KeyError, match="nursing, comms"):
        preview(settings_of_digest, "finance", MONDAY)


def test_before_anything_is_published_nothing_is_sent(on_each_engine: Pipeline, mails: Mails) -> None:
    settings = replace(
        on_each_engine.settings,
        smtp_url=f"smtp://127.0.0.1:{mails.port}",
        mail_from="a@ics.example",
        digest_to={"comms": ("comms@ics.example",)},
    )
    with pytest.raises(NothingPublished):
        send_due(settings, MONDAY)
    assert (mails.received, rows(settings)) == ([], [])


def test_without_a_mail_server_the_setting_is_named(settings_of_digest: Settings) -> None:
    with pytest.raises(NotSent, match="SAMEPICTURE_SMTP_URL"):
        send_due(replace(settings_of_digest, smtp_url=None), MONDAY)
    with pytest.raises(SettingError, match="SAMEPICTURE_SMTP_URL"):
        send_due(replace(settings_of_digest, smtp_url=None, digest_to={"comms": ("comms@ics.example",)}), MONDAY)


def test_addresses_are_read_by_directorate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEPICTURE_DIGEST_NURSING_TO", "a@x.example, b@x.example,")
    monkeypatch.setenv("SAMEPICTURE_DIGEST_COMMS_TO", "")
    monkeypatch.setenv("SAMEPICTURE_PAGE_URL", "https://x.example/")
    settings = Settings.from_environment()
    assert settings.digest_to == {"nursing": ("a@x.example", "b@x.example"), "comms": ()}
    assert settings.page_url == "https://x.example/"


# -- who may see what ------------------------------------------------------------------------------


def funnel(settings: Settings, **others: str) -> None:
    """One practice that differs from the others."""
    values = {"metric_code": "'gp_contact_good'", "metric_name": "'Good experience'", "period_start_date": "date '2026-01-01'", "organisation_ods_code": "'P1'", "funnel_code": "'above_998'", **others}  # fmt: skip
    with open_warehouse(settings).writer() as connection:
        connection.exec_driver_sql(f"insert into marts.funnel ({', '.join(values)}) values ({', '.join(values.values())})")


def test_nursing_is_told_what_nursings_grants_show_and_comms_is_not(on_made_postgresql: Pipeline) -> None:
    settings = on_made_postgresql.settings
    funnel(settings)
    funnel(settings, organisation_ods_code="'P2'", period_start_date="date '2025-01-01'")
    funnel(settings, organisation_ods_code="'P3'", funnel_code="'above_95'")
    outside = read_for(settings, "nursing").outside
    assert outside is not None
    assert [each.organisation_ods_code for each in outside] == ["P1"], "of the newest year, and far outside"
    assert read_for(settings, "comms").outside is None


def test_the_database_keeps_the_rule(on_made_postgresql: Pipeline) -> None:
    warehouse = open_warehouse(on_made_postgresql.settings)
    for role, table in (("comms", "marts.funnel"), ("comms", "marts.spc"), ("nursing", "raw.complaint"), ("nursing", "ops.digest")):
        with warehouse.as_role(role) as (_, connection), pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text(f"select * from {table}"))


def test_a_mail_to_many_shows_no_organisations_own_rows(on_made_postgresql: Pipeline) -> None:
    """Nobody has logged in: a policy that goes by who did shows nothing, though the pipeline itself sees all."""
    warehouse = open_warehouse(on_made_postgresql.settings)
    with warehouse.writer() as connection:
        connection.exec_driver_sql("insert into marts.spc (metric_code, organisation_ods_code) values ('fft_positive', 'RZN')")
    count = text("select count(*) from marts.spc")
    with warehouse.reader() as connection:
        assert connection.execute(count).scalar_one() == 1
    with warehouse.as_role("nursing") as (_, connection):
        assert connection.execute(count).scalar_one() == 0


def test_a_file_has_no_roles_so_what_is_published_alone_is_read(on_made_duckdb: Pipeline) -> None:
    funnel(on_made_duckdb.settings)
    assert read_for(on_made_duckdb.settings, "nursing").outside is None


def test_words_are_not_even_read(on_each_made: Pipeline) -> None:
    for directorate in ("nursing", "comms"):
        assert read_for(on_each_made.settings, directorate).material["consented_story"] is None


def test_figures_come_back_as_they_were_kept() -> None:
    kept = Figures({"a": 5, "b": None}, ["x"], {"c": 0.25, "d": None})
    assert Figures.from_json(kept.as_json()) == kept
