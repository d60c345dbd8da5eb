"""Daily life and the twenty questions on a million and on ten million complaints of history.

    make bench-at-scale   or   python benchmarks/at_scale.py [rows of history, the most] [runs] [postgresql]

Daily life: an export with 10,000 cases that have changed, judged, loaded, and everything that depends on complaints built,
each step in a process of its own, as the tasks of the DAGs are (of whose memory what they share with Airflow's scheduler is
not in these figures); beside the load, a bare probe of as many keys among the history. The twenty questions: the SQL of
dbt/analyses, as an analyst runs it; beside each, its mart's own SQL run on what it is made from (facts, or counts of them),
which is what the mart saves. The samples of every other feed are there too, so that every question has an answer.
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import polars as pl  # noqa: E402
from benchmarks.installation import JUDGED, installation, load_history  # noqa: E402
from benchmarks.measure import alone, clocked  # noqa: E402
from benchmarks.report import Line, Point, at_most, keep, tell  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from samepicture.build import ALWAYS, build  # noqa: E402
from samepicture.compiled import Compiled  # noqa: E402
from samepicture.dbt_project import DBT, project_sha256  # noqa: E402
from samepicture.delta import BY_RECORD  # noqa: E402
from samepicture.ledger import last_build  # noqa: E402
from samepicture.process import Pipeline  # noqa: E402
from samepicture.publish import publish  # noqa: E402
from samepicture.settings import Settings  # noqa: E402
from samepicture.warehouse import open_warehouse  # noqa: E402

CHANGED = 10_000
LOOKS = 5
MOST_SECONDS = {"duckdb": 0.3, "postgresql": 1.0}
"""Of the median question."""
SLOWEST_SECONDS = 2.0
PROBE = """
select count(*) from raw.complaint
where (organisation_ods_code, case_pseudonym) in (select organisation_ods_code, case_pseudonym from raw.complaint where submission_id = '{}')
"""


class Apart:
    """Does each step in a process of its own, and keeps the most memory that any has taken."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.peak_mb = 0.0

    def __call__(self, work: Callable[..., object], *arguments: object, **named: object) -> float:
        """Seconds of a function of a module that is given the settings first."""
        seconds, peak = alone(partial(_apart, self.settings, work, arguments, named))
        self.peak_mb = max(self.peak_mb, peak)
        return seconds


def _apart(settings: Settings, work: Callable[..., object], arguments: tuple[object, ...], named: dict[str, object]) -> float:
    """Seconds of the work alone: what is made ready once a process counts for nothing."""
    if work is publish:  # draws the Data Docs; Airflow's processes have imported it, and share it
        import great_expectations.render.view  # noqa: F401
    with open_warehouse(settings).reader() as connection:
        connection.exec_driver_sql("select 1")
    return clocked(lambda: work(settings, *arguments, **named))


def samples(settings: Settings) -> None:
    """Load what each other feed has as its sample."""
    pipeline = Pipeline(settings)
    for feed in pipeline.feeds.values():
        if feed.record_type == "complaint":
            continue
        for path in sorted(feed.folder.glob("sample*")):
            receipt, _ = pipeline.land_file(feed.id, path)
            pipeline.judge(receipt.submission_id)
            pipeline.load(receipt.submission_id)


def judge(settings: Settings, submission_id: str) -> None:
    """Judge a submission."""
    Pipeline(settings).judge(submission_id)


def load(settings: Settings, submission_id: str) -> None:
    """Load it."""
    Pipeline(settings).load(submission_id)


def changed(number: int) -> bytes:
    """An export of CHANGED cases of the history, each in a later version than any before."""
    from samepicture.demo.cases import northmoor_csv

    export = pl.read_csv(io.BytesIO(northmoor_csv(24, 2 + number, JUDGED)), infer_schema=False)
    later = export.sample(CHANGED, seed=number).with_columns(pl.lit(f"{1 + number:02}/08/2026 10:00").alias("Last updated"))
    written = io.BytesIO()
    later.write_csv(written)
    return written.getvalue()


def day(apart: Apart, number: int) -> dict[str, float]:
    """One export of changed cases: seconds of each step. Checks that nothing was built that does not depend on complaints."""
    receipt, _ = Pipeline(apart.settings).land("complaint_northmoor", f"changed_{number}.csv", io.BytesIO(changed(number)))
    found = {
        "judge": apart(judge, receipt.submission_id),
        "load": apart(load, receipt.submission_id),
        "bare key probe": apart(probe, receipt.submission_id),
        "build what an event builds": apart(build, look_back=False),
    }
    check(apart.settings)
    return {**found, "publish": apart(publish), "build what looks back": apart(build), "publish that": apart(publish)}


def check(settings: Settings) -> None:
    """The last build made only what depends on complaints, or on the ledger of submissions."""
    compiled = Compiled.read(settings.compiled, project_sha256())
    with open_warehouse(settings).reader() as connection:
        last = last_build(connection)
    assert compiled is not None
    depends = {node.table for node in compiled.downstream(["raw.complaint"], ALWAYS) if node.relation}
    strangers = {name.removesuffix(BY_RECORD) for name in last.model_names.split(",")} - depends
    assert not strangers, f"built, but nothing that it depends on has changed: {strangers}"


