"""What the ledger says, as OpenTelemetry metrics: measured now, sent once.

All are gauges, for the ledger is the truth and a replay may lower a count. Attributes are
ids and codes alone: never words of patients, nor the name of a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource
from sqlalchemy import Connection, func, select

from samepicture import ledger
from samepicture.messengers import NotSent
from samepicture.notices import KINDS, Seen, look, problems
from samepicture.process import Pipeline
from samepicture.warehouse import open_warehouse

RECENT = timedelta(hours=1)
"""How far back durations are looked at."""

METRICS = {
    "samepicture.submissions": ("{submission}", "Submissions by feed and outcome: waiting, loaded or rejected."),
    "samepicture.records": ("{record}", "Records of all submissions by feed and outcome: received, accepted or rejected."),
    "samepicture.stage.duration": ("s", "Of the last hour's work, by stage (judged, loaded, built) and statistic (median, max)."),
    "samepicture.waiting.age": ("s", "How long the oldest submission has waited that was landed and is in no ledger; 0: none waits."),
    "samepicture.unpublished.age": ("s", "How long what was loaded has not been in the published copy; 0: it is."),
    "samepicture.builds": ("{build}", "Builds that ended well."),
    "samepicture.notices": ("{notice}", "Problems that there are now, by kind: what `samepicture notices` shows."),
}
"""Name: unit and meaning."""


@dataclass(frozen=True)
class Measure:
    """One value of one metric."""

    name: str
    value: float
    attributes: Mapping[str, str] = field(default_factory=dict)


def measure(pipeline: Pipeline, now: datetime) -> list[Measure]:
    """Every metric, as it is now."""
    seen = look(pipeline)
    with open_warehouse(pipeline.settings).reader() as connection:
        found = [*_submissions(connection, seen), *_durations(connection, now)]
        builds: int = connection.execute(select(func.count()).select_from(ledger.build)).scalar_one()
    oldest = min((receipt.landed_datetime for receipt in seen.waiting), default=now)
    open_notices = [problem.kind for problem in problems(seen, now)]
    return [
        *found,
        Measure("samepicture.waiting.age", (now - oldest).total_seconds()),
        Measure("samepicture.unpublished.age", (now - (seen.unbuilt_since or now)).total_seconds()),
        Measure("samepicture.builds", builds),
        *(Measure("samepicture.notices", open_notices.count(kind), {"kind": kind}) for kind in KINDS),
    ]


def send(measures: Sequence[Measure]) -> None:
    """Send them to the collector that OpenTelemetry's own variables name. Raises NotSent where it does not take them."""
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], Resource.create({"service.name": "samepicture"}), shutdown_on_exit=False).get_meter("samepicture")
    gauges = {name: meter.create_gauge(name, unit, meaning) for name, (unit, meaning) in METRICS.items()}
    for each in measures:
        gauges[each.name].set(each.value, each.attributes)
    gathered = reader.get_metrics_data()
    assert gathered is not None
    if _exporter().export(gathered) is not MetricExportResult.SUCCESS:
        raise NotSent("The collector at OTEL_EXPORTER_OTLP_ENDPOINT does not take our metrics: is it up, and the address right?")


def _exporter() -> Any:
    """As Airflow chooses it for its own metrics."""
    if os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as OverGrpc

        return OverGrpc()
    return OTLPMetricExporter()


def _submissions(connection: Connection, seen: Seen) -> Iterator[Measure]:
    """What came of each feed; of one that is in use, also what did not."""
    table = ledger.submission
    counts = ("received", "accepted", "rejected")
    rows = connection.execute(
        select(
            table.c.feed_id,
            table.c.outcome_code,
            func.count().label("submissions"),
            *(func.sum(table.c[f"{name}_count"]).label(name) for name in counts),
        ).group_by(table.c.feed_id, table.c.outcome_code)
    ).all()
    waiting = [receipt.feed_id for receipt in seen.waiting]
    for feed_id in sorted({*waiting, *(row.feed_id for row in rows)}):
        of_feed = {row.outcome_code: row for row in rows if row.feed_id == feed_id}
        for outcome in ("loaded", "rejected"):
            number = of_feed[outcome].submissions if outcome in of_feed else 0
            yield Measure("samepicture.submissions", number, {"feed": feed_id, "outcome": outcome})
        yield Measure("samepicture.submissions", waiting.count(feed_id), {"feed": feed_id, "outcome": "waiting"})
        for name in counts:
            total = sum(int(getattr(row, name)) for row in of_feed.values())
            yield Measure("samepicture.records", total, {"feed": feed_id, "outcome": name})


def _durations(connection: Connection, now: datetime) -> Iterator[Measure]:
    """Of what ended within the last hour; nothing of a stage that had no work."""
    stage, build = ledger.stage, ledger.build
    taken: dict[str, list[float]] = {}
    for row in connection.execute(
        select(stage.c.stage_code, stage.c.duration_seconds).where(stage.c.finished_at > now - RECENT, stage.c.stage_code != "landed")
    ):
        taken.setdefault(row.stage_code, []).append(row.duration_seconds)
    for row in connection.execute(select(build.c.started_at, build.c.finished_at).where(build.c.finished_at > now - RECENT)):
        taken.setdefault("built", []).append((row.finished_at - row.started_at).total_seconds())
    for name, seconds in taken.items():
        yield Measure("samepicture.stage.duration", median(seconds), {"stage": name, "statistic": "median"})
        yield Measure("samepicture.stage.duration", max(seconds), {"stage": name, "statistic": "max"})
