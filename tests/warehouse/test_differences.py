"""Counts that are kept by differences are, after any changes, what counting all records gives."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from samepicture.compiled import BY_RECORD, Compiled, Node, Since
from samepicture.delta import Source, refill

NOTE = Node(
    "model.t.note",
    "note",
    '"memory"."main"."note"',
    'select note_id, max_by(mood, version) as mood, max_by(stars, version) as stars from "memory"."raw"."note" group by note_id having not bool_or(is_removed)',
    ("source.t.raw.note",),
    "",
    False,
    ("note_id",),
)
MOODS = Node(
    "model.t.moods",
    "moods",
    '"memory"."main"."moods"',
    'select mood, count(*) as note_count, cast(sum(stars) as bigint) as star_count from "memory"."main"."note" group by mood',
    (NOTE.unique_id,),
    "",
    False,
    ("mood",),
    summed=True,
)
STARS = Node(
    "model.t.stars",
    "stars",
    '"memory"."main"."stars"',
    'select stars, count(*) as note_count from "memory"."main"."note" where mood is not null group by stars',
    (NOTE.unique_id,),
    "",
    False,
    ("stars",),
    summed=True,
    looks_back=True,
)
COMPILED = Compiled([NOTE, MOODS, STARS])
DAY = Node(
    "model.t.day", "day", '"memory"."main"."day"', 'select max(day) as day from "memory"."raw"."day"', ("source.t.raw.day",), "", False
)
SLEEPING = Node(
    "model.t.sleeping",
    "sleeping",
    '"memory"."main"."sleeping"',
    'select notes.note_id, days.day > notes.stars as is_late from "memory"."main"."note" as notes cross join "memory"."main"."day" as days where mood is null',
    (NOTE.unique_id, DAY.unique_id),
    "",
    False,
    ("note_id",),
    compared=True,
)
STATE = Node(
    "model.t.state",
    "state",
    '"memory"."main"."state"',
    'select note_id, mood from "memory"."main"."note" where mood is not null '
    """union all select note_id, case when is_late then 'late' else 'early' end as mood from "memory"."main"."sleeping\"""",
    (NOTE.unique_id, SLEEPING.unique_id),
    "",
    False,
    ("note_id",),
)
STATES = replace(
    MOODS,
    unique_id="model.t.states",
    name="states",
    relation='"memory"."main"."states"',
    sql='select mood, count(*) as note_count from "memory"."main"."state" group by mood',
    parents=(STATE.unique_id,),
)
OF_DAYS = Compiled([NOTE, DAY, SLEEPING, STATE, STATES])
Row = tuple[int, str | None, int, bool]
TABLE = '"memory"."raw"."note"'
notes = st.tuples(
    st.integers(0, 9), st.sampled_from(["glad", "sad", None]), st.integers(0, 3), st.integers(0, 9).map(lambda chance: chance == 0)
)
submissions = st.lists(notes, min_size=1, max_size=5)


def add(connection: Connection, number: int, rows: list[Row]) -> None:
    for place, (note_id, mood, stars, is_removed) in enumerate(rows):
        values = (note_id, mood, stars, 100 * number + place, is_removed, f"s{number}")
        connection.exec_driver_sql(f"insert into {TABLE} values (?, ?, ?, ?, ?, ?)", values)


def rows_of(connection: Connection, relation: str) -> list[tuple[object, ...]]:
    return sorted((tuple(row) for row in connection.exec_driver_sql(f"select * from {relation}").all()), key=str)


