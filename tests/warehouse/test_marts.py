"""The dbt project, built whole in a DuckDB warehouse of invented rows: what the marts answer."""

from __future__ import annotations

import csv
import shutil
from itertools import pairwise
from pathlib import Path
from statistics import mean

import duckdb
import pytest

from samepicture.process import Pipeline
from samepicture.records import CONTRACTS
from samepicture.settings import PROJECT
from samepicture.warehouse import open_warehouse
from samepicture.wide import snake
from tests.warehouse.invented_rows import SERIES, Warehouse, fill


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, dict[str, str]]:
    """The filled warehouse after `dbt build` with every test, and the status of each node."""
    warehouse = Warehouse(tmp_path_factory.mktemp("filled"))
    fill(warehouse)
    return warehouse, warehouse.dbt("build")


@pytest.fixture(scope="module")
def marts(built: tuple[Warehouse, dict[str, str]]) -> Warehouse:
    return built[0]


def test_everything_builds_and_every_test_passes(built: tuple[Warehouse, dict[str, str]]) -> None:
    statuses = built[1]
    assert {name: status for name, status in statuses.items() if status not in ("success", "pass")} == {"complaint_returns_balance": "warn"}
    assert statuses["each_piece_counts_once_a_theme_and_pals_is_no_complaint"] == "pass", "unit tests are part of it"


def test_an_empty_warehouse_builds(on_made_duckdb: Pipeline) -> None:
    """Making it fails where a test of the data does."""
    with open_warehouse(on_made_duckdb.settings).reader() as connection:
        assert connection.exec_driver_sql("select count(*) from marts.theme_evidence").scalar_one() == 0
        assert connection.exec_driver_sql("select count(*) from conformed.dim_theme").scalar_one() == 18


# -- versions and removals --------------------------------------------------------------------


def test_a_newer_version_replaces_the_older(marts: Warehouse) -> None:
    assert marts.query("select outcome_code, submission_id from conformed.fct_complaint where case_pseudonym = 'c1'") == [
        ("partially_upheld", "c-2")
    ]


def test_of_two_versions_of_one_time_the_one_that_landed_later_counts(marts: Warehouse) -> None:
    assert marts.query("select outcome_code, submission_id from conformed.fct_complaint where case_pseudonym = 'c5'") == [
        ("not_upheld", "a-3")
    ]


@pytest.mark.parametrize("feedback_id", ["story:care_opinion:2", "complaint:RZN:c4"])
@pytest.mark.parametrize("table", ["conformed.fct_feedback", "conformed.bridge_feedback_theme", "conformed.bridge_feedback_organisation"])
def test_what_the_source_removed_vanishes(marts: Warehouse, table: str, feedback_id: str) -> None:
    assert marts.query(f"select count(*) from {table} where feedback_id = '{feedback_id}'") == [(0,)]
    assert marts.query(f"select count(*) > 0 from {table}") == [(True,)]


# -- complaints -------------------------------------------------------------------------------


def test_subjects_are_not_summed_to_complaints(marts: Warehouse) -> None:
    rows = marts.query(
        "select subject_code, resolved_count, upheld_count, partially_upheld_count, not_upheld_count, round(upheld_share, 4) "
        "from marts.complaint_outcome where organisation_ods_code = 'RZN' order by subject_code"
    )
    assert rows == [("all", 8, 6, 1, 1, 0.875), ("communications", 2, 0, 1, 1, 0.5), ("waiting_times", 7, 6, 1, 0, 1.0)]


def test_the_interval_is_wilsons(marts: Warehouse) -> None:
    """7 of 8: 0.5291 to 0.9776, by the closed form of Wilson (1927)."""
    query = "select round(upheld_share_low, 4), round(upheld_share_high, 4) from marts.complaint_outcome where organisation_ods_code = 'RZN' and subject_code = 'all'"
    assert marts.query(query) == [(0.5291, 0.9776)]


