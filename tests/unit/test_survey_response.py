"""Answers of survey platforms to rows: scales, grids, several choices, what identifies people, and real answers where they are."""

from __future__ import annotations

import io
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from samepicture.feed import Feed, FeedError, load_feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import Part, read_parts
from samepicture.readers.survey import ROWS, plain
from samepicture.records import CONTRACTS
from samepicture.settings import PROJECT

FOLDER = PROJECT / "dags" / "feeds"
FEEDS = {
    platform: load_feed(FOLDER / f"survey_response_{platform}") for platform in ("surveymonkey", "qualtrics", "limesurvey", "smartsurvey")
}
each_platform = pytest.mark.parametrize("platform", FEEDS)


def with_options(platform: str, **options: Any) -> Feed:
    feed = FEEDS[platform]
    return replace(feed, reader=replace(feed.reader, options={**feed.reader.options, **options}))


def read(feed: Feed, content: bytes) -> tuple[list[dict[str, Any]], Part]:
    (part,) = read_parts(feed, io.BytesIO(content), "answers.jsonl")
    return [row for frame in part.frames for row in frame.to_dicts()], part


def answer(request: str, document: Any, status: int = 200) -> bytes:
    return json.dumps({"request": request, "status": status, "answer": json.dumps(document)}).encode() + b"\n"


# -- what feed.yml says ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"questions": {"901": {"scale": "fft_7"}}}, "questions.901.scale 'fft_7' is unknown: use one of fft_6"),
        ({"questions": {"901": {"column": "narrative"}}}, "questions.901.column 'narrative' is unknown"),
        ({"questions": {"901": {"colum": "x"}}}, "questions.901 is .* use some of code"),
        ({"questions": {"901": {"scale": "fft_6", "values": {True: "1"}}}}, ".*put it into quotes"),
        ({"columns": {"survey_id": "x"}}, "columns 'survey_id' is unknown"),
        ({"channels": ["sms"]}, "channels is .*: write keys and values"),
    ],
)
def test_a_mistake_is_told_when_feed_yml_is_read(options: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    document = yaml.safe_load((FOLDER / "survey_response_surveymonkey" / "feed.yml").read_text())
    document["reader"]["options"] |= options
    folder = tmp_path / document["id"]
    folder.mkdir()
    (folder / "feed.yml").write_text(yaml.safe_dump(document))
    with pytest.raises(FeedError, match=f"reader.options.{sentence}"):
        load_feed(folder)


def test_values_bring_a_survey_s_own_words_to_a_scale() -> None:
    feed = with_options("surveymonkey", questions={"901": {"scale": "fft_6", "values": {"90109": "very poor"}}})
    page = {"data": [{"id": "1", "survey_id": "s", "pages": [{"questions": [{"id": "901", "answers": [{"choice_id": "90109"}]}]}]}]}
    (row,), part = read(feed, json.dumps(page).encode())
    assert (row["score"], row["normalised_score"], row["scale_direction_code"]) == ("5.0", "0.0", "lower_is_better")
    assert part.unreadable == []


# -- what identifies people -----------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "What is your e-mail address?",
        "Your full name",
        "Name?",
        "Postcode",
        "Please give your date of birth",
        "NHS number",
        "Telephone",
        "How may we contact you?",
        "Name of child",
        "Name of the patient (if not you)",
        "Names of your children",
        "Child's name and school",
        "Name(s) of your two children",
        "Baby’s name",
        "Patients' names, one a line",
        "Service user name",
        "Forename",
        "Forename(s) and surname",
        "Sur-name of your son",
        "Maiden name, if any",
        "Preferred name for our records",
        "Initials",
        "Next of kin",
    ],
)
def test_a_question_that_asks_who_somebody_is_is_not_read_unless_declared(heading: str) -> None:
    details = {"id": "5", "title": "t", "pages": [{"questions": [{"id": "1", "family": "open_ended", "headings": [{"heading": heading}]}]}]}
    record = {"id": "9", "pages": [{"questions": [{"id": "1", "answers": [{"text": "Jo Invented"}]}]}]}
    content = answer("surveys/5/details", details) + answer("surveys/5/responses/bulk?page=1", {"data": [record]})
    rows, part = read(with_options("surveymonkey", questions={}), content)
    assert "Jo Invented" not in json.dumps(rows)
    assert [(warning.code, warning.value, warning.count) for warning in part.warnings] == [("identifying_question", "1", 1)]
    rows, part = read(with_options("surveymonkey", questions={"1": {"code": "declared"}}), content)
    assert rows[0]["narrative"] == "Jo Invented"


