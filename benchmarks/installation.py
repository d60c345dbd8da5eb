"""What the event benchmarks share: an installation with history, a feed that is pushed, and small submissions for it."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from pathlib import Path

import duckdb
import yaml
from tests.stack import SECRET_VARIABLE

from samepicture.process import Pipeline
from samepicture.sealing import fresh_landing_key, fresh_pseudonym_key
from samepicture.settings import PROJECT, Settings

FEED = "complaint_pushed"
MODEL = PROJECT / "dags" / "feeds" / "complaint_northmoor"
ROWS = 20


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
    """Load an export of so many complaints, and build everything."""
    from samepicture.demo.cases import northmoor_csv

    pipeline = Pipeline(settings)
    receipt, _ = pipeline.land("complaint_northmoor", "history.csv", io.BytesIO(northmoor_csv(24, 1, rows)))
    pipeline.judge(receipt.submission_id)
    pipeline.load(receipt.submission_id)
    pipeline.build_and_publish()


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
