"""A large CSV of complaints from landing to queryable, its parts, DuckDB's bare load of the same file and dlt beside it.

    make bench-million-rows  or   python benchmarks/million_rows.py [rows] [runs] [postgresql]

The file: 20 columns, a narrative of 20 to 120 words, 1% bad, 2% there twice (large_file.py). Ours lands and hashes it,
judges, takes people out of it, and loads; the warehouse is there already. dlt loads it by its quickest way, Arrow, into
DuckDB, and does none of that. With `postgresql`, into a server that is started for it, with one bare logged COPY of the
clean rows into a table without indexes beside; the server has written its first gigabyte of log before, which it does slowly.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.large_file import FEED, invent, make_feed  # noqa: E402
from benchmarks.measure import PEERS, Figure, alone, clocked, in_turn, show  # noqa: E402
from benchmarks.report import Line, Point, at_most, keep, tell  # noqa: E402

BY_DLT = """
import sys, time, dlt
from pyarrow import csv
@dlt.resource(name="complaint")
def rows():
    yield from csv.open_csv(sys.argv[1], csv.ReadOptions(block_size=16 << 20), csv.ParseOptions(newlines_in_values=True))
pipeline = dlt.pipeline("large", destination=dlt.destinations.duckdb(sys.argv[2] + "/dlt.duckdb"), pipelines_dir=sys.argv[2])
began = time.perf_counter()
pipeline.run(rows())
print(time.perf_counter() - began)
"""
MEMORY_GOAL_MB = 1500


def bare(path: str) -> float:
    """What DuckDB needs to put the same text into a table in memory: the physical limit that we compare with."""
    import duckdb

    with duckdb.connect() as connection:
        return clocked(lambda: connection.execute("create table bare as select * from read_csv(?, all_varchar = true)", [path]))


def by_dlt(path: str) -> float:
    """In the environment of the peers (`make bench` makes it)."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false", "HOME": folder}
        done = subprocess.run([str(PEERS), "-c", BY_DLT, path, folder], capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout.split()[-1])


def ours(path: str, database: str = "") -> float:
    """Seconds from landing to queryable; prints its parts."""
    found = parts(path, database)
    show_parts(found)
    return sum(found[step] for step in STEPS)


def parts(path: str, database: str = "") -> dict[str, float]:
    """The product's own path, timed part by part; into the PostgreSQL database, if one is named."""
    from samepicture import deidentify, judge
    from samepicture.mapping import Mapping
    from samepicture.process import Pipeline
    from samepicture.sealing import fresh_landing_key, fresh_pseudonym_key
    from samepicture.settings import Settings
    from samepicture.validation import Validator
    from samepicture.warehouse import open_warehouse

    os.environ["SAMEPICTURE_PSEUDONYM_KEY"], os.environ["SAMEPICTURE_LANDING_KEY"] = fresh_pseudonym_key(), fresh_landing_key()
    found: Counter[str] = Counter()

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                found[name] += time.perf_counter() - began

        return wrapper

    steps: dict[str, tuple[Any, str]] = {
        MAPPING: (Mapping, "apply"),
        "  the suite": (Validator, "judge"),
        "  pseudonyms": (deidentify, "pseudonyms"),
        "  redaction": (deidentify, "redacted"),
        "  what speaks of harm": (judge, "harm_codes"),
        "  writing Parquet": (judge._Parquet, "write"),
    }
    for step, (owner, name) in steps.items():
        setattr(owner, name, timed(step, getattr(owner, name)))
    with tempfile.TemporaryDirectory() as folder:
        make_feed(Path(folder) / "feeds")
        os.environ |= {"SAMEPICTURE_HOME": f"{folder}/home", "SAMEPICTURE_FEEDS": f"{folder}/feeds"}
        if database:
            os.environ["SAMEPICTURE_WAREHOUSE"] = database
        pipeline = Pipeline(Settings.from_environment())
        open_warehouse(pipeline.settings).create()
        land, judging, load = (
            timed(name, step) for name, step in zip(STEPS, (pipeline.land_file, pipeline.judge, pipeline.load), strict=True)
        )
        receipt, _new = land(FEED, Path(path))
        judging(receipt.submission_id)
        inner = sum(seconds for name, seconds in found.items() if name.startswith("  ") and name != MAPPING)
        found["  duplicates, the rest"] = found["judging"] - inner
        outcome = load(receipt.submission_id)
        found["accepted"] = outcome.accepted
        if database:
            found[COPY] = bare_copy(Path(folder) / "clean.csv", database)
    return dict(found)


