"""The MESH connector against the NHS's own server: what is taken, checked, acknowledged, and what is left."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import logging
import os
import socket
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from samepicture.airflow import watching
from samepicture.connectors.base import ConnectorError, Cursors, Delivery, FetchContext, land_deliveries
from samepicture.connectors.stock import mesh
from samepicture.feed import Connector, Feed
from samepicture.landing import Receipt
from samepicture.process import Pipeline
from samepicture.settings import Settings
from tests.authority import Authority
from tests.mesh_sandbox import ENVIRONMENT, OPTIONS, OURS, SENDER, Sandbox, running

COMPLAINTS = b"Reference,Received\n1,2025-06-01\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("mesh")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    return server


@pytest.fixture
def feed(pipeline: Pipeline) -> Feed:
    return with_options(pipeline.feed("complaint_return"))


def with_options(feed: Feed, **options: Any) -> Feed:
    return replace(feed, connector=Connector(kind="mesh", options={**OPTIONS, **options}))


def context(environment: Mapping[str, str]) -> FetchContext:
    return FetchContext(environment, datetime.now(UTC))


def collect(pipeline: Pipeline, feed: Feed, sandbox: Sandbox) -> list[Receipt]:
    return list(land_deliveries(feed, pipeline.landing, Cursors(pipeline.settings.home / "cursors"), context(sandbox.environment)))


def refusal(feed: Feed, environment: Mapping[str, str]) -> str:
    with pytest.raises(ConnectorError) as error:
        list(mesh.fetch(feed, {}, context(environment)))
    assert ENVIRONMENT["MESH_SHARED_KEY"] not in str(error.value)
    assert error.value.__cause__ is None
    return str(error.value)


def landed(pipeline: Pipeline, receipt: Receipt) -> bytes:
    with pipeline.landing.open(receipt) as stream:
        return stream.read()


def test_a_message_is_one_delivery_with_its_name_and_sender(pipeline: Pipeline, feed: Feed, sandbox: Sandbox) -> None:
    sandbox.send(COMPLAINTS, filename="june.csv")
    (receipt,) = collect(pipeline, feed, sandbox)
    assert (receipt.file_name, receipt.sender, landed(pipeline, receipt)) == ("june.csv", f"mesh:{SENDER}", COMPLAINTS)
    assert sandbox.inbox() == []
    assert f"handshake {sandbox.url}/messageexchange/{OURS} 200" in sandbox.log.read_text()


def test_it_is_acknowledged_after_it_has_landed_and_not_before(pipeline: Pipeline, feed: Feed, sandbox: Sandbox) -> None:
    message = sandbox.send(COMPLAINTS)
    (delivery,) = [
        (
            delivery,
            pipeline.landing.land(feed.id, delivery.file_name, delivery.content),
            sandbox.inbox(),
            delivery.landed and delivery.landed(),
        )
        for delivery in mesh.fetch(feed, {}, context(sandbox.environment))
    ]
    assert delivery[2] == [message], "acknowledged before it was durable"
    assert sandbox.inbox() == []


def test_a_crash_before_the_acknowledgement_ends_in_one_submission(
    pipeline: Pipeline, feed: Feed, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sandbox.send(COMPLAINTS)
    with monkeypatch.context() as patch:
        patch.setattr(Cursors, "write", lambda *_: (_ for _ in ()).throw(OSError("killed here")))
        with pytest.raises(OSError, match="killed here"):
            collect(pipeline, feed, sandbox)
    assert sandbox.inbox() == [message]
    assert len(pipeline.landing.submission_ids()) == 1
    collect(pipeline, feed, sandbox)
    assert sandbox.inbox() == []
    assert len(pipeline.landing.submission_ids()) == 1


def test_every_page_of_the_inbox_is_taken(pipeline: Pipeline, feed: Feed, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mesh, "PAGE_MESSAGES", 10)
    for number in range(23):
        sandbox.send(b"%d" % number)
    receipts = collect(pipeline, feed, sandbox)
    assert [landed(pipeline, receipt) for receipt in receipts] == [b"%d" % number for number in range(23)]
    assert sandbox.inbox() == []


def test_a_message_of_another_workflow_is_left_alone(pipeline: Pipeline, feed: Feed, sandbox: Sandbox) -> None:
    other = sandbox.send(b"theirs", workflow="SURVEYS")
    sandbox.send(b"a")
    sandbox.send(b"b", workflow="PALS")
    both = with_options(feed, workflows=["COMPLAINTS", "PALS"])
    assert {landed(pipeline, receipt) for receipt in collect(pipeline, both, sandbox)} == {b"a", b"b"}
    assert sandbox.inbox() == [other]


@pytest.mark.parametrize("compress", [False, True])
def test_chunks_are_put_together(compress: bool, pipeline: Pipeline, feed: Feed, sandbox: Sandbox) -> None:
    content = os.urandom(400_000) + b"0" * 600_000
    sandbox.send(content, max_chunk_size=150_000, compress=compress, checksum=hashlib.sha256(content).hexdigest())
    (receipt,) = collect(pipeline, feed, sandbox)
    assert landed(pipeline, receipt) == content


def test_content_that_the_senders_client_packed_is_unpacked(pipeline: Pipeline, feed: Feed, sandbox: Sandbox) -> None:
    sandbox.send(gzip.compress(COMPLAINTS), compressed=True, checksum=hashlib.md5(COMPLAINTS).hexdigest())
    (receipt,) = collect(pipeline, feed, sandbox)
    assert landed(pipeline, receipt) == COMPLAINTS


def test_a_large_message_needs_little_memory(pipeline: Pipeline, feed: Feed, sandbox: Sandbox) -> None:
    size = 60 << 20
    sandbox.send(b"0123456789abcdef" * (size // 16), max_chunk_size=20 << 20, compress=True)
    (delivery,) = _measured(feed, sandbox)
    assert delivery[0] == size
    assert delivery[1] < 12 << 20, f"{delivery[1] >> 20} MB were used for one of {size >> 20} MB"


def _measured(feed: Feed, sandbox: Sandbox) -> list[tuple[int, int]]:
    """Size of each delivery and the most memory that Python used until it was there."""
    found = []
    list(mesh.fetch(with_options(feed, workflows=["NOTHING"]), {}, context(sandbox.environment)))  # imports are not counted
    tracemalloc.start()
    try:
        for delivery in mesh.fetch(feed, {}, context(sandbox.environment)):
            peak = tracemalloc.get_traced_memory()[1]
            found.append((delivery.content.seek(0, io.SEEK_END), peak))
    finally:
        tracemalloc.stop()
    return found


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (COMPLAINTS, {"checksum": hashlib.md5(b"other").hexdigest()}),
        (COMPLAINTS, {"checksum": "SHA256:" + hashlib.sha256(b"other").hexdigest()}),
        (gzip.compress(COMPLAINTS * 100)[:-20], {"compressed": True}),
    ],
    ids=["another checksum", "another checksum, its kind before it", "cut while compressed"],
)
def test_a_message_that_is_not_what_was_sent_is_neither_landed_nor_acknowledged(
    content: bytes, headers: dict[str, Any], pipeline: Pipeline, feed: Feed, sandbox: Sandbox
) -> None:
    message = sandbox.send(content, **headers)
    with pytest.raises(ConnectorError, match=f"stay in the MESH inbox.*{message}.*Ask the sender to send again"):
        collect(pipeline, feed, sandbox)
    assert sandbox.inbox() == [message]
    assert not pipeline.landing.submission_ids()


def test_a_chunk_cut_before_its_end_is_seen(pipeline: Pipeline, feed: Feed, sandbox: Sandbox) -> None:
    import requests
    from mesh_client import AuthTokenGenerator

    cut = gzip.compress(os.urandom(50_000))[:-5000]
    headers = {"mex-To": OURS, "mex-WorkflowID": "COMPLAINTS", "Content-Encoding": "gzip"}
    auth = AuthTokenGenerator(ENVIRONMENT["MESH_SHARED_KEY"].encode(), SENDER, "password")
    requests.post(f"{sandbox.url}/messageexchange/{SENDER}/outbox", cut, headers=headers, auth=auth, timeout=10).raise_for_status()
    with pytest.raises(ConnectorError, match="its compressed content is damaged"):
        collect(pipeline, feed, sandbox)
    assert len(sandbox.inbox()) == 1


def test_a_checksum_of_an_unknown_kind_is_told_and_holds_nothing_up(
    pipeline: Pipeline, feed: Feed, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.send(COMPLAINTS, checksum="cksum 4038471504")
    assert len(collect(pipeline, feed, sandbox)) == 1
    assert "was not checked" in caplog.text


def test_one_bad_message_does_not_hold_up_the_others(
    pipeline: Pipeline, feed: Feed, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    bad = sandbox.send(b"words of a patient", checksum="0" * 32)
    sandbox.send(COMPLAINTS)
    assert [landed(pipeline, receipt) for receipt in collect(pipeline, feed, sandbox)] == [COMPLAINTS]
    assert sandbox.inbox() == [bad]
    assert bad in caplog.text
    assert "patient" not in caplog.text


def test_a_report_of_mesh_is_told_and_acknowledged(
    pipeline: Pipeline, feed: Feed, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.report("COMPLAINTS_BACK", linked_message_id="ABC123", local_id="complaint_return.0a1b", subject="words of a patient")
    back = sandbox.send(b"not for us", workflow="COMPLAINTS_BACK")
    answering = with_options(feed, feedback_workflow="COMPLAINTS_BACK")
    with caplog.at_level(logging.WARNING):
        assert collect(pipeline, answering, sandbox) == []
    assert "status 14, message ABC123, sent as complaint_return.0a1b" in caplog.text
    assert "patient" not in caplog.text
    assert sandbox.inbox() == [back]


def test_watching_tells_what_waits_and_takes_nothing(feed: Feed, sandbox: Sandbox) -> None:
    first = sandbox.send(b"1")
    sandbox.send(b"x", workflow="SURVEYS")

    async def looks() -> list[frozenset[str]]:
        source = mesh.watch(with_options(feed, look_seconds=0.05), context(sandbox.environment))
        seen = [await anext(source)]
        seen.append(frozenset({await asyncio.to_thread(sandbox.send, b"2")}))
        seen.append(await anext(source))
        await source.aclose()
        return seen

    before, sent, after = asyncio.run(asyncio.wait_for(looks(), 30))
    assert before == {first}
    assert after == before | sent
    assert len(sandbox.inbox()) == 3


def test_a_message_that_cant_be_taken_wakes_us_more_and_more_rarely_though_others_come(
    feed: Feed, sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wake fetches it again: a new message must not set its patience back."""
    declared = yaml.safe_load((feed.folder / "feed.yml").read_text())
    declared |= {"id": "complaint_by_mesh", "connector": {"kind": "mesh", "options": {**OPTIONS, "look_seconds": 0.05}}}
    folder = settings.home / "feeds" / "complaint_by_mesh"
    folder.mkdir(parents=True)
    (folder / "feed.yml").write_text(yaml.safe_dump(declared))
    monkeypatch.setenv("SAMEPICTURE_FEEDS", str(folder.parent))
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(watching, "REPEAT_SECONDS", (0.8, 60.0))
    sandbox.send(b"bad", checksum="0" * 64)
    told: list[tuple[float, int]] = []

    async def watch() -> None:
        async with asyncio.timeout(40), aclosing(watching.SourceWatcher("complaint_by_mesh").run()) as events:

            async def wake() -> None:
                event = await anext(events)
                told.append((time.monotonic(), event.payload["waiting"]))

            await wake()
            await wake()
            good = await asyncio.to_thread(sandbox.send, b"good")
            await wake()
            with sandbox.mailbox(OURS) as client:
                client.acknowledge_message(good)
            await wake()

    asyncio.run(watch())
    assert [waiting for _, waiting in told] == [1, 1, 2, 1]
    _, again, with_good, last = (moment for moment, _ in told)
    assert with_good - again < 1.6, "a new message waits for nobody"
    assert last - with_good > 1.6, "the patience had doubled, and the good message did not set it back"


