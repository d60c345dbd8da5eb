"""The object store connector against real servers on loopback: moto for S3, azurite (npm) for Azure where it is installed."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
import socket
import subprocess
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest

from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.connectors.stock import object_store
from samepicture.feed import Connector, Feed, load_feed
from samepicture.landing import Landing
from samepicture.settings import PROJECT
from tests.keys import LANDING_KEY

AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Published by Microsoft: every emulator has it."""


@dataclasses.dataclass
class Bucket:
    """A bucket or container with the prefix `out`, and how a feed finds it."""

    url: str
    options: dict[str, str]
    environment: dict[str, str]
    fs: Any

    def put(self, name: str, content: bytes) -> None:
        self.fs.pipe_file(self.path(name), content)

    def path(self, name: str) -> str:
        return f"{self.url.split('://')[1]}/{name}"

    def names(self) -> list[str]:
        self.fs.invalidate_cache()
        return sorted(path.removeprefix(self.path("")) for path in self.fs.find(self.path("").rstrip("/")))

    def feed(self, **options: Any) -> Feed:
        return dataclasses.replace(
            load_feed(PROJECT / "dags" / "feeds" / "complaint_northmoor"),
            connector=Connector("object_store", options={**self.options, **options}),
        )

    def context(self, **environment: str) -> FetchContext:
        return FetchContext({**self.environment, **environment}, datetime.now(UTC))

    def collect(self, home: Path, **options: Any) -> dict[str, bytes]:
        landing, found = Landing(str(home / "landing"), LANDING_KEY), {}
        for receipt in land_deliveries(self.feed(**options), landing, Cursors(home / "cursors"), self.context()):
            with landing.open(receipt) as stream:
                found[receipt.file_name] = stream.read()
        return found


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = shutil.which("azurite-blob")
    if command is None:
        pytest.skip("azurite-blob is not on the PATH: `npm install azurite` brings it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence", "--skipApiVersionCheck", "--silent"]
    process = subprocess.Popen([command, *arguments], cwd=tmp_path_factory.mktemp("azurite"))
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/devstoreaccount1"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret for tests")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fs = fsspec.filesystem("s3", endpoint_url=moto, skip_instance_cache=True)
    name = f"bucket-{time.monotonic_ns()}"
    fs.mkdir(name)
    url = f"s3://{name}/out"
    return Bucket(url, {"url_from": "URL", "endpoint_from": "ENDPOINT"}, {"URL": url, "ENDPOINT": moto}, fs)