def test_complaints_are_timed_in_working_days_and_pals_is_left_out(marts: Warehouse) -> None:
    rows = marts.query(
        "select feedback_id, acknowledgement_working_days, is_acknowledged_in_time, is_answered_by_agreed_date "
        "from marts.complaint_timeliness where organisation_ods_code = 'RZN' and feedback_id not like '%:d%' order by feedback_id"
    )
    assert rows == [
        ("complaint:RZN:c1", 2, True, None),  # Easter lies between
        ("complaint:RZN:c3", None, False, False),  # open since May, and the agreed day is over
        ("complaint:RZN:c5", 5, False, None),
    ]


def test_published_timeliness_has_no_single_cases(marts: Warehouse) -> None:
    rows = marts.query(
        "select complaint_count, open_count, acknowledged_in_time_count, acknowledged_in_time_decided_count, acknowledged_in_time_share, is_suppressed "
        "from published.complaint_timeliness where organisation_ods_code = 'RZN'"
    )
    assert rows == [(9, None, None, 9, None, True)]


def test_small_counts_are_withheld_and_none_stays_none(marts: Warehouse) -> None:
    rows = marts.query(
        "select subject_code, resolved_count, upheld_count, partially_upheld_count, not_upheld_count, upheld_share, is_suppressed "
        "from published.complaint_outcome where organisation_ods_code = 'RZN' order by subject_code"
    )
    assert rows == [
        ("all", 8, None, None, None, None, True),  # two that are small and 2 without the third are 1 each
        ("communications", None, 0, None, None, None, True),
        ("waiting_times", 7, None, None, 0, None, True),
    ]


def test_a_return_that_does_not_balance_is_named(built: tuple[Warehouse, dict[str, str]]) -> None:
    warehouse, statuses = built
    assert statuses["complaint_returns_balance"] == "warn"
    new = warehouse.query("select sum(complaints_count) from conformed.fct_complaint_return where measure_code = 'complaints_total_new'")
    subjects = warehouse.query("select sum(complaints_count) from conformed.fct_complaint_return where subject_code is not null")
    assert (new, subjects) == ([(40,)], [(54,)]), "subjects are more than complaints, and never their number"


# -- evidence ---------------------------------------------------------------------------------


def test_nursing_and_comms_stand_side_by_side_on_discharge(marts: Warehouse) -> None:
    rows = marts.query(
        "select owner_directorate_code, source_family_code, organisation_ods_code, feedback_count, complaint_count, negative_count "
        "from marts.theme_evidence where theme_code = 'T08' and quarter_start_date = date '2025-04-01' order by all"
    )
    assert rows == [
        ("comms", "engagement", "RZN", 1, 0, 0),
        ("comms", "healthwatch", "unmatched", 1, 0, 0),
        ("comms", "stories", "RZH", 1, 0, 1),
        ("comms", "stories", "RZN", 1, 0, 1),
        ("nursing", "complaints", "RZN", 1, 1, 1),
    ]


def test_pals_is_evidence_but_no_complaint(marts: Warehouse) -> None:
    rows = marts.query(
        "select feedback_count, complaint_count from marts.theme_evidence where theme_code = 'T02' and organisation_ods_code = 'RZN'"
    )
    assert rows == [(3, 2)]


def test_what_the_crosswalk_does_not_know_is_kept_as_other(marts: Warehouse) -> None:
    rows = marts.query("select feedback_id, source_code from conformed.bridge_feedback_theme where theme_code = 'T99' order by all")
    assert rows == [("complaint:RZN:c3", "own word 1"), ("story:care_opinion:3", "something new")]


def test_a_story_without_tags_is_in_no_theme_and_one_with_an_unknown_tag_is_in_other(marts: Warehouse) -> None:
    """As the description of theme_evidence tells its readers."""
    assert marts.query("select count(*) from conformed.fct_feedback where feedback_id = 'story:nhsuk:4'") == [(1,)]
    assert marts.query("select count(*) from conformed.bridge_feedback_theme where feedback_id = 'story:nhsuk:4'") == [(0,)]
    rows = marts.query(
        "select theme_code, feedback_count from marts.theme_evidence where theme_code = 'T99' and source_family_code = 'stories'"
    )
    assert rows == [("T99", 1)]


