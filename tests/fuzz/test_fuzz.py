"""Damaged files of every feed, a new one's too: a verdict that adds up or a refusal that can be acted on, never a crash.

`make test` takes the same few each time; `make faults` takes thousands, each time others,
through processes of their own that are watched for time and memory.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples

from samepicture.feed import Feed, load_feeds
from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from tests.fuzz.mutants import Mutant, all_samples, mutants
from tests.fuzz.soundness import judged, read_and_mapped

FEEDS = load_feeds(Settings.from_environment().feeds)
OTHERS = all_samples(FEEDS)
THE_SAME = examples(
    derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink]
)
MANY = int(os.environ.get("SAMEPICTURE_FUZZ_EXAMPLES", "2000"))
"""Of each feed, in the long part."""
MEMORY_MAX = 1500
"""MB that a process may need at its peak; so much is also allowed for a file of 200 MB."""


@pytest.mark.timeout(120, method="thread")  # a parser in C that hangs hears no signal
@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_damaged_files(feed: Feed) -> None:
    @examples(THE_SAME, max_examples=25)
    @given(mutants(tuple(feed.samples), OTHERS))
    def each(mutant: Mutant) -> None:
        read_and_mapped(feed, mutant)

    each()


@pytest.mark.timeout(120, method="thread")
@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_damaged_files_are_judged(feed: Feed, pipeline: Pipeline) -> None:
    @examples(THE_SAME, max_examples=2)
    @given(mutants(tuple(feed.samples), OTHERS))
    def each(mutant: Mutant) -> None:
        judged(pipeline, feed, mutant)

    each()


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("feed", FEEDS)
def test_thousands_of_damaged_files(feed: str, settings: Settings, tmp_path: Path) -> None:
    seed, last = str(random.SystemRandom().randrange(2**32)), tmp_path / "last"
    command = [sys.executable, "-m", "tests.fuzz.endurance", feed, str(MANY), seed, str(last)]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{' '.join(command[1:])} (the file is {last})\n{run.stderr[-6000:]}"
    found = json.loads(run.stdout.splitlines()[-1])
    print(feed, seed, found)  # shown by -s
    assert sum(found["outcomes"].values()) >= MANY // 2
    assert found["end_mb"] < 1.15 * found["middle_mb"] + 20, "memory grows from file to file"
    assert found["peak_mb"] < MEMORY_MAX