@pytest.fixture
def abfs(azurite: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    connection = f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={AZURITE_KEY};BlobEndpoint={azurite};"
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
    fs = fsspec.filesystem("abfs", connection_string=connection, skip_instance_cache=True)
    name = f"container-{time.monotonic_ns()}"
    fs.mkdir(name)
    url = f"abfs://{name}/out"
    return Bucket(url, {"url_from": "URL"}, {"URL": url}, fs)


@pytest.fixture(params=["s3", "abfs"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    return request.getfixturevalue(request.param)


def test_objects_land_at_once_and_go_to_done(bucket: Bucket, tmp_path: Path) -> None:
    assert bucket.collect(tmp_path) == {}, "an empty prefix is no mistake"
    for name in ("a.csv", "b [1].csv", "c.csv.part", "deeper/d.csv", "done/e.csv"):
        bucket.put(name, name.encode())
    assert bucket.collect(tmp_path) == {"a.csv": b"a.csv", "b [1].csv": b"b [1].csv"}
    assert bucket.names() == ["c.csv.part", "deeper/d.csv", "done/a.csv", "done/b [1].csv", "done/e.csv"]
    bucket.put("a.csv", b"anew")
    assert bucket.collect(tmp_path) == {"a.csv": b"anew"}
    assert len([name for name in bucket.names() if name.startswith("done/a.")]) == 2
    assert bucket.collect(tmp_path) == {}


def test_kept_objects_are_fetched_once_and_again_when_replaced(bucket: Bucket, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        bucket.put(name, name.encode())
    assert set(bucket.collect(tmp_path, after="keep")) == {"a.csv", "b.csv"}
    assert bucket.collect(tmp_path, after="keep") == {}
    bucket.put("b.csv", b"b.cs2")
    assert bucket.collect(tmp_path, after="keep") == {"b.csv": b"b.cs2"}
    assert bucket.names() == ["a.csv", "b.csv"]


def test_done_files_and_deleting(bucket: Bucket, tmp_path: Path) -> None:
    for name in ("a.csv", "a.csv.done", "b.csv", "empty.csv", "empty.csv.done"):
        bucket.put(name, b"" if "empty" in name else name.encode())
    assert bucket.collect(tmp_path, done_suffix=".done", after="delete") == {"a.csv": b"a.csv", "empty.csv": b""}
    assert bucket.names() == ["b.csv"]


def test_what_is_replaced_or_gone_between_look_and_fetch_is_passed_over(bucket: Bucket) -> None:
    for name in ("a.csv", "b.csv", "c.csv", "d.csv"):
        bucket.put(name, name.encode())
        time.sleep(1.1 if name == "a.csv" and bucket.url.startswith("abfs") else 0)  # the order is by whole seconds there
    found = object_store.fetch(bucket.feed(), {}, bucket.context())
    first = next(found)
    bucket.put("b.csv", b"other")
    bucket.fs.rm_file(bucket.path("c.csv"))
    bucket.put("a.csv", b"again")
    assert first.file_name == "a.csv"
    assert first.landed is not None
    first.landed()
    assert [delivery.file_name for delivery in found] == ["d.csv"]
    assert bucket.names() == ["a.csv", "b.csv", "d.csv"], "what was replaced since it was read must stay"


def test_watching_tells_what_waits(bucket: Bucket) -> None:
    async def looks() -> list[set[str]]:
        found: list[set[str]] = []
        steps = [lambda: bucket.put("a.csv", b"a"), lambda: bucket.put("a.csv", b"b"), lambda: bucket.fs.rm_file(bucket.path("a.csv"))]
        last: frozenset[str] | None = None
        watching = object_store.watch(bucket.feed(look_seconds=0.1), bucket.context())
        async with asyncio.timeout(20), aclosing(watching):  # type: ignore[type-var]
            async for waiting in watching:
                if waiting == last:
                    continue
                last = waiting
                found.append({name.split("/")[0] for name in waiting})
                if not steps:
                    break
                await asyncio.to_thread(steps.pop(0))
        return found

    assert asyncio.run(looks()) == [set(), {"a.csv"}, {"a.csv"}, set()]


def test_a_large_object_is_streamed(s3: Bucket) -> None:
    s3.put("large.csv", bytes(40 << 20))
    tracemalloc.start()
    try:
        assert [delivery.content.seek(0, 2) for delivery in object_store.fetch(s3.feed(), {}, s3.context())] == [40 << 20]
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # The server runs in this process and holds the object whole, in pieces that it copies.
    assert peak < 160 << 20


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"URL": "/srv/files"}, "URL is no address of a bucket"),
        ({"URL": "s3://"}, "URL is no address of a bucket"),
        ({"URL": "file:///etc"}, "URL is no address of a bucket"),
        ({"URL": "s3://not-there/out"}, "s3://not-there/out can't be read .*check the address"),
        ({"ENDPOINT": "http://127.0.0.1:1"}, "can't be read .*check the address"),
        ({"ENDPOINT": "nonsense"}, "can't be read .*check the address"),
    ],
)
def test_a_wrong_address_is_told_without_secrets(
    environment: dict[str, str], words: str, s3: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ConnectorError, match=words) as raised:
        list(object_store.fetch(s3.feed(), {}, s3.context(**environment)))
    assert "a secret for tests" not in str(raised.value)


def test_azure_without_credentials_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    bucket = Bucket("", {"url_from": "URL"}, {"URL": "abfs://container/out"}, None)
    with pytest.raises(ConnectorError, match=r"AZURE_STORAGE_"):
        list(object_store.fetch(bucket.feed(), {}, bucket.context()))