@pytest.mark.parametrize(
    "heading",
    [
        "Why did you give this answer?",
        "How were you addressed?".replace("addressed", "spoken to"),
        "What went well?",
        "Name the ward that you stayed on",
        "Which persons helped you, and how?",
        "What initially brought you here?",
        "Is there anything the name of our service should say?",
    ],
)
def test_other_questions_are_read(heading: str) -> None:
    details = {"id": "5", "pages": [{"questions": [{"id": "1", "family": "open_ended", "headings": [{"heading": heading}]}]}]}
    record = {"id": "9", "pages": [{"questions": [{"id": "1", "answers": [{"text": "words"}]}]}]}
    content = answer("surveys/5/details", details) + answer("surveys/5/responses/bulk?page=1", {"data": [record]})
    assert read(with_options("surveymonkey", questions={}), content)[0][0]["narrative"] == "words"


def test_what_came_with_the_link_is_read_only_where_it_is_named() -> None:
    values = {
        "_recordId": "R_1",
        "QID1": 1,
        "Ward": "Ward 7",
        "NhsNumber": "999 123 4567",
        "ipAddress": "192.0.2.44",
        "recipientEmail": "jo@example.org",
    }
    content = json.dumps({"responses": [{"responseId": "R_1", "values": values, "labels": {"QID1": "Good"}}]}).encode()
    rows, _ = read(
        with_options("qualtrics", questions={"Ward": {"column": "service_name"}, "ipAddress": {"column": "service_name"}}), content
    )
    assert [(row["question_id"], row["service_name"]) for row in rows] == [("QID1", "Ward 7")]
    assert not [word for word in ("999 123", "192.0.2", "example.org") if word in json.dumps(rows)]


# -- returns --------------------------------------------------------------------------------


