"""The real KO41a and KO41b files, when they are here: the warehouse gives what the files give."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import text

from samepicture.process import Pipeline
from samepicture.warehouse import open_warehouse

FILES = {
    "Data on Written Complaints in the NHS 2024-25 Secondary Care KO41a - Org Level.csv": {
        "complaints_total_new": "Complaints_Total_New",
        "complaints_total_resolved": "Complaints_Total_Resolved",
        "complaints_number_upheld": "Complaints_Number_Upheld",
        "complaints_number_partially_upheld": "Complaints_Number_Partially_Upheld",
        "complaints_number_not_upheld": "Complaints_Number_Not_Upheld",
        "subject_area_communications": "Subject_Area_Communications",
    },
    "Data on Written Complaints in the NHS 2024-25 Primary Care KO41b - Sub ICB Level.csv": {
        "complaints_total_new": "1.4 Total New",
        "complaints_number_upheld": "1.6 Number Upheld",
        "4_7_communications": "4.7 Communications",
    },
}


@pytest.mark.parametrize("name", FILES)
def test_every_row_and_total_of_a_published_return_is_in_the_warehouse(name: str, pipeline: Pipeline, published: Path) -> None:
    path = published / "complaints" / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.DictReader(source))
    receipt, _ = pipeline.land_file("complaint_return", path)
    pipeline.judge(receipt.submission_id)
    outcome = pipeline.load(receipt.submission_id)
    assert (outcome.received, outcome.accepted, outcome.rejected) == (len(rows), len(rows), 0)
    with open_warehouse(pipeline.settings).writer() as connection:
        for measure, header in FILES[name].items():
            total = connection.execute(
                text("select sum(complaints_count) from raw.complaint_return where measure_code = :code"), {"code": measure}
            ).scalar_one()
            assert total == sum(int(row[header]) for row in rows), measure
        warnings = connection.execute(text("select count(*) from ops.submission_warning")).scalar_one()
    assert warnings == 0
