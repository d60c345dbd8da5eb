"""Airflow on this machine: its parts as child processes, on loopback, until they are stopped.

`airflow standalone` would do, but its log servers listen on every address and can't be
told otherwise; the parts are started here without them. Imports nothing of Airflow.

A part alone (`samepicture airflow scheduler`), for systemd, containers or a further
machine, runs in the foreground. It has to be given the keys that the parts share.
"""

from __future__ import annotations

import argparse
import importlib.util
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from samepicture.airflow.environment import (
    AUTH_MANAGER,
    BROKER,
    DATABASE,
    SIMPLE_AUTH_MANAGER,
    WRITER_POOL,
    airflow_environment,
    apply,
    is_set,
)
from samepicture.sealing import Seal
from samepicture.settings import SettingError, Settings, refuse_default_password, require_key

PARTS = {
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "api-server": ["api-server"],
}
WORKER = ["celery", "worker", "--skip-serve-logs"]
"""The further part where Celery takes the tasks; more of it run on other machines."""
SHARED_KEYS = ("AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__CORE__FERNET_KEY")
"""Parts that are started one by one must have the same."""
OWNER_ALONE = 0o077
"""The umask of all that we start: the password of the log-in and the keys that Airflow makes for itself are files."""
MIGRATE = (["db", "migrate"], ["pools", "set", WRITER_POOL, "1", "The warehouse has one writer."])
WAIT_FOR_IT = (["db", "check-migrations", "--migration-wait-timeout", "180"],)
"""Of parts that are started side by side the scheduler alone migrates: two that do are in each other's way."""
STOP_SECONDS = 30
CONNECT_SECONDS = 5


def run_command(settings: Settings, arguments: Sequence[str]) -> int:
    """Run one Airflow command on this installation; its exit code. Raises SettingError where it may not be started so.

    A part takes the place of this process: whoever stops us, stops it.
    """
    environment = airflow_environment(settings)
    part = _part(arguments)
    if part:
        check_keys(settings, environment)
        for name in SHARED_KEYS:
            if not is_set(name):
                raise SettingError(f"{name} is missing: parts that are started one by one must have the same one (docs/operating.md).")
        if part == PARTS["api-server"]:
            check_listening(environment, _host(arguments[1:]))
        _prepare(settings, environment, MIGRATE if part == PARTS["scheduler"] else WAIT_FOR_IT)
        os.umask(OWNER_ALONE)
        command = _airflow([*part, *arguments[len(_name(part)) :]])
        os.execv(command[0], command)  # noqa: S606 - a list, no shell
    if arguments[0] == "standalone":
        raise SettingError("`airflow standalone` listens on every address: use `samepicture airflow`.")
    settings.require_pseudonym_key()
    _prepare(settings, environment)
    return subprocess.run(_airflow(arguments), check=False, umask=OWNER_ALONE).returncode


def serve(settings: Settings) -> int:
    """Run all parts until Ctrl-C or a part ends by itself; 0 where they were stopped, else 1.

    Raises SettingError where a key is unfit, or somebody else than this machine could come in.
    """
    environment = airflow_environment(settings)
    check_keys(settings, environment)
    check_listening(environment)
    wanted = parts(environment)
    if environment.get(DATABASE, "").startswith("sqlite"):
        print(f"Airflow's metadata is a SQLite file, which is for trying out: for real use set {DATABASE}.", file=sys.stderr)
    _prepare(settings, environment)
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    stopped: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, arguments in wanted.items():
            with (logs / f"airflow-{name}.log").open("ab") as log:
                # A group of its own: Ctrl-C reaches us alone, and we stop them in order.
                running[name] = subprocess.Popen(_airflow(arguments), stdout=log, stderr=log, process_group=0, umask=OWNER_ALONE)
        print(f"Airflow is starting at {_address(environment)}; {_who_may_log_in(environment)}. Logs: {logs}. Ctrl-C stops it.", flush=True)
        while not stopped:
            ended = [name for name, part in running.items() if part.poll() is not None]
            if ended:
                print(f"The {ended[0]} has ended by itself: see {logs / f'airflow-{ended[0]}.log'}", file=sys.stderr)
                return 1
            time.sleep(0.5)
    finally:
        _stop(list(running.values()))
    return 0


