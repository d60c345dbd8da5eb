"""Damaged files of every feed on the whole way to a verdict that adds up; fewer, for it costs more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples

from samepicture.feed import Feed
from samepicture.process import Pipeline
from tests.fuzz.mutants import FEEDS, OTHERS, THE_SAME, Mutant, mutants
from tests.fuzz.soundness import judged


@pytest.mark.timeout(120, method="thread")
@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_damaged_files_are_judged(feed: Feed, pipeline: Pipeline) -> None:
    @examples(THE_SAME, max_examples=2)
    @given(mutants(tuple(feed.samples), OTHERS))
    def each(mutant: Mutant) -> None:
        judged(pipeline, feed, mutant)

    each()
