"""The operators' questions on a ledger of years: 500 feeds, 100,000 submissions, on each engine.

    make bench-operators  or   python benchmarks/operators.py [feeds] [submissions]

Prints the median and the slowest of nine looks at each page, its reading and its HTML. Nothing is judged or loaded:
the ledger's rows are made in the database.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import postgres

from samepicture.operating import rendering
from samepicture.operating.reading import read_feed_list, read_submission, read_submission_list
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

FEEDS, SUBMISSIONS = 500, 100_000
LOOKS = 9


def fill(connection: Connection, feeds: int, submissions: int) -> None:
    """A submission every five minutes, one feed after the other; each tenth with warnings, each twentieth with 200 rejected lines."""
    at = "(timestamptz '2026-11-01 00:00:00+00' - ({submissions} - n) * interval '5 minutes')".replace("{submissions}", str(submissions))
    each = f"from generate_series(1, {submissions}) as numbers (n)"
    feed = f"'feed_' || cast(n % {feeds} as varchar)"
    identity = f"{feed} || '.' || cast(n as varchar)"
    for statement in (
        f"insert into ops.feed select 'feed_' || cast(n as varchar), 'Complaints of trust ' || cast(n as varchar), 'complaint', 'Trust', "
        f"'nursing', 'complaints', 30, true from generate_series(0, {feeds - 1}) as numbers (n)",
        f"insert into ops.submission (submission_id, feed_id, record_type, file_name, sha256, bytes, landed_at, outcome_code, received_count, "
        f"accepted_count, rejected_count, loaded_row_count, replaced_row_count, load_number) select {identity}, {feed}, 'complaint', 'x.csv', "
        f"'0', 1, {at}, case when n % 50 = 0 then 'rejected' else 'loaded' end, 1000, 990, 10, 990, 0, n {each}",
        *(
            f"insert into ops.ledger select {identity}, '{stage}', 'done', 1000, {at} + interval '{start} seconds', "
            f"{at} + interval '{end} seconds', {end - start} {each}"
            for stage, start, end in (("landed", 0, 0), ("judged", 2, 5), ("loaded", 6, 7))
        ),
        f"insert into ops.build (build_id, record_types, load_number, models_sha256, model_count, started_at, finished_at, published_at) "
        f"select cast(n as varchar), 'complaint', n, 'x', 3, {at} + interval '8 seconds', {at} + interval '10 seconds', "
        f"{at} + interval '11 seconds' {each}",
        f"insert into ops.submission_warning select {identity}, {feed}, 'unknown_code', 'outcome_code', 'UPH', 3, 'Name it in feed.yml.' "
        f"{each} where n % 10 = 0",
        f"insert into ops.quarantine select {identity}, {feed}, 'a.csv', line, 'date_missing', 'received_date', 'Give the date.', '{{}}' "
        f"{each}, generate_series(1, 200) as lines (line) where n % 20 = 0",
    ):
        connection.exec_driver_sql(statement)


@contextmanager
def warehouses():
    """Settings of each engine."""
    with tempfile.TemporaryDirectory() as folder, postgres.server() as server, server.database() as url:
        home = Path(folder)
        common = {"landing": str(home), "feeds": (), "pseudonym_key": None}
        yield (
            Settings(home=home, warehouse=f"duckdb:///{home}/warehouse.duckdb", **common),
            Settings(home=home / "shared", warehouse=url, **common),
        )


def timed(name: str, look: Callable[[], str]) -> None:
    """Look, and print how long it took."""
    look()
    seconds = []
    for _ in range(LOOKS):
        start = time.perf_counter()
        html = look()
        seconds.append(time.perf_counter() - start)
    print(
        f"  {name:<34}{statistics.median(seconds) * 1000:7.0f} ms, slowest {max(seconds) * 1000:5.0f} ms, {len(html) / 1024:6.0f} kB",
        flush=True,
    )


def main() -> None:
    """Fill and look."""
    feeds, submissions = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (FEEDS, SUBMISSIONS)
    with warehouses() as both:
        for settings in both:
            warehouse = open_warehouse(settings)
            warehouse.create()
            with warehouse.writer() as connection:
                fill(connection, feeds, submissions)
            if not settings.warehouse.startswith("duckdb"):
                with warehouse._connect() as connection:  # type: ignore[attr-defined]
                    connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("analyze")
            print(f"{settings.warehouse.split(':')[0]}, {feeds} feeds, {submissions:,} submissions")
            middle = f"feed_{submissions // 2 % feeds}.{submissions // 2}"
            timed("feeds", lambda s=settings: rendering.feed_list(read_feed_list(s), ""))
            timed("newest submissions", lambda s=settings: rendering.submission_list(read_submission_list(s, None, None), ""))
            timed("submissions of a feed", lambda s=settings: rendering.submission_list(read_submission_list(s, "feed_7", None), ""))
            timed("submissions of long ago", lambda s=settings, m=middle: rendering.submission_list(read_submission_list(s, None, m), ""))
            timed("one submission", lambda s=settings: rendering.submission(read_submission(s, "feed_0.100000", 0), ""))


if __name__ == "__main__":
    main()
