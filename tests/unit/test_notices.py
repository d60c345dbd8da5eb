"""What is told, to whom, and how often: on a real ledger, to a real mail server and a real chat."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from samepicture import asked, failures, ledger
from samepicture.connectors.base import ConnectorError
from samepicture.feed import Connector
from samepicture.load import register_feeds
from samepicture.messengers import NotSent
from samepicture.notices import WAITING_TOO_LONG, Problem, look, messengers, problems, tell
from samepicture.process import Pipeline
from samepicture.settings import PROJECT, SettingError, Settings
from samepicture.warehouse import open_warehouse
from tests.told import Chat, Mails, chat_server, mail_server

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
WORDS = "mrs_smith_was_rude.csv"
SAMPLE = PROJECT / "dags" / "feeds" / "complaint_return" / "sample_ko41b_practice.csv"


def feed(pipeline: Pipeline, feed_id: str, expected_every_days: int | None = None, is_active: bool = True) -> None:
    row = {
        "feed_id": feed_id,
        "feed_name": feed_id.title(),
        "record_type": "complaint",
        "publisher_name": "Northmoor",
        "owner_directorate_code": "nursing",
        "source_family_code": "complaints",
        "expected_every_days": expected_every_days,
        "is_active": is_active,
    }
    put(pipeline, ledger.feed, row)


def submission(pipeline: Pipeline, feed_id: str, days_ago: float, received: int = 100, rejected: int = 0, **changes: Any) -> str:
    submission_id = f"{feed_id}.{days_ago:g}"
    row = {
        "submission_id": submission_id,
        "feed_id": feed_id,
        "record_type": "complaint",
        "file_name": WORDS,
        "sha256": "0" * 64,
        "bytes": 1,
        "landed_at": NOW - timedelta(days=days_ago),
        "outcome_code": "loaded",
        "received_count": received,
        "accepted_count": received - rejected,
        "rejected_count": rejected,
        "loaded_row_count": 0,
        "replaced_row_count": 0,
        "load_number": 0,
    }
    put(pipeline, ledger.submission, {**row, **changes})
    return submission_id


def warning(pipeline: Pipeline, submission_id: str, code: str, column: str) -> None:
    row = {"code": code, "column_name": column, "value": "rude doctor", "row_count": 1, "sentence": "x"}
    put(pipeline, ledger.warning, {"submission_id": submission_id, "feed_id": submission_id.split(".")[0], **row})


def put(pipeline: Pipeline, table: Any, row: dict[str, Any]) -> None:
    with open_warehouse(pipeline.settings).writer() as connection:
        connection.execute(insert(table), row)


@pytest.fixture
def installation(pipeline: Pipeline) -> Pipeline:
    open_warehouse(pipeline.settings).create()
    return pipeline


def found(pipeline: Pipeline, now: datetime = NOW) -> list[tuple[str, str]]:
    there = problems(look(pipeline), now)
    for problem in there:
        assert "smith" not in problem.sentence
        assert "rude" not in problem.sentence
    return [(problem.kind, problem.feed_id) for problem in there]


def the(pipeline: Pipeline, kind: str) -> Problem:
    (problem,) = [problem for problem in problems(look(pipeline), NOW) if problem.kind == kind]
    return problem


# -- what is a problem ------------------------------------------------------------------------


def test_late_is_counted_from_the_last_that_was_loaded(installation: Pipeline) -> None:
    feed(installation, "punctual", 10)
    submission(installation, "punctual", 10)
    feed(installation, "late", 9)
    submission(installation, "late", 10)
    submission(installation, "late", 1, outcome_code="rejected", rejection_code="empty_file")
    feed(installation, "unwatched")
    submission(installation, "unwatched", 400)
    feed(installation, "retired", 9, is_active=False)
    submission(installation, "retired", 400)
    assert found(installation) == [("late", "late"), ("refused", "late")]
    late = the(installation, "late")
    assert late.since == (NOW - timedelta(days=0)).replace(hour=0)
    assert "expected every 9 days" in late.sentence
    assert "Ask Northmoor for it" in late.sentence


def test_what_never_came_is_missing(installation: Pipeline) -> None:
    feed(installation, "expected", 30)
    feed(installation, "unwatched")
    assert found(installation) == [("missing", "expected")]


def test_a_feed_that_nobody_uses_is_not_missing(installation: Pipeline) -> None:
    """A fresh installation declares many feeds; what came once, or is asked for, is awaited."""

    def register() -> dict[str, bool]:
        with open_warehouse(installation.settings).writer() as connection:
            register_feeds(connection, installation.feeds.values(), asked.read(installation.settings))
            return {row.feed_id: row.is_active for row in connection.execute(select(ledger.feed))}

    assert set(register().values()) == {False}
    assert found(installation) == []
    stopped, refused, empty = "complaint_northmoor", "complaint_return", "complaint_eastvale"
    submission(installation, stopped, 400)
    submission(installation, refused, 1, outcome_code="rejected", rejection_code="empty_file")
    with pytest.raises(ConnectorError, match="SAMEPICTURE_EASTVALE_FOLDER"):
        list(installation.collect(empty))
    failures.clear(installation.settings, empty)  # how long it could not be asked is another notice
    assert {feed_id for feed_id, is_active in register().items() if is_active} == {stopped, refused, empty}
    assert found(installation) == [("missing", empty), ("late", stopped), ("missing", refused), ("refused", refused)]


def test_an_empty_source_that_is_asked_is_missing(installation: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEPICTURE_EASTVALE_FOLDER", str(tmp_path))
    assert list(installation.collect("complaint_eastvale")) == []
    with open_warehouse(installation.settings).writer() as connection:
        register_feeds(connection, installation.feeds.values(), asked.read(installation.settings))
    assert found(installation) == [("missing", "complaint_eastvale")]


def test_refused_lasts_until_one_is_loaded(installation: Pipeline) -> None:
    feed(installation, "a")
    submission(installation, "a", 9)
    submission(installation, "a", 8, outcome_code="rejected", rejection_code="empty_file", rejection_sentence=f"The file {WORDS} is empty.")
    submission(installation, "a", 7, outcome_code="rejected", rejection_code="empty_file", rejection_sentence=f"The file {WORDS} is empty.")
    assert found(installation) == [("refused", "a")]
    assert the(installation, "refused").since == NOW - timedelta(days=8)
    submission(installation, "a", 6)
    assert found(installation) == []


def test_columns_and_codes_that_nobody_knows_are_drift(installation: Pipeline) -> None:
    feed(installation, "a")
    warning(installation, submission(installation, "a", 3), "unknown_column", "Ward")
    warning(installation, submission(installation, "a", 2), "unknown_column", "Ward")
    warning(installation, "a.2", "unknown_code", "outcome_code")
    warning(installation, "a.2", "formula_in_cell", "narrative")
    submission(installation, "a", 1)  # without them: a feed that is polled has some in one poll and none in the next
    assert found(installation) == [("drifting", "a"), ("drifting", "a")]
    column = next(problem for problem in problems(look(installation), NOW) if "Ward" in problem.sentence)
    assert column.since == NOW - timedelta(days=3)
    with open_warehouse(installation.settings).writer() as connection:
        connection.execute(update(ledger.submission).values(landed_at=ledger.submission.c.landed_at - timedelta(days=8)))
    assert found(installation) == []


def test_more_rejected_than_usual_is_told(installation: Pipeline) -> None:
    feed(installation, "a")
    for days_ago in (9, 8):
        submission(installation, "a", days_ago, rejected=2)
    submission(installation, "a", 6, rejected=9)
    assert found(installation) == [], "two make no usual share"
    submission(installation, "a", 5, rejected=6)
    assert found(installation) == [], "4 points above the usual 2% is no jump yet"
    submission(installation, "a", 4, rejected=18)
    assert found(installation) == [("rejecting", "a")]
    assert "18% of the last submission's records were rejected, where 4% are usual" in the(installation, "rejecting").sentence


def test_another_number_than_the_source_says_is_told(installation: Pipeline) -> None:
    feed(installation, "a")
    submission(installation, "a", 3, source_count=100)
    assert found(installation) == []
    submission(installation, "a", 2, source_count=103)
    assert found(installation) == [("unreconciled", "a")]
    assert "gave 103 records, and 100 were read" in the(installation, "unreconciled").sentence


def test_what_waits_too_long_is_told(installation: Pipeline) -> None:
    receipt, _ = installation.land_file("complaint_return", SAMPLE)
    landed = receipt.landed_datetime
    assert found(installation, landed + WAITING_TOO_LONG - timedelta(seconds=1)) == []
    assert found(installation, landed + WAITING_TOO_LONG + timedelta(seconds=1)) == [("failing", "complaint_return")]
    installation.judge(receipt.submission_id)
    installation.load(receipt.submission_id)
    later = datetime.now(UTC) + WAITING_TOO_LONG + timedelta(minutes=1)
    assert ("failing", "complaint_return") not in found(installation, later)
    assert ("failing", "") in found(installation, later), "what is loaded and not built is told too"


def test_a_source_that_can_not_be_asked_is_told_until_it_can(
    installation: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = installation.feed("complaint_return")
    options = {"path_from": "A_FOLDER", "pattern": "*.csv"}
    installation.feeds["complaint_return"] = replace(source, connector=Connector("folder", options=options))
    for _ in range(2):
        with pytest.raises(ConnectorError):
            list(installation.collect("complaint_return"))
    assert found(installation, datetime.now(UTC)) == []
    (problem,) = problems(look(installation), datetime.now(UTC) + WAITING_TOO_LONG + timedelta(minutes=1))
    assert (problem.kind, problem.feed_id) == ("failing", "complaint_return")
    assert "A_FOLDER" in problem.sentence
    (tmp_path / "there").mkdir()
    monkeypatch.setenv("A_FOLDER", str(tmp_path / "there"))
    assert list(installation.collect("complaint_return")) == []
    assert found(installation, datetime.now(UTC) + timedelta(hours=2)) == []


# -- how it is told ---------------------------------------------------------------------------


@pytest.fixture
def mails() -> Iterator[Mails]:
    with mail_server() as server:
        yield server


@pytest.fixture
def room() -> Iterator[Chat]:
    with chat_server() as server:
        yield server


@pytest.fixture
def told(installation: Pipeline, mails: Mails, room: Chat) -> Pipeline:
    """One late feed; both ways of telling set up."""
    installation.settings = replace(
        installation.settings,
        smtp_url=f"smtp://127.0.0.1:{mails.port}",
        mail_from="samepicture@ics.example",
        notices_to=("data@ics.example", "lead@ics.example"),
        notices_webhook=room.url,
    )
    feed(installation, "late", 9)
    submission(installation, "late", 10)
    return installation


def sweep(pipeline: Pipeline, now: datetime = NOW) -> tuple[int, int]:
    told = tell(pipeline, messengers(pipeline.settings), now)
    assert set(told) == {"mail", "chat"}
    return told["mail"]


def test_a_problem_is_told_once_and_once_that_it_is_over(told: Pipeline, mails: Mails, room: Chat) -> None:
    assert sweep(told) == (1, 0)
    assert sweep(told) == (0, 0)
    assert sweep(told, NOW + timedelta(days=1)) == (0, 0)
    submission(told, "late", 0)
    assert sweep(told) == (0, 1)
    assert sweep(told) == (0, 0)
    first, second = mails.received
    assert first["To"] == "data@ics.example, lead@ics.example"
    assert "1 new" in first["Subject"]
    assert "late: Late (late) is late: expected every 9 days" in first.get_content()
    assert "1 over" in second["Subject"]
    assert [text.splitlines()[0] for text in room.texts] == [first["Subject"], second["Subject"]]
    assert sweep(told, NOW + timedelta(days=20)) == (1, 0), "the same problem at another time is a new one"


def test_many_at_once_are_one_message(told: Pipeline, mails: Mails) -> None:
    for number in range(30):
        feed(told, f"feed_{number:02}", 5)
    assert sweep(told) == (31, 0)
    (mail,) = mails.received
    assert mail.get_content().count("\n- ") + 1 == 21
    assert "and 11 more" in mail.get_content()


@pytest.mark.parametrize("broken", ["mail", "chat"])
def test_what_could_not_be_sent_is_not_marked_and_is_tried_again(broken: str, told: Pipeline, mails: Mails, room: Chat) -> None:
    mails.refuses, room.status = broken == "mail", 200 if broken == "mail" else 410
    for _ in range(3):
        with pytest.raises(NotSent) as failed:
            sweep(told)
        assert "secret-part" not in str(failed.value)
    assert (len(mails.received), len(room.texts)) == ((0, 1) if broken == "mail" else (1, 0)), "the other must not be told again"
    mails.refuses, room.status = False, 200
    sweep(told)
    assert (len(mails.received), len(room.texts)) == (1, 1)
    mails.refuses = True
    submission(told, "late", 0)
    with pytest.raises(NotSent):
        sweep(told)
    mails.refuses = False
    assert sweep(told) == (0, 1)
    assert (len(mails.received), len(room.texts)) == (2, 2)


def test_a_server_that_is_away_is_told(told: Pipeline) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = replace(told.settings, smtp_url=f"smtp://user:the%20password@127.0.0.1:{port}", notices_webhook=None)
    with pytest.raises(NotSent, match="SAMEPICTURE_SMTP_URL can't be reached") as failed:
        tell(told, messengers(settings), NOW)
    assert "the password" not in str(failed.value)
    settings = replace(told.settings, notices_to=(), notices_webhook=f"http://127.0.0.1:{port}/secret-part")
    with pytest.raises(NotSent, match="SAMEPICTURE_NOTICES_WEBHOOK can't be reached") as failed:
        tell(told, messengers(settings), NOW)
    assert "secret-part" not in str(failed.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"smtp_url": None}, "SAMEPICTURE_SMTP_URL"),
        ({"smtp_url": "mail.example.org"}, "SAMEPICTURE_SMTP_URL"),
        ({"mail_from": None}, "SAMEPICTURE_MAIL_FROM"),
        ({"notices_to": (), "notices_webhook": "http://chat.example.org/x"}, "SAMEPICTURE_NOTICES_WEBHOOK"),
    ],
)
def test_a_setting_that_can_not_be_used_is_named(changes: dict[str, Any], named: str, told: Pipeline) -> None:
    with pytest.raises(SettingError, match=named):
        tell(told, messengers(replace(told.settings, **changes)), NOW)


def test_settings_are_read_and_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAMEPICTURE_HOME", str(tmp_path))
    monkeypatch.setenv("SAMEPICTURE_SMTP_URL", "smtps://u:hidden-1@h:465")
    monkeypatch.setenv("SAMEPICTURE_NOTICES_WEBHOOK", "https://chat.example.org/hidden-2")
    monkeypatch.setenv("SAMEPICTURE_NOTICES_TO", "a@x.example, b@x.example,")
    settings = Settings.from_environment()
    assert settings.notices_to == ("a@x.example", "b@x.example")
    assert len(messengers(settings)) == 2
    assert "hidden" not in repr(settings)
    assert messengers(replace(settings, notices_to=(), notices_webhook=None)) == {}


# -- the mart says the same -------------------------------------------------------------------


@pytest.mark.slow
def test_the_mart_feed_health_says_the_same(installation: Pipeline, tmp_path: Path) -> None:
    from tests.warehouse.invented_rows import Warehouse

    feed(installation, "punctual", 10)
    submission(installation, "punctual", 10, source_count=100)
    feed(installation, "late", 9)
    submission(installation, "late", 10, source_count=99)
    feed(installation, "refused", 9)
    submission(installation, "refused", 2)
    submission(installation, "refused", 1, outcome_code="rejected", rejection_code="empty_file")
    feed(installation, "never", 9)
    feed(installation, "unused", 9, is_active=False)
    feed(installation, "unwatched")
    submission(installation, "unwatched", 400)
    kinds: dict[str, set[str]] = {}
    for kind, feed_id in found(installation, datetime.now(UTC)):
        kinds.setdefault(feed_id, set()).add(kind)
    mart = health(installation, Warehouse, tmp_path)
    assert {feed_id for feed_id, is_late, *_ in mart if is_late} == {name for name, of in kinds.items() if of & {"late", "missing"}}
    assert {feed_id for feed_id, _, outcome, *_ in mart if outcome == "rejected"} == {n for n, of in kinds.items() if "refused" in of}
    assert {feed_id for feed_id, _, _, good, _ in mart if good is False} == {n for n, of in kinds.items() if "unreconciled" in of}
    assert {feed_id: count for feed_id, *_, count in mart if count} == {"late": 1}


def health(installation: Pipeline, warehouse_type: Any, folder: Path) -> list[tuple[Any, ...]]:
    """The mart of this installation's ledger, built by dbt, with its unit tests."""
    warehouse = warehouse_type(folder)
    with open_warehouse(installation.settings).writer() as connection:
        rows = {table.name: [row._asdict() for row in connection.execute(select(table))] for table in (ledger.feed, ledger.submission)}
    other = Pipeline(replace(installation.settings, warehouse=f"duckdb:///{warehouse.path}"))
    open_warehouse(other.settings).create()
    with open_warehouse(other.settings).writer() as connection:
        for table in (ledger.feed, ledger.submission):
            connection.execute(delete(table))
            connection.execute(insert(table), rows[table.name])
    statuses = warehouse.dbt("build", "--select", "feed_health")
    assert set(statuses.values()) <= {"success", "pass"}
    columns = "feed_id, is_late, last_outcome_code, is_reconciled, unreconciled_submission_count"
    result: list[tuple[Any, ...]] = warehouse.query(f"select {columns} from published.feed_health")
    return result