def parts(environment: Mapping[str, str]) -> dict[str, list[str]]:
    """What runs on this machine. Raises SettingError where Celery is asked for and is not installed, or its Redis does not answer."""
    if "CeleryExecutor" not in environment["AIRFLOW__CORE__EXECUTOR"]:
        return PARTS
    if importlib.util.find_spec("celery") is None:
        raise SettingError(f"{BROKER} is set, and Celery is not installed: `make celery`, or install samepicture[celery].")
    url = urlsplit(os.environ.get(BROKER, ""))
    if url.hostname:
        try:
            socket.create_connection((url.hostname, url.port or 6379), CONNECT_SECONDS).close()
        except OSError as error:
            raise SettingError(
                f"Redis does not answer at {url.hostname}:{url.port or 6379} ({error.strerror or error}): start it, or correct {BROKER}."
            ) from None
    return {**PARTS, "worker": WORKER}


def check_keys(settings: Settings, environment: Mapping[str, str]) -> None:
    """Raises SettingError where a key is missing, short or an example, or a password is one that everybody knows."""
    settings.require_pseudonym_key()
    Seal(settings.landing_key)
    check_given(settings, environment)


def check_given(settings: Settings, environment: Mapping[str, str]) -> None:
    """The same of what is there: a container is given what its part needs, and no more."""
    if settings.pseudonym_key is not None:
        settings.require_pseudonym_key()
    if settings.landing_key is not None:
        Seal(settings.landing_key)
    for name in SHARED_KEYS:
        if os.environ.get(name):
            require_key(name, os.environ[name])
    for name, url in (
        (DATABASE, environment.get(DATABASE)),
        (BROKER, os.environ.get(BROKER)),
        ("SAMEPICTURE_WAREHOUSE", settings.warehouse),
    ):
        refuse_default_password(name, url or "")


def check_listening(environment: Mapping[str, str], host: str | None = None) -> None:
    """Raises SettingError where others could reach an API server whose log-in is meant for one person on one machine."""
    if environment.get(AUTH_MANAGER) != SIMPLE_AUTH_MANAGER:
        return
    if os.environ.get("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "").lower() in ("true", "t", "1"):
        raise SettingError("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS opens every page and route to everybody: take it away.")
    host = host or environment["AIRFLOW__API__HOST"]
    if not _is_loopback(host):
        raise SettingError(
            f"The API server would listen on {host} with Airflow's SimpleAuthManager, which is for one machine: keep it on 127.0.0.1, or "
            f"set {AUTH_MANAGER} to that of the FAB or the Keycloak provider (docs/operating.md)."
        )


def _host(arguments: Sequence[str]) -> str | None:
    """What --host says, in any of the forms that Airflow's own parser takes."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-H", "--host")
    for flag in "dDh":
        parser.add_argument(f"-{flag}", action="store_true")
    host: str | None = parser.parse_known_args(arguments)[0].host
    return host


def _part(arguments: Sequence[str]) -> list[str] | None:
    """The part that a command starts, with all that we start it with; None where it is another command."""
    return next((part for part in (*PARTS.values(), WORKER) if list(arguments[: len(_name(part))]) == _name(part)), None)


def _name(part: Sequence[str]) -> list[str]:
    return [word for word in part if not word.startswith("-")]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _address(environment: Mapping[str, str]) -> str:
    return f"http://{environment['AIRFLOW__API__HOST']}:{environment['AIRFLOW__API__PORT']}"


def _who_may_log_in(environment: Mapping[str, str]) -> str:
    if environment.get(AUTH_MANAGER) != SIMPLE_AUTH_MANAGER:
        return "its auth manager knows who may log in"
    return f"the password of admin is in {Path(environment['AIRFLOW_HOME']) / 'simple_auth_manager_passwords.json.generated'}"


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    for part in running:
        part.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for part in running:
        try:
            part.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(part.pid, signal.SIGKILL)


def _prepare(settings: Settings, environment: Mapping[str, str], preparations: Iterable[Sequence[str]] = MIGRATE) -> None:
    """The home, Airflow's environment, database and the writer's pool. Raises SettingError where the database can't be prepared."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    apply(environment)
    for preparation in preparations:
        done = subprocess.run(
            _airflow(preparation), check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, umask=OWNER_ALONE
        )
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if "Error" in line] or done.stderr.splitlines() or [""]
            raise SettingError(f"Airflow's database can't be prepared ({said[-1].strip()}): is it up, and {DATABASE} right?")


def _airflow(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]