@settings(max_examples=60, deadline=None)
@given(first=submissions, later=st.lists(submissions, min_size=1, max_size=4), looks=st.integers(1, 3))
def test_counts_kept_by_differences_are_counts_of_all(first: list[Row], later: list[list[Row]], looks: int) -> None:
    """STARS is made after every few builds alone, of what has changed since it was made."""
    with create_engine("duckdb:///:memory:").connect() as connection:
        connection.exec_driver_sql("create schema raw")
        connection.exec_driver_sql(
            f"create table {TABLE} (note_id bigint, mood varchar, stars bigint, version bigint, is_removed boolean, submission_id varchar)"
        )
        add(connection, 0, first)
        for node in COMPILED.nodes.values():
            connection.exec_driver_sql(f"create table {node.relation} as {node.sql}")
        waiting: list[str] = []
        made: list[str] = []
        for number, rows in enumerate(later, 1):
            add(connection, number, rows)
            waiting.append(f"s{number}")
            done = COMPILED.run(connection, [NOTE, MOODS], {"raw.note": Source(TABLE, (f"s{number}",))}, f"b{number}")
            assert done.models == (f"main.note{BY_RECORD}", f"main.moods{BY_RECORD}")
            made += done.models
            assert rows_of(connection, MOODS.relation or "") == rows_of(connection, f"({MOODS.sql})")
            if number % looks == 0:
                sources = {"raw.note": Source(TABLE, tuple(waiting))}
                done = COMPILED.run(connection, [STARS], sources, f"l{number}", since=Since.of(made))
                assert done.models == (f"main.stars{BY_RECORD}",)
                assert rows_of(connection, STARS.relation or "") == rows_of(connection, f"({STARS.sql})")
                waiting, made = [], []


@settings(max_examples=60, deadline=None)
@given(first=submissions, later=st.lists(st.tuples(submissions, st.integers(0, 1)), min_size=1, max_size=4))
def test_what_a_day_changes_is_found_and_nothing_else(first: list[Row], later: list[tuple[list[Row], int]]) -> None:
    """SLEEPING is made whole whenever the day moves on; what is made of it is made record by record all the same."""
    with create_engine("duckdb:///:memory:").connect() as connection:
        connection.exec_driver_sql("create schema raw")
        connection.exec_driver_sql(
            f"create table {TABLE} (note_id bigint, mood varchar, stars bigint, version bigint, is_removed boolean, submission_id varchar)"
        )
        connection.exec_driver_sql("create table raw.day as select 0 as day")
        add(connection, 0, first)
        for node in OF_DAYS.nodes.values():
            connection.exec_driver_sql(f"create table {node.relation} as {node.sql}")
        for number, (rows, days) in enumerate(later, 1):
            add(connection, number, rows)
            connection.exec_driver_sql("update raw.day set day = day + ?", (days,))
            before = rows_of(connection, SLEEPING.relation or "")
            done = OF_DAYS.run(connection, list(OF_DAYS.nodes.values()), {"raw.note": Source(TABLE, (f"s{number}",))}, f"b{number}")
            assert ("main.day" in done.models) == bool(days)
            assert {f"main.state{BY_RECORD}", f"main.states{BY_RECORD}"} <= set(done.models), "whole would be as right, and slow"
            if days:
                has_changed = before != rows_of(connection, SLEEPING.relation or "")
                assert (f"main.sleeping{BY_RECORD}" in done.models) == has_changed
            for node in OF_DAYS.nodes.values():
                assert rows_of(connection, node.relation or "") == rows_of(connection, f"({node.sql})"), node.name


cells = st.tuples(st.integers(0, 1), st.sampled_from(["glad", None]))


@settings(max_examples=60, deadline=None)
@given(was=st.lists(cells, max_size=4), becomes=st.lists(cells, max_size=4))
def test_a_model_that_is_made_whole_has_changed_where_any_row_has(
    was: list[tuple[int, str | None]], becomes: list[tuple[int, str | None]]
) -> None:
    """The same row twice is another table than the same row once; the order of rows is none of its matter."""
    with create_engine("duckdb:///:memory:").connect() as connection:
        for name, rows in (("mart", was), ("source", becomes)):
            connection.exec_driver_sql(f"create table {name} (stars bigint, mood varchar)")
            for row in rows:
                connection.exec_driver_sql(f"insert into {name} values (?, ?)", row)
        assert refill(connection, "mart", "main.mart", "select * from source") == (Counter(was) != Counter(becomes))
        assert Counter(rows_of(connection, "mart")) == Counter(becomes)


def test_what_was_made_whole_meanwhile_is_counted_whole() -> None:
    assert Since.of(["main.note~", "main.note", "main.other~"]) == Since(frozenset({"main.note"}), frozenset({"main.other"}))
