"""The saved questions of dbt/analyses: each runs as it stands, and belongs to a question that a mart answers."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.invented_rows import DBT, Warehouse

ANALYSES = sorted((DBT / "analyses").glob("*.sql"))
MARTS = {path.stem for path in (DBT / "models" / "marts").glob("*.sql")}
OF_PEOPLE = {6, 7, 8}
"""Here nobody says who they are: test_people.py looks at these answers."""
with (DBT / "seeds" / "question.csv").open() as file:
    QUESTIONS = {int(row["question_number"]): row for row in csv.DictReader(file)}


def marts_of(question: dict[str, str]) -> set[str]:
    return {question["mart_name"], *question["further_mart_names"].split()}


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_a_saved_question_gives_rows_with_named_columns(answers: Warehouse, path: Path) -> None:
    with duckdb.connect(str(answers.path), read_only=True) as connection:
        found = connection.execute(path.read_text())
        names = [column[0] for column in found.description]
        rows = found.fetchall()
    assert rows
    assert len(names) == len(set(names)) > 1
    assert [name for name in names if not re.fullmatch("[a-z][a-z0-9_]*", name)] == []
    if int(path.stem[:2]) not in OF_PEOPLE:
        assert [name for place, name in enumerate(names) if name.endswith("_count") and all(row[place] is None for row in rows)] == []


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_a_saved_question_says_what_it_asks_and_asks_its_mart(path: Path) -> None:
    number, mart = path.stem.split("_", 1)
    question = QUESTIONS[int(number)]
    lines = path.read_text().splitlines()
    assert lines[0] == f"-- {question['question']}"
    assert mart == question["mart_name"]
    asked = set(re.findall(r"\b(?:from|join) (?:marts|published)\.(\w+)", path.read_text()))
    assert asked
    assert asked <= marts_of(question)
    assert "{{" not in path.read_text(), "a person runs it as it stands"


def test_every_question_whose_mart_is_here_has_one_saved_query() -> None:
    saved = sorted(int(path.stem.split("_", 1)[0]) for path in ANALYSES)
    assert saved == [number for number, question in QUESTIONS.items() if question["mart_name"] in MARTS]
    assert list(QUESTIONS) == list(range(1, 22))


def test_every_mart_belongs_to_a_question() -> None:
    assert MARTS - set().union(*(marts_of(question) for question in QUESTIONS.values())) == set()
    for question in QUESTIONS.values():
        assert question["relation_name"].split(".")[1] == question["mart_name"]


def test_who_asks_may_read_where_the_answer_is() -> None:
    """Comms reads `published` alone."""
    relations = [question["relation_name"] for question in QUESTIONS.values() if "comms" in question["asked_by"]]
    assert relations
    assert [relation for relation in relations if not relation.startswith("published.")] == []


def test_the_analysts_page_lists_the_saved_questions() -> None:
    page = (DBT.parent / "docs" / "analyst.md").read_text()
    assert [path.name for path in ANALYSES if f"`{path.name}`" not in page] == []


def test_questions_are_answered_as_far_as_their_feeds_have_sent(answers: Warehouse) -> None:
    found = dict(answers.query("select question_number, status_code from published.answer_coverage"))
    assert {number for number, status in found.items() if status == "not_answered"} == {7}
    assert {number for number, status in found.items() if status == "in_part"} == {1, 2, 3, 6, 8, 11, 15, 21}
    [(sentence,)] = answers.query("select sentence from published.answer_coverage where question_number = 7")
    assert sentence == "Can't be answered yet: nothing has come of populations, survey returns."


def test_where_nothing_has_come_no_question_is_answered_but_that_of_the_feeds(tmp_path: Path, answers: Warehouse) -> None:
    empty = Warehouse(tmp_path)
    statuses = empty.dbt("build", "--select", "+answer_coverage", "--exclude-resource-types", "test", "unit_test")
    assert set(statuses.values()) == {"success"}
    assert empty.query("select question_number from published.answer_coverage where status_code <> 'not_answered'") == [(20,)]


def test_what_a_question_needs_is_looked_up(answers: Warehouse) -> None:
    """A kind of record that the mart does not look for could never have come."""
    looked_for = set(re.findall(r"'(\w+)'", (DBT / "models" / "marts" / "answer_coverage.sql").read_text()))
    needs = answers.query("select distinct record_type, series_code from conformed.question_need")
    assert {record_type for record_type, _ in needs} <= looked_for
    series = {name for (name,) in answers.query("select distinct series_code from conformed.fct_survey_result")}
    assert {name for _, name in needs if name} == series