def probe(settings: Settings, submission_id: str) -> None:
    """Look up the keys of the submission among all rows, and do nothing with them."""
    with open_warehouse(settings).reader() as connection:
        connection.exec_driver_sql(PROBE.format(submission_id)).fetchall()


def daily(apart: Apart, rows: int, runs: int) -> dict[str, float]:
    """Medians of each step; after one day that makes everything warm."""
    days = [day(apart, number) for number in range(runs + 1)][1:]
    medians = {name: statistics.median(found[name] for found in days) for name in days[0]}
    engine = apart.settings.warehouse.split(":")[0]
    table = Table("", "seconds", title=f"{CHANGED:,} changed cases onto {rows:,}, {engine}")
    for name, seconds in medians.items():
        table.add_row(name, f"{seconds:.2f}")
    Console(width=120).print(table)
    at_most(
        7,
        f"loading {CHANGED:,} changed onto {rows:,}, {engine}",
        medians["load"],
        "a bare probe of the keys",
        medians["bare key probe"],
        3.5,
    )
    return medians


def whole(medians: dict[str, float]) -> float:
    """Until every mart is current and shown."""
    return sum(seconds for name, seconds in medians.items() if name != "bare key probe")


def questions(settings: Settings, rows: int) -> None:
    """Median seconds of each question, and of its mart's SQL."""
    warehouse = open_warehouse(settings)
    compiled = Compiled.read(settings.compiled, project_sha256())
    assert compiled is not None
    models = {node.table: node.sql for node in compiled.nodes.values() if node.relation}
    with (DBT / "seeds" / "question.csv").open() as file:
        marts = {int(row["question_number"]): row["relation_name"] for row in csv.DictReader(file)}
    engine = settings.warehouse.split(":")[0]
    table = Table("", "seconds", "its mart's SQL", "times", title=f"The questions on {rows:,} complaints, {engine}")
    found: dict[str, float] = {}
    for path in sorted((DBT / "analyses").glob("*.sql"))[:20]:
        sql = path.read_text()
        found[path.stem] = asked = statistics.median(clocked(lambda sql=sql: warehouse.query(sql)) for _ in range(LOOKS))
        mart = models[marts[int(path.stem[:2])]]
        with warehouse.reader() as connection:
            made = clocked(lambda mart=mart: connection.exec_driver_sql(f"select count(*) from ({mart}) as mart").fetchall())
        table.add_row(path.stem, f"{asked:.3f}", f"{made:.2f}", f"{asked / made:.3f}")
    Console(width=120).print(table)
    median, slowest = statistics.median(found.values()), max(found, key=lambda name: found[name])
    for what, seconds, most in (
        (f"the twenty questions on {rows:,} complaints, {engine}: median", median, MOST_SECONDS[engine]),
        (f"the slowest of them on {rows:,}, {engine} ({slowest})", found[slowest], SLOWEST_SECONDS),
    ):
        tell(Line(10, what, f"{seconds:.3f} s", f"{most:g} s", seconds / most, "at most 1", seconds <= most))
    keep(Point("The twenty questions, median", engine, rows, "complaints", median))


@contextmanager
def history(rows: int, engine: str) -> Iterator[Apart]:
    """An installation with so many complaints, everything built and shown."""
    with tempfile.TemporaryDirectory(prefix="samepicture_") as folder:
        settings = installation(Path(folder))
        if engine != "postgresql":
            yield _filled(settings, rows)
            return
        from tests.postgres import server

        with server() as running, running.database() as url:
            yield _filled(replace(settings, warehouse=url), rows)


def _filled(settings: Settings, rows: int) -> Apart:
    apart = Apart(settings)
    apart(samples)
    loaded, built, shown = apart(load_history, rows), apart(build), apart(publish)
    print(f"{rows:,} complaints: loaded in {loaded:.0f} s, everything built in {built:.0f} s, shown in {shown:.0f} s")
    return apart


def main(most: int, runs: int, engine: str) -> None:
    found: dict[int, float] = {}
    for rows in sorted({most // 10, most}):
        with history(rows, engine) as apart:
            found[rows] = whole(daily(apart, rows, runs))
            keep(Point(f"{CHANGED:,} changed cases until every mart shows them", engine, rows, "complaints of history", found[rows]))
            questions(apart.settings, rows)
    fewer, more = sorted(found)
    at_most(7, f"{CHANGED:,} changed onto {more:,} until every mart shows them, {engine}", found[more], f"onto {fewer:,}", found[fewer], 2)
    peak = apart.peak_mb
    tell(
        Line(
            9,
            f"memory of building {more:,} and of days on it, {engine}",
            f"{peak:,.0f} MB",
            "1,500 MB",
            peak / 1500,
            "at most 1",
            peak <= 1500,
            peak,
        )
    )


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *("10000000", "3", "duckdb")[len(sys.argv) - 1 :]]
    main(int(arguments[0]), int(arguments[1]), arguments[2])
