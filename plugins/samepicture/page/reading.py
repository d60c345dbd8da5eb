"""What the page is made of: tables of the schema `published`, as comms may read them, in one state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection

from samepicture.errors import Explained
from samepicture.warehouse.base import Warehouse

QUARTERS = 8
"""Of evidence, complaints and stories that the page goes back."""
STORIES_OF_A_QUARTER = 6
"""The newest of each quarter are shown, for an organisation."""

COLUMNS: Mapping[str, Sequence[str]] = {
    "theme_evidence": (
        "theme_code", "theme_name", "organisation_ods_code", "organisation_name", "current_ods_code", "quarter_start_date",
        "source_family_code", "owner_directorate_code", "feedback_count", "negative_count", "positive_count",
    ),
    "complaint_timeliness": (
        "organisation_ods_code", "organisation_name", "current_ods_code", "quarter_start_date", "complaint_count",
        "acknowledged_in_time_share", "acknowledged_in_time_decided_count", "answered_by_agreed_date_share",
        "answered_by_agreed_date_decided_count", "beyond_six_months_share", "beyond_six_months_decided_count",
        "median_response_working_days",
    ),
    "complaint_outcome": (
        "organisation_ods_code", "organisation_name", "current_ods_code", "subject_code", "quarter_start_date", "resolved_count",
        "upheld_share", "upheld_share_low", "upheld_share_high",
    ),
    "spc": (
        "metric_code", "metric_name", "unit_code", "improvement_direction_code", "owner_directorate_code", "organisation_ods_code",
        "organisation_name", "current_ods_code", "setting_code", "month_start_date", "point_count", "phase_start_date",
        "phase_reason", "value", "mean_value", "lower_limit", "upper_limit", "special_cause_code", "variation_code", "target_value",
        "assurance_code", "is_latest", "is_suppressed",
    ),
    "consented_story": (
        "feedback_id", "publisher_code", "story_url", "published_date", "title", "body", "direction_code", "organisation_ods_codes",
        "progress_code",
    ),
    "recommendations": (
        "recommendation_id", "report_url", "report_title", "local_healthwatch_name", "published_date", "recommendation_number",
        "recommendation_text", "addressee_name", "due_date", "response_date", "status_code", "is_acted_on",
    ),
    "loop_closure": (
        "action_key", "organisation_ods_code", "organisation_name", "current_ods_code", "title", "theme_codes", "theme_names",
        "owner_role", "said_date", "agreed_date", "due_date", "done_date", "told_back_date", "told_back_channel_code", "status_code",
        "is_loop_closed", "remeasured_outcome_code",
    ),
    "ombudsman_findings": (
        "feedback_id", "organisation_ods_code", "organisation_name", "current_ods_code", "publisher_code", "decision_id",
        "decision_date", "outcome_code", "decision_url",
    ),
    "feed_health": (
        "feed_id", "feed_name", "record_type", "publisher_name", "owner_directorate_code", "is_active", "expected_every_days",
        "last_loaded_at", "is_late", "rejected_share", "is_reconciled", "last_outcome_code",
    ),
    "answer_coverage": ("question_number", "question", "status_code", "missing_source_names"),
    "known_already": (
        "theme_code", "theme_name", "organisation_ods_code", "organisation_name", "first_quarter_start_date",
        "last_quarter_start_date", "feedback_count", "source_families", "owner_directorates", "action_count", "open_action_count",
        "done_action_count", "told_back_action_count", "last_told_back_date", "is_suppressed",
    ),
    "text_theme": (
        "theme_code", "theme_name", "organisation_ods_code", "organisation_name", "current_ods_code", "quarter_start_date", "read_count",
        "comment_count", "uncoded_count", "strong_count",
    ),
    "representativeness": (
        "place_code", "place_name", "year_name", "period_end_date", "source_code", "source_name", "denominator_code", "dimension_code",
        "group_level_code", "group_code", "group_name", "coverage_tenths", "feedback_share", "population_share",
        "representation_index", "representation_code", "is_heard_anywhere", "gap_code", "is_suppressed",
    ),
    "engagement_outcome": (
        "feedback_id", "organisation_ods_code", "organisation_name", "current_ods_code", "activity_name", "activity_date",
        "channel_code", "place_name", "reached_count", "contributed_count", "people_group_names", "theme_codes", "result_code",
        "first_done_date", "told_back_date", "is_suppressed",
    ),
}  # fmt: skip
"""Columns of each table, so that what a table gains does not come onto the page by itself."""
DAYS = (
    "quarter_start_date", "month_start_date", "published_date", "due_date", "response_date", "said_date", "agreed_date", "done_date",
    "told_back_date", "decision_date", "first_quarter_start_date", "last_quarter_start_date", "phase_start_date", "last_told_back_date", "period_end_date", "activity_date",
    "first_done_date",
)  # fmt: skip
NUMBERS = (
    "acknowledged_in_time_share", "answered_by_agreed_date_share", "beyond_six_months_share", "median_response_working_days",
    "upheld_share", "upheld_share_low", "upheld_share_high", "value", "mean_value", "lower_limit", "upper_limit", "rejected_share",
    "target_value", "coverage_tenths", "feedback_share", "population_share", "representation_index",
)  # fmt: skip
CONDITIONS = {
    "theme_evidence": "organisation_ods_code <> 'unmatched'",
    "complaint_outcome": "subject_code = 'all'",
    "known_already": "organisation_ods_code <> 'unmatched'",
    "text_theme": "organisation_ods_code <> 'unmatched'",
}
"""Which rows of them."""
NEWEST_STORIES = """
select {columns}
from (
    select
        *,
        row_number() over (
            partition by organisation_ods_codes, extract(year from published_date), extract(quarter from published_date)
            order by published_date desc, feedback_id
        ) as recency_number
    from published.consented_story
    where published_date is not null
) as numbered
where recency_number <= {most}
order by published_date desc, feedback_id
"""
"""However many there are: the newest of each quarter, about each organisation, or organisations together."""


class NothingPublished(Explained):
    """There is nothing to make a page of; the message says what to do."""


@dataclass(frozen=True)
class Material:
    """What was read. A table that is not there, or not with these columns, is None."""

    build_id: str
    """Of the last build that was there."""
    built_at: datetime
    tables: Mapping[str, pl.DataFrame | None]

    def __getitem__(self, name: str) -> pl.DataFrame | None:
        return self.tables[name]

    @property
    def today(self) -> date:
        """The day on which late and due were read off."""
        return self.built_at.date()


def last_build_id(warehouse: Warehouse) -> str | None:
    """Which build came last; None before the first."""
    with warehouse.as_role("comms") as (built, _):
        return built.build_id if built else None


def read(warehouse: Warehouse) -> Material:
    """Read what comms may read. Raises NothingPublished, and WarehouseError."""
    with warehouse.as_role("comms") as (built, connection):
        return material(built, connection)


def material(built: Any, connection: Connection, without: Collection[str] = ()) -> Material:
    """Read it in a transaction that is open, without some of the tables; `built` is the last build there. Raises NothingPublished."""
    if built is None:
        raise NothingPublished("Nothing is published yet: submit a file with --now, or run the scheduler; then there is a page to make.")
    there = connection.exec_driver_sql(
        "select table_name, column_name from information_schema.columns where table_schema = 'published'"
    ).all()
    known = {(row[0], row[1]) for row in there}
    wanted = [name for name in COLUMNS if name not in without and _is_there(name, known)]
    return Material(built.build_id, built.finished_at, dict.fromkeys(COLUMNS) | {name: _table(connection, name) for name in wanted})


def _is_there(name: str, known: set[tuple[str, str]]) -> bool:
    return all((name, column) in known for column in COLUMNS[name])


def _table(connection: Connection, name: str) -> pl.DataFrame:
    columns = ", ".join(COLUMNS[name])
    if name == "consented_story":
        sql = NEWEST_STORIES.format(columns=columns, most=STORIES_OF_A_QUARTER)
    else:
        sql = f"select {columns} from published.{name} where {CONDITIONS.get(name, 'true')}"  # noqa: S608 - our own names
    rows = connection.exec_driver_sql(sql).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=schema(name), orient="row", strict=False)


def schema(table: str) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The kind of each column, also of a table without rows."""
    return {column: _kind(column) for column in COLUMNS[table]}


def _kind(column: str) -> pl.DataType | type[pl.DataType]:
    if column in DAYS:
        return pl.Date
    if column in NUMBERS:
        return pl.Float64
    if column.endswith("_at"):
        return pl.Datetime(time_zone="UTC")
    if column.startswith("is_"):
        return pl.Boolean
    return pl.Int64 if column.endswith(("_count", "_number", "_days")) else pl.String
