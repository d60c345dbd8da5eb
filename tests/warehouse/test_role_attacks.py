"""What people try who want more than their role allows, on a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse
from samepicture.warehouse.access import add_person, end_sessions, people, remove_person
from samepicture.warehouse.base import WarehouseError
from samepicture.warehouse.postgres import FIRST_WRITER
from samepicture.warehouse.postgres_build import take_over
from tests.warehouse.roles import LOGINS, PURPOSE, Session, as_login, feedback_of


@contextmanager
def writer() -> Iterator[Connection]:
    with open_warehouse(Settings.from_environment()).writer() as connection:
        yield connection


def test_ways_around(session: Any, owner: psycopg.Connection) -> None:
    """Views, functions, search_path, COPY, information_schema, error messages, roles, plans."""
    owner.execute("delete from access.narrative_opening")
    nora, carl, anna = session("nora"), session("carl"), session("anna")
    nora.connection.execute("set row_security = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        nora.rows("select * from published.narrative")
    nora.connection.execute("reset row_security")
    # The role itself, taken on, gives no more: rights go by who logged in.
    nora.connection.execute("set role samepicture_nursing")
    assert {row[0] for row in nora.rows("select distinct organisation_ods_code from conformed.fct_complaint")} == {"RZN"}
    nora.connection.execute("reset role")
    assert nora.is_refused("set session authorization olga")
    # COPY obeys the policies.
    with nora.connection.cursor().copy("copy published.narrative to stdout") as copy:
        assert list(copy) == []
    with nora.connection.cursor().copy("copy (select organisation_ods_code from conformed.fct_complaint) to stdout") as copy:
        assert {bytes(row).strip() for row in copy} == {b"RZN"}
    # A condition that would tell of hidden rows by an error is tested on shown rows alone.
    assert nora.rows("select * from published.narrative where cast(narrative as integer) = 1") == []
    assert nora.rows("select 1 / (case when narrative like '%' then 0 else 1 end) from published.narrative") == []
    # Statistics of columns are hidden where rows are.
    owner.execute("analyze")
    assert nora.count("pg_stats where schemaname = 'published' and tablename = 'narrative'") == 0
    assert nora.count("pg_stats where tablename = 'fct_complaint'") == 0
    # The catalogue lists what one may read, and no more.
    shown = {
        row[0]
        for row in carl.rows("select distinct table_schema from information_schema.columns where table_schema !~ '^(pg_|information_)'")
    }
    assert shown == {"published"}
    assert carl.count("information_schema.columns where table_name = 'narrative'") == 0
    assert anna.count("information_schema.columns where column_name in ('narrative', 'lessons', 'body')") == 0
    # Functions that answer for somebody else look at who logged in, wherever they find tables and operators.
    nora.connection.execute("set search_path = published, conformed, pg_catalog")
    assert nora.rows("select access.granted_organisations()")[0][0][0] == "RZN"
    assert nora.is_refused("select access.openable(array['complaint:RZE:x'])")
    assert carl.is_refused("select access.opened_feedback()")
    # Nobody listens to others' statements.
    assert carl.rows("select query from pg_stat_activity where usename = 'nora'") == [("<insufficient privilege>",)]


def test_no_reader_holds_up_the_writers(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samepicture.warehouse.postgres.WAIT_SECONDS", 2.0)
    for login in LOGINS:
        person = session(login)
        person.rows("select pg_try_advisory_lock(%s)", FIRST_WRITER)
        person.connection.execute("begin")
        assert person.is_refused("lock table access.writer in access share mode")
    with writer() as connection:
        assert connection.exec_driver_sql("select 1").scalar_one() == 1


def test_plans_tell_nothing_of_words_that_are_closed(session: Any, owner: psycopg.Connection) -> None:
    """PostgreSQL estimates with statistics of all rows: `narrative < 'M'` would halve the words until they are known."""
    owner.execute("analyze published.narrative")
    common = "select narrative from published.narrative group by narrative order by count(*) desc, length(narrative) limit 1"
    words = owner.execute(common).fetchone()
    assert words
    for login in ("nora", "eve"):
        person = session(login)
        for operator in ("<", "=", "^@"):
            plans = {
                re.sub(
                    r"\(\(?narrative.*",
                    "",
                    str(person.rows(f"explain select 1 from published.narrative where narrative {operator} '{guess}'")),
                )
                for guess in ("A", "M", "z", words[0].replace("'", "''"))
            }
            assert len(plans) == 1, operator
    assert owner.execute("select count(*) from pg_stats where schemaname = 'published' and tablename = 'narrative'").fetchone() == (0,)


def test_the_diary_is_readable_and_not_to_be_flooded(session: Any, owner: psycopg.Connection) -> None:
    nora, mine = session("nora"), feedback_of(owner, "RZN")
    for feedback_ids, purpose, said in (
        (mine, "\n\n\n", "say what you need"),
        (mine, "...", "say what you need"),
        (mine, None, "say what you need"),
        (["complaint:RZN:\x1b[2J"], PURPOSE, "no feedback_id"),
        (["x" * 1001], PURPOSE, "no feedback_id"),
        ([str(number) for number in range(10_001)], PURPOSE, "10000 narratives at most"),
    ):
        with pytest.raises(psycopg.errors.RaiseException, match=said):
            nora.rows("select access.open_narratives(%s, %s)", feedback_ids, purpose)
    owner.execute("delete from access.narrative_opening")
    assert nora.rows("select access.open_narratives(%s, %s)", mine, "a review\n\x1b[2Jof cases " + "x" * 1000) == [(len(mine),)]
    rows = owner.execute("select distinct purpose from access.narrative_opening").fetchall()
    assert len(rows) == 1
    assert rows[0][0].startswith("a review [2Jof cases x")
    assert len(rows[0][0]) <= 500


def test_opening_twice_as_one_and_nothing(session: Any, owner: psycopg.Connection) -> None:
    nora, mine = session("nora"), feedback_of(owner, "RZN")
    owner.execute("delete from access.narrative_opening")
    assert nora.rows("select access.open_narratives(%s, %s)", [mine[0], mine[0], None], PURPOSE) == [(1,)]
    assert nora.rows("select access.open_narratives(%s, %s)", [], PURPOSE) == [(0,)]
    assert nora.rows("select access.open_narratives(null, %s)", PURPOSE) == [(0,)]
    assert owner.execute("select count(*) from access.narrative_opening").fetchone() == (1,)


def test_what_a_session_holds_on_to_ends_with_the_person(session: Any, owner: psycopg.Connection) -> None:
    """A cursor that outlives its transaction, and a transaction on somebody else's old snapshot, for which PostgreSQL takes no note of revoked rights."""
    with writer() as connection:
        add_person(connection, "rita", "nursing", ["RZN"])
    holder, late, anna = session("rita"), session("rita"), session("anna")
    assert holder.rows("select access.open_narratives(%s, %s)", feedback_of(owner, "RZN"), PURPOSE) != [(0,)]
    anna.connection.execute("begin isolation level repeatable read")
    snapshot = anna.rows("select pg_export_snapshot()")[0][0]
    holder.connection.execute("declare kept cursor with hold for select * from published.narrative")
    late.connection.execute("prepare mine as select count(*) from published.narrative")
    late.connection.execute("begin isolation level repeatable read")
    late.connection.execute(f"set transaction snapshot '{snapshot}'")
    assert late.rows("execute mine")[0][0] > 0
    with writer() as connection:
        remove_person(connection, "rita")
    with writer() as connection:
        assert end_sessions(connection, "rita") == 0
    for person, statement in ((holder, "fetch all from kept"), (late, "execute mine")):
        with pytest.raises(psycopg.OperationalError):
            person.rows(statement)
    with pytest.raises(psycopg.OperationalError, match="CONNECT privilege"):
        session("rita")


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ("samepicture_nursing", "is a group"),
        ("pg_monitor", "is a group"),
        ("pipeline", "above all roles"),
        ("postgres", "above all roles"),
        ("replica", "above all roles"),
        ("spy", "above all roles"),
        ("Nora", "can't be a login"),
        ('nora"; drop schema marts; --', "can't be a login"),
        ("", "can't be a login"),
    ],
)
def test_nobody_is_added_who_is_many_or_could_go_around(owner: psycopg.Connection, url: str, login: str, said: str) -> None:
    """An analyst's role given to the role of nursing would have made analysts of all nursing."""
    with psycopg.connect(as_login(url, "postgres"), autocommit=True) as admin:
        for name, powers in (("replica", "replication"), ("spy", "in role pg_read_all_data")):
            admin.execute(f"drop role if exists {name}")
            admin.execute(f"create role {name} login {powers}")
    with pytest.raises(WarehouseError, match=said), writer() as connection:
        add_person(connection, login, "analyst", [])
    assert owner.execute("select pg_has_role('samepicture_nursing', 'samepicture_analyst', 'member')").fetchone() == (False,)