STEPS = ("landing and hashing", "judging", "loading")
MAPPING = "  mapping, while others are judged"
"""Is done, with the reading, in a thread of its own: it is no part of the sum."""
COPY = "one bare logged COPY"


def bare_copy(text: Path, url: str) -> float:
    """Seconds that PostgreSQL needs for the rows that were loaded, written out before, in a table without indexes."""
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute("create table public.bare (like raw.complaint)")
        with text.open("wb") as target, connection.cursor().copy("copy raw.complaint to stdout (format csv)") as rows:
            for block in rows:
                target.write(block)
        connection.commit()
        started = time.perf_counter()
        with text.open("rb") as source, connection.cursor().copy("copy public.bare from stdin (format csv)") as copy:
            while block := source.read(1 << 20):
                copy.write(block)
        connection.commit()
        seconds = time.perf_counter() - started
        connection.execute("drop table public.bare")
    return seconds


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database on a server of our own that has been in use: the files of its log are there."""
    import psycopg
    from tests.postgres import server as started

    with started() as running, running.database() as url:
        with psycopg.connect(url) as connection:
            connection.execute(
                "create table public.used as select repeat(md5(cast(number as text)), 40) as text from generate_series(1, 1000000) as of(number)"
            )
            connection.execute("drop table public.used")
        yield url


def show_parts(found: dict[str, float]) -> None:
    """Of one run."""
    for step in STEPS:
        print(f"{step:<40}{found[step]:>8.1f} s")
        if step == "judging":
            for name, seconds in found.items():
                if name.startswith("  "):
                    print(f"{name:<40}{seconds:>8.1f} s")


def into_duckdb(path: str, rows: int, runs: int) -> None:
    """Ours, the limit and dlt in turn."""
    ways = {"DuckDB, bare, in memory": partial(bare, path), "ours": partial(ours, path)}
    if PEERS.exists():
        ways["dlt, by Arrow"] = partial(by_dlt, path)
    figures = {figure.name: figure for figure in in_turn(ways, runs)}
    show(f"{rows:,} rows, {Path(path).stat().st_size / 1e6:,.0f} MB, to DuckDB", list(figures.values()), "DuckDB, bare, in memory")
    us, limit = figures["ours"], figures["DuckDB, bare, in memory"]
    at_most(1, f"{rows:,} rows of CSV to DuckDB", us.seconds, "DuckDB's bare load", limit.seconds, 4.5, us.peak_mb)
    if peer := figures.get("dlt, by Arrow"):
        at_most(1, f"{rows:,} rows beside dlt, which loads alone", us.seconds, "dlt by Arrow", peer.seconds, 1)
    memory(rows, us)
    for figure in figures.values():
        keep(Point("A CSV of complaints to DuckDB", figure.name, rows, "rows", figure.seconds))


def memory(rows: int, figure: Figure) -> None:
    """Goal 9."""
    ratio = figure.peak_mb / MEMORY_GOAL_MB
    what = f"memory of {rows:,} rows of CSV"
    tell(Line(9, what, f"{figure.peak_mb:,.0f} MB", f"{MEMORY_GOAL_MB:,} MB", ratio, "at most 1", ratio <= 1, figure.peak_mb))


def into_postgresql(path: str, rows: int, runs: int) -> None:
    """Ours and the bare COPY in turn."""
    found = []
    for _ in range(runs):
        with server() as url:
            found.append(alone(partial(parts, path, url)))
    ours_median = statistics.median(sum(one[step] for step in STEPS) for one, _ in found)
    copied = statistics.median(one[COPY] for one, _ in found)
    loading = statistics.median(one["loading"] for one, _ in found)
    show_parts(found[-1][0])
    at_most(2, f"{rows:,} rows of CSV to PostgreSQL", ours_median, COPY, copied, 2, max(peak for _, peak in found))
    at_most(2, "of that, loading alone", loading, COPY, copied, 2)


def main(rows: int, runs: int, engine: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/large.csv"
        alone(partial(invent, Path(path), rows))
        if engine == "postgresql":
            into_postgresql(path, rows, runs)
            return
        into_duckdb(path, rows, runs)


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *("1000000", "5", "")[len(sys.argv) - 1 :]]
    main(int(arguments[0]), int(arguments[1]), arguments[2])
