"""No service starts with a key that is missing, short or an example, with a password that everybody knows, or open to others."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.airflow import local
from samepicture.airflow.environment import AUTH_MANAGER, BROKER, DATABASE, airflow_environment
from samepicture.settings import PROJECT, SettingError, Settings, refuse_default_password, require_key

KEY = secrets.token_hex(32)
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
SERVICES = [["scheduler"], ["dag-processor"], ["triggerer"], ["api-server"], ["celery", "worker"]]


@pytest.fixture
def started(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[str]]]:
    """Start a part, or everything; the commands that would have run. Nothing of Airflow is started."""
    monkeypatch.setenv("SAMEPICTURE_PSEUDONYM_KEY", KEY)
    for name in ("AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__CORE__FERNET_KEY"):
        monkeypatch.setenv(name, secrets.token_urlsafe(32))
    for name in (AUTH_MANAGER, BROKER, DATABASE, "AIRFLOW__API__HOST", "AIRFLOW__API__PORT", "AIRFLOW__CORE__EXECUTOR"):
        monkeypatch.delenv(name, raising=False)
    commands: list[list[str]] = []

    class Done:
        returncode = 0

    def run(command: list[str], **options: object) -> Done:
        assert options["umask"] == 0o077, "others could read what it writes"
        commands.append(command[3:])
        return Done()

    monkeypatch.setattr(local.subprocess, "run", run)
    monkeypatch.setattr(local, "apply", lambda _: None)

    class Started(Exception):
        pass

    def popen(*_: object, **options: object) -> None:
        assert options["umask"] == 0o077
        raise Started

    monkeypatch.setattr(local.subprocess, "Popen", popen)

    umasks: list[int] = []

    def execv(_program: str, command: list[str]) -> None:
        assert umasks.pop() == 0o077
        commands.append(command[3:])
        raise Started

    monkeypatch.setattr(local.os, "umask", umasks.append)
    monkeypatch.setattr(local.os, "execv", execv)

    def start(*arguments: str, **environment: str) -> list[list[str]]:
        commands.clear()
        with monkeypatch.context() as changed:
            for name, value in environment.items():
                changed.setenv(name, value)
            with pytest.raises(Started):
                local.run_command(Settings.from_environment(), arguments) if arguments else local.serve(Settings.from_environment())
        return commands

    return start


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "short",
        "k" * 40,
        "a key for tests alone, never for people",
        "change-me-" * 5,
        "0123456789" * 4 + "example",
        "put-your-48-letters-here-and-keep-them",
        "YourKeyGoesHere_abcdefghijklmnopqrstuvwxyz",
        "useYourOwnLongTextOfLettersAndDigits",
    ],
)
def test_an_unfit_key_is_refused_with_the_way_to_a_fit_one(value: str | None) -> None:
    with pytest.raises(SettingError, match=r"SOME_KEY is (missing|shorter|an example).*token_hex") as refused:
        require_key("SOME_KEY", value)
    assert not value or len(value) < 6 or value not in str(refused.value)


@given(st.sampled_from([secrets.token_hex, secrets.token_urlsafe]), st.integers(32, 64))
def test_a_key_made_by_chance_is_taken(make: Callable[[int], str], length: int) -> None:
    key = make(length)
    assert require_key("SOME_KEY", key) == key


def test_letters_that_make_a_word_by_chance_are_no_example() -> None:
    key = "ZKh65ubpk0QK13wL7WixLOr3" + "gkMSZBESwjEhzZHIVfSyOUrElFy"
    assert require_key("SOME_KEY", key) == key


def test_no_key_that_stands_in_docs_or_tests_is_taken() -> None:
    """Whoever copies one from there is told; what is made by a command there is no example."""
    assigned = re.compile(
        r"""(?x) \b (?:SAMEPICTURE_\w*KEY | \w*JWT_SECRET | \w*FERNET_KEY) ["']? \s* (?: = | : | , ) \s* (["']) (?P<value> [^"'\n$]{8,}) \1"""
    )
    files = [
        PROJECT / "README.md",
        *(PROJECT / "docs").rglob("*.md"),
        *(PROJECT / "tests").rglob("*.py"),
        *(PROJECT / "benchmarks").rglob("*.py"),
    ]
    found = {match["value"] for path in files for match in assigned.finditer(path.read_text())}
    assert assigned.search('{"SAMEPICTURE_PSEUDONYM_KEY": "an example of a key"}'), "the pattern finds nothing any more"
    for value in found:
        with pytest.raises(SettingError):
            require_key("SOME_KEY", value)


@pytest.mark.parametrize("arguments", [[], *SERVICES])
@pytest.mark.parametrize("value", ["", "short", "a key for tests alone, never for people"])
def test_no_service_starts_with_an_unfit_pseudonym_key(started: Callable[..., object], arguments: list[str], value: str) -> None:
    with pytest.raises(SettingError, match="SAMEPICTURE_PSEUDONYM_KEY"):
        started(*arguments, SAMEPICTURE_PSEUDONYM_KEY=value)


@pytest.mark.parametrize("arguments", [[], *SERVICES])
@pytest.mark.parametrize("name", local.SHARED_KEYS)
def test_no_service_starts_with_an_unfit_shared_key(started: Callable[..., object], arguments: list[str], name: str) -> None:
    with pytest.raises(SettingError, match=name):
        started(*arguments, **{name: "changeme" * 8})


@pytest.mark.parametrize("arguments", SERVICES)
@pytest.mark.parametrize("name", local.SHARED_KEYS)
def test_a_part_alone_must_be_given_the_shared_keys(started: Callable[..., object], arguments: list[str], name: str) -> None:
    with pytest.raises(SettingError, match=f"{name} is missing"):
        started(*arguments, **{name: ""})


@pytest.mark.parametrize("arguments", [[], ["scheduler"]])
def test_the_home_is_its_owners_alone(started: Callable[..., object], settings: Settings, arguments: list[str]) -> None:
    started(*arguments)
    assert settings.home.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("arguments", SERVICES)
def test_a_part_alone_is_started_as_all_together_are(started: Callable[..., list[list[str]]], arguments: list[str]) -> None:
    *preparations, command = started(*arguments, "--pid", "/tmp/x")
    assert (["db", "migrate"] in preparations) == (arguments == ["scheduler"]), "two that migrate are in each other's way"
    assert command[: len(arguments)] == arguments
    assert command[-2:] == ["--pid", "/tmp/x"]
    assert arguments[-1] in ("dag-processor", "api-server") or "--skip-serve-logs" in command, "a log server would listen on every address"


def test_a_secret_may_come_by_command(started: Callable[..., object]) -> None:
    started("scheduler", AIRFLOW__API_AUTH__JWT_SECRET="", AIRFLOW__API_AUTH__JWT_SECRET_CMD="cat /run/secrets/jwt")


@pytest.mark.parametrize(
    ("name", "url"),
    [
        (DATABASE, "postgresql+psycopg2://airflow:airflow@db/airflow"),
        (BROKER, "redis://:redis@cache:6379/0"),
        ("SAMEPICTURE_WAREHOUSE", "postgresql://loader:Postgres@db/samepicture"),
        (DATABASE, "postgresql+psycopg2://ics%2Dteam:ics-team@db/airflow"),
    ],
)
def test_no_service_starts_with_a_password_that_everybody_knows(started: Callable[..., object], name: str, url: str) -> None:
    further = {DATABASE: "postgresql+psycopg2://a:9f8e7d6c5b@db/airflow"} if name == BROKER else {}
    with pytest.raises(SettingError, match=f"{name} holds a password"):
        started("scheduler", **{**further, name: url})


def test_a_password_of_ones_own_is_taken() -> None:
    refuse_default_password("X", f"postgresql://loader:{KEY}@db/samepicture")
    refuse_default_password("X", "duckdb:////srv/samepicture/warehouse.duckdb")
    refuse_default_password("X", "postgresql://postgres:@/postgres?host=/run/postgresql")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "ics.example.nhs.uk"])
@pytest.mark.parametrize("form", ["environment", "-H {}", "--host {}", "--host={}", "--ho {}", "-H{}", "-dH {}"])
def test_the_log_in_for_one_machine_listens_to_that_machine_alone(started: Callable[..., list[list[str]]], host: str, form: str) -> None:
    arguments = [] if form == "environment" else ["api-server", *form.format(host).split()]
    environment = {"AIRFLOW__API__HOST": host} if form == "environment" else {}
    with pytest.raises(SettingError, match="SimpleAuthManager"):
        started(*arguments, **environment)
    assert started("api-server", *arguments[1:], **environment, **{AUTH_MANAGER: FAB}), "another auth manager may"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_is_that_machine(started: Callable[..., list[list[str]]], host: str) -> None:
    assert started("api-server", AIRFLOW__API__HOST=host)


def test_nobody_is_admin_unasked(started: Callable[..., object]) -> None:
    with pytest.raises(SettingError, match="ALL_ADMINS"):
        started(AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS="True")


def test_standalone_would_listen_everywhere(started: Callable[..., object]) -> None:
    with pytest.raises(SettingError, match="samepicture airflow"):
        started("standalone")


# -- what can work together ---------------------------------------------------------------


@pytest.fixture
def environment(started: object, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    def derive(**variables: str) -> dict[str, str]:
        with monkeypatch.context() as changed:
            for name, value in variables.items():
                changed.setenv(name, value)
            return airflow_environment(settings)

    return derive


def test_one_variable_chooses_celery(environment: Callable[..., dict[str, str]]) -> None:
    assert environment()["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    chosen = environment(**{BROKER: f"redis://:{KEY}@r:6379/0", DATABASE: "postgresql+psycopg2://a@db/airflow"})
    assert chosen["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    seconds = int(chosen["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"])
    assert seconds > 100 * int(chosen["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"]), "dead tasks are found long before"


def test_celery_on_sqlite_is_refused(environment: Callable[..., dict[str, str]]) -> None:
    with pytest.raises(SettingError, match="PostgreSQL"):
        environment(**{BROKER: f"redis://:{KEY}@r:6379/0"})


def test_celery_without_a_broker_is_refused(environment: Callable[..., dict[str, str]]) -> None:
    with pytest.raises(SettingError, match=BROKER):
        environment(AIRFLOW__CORE__EXECUTOR="CeleryExecutor", **{DATABASE: "postgresql+psycopg2://a@db/airflow"})


def test_sqlite_is_said_to_be_for_trying_out(started: Callable[..., object], capsys: pytest.CaptureFixture[str]) -> None:
    started()
    assert f"for real use set {DATABASE}" in capsys.readouterr().err
    started(**{DATABASE: "postgresql+psycopg2://a@db/airflow"})
    assert capsys.readouterr().err == ""


def test_settings_that_are_shown_hold_no_secret(settings: Settings) -> None:
    secret = "9f8e7d6c5b4a"
    shown = Settings(
        settings.home,
        f"postgresql://a:{secret}@db/x",
        "",
        (),
        secret,
        secret,
        smtp_url=f"smtp://a:{secret}@m",
        notices_webhook=f"https://chat/{secret}",
    )
    assert secret not in repr(shown)


def test_a_redis_that_does_not_answer_is_named(started: Callable[..., object]) -> None:
    pytest.importorskip("celery")
    from tests.stack import free_port

    port = free_port()
    with pytest.raises(SettingError, match=rf"Redis does not answer at 127\.0\.0\.1:{port}") as refused:
        started(**{BROKER: f"redis://:{KEY}@127.0.0.1:{port}/0", DATABASE: "postgresql+psycopg2://a@db/airflow"})
    assert KEY not in str(refused.value)


def test_what_comes_by_command_is_not_overruled(environment: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    assert DATABASE not in environment(**{f"{DATABASE}_CMD": "cat /run/secrets/metadata"})


def test_metrics_are_off_unless_a_collector_is_named(environment: Callable[..., dict[str, str]]) -> None:
    assert "AIRFLOW__METRICS__OTEL_ON" not in environment()
    assert environment(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")["AIRFLOW__METRICS__OTEL_ON"] == "True"
