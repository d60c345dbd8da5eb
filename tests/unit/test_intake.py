"""The webhook's own answers, without Airflow's database: what is landed is taken, for the sweep announces it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
import yaml
from starlette.testclient import TestClient

from samepicture.airflow import intake
from samepicture.landing import Landing
from samepicture.settings import PROJECT, Settings
from tests.stack import SECRET, SECRET_VARIABLE, free_port, signed, wait_for

FEEDS = {
    "complaint_pushed": {"webhook": {"secret_from": SECRET_VARIABLE}},
    "complaint_no_webhook": {},
    "survey_response_news": {"kind": "surveymonkey", "webhook": {"secret_from": SECRET_VARIABLE, "signed": "surveymonkey"}},
}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    model = yaml.safe_load((PROJECT / "dags/feeds/complaint_northmoor/feed.yml").read_text())
    for feed_id, connector in FEEDS.items():
        (tmp_path / "feeds" / feed_id).mkdir(parents=True)
        document = {**model, "id": feed_id, "connector": connector}
        (tmp_path / "feeds" / feed_id / "feed.yml").write_text(yaml.safe_dump(document))
    monkeypatch.setenv("SAMEPICTURE_FEEDS", str(tmp_path / "feeds"))
    monkeypatch.setenv("SAMEPICTURE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)

    def no_database(*_: object) -> None:
        raise ConnectionError("there is no database")

    monkeypatch.setattr(intake, "_announce", no_database)
    with TestClient(intake.app) as client:
        yield client


def landed() -> list[str]:
    return sorted(Landing.of(Settings.from_environment()).submission_ids())


def test_landed_though_the_database_is_gone(client: TestClient) -> None:
    answer = client.post("/complaint_pushed?file_name=cases.csv", content=b"a,b\n1,2\n", headers=signed(b"a,b\n1,2\n"))
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert (found["feed"], found["bytes"], found["is_new"]) == ("complaint_pushed", 8, True)
    assert found["sha256"] == hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert landed() == [found["submission_id"]]
    assert Landing.of(Settings.from_environment()).receipt(found["submission_id"]).file_name == "cases.csv"
    assert not (Settings.from_environment().home / "announced").exists(), "the sweep must announce it"
    again = client.post("/complaint_pushed", content=b"a,b\n1,2\n", headers=signed(b"a,b\n1,2\n"))
    assert (again.status_code, again.json()["is_new"]) == (202, False)
    assert again.json()["submission_id"] == found["submission_id"]


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "sentence"),
    [
        ("/complaint_nobody", b"x", signed(b"x"), 404, "no such feed"),
        ("/complaint_no_webhook", b"x", signed(b"x"), 401, "takes no signed messages"),
        ("/complaint_pushed", b"x", {}, 401, "webhook-id is missing"),
        ("/complaint_pushed", b"y", signed(b"x"), 401, "does not fit"),
        ("/complaint_pushed", b"", signed(b""), 400, "no body"),
        ("/complaint_pushed", b"x", {**signed(b"x"), "webhook-timestamp": "9" * 400}, 401, "no number"),
        ("/complaint_pushed", b"x", {**signed(b"x"), "Content-Encoding": "gzip"}, 415, "compressed"),
        ("/complaint_pushed", b"x", {**signed(b"x"), "Content-Type": "multipart/form-data; boundary=x"}, 415, "--data-binary"),
        ("/complaint_pushed", b"x", {"Authorization": "Basic YTpi"}, 401, "no Bearer token"),
        ("/survey_response_news", b"{}", {"sm-apikey": "c", "sm-signature": "x"}, 401, "does not fit"),
    ],
)
def test_refused(client: TestClient, path: str, body: bytes, headers: dict[str, str], status: int, sentence: str) -> None:
    answer = client.post(path, content=body, headers=headers)
    assert (answer.status_code, sentence in answer.json()["detail"]) == (status, True), answer.text
    assert landed() == []


@pytest.mark.parametrize("path", ["/..%2f..%2fetc", "/Complaint_pushed", "/%00", "/" + "a" * 200])
def test_a_path_that_is_no_feed(client: TestClient, path: str) -> None:
    assert client.post(path, content=b"x", headers=signed(b"x")).status_code in (404, 422)


def test_too_large_is_said_before_it_is_read(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BYTES_MAX", 1000)
    body = b"x" * 1001
    answer = client.post("/complaint_pushed", content=body, headers=signed(body))
    assert (answer.status_code, "SFTP" in answer.json()["detail"]) == (413, True)
    chunks = (body[start : start + 100] for start in range(0, len(body), 100))  # no length declared
    assert client.post("/complaint_pushed", content=chunks, headers=signed(body)).status_code == 413
    assert landed() == []


def test_a_secret_that_is_none_is_ours_to_mend(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "short")
    answer = client.post("/complaint_pushed", content=b"x", headers=signed(b"x"))
    assert (answer.status_code, "tell the data team" in answer.json()["detail"]) == (503, True)


def test_news_that_can_not_be_passed_on_must_come_again(client: TestClient) -> None:
    made = base64.b64encode(hmac.new(b"client&" + SECRET.encode(), b"{}", hashlib.sha1).digest()).decode()
    headers = {"sm-apikey": "client", "sm-signature": made}
    assert client.post("/survey_response_news", content=b"{}", headers=headers).status_code == 503


def test_news_wakes_the_source(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(intake, "_announce", lambda asset, *_: told.append(asset))
    made = base64.b64encode(hmac.new(b"client&" + SECRET.encode(), b"{}", hashlib.sha1).digest()).decode()
    answer = client.post("/survey_response_news", content=b"{}", headers={"sm-apikey": "client", "sm-signature": made})
    assert (answer.status_code, answer.json()["submission_id"], told) == (202, None, ["arrival.survey_response_news"])


def test_surveymonkey_may_look_whether_we_are_there(client: TestClient) -> None:
    assert client.head("/anything_at_all").status_code == 200


@pytest.mark.parametrize("holding", ["landing", "temporary files"])
def test_a_full_disk(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holding: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk can't be mounted here: that takes root")
    try:
        if holding == "landing":
            monkeypatch.setenv("SAMEPICTURE_LANDING", str(disk / "landing"))
        else:
            monkeypatch.setattr(tempfile, "tempdir", str(disk))
        body = b"x" * (2 << 20)
        answer = client.post("/complaint_pushed", content=body, headers=signed(body))
        assert (answer.status_code, "disk is full" in answer.json()["detail"]) == (507, True), answer.text
        assert not [path for path in disk.rglob("*") if path.is_file()]
        assert client.post("/complaint_pushed", content=b"x", headers=signed(b"x")).status_code == 202
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_feed_that_is_broken_for_a_moment_is_ours_to_mend(client: TestClient, tmp_path: Path) -> None:
    file = tmp_path / "feeds" / "complaint_pushed" / "feed.yml"
    whole = file.read_text()
    file.write_text(whole[: len(whole) // 2] + "\n  - : {")
    answer = client.post("/complaint_pushed", content=b"x", headers=signed(b"x"))
    assert (answer.status_code, "again later" in answer.json()["detail"]) == (503, True), answer.text
    assert str(tmp_path) not in answer.text
    file.write_text(whole + "\n")
    assert client.post("/complaint_pushed", content=b"x", headers=signed(b"x")).status_code == 202


def test_a_folder_of_feeds_that_is_gone_is_ours_to_mend(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEPICTURE_FEEDS", "/nowhere/at/all")
    answer = client.post("/complaint_pushed", content=b"x", headers=signed(b"x"))
    assert (answer.status_code, "/nowhere" in answer.text) == (503, False)


@pytest.fixture
def server(client: TestClient) -> Iterator[int]:
    """The same on a real server; its port."""
    port = free_port()
    running = uvicorn.Server(uvicorn.Config(intake.app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        wait_for(lambda: running.started, 20, "the server", pause=0.02)
        yield port
    finally:
        running.should_exit = True
        thread.join(20)


def head(body: bytes, length: int) -> bytes:
    lines = ["POST /complaint_pushed HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in signed(body).items()), "", ""]).encode()


@pytest.mark.parametrize("sent", [100, 3 << 20])
def test_a_sender_who_hangs_up_leaves_nothing(
    server: int, sent: int, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    body = b"x" * (4 << 20)
    read = intake._read
    ended: list[str] = []

    async def watched(*arguments: Any) -> int:
        try:
            return await read(*arguments)
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    monkeypatch.setattr(intake, "_read", watched)
    with socket.create_connection(("127.0.0.1", server)) as connection:
        connection.sendall(head(body, len(body)) + body[:sent])
    wait_for(lambda: ended, 10, "the end of the request", pause=0.02)
    assert (ended, caplog.text) == (["HTTPException"], "")
    assert requests.post(f"http://127.0.0.1:{server}/complaint_pushed", data=b"y", headers=signed(b"y"), timeout=10).status_code == 202
    assert len(landed()) == 1


def test_a_sender_who_dawdles_is_cut_off(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "RECEIVE_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", server), timeout=10) as connection:
        connection.sendall(head(b"xyz", 3) + b"x")
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
    assert landed() == []


def test_the_same_bytes_at_once_are_one_submission(server: int) -> None:
    body = b"x" * (3 << 20)

    def send(_: int) -> tuple[int, bool]:
        answer = requests.post(f"http://127.0.0.1:{server}/complaint_pushed", data=body, headers=signed(body), timeout=30)
        return answer.status_code, answer.json()["is_new"]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    assert sorted(answers) == [(202, False)] * 5 + [(202, True)]
    assert len(landed()) == 1


def test_the_command_that_docs_show(server: int, tmp_path: Path) -> None:
    shown = re.search(r"```\n(id=\$\(date.*?)```", (PROJECT / "docs" / "sending.md").read_text(), re.DOTALL)
    assert shown
    command = (
        shown[1]
        .replace("SAMEPICTURE_NORTHMOOR_SECRET", SECRET_VARIABLE)
        .replace("8080/intake/complaint_northmoor", f"{server}/complaint_pushed")
    )
    (tmp_path / "cases.csv").write_bytes(b"a,b\r\n1,2")
    told = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(told.stdout)["sha256"] == hashlib.sha256(b"a,b\r\n1,2").hexdigest()
