"""One process that takes many damaged files of a feed: `python -m tests.fuzz.endurance <feed> <examples> <seed> <file>`.

`file` always holds the one under way, so that what ended the process can be had again.
A file that takes longer than TIME_MAX ends the process with a traceback. The last line of
the output is JSON: how many files came to which outcome, seconds of the slowest, memory.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import resource
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as examples

from samepicture.process import Pipeline
from samepicture.settings import Settings
from tests.fuzz.mutants import OTHERS, Mutant, mutants
from tests.fuzz.soundness import judged, read_and_mapped

TIME_MAX = 20
"""Seconds that one file may take on a busy machine; all are small."""
JUDGED_EVERY = 10
"""The whole way costs more: every tenth file takes it."""


def main(feed_id: str, count: str, seed_of_run: str, last: str) -> None:
    """Take `count` files; the first that is not sound ends the process."""
    logging.disable()
    pipeline = Pipeline(Settings.from_environment())
    feed = pipeline.feeds[feed_id]
    judged(
        pipeline, feed, Mutant("as it is", feed.samples[0].name, feed.samples[0].read_bytes())
    )  # Great Expectations takes its time to load
    outcomes, memory, slowest, this_process = Counter[str](), list[int](), [0.0], psutil.Process()

    @seed(int(seed_of_run))
    @examples(max_examples=int(count), database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(mutants(tuple(feed.samples), OTHERS))
    def each(mutant: Mutant) -> None:
        Path(last).write_bytes(mutant.content)
        faulthandler.dump_traceback_later(TIME_MAX, exit=True)
        start = time.monotonic()
        whole_way = len(memory) % JUDGED_EVERY == 0
        outcomes[judged(pipeline, feed, mutant) if whole_way else read_and_mapped(feed, mutant)] += 1
        slowest[0] = max(slowest[0], time.monotonic() - start)
        faulthandler.cancel_dump_traceback_later()
        memory.append(this_process.memory_info().rss >> 20)

    each()
    tenth = max(len(memory) // 10, 1)
    middle = len(memory) // 2
    print(
        json.dumps(
            {
                "outcomes": dict(outcomes.most_common()),
                "slowest_seconds": round(slowest[0], 2),
                "middle_mb": statistics.median(memory[middle : middle + tenth]),
                "end_mb": statistics.median(memory[-tenth:]),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
