"""What operators see of the ledger, and what nobody sees there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from samepicture import failures, ledger
from samepicture.operating import rendering
from samepicture.operating.reading import LINES, SUBMISSIONS, read_feed_list, read_submission, read_submission_list
from samepicture.process import Pipeline
from samepicture.warehouse import WarehouseError, open_warehouse
from tests.operating.rows import NOON, WORDS, build, feed, put, rejection, submission, warning


@pytest.fixture
def pipeline(on_each_engine: Pipeline) -> Pipeline:
    open_warehouse(on_each_engine.settings).create()
    return on_each_engine


@pytest.fixture
def embedded(pipeline: Pipeline) -> Pipeline:
    if not pipeline.settings.warehouse.startswith("duckdb"):
        pytest.skip("readers of a server wait for nobody")
    return pipeline


class Words(HTMLParser):
    """The text of a page as it is read out: without labels for the eye alone."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._is_hidden = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._is_hidden = tag == "span" and ("aria-hidden", "true") in attributes

    def handle_endtag(self, tag: str) -> None:
        self._is_hidden = False
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += "" if self._is_hidden else data


def said(html: str) -> str:
    words = Words()
    words.feed(html)
    return " ".join(words.text.split())


def test_feeds_with_problems_come_first_and_say_what(pipeline: Pipeline) -> None:
    feed(pipeline, "a")
    feed(pipeline, "late", expected_every_days=9)
    feed(pipeline, "unused", is_active=False, expected_every_days=9)
    submission(pipeline, 1, feed_id="a")
    submission(pipeline, 2, feed_id="late", landed=NOON - timedelta(days=20))
    submission(pipeline, 3, feed_id="late", landed=NOON, outcome_code="rejected", rejection_code="empty_file", rejection_sentence=WORDS)
    failures.note(pipeline.settings, "a", "The source does not answer.")
    found = read_feed_list(pipeline.settings)
    assert [(line.feed.feed_id, line.is_late, [problem.kind for problem in line.problems]) for line in found.feeds] == [
        ("late", True, ["late", "refused"]),
        ("a", False, []),
        ("unused", False, []),
    ]
    late = found.feeds[0]
    assert late.last is not None
    assert late.last.outcome_code == "rejected"
    assert late.loaded is not None
    assert late.loaded.landed_at == NOON - timedelta(days=20)
    page = said(rendering.feed_list(found, ""))
    assert "2 feeds in use, 1 late. 1 feed with something to look at" in page
    assert "<Late> late complaint, nursing, from Northmoor & Sons every 9 days" in page
    assert "98 and 2 refused late <Late> (late) is late: expected every 9 days" in page


def test_what_the_sweep_has_told_and_a_warehouse_that_is_not_built_are_there(pipeline: Pipeline) -> None:
    feed(pipeline, "a")
    notice = {
        "kind_code": "failing",
        "feed_id": "a",
        "subject": "load",
        "since": NOON,
        "sentence": "a: 2 landed submissions wait.",
        "told_at": NOON,
    }
    put(
        pipeline,
        ledger.notice,
        {**notice, "notice_id": "1", "messenger_code": "mail"},
        {**notice, "notice_id": "2", "messenger_code": "chat"},
    )
    put(pipeline, ledger.notice, {**notice, "notice_id": "3", "messenger_code": "mail", "feed_id": "b", "solved_at": NOON})
    submission(pipeline, 1, feed_id="a")
    found = read_feed_list(pipeline.settings)
    assert [problem.sentence for problem in found.feeds[0].problems] == ["a: 2 landed submissions wait."]
    assert [(problem.kind, problem.subject) for problem in found.of_the_warehouse] == [("failing", "build")]
    build(pipeline, 1, NOON + timedelta(seconds=20))
    assert read_feed_list(pipeline.settings).of_the_warehouse == []


def test_submissions_are_paged_and_filtered(pipeline: Pipeline) -> None:
    feed(pipeline, "a")
    feed(pipeline, "b")
    for number in range(SUBMISSIONS + 2):
        submission(pipeline, number, feed_id="a", landed=NOON + timedelta(minutes=number))
    submission(pipeline, 100, feed_id="b", outcome_code="rejected", rejection_code="empty_file")
    first = read_submission_list(pipeline.settings, "a", None)
    assert (len(first.submissions), first.has_more) == (SUBMISSIONS, True)
    rest = read_submission_list(pipeline.settings, "a", first.submissions[-1].submission_id)
    assert ([timing.submission_id for timing in rest.submissions], rest.has_more) == (["a.0000000000000001", "a.0000000000000000"], False)
    assert 'value="a" selected' in rendering.submission_list(first, "")
    assert f"submissions?feed=a&amp;before={first.submissions[-1].submission_id}" in rendering.submission_list(first, "")
    page = said(rendering.submission_list(read_submission_list(pipeline.settings, "b", None), ""))
    assert "refused empty_file" in page
    assert "8.0 s waited to be judged 2.0 s, judged 3.0 s, waited to be loaded 1.0 s, loaded 2.0 s" in page
    assert "Older submissions" not in page


