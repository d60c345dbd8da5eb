"""Redacting 100,000 comments: identifiers beside hyperscan, and with names beside Presidio.

    make bench-redaction-speed  or   python benchmarks/redaction_speed.py [comments] [runs]

hyperscan seeks twelve expressions such as somebody would write for the same kinds, in one pass over each comment, and
replaces nothing; then our own expressions, with the spans of each, or only whether there is one, where it is too large for
hyperscan to tell its span. Presidio seeks persons and its own kinds. Both in the environment of the peers. Comments are those
of the large file: one in ten has an identifier, one in twenty a name. How much each finds: make redaction-figures.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from benchmarks.large_file import narratives  # noqa: E402
from benchmarks.measure import PEERS, clocked, in_turn, show  # noqa: E402
from benchmarks.redaction import by_presidio  # noqa: E402
from benchmarks.report import Line, Point, at_most, keep, tell  # noqa: E402

from samepicture.privacy import identifiers  # noqa: E402
from samepicture.privacy.rules import Topic  # noqa: E402

PRESIDIO_COMMENTS = 500
PRESIDIO_GOAL = 20
BY_HYPERSCAN = """
import json, statistics, sys, time, hyperscan
comments, expressions, runs = sys.argv[1:]
texts = [text.encode() for text in json.load(open(comments))]
spans = hyperscan.HS_FLAG_SOM_LEFTMOST | hyperscan.HS_FLAG_UTF8
filters = hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_UTF8

def compiled(patterns, flags):
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[each.encode() for each in patterns], ids=list(range(len(patterns))), elements=len(patterns), flags=flags)
    return database

def flags_of(pattern):
    try:
        compiled([pattern], [spans])
    except hyperscan.error:
        return filters
    return spans

patterns = json.load(open(expressions))
database = compiled(patterns, [flags_of(pattern) for pattern in patterns])
seconds = []
for _ in range(int(runs)):
    found = []
    began = time.perf_counter()
    for text in texts:
        database.scan(text, match_event_handler=lambda number, start, end, flags, context: found.append((start, end)) and None)
    seconds.append(time.perf_counter() - began)
print(statistics.median(seconds))
"""
TWELVE = [
    f"(?i){pattern}"
    for pattern in (
        r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", r"(?:\+44|0)[ ]?[0-9]{2,5}[ ]?[0-9]{3,4}[ ]?[0-9]{3,4}", r"[\w.+-]+@[\w-]+\.[\w.-]+",
        r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}", r"[A-Z]{2}[0-9]{6}[A-D]", r"[A-Z]{2}[0-9]{2} ?[A-Z]{3}", r"(?:https?://|www\.)\S+",
        r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-](?:19|20)?[0-9]{2}", r"[0-9]{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* [0-9]{2,4}",
        r"\bborn\b.{0,20}[0-9]{4}", r"[0-9]{1,4} [a-z]+ (?:road|street|lane|avenue|close|drive)", r"(?:^|\s)@[a-z0-9_]{3,}",
    )
]  # fmt: skip


def our_expressions() -> list[str]:
    """Of every rule and run for identifiers, as hyperscan writes them."""
    topics_and_runs = (*identifiers._BEFORE_RUNS, *identifiers._RUNS, *identifiers._AFTER_RUNS)
    patterns = [
        each.pattern for part in topics_and_runs for each in (part.rules if isinstance(part, Topic) else (part,))
    ]  # what a rule looks for first is left out
    return [re.sub(r"\\u([0-9a-f]{4})", r"\\x{\1}", pattern) for pattern in patterns]


def by_hyperscan(comments: str, expressions: str, runs: int = 1) -> float:
    """Spans alone; compiling, which takes it most of a minute for ours, counts for nothing."""
    command = [str(PEERS), "-c", BY_HYPERSCAN, comments, expressions, str(runs)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def by_us(path: str, redaction: str) -> float:
    """Redacted comments; what is made ready once a process counts for nothing."""
    from samepicture.privacy import redaction as ours

    redact: Callable[[pl.Series], pl.Series] = getattr(ours, redaction)
    texts = pl.Series(json.loads(Path(path).read_text()))
    redact(texts.head(100))
    return clocked(lambda: redact(texts))


def main(comments: int, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, twelve, own = f"{folder}/comments.json", f"{folder}/twelve.json", f"{folder}/own.json"
        texts = narratives(np.random.default_rng(5), comments).to_list()
        for file, content in ((path, texts), (twelve, TWELVE), (own, our_expressions())):
            Path(file).write_text(json.dumps(content))
        figures = in_turn(
            {
                "hyperscan, spans alone": partial(by_hyperscan, path, twelve),
                "ours, identifiers": partial(by_us, path, "redact_identifiers"),
                "ours, with names": partial(by_us, path, "redact"),
            },
            runs,
        )
        show(f"{comments:,} comments", figures, "hyperscan, spans alone")
        same = by_hyperscan(path, own, runs)
    limit, ours, with_names = figures
    what = f"identifiers of {comments:,} comments"
    at_most(6, what, ours.seconds, "hyperscan's spans of twelve expressions", limit.seconds, 2, ours.peak_mb)
    at_most(6, what, ours.seconds, f"hyperscan with our own {len(our_expressions())}", same, 2)
    _, seconds = by_presidio(texts[:PRESIDIO_COMMENTS])
    theirs, us = PRESIDIO_COMMENTS / seconds, comments / with_names.seconds
    what = f"names and identifiers of {comments:,} comments"
    tell(
        Line(
            6,
            what,
            f"{us:,.0f} a second",
            f"Presidio, {theirs:,.0f} a second",
            us / theirs,
            f"at least {PRESIDIO_GOAL}",
            us / theirs >= PRESIDIO_GOAL,
        )
    )
    for figure in figures:
        keep(Point("Redaction", figure.name, comments, "comments", figure.seconds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
