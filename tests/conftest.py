"""Fixtures that every test may use: an installation of its own, and the real published files where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest

from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from tests import made, postgres
from tests.keys import KEYS

# A busy machine is no fault of an example: what must be quick is measured in benchmarks/.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

LONG = ("dags", "faults", "upkeep", "warehouse")
PUBLISHED = PROJECT.parent / "shared" / "data"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes come first, so that no worker is left with one at the end.

    A slow test of both engines that is `quick_on` one of them runs on the other with `make faults`.
    """
    items.sort(key=lambda item: item.path.parent.name not in LONG)
    for item in items:
        marker = item.get_closest_marker("quick_on")
        if marker and isinstance(item, pytest.Function) and marker.args[0] not in item.callspec.params.values():
            item.add_marker(pytest.mark.faults)


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


@pytest.fixture(scope="session")
def made_embedded(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> made.Made:
    """The embedded warehouse with every model, of nothing, one for all workers."""
    own = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        for name, key in KEYS.items():
            patch.setenv(name, key)
        return made.make_once((own if worker_id == "master" else own.parent) / "made")


@pytest.fixture(scope="session")
def made_shared(tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server) -> Iterator[made.Made]:
    """The same on PostgreSQL."""
    with postgres_server.database() as url, pytest.MonkeyPatch.context() as patch:
        for name, key in KEYS.items():
            patch.setenv(name, key)
        yield made.make(made.fresh(tmp_path_factory.mktemp("made"), url))


@pytest.fixture
def on_made_postgresql(settings: Settings, postgres_server: postgres.Server, made_shared: made.Made) -> Iterator[Pipeline]:
    """The steps, on a PostgreSQL warehouse with every model, of nothing."""
    with made_shared.shared(settings, postgres_server) as copy:
        yield Pipeline(copy)


@pytest.fixture
def on_made_duckdb(settings: Settings, made_embedded: made.Made) -> Pipeline:
    """The steps, on an embedded warehouse with every model, of nothing."""
    return Pipeline(made_embedded.embedded(settings))


@pytest.fixture(params=["duckdb", "postgresql"])
def on_each_made(request: pytest.FixtureRequest) -> Pipeline:
    """The steps, on a warehouse of each engine with every model, of nothing: for what is not about the first build."""
    found: Pipeline = request.getfixturevalue(f"on_made_{request.param}")
    return found


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
