"""One feed by webhook on a real Airflow, and what must be true of it whatever was killed.

After each fault: every submission is in the ledger exactly once, its rows are the golden
ones, and nothing is in raw without a ledger entry.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import yaml
from sqlalchemy import text

from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import open_warehouse
from tests.keys import LANDING_KEY, PSEUDONYM_KEY
from tests.stack import SECRET_VARIABLE, Stack, wait_for

FEED = "complaint_webby"
SAMPLE = PROJECT / "dags" / "feeds" / "complaint_northmoor"
ROWS = 4
LONG = 240.0


def cases(number: int) -> bytes:
    """An export of ROWS cases that no other submission holds."""
    header, row = list(csv.reader(io.StringIO((SAMPLE / "sample.csv").read_text())))[:2]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for place in range(ROWS):
        writer.writerow([f"T{number:05}{place}", *row[1:]])
    return text.getvalue().encode()


def installation(folder: Path) -> tuple[Settings, dict[str, str]]:
    """Settings with the feed, and the environment that lets a test kill processes at a point of their way (sabotage/)."""
    document = yaml.safe_load((SAMPLE / "feed.yml").read_text())
    document |= {"id": FEED, "title": "Complaints by webhook", "connector": {"webhook": {"secret_from": SECRET_VARIABLE}}}
    (folder / "feeds" / FEED).mkdir(parents=True)
    (folder / "feeds" / FEED / "feed.yml").write_text(yaml.safe_dump(document))
    (folder / "sabotage").mkdir()
    home = folder / "home"
    settings = Settings(
        home,
        f"duckdb:///{home / 'warehouse.duckdb'}",
        str(home / "landing"),
        (PROJECT / "dags/feeds", folder / "feeds"),
        PSEUDONYM_KEY,
        LANDING_KEY,
    )
    return settings, {"SABOTAGE": str(folder / "sabotage"), "PYTHONPATH": str(Path(__file__).parent / "sabotage")}


def begin(stack: Stack, *parts: str) -> None:
    """Start the parts, and have the first build made, which makes every model."""
    stack.start(*parts)
    wait_for(lambda: stack.api("assets", name_pattern=f"submission.{FEED}")["total_entries"], 120, "the feed's DAG")
    stack.warm()
    sent(stack, 0)


def sent(stack: Stack, number: int) -> str:
    """Send a submission and wait until analysts see it; its id."""
    answer = stack.post(FEED, cases(number))
    assert answer.status_code == 202, answer.text
    submission_id = str(answer.json()["submission_id"])
    wait_for(lambda: is_shown(stack, submission_id), LONG, f"{submission_id} in the analysts' copy", pause=0.5)
    return submission_id


def is_shown(stack: Stack, submission_id: str) -> bool:
    if not stack.settings.picture.exists():
        return False
    with duckdb.connect(str(stack.settings.picture), read_only=True) as copy:
        found = copy.execute("select count(*) from conformed.fct_complaint where submission_id = ?", [submission_id]).fetchone()
    return bool(found and found[0])


def assert_whole(stack: Stack) -> None:
    """Each landed submission is in the ledger once, with its golden rows, and raw holds nothing else."""
    landed = {path.stem for path in (Path(stack.settings.landing) / "receipts").glob("*.json")}
    with open_warehouse(stack.settings).writer() as connection:
        rows = connection.execute(text("select submission_id, outcome_code, loaded_row_count from ops.submission")).all()
        raw = connection.execute(text("select submission_id, count(*) from raw.complaint group by submission_id")).all()
    ledger = [row.submission_id for row in rows]
    assert sorted(ledger) == sorted(landed)
    assert all((row.outcome_code, row.loaded_row_count) == ("loaded", ROWS) for row in rows)
    assert {tuple(row) for row in raw} == {(submission_id, ROWS) for submission_id in landed}
    with duckdb.connect(str(stack.settings.picture), read_only=True) as copy:
        assert (
            copy.execute("select count(*), count(distinct feedback_id) from conformed.fct_complaint").fetchone()
            == (len(landed) * ROWS,) * 2
        )