@pytest.mark.parametrize("code", ["", " ", "RZ", "RZN; --", "RZN,RZE", "*"])
def test_only_an_ods_code_is_granted(url: str, code: str) -> None:
    with pytest.raises(WarehouseError, match="is not an ODS code"), writer() as connection:
        add_person(connection, "nina", "nursing", ["RZN", code])


def test_who_gets_the_name_of_somebody_gone_gets_none_of_their_organisations(session: Any, owner: psycopg.Connection) -> None:
    with writer() as connection:
        add_person(connection, "sam", "nursing", ["RZE"])
    with writer() as connection:
        connection.exec_driver_sql('drop owned by "sam"')
        connection.exec_driver_sql('drop role "sam"')  # by hand: `people remove` was forgotten
        add_person(connection, "sam", "nursing", ["RZN"])
    assert {row[0] for row in session("sam").rows("select distinct organisation_ods_code from conformed.fct_complaint")} == {"RZN"}


def test_who_is_of_another_database_of_the_server_is_not_let_in(owner: psycopg.Connection, url: str) -> None:
    """Roles are of the whole server, so an analyst of one installation would have been one of the other."""
    with psycopg.connect(as_login(url, "postgres"), autocommit=True) as admin:
        admin.execute("drop role if exists guest")
        admin.execute("create role guest login in role samepicture_analyst, samepicture_engineer")
    with pytest.raises(psycopg.OperationalError, match="CONNECT privilege"):
        Session(url, "guest")
    with writer() as connection:
        assert "guest" not in {person.login for person in people(connection)}