def test_a_recommendation_is_due_20_working_days_after_sending(marts: Warehouse) -> None:
    """From 16 April 2025: Good Friday, Easter Monday, the early May holiday and five weekends lie between.

    A Saturday counts from the working day before it; what the list of bank holidays does not reach is not guessed.
    """
    rows = marts.query(
        "select cast(sent_date as varchar), cast(due_date as varchar), due_date_source_code from conformed.fct_recommendation order by recommendation_number"
    )
    assert rows == [("2025-04-16", "2025-05-19", "counted"), ("2025-04-19", "2025-05-20", "counted"), ("1999-05-04", None, None)]
    late = marts.query("select distinct status_code from published.recommendations where due_date is not null")
    assert late == [("late",)]


# -- calendar ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2022-09-19", False),  # state funeral
        ("2023-05-08", False),  # coronation
        ("2025-12-24", True),
        ("2026-12-28", False),  # Boxing Day on a Saturday
        ("2025-08-25", False),
        ("2025-08-23", False),
        ("2014-06-06", None),  # before the list of bank holidays begins
    ],
)
def test_working_days_of_england(marts: Warehouse, day: str, working: bool | None) -> None:
    assert marts.query(f"select is_working_day from conformed.dim_date where date_day = date '{day}'") == [(working,)]


def test_2025_has_253_working_days(marts: Warehouse) -> None:
    assert marts.query("select count(*) from conformed.dim_date where year(date_day) = 2025 and is_working_day") == [(253,)]


# -- control charts ---------------------------------------------------------------------------


def making_data_count(values: list[int]) -> list[str | None]:
    """The special cause of each point, by a second reading of the rules (domain: D), window by window."""
    centre = mean(values)
    ranges = [abs(b - a) for a, b in pairwise(values)]
    kept = [r for r in ranges if r < 3.267 * mean(ranges)] or ranges
    reach = 2.66 * mean(kept)

    def outside(n: int) -> bool:
        return abs(values[n] - centre) > reach + 1e-9

    def near(n: int) -> bool:
        return not outside(n) and abs(values[n] - centre) > reach * 2 / 3 + 1e-9

    def same_side(window: range) -> bool:
        return all(values[n] > centre for n in window) or all(values[n] < centre for n in window)

    def monotonic(window: range) -> bool:
        pairs = [(values[n], values[n + 1]) for n in window[:-1]]
        return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)

    def windows(n: int, size: int) -> list[range]:
        return [range(s, s + size) for s in range(n - size + 1, n + 1) if s >= 0 and s + size <= len(values)]

    causes: list[str | None] = []
    for n in range(len(values)):
        if outside(n):
            causes.append("outside_limits")
        elif any(monotonic(w) for w in windows(n, 7)):
            causes.append("trend")
        elif near(n) and any(same_side(w) and sum(near(m) for m in w) >= 2 for w in windows(n, 3)):
            causes.append("two_of_three")
        elif any(same_side(w) for w in windows(n, 7)):
            causes.append("one_side")
        else:
            causes.append(None)
    return causes


@pytest.mark.parametrize("organisation", SERIES)
def test_charts_agree_with_a_second_reading_of_the_rules(marts: Warehouse, organisation: str) -> None:
    rows = marts.query(
        "select value, special_cause_code, variation_code from marts.spc "
        f"where metric_code = 'complaints_new' and organisation_ods_code = '{organisation}' order by month_start_date"
    )
    values = SERIES[organisation]
    assert [row[0] for row in rows] == values
    assert [row[1] for row in rows] == making_data_count(values)
    assert all((row[2] is None) == (len(values) < 13) for row in rows), "a verdict from 13 points on"


def test_the_series_meet_every_rule() -> None:
    assert {cause for values in SERIES.values() for cause in making_data_count(values)} == {
        None, "outside_limits", "trend", "two_of_three", "one_side",
    }  # fmt: skip


def test_a_month_that_is_not_over_is_no_point(marts: Warehouse) -> None:
    """The stories reach to 19 June: May counts, June does not yet."""
    rows = marts.query(
        "select cast(month_start_date as varchar), value from marts.metric_month where metric_code = 'stories_negative' order by all"
    )
    assert rows == [("2025-05-01", 1.0), ("2025-05-01", 1.0)]