@each_platform
def test_a_return_is_never_split_over_two_frames(platform: str) -> None:
    """It is judged as a whole: one bad answer rejects its record, wherever it stands."""
    (sample,) = FEEDS[platform].samples
    content = sample.read_bytes() * 40 if platform == "surveymonkey" else sample.read_bytes()
    if platform == "surveymonkey":
        lines = [json.loads(line) for line in sample.read_text().splitlines()]
        page = json.loads(lines[1]["answer"])["data"][0]
        many = [{**page, "id": str(number)} for number in range(ROWS // 7 + 10)]
        content = answer(lines[0]["request"], json.loads(lines[0]["answer"])) + answer(lines[1]["request"], {"data": many})
    (part,) = read_parts(FEEDS[platform], io.BytesIO(content), "answers.jsonl")
    frames = [set(frame.get_column("line_number")) for frame in part.frames]
    assert sum(map(len, frames)) == len(set().union(*frames))
    assert platform != "surveymonkey" or len(frames) == 2


@each_platform
def test_something_else_is_refused_in_a_sentence(platform: str) -> None:
    for content, code in ((b"<html>", "not_json"), (b'{"maintenance": true}', "wrong_feed"), (b"", "empty_file")):
        with pytest.raises(SubmissionRejected) as error:
            read(FEEDS[platform], content)
        assert error.value.code == code


@each_platform
@given(seed=st.integers(0, 10_000))
def test_damaged_answers_never_stop_the_reading(platform: str, seed: int) -> None:
    """Fields of a return go missing or turn into something else: it is read, told of or rejected, and the others stay."""
    chance = random.Random(seed)
    (sample,) = FEEDS[platform].samples
    lines = [json.loads(line) for line in sample.read_text().splitlines()]
    content = b""
    for line in lines:
        document = json.loads(line["answer"]) if line["answer"] else {}
        for records in (
            [document] if isinstance(document, list) else [document.get(key) for key in ("data", "responses") if document.get(key)]
        ):
            record = chance.choice(records)
            if isinstance(record, dict):
                target = record.get("values", record)
                name = chance.choice([key for key in target if key not in ("id", "_recordId")] or ["x"])
                target[name] = chance.choice((None, "", "text", 7, "<b>"))
        content += answer(line["request"], document, line["status"])
    rows, part = read(FEEDS[platform], content)
    assert len({row["line_number"] for row in rows}) + len(part.unreadable) >= 11


def test_plain_text_of_markup() -> None:
    assert plain("<p>How was&nbsp;it, <strong>overall</strong>?</p>") == "How was it, overall ?"
    assert plain(None) == ""
    assert plain("5 < 6") in ("5 < 6", "5")


def test_the_contract_s_references_are_unique_within_a_survey() -> None:
    assert CONTRACTS["survey_response"].reference_scope == "survey_id"


# -- as the platforms' own clients have them ------------------------------------------------


def test_real_surveymonkey_answers(published: Path) -> None:
    folder = published / "survey_platforms" / "surveymonkey"
    content = answer("surveys/318754279/details", json.loads((folder / "details.json").read_text()))
    content += answer("surveys/318754279/responses/bulk?page=1", json.loads((folder / "bulk-eda25e.json").read_text()))
    rows, part = read(with_options("surveymonkey", questions={}), content)
    assert [(row["question_text"], row["answer_name"], row["narrative"]) for row in rows] == [
        ("How many pets do you have?", "3", None),
        ("What are the names of your pets?", None, "Donut, Mango, Phil"),
        ("How many pets do you have?", "3", None),
        ("What are the names of your pets?", None, "Phil, Mango, Donut"),
    ]
    assert {row["submitted_at"] for row in rows} == {"2022-03-05T18:05:56", "2022-03-05T17:53:01"}
    assert part.warnings == []
    assert "100.34" not in json.dumps(rows)


# -- kinds of questions ---------------------------------------------------------------------

Told = tuple[str, str, str | None, str | None, str | None]


def told(rows: list[dict[str, Any]]) -> list[Told]:
    """Question, kind, value, name and words of each answer."""
    return [(row["question_id"], row["answer_kind_code"], row["answer_value"], row["answer_name"], row["narrative"]) for row in rows]


def test_kinds_of_surveymonkey_questions() -> None:
    questions = [
        {"id": "1", "family": "datetime", "subtype": "date_only", "answers": {"rows": [{"id": "11", "text": "Day"}]}},
        {"id": "2", "family": "open_ended", "subtype": "numerical", "answers": {"rows": [{"id": "21", "text": "Nights"}]}},
        {"id": "3", "family": "matrix", "subtype": "menu", "answers": {
            "rows": [{"id": "31", "text": "Ward"}], "cols": [{"id": "32", "text": "Food", "choices": [{"id": "33", "text": "Cold"}]}]}},
        {"id": "4", "family": "demographic", "subtype": "international", "answers": {"rows": [{"id": "41", "text": "Name"}]}},
        {"id": "5", "family": "file_upload"},
    ]  # fmt: skip
    given = [
        {"id": "1", "answers": [{"row_id": "11", "text": "05/31/2026"}]},
        {"id": "2", "answers": [{"row_id": "21", "text": "3"}]},
        {"id": "3", "answers": [{"row_id": "31", "col_id": "32", "choice_id": "33"}]},
        {"id": "4", "answers": [{"row_id": "41", "text": "Jo Invented"}]},
        {"id": "5", "answers": [{"text": "photo.jpg", "download_url": "https://example.org/photo.jpg"}]},
    ]
    content = answer("surveys/5/details", {"id": "5", "pages": [{"questions": questions}]})
    content += answer("surveys/5/responses/bulk?page=1", {"data": [{"id": "9", "pages": [{"questions": given}]}]})
    rows, _ = read(with_options("surveymonkey", questions={}), content)
    assert told(rows) == [
        ("1_11", "date", "05/31/2026", None, None),
        ("2_21", "number", "3", None, None),
        ("3_31_32", "choice", "33", "Cold", None),
    ]
    assert rows[2]["question_text"] == "Ward - Food"


def test_kinds_of_qualtrics_questions() -> None:
    number = {"Settings": {"ContentType": "ValidNumber"}}
    questions = {
        "QID1": {"QuestionType": "MC", "QuestionText": "Best?", "Choices": {"1": {"Display": "Good"}, "2": {"Display": "Bad"}}, "RecodeValues": {"1": "5", "2": "1"}},
        "QID2": {"QuestionType": "TE", "QuestionText": "Nights?", "Validation": number},
        "QID3": {"QuestionType": "Matrix", "QuestionText": "Agree?", "Choices": {"1": {"Display": "Heard"}}, "Answers": {"4": {"Display": "Agree"}}},
        "QID4": {"QuestionType": "TE", "Selector": "FORM", "QuestionText": "Both", "Choices": {"1": {"Display": "Liked"}}},
        "QID5": {"QuestionType": "FileUpload"},
        "QID6": {"QuestionType": "TE", "QuestionText": "Contact", "Validation": {"Settings": {"ContentType": "ValidPhone"}}},
        "QID7": {"QuestionType": "Slider", "QuestionText": "How much", "Choices": {"1": {"Display": "Pain"}}},
    }  # fmt: skip
    values = {
        "_recordId": "R_1", "QID1": 5, "QID2_TEXT": "3", "QID3_1": 4, "QID4_1": "the food", "QID5_FILE_ID": "F_1", "QID5": "F_1",
        "QID6_TEXT": "07700 900123", "QID7_1": 40, "QID1_NPS_GROUP": 3, "QID2_TEXT_a1b2Topics": "[x]", "QID1_DO": ["1"],
    }  # fmt: skip
    content = answer("survey-definitions/SV_1", {"result": {"SurveyID": "SV_1", "SurveyName": "t", "Questions": questions}})
    content += answer("surveys/SV_1/export-responses", {"responses": [{"responseId": "R_1", "values": values, "labels": {}}]})
    rows, _ = read(with_options("qualtrics", questions={}), content)
    assert told(rows) == [
        ("QID1", "choice", "5", "Good", None),
        ("QID2", "number", "3", None, None),
        ("QID3_1", "choice", "4", "Agree", None),
        ("QID4_1", "narrative", None, None, "the food"),
        ("QID7_1", "number", "40", None, None),
    ]


def test_kinds_of_limesurvey_questions() -> None:
    def question(number: int, code: str, kind: str, parent: int = 0) -> dict[str, Any]:
        return {"qid": str(number), "parent_qid": str(parent), "title": code, "type": kind, "question": f"<p>Text of {code}</p>"}

    listed = [
        question(1, "YES", "Y"), question(2, "RANK", "R"), question(3, "WITH", "P"), question(31, "SQ1", "T", 3), question(4, "NUM", "K"),
        question(41, "SQ1", "T", 4), question(5, "WHEN", "D"), question(6, "LIST", "O"), question(7, "GRID", ":"), question(71, "A", "T", 7),
        question(72, "B", "T", 7), question(8, "FILE", "|"), question(9, "OTHER", "L"),
    ]  # fmt: skip
    record = {
        "id": "1", "submitdate": "2026-05-01 10:00:00", "token": "secret-token", "ipaddr": "192.0.2.44", "YES": "N", "RANK[1]": "A2", "RANK[2]": "",
        "WITH[SQ1]": "Y", "WITH[SQ1comment]": "very", "NUM[SQ1]": "2.5", "WHEN": "2026-04-01 00:00:00", "LIST": "A2", "LIST[comment]": "because",
        "GRID[A_B]": "4", "FILE": "[{}]", "OTHER": "-oth-", "OTHER[other]": "a bus",
    }  # fmt: skip
    content = answer("list_questions/7", listed)
    for number in (2, 6):
        content += answer(f"get_question_properties/7/{number}", {"answeroptions": {"A2": {"answer": "Second"}}})
    content += answer("get_question_properties/7/9", {"answeroptions": "No available answer options"})
    content += answer("export_responses/7", {"responses": [record]})
    rows, _ = read(with_options("limesurvey", questions={}), content)
    assert told(rows) == [
        ("YES", "choice", "N", "No", None),
        ("RANK_1", "choice", "A2", "Second", None),
        ("WITH", "choice", "SQ1", "Text of SQ1", None),
        ("WITH", "narrative", None, None, "very"),
        ("NUM_SQ1", "number", "2.5", None, None),
        ("WHEN", "date", "2026-04-01 00:00:00", None, None),
        ("LIST", "choice", "A2", "Second", None),
        ("LIST", "narrative", None, None, "because"),
        ("GRID_A_B", "number", "4", None, None),
        ("OTHER", "narrative", None, None, "a bus"),
    ]
    assert [row["answer_number"] for row in rows if row["question_id"] == "WITH"] == ["1", "2"]
    assert "secret-token" not in json.dumps(rows)


def test_smartsurvey_s_envelope_and_boxes() -> None:
    questions = [
        {"id": 1, "type": "open_ended", "title": "Two things", "answers": [
            {"type": "text", "choice_id": 11, "choice_title": "Liked", "value": "soup"}, {"type": "text", "choice_id": 12, "choice_title": "Not", "value": ""}]},
        {"id": 2, "type": "nps", "title": "Recommend", "answers": [{"type": "nps", "choice_id": 79, "choice_title": "9", "value": "9"}]},
    ]  # fmt: skip
    page = {
        "records": [{"id": 5, "status": "disqualified", "date_ended": "2026-05-01T10:00:00Z", "pages": [{"questions": questions}]}],
        "total": 1,
    }
    rows, _ = read(with_options("smartsurvey", questions={"2": {"scale": "nps_11"}}), answer("surveys/7/responses?page=1", page))
    assert told(rows) == [("1_11", "narrative", None, None, "soup"), ("2", "scale", "79", "9", None)]
    assert (rows[1]["score"], rows[1]["is_complete"]) == ("9.0", "false")


def test_own_words_are_not_quoted_where_a_code_was_looked_for() -> None:
    """Too short to be taken for a text, and a name that no pattern finds."""
    question = {"id": "2", "family": "open_ended", "subtype": "single", "headings": [{"heading": "Which ward, if another?"}]}
    details = {"id": "1", "title": "Invented", "pages": [{"questions": [question]}]}
    given = {
        "id": "9",
        "date_modified": "2026-06-01T00:00:00+00:00",
        "date_created": "2026-06-01T00:00:00+00:00",
        "response_status": "completed",
    }
    given["pages"] = [{"questions": [{"id": "2", "answers": [{"text": "Invented Person"}]}]}]  # type: ignore[assignment]
    feed = with_options("surveymonkey", questions={"2": {"column": "site_ods_code", "values": {"A1": "RZN01"}}})
    _, part = read(feed, answer("surveys/1/details", details) + answer("surveys/1/responses/bulk?page=1", {"data": [given], "total": 1}))
    assert [(warning.code, warning.value) for warning in part.warnings] == [("unknown_code", "(own words)")]
