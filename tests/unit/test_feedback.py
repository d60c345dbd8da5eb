"""The report goes back to whom the submission came from: through MESH's own server and a real mail server."""

from __future__ import annotations

import csv
import io
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from samepicture import feedback, ledger
from samepicture.connectors.base import ConnectorError
from samepicture.feed import Connector
from samepicture.messengers import NotSent
from samepicture.process import Pipeline
from samepicture.settings import PROJECT, SettingError
from samepicture.warehouse import open_warehouse
from tests.authority import Authority
from tests.mesh_sandbox import OPTIONS, SENDER, Sandbox, running
from tests.told import PASSWORD, USER, mail_server

FEED = "complaint_northmoor"
SAMPLE = next(iter(sorted((PROJECT / "dags" / "feeds" / FEED).glob("sample*"))))
BACK = "COMPLAINTS_BACK"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("mesh")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: Sandbox, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Its mailboxes are empty, and a feed takes its submissions from there."""
    server.reset()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    feed = pipeline.feed(FEED)
    pipeline.feeds[FEED] = replace(feed, connector=Connector("mesh", options={**OPTIONS, "feedback_workflow": BACK}))
    return server


def process(pipeline: Pipeline, submission_id: str) -> str:
    pipeline.judge(submission_id)
    pipeline.load(submission_id)
    return submission_id


def through_mesh(pipeline: Pipeline, sandbox: Sandbox, content: bytes = SAMPLE.read_bytes()) -> str:
    sandbox.send(content, filename=SAMPLE.name)
    (receipt,) = pipeline.collect(FEED)
    return process(pipeline, receipt.submission_id)


def by_mail(pipeline: Pipeline) -> str:
    with SAMPLE.open("rb") as content:
        receipt, _ = pipeline.landing.land(FEED, SAMPLE.name, content, sender="mailto:pals@trust.example")
    return process(pipeline, receipt.submission_id)


def table(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content)))


def answers(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    """Workflow, local id and content of what waits in the sender's mailbox."""
    found = []
    with sandbox.mailbox(SENDER) as client:
        for message in client.iterate_all_messages():
            found.append((message.workflow_id or "", message.local_id or "", message.read().decode("utf-8-sig")))
    return found


def test_it_tells_counts_rejections_by_line_and_warnings(pipeline: Pipeline) -> None:
    submission_id = by_mail(pipeline)
    told = feedback.report(pipeline, submission_id)
    rows = table(told.csv)
    with open_warehouse(pipeline.settings).writer() as connection:
        quarantine = connection.execute(select(ledger.quarantine).order_by(ledger.quarantine.c.line_number)).all()
        warnings = connection.execute(select(ledger.warning)).all()
        submission = connection.execute(select(ledger.submission)).one()
    counts = {row["code"]: row["records"] for row in rows if row["kind"] == "summary"}
    assert counts["received"] == str(submission.received_count)
    assert counts["rejected"] == str(submission.rejected_count)
    assert quarantine, "the sample should have rejected rows"
    assert {(row["line"], row["code"]) for row in rows if row["kind"] == "rejection" and row["line"] != "'-"} == {
        (str(row.line_number), row.code) for row in quarantine
    }
    assert {row["code"] for row in rows if row["kind"] == "warning"} == {row.code for row in warnings}
    assert sum(int(row["records"]) for row in rows if row["kind"] == "warning") == sum(row.row_count for row in warnings)
    assert f"{submission.received_count} received" in told.summary


def test_it_holds_no_words_of_a_record(pipeline: Pipeline) -> None:
    """Neither a narrative, nor a warning's value, nor any cell of more than a few letters."""
    lines = SAMPLE.read_text(encoding="utf-8-sig").splitlines()
    header = next(csv.reader(lines))
    words = [cell for row in csv.reader(lines[1:]) for cell in row if len(cell) > 25]
    assert words, header
    told = feedback.report(pipeline, by_mail(pipeline))
    assert not [cell for cell in words if cell in told.csv or cell in told.summary]
    with open_warehouse(pipeline.settings).writer() as connection:
        values = [row.value for row in connection.execute(select(ledger.warning)) if row.value]
    assert values, "the sample should have a warning with a value"
    assert not [value for value in values if f",{value}," in told.csv]


def test_a_cell_is_never_run_as_a_formula(pipeline: Pipeline) -> None:
    submission_id = by_mail(pipeline)
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.execute(update(ledger.quarantine).values(part_name="=HYPERLINK(1)"))
    assert all(row["part"] in ("", "'=HYPERLINK(1)") for row in table(feedback.report(pipeline, submission_id).csv))


def test_the_senders_mailbox_gets_the_report_once(pipeline: Pipeline, sandbox: Sandbox) -> None:
    submission_id = through_mesh(pipeline, sandbox)
    assert feedback.send_pending(pipeline) == [submission_id]
    assert feedback.send_pending(pipeline) == []
    assert answers(sandbox) == [(BACK, submission_id, feedback.report(pipeline, submission_id).csv)]


