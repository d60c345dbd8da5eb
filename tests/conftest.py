"""Fixtures that every test may use: an installation of its own, and the real published files where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from tests import postgres
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
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server, one a process."""
    with postgres.server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["duckdb", "postgresql"])
def on_each_engine(request: pytest.FixtureRequest, settings: Settings) -> Pipeline:
    """The steps, on an empty warehouse of each engine."""
    if request.param == "duckdb":
        return Pipeline(settings)
    return Pipeline(replace(settings, warehouse=request.getfixturevalue("postgres_url")))


@pytest.fixture(scope="session")
def published() -> Path:
    """Real published files; tests that need them are skipped where they are absent."""
    if not PUBLISHED.is_dir():
        pytest.skip("the published files are not here (../shared/data)")
    return PUBLISHED
