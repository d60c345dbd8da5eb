"""Words that speak of harm: flagged within the run, told without words, and no story of theirs shown before somebody has looked."""

from __future__ import annotations

import io
import logging
from dataclasses import replace

import polars as pl
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from samepicture.cli import app
from samepicture.process import Pipeline
from samepicture.safeguarding import reviews as harm_reviews
from samepicture.safeguarding.reviews import Review, _of_several, record, waiting
from samepicture.settings import PROJECT
from samepicture.upkeep.erase import erase, record_key
from samepicture.warehouse import open_warehouse
from tests.told import mail_server
from tests.upkeep.cases import ORGANISATION, export, loaded, others

NHSUK = "experience_story_nhsuk"
WORDS = "a carer slapped my nan"


def stories(pipeline: Pipeline) -> str:
    """The sample's reviews, of which one tells of harm; the id of its submission."""
    feed = pipeline.feeds[NHSUK]
    pipeline.feeds[NHSUK] = replace(feed, bounds=replace(feed.bounds, rejected_share=1.0))
    content = (PROJECT / "dags" / "feeds" / NHSUK / "sample_poll.jsonl").read_text("utf-8")
    assert content.count("We waited four hours.") >= 1
    content = content.replace("We waited four hours.", f"We waited, then {WORDS}.")
    receipt, _ = pipeline.land(NHSUK, "poll.jsonl", io.BytesIO(content.encode()))
    pipeline.judge(receipt.submission_id)
    assert pipeline.load(receipt.submission_id).loaded
    return receipt.submission_id


def rows(pipeline: Pipeline, sql: str) -> list[tuple[object, ...]]:
    with open_warehouse(pipeline.settings).writer() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_a_story_that_speaks_of_harm_is_shown_once_somebody_has_looked(on_each_made: Pipeline) -> None:
    pipeline = on_each_made
    submission = stories(pipeline)
    flagged = rows(pipeline, "select distinct line_number, harm_codes from raw.experience_story where harm_codes is not null")
    assert {codes for _, codes in flagged} == {'["abuse"]'}
    lines = {line for line, _ in flagged}
    pipeline.build_and_publish()
    shown = "select count(*) from published.consented_story where body like '%slapped%'"
    assert rows(pipeline, shown) == [(0,)]
    assert rows(pipeline, "select count(*) from published.consented_story")[0] > (0,)
    marked = "select distinct harm_codes from published.narrative where narrative like '%slapped%'"
    assert rows(pipeline, marked) == [('["abuse"]',)], "nursing reads it, with its flag"

    warehouse = open_warehouse(pipeline.settings)
    with warehouse.writer() as connection:
        assert {row.line_number for row in waiting(connection)} == lines
        for line in lines:
            record(connection, submission, int(str(line)), Review.PASSED_ON, "Nora")
    pipeline.build_and_publish()
    assert rows(pipeline, shown) == [(0,)]
    with warehouse.writer() as connection:
        assert waiting(connection) == []
        for line in lines:
            record(connection, submission, int(str(line)), Review.SHOWN, "Nora")
    pipeline.build_and_publish()
    assert rows(pipeline, shown)[0] > (0,)

    pipeline.judge(submission)
    assert pipeline.load(submission).loaded
    pipeline.build_and_publish()
    assert rows(pipeline, shown)[0] > (0,), "loaded again as it was, the review stands"


def test_codes_stand_in_one_order_so_that_a_review_outlasts_a_replay(on_made_duckdb: Pipeline) -> None:
    pipeline = on_made_duckdb
    words = (
        "He was left in his own mess all night and wanted to die.",
        "A carer slapped him, and he wanted to die.",
        "A carer slapped him.",
    )
    outcome = loaded(pipeline, export(*({"ID": f"HARM{number}", "Description": text} for number, text in enumerate(words))))
    with open_warehouse(pipeline.settings).writer() as connection:
        flagged = waiting(connection)
        assert [row.harm_codes for row in flagged] == ['["neglect", "wish_to_die"]', '["abuse", "wish_to_die"]', '["abuse"]']
        for row in flagged:
            record(connection, outcome.submission_id, row.line_number, Review.SHOWN, "Nora")
    pipeline.judge(outcome.submission_id)
    assert pipeline.load(outcome.submission_id).loaded
    with open_warehouse(pipeline.settings).writer() as connection:
        assert waiting(connection) == []