def test_a_wrong_password_is_told_by_the_variables_to_check(feed: Feed, sandbox: Sandbox) -> None:
    said = refusal(feed, {**sandbox.environment, "MESH_PASSWORD": "not the one"})
    assert "does not accept the mailbox's password: check MESH_PASSWORD, MESH_SHARED_KEY" in said
    assert "not the one" not in said


def test_an_unknown_mailbox_is_told(feed: Feed, sandbox: Sandbox) -> None:
    assert "knows no mailbox X99NONE here" in refusal(feed, {**sandbox.environment, "MESH_MAILBOX": "X99NONE"})


def test_a_service_that_is_down_is_told(feed: Feed) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said = refusal(feed, {"MESH_ENDPOINT": f"http://127.0.0.1:{port}", **ENVIRONMENT})
    assert "MESH can't be reached" in said


@pytest.mark.parametrize("endpoint", ["", "production", "http://mesh.example.org", "ftp://127.0.0.1"])
def test_an_address_without_encryption_is_refused(endpoint: str, feed: Feed) -> None:
    assert "nor an https address" in refusal(feed, {**ENVIRONMENT, "MESH_ENDPOINT": endpoint})


@pytest.mark.parametrize("variable", ["MESH_MAILBOX", "MESH_PASSWORD", "MESH_SHARED_KEY"])
def test_a_missing_variable_is_named(variable: str, feed: Feed) -> None:
    assert f"set {variable} to" in refusal(feed, {**ENVIRONMENT, "MESH_ENDPOINT": "http://127.0.0.1:1", variable: ""})


