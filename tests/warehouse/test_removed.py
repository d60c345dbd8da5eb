"""Of every record type: what its source removed is in nothing that is built."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from samepicture.records import CONTRACTS
from samepicture.settings import PROJECT
from tests.warehouse import test_loop
from tests.warehouse.invented_rows import Takes, Warehouse, feed, provenance, returned, story, submission, text_label, text_model

SEEDS = {path.stem for path in (PROJECT / "dbt" / "seeds").rglob("*.csv")}
NOBODYS = {
    *SEEDS, "dim_date", "dim_theme", "dim_setting", "dim_people_group", "bridge_people_group", "bridge_group_member",
    "agg_complaint_version", "feed_as_of", "feed_health", "answer_coverage",
}  # fmt: skip
"""Tables that show no record of a source: ours, days, feeds by what landed, and which questions can be answered."""
MORE = {
    "stories": ("experience_story", "stories", "comms"),
    "returns": ("complaint_return", "complaints", "nursing"),
    "answers": ("survey_response", "surveys", "comms"),
    "ratings": ("inspection_rating", "safety", "nursing"),
    "people": ("population", "reference", "nursing"),
    "links": ("organisation_relationship", "reference", "nursing"),
}


def fill(warehouse: Takes) -> None:
    """At least one living record of every type."""
    test_loop.fill(warehouse)
    source = {name: provenance(f"{name}-1", name, "2025-06-01") for name in MORE}
    warehouse.insert("raw.experience_story", [story("1", "2025-05-20", source["stories"], ["RZN"], [("Discharge", -1)])])
    warehouse.insert(
        "raw.complaint_return", returned("RZN", {"complaints_total_new": 20, "complaints_total_resolved": 15}, source["returns"])
    )
    answer = {
        "survey_id": "s",
        "response_pseudonym": "p",
        "organisation_ods_code": "RZN",
        "submitted_date": date(2025, 5, 8),
        "is_complete": True,
    }
    warehouse.insert("raw.survey_response", [
        {**answer, "question_id": "1", "answer_number": 1, "question_code": "overall_experience", "answer_kind_code": "scale",
         "scale_code": "fft_6", "score": 5.0, "normalised_score": 0.0, **source["answers"]},
        {**answer, "question_id": "2", "answer_number": 1, "answer_kind_code": "narrative", "narrative": "Nobody told me.", **source["answers"]},
    ])  # fmt: skip
    warehouse.insert("raw.inspection_rating", [{
        "level_code": "location", "cqc_id": "1-1", "rated_cqc_id": "1-1", "service_name": "Overall", "scope_code": "overall",
        "rating_code": "good", "report_date": date(2025, 1, 9), "is_current": True, "is_inherited": False, **source["ratings"],
    }])  # fmt: skip
    warehouse.insert("raw.population", [{
        "denominator_code": "registered", "area_code": "QZN", "as_of_date": date(2025, 1, 1), "group_scheme_code": "all", "group_code": "all",
        "sex_code": "all", "age_code": "all", "people_count": 100, **source["people"],
    }])  # fmt: skip
    warehouse.insert("raw.organisation_relationship", [{
        "from_ods_code": "RZN", "to_ods_code": "QZN", "relationship_code": "commissioned_by", "start_date": date(2020, 1, 1), **source["links"],
    }])  # fmt: skip
    warehouse.insert("ops.text_label", [text_label("return:s:p", "2:1", "T02", "answers-1")])
    warehouse.insert("ops.text_model", [text_model()])
    warehouse.insert("ops.feed", [feed(name, *facts) for name, facts in MORE.items()])
    warehouse.insert("ops.submission", [submission(f"{name}-1", name, facts[0], "2025-07-02", 20) for name, facts in MORE.items()])


def remove_everything(warehouse: Warehouse) -> None:
    """A tombstone of each record, as a reader makes it: what names the record, and nothing else."""
    with duckdb.connect(str(warehouse.path)) as connection:
        for record_type, contract in CONTRACTS.items():
            key = ", ".join(contract.record_key)
            connection.execute(
                f"insert into raw.{record_type} by name select distinct {key}, feed_id, feed_id || '-gone' as submission_id, 1 as line_number,"
                f" timestamptz '2027-01-01' as version_at, true as is_removed from raw.{record_type}"
            )
        connection.execute(
            "insert into ops.submission by name select distinct on (feed_id) * replace (feed_id || '-gone' as submission_id, landed_at + interval 1 day as landed_at)"
            " from ops.submission"
        )


def counts(warehouse: Warehouse) -> dict[str, int]:
    """Rows of every table that is built after staging."""
    tables = warehouse.query(
        "select table_schema || '.' || table_name from information_schema.tables where table_schema in ('conformed', 'marts', 'published')"
    )
    return {name: warehouse.query(f"select count(*) from {name}")[0][0] for (name,) in sorted(tables)}


@pytest.fixture(scope="module")
def before_and_after(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, dict[str, int], dict[str, int]]:
    warehouse = Warehouse(tmp_path_factory.mktemp("removed"))
    fill(warehouse)
    build = ("build", "--exclude-resource-types", "test", "unit_test")
    statuses = warehouse.dbt(*build)
    assert {name: status for name, status in statuses.items() if status != "success"} == {}
    before = counts(warehouse)
    remove_everything(warehouse)
    assert set(warehouse.dbt(*build).values()) == {"success"}
    return warehouse, before, counts(warehouse)


def test_every_record_type_is_here(before_and_after: tuple[Warehouse, dict[str, int], dict[str, int]]) -> None:
    warehouse, before, _ = before_and_after
    for record_type in CONTRACTS:
        assert warehouse.query(f"select count(*) from raw.{record_type} where is_removed")[0][0], record_type
    facts = [name for name in before if name.split(".")[1].startswith("fct_")]
    assert len(facts) >= 10
    assert [name for name in facts if not before[name]] == []


def test_what_was_removed_is_in_no_table(before_and_after: tuple[Warehouse, dict[str, int], dict[str, int]]) -> None:
    _, _, after = before_and_after
    assert {name: rows for name, rows in after.items() if rows and name.split(".")[1].removeprefix("published_") not in NOBODYS} == {}
