"""Large files through land, judge and load, in bounded memory."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from samepicture.demo.cases import northmoor_csv
from samepicture.process import Pipeline
from samepicture.readers.stock import delimited
from tests.feeds.test_bad_input import FEED, WORDS, table

MEASURED = """
import io, resource, sys
from samepicture.demo.cases import northmoor_csv
from samepicture.process import Pipeline
from samepicture.settings import Settings
pipeline = Pipeline(Settings.from_environment())
receipt, _ = pipeline.land_file(sys.argv[1], __import__("pathlib").Path(sys.argv[2]))
pipeline.judge(receipt.submission_id)
outcome = pipeline.load(receipt.submission_id)
print(outcome.received, outcome.rows, outcome.rejection_code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def measured(feed: str, path: Path) -> tuple[int, int, str, int]:
    """Received, rows, code of refusal and peak memory (MB) of a process that takes a file."""
    run = subprocess.run([sys.executable, "-c", MEASURED, feed, str(path)], capture_output=True, text=True, check=True)
    received, rows, code, peak = run.stdout.split()[:4]
    return int(received), int(rows), code, int(peak)


@pytest.mark.slow
def test_a_file_of_100_mb_is_taken_in_bounded_memory(pipeline: Pipeline, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    rows = table(1, changes={"Description": f"{WORDS} waited. " * 400})
    with path.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(rows[0])
        for number in range((100 << 20) // len(",".join(rows[1]))):
            writer.writerow([f"N{number}", *rows[1][1:]])
    received, loaded, code, peak = measured(FEED, path)
    assert path.stat().st_size > 95 << 20
    assert (code, loaded) == ("None", received)
    assert peak < 1300


@pytest.mark.slow
def test_short_lines_do_not_fill_the_memory(pipeline: Pipeline, tmp_path: Path) -> None:
    """Ten million rows of a wrong width: each would be told by name."""
    path = tmp_path / "short.csv"
    path.write_bytes(",".join(table(0)[0]).encode() + b"\n" + b"x,y\n" * 10_000_000)
    _, loaded, code, peak = measured(FEED, path)
    assert (code, loaded) == ("wrong_column_count", 0)
    assert peak < 1500


def test_judging_says_how_much_of_the_file_is_read(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 1 << 20)  # one is read ahead
    path = tmp_path / "cases.csv"
    path.write_bytes(northmoor_csv(24, 1, 30_000))
    receipt, _ = pipeline.land_file("complaint_northmoor", path)
    told: list[tuple[int, float]] = []
    pipeline.judge(receipt.submission_id, lambda records, share: told.append((records, share)))
    records, shares = zip(*told, strict=True)
    assert len(told) > 2
    assert records == tuple(sorted(records))
    assert records[-1] >= 29_800
    assert shares == tuple(sorted(shares))
    assert 0 < shares[0] < 1 == shares[-1]