def test_over_tls_both_sides_show_a_certificate(pipeline: Pipeline, tmp_path: Path) -> None:
    ours, stranger = Authority(tmp_path, "ours"), Authority(tmp_path, "stranger")
    server_cert, server_key = ours.issue("server")
    client_cert, client_key = ours.issue("client")
    other_cert, other_key = stranger.issue("other")
    names = {"cert_from": "MESH_CERT", "key_file_from": "MESH_KEY", "ca_from": "MESH_CA"}
    feed = with_options(pipeline.feed("complaint_return"), **names)
    bare = with_options(pipeline.feed("complaint_return"), ca_from="MESH_CA")
    with running(tmp_path, {"cert": server_cert, "key": server_key, "clients": ours.file}) as sandbox:
        right = {**sandbox.environment, "MESH_CERT": str(client_cert), "MESH_KEY": str(client_key), "MESH_CA": str(ours.file)}
        assert list(mesh.fetch(feed, {}, context(right))) == []
        assert "does not accept the client certificate" in refusal(
            feed, {**right, "MESH_CERT": str(other_cert), "MESH_KEY": str(other_key)}
        )
        assert "does not accept the client certificate" in refusal(bare, right)
        assert "MESH's certificate is not trusted" in refusal(feed, {**right, "MESH_CA": str(stranger.file)})
        assert "no certificate and its private key" in refusal(feed, {**right, "MESH_KEY": str(other_key)})
        assert "MESH_CERT names a file that can't be read" in refusal(feed, {**right, "MESH_CERT": str(tmp_path / "none")})


def test_a_delivery_is_what_the_connector_yields(feed: Feed, sandbox: Sandbox) -> None:
    sandbox.send(COMPLAINTS)
    (delivery,) = mesh.fetch(feed, {"kept": 1}, context(sandbox.environment))
    assert isinstance(delivery, Delivery)
    assert delivery.cursor == {"kept": 1}
