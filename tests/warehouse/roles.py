"""A filled warehouse on a shared server with a login of each role, for the tests of who sees what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from samepicture.build import build
from samepicture.process import Pipeline
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse
from samepicture.warehouse.access import add_person
from tests import postgres
from tests.keys import KEYS
from tests.made import Made
from tests.warehouse.test_engines import NOON
from tests.warehouse.test_replay import DETAILS, judged, returned

PURPOSE = "review of complaints for the quality committee"
LOGINS = {
    "eve": ("engineer", ()),
    "nora": ("nursing", ("RZN",)),
    "olga": ("nursing", ("RZE",)),
    "anna": ("analyst", ()),
    "carl": ("comms", ()),
}


@pytest.fixture(scope="module")
def url(postgres_server: postgres.Server, made_shared: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A warehouse with submissions of two trusts and every kind of words, and a login of each role."""
    home = tmp_path_factory.mktemp("roles")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("SAMEPICTURE_HOME", str(home))
        for name, key in KEYS.items():
            patch.setenv(name, key)
        settings = stack.enter_context(made_shared.shared(Settings.from_environment(), postgres_server))
        patch.setenv("SAMEPICTURE_WAREHOUSE", settings.warehouse)
        pipeline = Pipeline(settings)
        for feed_id, feed in list(pipeline.feeds.items()):
            pipeline.feeds[feed_id] = replace(feed, bounds=replace(feed.bounds, rejected_share=1.0))
            for sample in feed.samples:
                receipt, _ = pipeline.land_file(feed_id, sample)
                pipeline.judge(receipt.submission_id)
                pipeline.load(receipt.submission_id)
        pipeline.load(judged(pipeline, NOON, DETAILS, returned(NOON, "Words of a survey.")))
        assert build(pipeline.settings) is not None
        with open_warehouse(pipeline.settings).writer() as connection:
            for login, (role, organisations) in LOGINS.items():
                add_person(connection, login, role, organisations)
        yield settings.warehouse


@pytest.fixture
def owner(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def as_login(url: str, login: str) -> str:
    return make_url(url).set(username=login).render_as_string(hide_password=False)


class Session:
    """Somebody's connection; each statement is a transaction, as in psql."""

    def __init__(self, url: str, login: str) -> None:
        self.connection = psycopg.connect(as_login(url, login), autocommit=True)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql.encode(), values or None).fetchall()

    def count(self, sql: str) -> int:
        return int(self.rows(f"select count(*) from {sql}")[0][0])

    def is_refused(self, sql: str) -> bool:
        try:
            self.connection.execute(sql.encode())
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable, psycopg.errors.ReadOnlySqlTransaction):
            return True
        return False


@pytest.fixture
def session(url: str) -> Iterator[Any]:
    opened: list[Session] = []

    def connect(login: str) -> Session:
        opened.append(Session(url, login))
        return opened[-1]

    yield connect
    for each in opened:
        each.connection.close()


def tables(owner: psycopg.Connection, *schemas: str) -> list[str]:
    rows = owner.execute(
        "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = any (%s) order by 1", [list(schemas)]
    ).fetchall()
    return [row[0] for row in rows]


def feedback_of(owner: psycopg.Connection, code: str) -> list[str]:
    rows = owner.execute(
        "select distinct n.feedback_id from published.narrative as n inner join conformed.bridge_feedback_organisation as b "
        "on n.feedback_id = b.feedback_id where b.organisation_ods_code = %s order by 1",
        [code],
    ).fetchall()
    return [row[0] for row in rows]
