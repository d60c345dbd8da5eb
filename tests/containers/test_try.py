"""The composed stack for real: image, secrets, all parts, an invented ICS's submissions to the marts. `make containers`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from samepicture.settings import PROJECT
from tests.containers.engine import NoEngine, engine

pytestmark = [pytest.mark.containers, pytest.mark.timeout(4000)]
IMAGE = "samepicture:try"


@pytest.fixture(scope="module")
def docker() -> Iterator[dict[str, str]]:
    try:
        with engine() as environment:
            tools = str(Path(sys.executable).parent)  # Compose is there, where the machine has none
            yield {**environment, "PATH": f"{environment['PATH']}:{tools}"}
    except NoEngine as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("executor", [[], ["--celery"]], ids=["local", "celery"])
def test_what_is_sent_reaches_the_marts(docker: dict[str, str], executor: list[str]) -> None:
    result = subprocess.run(
        [PROJECT / "docker" / "try", *executor], env=docker, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(result.stdout)
    assert result.returncode == 0, result.stdout[-3000:]
    assert "0 containers, 0 volumes left" in result.stdout


def test_the_image_holds_nothing_but_the_program(docker: dict[str, str]) -> None:
    def run(*command: str) -> str:
        return subprocess.run(["docker", *command], env=docker, capture_output=True, text=True, check=True, timeout=120).stdout

    inside = run(
        "run", "--rm", "--entrypoint", "sh", IMAGE, "-c",
        "id -u; find / -xdev \\( -name uv -o -name gcc -o -name make -o -name pytest -o -name ruff -o -name .git \\) -type f; "
        "ls -A /opt/samepicture; ls -A /opt/samepicture/bin; find /opt/samepicture -writable | head -1",
    ).split()  # fmt: skip
    assert inside[0] == "10001"
    expected = [".venv", "LICENSE", "README.md", "bin", "dags", "dbt", "expectations", "plugins", "pyproject.toml", "uv.lock"]
    assert inside[1:] == [*expected, "healthy", "initialise", "with-secrets"]
    config = json.loads(run("image", "inspect", IMAGE))[0]["Config"]
    assert not [name for name in config["Env"] if "KEY" in name or "SECRET" in name or "PASSWORD" in name]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "MIT"
    assert config["Healthcheck"]["Test"] == ["CMD", "healthy"]
