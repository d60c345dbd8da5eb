"""Metrics say what the ledger says, with ids and codes alone, and reach a collector."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from samepicture.messengers import NotSent
from samepicture.metrics import METRICS, Measure, measure, send
from samepicture.notices import KINDS
from samepicture.process import Pipeline
from samepicture.settings import PROJECT
from tests.collector import collector

RETURNS = PROJECT / "dags" / "feeds" / "complaint_return"


def value(measures: list[Measure], name: str, **attributes: str) -> float:
    (found,) = [each.value for each in measures if each.name == name and dict(each.attributes) == attributes]
    return found


def submitted(pipeline: Pipeline, path: Path, lines: int | None = None, through: bool = True) -> str:
    content = "".join(path.read_text().splitlines(keepends=True)[:lines]).encode()
    receipt, _ = pipeline.land("complaint_return", path.name, io.BytesIO(content))
    if through:
        pipeline.judge(receipt.submission_id)
        pipeline.load(receipt.submission_id)
    return receipt.submission_id


def test_counts_are_those_of_the_ledger(pipeline: Pipeline) -> None:
    submitted(pipeline, RETURNS / "sample_ko41b_practice.csv", 9)
    submitted(pipeline, RETURNS / "sample_ko41a_organisation.csv")
    submitted(pipeline, RETURNS / "sample_ko41b_practice.csv", 8, through=False)
    found = measure(pipeline, datetime.now(UTC))
    feed = {"feed": "complaint_return"}
    assert {outcome: value(found, "samepicture.submissions", **feed, outcome=outcome) for outcome in ("loaded", "rejected", "waiting")} == {
        "loaded": 1,
        "rejected": 1,
        "waiting": 1,
    }
    records = {outcome: value(found, "samepicture.records", **feed, outcome=outcome) for outcome in ("received", "accepted", "rejected")}
    assert records["received"] == records["accepted"] + records["rejected"] > records["accepted"] > 0
    for stage in ("judged", "loaded"):
        assert (
            0
            < value(found, "samepicture.stage.duration", stage=stage, statistic="median")
            <= value(found, "samepicture.stage.duration", stage=stage, statistic="max")
        )
    assert value(found, "samepicture.builds") == 0
    assert value(found, "samepicture.notices", kind="refused") == 0, "feeds are known after the first build"


def test_ages_grow_while_something_waits_and_are_zero_where_nothing_does(pipeline: Pipeline) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    assert {value(measure(pipeline, later), f"samepicture.{name}.age") for name in ("waiting", "unpublished")} == {0.0}
    submitted(pipeline, RETURNS / "sample_ko41b_practice.csv", 9)
    submitted(pipeline, RETURNS / "sample_ko41b_practice.csv", 8, through=False)
    found = measure(pipeline, datetime.now(UTC) + timedelta(hours=2))
    assert value(found, "samepicture.waiting.age") == pytest.approx(7200, abs=60)
    assert value(found, "samepicture.unpublished.age") == pytest.approx(7200, abs=60)
    assert value(found, "samepicture.notices", kind="failing") == 2, "one waits to be loaded, one to be built"
    assert not [each for each in found if each.name == "samepicture.stage.duration"], "the last hour had no work"


def test_attributes_are_ids_and_codes_alone(pipeline: Pipeline) -> None:
    submitted(pipeline, RETURNS / "sample_ko41b_practice.csv", 9)
    known = {*pipeline.feeds, *KINDS, "loaded", "rejected", "waiting", "received", "accepted", "judged", "built", "median", "max"}
    found = measure(pipeline, datetime.now(UTC))
    assert {word for each in found for word in each.attributes.values()} <= known
    assert {each.name for each in found} == set(METRICS)


def test_a_collector_gets_every_value(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [Measure("samepicture.builds", 7), *(Measure("samepicture.notices", n, {"kind": kind}) for n, kind in enumerate(KINDS))]
    with collector() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        send(sent)
        got = found.values()
    assert got["samepicture.builds"] == {frozenset(): 7.0}
    assert got["samepicture.notices"] == {frozenset({("kind", kind)}): float(n) for n, kind in enumerate(KINDS)}


def test_a_collector_that_is_down_is_told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(NotSent, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        send([Measure("samepicture.builds", 7)])
    assert time.monotonic() - started < 30
