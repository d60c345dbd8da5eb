"""What the damaged files of tests/fuzz found: each crash, and each word told that was somebody's, stays mended."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from typing import Any

import pytest

from samepicture.feed import load_feeds
from samepicture.mapping import HEADER_LENGTH, Mapping
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE, Part, read_parts
from samepicture.readers.documents import NESTED_MAX, NestedTooDeeplyError, parsed, utc
from samepicture.settings import PROJECT

FEEDS = load_feeds([PROJECT / "dags" / "feeds"])
WORDS = "I waited for nine hours with my brother"
JSON_FEEDS = (
    "engagement_activity_platform",
    "experience_story_care_opinion",
    "experience_story_nhsuk",
    "inspection_rating_cqc",
    "ods_api_organisation",
    "survey_response_fhir",
    "survey_response_limesurvey",
    "survey_response_qualtrics",
    "survey_response_smartsurvey",
    "survey_response_surveymonkey",
)
STORY = {"id": 1, "title": "t", "body": "b", "dateOfSubmission": "2026-01-01T10:00:00", "links": []}


def taken(feed_id: str, content: bytes) -> tuple[list[dict[str, Any]], Part, Mapping]:
    """Rows, part and mapping of a file, as judging has them; out of a real file, as the store is one."""
    feed = FEEDS[feed_id]
    with tempfile.TemporaryFile() as stream:
        stream.write(content)
        stream.seek(0)
        (part,) = read_parts(feed, stream, "file")
        mapping = Mapping(feed, part.headers)
        rows = [row for frame in part.frames for row in mapping.apply(frame).frame.to_dicts()]
    return rows, part, mapping


def refused(feed_id: str, content: bytes) -> SubmissionRejected:
    with pytest.raises(SubmissionRejected) as refusal:
        taken(feed_id, content)
    return refusal.value


def landed(request: Any, document: Any, status: Any = 200) -> bytes:
    return json.dumps({"request": request, "status": status, "answer": json.dumps(document)}).encode() + b"\n"


def sample(feed_id: str, number: int = 0) -> bytes:
    return FEEDS[feed_id].samples[number].read_bytes()


# -- JSON --------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed_id", JSON_FEEDS)
@pytest.mark.parametrize(
    "line",
    [
        {"request": 1, "status": 200, "answer": "{}"},
        {"request": "x", "status": "200", "answer": "{}"},
        {"request": "x", "status": 200, "answer": None},
    ],
    ids=["request", "status", "answer"],
)
def test_a_landed_line_of_other_types_is_refused(feed_id: str, line: dict[str, Any]) -> None:
    assert refused(feed_id, json.dumps(line).encode()).code == "broken_json"


def test_half_a_character_is_replaced_wherever_it_stands() -> None:
    rows, part, _ = taken("experience_story_care_opinion", json.dumps([STORY | {"body": "kind \ud83d", "\ud83d": "x"}]).encode())
    assert rows[0]["body"] == "kind \ufffd"
    assert "\ufffd" in part.headers
    assert parsed(r'["\\ud83d", "\ud83d\ude00"]') == [r"\ud83d", "\U0001f600"]


@pytest.mark.parametrize("levels", [NESTED_MAX + 1, 900, 100_000])
def test_nesting_is_bounded(levels: int) -> None:
    with pytest.raises(NestedTooDeeplyError):
        parsed("[" * levels + "]" * levels)
    deep = b'{"a":' * levels + b"1" + b"}" * levels
    assert refused("engagement_activity_platform", deep).code == "broken_json"
    assert refused("ombudsman_decision_phso", deep).code == "not_json"
    assert refused("survey_response_fhir", deep).code == "nested_too_deeply"
    assert parsed("[" * NESTED_MAX + "]" * NESTED_MAX)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_ends_of_time(moment: str) -> None:
    assert utc(moment) == moment


@pytest.mark.parametrize(
    ("feed_id", "record"),
    [
        ("experience_story_care_opinion", STORY),
        ("experience_story_nhsuk", {"commentId": 1, "commentText": "b"}),
        ("ombudsman_decision_phso", {"case_reference": "P-1", "text": "b"}),
        ("engagement_activity_platform", {"id": 1, "title": "b"}),
    ],
)
def test_a_field_named_as_ours_takes_no_place(feed_id: str, record: dict[str, Any]) -> None:
    records: Any = [record | {LINE: "x"}]
    document = {"experience_story_nhsuk": {"comments": records}, "engagement_activity_platform": {"data": {"items": records}}}.get(
        feed_id, records
    )
    options = FEEDS[feed_id].reader.options.get("records")
    if options:
        for name in reversed(str(options).split(".")):
            records = {name: records}
        document = records
    (part,) = read_parts(FEEDS[feed_id], io.BytesIO(json.dumps(document).encode()), "file")
    assert [row[LINE] for frame in part.frames for row in frame.to_dicts()] == [1]


@pytest.mark.parametrize("links", [1.5, "x", {"id": 1}, [1, None]])
def test_links_of_another_shape_are_none(links: Any) -> None:
    rows, _, _ = taken("experience_story_care_opinion", json.dumps([STORY | {"links": links}]).encode())
    assert rows[0]["organisation_ods_codes"] is None


def test_an_unknown_criticality_that_is_a_text_is_not_quoted() -> None:
    _, part, _ = taken("experience_story_care_opinion", json.dumps([STORY | {"criticality": WORDS}]).encode())
    assert [warning.value for warning in part.warnings] == [f"(a text of {len(WORDS)} characters)"]


def test_a_review_with_an_address_or_a_rating_that_is_none() -> None:
    ratings = [{"question": "q", "rating": "9" * 5_000}, {"question": "q", "rating": 4}]
    comment = {
        "commentId": 1,
        "odsCode": "RZH03",
        "commentText": "b",
        "dateSubmitted": "2026-01-01T10:00:00",
        "commentOriginalURL": "https://[",
        "ratings": ratings,
    }
    rows, _, _ = taken("experience_story_nhsuk", json.dumps({"comments": [comment]}).encode())
    assert [score["score"] for score in json.loads(rows[0]["ratings"])] == [4]


def test_a_resource_that_is_named_in_words_is_not_quoted() -> None:
    bundle = json.loads(sample("survey_response_fhir"))
    bundle["entry"].append({"resource": {"resourceType": WORDS}})
    _, part, _ = taken("survey_response_fhir", json.dumps(bundle).encode())
    assert "(no name of a type)" in [warning.value for warning in part.warnings]


@pytest.mark.parametrize("pages", [[[]], ["x"], [{"questions": 1}], [{"questions": ["x"]}]])
def test_a_survey_described_in_another_shape(pages: Any) -> None:
    _, part, _ = taken("survey_response_surveymonkey", landed("surveys/1/details", {"id": 1, "pages": pages}))
    assert part.unreadable == []


@pytest.mark.parametrize("method", ["get_language_properties", "get_question_properties"])
@pytest.mark.parametrize("document", [[], [1], {"responses": 1, "surveyls_title": 1, "answeroptions": 1}])
def test_an_answer_of_limesurvey_in_another_shape(method: str, document: Any) -> None:
    lines = sample("survey_response_limesurvey").splitlines(keepends=True)
    request = next(json.loads(line)["request"] for line in lines if method in json.loads(line)["request"])
    changed = landed(request, document)
    whole, _, _ = taken("survey_response_limesurvey", b"".join(lines))
    rows, _, _ = taken("survey_response_limesurvey", b"".join(lines) + changed)
    assert len(rows) == len(whole)


@pytest.mark.parametrize("document", [[], [1], {"responses": 1}])
def test_an_export_of_limesurvey_in_another_shape_is_refused(document: Any) -> None:
    """Not taken for one without responses."""
    request = next(json.loads(line)["request"] for line in sample("survey_response_limesurvey").splitlines() if b"export_responses" in line)
    assert refused("survey_response_limesurvey", landed(request, document)).code == "wrong_feed"


# -- tables and archives -------------------------------------------------------------------------


def test_an_archive_that_lost_bytes_is_refused() -> None:
    """Its first member then begins before the file does, which a real file answers with an error of its own."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/workbook.xml", b"x" * 500)
    content = target.getvalue()[:100] + target.getvalue()[130:]
    assert refused("complaint_eastvale", content).code == "broken_archive"


def test_a_header_that_swallowed_a_row_is_refused_and_not_quoted() -> None:
    rows = list(csv.reader(io.StringIO(sample("complaint_northmoor").decode("utf-8-sig"), newline="")))
    target = io.StringIO(newline="")
    csv.writer(target).writerows([rows[0] + rows[1], *rows[2:]])
    refusal = refused("complaint_northmoor", target.getvalue().encode())
    assert refusal.code == "wrong_column_count"
    assert f"{len(rows[0]) * 2} columns" in refusal.sentence


def test_a_long_heading_is_told_by_its_length() -> None:
    heading = " ".join([WORDS] * 3)
    feed = FEEDS["complaint_northmoor"]
    (part,) = read_parts(feed, io.BytesIO(sample("complaint_northmoor")), "file")
    told = [(w.sentence, w.column_name) for w in Mapping(feed, [*part.headers, heading, "Ward"]).warnings]
    assert len(heading) > HEADER_LENGTH
    assert f"(a heading of {len(heading)} characters)" in [name for _, name in told]
    assert "Ward" in [name for _, name in told]
    assert not [sentence for sentence, _ in told if "brother" in sentence]
