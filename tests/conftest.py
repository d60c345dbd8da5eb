"""Fixtures that every test may use: an installation of its own, and the real published files where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from tests.keys import KEYS

PUBLISHED = PROJECT.parent / "shared" / "data"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty installation in a temporary folder."""
    for name in ("SAMEPICTURE_WAREHOUSE", "SAMEPICTURE_LANDING", "SAMEPICTURE_FEEDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SAMEPICTURE_HOME", str(tmp_path / "home"))
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    return Settings.from_environment()


@pytest.fixture
def pipeline(settings: Settings) -> Pipeline:
    """The steps, on that installation."""
    return Pipeline(settings)


@pytest.fixture(scope="session")
def published() -> Path:
    """Real published files; tests that need them are skipped where they are absent."""
    if not PUBLISHED.is_dir():
        pytest.skip("the published files are not here (../shared/data)")
    return PUBLISHED
