"""Parsing the DAG file of five hundred feeds, as Airflow's DAG processor does every half minute, and the parts of it.

    make bench-parsing    or   python benchmarks/parsing.py [feeds]

The limit beside it: as many DAGs with the same two tasks, made by a loop that reads nothing. Each in a fresh process,
Airflow imported before the clock starts, as it is in the DAG processor.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measure import clocked, in_turn, show  # noqa: E402
from benchmarks.report import Line, Point, keep, tell  # noqa: E402

FEEDS = ROOT / "dags" / "feeds"


def copies(folder: Path, number: int) -> None:
    """So many feeds: those of the project, again and again under other ids."""
    models = sorted(path.parent for path in FEEDS.glob("*/feed.yml"))
    for place in range(number):
        model = models[place % len(models)]
        made = folder / f"{model.name}_{place}"
        shutil.copytree(model, made, ignore=shutil.ignore_patterns("sample*", "expected*"))
        text = (made / "feed.yml").read_text()
        (made / "feed.yml").write_text(text.replace(f"id: {model.name}\n", f"id: {made.name}\n", 1))


def read_feeds(folder: str) -> float:
    """feed.yml alone."""
    from samepicture.feed import load_feeds

    return clocked(lambda: load_feeds([Path(folder)]))


def parse(folder: str) -> float:
    """The DAG file: all feeds, and a DAG or two of each."""
    import runpy

    import airflow.sdk  # noqa: F401

    import samepicture.airflow.factory  # noqa: F401

    os.environ["SAMEPICTURE_FEEDS"] = folder
    return clocked(lambda: runpy.run_path(str(ROOT / "dags" / "feed_dags.py")))


def bare(number: int) -> float:
    """DAGs that come from no file."""
    from airflow.sdk import DAG, Asset, PartitionedAssetTimetable, task

    def one(place: int) -> None:
        with DAG(f"bare_{place}", schedule=PartitionedAssetTimetable(assets=Asset(f"asset_{place}"))):

            @task
            def judge() -> None:
                pass

            @task
            def load() -> None:
                pass

            judge() >> load()

    return clocked(lambda: [one(place) for place in range(number)])


def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copies(Path(folder), number)
        ways = {"bare DAGs": partial(bare, number), "reading feed.yml": partial(read_feeds, folder), "the DAG file": partial(parse, folder)}
        figures = in_turn(ways)
        show(f"{number} feeds", figures, "bare DAGs")
        ours = len(list(FEEDS.glob("*/feed.yml")))  # the DAG file has those of the project too
        each = 1000 * figures[-1].seconds / (number + ours)
        tell(
            Line(
                11,
                f"parsing the DAG file of {number + ours} feeds",
                f"{each:.1f} ms a feed",
                "5 ms",
                each / 5,
                "at most 1",
                each <= 5,
                figures[-1].peak_mb,
            )
        )
        for figure in figures:
            keep(Point("Parsing the DAG file", figure.name, number, "feeds", figure.seconds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
