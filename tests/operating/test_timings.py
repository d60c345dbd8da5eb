"""Where a submission's time went: each step once, all of it, on both engines."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.process import Pipeline
from samepicture.timings import STAGES, Timing, _spans, last_loaded, newest, of
from samepicture.warehouse import open_warehouse
from tests.operating.rows import NOON, build, submission, warning


@pytest.fixture
def pipeline(on_each_engine: Pipeline) -> Pipeline:
    open_warehouse(on_each_engine.settings).create()
    return on_each_engine


def the(pipeline: Pipeline, submission_id: str) -> Timing:
    with open_warehouse(pipeline.settings).operations() as (as_of, connection):
        assert as_of is None
        found = of(connection, submission_id)
    assert found is not None
    return found


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_each_step_from_landing_to_publishing(pipeline: Pipeline) -> None:
    submission_id = submission(pipeline, 7)
    warning(pipeline, submission_id, "UPH")
    build(pipeline, 6, after(-100))
    build(pipeline, 7, after(10))
    build(pipeline, 7, after(500))  # by the clock: it took nothing more
    build(pipeline, 9, after(20))
    found = the(pipeline, submission_id)
    assert found.spans == {"wait": 2, "judge": 3, "queue": 1, "load": 2, "pending": 2, "build": 3, "publish": 1}
    assert found.seconds == 14
    assert found.published_at == after(14)
    assert (found.received, found.accepted, found.rejected, found.warnings) == (100, 98, 2, 1)


def test_the_build_may_come_with_a_later_load(pipeline: Pipeline) -> None:
    submission_id = submission(pipeline, 7)
    build(pipeline, 9, after(20), published=None)
    found = the(pipeline, submission_id)
    assert found.spans == {"wait": 2, "judge": 3, "queue": 1, "load": 2, "pending": 12, "build": 3}
    assert found.published_at is None


def test_what_is_not_built_yet_ends_with_its_load(pipeline: Pipeline) -> None:
    submission_id = submission(pipeline, 7)
    build(pipeline, 6, after(20))
    assert list(the(pipeline, submission_id).spans) == ["wait", "judge", "queue", "load"]


def test_a_refused_one_is_never_published(pipeline: Pipeline) -> None:
    submission_id = submission(pipeline, 7, outcome_code="rejected", rejection_code="empty_file")
    build(pipeline, 7, after(20))
    found = the(pipeline, submission_id)
    assert list(found.spans) == ["wait", "judge", "queue", "load"]
    assert found.published_at is None


def test_a_replay_has_not_waited_since_the_landing(pipeline: Pipeline) -> None:
    submission_id = submission(pipeline, 7, steps=(86400, 86403, 86404, 86405), replaced_row_count=98)
    found = the(pipeline, submission_id)
    assert found.is_replayed
    assert found.spans["wait"] == 0
    assert found.seconds == 5


def test_a_build_that_waited_for_the_load_counts_from_its_end(pipeline: Pipeline) -> None:
    submission_id = submission(pipeline, 7)  # loaded from 6 to 8
    build(pipeline, 7, after(7), seconds=4)
    assert the(pipeline, submission_id).spans == {"wait": 2, "judge": 3, "queue": 1, "load": 2, "pending": 0, "build": 3, "publish": 1}


def test_pages_are_of_the_newest_and_miss_none(pipeline: Pipeline) -> None:
    ids = [submission(pipeline, number, feed_id="ab"[number % 2], landed=NOON + timedelta(seconds=number // 3)) for number in range(10)]
    for feed_id in (None, "a"):
        wanted = [each for each in ids if feed_id is None or each.startswith("a.")]
        found: list[str] = []
        with open_warehouse(pipeline.settings).operations() as (_, connection):
            while page := newest(connection, feed_id, before=found[-1] if found else None, most=2):
                found += [timing.submission_id for timing in page]
        assert len(found) == len(set(found))
        assert set(found) == set(wanted)
        assert found[0] in ids[-2:]
    with open_warehouse(pipeline.settings).operations() as (_, connection):
        assert newest(connection, before="nobody.0000000000000000") == []


def test_the_last_that_was_loaded_of_each_feed(pipeline: Pipeline) -> None:
    submission(pipeline, 1, feed_id="a")
    second = submission(pipeline, 2, feed_id="a", landed=after(60))
    submission(pipeline, 3, feed_id="a", landed=after(120), outcome_code="rejected")
    other = submission(pipeline, 4, feed_id="b")
    submission(pipeline, 5, feed_id="c", outcome_code="rejected")
    with open_warehouse(pipeline.settings).operations() as (_, connection):
        found = last_loaded(connection)
    assert {feed_id: timing.submission_id for feed_id, timing in found.items()} == {"a": second, "b": other}


@given(st.lists(st.one_of(st.none(), st.integers(-1000, 100_000)), max_size=len(STAGES)))
def test_steps_are_the_whole_time(seconds: list[int | None]) -> None:
    moments = [None if second is None else after(second) for second in seconds]
    spans = _spans(NOON, moments)
    over = seconds[: seconds.index(None)] if None in seconds else seconds
    assert list(spans) == list(STAGES[: len(over)])
    assert min(spans.values(), default=0) >= 0
    assert sum(spans.values()) == max([0, *(second for second in over if second is not None)])
