"""Data tests over changed rows alone find what a test over all rows would find, and leave alone what was tested before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, create_engine

from samepicture.compiled import EACH_ROW, BuildFailed, Compiled, Node, Reference
from samepicture.delta import Source

TEAM = Node(
    "model.t.team",
    "team",
    '"memory"."main"."team"',
    'select team_id, max(name) as name from "memory"."raw"."team" group by team_id having not bool_or(is_removed)',
    ("source.t.raw.team",),
    "",
    False,
    ("team_id",),
)
NOTE = Node(
    "model.t.note",
    "note",
    '"memory"."main"."note"',
    'select note_id, team_id, mood from "memory"."raw"."note"',
    ("source.t.raw.note",),
    "",
    False,
    ("note_id",),
)
MOOD = Node(
    "test.t.mood", "mood", None, 'select * from "memory"."main"."note" where mood is null', (NOTE.unique_id,), "count(*)", True, EACH_ROW
)
ONCE = Node(
    "test.t.once",
    "once",
    None,
    'select note_id from "memory"."main"."note" group by note_id having count(*) > 1',
    (NOTE.unique_id,),
    "count(*)",
    True,
    ("note_id",),
)
MOODS = replace(
    ONCE, unique_id="test.t.moods", name="moods", sql=ONCE.sql.replace("note_id", "mood").replace("> 1", "> 4"), keyed_by=("mood",)
)
REFERS = Node(
    "test.t.refers",
    "refers",
    None,
    'select * from "memory"."main"."note" as child left join "memory"."main"."team" as parent on child.team_id = parent.team_id where parent.team_id is null',
    (NOTE.unique_id, TEAM.unique_id),
    "count(*)",
    True,
    EACH_ROW,
    Reference("team_id", TEAM.unique_id, "team_id"),
)
MODELS = [TEAM, NOTE]


@pytest.fixture
def connection() -> Iterator[Connection]:
    with create_engine("duckdb:///:memory:").connect() as connection:
        connection.exec_driver_sql("create schema raw")
        connection.exec_driver_sql("create table raw.team (team_id varchar, name varchar, is_removed boolean, submission_id varchar)")
        connection.exec_driver_sql("create table raw.note (note_id varchar, team_id varchar, mood varchar, submission_id varchar)")
        connection.exec_driver_sql("insert into raw.team values ('a', 'A', false, 'old'), ('b', 'B', false, 'old')")
        connection.exec_driver_sql("insert into raw.note values ('1', 'a', 'glad', 'old'), ('2', 'b', 'glad', 'old')")
        for node in MODELS:  # as dbt has made them before
            connection.exec_driver_sql(f"create table {node.relation} as {node.sql}")
        yield connection


def build(connection: Connection, *tests: Node) -> int:
    """What a build does after the submission `new`; the number of tests that passed."""
    nodes = [*MODELS, *tests]
    sources = {f"raw.{name}": Source(f'"memory"."raw"."{name}"', ("new",)) for name in ("team", "note")}
    return Compiled(nodes).run(connection, nodes, sources, "b1").tests


def test_a_changed_row_that_is_wrong_is_found(connection: Connection) -> None:
    connection.exec_driver_sql("insert into raw.note values ('3', 'a', null, 'new')")
    with pytest.raises(BuildFailed, match="mood"):
        build(connection, MOOD)


def test_a_row_that_did_not_change_is_not_looked_at_again(connection: Connection) -> None:
    connection.exec_driver_sql("update main.note set mood = null where note_id = '1'")  # no build of ours can do this
    connection.exec_driver_sql("insert into raw.note values ('3', 'a', 'sad', 'new')")
    assert build(connection, MOOD) == 1


def test_a_warning_counts_all_rows(connection: Connection) -> None:
    connection.exec_driver_sql("update main.note set mood = null where note_id = '1'")
    connection.exec_driver_sql("insert into raw.note values ('3', 'a', 'sad', 'new')")
    nodes = [*MODELS, replace(MOOD, is_error=False)]
    done = Compiled(nodes).run(connection, nodes, {"raw.note": Source('"memory"."raw"."note"', ("new",))}, "b1")
    assert done.warnings == ("mood: 1 rows",)


def test_a_key_that_comes_a_second_time_is_found(connection: Connection) -> None:
    connection.exec_driver_sql("insert into raw.note values ('1', 'a', 'sad', 'new')")
    with pytest.raises(BuildFailed, match="once"):
        build(connection, ONCE)


def test_rows_that_are_looked_at_with_unchanged_ones_are_looked_at_with_them(connection: Connection) -> None:
    connection.exec_driver_sql(
        "insert into raw.note values ('3', 'a', 'glad', 'new'), ('4', 'a', 'glad', 'new'), ('5', 'a', 'glad', 'new')"
    )
    with pytest.raises(BuildFailed, match="moods found 1"):
        build(connection, MOODS)


def test_a_new_reference_to_nothing_is_found(connection: Connection) -> None:
    connection.exec_driver_sql("insert into raw.note values ('3', 'c', 'glad', 'new')")
    with pytest.raises(BuildFailed, match="refers found 1"):
        build(connection, REFERS)


def test_an_old_reference_to_what_has_gone_is_found(connection: Connection) -> None:
    connection.exec_driver_sql("insert into raw.team values ('b', 'B', true, 'new')")
    with pytest.raises(BuildFailed, match="refers found 1"):
        build(connection, REFERS)


def test_an_old_reference_to_what_changed_and_stayed_is_right(connection: Connection) -> None:
    connection.exec_driver_sql("insert into raw.team values ('b', 'Better', false, 'new')")
    assert build(connection, REFERS) == 1


def test_a_new_reference_is_right_to_what_came_with_it_and_to_what_was_there(connection: Connection) -> None:
    connection.exec_driver_sql("insert into raw.team values ('c', 'C', false, 'new')")
    connection.exec_driver_sql("insert into raw.note values ('3', 'c', 'glad', 'new'), ('4', 'a', 'glad', 'new')")
    assert build(connection, REFERS) == 1


def test_a_new_reference_to_nothing_is_found_beside_one_to_what_came_with_it(connection: Connection) -> None:
    connection.exec_driver_sql("insert into raw.team values ('c', 'C', false, 'new')")
    connection.exec_driver_sql("insert into raw.note values ('3', 'c', 'glad', 'new'), ('4', 'd', 'glad', 'new')")
    with pytest.raises(BuildFailed, match="refers found 1"):
        build(connection, REFERS)


def test_only_references_to_what_did_not_come_with_them_are_looked_up_among_all(connection: Connection) -> None:
    looked_up = replace(REFERS, sql=f"select * from {NOTE.relation}", failures="count(*) - 1")
    connection.exec_driver_sql("insert into raw.team values ('c', 'C', false, 'new')")
    connection.exec_driver_sql(
        "insert into raw.note values ('3', 'c', 'glad', 'new'), ('4', 'c', 'glad', 'new'), ('5', 'a', 'glad', 'new')"
    )
    assert build(connection, looked_up) == 1


def test_a_reference_that_was_there_before_is_not_looked_up_again(connection: Connection) -> None:
    connection.exec_driver_sql("delete from main.team where team_id = 'b'")  # no build of ours can do this
    connection.exec_driver_sql("insert into raw.note values ('2', 'b', 'sad', 'new')")
    assert build(connection, REFERS) == 1
