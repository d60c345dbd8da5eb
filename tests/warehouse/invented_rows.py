"""Invented rows for the marts, and dbt run in this process on a warehouse of its own."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import polars as pl

from samepicture import ledger
from samepicture.records import CONTRACTS, PROVENANCE
from samepicture.settings import PROJECT
from samepicture.warehouse.duckdb import DuckDBWarehouse

if TYPE_CHECKING:  # it takes seconds to load
    from dbt.contracts.graph.manifest import Manifest

DBT = PROJECT / "dbt"
Row = dict[str, Any]

SERIES: dict[str, list[int]] = {
    "RS1": [6, 7, 5, 6, 8, 7, 6, 5, 7, 6, 24, 6, 7, 5, 6, 8],
    "RS2": [4, 5, 4, 6, 5, 4, 5, 6, 9, 8, 9, 8, 9, 9, 8, 9, 9, 8],
    "RS3": [9, 8, 9, 3, 4, 5, 6, 7, 8, 9, 10, 5, 6, 5],
    "RS4": [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5],
    "RS5": [7, 2, 9, 1, 8, 0, 0, 0, 3, 12, 11, 2],
    "RS6": [5, 6, 5, 6, 5, 6, 9, 9, 8, 6, 5, 6, 5, 6, 5, 2, 2, 3, 6, 5],
}
"""New complaints a month from January 2024 on: a spike, a shift, a trend, flat, too short, two of three near a limit."""


class Takes(Protocol):
    """What rows can be put into."""

    def insert(self, table: str, rows: list[Row]) -> None:
        """Rows by column name."""


class Warehouse:
    """An empty warehouse in a folder, with a dbt target of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "warehouse.duckdb"
        self.target = folder / "target"
        DuckDBWarehouse(f"duckdb:///{self.path}", folder / "picture.duckdb").create()

    def insert(self, table: str, rows: list[Row]) -> None:
        """Rows by column name; what a row does not name is NULL."""
        schema, name = table.split(".")
        if schema == "raw":
            types = {column.name: column.polars_type for column in (*CONTRACTS[name].columns, *PROVENANCE)}
            frame = pl.DataFrame(rows, schema=types)
        else:
            frame = pl.DataFrame(rows, infer_schema_length=None)
        assert frame.height
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(f"insert into {table} by name select * from frame")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def dbt(self, *command: str) -> dict[str, str]:
        """Run dbt; the status of each node by its name."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        parsed = project()
        with environment(SAMEPICTURE_DUCKDB=str(self.path)):
            results = _invoked(parsed, self.target, *command).results
            DuckDBConnectionManager.close_all_connections()
        return {
            result.node.name: str(result.status) for result in results if str(result.status) != "no-op"
        }  # a saved query is nothing to run


@cache
def project() -> Manifest:
    """The project as dbt reads it, once a process: that takes seconds, and is the same for all warehouses of one file name.

    dbt notes in it what it compiles: the same each time.
    """
    with tempfile.TemporaryDirectory() as folder, environment(SAMEPICTURE_DUCKDB=f"{folder}/warehouse.duckdb"):
        manifest: Manifest = _invoked(None, Path(folder), "parse")
        return manifest


def _invoked(manifest: Manifest | None, target: Path, *command: str) -> Any:
    from dbt.cli.main import dbtRunner

    folders = ["--project-dir", str(DBT), "--profiles-dir", str(DBT), "--target-path", str(target), "--log-path", str(target / "logs")]
    outcome = dbtRunner(manifest=manifest).invoke([*command, *folders, "--quiet", "--no-write-json", "--log-level-file", "warn"])
    assert outcome.exception is None, outcome.exception
    return outcome.result


@contextmanager
def environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def at(day: str) -> datetime:
    """Noon of a day, UTC."""
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


def feed(feed_id: str, record_type: str, family: str, directorate: str) -> Row:
    return {
        "feed_id": feed_id,
        "feed_name": feed_id,
        "record_type": record_type,
        "publisher_name": "Invented",
        "owner_directorate_code": directorate,
        "source_family_code": family,
        "expected_every_days": 31,
        "is_active": True,
    }


def submission(submission_id: str, feed_id: str, record_type: str, landed: str, number: int) -> Row:
    return {
        "submission_id": submission_id,
        "feed_id": feed_id,
        "record_type": record_type,
        "file_name": f"{submission_id}.csv",
        "sha256": submission_id,
        "bytes": 1,
        "landed_at": at(landed),
        "outcome_code": "loaded",
        "received_count": 10,
        "accepted_count": 9,
        "rejected_count": 1,
        "loaded_row_count": 9,
        "replaced_row_count": 0,
        "load_number": number,
    }


def provenance(submission_id: str, feed_id: str, version: str, **more: Any) -> Row:
    return {
        "submission_id": submission_id, "feed_id": feed_id, "line_number": 2, "version_at": at(version), "is_removed": False, **more,
    }  # fmt: skip


def day(text: str) -> date:
    return date.fromisoformat(text)


def case(reference: str, received: str, source: Row, subjects: list[str | None] | None = None, **more: Any) -> Row:
    """A case of RZN; further columns, with days as text, by name."""
    row: Row = {"organisation_ods_code": "RZN", "case_pseudonym": reference, "case_type_code": "complaint", "received_date": day(received)}
    for name, value in more.items():
        row[name] = day(value) if name.endswith("_date") else value
    if subjects is not None:
        row |= {"subject_codes": json.dumps(subjects), "subject_source_names": json.dumps([f"Own word {n}" for n in range(len(subjects))])}
    return row | source


def story(story_id: str, submitted: str, source: Row, organisations: list[str], tags: list[tuple[str, int]], **more: Any) -> Row:
    return {
        "publisher_code": "care_opinion",
        "story_id": story_id,
        "submitted_date": day(submitted),
        "organisation_ods_codes": json.dumps(organisations),
        "tags": json.dumps([{"group": "about", "name": name, "polarity": polarity} for name, polarity in tags]),
        **source,
        **more,
    }


def text_label(feedback_id: str, part: str, theme: str | None, submission_id: str, severity: str | None = "mild") -> Row:
    """What a model found in a text: one theme, or none."""
    return {
        "feedback_id": feedback_id, "part_name": part, "theme_code": theme, "theme_confidence": 0.9 if theme else None, "severity_code": severity,
        "severity_confidence": 0.8 if severity else None, "model_version": "invented", "submission_id": submission_id, "submission_load_number": 1,
        "labelled_at": at("2025-07-02"),
    }  # fmt: skip


def text_model() -> Row:
    """The model that found it."""
    return {"model_version": "invented", "trained_at": at("2025-07-01"), "labelled_at": at("2025-07-02"), "load_number": 1}


def series_cases() -> list[Row]:
    """As many complaints in each month as SERIES says, and PALS contacts beside them that must not count."""
    rows: list[Row] = []
    for organisation, counts in SERIES.items():
        months = [date(2024 + n // 12, n % 12 + 1, 9) for n in range(len(counts))]
        # The last months may have none: a PALS contact or a later version says how far the feed speaks.
        covered = provenance("series-" + organisation, "series-" + organisation, _month_end(months[-1]))
        for month, count in zip(months, counts, strict=True):
            for n in range(count):
                rows.append(
                    {
                        "organisation_ods_code": organisation,
                        "case_pseudonym": f"{month}-{n}",
                        "case_type_code": "complaint",
                        "received_date": month,
                        **covered,
                    }
                )
            rows.append(
                {
                    "organisation_ods_code": organisation,
                    "case_pseudonym": f"{month}-p",
                    "case_type_code": "pals",
                    "received_date": month,
                    **covered,
                }
            )
    return rows


def _month_end(month: date) -> str:
    return (date(month.year + month.month // 12, month.month % 12 + 1, 1) - (date(2, 1, 2) - date(2, 1, 1))).isoformat()


def returned(organisation: str, counts: dict[str, int], source: Row) -> list[Row]:
    """A KO41a organisation row of 2024-25, long."""
    groups = {
        "complaints": "complaints",
        "age": "age",
        "status": "status",
        "subject_area": "subject",
        "service": "service",
        "profession": "profession",
    }
    return [
        {
            "collection_code": "KO41a",
            "level_code": "organisation",
            "year_name": "2024-25",
            "period_start_date": date(2024, 4, 1),
            "period_end_date": date(2025, 3, 31),
            "organisation_ods_code": organisation,
            "measure_group_code": next(group for prefix, group in groups.items() if code.startswith(prefix)),
            "measure_code": code,
            "is_total": code.endswith("_total") or code == "complaints_total_new",
            "complaints_count": count,
            "is_suppressed": False,
            **source,
        }
        for code, count in counts.items()
    ]


def fill(warehouse: Takes) -> None:
    """A small ICS: complaints of one trust and six series, stories, a report, an activity, two returns."""
    first, second = provenance("c-1", "complaint_rzn", "2025-07-02"), provenance("c-2", "complaint_rzn", "2025-08-02")
    stories, later = provenance("s-1", "stories", "2025-06-01"), provenance("s-2", "stories", "2025-06-20")
    # c-3 repeats the source's time of change of c-2, and sorts before it by name, but landed later.
    corrected = provenance("a-3", "complaint_rzn", "2025-08-02")
    outcome = {"closed_date": "2025-06-10", "stage_code": "closed"}
    warehouse.insert("raw.complaint", [
        case("c1", "2025-04-17", first, ["communications", "waiting_times"], acknowledged_date="2025-04-23", outcome_code="upheld", **outcome),
        case("c1", "2025-04-17", second, ["communications", "waiting_times"], acknowledged_date="2025-04-23", outcome_code="partially_upheld", **outcome),
        case("c2", "2025-04-18", first, ["communications"], case_type_code="pals", outcome_code="upheld", **outcome),
        case("c3", "2025-05-01", first, ["admissions_discharge_and_transfers", None], response_due_date="2025-06-01"),
        case("c4", "2025-05-02", first, ["communications"], outcome_code="upheld", **outcome),
        case("c4", "2025-05-02", second | {"is_removed": True}),
        case("c5", "2025-05-06", second, ["communications"], acknowledged_date="2025-05-13", outcome_code="upheld", **outcome),
        case("c5", "2025-05-06", corrected, ["communications"], acknowledged_date="2025-05-13", outcome_code="not_upheld", **outcome),
        *[case(f"d{n}", "2025-05-08", second, ["waiting_times"], outcome_code="upheld", **outcome) for n in range(6)],
        *series_cases(),
    ])  # fmt: skip
    warehouse.insert("raw.experience_story", [
        story("1", "2025-05-20", stories, ["RZN", "RZH"], [("Discharge", -1), ("staff", 1)]),
        story("2", "2025-05-21", stories, ["RZN"], [("discharge", -1)]),
        story("2", "2025-05-21", later | {"is_removed": True}, [], []),
        story("3", "2025-06-19", later, ["RZN"], [("something new", 0)]),
        story("4", "2025-05-22", stories, ["RZN"], [], publisher_code="nhsuk"),
        story("6", "2025-05-23", stories, ["RZH"], [("kindness", 1)]),
    ])  # fmt: skip
    warehouse.insert("raw.healthwatch_report", [{
        "report_id": "hw.example/report/1",
        "library_code": "local",
        "local_healthwatch_name": "Healthwatch Northmoor",
        "published_date": day("2025-06-02"),
        "topics": json.dumps(["Discharge"]),
        "recommendations": json.dumps([
            {"number": n, "text": f"Explain discharge {n}", "addressee": "Trust", "sent_date": sent, "due_date": None}
            for n, sent in enumerate(["2025-04-16", "2025-04-19", "1999-05-04"], 1)
        ]),
        "response_status_code": "unknown",
        **provenance("h-1", "reports", "2025-06-03"),
    }])  # fmt: skip
    activity = {"channel_code": "forum", "contributed_count": 40, **provenance("e-1", "engagement", "2025-06-30")}
    warehouse.insert("raw.engagement_activity", [
        activity | {"organisation_ods_code": "RZN", "activity_id": "7", "activity_date": day("2025-06-05"), "theme_codes": json.dumps(["T08"]), "sentiment_code": "mixed"},
        activity | {"organisation_ods_code": "RZH", "activity_id": "8", "activity_date": day("2025-06-06"), "theme_codes": json.dumps(["T04"]), "sentiment_code": "negative"},
    ])  # fmt: skip
    balanced = {
        "complaints_total_brought_forward": 5, "complaints_total_new": 20, "complaints_total_resolved": 15, "complaints_total_carried_forward": 10,
        "complaints_number_upheld": 5, "complaints_number_partially_upheld": 4, "complaints_number_not_upheld": 6,
        "age_total": 20, "status_total": 20, "service_total": 20, "subject_area_communications": 15, "subject_area_other": 12,
        "subject_area_total": 27, "profession_total": 21,
    }  # fmt: skip
    source = provenance("k-1", "returns", "2025-10-01")
    warehouse.insert(
        "raw.complaint_return", returned("RZN", balanced, source) + returned("RZE", balanced | {"complaints_number_upheld": 6}, source)
    )
    families = {
        "complaint_rzn": ("complaint", "complaints", "nursing"), "stories": ("experience_story", "stories", "comms"),
        "reports": ("healthwatch_report", "healthwatch", "comms"), "engagement": ("engagement_activity", "engagement", "comms"),
        "returns": ("complaint_return", "complaints", "nursing"),
    }  # fmt: skip
    warehouse.insert(f"ops.{ledger.feed.name}", [feed(name, *facts) for name, facts in families.items()])
    landings = {
        "c-1": "2025-07-02",
        "c-2": "2025-08-02",
        "a-3": "2025-08-03",
        "s-1": "2025-06-01",
        "s-2": "2025-06-20",
        "h-1": "2025-06-03",
        "e-1": "2025-06-30",
        "k-1": "2025-10-01",
    }
    feeds = {"c": "complaint_rzn", "a": "complaint_rzn", "s": "stories", "h": "reports", "e": "engagement", "k": "returns"}
    warehouse.insert(
        f"ops.{ledger.submission.name}",
        [
            submission(name, feeds[name[0]], families[feeds[name[0]]][0], landed, number)
            for number, (name, landed) in enumerate(landings.items())
        ]
        + [submission(f"series-{organisation}", f"series-{organisation}", "complaint", "2025-09-01", 50) for organisation in SERIES],
    )
