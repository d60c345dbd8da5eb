"""The composed stack is closed: no secret in its files, nothing published but on loopback, nobody root, everything watched and bounded.

Compose itself reads the files; no container engine is needed.
"""

from __future__ import annotations

import copy
import importlib.machinery
import importlib.util
import json
import os
import re
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from samepicture.airflow.environment import WRITER_POOL
from samepicture.sealing import Seal
from samepicture.settings import PROJECT

DOCKER = PROJECT / "docker"
FILES = {"local": ("compose.yaml",), "celery": ("compose.yaml", "compose.celery.yaml")}
OURS = "samepicture:local"
OPEN = {
    "AIRFLOW__API__HOST",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "PGDATA",
    "POSTGRES_INITDB_ARGS",
    "POSTGRES_PASSWORD_FILE",
    "SAMEPICTURE_BACKUPS",
    "SAMEPICTURE_FEEDS",
    "SAMEPICTURE_LANDING",
}
"""Variables that compose.yaml may set: none of them is worth hiding."""

Service = dict[str, Any]


def compose(kind: str) -> dict[str, Any]:
    """What Compose makes of the files, every service included."""
    files = [part for name in FILES[kind] for part in ("--file", str(DOCKER / name))]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "SAMEPICTURE_USER": "10001"}
    program = Path(sys.executable).with_name("docker-compose")
    result = subprocess.run(
        [program, *files, "--env-file", "/dev/null", "--profile", "*", "config", "--format", "json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


@pytest.fixture(scope="module", params=FILES)
def stack(request: pytest.FixtureRequest) -> dict[str, Any]:
    return compose(request.param)


def script(name: str) -> ModuleType:
    """A script of the image, as a module."""
    path = DOCKER / "image" / name
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(path))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def problems(name: str, service: Service) -> Iterator[str]:
    """What is not closed, not watched or not bounded about a service."""
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    is_job = service.get("restart") == "no"
    user = str(service.get("user", "")).split(":")[0]
    rules = {
        "sets a variable that may be a secret": set(service.get("environment") or {}) <= OPEN,
        "has a password on its command line": not re.search(r"pass(word)?[ =:]+\w{6}", json.dumps(service.get("command")), re.IGNORECASE),
        "publishes a port beyond loopback": all(port.get("host_ip") == "127.0.0.1" for port in service.get("ports", [])),
        "uses the host's network": "network_mode" not in service,
        "runs as root": user.isdigit() and int(user) > 0,
        "may write to its root file system": service.get("read_only") is True,
        "has capabilities": service.get("cap_drop") == ["ALL"] and not service.get("cap_add") and not service.get("privileged"),
        "may gain privileges": "no-new-privileges:true" in service.get("security_opt", []),
        "has no health check": is_job or bool(service.get("healthcheck")) or is_watched(service),
        "is not started again": is_job or service.get("restart") == "unless-stopped",
        "has no limits": {"cpus", "memory", "pids"} <= limits.keys(),
        "logs without end": bool(service.get("logging", {}).get("options", {}).get("max-size")),
        "mounts a place of the host that it could write to": all(
            volume["type"] != "bind" or volume.get("read_only") for volume in service.get("volumes", [])
        ),
    }
    yield from (f"{name} {problem}" for problem, is_well in rules.items() if not is_well)


def is_watched(service: Service) -> bool:
    """Whether the image's own health check knows the part that the service runs."""
    words = service.get("command") or []
    return (
        service["image"] == OURS
        and "HEALTHCHECK" in (DOCKER / "Dockerfile").read_text()
        and words[:1] == ["airflow"]
        and words[1] in {"api-server", "celery", *script("healthy").HEARTBEATS}
    )


def test_everything_is_closed_watched_and_bounded(stack: dict[str, Any]) -> None:
    assert [problem for name, service in stack["services"].items() for problem in problems(name, service)] == []


BREAKS: dict[str, Callable[[Service], object]] = {
    "sets a variable that may be a secret": lambda s: s["environment"].update(SAMEPICTURE_PSEUDONYM_KEY="0123"),
    "has a password on its command line": lambda s: s.update(command=["airflow", "api-server", "--password=hunter22"]),
    "publishes a port beyond loopback": lambda s: s["ports"][0].pop("host_ip"),
    "uses the host's network": lambda s: s.update(network_mode="host"),
    "runs as root": lambda s: s.update(user="0:0"),
    "may write to its root file system": lambda s: s.pop("read_only"),
    "has capabilities": lambda s: s.update(cap_add=["NET_ADMIN"]),
    "may gain privileges": lambda s: s.pop("security_opt"),
    "has no health check": lambda s: s.update(command=["airflow", "standalone"]),
    "is not started again": lambda s: s.pop("restart"),
    "has no limits": lambda s: s["deploy"]["resources"]["limits"].pop("memory"),
    "logs without end": lambda s: s.pop("logging"),
    "mounts a place of the host that it could write to": lambda s: s["volumes"].append({"type": "bind", "source": "/", "target": "/host"}),
}


@pytest.mark.parametrize("problem", BREAKS)
def test_what_is_open_is_found(problem: str) -> None:
    service = copy.deepcopy(compose("local")["services"]["api-server"])
    BREAKS[problem](service)
    assert f"api-server {problem}" in list(problems("api-server", service))


def test_only_the_api_server_is_published(stack: dict[str, Any]) -> None:
    assert [name for name, service in stack["services"].items() if service.get("ports")] == ["api-server"]
    assert stack["networks"]["inside"]["internal"] is True
    assert all(set(stack["services"][name]["networks"]) == {"inside"} for name in ("postgres", "redis") if name in stack["services"])


def test_each_part_gets_the_secrets_that_it_needs_and_no_other() -> None:
    def given(name: str) -> set[str]:
        return {secret["source"] for secret in services[name].get("secrets", [])}

    services = compose("celery")["services"]
    judging = {"scheduler", "worker", "samepicture"}
    for secret in ("SAMEPICTURE_PSEUDONYM_KEY", "SAMEPICTURE_WAREHOUSE"):
        assert {name for name in services if secret in given(name)} == judging
    assert {name for name in services if "SAMEPICTURE_LANDING_KEY" in given(name)} == {*judging, "api-server"}
    assert {name for name in services if "postgres_password" in given(name)} == {"postgres", "databases"}


def test_celery_has_two_workers_and_the_scheduler_knows_its_broker() -> None:
    services = compose("celery")["services"]
    assert services["worker"]["deploy"]["replicas"] == 2
    for name in ("scheduler", "worker"):
        assert "AIRFLOW__CELERY__BROKER_URL" in {secret["source"] for secret in services[name]["secrets"]}
        assert services[name]["depends_on"]["redis"]["condition"] == "service_healthy"
    assert "AIRFLOW__CELERY__BROKER_URL" not in {secret["source"] for secret in compose("local")["services"]["scheduler"]["secrets"]}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Secrets that docker/make-secrets made."""
    make_secrets(tmp_path / "secrets")
    return tmp_path / "secrets"


def make_secrets(folder: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SAMEPICTURE_SECRETS": str(folder)}
    subprocess.run([DOCKER / "make-secrets"], env=environment, check=True, capture_output=True, timeout=60)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_secrets_are_their_owners_alone(made: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.iterdir() if path.is_file()} == {0o600}
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert {path.stat().st_uid for path in made.iterdir()}.isdisjoint({0})


def test_secrets_are_never_replaced_and_never_the_same(made: Path, tmp_path: Path) -> None:
    before = contents(made)
    (made / "SAMEPICTURE_WAREHOUSE").unlink()
    make_secrets(made)
    assert contents(made) == before
    make_secrets(tmp_path / "others")
    others = contents(tmp_path / "others")
    assert all(others[name] != before[name] for name in before)


def test_originals_get_a_key_that_can_be_one(made: Path) -> None:
    Seal(contents(made)["SAMEPICTURE_LANDING_KEY"].strip())


def test_every_secret_of_the_stack_is_made(stack: dict[str, Any], made: Path) -> None:
    assert {Path(secret["file"]).name for secret in stack["secrets"].values()} <= contents(made).keys()
    assert (made / "feeds").is_dir()


def test_metadata_and_warehouse_have_their_own_users(made: Path) -> None:
    found = contents(made)
    for name, user, database in (
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow", "airflow"),
        ("SAMEPICTURE_WAREHOUSE", "samepicture", "warehouse"),
    ):
        assert re.fullmatch(rf"postgresql(\+\w+)?://{user}:[0-9a-f]{{64}}@postgres:5432/{database}\n", found[name])
        assert re.search(rf"'{database}', '{user}'", (DOCKER / "databases.sql").read_text())


def test_files_named_like_variables_become_them(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAMEPICTURE_PSEUDONYM_KEY", "SAMEPICTURE_WEBHOOK_SECRET", "AIRFLOW__CORE__FERNET_KEY", "redis_password"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "environ", dict(os.environ) | {"SAMEPICTURE_HOME": str(tmp_path)})
    (made / "feeds" / "SAMEPICTURE_WEBHOOK_SECRET").write_text("a secret of a feed\n")
    entrypoint, became = script("with-secrets"), list[object]()
    monkeypatch.setattr(entrypoint, "SECRETS", (made, made / "feeds"))
    monkeypatch.setattr(entrypoint.sys, "argv", ["with-secrets", "samepicture", "status"])
    monkeypatch.setattr(entrypoint.os, "execvp", lambda *command: became.append(command))
    monkeypatch.setattr(entrypoint.os, "umask", lambda mask: became.append(mask))
    entrypoint.main()
    assert became == [0o077, ("samepicture", ["samepicture", "status"])]
    assert os.environ["SAMEPICTURE_PSEUDONYM_KEY"] == contents(made)["SAMEPICTURE_PSEUDONYM_KEY"].strip()
    assert os.environ["SAMEPICTURE_WEBHOOK_SECRET"] == "a secret of a feed"
    assert os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("postgresql+psycopg2://airflow:")
    assert os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False", "Airflow's settings are derived"
    assert "redis_password" not in os.environ


@pytest.mark.parametrize("name", ["SAMEPICTURE_PSEUDONYM_KEY", "SAMEPICTURE_LANDING_KEY", "AIRFLOW__CORE__FERNET_KEY"])
def test_no_container_starts_with_a_key_that_is_none(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ) | {"SAMEPICTURE_HOME": str(tmp_path)})
    given = tmp_path / "secrets"
    given.mkdir()
    (given / name).write_text("changeme\n")
    entrypoint = script("with-secrets")
    monkeypatch.setattr(entrypoint, "SECRETS", (given,))
    monkeypatch.setattr(entrypoint.sys, "argv", ["with-secrets", "airflow", "scheduler"])
    monkeypatch.setattr(entrypoint.os, "execvp", lambda *command: pytest.fail("it was started"))
    monkeypatch.setattr(entrypoint.os, "umask", lambda mask: None)
    with pytest.raises(SystemExit, match=name):
        entrypoint.main()


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("/sbin/docker-init -- with-secrets airflow scheduler --skip-serve-logs", "scheduler"),
        ("/opt/samepicture/.venv/bin/python /opt/samepicture/.venv/bin/airflow celery worker", "celery"),
        ("/sbin/docker-init -- with-secrets samepicture airflow", ""),
        ("with-secrets samepicture status", ""),
    ],
)
def test_the_health_check_knows_the_part(command: str, part: str) -> None:
    assert script("healthy").part_of(command.split()) == part


@pytest.fixture
def api_server() -> Iterator[str]:
    """What Airflow's API server says where the DAG processor is dead, at its address."""
    parts = {"metadatabase": {"status": "healthy"}, "scheduler": {"status": "healthy"}, "dag_processor": {"status": "unhealthy"}}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(parts).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_each_part_is_as_well_as_the_api_server_says(api_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    healthy = script("healthy")
    monkeypatch.setattr(healthy, "OWN", api_server)
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", f"{api_server}/execution/")
    codes = {part: healthy.main(["airflow", part]) for part in ("api-server", "scheduler", "dag-processor")}
    assert codes == {"api-server": 0, "scheduler": 0, "dag-processor": 1}


def test_the_image_is_nobodys_and_takes_in_what_it_needs_alone() -> None:
    lines = (DOCKER / "Dockerfile").read_text().splitlines()
    assert [line.split()[1] for line in lines if line.startswith("USER ")][-1].split(":")[0] not in ("0", "root")
    taken = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert taken[0] == "*", "everything stays out"
    assert [line for line in taken if line.startswith("!docker")] == ["!docker/image"]


def test_what_stands_in_two_places_is_the_same() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert f"ARG VERSION={project['version']}\n" in (DOCKER / "Dockerfile").read_text()
    assert f'description="{project["description"]}"' in (DOCKER / "Dockerfile").read_text()
    version = re.compile(r"UV_VERSION ?:?= ?(\S+)")
    assert version.search((DOCKER / "Dockerfile").read_text()).group(1) == version.search((PROJECT / "Makefile").read_text()).group(1)  # type: ignore[union-attr]
    assert f"airflow pools set {WRITER_POOL} 1 " in (DOCKER / "image" / "initialise").read_text()
