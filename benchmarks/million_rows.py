"""A 1,000,000-row complaint CSV from landing to queryable, its parts, and DuckDB's bare load of the same file beside it.

    make bench            or   python benchmarks/million_rows.py [rows] [URL of a PostgreSQL database | postgresql]

With a PostgreSQL database, or with one on a server that is started for it, the rows go there, and one bare logged COPY
of the clean rows into a table without indexes stands beside.

Wall time of one run each, peak memory of each in a process of its own. Says nothing about absolute speed:
compare the ratio, on a quiet machine.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measure import alone, clocked  # noqa: E402

FEED = "complaint_northmoor"


def invent(path: str, rows: int) -> int:
    from samepicture.demo.cases import northmoor_csv

    return Path(path).write_bytes(northmoor_csv(24, 1, rows))


def bare(path: str) -> float:
    """What DuckDB needs to put the same text into a table: the physical limit that we compare with."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/bare.duckdb") as connection:
        return clocked(lambda: connection.execute("create table bare as select * from read_csv(?, all_varchar = true)", [path]))


def bare_copy(clean: Path, url: str) -> float:
    """Seconds that PostgreSQL needs for the same rows, written out before, in a table without indexes."""
    import polars as pl
    import psycopg

    text = clean.with_suffix(".csv")
    pl.scan_parquet(clean).sink_csv(text, include_header=False)
    with psycopg.connect(url) as connection, text.open("rb") as source:
        connection.execute("create table public.bare (like raw.complaint)")
        columns = ", ".join(pl.read_parquet_schema(clean))
        started = time.perf_counter()
        with connection.cursor().copy(f"copy public.bare ({columns}) from stdin (format csv)".encode()) as copy:
            while block := source.read(1 << 20):
                copy.write(block)
        connection.commit()
        seconds = time.perf_counter() - started
        connection.execute("drop table public.bare")
    return seconds


def product(path: str, database: str) -> dict[str, float]:
    """The product's own path, timed part by part; into the PostgreSQL database, if one is named."""
    from samepicture import judge
    from samepicture.mapping import Mapping
    from samepicture.process import Pipeline
    from samepicture.sealing import fresh_landing_key, fresh_pseudonym_key
    from samepicture.settings import Settings
    from samepicture.validation import Validator

    os.environ["SAMEPICTURE_PSEUDONYM_KEY"], os.environ["SAMEPICTURE_LANDING_KEY"] = fresh_pseudonym_key(), fresh_landing_key()
    parts: dict[str, float] = {}

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                parts[name] = parts.get(name, 0.0) + time.perf_counter() - began

        return wrapper

    Mapping.apply = timed("  mapping", Mapping.apply)  # type: ignore[method-assign]
    Validator.judge = timed("  the suite", Validator.judge)  # type: ignore[method-assign]
    judge.deidentified = timed("  pseudonyms and redaction", judge.deidentified)
    judge._Parquet.write = timed("  writing Parquet", judge._Parquet.write)  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SAMEPICTURE_HOME"] = folder
        if database:
            os.environ["SAMEPICTURE_WAREHOUSE"] = database
        pipeline = Pipeline(Settings.from_environment())
        marks = [time.perf_counter()]
        receipt, _new = pipeline.land_file(FEED, Path(path))
        marks.append(time.perf_counter())
        pipeline.judge(receipt.submission_id)
        clean = shutil.copy(pipeline.settings.work / receipt.submission_id / "accepted.parquet", f"{folder}/clean.parquet")
        marks.append(time.perf_counter())
        outcome = pipeline.load(receipt.submission_id)
        marks.append(time.perf_counter())
        if database:
            parts["one bare logged COPY of the clean rows"] = bare_copy(Path(clean), database)
    inner = sum(seconds for name, seconds in parts.items() if name.startswith("  "))
    return {
        "landing and hashing": marks[1] - marks[0],
        "judging": marks[2] - marks[1],
        **{name: seconds for name, seconds in parts.items() if name.startswith("  ")},
        "  reading, duplicates, the rest": marks[2] - marks[1] - inner,
        "loading": marks[3] - marks[2],
        "landing to queryable": marks[3] - marks[0],
        **{name: seconds for name, seconds in parts.items() if not name.startswith("  ")},
        "rows": float(outcome.accepted),
    }


@contextmanager
def database(wanted: str) -> Iterator[str]:
    """The URL that is given, or that of an empty database on a server of our own."""
    if wanted != "postgresql":
        yield wanted
        return
    from tests.postgres import server

    with server() as started, started.database() as url:
        yield url


def main(rows: int, wanted: str) -> None:
    with tempfile.TemporaryDirectory() as folder, database(wanted) as url:
        path = f"{folder}/cases.csv"
        size, _ = alone(partial(invent, path, rows))
        limit, bare_peak = alone(partial(bare, path))
        ours, peak = alone(partial(product, path, url))
    accepted = ours.pop("rows")
    print(f"{rows:,} rows, {size / 1e6:,.0f} MB")
    for name, seconds in {"DuckDB's bare load into a file": limit, **ours}.items():
        print(f"{name:<48}{seconds:>8.1f} s")
    print(f"{'accepted':<48}{accepted:>8,.0f}")
    print(f"{'peak memory, bare / ours':<48}{bare_peak:>8,.0f} / {peak:,.0f} MB")
    print(f"{'landing to queryable, times the bare load':<48}{ours['landing to queryable'] / limit:>8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else "")
