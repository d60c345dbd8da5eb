"""What the event benchmarks share: an installation with history, a feed that is pushed, and small submissions for it."""

from __future__ import annotations

import csv
import io
import json
from functools import lru_cache
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import yaml
from tests.stack import SECRET_VARIABLE

from samepicture.copies import VERDICT
from samepicture.judge import work_folder
from samepicture.process import Pipeline
from samepicture.sealing import fresh_landing_key, fresh_pseudonym_key
from samepicture.settings import PROJECT, Settings

FEED = "complaint_pushed"
MODEL = PROJECT / "dags" / "feeds" / "complaint_northmoor"
ROWS = 20
JUDGED = 100_000
"""Of a history: judging all of ten million takes a quarter of an hour, and is not what these benchmarks measure."""


def installation(folder: Path) -> Settings:
    """A home of its own, with a complaints feed that takes signed messages."""
    document = yaml.safe_load((MODEL / "feed.yml").read_text())
    document |= {"id": FEED, "title": "Complaints by webhook", "connector": {"webhook": {"secret_from": SECRET_VARIABLE}}}
    (folder / "feeds" / FEED).mkdir(parents=True)
    (folder / "feeds" / FEED / "feed.yml").write_text(yaml.safe_dump(document))
    home = folder / "home"
    return Settings(
        home,
        f"duckdb:///{home / 'warehouse.duckdb'}",
        str(home / "landing"),
        (PROJECT / "dags" / "feeds", folder / "feeds"),
        fresh_pseudonym_key(),
        fresh_landing_key(),
    )


def with_history(settings: Settings, rows: int) -> None:
    """Load so many complaints, and build everything."""
    load_history(settings, rows)
    Pipeline(settings).build_and_publish()


def load_history(settings: Settings, rows: int) -> None:
    """Load so many complaints as one submission: up to JUDGED of them judged, and those again and again as other cases."""
    from samepicture.demo.cases import northmoor_csv

    pipeline = Pipeline(settings)
    receipt, _ = pipeline.land("complaint_northmoor", "history.csv", io.BytesIO(northmoor_csv(24, 1, min(rows, JUDGED))))
    verdict = pipeline.judge(receipt.submission_id)
    if verdict.accepted < rows:
        _multiply(work_folder(settings, receipt.submission_id), rows)
    pipeline.load(receipt.submission_id)


def _multiply(folder: Path, rows: int) -> None:
    """Make of what was accepted so many rows; what was rejected is left out."""
    accepted = folder / "accepted.parquet"
    model = pl.read_parquet(accepted)
    first = model.get_column("line_number").max() + 1  # type: ignore[operator]
    with pq.ParquetWriter(folder / "more.parquet", pq.read_schema(accepted), compression="lz4") as writer:
        for number in range(-(-rows // model.height)):
            other = model.head(rows - number * model.height).with_columns(
                pl.format("{}{}", pl.lit(f"{number:08x}"), pl.col("case_pseudonym").str.slice(8)).alias("case_pseudonym"),
                pl.col("line_number") + number * first,
            )
            writer.write_table(other.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(writer.schema))
    (folder / "more.parquet").replace(accepted)
    (folder / "quarantine.parquet").unlink(missing_ok=True)
    verdict = json.loads((folder / VERDICT).read_text())
    (folder / VERDICT).write_text(json.dumps(verdict | {"received": rows, "accepted": rows, "accepted_rows": rows, "rejected": 0}))


def cases(number: int) -> bytes:
    """ROWS complaints that no other number gives."""
    header, row = list(csv.reader(io.StringIO((MODEL / "sample.csv").read_text())))[:2]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([f"E{number:06}{place:02}", *row[1:]] for place in range(ROWS))
    return text.getvalue().encode()


@lru_cache(maxsize=1)
def _shown(settings: Settings, _replaced: int) -> set[str]:
    with duckdb.connect(str(settings.picture), read_only=True) as copy:
        found = copy.execute("select distinct submission_id from conformed.fct_complaint where feed_id = ?", [FEED]).fetchall()
    return {row[0] for row in found}


def shown(settings: Settings) -> set[str]:
    """Submissions of the feed that the analysts' copy holds; looked up once a copy, for looking takes time from what is measured."""
    return _shown(settings, settings.picture.stat().st_mtime_ns)
