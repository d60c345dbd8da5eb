"""`samepicture health`: each part by itself, exit code 0 or 1, and soon, whatever hangs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from samepicture import health, ledger
from samepicture.announced import WAITING_TOO_LONG
from samepicture.health import PARTS, SECONDS, Line, check
from samepicture.process import Pipeline
from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import open_warehouse

GOOD = PROJECT / "dags" / "feeds" / "complaint_eastvale" / "sample.xlsx"
NOW = datetime.now(UTC)


class ApiServer:
    """What Airflow's API server answers to GET /api/v2/monitor/health."""

    def __init__(self) -> None:
        beat = datetime.now(UTC).isoformat()
        self.status = 200
        self.answer: dict[str, dict[str, Any]] = {
            "metadatabase": {"status": "healthy"},
            "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": beat},
            "dag_processor": {"status": "healthy", "latest_dag_processor_heartbeat": beat},
            "triggerer": {"status": "healthy", "latest_triggerer_heartbeat": beat},
        }


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    found = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/api/v2/monitor/health"
            self.send_response(found.status)
            self.end_headers()
            self.wfile.write(json.dumps(found.answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", f"http://127.0.0.1:{server.server_port}/execution/")
    yield found
    server.shutdown()
    server.server_close()


def lines(settings: Settings, now: datetime | None = None) -> dict[str, Line]:
    found = check(settings, now or datetime.now(UTC))
    assert tuple(line.part for line in found) == PARTS
    return {line.part: line for line in found}


def ill(found: dict[str, Line]) -> list[str]:
    return [part for part, line in found.items() if not line.is_well]


def test_a_new_installation_is_well(settings: Settings, api: ApiServer) -> None:
    found = lines(settings)
    assert ill(found) == []
    assert found["waiting"].sentence == "no submission waits"


def test_nothing_is_left_in_the_landing_store(settings: Settings, api: ApiServer) -> None:
    lines(settings)
    assert [path for path in Path(settings.landing).rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("part", ["scheduler", "dag-processor", "triggerer"])
def test_a_part_without_a_heartbeat_is_told(settings: Settings, api: ApiServer, part: str) -> None:
    name = part.replace("-", "_")
    api.answer[name] = {"status": "unhealthy", f"latest_{name}_heartbeat": (NOW - timedelta(minutes=5)).isoformat()}
    found = lines(settings)
    assert ill(found) == [part]
    assert f"last heartbeat at {NOW - timedelta(minutes=5):%Y-%m-%d %H:%M}" in found[part].sentence
    api.answer[name] = {"status": None, f"latest_{name}_heartbeat": None}
    assert lines(settings)[part] == Line(part, False, "has never run")


def test_airflows_database_is_told(settings: Settings, api: ApiServer) -> None:
    api.answer["metadatabase"] = {"status": "unhealthy"}
    assert ill(lines(settings)) == ["metadata"]


@pytest.mark.parametrize("status", [500, 404])
def test_an_api_server_that_is_ill_is_told(settings: Settings, api: ApiServer, status: int) -> None:
    api.status = status
    assert ill(lines(settings)) == ["api-server", "metadata", "scheduler", "dag-processor", "triggerer"]


def test_an_api_server_that_hangs_is_not_waited_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/execution/")
        assert "api-server" in ill(lines(settings))


def test_a_landing_store_that_takes_nothing_is_told(settings: Settings, api: ApiServer) -> None:
    Path(settings.landing).parent.mkdir(parents=True)
    Path(settings.landing).write_text("a file where a folder should be")
    found = lines(settings)
    assert "landing" in ill(found)
    assert str(settings.landing) not in found["landing"].sentence, "a URL may hold a key"


def test_a_warehouse_that_is_no_warehouse_is_told_without_its_url(settings: Settings, api: ApiServer) -> None:
    path = settings.home / "warehouse.duckdb"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database" * 1000)
    found = lines(settings)
    assert ill(found) == ["warehouse", "build", "publish", "waiting"]
    assert str(path) not in found["warehouse"].sentence


def test_what_waits_is_late_after_half_an_hour(pipeline: Pipeline, api: ApiServer) -> None:
    pipeline.land_file("complaint_eastvale", GOOD)
    assert ill(lines(pipeline.settings)) == []
    found = lines(pipeline.settings, datetime.now(UTC) + WAITING_TOO_LONG + timedelta(seconds=1))
    assert ill(found) == ["waiting"]
    assert found["waiting"].sentence.startswith("1 submissions wait, the oldest since ")


def test_what_is_loaded_and_not_built_is_late(pipeline: Pipeline, api: ApiServer) -> None:
    receipt, _ = pipeline.land_file("complaint_eastvale", GOOD)
    pipeline.judge(receipt.submission_id)
    pipeline.load(receipt.submission_id)
    late = datetime.now(UTC) + WAITING_TOO_LONG + timedelta(seconds=5)
    found = lines(pipeline.settings, late)
    assert ill(found) == ["build"]
    assert "nothing was built yet; loaded and not built since" in found["build"].sentence


def test_what_is_built_and_not_published_is_late(on_made_duckdb: Pipeline, api: ApiServer) -> None:
    pipeline = on_made_duckdb
    receipt, _ = pipeline.land_file("complaint_eastvale", GOOD)
    pipeline.judge(receipt.submission_id)
    pipeline.load(receipt.submission_id)
    pipeline.build_and_publish()
    late = datetime.now(UTC) + WAITING_TOO_LONG + timedelta(seconds=5)
    assert ill(lines(pipeline.settings, late)) == []
    with open_warehouse(pipeline.settings).writer() as connection:
        last = ledger.last_build(connection).build_id
        connection.execute(
            update(ledger.build).where(ledger.build.c.build_id == last).values(build_id="another one", finished_at=datetime.now(UTC))
        )
    assert ill(lines(pipeline.settings, datetime.now(UTC) + WAITING_TOO_LONG + timedelta(seconds=5))) == ["publish"]


def test_a_writer_that_has_the_warehouse_is_no_fault(on_made_duckdb: Pipeline, api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = on_made_duckdb
    monkeypatch.setattr(health, "SECONDS", 0.5)
    receipt, _ = pipeline.land_file("complaint_eastvale", GOOD)
    pipeline.judge(receipt.submission_id)
    pipeline.load(receipt.submission_id)
    pipeline.build_and_publish()
    with open_warehouse(pipeline.settings).writer():
        started = time.monotonic()
        found = lines(pipeline.settings)
        assert time.monotonic() - started < 10
    assert ill(found) == []
    assert "a writer has it" in found["warehouse"].sentence
    assert "last build" in found["build"].sentence, "out of the copy"
    assert found["waiting"].sentence == "no submission waits", "the copy knows what was loaded"


def command(settings: Settings) -> subprocess.CompletedProcess[str]:
    script = "from samepicture.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, "health"], env={**os.environ}, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_has_a_line_a_part_and_an_exit_code(settings: Settings, api: ApiServer) -> None:
    done = command(settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [["ok", part] for part in PARTS]
    api.answer["scheduler"]["status"] = "unhealthy"
    done = command(settings)
    assert done.returncode == 1
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAIL")] == ["scheduler"]


def test_nothing_heavy_is_imported() -> None:
    """A container asks every half minute: what takes seconds to import has no place here."""
    script = "import sys; import samepicture.health, samepicture.publish; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert not {"airflow", "dbt", "great_expectations", "pandas", "polars"} & set(done.stdout.split())
    assert SECONDS * 3 < 30, "a health check of a container is given half a minute"
