"""Replays, odd archives, versions from the future, takedowns: what a review once found."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text

from samepicture import inbox
from samepicture.build import build
from samepicture.pending import pending
from samepicture.process import Pipeline
from samepicture.publish import unpublished_since
from samepicture.settings import PROJECT
from samepicture.warehouse import open_warehouse
from samepicture.warehouse.tables import raw_table
from tests.landed import landed_at
from tests.upkeep.cases import export

LINES = (PROJECT / "dags" / "feeds" / "complaint_return" / "sample_ko41b_practice.csv").read_text().splitlines(keepends=True)


def practices(*numbers: int, spoilt: bool = False) -> bytes:
    """A KO41b file of invented practices; `spoilt` makes the count of its first row a word."""
    rows = [LINES[1].replace("Z81001", f"Z8{number:04d}") for number in numbers]
    if spoilt:
        cells = rows[0].split(",")
        rows[0] = ",".join([*cells[:12], "many", *cells[13:]])
    return "".join([LINES[0], *rows]).encode()


@pytest.fixture
def pipeline(on_made_duckdb: Pipeline) -> Pipeline:
    """What is tested here is not the first build."""
    return on_made_duckdb


def loaded(pipeline: Pipeline, name: str, content: bytes) -> str:
    receipt, _ = pipeline.land("complaint_return", name, io.BytesIO(content))
    pipeline.judge(receipt.submission_id)
    assert pipeline.load(receipt.submission_id).loaded
    return receipt.submission_id


def test_a_large_first_backlog_can_be_replayed(on_each_made: Pipeline) -> None:
    pipeline = on_each_made
    backlog = loaded(pipeline, "backlog.csv", practices(*range(1, 61)))
    for number in range(4):
        loaded(pipeline, f"{number}.csv", practices(100 + number))
    pipeline.judge(backlog)
    again = pipeline.load(backlog)
    assert (again.loaded, again.accepted) == (True, 60)


def test_rows_that_a_replay_took_away_are_pending(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = loaded(pipeline, "a.csv", practices(1, 2))
    pipeline.build_and_publish()
    assert pending(pipeline.settings) is None
    monkeypatch.setattr("samepicture.mapping.Mapping.__init__", _refuse)
    pipeline.judge(submission)
    assert not pipeline.load(submission).loaded
    work = pending(pipeline.settings)
    assert work is not None
    assert work.record_types == ("complaint_return",)


def test_what_the_clock_rebuilt_is_to_be_published(on_each_made: Pipeline) -> None:
    pipeline = on_each_made
    loaded(pipeline, "a.csv", practices(1, 2))
    pipeline.build_and_publish()
    assert build(pipeline.settings, clocks=True) is not None
    assert unpublished_since(pipeline.settings) is not None, "a build of the clock that was not published would be taken for published"
    pipeline.build_and_publish()
    assert unpublished_since(pipeline.settings) is None


def _refuse(*_: object) -> None:
    from samepicture.messages import SubmissionRejected

    raise SubmissionRejected("missing_column", "A column that the feed now needs is missing.")


def test_two_members_of_one_name_are_told_apart(pipeline: Pipeline) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a/practices.csv", practices(*range(1, 31), spoilt=True))
        archive.writestr("b/practices.csv", practices(*range(31, 61), spoilt=True))
    receipt, _ = pipeline.land("complaint_return", "both.zip", io.BytesIO(target.getvalue()))
    pipeline.judge(receipt.submission_id)
    outcome = pipeline.load(receipt.submission_id)
    assert (outcome.received, outcome.accepted, outcome.rejected) == (60, 58, 2)


def test_a_feed_that_is_not_declared_holds_up_no_other(pipeline: Pipeline) -> None:
    pipeline.landing.land("complaint_gone", "x.csv", io.BytesIO(b"x"))
    receipt, _ = pipeline.land("complaint_return", "a.csv", io.BytesIO(practices(1)))
    assert inbox.waiting(pipeline) == {"complaint_return": [receipt.submission_id]}


def test_a_takedown_takes_the_words_out_of_every_version(on_each_made: Pipeline) -> None:
    pipeline = on_each_made
    loaded(pipeline, "a.csv", practices(1))
    warehouse = open_warehouse(pipeline.settings)
    story = raw_table("experience_story")
    base = {
        "publisher_code": "care_opinion",
        "feed_id": "experience_story_care_opinion",
        "part_name": "",
        "version_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    with warehouse.writer() as connection:
        connection.execute(
            insert(story), [{**base, "submission_id": "earlier", "story_id": name, "body": "words", "is_removed": False} for name in "12"]
        )
    answers = b'{"request": "opinions?skip=0", "status": 200, "answer": "[]"}\n{"request": "opinions/1", "status": 404, "answer": ""}\n'
    receipt, _ = pipeline.land("experience_story_care_opinion", "poll.jsonl", io.BytesIO(answers))
    pipeline.judge(receipt.submission_id)
    assert pipeline.load(receipt.submission_id).loaded
    with warehouse.writer() as connection:
        kept = connection.execute(text("select story_id from raw.experience_story where body is not null")).scalars().all()
    assert kept == ["2"]


def test_a_version_from_the_future_is_rejected(pipeline: Pipeline) -> None:
    feed = pipeline.feed("complaint_northmoor")
    rows = list(csv.DictReader(io.StringIO(feed.samples[0].read_text(encoding="utf-8-sig"))))[:1]
    target = io.StringIO()
    writer = csv.DictWriter(target, rows[0].keys())
    writer.writeheader()
    writer.writerows([{**rows[0], "ID": f"C{number}", "Last updated": "01/02/2204 09:00" if number == 3 else ""} for number in range(12)])
    receipt, _ = pipeline.land(feed.id, "cases.csv", io.BytesIO(target.getvalue().encode()))
    pipeline.judge(receipt.submission_id)
    assert pipeline.load(receipt.submission_id).accepted == 11
    with open_warehouse(pipeline.settings).writer() as connection:
        assert connection.execute(text("select code, line_number from ops.quarantine")).all() == [("changed_in_the_future", 5)]


@pytest.mark.parametrize(("day", "accepted"), [("15/07/2025", 12), ("16/07/2025", 11)])
def test_a_day_is_that_of_where_sources_are(day: str, accepted: int, pipeline: Pipeline) -> None:
    cases = [{"ID": f"C{number}"} for number in range(12)]
    later = (
        "Incident date",
        "Date acknowledged",
        "Date due",
        "Date replied",
        "Date closed",
        "Date re-opened",
        "Times re-opened",
        "Last updated",
    )
    cases[3] |= {"Date received": day, **dict.fromkeys(later, "")}
    receipt, _ = pipeline.land("complaint_northmoor", "cases.csv", io.BytesIO(export(*cases)))
    landed_at(pipeline, receipt, datetime(2025, 7, 14, 23, 10, tzinfo=UTC))  # ten past midnight on the 15th, in summer time
    assert pipeline.judge(receipt.submission_id).accepted == accepted


def polled(pipeline: Pipeline, landed: datetime, *answers: tuple[str, int, object]) -> None:
    """A poll of SurveyMonkey, landed at that moment, judged and loaded."""
    assert pipeline.load(judged(pipeline, landed, *answers)).loaded


def judged(pipeline: Pipeline, landed: datetime, *answers: tuple[str, int, object]) -> str:
    """The same, not loaded yet; its submission."""
    lines = [
        json.dumps({"request": request, "status": status, "answer": json.dumps(document) if status == 200 else ""})
        for request, status, document in answers
    ]
    receipt, _ = pipeline.land("survey_response_surveymonkey", "poll.jsonl", io.BytesIO("\n".join(lines).encode()))
    landed_at(pipeline, receipt, landed)
    pipeline.judge(receipt.submission_id)
    return receipt.submission_id


def returned(changed: datetime, words: str | None) -> tuple[str, int, object]:
    """A page with the one return; without words it holds no answer."""
    answers = [{"id": "902", "answers": [{"text": words}]}] if words else []
    moment = changed.isoformat()
    record = {"id": "5", "date_created": moment, "date_modified": moment, "response_status": "completed", "pages": [{"questions": answers}]}
    return "surveys/318000001/responses/bulk?page=1", 200, {"data": [record], "total": 1}


GONE = ("surveys/318000001/responses/5", 404, None)
DETAILS = (
    "surveys/318000001/details",
    200,
    {
        "id": "318000001",
        "title": "Invented",
        "pages": [{"questions": [{"id": "902", "family": "open_ended", "headings": [{"heading": "Why?"}]}]}],
    },
)


def words_kept(pipeline: Pipeline) -> list[str]:
    with open_warehouse(pipeline.settings).writer() as connection:
        return sorted(connection.execute(text("select narrative from raw.survey_response where narrative is not null")).scalars())


@pytest.mark.parametrize("ahead", [timedelta(hours=-1), timedelta(hours=1)], ids=["clocks agree", "the source is ahead"])
def test_the_words_of_a_return_that_was_deleted_go_from_every_version(pipeline: Pipeline, ahead: timedelta) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    polled(pipeline, noon, DETAILS, returned(noon + ahead, "The first words."))
    polled(pipeline, noon + timedelta(minutes=30), DETAILS, GONE)
    assert words_kept(pipeline) == []
    pipeline.build_and_publish()
    with open_warehouse(pipeline.settings).writer() as connection:
        for table in ("conformed.fct_survey_answer", "conformed.fct_survey_return", "conformed.fct_feedback"):
            assert connection.execute(text(f"select count(*) from {table}")).scalar_one() == 0, table


def test_a_return_that_was_empty_at_first_keeps_its_words(on_each_made: Pipeline) -> None:
    pipeline = on_each_made
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    polled(pipeline, noon, DETAILS, returned(noon - timedelta(hours=2), None))
    polled(pipeline, noon + timedelta(hours=1), DETAILS, returned(noon, "Now I have time."))
    assert words_kept(pipeline) == ["Now I have time."]