def test_what_the_rows_of_a_line_speak_of_is_one_review() -> None:
    """A return to a survey has a row for each answer."""
    lines = {"submission_id": "s-1", "part_name": "", "line_number": 7}
    spoken = pl.DataFrame([{**lines, "harm_codes": codes} for codes in ('["neglect"]', '["wish_to_die", "abuse"]', '["neglect"]')])
    assert _of_several(spoken).rows(named=True) == [{**lines, "harm_codes": '["abuse", "neglect", "wish_to_die"]'}]


def test_whoever_is_responsible_is_told_once_and_without_words(on_each_made: Pipeline, caplog: pytest.LogCaptureFixture) -> None:
    with mail_server() as mails:
        told = replace(
            on_each_made.settings,
            smtp_url=f"smtp://127.0.0.1:{mails.port}",
            mail_from="data@ics.example",
            safeguarding_to=("safe@ics.example",),
        )
        pipeline = Pipeline(told)
        mails.refuses = True
        with caplog.at_level(logging.WARNING):
            outcome = loaded(pipeline, export({"ID": "HARM", "Description": f"My mother, Agnieszka: {WORDS}."}, *others(3)))
        assert outcome.loaded, "a mail that can't be sent is no reason not to load"
        assert "was not told" in caplog.text
        mails.refuses = False
        assert harm_reviews.tell(told) == 1
        assert harm_reviews.tell(told) == 0, "told once"
    (mail,) = mails.received
    message = str(mail)
    assert mail["To"] == "safe@ics.example"
    assert outcome.submission_id in message
    assert "abuse" in message
    assert not [word for word in ("slapped", "Agnieszka", "HARM", "nan") if word in message]
    assert not [word for word in ("slapped", "Agnieszka") if word in caplog.text]


def test_one_that_is_erased_leaves_the_queue(on_each_made: Pipeline) -> None:
    loaded(on_each_made, export({"ID": "HARM", "Description": WORDS}, *others(3)))
    erase(on_each_made, *record_key(on_each_made.settings, "complaint", ORGANISATION, "HARM"))
    assert rows(on_each_made, "select count(*) from ops.harm_review") == [(0,)]


def test_the_queue_is_read_and_decided_on_at_the_command_line(on_made_duckdb: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = loaded(on_made_duckdb, export({"ID": "HARM", "Description": f"{WORDS} x"}, *others(3)))
    monkeypatch.setenv("SAMEPICTURE_HOME", str(on_made_duckdb.settings.home))
    monkeypatch.setenv("SAMEPICTURE_WAREHOUSE", on_made_duckdb.settings.warehouse)
    run = CliRunner().invoke
    line = str(rows(on_made_duckdb, "select line_number from ops.harm_review")[0][0])
    assert outcome.submission_id in run(app, ["harm-reviews"]).output
    shown = run(app, ["harm-review", outcome.submission_id, line])
    assert WORDS in shown.output
    assert run(app, ["harm-review", outcome.submission_id, line, "--outcome", "passed_on"]).exit_code != 0, "nobody says who decides"
    assert run(app, ["harm-review", outcome.submission_id, line, "--outcome", "passed_on", "--by", "Nora"]).exit_code == 0
    assert "Nothing waits" in run(app, ["harm-reviews"]).output
    assert rows(on_made_duckdb, "select outcome_code, reviewed_by from ops.harm_review") == [("passed_on", "Nora")]