# -- the ledger and the contracts -------------------------------------------------------------


def test_published_feed_health_has_codes_and_no_sentences(marts: Warehouse) -> None:
    """A sentence may quote a file name, and a file name a person."""
    columns = "select column_name from information_schema.columns where table_schema = 'published' and table_name = 'feed_health'"
    names = {name for (name,) in marts.query(columns)}
    assert "last_rejection_code" in names
    assert not {name for name in names if "sentence" in name or "file" in name}


def test_a_ledger_that_does_not_add_up_and_a_row_without_one_are_found(marts: Warehouse, tmp_path: Path) -> None:
    broken = Warehouse(tmp_path)
    shutil.copy(marts.path, broken.path)

    with duckdb.connect(str(broken.path)) as connection:
        connection.execute("update ops.submission set accepted_count = accepted_count + 1 where submission_id = 'c-1'")
        connection.execute("delete from ops.submission where submission_id = 'h-1'")
    statuses = broken.dbt("test", "--select", "received_is_accepted_and_rejected", "every_raw_row_has_a_submission")
    assert statuses == {"received_is_accepted_and_rejected": "fail", "every_raw_row_has_a_submission": "fail"}


@pytest.mark.parametrize("record_type", CONTRACTS)
def test_rows_of_every_record_type_are_looked_up_in_the_ledger(marts: Warehouse, record_type: str) -> None:
    compiled = next((marts.target / "compiled").rglob("every_raw_row_has_a_submission.sql")).read_text()
    assert f"'{record_type}' as record_type" in compiled


def test_freshness_is_read_from_the_ledger(marts: Warehouse) -> None:
    """Nothing was loaded for long: the check runs, and says so."""
    assert marts.dbt("source", "freshness", "--select", "source:raw.complaint") == {"complaint": "error"}


@pytest.mark.parametrize(
    "record_type", ["complaint", "complaint_return", "experience_story", "healthwatch_report", "engagement_activity", "survey_response"]
)
def test_staging_has_every_column_of_the_contract(marts: Warehouse, record_type: str) -> None:
    columns = marts.query(
        f"select column_name from information_schema.columns where table_schema = 'staging' and table_name = 'stg_{record_type}'"
    )
    assert {column.name for column in CONTRACTS[record_type].columns} <= {row[0] for row in columns}


@pytest.mark.parametrize(("collection", "pattern"), [("KO41a - Org", "Subject_Area_"), ("KO41b - Sub ICB", "4.")])
def test_the_crosswalk_knows_every_published_subject(published: Path, collection: str, pattern: str) -> None:
    path = next((published / "complaints").glob(f"*{collection} Level.csv"))
    with path.open(encoding="utf-8-sig") as file:
        headers = [header for header in next(csv.reader(file)) if header.startswith(pattern) and "Total" not in header]
    with (PROJECT / "dbt" / "seeds" / "theme_crosswalk.csv").open() as file:
        known = {row["source_code"] for row in csv.DictReader(file) if row["scheme_code"] == f"{collection[:5].lower()}_subject"}
    codes = {
        snake(header.removeprefix("Subject_Area_").split(" ", 1)[-1] if pattern == "4." else header.removeprefix(pattern))
        for header in headers
    }
    assert len(codes) == (39 if pattern == "4." else 20)
    assert codes <= known


def test_the_groups_of_the_census_are_matched(published: Path) -> None:
    with (published / "population" / "census2021-ts021-lsoa.csv").open(encoding="utf-8-sig") as file:
        headers = [header for header in next(csv.reader(file)) if header.startswith("Ethnic group: ")]
    codes = {snake(header) for header in headers}
    narrow = {code for code in codes if not any(other.startswith(f"{code}_") for other in codes)} - {
        "ethnic_group_total_all_usual_residents"
    }
    with (PROJECT / "dbt" / "seeds" / "people_group_bridge.csv").open() as file:
        known = {row["source_code"] for row in csv.DictReader(file) if row["source_scheme_code"] == "ethnic_2021"}
    assert narrow == known
    assert len(known) == 19