def test_one_person_does_not_use_up_the_servers_connections(owner: psycopg.Connection) -> None:
    limits = owner.execute("select rolconnlimit from pg_roles where rolname = any (%s)", [list(LOGINS)]).fetchall()
    assert {row[0] for row in limits} == {20}


def test_two_roles_give_what_each_gives_and_words_of_granted_organisations_alone(session: Any, owner: psycopg.Connection) -> None:
    with writer() as connection:
        add_person(connection, "tess", "nursing", ["RZE"])
        add_person(connection, "tess", "analyst", [])
        add_person(connection, "tess", "comms", [])
    tess = session("tess")
    assert tess.count("conformed.fct_complaint") == session("anna").count("conformed.fct_complaint")
    assert tess.rows("select access.open_narratives(%s, %s)", feedback_of(owner, "RZN"), PURPOSE) == [(0,)]
    assert tess.count("published.narrative") == 0


def test_a_granted_organisation_brings_its_predecessors_and_never_its_successors(session: Any, owner: psycopg.Connection) -> None:
    nora, olga = session("nora"), session("olga")
    before = nora.count("conformed.fct_complaint"), olga.count("conformed.fct_complaint")
    merged = "update conformed.dim_organisation set current_ods_code = %s where ods_code = 'RZN'"
    owner.execute(merged, ["RZE"])
    try:
        assert olga.count("conformed.fct_complaint") == sum(before)
        assert nora.count("conformed.fct_complaint") == before[0]
    finally:
        owner.execute(merged, ["RZN"])


def test_what_a_build_leaves_half_made_is_seen_by_nobody(session: Any, owner: psycopg.Connection) -> None:
    """The schemas of a dbt run, and of one that was killed: with the grants of dbt on their tables."""
    owner.execute("create schema next_published")
    try:
        owner.execute("create table next_published.narrative as table published.narrative")
        owner.execute("grant select on next_published.narrative to samepicture_nursing, samepicture_engineer, samepicture_comms")
        for login in LOGINS:
            assert session(login).is_refused("select * from next_published.narrative")
    finally:
        owner.execute("drop schema next_published cascade")


def test_a_reader_who_never_ends_is_named_to_whoever_changes_a_table(
    session: Any, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samepicture.warehouse.postgres_build.MOVE_WAIT", "1s")
    owner.execute("create schema next_marts")
    owner.execute("create table next_marts.gp_access as select 1 as another_shape")
    anna = session("anna")
    anna.connection.execute("begin")
    anna.count("marts.gp_access")
    try:
        with (
            pytest.raises(WarehouseError, match=r"gives marts\.gp_access another shape, and somebody has been reading it for 1s"),
            writer() as connection,
        ):
            take_over(connection)
    finally:
        owner.execute("drop schema next_marts cascade")
    assert anna.count("marts.gp_access") > 0


def test_rights_are_asked_once_and_not_for_each_row(owner: psycopg.Connection) -> None:
    """A function that is asked for each of a million facts takes minutes, and a reader who knows can ask it again and again."""
    owner.execute("begin")
    try:
        owner.execute(
            "insert into conformed.bridge_feedback_organisation select copies.* from generate_series(1, 100000) "
            "cross join (select * from conformed.bridge_feedback_organisation limit 1) as copies"
        )
        owner.execute("set local statement_timeout = '2s'")
        assert owner.execute("select count(*) from (select access.granted_feedback()) as granted").fetchone() == (0,)
    finally:
        owner.execute("rollback")
