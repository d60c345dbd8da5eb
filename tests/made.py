"""Warehouses in which dbt has made every model, of nothing: what tests begin with that are not about the first build."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, make_url

from samepicture import ledger
from samepicture.dbt_project import make_everything, project_sha256
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse
from tests.postgres import Server


@dataclass(frozen=True)
class Made:
    """Where it was made, to be copied."""

    settings: Settings

    def embedded(self, settings: Settings) -> Settings:
        """An installation that begins with a copy of the file."""
        settings.home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.settings.home / "warehouse.duckdb", settings.home / "warehouse.duckdb")
        shutil.copyfile(self.settings.compiled, settings.compiled)
        return settings

    @contextmanager
    def shared(self, settings: Settings, server: Server) -> Iterator[Settings]:
        """An installation that begins with a copy of the database; on a given server, which has one only, with nothing."""
        if server.is_given:
            with server.database() as url:
                yield replace(settings, warehouse=url)
            return
        model = str(make_url(self.settings.warehouse).database)
        with server.database(template=model) as url:
            settings = replace(settings, warehouse=url)
            settings.home.mkdir(parents=True, exist_ok=True)
            names = f'\\"{model}\\"', f'\\"{make_url(url).database}\\"'  # as JSON writes what dbt quotes
            settings.compiled.write_text(self.settings.compiled.read_text().replace(*names))
            yield settings


def make_once(folder: Path) -> Made:
    """The embedded one in this folder, made by the first process that asks."""
    folder.mkdir(exist_ok=True)
    settings = fresh(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Made(settings) if settings.compiled.exists() else make(settings)


def make(settings: Settings) -> Made:
    """Have dbt make everything, and note it as a build of no load."""
    warehouse = open_warehouse(settings)
    warehouse.create()
    done, compiled, _ = make_everything(settings)
    now = datetime.now(UTC)
    build = {
        "build_id": "0" * 32, "record_types": "", "load_number": 0, "models_sha256": project_sha256(),
        "model_count": len(done.models), "started_at": now, "finished_at": now,
    }  # fmt: skip
    with warehouse.writer() as connection:
        warehouse.take_over(connection)
        connection.execute(insert(ledger.build), build)
    compiled.write(settings.compiled, project_sha256())
    return Made(settings)


def fresh(folder: Path, warehouse: str = "") -> Settings:
    """Settings of an installation in this folder, the keys those of the environment."""
    known = Settings.from_environment()
    return replace(known, home=folder, landing=f"{folder}/landing", warehouse=warehouse or f"duckdb:///{folder}/warehouse.duckdb")
