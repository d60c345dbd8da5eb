"""A few damaged files of every feed, a new one's too, the same each time: read and mapped, or refused, never a crash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples

from samepicture.feed import Feed
from tests.fuzz.mutants import FEEDS, OTHERS, THE_SAME, Mutant, mutants
from tests.fuzz.soundness import read_and_mapped


@pytest.mark.timeout(120, method="thread")  # a parser in C that hangs hears no signal
@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_damaged_files(feed: Feed) -> None:
    @examples(THE_SAME, max_examples=25)
    @given(mutants(tuple(feed.samples), OTHERS))
    def each(mutant: Mutant) -> None:
        read_and_mapped(feed, mutant)

    each()
