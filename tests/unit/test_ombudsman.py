"""Ombudsman decisions: whatever JSON they come in, and nothing of the sections that are not read."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.feed import load_feed
from samepicture.messages import SubmissionRejected
from samepicture.process import Pipeline
from samepicture.readers import LINE, read_parts
from samepicture.settings import PROJECT
from samepicture.warehouse import open_warehouse

PHSO = load_feed(PROJECT / "dags" / "feeds" / "ombudsman_decision_phso")
SECTIONS = ("The Complaint", "Background", "Evidence", "Findings", "Our Decision", "Recommendations")


def decision(reference: str, words: str = "") -> dict[str, Any]:
    return {
        "case_reference": reference,
        "title": reference,
        "organisation": "A Trust",
        "date": "2026-01-19",
        "outcome": "Upheld",
        "text": words,
    }


def rows(content: bytes) -> pl.DataFrame:
    return pl.concat(frame for part in read_parts(PHSO, io.BytesIO(content), "decisions.json") for frame in part.frames)


def test_one_a_file_a_list_and_one_a_line_are_the_same() -> None:
    two = [decision("P-1"), decision("P-2")]
    listed = rows(json.dumps(two).encode())
    assert rows("\r\n".join(map(json.dumps, two)).encode()).equals(listed)
    assert rows(b"\xef\xbb\xbf" + json.dumps(two[0], indent=2).encode()).equals(listed.head(1))
    assert listed[LINE].to_list() == [1, 2]


@given(st.dictionaries(st.sampled_from(SECTIONS), st.from_regex(r"[a-z0-9 .]{0,20}", fullmatch=True), min_size=1))
def test_each_section_goes_to_its_column_and_the_others_nowhere(sections: dict[str, str]) -> None:
    words = "\n\n".join(f"{heading}:\n{body}" for heading, body in sections.items())
    (row,) = rows(json.dumps(decision("P-1", words)).encode()).to_dicts()
    for heading, column in (("The Complaint", "complaint"), ("Our Decision", "decision"), ("Recommendations", "recommendations")):
        assert row[column] == (sections.get(heading, "").strip() or None)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b" \n", "empty_file"),
        (b"<html></html>", "not_json"),
        (json.dumps(decision("P-1")).encode()[:-9], "not_json"),
        (b'{"case_reference": "P-1"}\n{"case_ref', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'[{"id": 1}, 2]', "wrong_feed"),
        (b"3", "wrong_feed"),
    ],
)
def test_what_is_no_decision_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        rows(content)
    assert refusal.value.code == code


def test_published_decisions_are_accepted_whole(published: Path, pipeline: Pipeline) -> None:
    files = sorted((published / "phso").glob("*.json"))
    for file in files:
        receipt, _ = pipeline.land_file(PHSO.id, file)
        pipeline.judge(receipt.submission_id)
        outcome = pipeline.load(receipt.submission_id)
        assert (outcome.received, outcome.accepted) == (1, 1), file
    with open_warehouse(pipeline.settings).writer() as connection:
        query = "select decision_id, outcome_codes, decision_url, unmapped from raw.ombudsman_decision where summary is not null and complaint_text is not null"
        found = {row[0]: row[1:] for row in connection.exec_driver_sql(query)}
        warned = connection.exec_driver_sql("select distinct code from ops.submission_warning").fetchall()
    assert len(found) == len(files)
    assert found["P-004643"] == ('["closed","closed"]', None, None)
    assert found["P-004641"][0] == '["partly_upheld","partly_upheld","partly_upheld"]'
    assert found["P-004647"][0] == '["upheld","upheld","upheld"]'
    assert warned == [], "every outcome, type and column in them is known"