def test_a_replay_is_told_only_where_it_ends_otherwise(pipeline: Pipeline, sandbox: Sandbox) -> None:
    submission_id = through_mesh(pipeline, sandbox)
    feedback.send_pending(pipeline)
    process(pipeline, submission_id)
    assert feedback.send_pending(pipeline) == []
    feed = pipeline.feed(FEED)
    pipeline.feeds[FEED] = replace(feed, bounds=replace(feed.bounds, rejected_share=1.0))
    process(pipeline, submission_id)
    assert feedback.send_pending(pipeline) == [submission_id]
    refused, taken = (content for _, _, content in answers(sandbox))
    assert "too_many_rejected" in refused
    assert "too_many_rejected" not in taken


def test_what_could_not_be_sent_is_sent_the_next_time(
    pipeline: Pipeline, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    submission_id = through_mesh(pipeline, sandbox)
    with monkeypatch.context() as wrong:
        wrong.setenv("MESH_PASSWORD", "not the one")
        assert feedback.send_pending(pipeline) == []
    assert f"the report on {submission_id} could not be sent" in caplog.text
    assert feedback.send_pending(pipeline) == [submission_id]


def test_a_crash_after_sending_tells_again_and_loses_nothing(pipeline: Pipeline, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    submission_id = through_mesh(pipeline, sandbox)
    with monkeypatch.context() as dying:
        dying.setattr(feedback, "_note", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            feedback.send_pending(pipeline)
    assert feedback.send_pending(pipeline) == [submission_id]
    assert [local_id for _, local_id, _ in answers(sandbox)] == [submission_id] * 2


def test_only_feeds_that_ask_only_what_is_new_and_only_who_can_be_answered(pipeline: Pipeline, sandbox: Sandbox) -> None:
    submission_id = through_mesh(pipeline, sandbox)
    process(pipeline, pipeline.land(FEED, "by hand.csv", io.BytesIO(SAMPLE.read_bytes() + b"\r\n"))[0].submission_id)
    asking = pipeline.feeds[FEED]
    pipeline.feeds[FEED] = replace(asking, connector=Connector("mesh", options=OPTIONS))
    assert feedback.send_pending(pipeline) == []
    pipeline.feeds[FEED] = asking
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.execute(update(ledger.stage).values(finished_at=datetime.now(UTC) - timedelta(days=31)))
    assert feedback.send_pending(pipeline) == []
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.execute(update(ledger.stage).values(finished_at=datetime.now(UTC) - timedelta(days=29)))
    assert feedback.send_pending(pipeline) == [submission_id]


def test_a_mailbox_that_mesh_does_not_know_is_told(pipeline: Pipeline, sandbox: Sandbox) -> None:
    with SAMPLE.open("rb") as content:
        receipt, _ = pipeline.landing.land(FEED, SAMPLE.name, content, sender="mesh:X99GONE")
    process(pipeline, receipt.submission_id)
    with pytest.raises(ConnectorError, match="MESH does not take a report for X99GONE"):
        feedback.send(pipeline, receipt.submission_id)


def test_a_sender_with_an_address_gets_a_mail(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submission_id = by_mail(pipeline)
    with pytest.raises(SettingError, match="SAMEPICTURE_SMTP_URL is not set"):
        feedback.send(pipeline, submission_id)
    authority = Authority(tmp_path, "authority")
    encrypted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encrypted.load_cert_chain(*authority.issue("mail"))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    user, password = USER.replace("@", "%40"), PASSWORD.replace("@", "%40").replace(" ", "%20")
    with mail_server(encrypted) as mails:
        pipeline.settings = replace(pipeline.settings, smtp_url=f"smtps://{user}:wrong@127.0.0.1:{mails.port}")
        with pytest.raises(NotSent, match="does not accept the user and password"):
            feedback.send(pipeline, submission_id)
        pipeline.settings = replace(pipeline.settings, smtp_url=f"smtps://{user}:{password}@127.0.0.1:{mails.port}")
        assert feedback.send(pipeline, submission_id) == "mailto:pals@trust.example"
    (received,) = mails.received
    assert (received["From"], received["To"]) == (USER, "pals@trust.example")
    told = feedback.report(pipeline, submission_id)
    (attachment,) = received.iter_attachments()
    assert attachment.get_content().lstrip("\ufeff").splitlines() == told.csv.splitlines()
    body = received.get_body()
    assert body is not None
    assert body.get_content().splitlines() == told.summary.splitlines()


def test_nobody_to_answer_is_said(pipeline: Pipeline) -> None:
    receipt, _ = pipeline.land_file(FEED, SAMPLE)
    with pytest.raises(KeyError, match="is not judged and loaded yet"):
        feedback.report(pipeline, receipt.submission_id)
    process(pipeline, receipt.submission_id)
    with pytest.raises(KeyError, match="came without an address to answer to"):
        feedback.send(pipeline, receipt.submission_id)