def test_one_submission_line_by_line(pipeline: Pipeline) -> None:
    feed(pipeline, "a")
    submission_id = submission(pipeline, 1, feed_id="a")
    for line in range(LINES + 3):
        rejection(pipeline, submission_id, line + 2)
    rejection(pipeline, submission_id, 2, "code_unknown", part="another")
    warning(pipeline, submission_id, "UPH")
    warning(pipeline, submission_id, f"said {WORDS} to me")
    found = read_submission(pipeline.settings, submission_id)
    assert found is not None
    assert found.reasons is not None
    assert found.lines is not None
    assert [(reason.code, reason.records) for reason in found.reasons] == [("date_missing", LINES + 3), ("code_unknown", 1)]
    assert [(line.part_number, line.line_number, line.code) for line in found.lines[:2]] == [(1, 2, "code_unknown"), (2, 2, "date_missing")]
    assert (len(found.lines), found.line_count) == (LINES, LINES + 4)
    assert [(each.value, each.records) for each in found.warnings] == [("UPH", 3), ("", 3)]
    page = rendering.submission(found, "../", may_replay=True)
    assert "part 2, 2 date_missing received_date" in said(page).replace("Code", "").replace("Column", "").replace("  ", " ").replace(
        "  ", " "
    )
    assert f"{submission_id}?line={LINES}#lines" in page
    last = read_submission(pipeline.settings, submission_id, LINES)
    assert last is not None
    assert last.lines is not None
    assert [line.line_number for line in last.lines] == [LINES + 1, LINES + 2, LINES + 3, LINES + 4]
    assert read_submission(pipeline.settings, "a.00000000000000ff") is None


def test_no_page_holds_words_or_what_a_sender_called_a_file(pipeline: Pipeline) -> None:
    feed(pipeline, "a")
    submission_id = submission(
        pipeline,
        1,
        outcome_code="rejected",
        rejection_code="empty_file",
        rejection_sentence=f"The file {WORDS}.csv is empty: send it again.",
    )
    rejection(pipeline, submission_id, 2)
    warning(pipeline, submission_id, WORDS.replace("_", " "))
    one = read_submission(pipeline.settings, submission_id)
    assert one is not None
    for html in (
        rendering.feed_list(read_feed_list(pipeline.settings), ""),
        rendering.submission_list(read_submission_list(pipeline.settings, None, None), ""),
        rendering.submission(one, "../"),
    ):
        assert "smith" not in html


def test_the_server_refuses_an_operator_what_engineers_may_not_read(on_made_postgresql: Pipeline) -> None:
    with open_warehouse(on_made_postgresql.settings).operations() as (_, connection):
        connection.execute(text("select line_number from ops.quarantine"))
        with pytest.raises(SQLAlchemyError, match="permission denied"):
            connection.execute(text("select record from ops.quarantine"))
    with open_warehouse(on_made_postgresql.settings).operations() as (_, connection), pytest.raises(SQLAlchemyError, match="read-only"):
        connection.execute(text("delete from ops.notice"), execution_options={"no_parameters": False})


HOLD = """
import sys
from samepicture.warehouse import open_warehouse
from samepicture.settings import Settings
with open_warehouse(Settings.from_environment()).writer():
    print("writing", flush=True)
    sys.stdin.readline()
"""
SHELL = """
import duckdb, sys
with duckdb.connect(sys.argv[1]):
    print("writing", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def somebody_writes(pipeline: Pipeline, program: str) -> Iterator[None]:
    command = [sys.executable, "-c", program, pipeline.settings.warehouse.removeprefix("duckdb:///")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield
        process.communicate("\n", timeout=30)


@pytest.mark.parametrize("program", [HOLD, SHELL], ids=["a load", "a person's shell"])
def test_while_a_writer_has_the_file_the_copy_answers_and_says_when_it_was_made(embedded: Pipeline, program: str) -> None:
    feed(embedded, "a")
    submission_id = submission(embedded, 1)
    rejection(embedded, submission_id, 2)
    build(embedded, 1, NOON + timedelta(seconds=10), published=None)
    with somebody_writes(embedded, program), pytest.raises(WarehouseError, match="nothing is published yet"):
        read_feed_list(embedded.settings)
    open_warehouse(embedded.settings).publish()
    later = submission(embedded, 2, landed=NOON + timedelta(hours=1))
    with somebody_writes(embedded, program):
        began = datetime.now(UTC)
        feeds = read_feed_list(embedded.settings)
        submissions = read_submission_list(embedded.settings, None, None)
        one = read_submission(embedded.settings, submission_id)
        assert (datetime.now(UTC) - began).total_seconds() < 20, "nobody waits for a writer"
        assert read_submission(embedded.settings, later) is None
    assert feeds.moment.as_of is not None
    assert feeds.of_the_warehouse == [], "that the copy is not marked as published in itself is no problem"
    assert [timing.submission_id for timing in submissions.submissions] == [submission_id]
    assert one is not None
    assert (one.reasons, one.lines) == (None, None)
    assert f"what was published at {rendering.minute(feeds.moment.as_of)}" in said(rendering.feed_list(feeds, ""))
    assert "Rejected lines are in the warehouse alone" in said(rendering.submission(one, "../"))
    now = read_submission_list(embedded.settings, None, None)
    assert (now.moment.as_of, len(now.submissions)) == (None, 2)


def test_before_anything_was_loaded_the_page_says_so(on_each_engine: Pipeline) -> None:
    with pytest.raises(WarehouseError, match="nothing was loaded yet"):
        read_feed_list(on_each_engine.settings)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min"), (200, "3 min 20 s"), (3599.9, "1 h"), (18120, "5 h 2 min"), (86400 + 4 * 3600, "1 day 4 h"), (3 * 86400, "3 days")],
)  # fmt: skip
def test_times_are_said_in_two_units_at_most(seconds: float, words: str) -> None:
    assert rendering.duration(seconds) == words
