"""A backup gives back what was there, is readable by nobody without the key, and a damaged one is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from samepicture.connectors.base import Cursors
from samepicture.process import Pipeline
from samepicture.sealing import MAGIC, CannotOpen, fresh_landing_key
from samepicture.upkeep.agreement import disagreements
from samepicture.upkeep.backup import MANIFEST, BackupError, back_up, restore
from samepicture.upkeep.originals import replace_originals
from samepicture.warehouse import open_warehouse
from tests import postgres
from tests.upkeep.cases import export, loaded, others, tables


@pytest.fixture
def elsewhere(pipeline: Pipeline, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pipeline]:
    """An empty installation with the same keys and engine."""
    home = tmp_path / "elsewhere"
    settings = replace(pipeline.settings, home=home, landing=str(home / "landing"))
    if settings.warehouse.startswith("duckdb"):
        yield Pipeline(replace(settings, warehouse=f"duckdb:///{home / 'warehouse.duckdb'}"))
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database() as url:
        yield Pipeline(replace(settings, warehouse=url))


def test_restoring_gives_the_same_tables_store_and_cursors(pipeline: Pipeline, elsewhere: Pipeline, tmp_path: Path) -> None:
    first = loaded(pipeline, export({"ID": "BAD", "Date received": "99/99/9999"}, *others(20)))
    loaded(pipeline, export(*others(4, 40)))
    replace_originals(pipeline, [first.submission_id])
    pipeline.build_and_publish()
    Cursors(pipeline.settings.home / "cursors").write("complaint_northmoor", {"since": "2026-01-01"})
    done = back_up(pipeline, tmp_path / "backups")
    assert all(path.read_bytes().startswith(MAGIC) for path in done.folder.rglob("*") if path.is_file())
    assert all(path.stat().st_mode & 0o077 == 0 for path in [done.folder, *done.folder.rglob("*")] if path == done.folder or path.is_file())
    assert restore(elsewhere, tmp_path / "backups") == []
    assert tables(elsewhere.settings) == tables(pipeline.settings)
    assert elsewhere.landing.submission_ids() == pipeline.landing.submission_ids()
    assert Cursors(elsewhere.settings.home / "cursors").read("complaint_northmoor") == {"since": "2026-01-01"}
    with pytest.raises(BackupError, match="neither is written over"):
        restore(elsewhere, tmp_path / "backups")
    assert loaded(elsewhere, export(*others(5))).loaded
    assert elsewhere.judge(first.submission_id).is_copy


def test_it_is_consistent_while_loads_go_on(pipeline: Pipeline, elsewhere: Pipeline, tmp_path: Path) -> None:
    loaded(pipeline, export(*others(5)))
    stop = threading.Event()

    def go_on() -> None:
        number = 100
        while not stop.is_set():
            loaded(pipeline, export(*others(3, number := number + 10)))

    loading = threading.Thread(target=go_on)
    loading.start()
    try:
        back_up(pipeline, tmp_path / "backups")
    finally:
        stop.set()
        loading.join()
    assert restore(elsewhere, tmp_path / "backups") == []
    assert disagreements(elsewhere) == []


def test_of_nothing_there_is_no_backup(on_each_engine: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        back_up(on_each_engine, tmp_path / "backups")


def test_what_cannot_be_restored_says_why_and_touches_nothing(pipeline: Pipeline, elsewhere: Pipeline, tmp_path: Path) -> None:
    loaded(pipeline, export(*others(5)))
    with pytest.raises(BackupError, match="no finished backup"):
        restore(elsewhere, tmp_path)
    done = back_up(pipeline, tmp_path / "backups")
    with pytest.raises(CannotOpen, match="another key"):
        restore(Pipeline(replace(elsewhere.settings, landing_key=fresh_landing_key())), done.folder)
    damaged = next(path for path in done.folder.rglob("objects/*/*") if path.is_file())
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BackupError, match="is not what was backed up"):
        restore(elsewhere, done.folder)
    assert open_warehouse(elsewhere.settings).is_empty()
    assert not elsewhere.landing.submission_ids()
    damaged.write_bytes(content)
    assert restore(elsewhere, done.folder) == []


def test_old_backups_go(pipeline: Pipeline, tmp_path: Path) -> None:
    loaded(pipeline, export(*others(2)))
    (tmp_path / "backups" / "20200101T000000.000000.part").mkdir(parents=True)
    made = [back_up(pipeline, tmp_path / "backups", keep=2).folder.name for _ in range(3)]
    assert sorted(path.parent.name for path in (tmp_path / "backups").glob(f"*/{MANIFEST}")) == made[1:]
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == made[1:]
