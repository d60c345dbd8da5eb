"""Thousands of damaged files of every feed, each time others, in processes of their own that are watched for time and memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from samepicture.settings import PROJECT, Settings
from tests.fuzz.mutants import FEEDS

MANY = int(os.environ.get("SAMEPICTURE_FUZZ_EXAMPLES", "1000"))
"""Of each feed, in the long part."""
MEMORY_MAX = 1500
"""MB that a process may need at its peak; so much is also allowed for a file of 200 MB."""


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("feed", FEEDS)
def test_thousands_of_damaged_files(feed: str, settings: Settings, tmp_path: Path) -> None:
    seed, last = str(random.SystemRandom().randrange(2**32)), tmp_path / "last"
    command = [sys.executable, "-m", "tests.fuzz.endurance", feed, str(MANY), seed, str(last)]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{' '.join(command[1:])} (the file is {last})\n{run.stderr[-6000:]}"
    found = json.loads(run.stdout.splitlines()[-1])
    print(feed, seed, found)  # shown by -s
    assert sum(found["outcomes"].values()) >= MANY // 2
    assert found["end_mb"] < 1.15 * found["middle_mb"] + 20, "memory grows from file to file"
    assert found["peak_mb"] < MEMORY_MAX
