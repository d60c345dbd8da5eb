"""A million stories as pages of an API, from what was landed to typed rows; orjson's bare parse of the same pages beside.

    make bench-pages      or   python benchmarks/pages.py [stories] [runs]

Ours finds the last copy of each story, flattens it, and gives columns their types and codes; the bare parse makes dictionaries.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import yaml  # noqa: E402
from benchmarks.large_file import narratives  # noqa: E402
from benchmarks.measure import PEERS, in_turn, show  # noqa: E402
from benchmarks.report import Point, at_most, keep  # noqa: E402
from benchmarks.workbooks import ours  # noqa: E402

PAGE = 1_000
FEED = {
    "id": "story_pages",
    "title": "Stories of an API",
    "record_type": "experience_story",
    "publisher": "Invented",
    "owner_directorate": "nursing",
    "source_family": "stories",
    "licence": "Invented",
    "caveats": "Invented.",
    "reader": {"kind": "json_records", "options": {"records": "items", "id": "id"}},
    "layouts": [
        {
            "name": "stories",
            "recognise": ["id", "body"],
            "columns": {
                "publisher_code": {"constant": "care_opinion"},
                "story_id": "id",
                "title": "title",
                "body": "body",
                "author_role_code": {"from": "author.role", "values": {"the patient": "patient", "a relative": "relative"}},
                "submitted_date": {"from": "submitted", "dates": ["%Y-%m-%dT%H:%M:%S"]},
                "submitted_at": {"from": "submitted", "dates": ["%Y-%m-%dT%H:%M:%S"]},
            },
        }
    ],
}


def invent(path: str, stories: int) -> int:
    """The document of a poll; its bytes."""
    from samepicture.connectors.answers import write_answer
    from samepicture.connectors.http import Answer

    chance = np.random.default_rng(3)
    with Path(path).open("wb") as target:
        for first in range(0, stories, PAGE):
            bodies = narratives(chance, min(PAGE, stories - first))
            items = [
                {
                    "id": first + place,
                    "title": "What I want to say",
                    "body": body,
                    "author": {"role": "the patient" if place % 2 else "a relative"},
                    "submitted": "2026-03-05T10:30:00",
                    "links": [{"rel": "healthservice", "id": "RZN01"}, {"rel": "tag", "id": "waiting"}],
                }
                for place, body in enumerate(bodies)
            ]
            content = json.dumps({"items": items}).encode()
            write_answer(target, Answer(f"stories?skip={first}", 200, content, None, {}))
    return Path(path).stat().st_size


BY_ORJSON = """
import sys, time, orjson
began = time.perf_counter()
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        orjson.loads(orjson.loads(line)["answer"])
print(time.perf_counter() - began)
"""


def bare(path: str) -> float:
    """Each page's text to dictionaries, in the environment of the peers; that it lies within a line of JSON is a parse more."""
    done = subprocess.run([str(PEERS), "-c", BY_ORJSON, path], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(stories: int, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / str(FEED["id"])
        made.mkdir()
        (made / "feed.yml").write_text(yaml.safe_dump(FEED))
        path = f"{folder}/poll.jsonl"
        size = invent(path, stories)
        figures = in_turn({"orjson, bare": partial(bare, path), "ours": partial(ours, str(made), (path,))}, runs)
        show(f"{stories:,} stories in pages of {PAGE:,}, {size / 1e6:,.0f} MB", figures, "orjson, bare")
        limit, us = figures
        at_most(5, f"{stories:,} stories from an API", us.seconds, "orjson's bare parse", limit.seconds, 3, us.peak_mb)
        for figure in figures:
            keep(Point("Pages of an API to typed rows", figure.name, stories, "stories", figure.seconds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
