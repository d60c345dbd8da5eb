"""Care Opinion and NHS.uk: from answers to rows."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.connectors.answers import read_answers, write_answer
from samepicture.connectors.http import Answer
from samepicture.feed import Feed
from samepicture.mapping import Mapping
from samepicture.messages import SubmissionRejected
from samepicture.readers import read_parts
from tests.unit.stories import CARE_OPINION, NHSUK, document, page, review, rows, story

# -- real pages ---------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["2020-12-25", "2021-6-1", "2021-6-5", "2022-7-10", "2022_07_10", "2023-1-10", "2023-8-10"])
def real_page(request: pytest.FixtureRequest, published: Path) -> bytes:
    return (published / "care_opinion" / "opinions" / f"{request.param}.json").read_bytes()


def test_real_page_gives_a_row_a_story(real_page: bytes) -> None:
    stories = json.loads(real_page)
    frame, warnings = rows(CARE_OPINION, real_page)
    assert sorted(frame["story_id"]) == sorted({str(story["id"]) for story in stories})
    assert warnings == [], "a real page has a field, role or criticality that feed.yml does not know"
    by_id = {str(story["id"]): story for story in stories}
    for row in frame.iter_rows(named=True):
        source = by_id[row["story_id"]]
        linked = [link["id"].upper() for link in source["links"] if link["rel"] == "healthservice"]
        assert json.loads(row["service_ods_codes"]) == list(dict.fromkeys(linked))
        found = json.loads(row["organisation_ods_codes"] or "[]")
        assert all(any(service.startswith(code) for service in linked) for code in found)
        assert {code for code in linked if re.fullmatch(r"[A-Z0-9]{5,6}", code)} <= set(found)
        assert row["body"].strip() == source["body"].strip()
        assert row["submitted_date"].isoformat() == source["dateOfSubmission"][:10]
        assert len(json.loads(row["tags"])) == sum(link["rel"] == "tag" for link in source["links"])
        assert row["response_count"] == sum(link["rel"] == "response" for link in source["links"])


def test_real_page_is_coded_and_nameless(real_page: bytes) -> None:
    stories = json.loads(real_page)
    frame, _ = rows(CARE_OPINION, real_page)
    assert frame["submitted_at"].null_count() == 0
    assert set(frame["progress_code"]) <= {"no_response", "response", "change_planned", "change_made"}
    assert set(frame["origin_code"]) <= {"care_opinion", "nhsuk"}
    roles = {"patient", "relative", "carer", "friend", "advocate", "staff", "volunteer", "other"}
    assert set(frame["author_role_code"].drop_nulls()) <= roles
    assert frame["author_role_code"].null_count() == sum(story["authorRole"] is None for story in stories)
    assert frame["severity_score"].null_count() == sum(story["criticality"] is None for story in stories)
    assert frame["unmapped"].null_count() == frame.height, "author and readers must not be kept beside the record"


def test_criticality_is_a_severity() -> None:
    words = ["not critical", "minimally critical", "mildly critical", "moderately critical", "strongly critical", "severely critical"]
    frame, warnings = rows(CARE_OPINION, page(*(story(n, criticality=text) for n, text in enumerate([*words, None]))))
    assert frame["severity_score"].to_list() == [0, 1, 2, 3, 4, 5, None]
    assert warnings == []


# -- layout of single fields --------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("RP5DR_110", "RP5DR"),
        ("rbz12-covid-swabbing-unit", "RBZ12"),
        ("F84009", "F84009"),
        ("RAP", "RAP"),
        ("ZT003_32024_501", "ZT003"),
        ("1-101660555-don-social-pre", None),
        ("scot-ambulance-emergency", None),
    ],
)
@pytest.mark.parametrize("relation", ["rel", "relation"])
def test_organisation_is_found_in_the_links(service: str, code: str | None, relation: str) -> None:
    frame, _ = rows(CARE_OPINION, page(story(1, links=[{relation: "healthservice", "id": service}])))
    assert json.loads(frame["organisation_ods_codes"][0] or "[]") == ([code] if code else [])
    assert json.loads(frame["service_ods_codes"][0]) == [service.upper()]


def test_unknown_criticality_is_told_and_not_zero() -> None:
    frame, warnings = rows(CARE_OPINION, page(story(1, criticality="Hugely critical"), story(2, criticality="hugely critical")))
    assert frame["severity_score"].to_list() == [None, None]
    assert [(warning.code, warning.value, warning.count) for warning in warnings] == [("unknown_criticality", "hugely critical", 2)]


@pytest.mark.parametrize("value", [{"name": "Ann Other"}, ["Ann Other"], "long words of somebody " * 4])
def test_unknown_fields_that_may_be_words_are_withheld(value: Any) -> None:
    frame, warnings = rows(CARE_OPINION, page(story(1, somethingNew=value)))
    assert json.loads(frame["unmapped"][0]) == {"somethingNew": "[withheld]"}
    assert [warning.code for warning in warnings] == ["unknown_column"]


def test_a_page_without_a_field_is_refused_by_name() -> None:
    without = story(1)
    del without["body"]
    with pytest.raises(SubmissionRejected, match="'body'"):
        rows(CARE_OPINION, page(without))


def test_an_entry_that_is_no_story_is_unreadable() -> None:
    (part,) = read_parts(CARE_OPINION, io.BytesIO(json.dumps([story(1), "Sorry!"]).encode()), "page.json")
    assert sum(frame.height for frame in part.frames) == 1
    assert [line["line_number"] for line in part.unreadable] == [2]


def test_review_is_unescaped_and_nameless() -> None:
    entry = review(
        "7",
        title="Four hours &amp;amp; no news &amp;lt;3",
        commentText="They said &quot;wait&quot;.",
        screenName="Ann Other",
        visit={"month": 3, "year": 2026},
        ratings=[{"question": "q", "rating": "4"}, {"question": "not answered", "rating": None}],
        response={"dateSubmitted": "2026-01-05T23:30:00+00:00", "screenName": "Manager"},
    )
    frame, warnings = rows(NHSUK, json.dumps({"comments": [entry]}).encode())
    row = frame.row(0, named=True)
    assert warnings == []
    assert (row["title"], row["body"]) == ("Four hours & no news <3", 'They said "wait".')
    assert json.loads(row["ratings"]) == [{"question": "q", "score": 4, "scale_code": "nhsuk_stars_5"}]
    assert (row["visit_month_date"], row["first_response_date"]) == (date(2026, 3, 1), date(2026, 1, 5))
    assert (row["response_count"], row["progress_code"], row["unmapped"]) == (1, "response", None)
    assert "Ann Other" not in str(row)
    assert "Manager" not in str(row)


def test_offsets_become_utc() -> None:
    frame, _ = rows(NHSUK, json.dumps({"comments": [review("7", lastUpdated="2026-06-01T00:30:00+01:00")]}).encode())
    assert frame["version_at"][0] == datetime(2026, 5, 31, 23, 30, tzinfo=UTC)


def test_response_beside_the_comment_counts() -> None:
    entry = {**review("7"), "response": {"dateSubmitted": "2026-01-05T10:00:00"}}
    frame, _ = rows(NHSUK, json.dumps({"comments": [entry]}).encode())
    assert frame["response_count"].to_list() == [1]


@pytest.mark.parametrize("removed_first", [True, False])
def test_removal_wins_and_drops_the_words(removed_first: bool) -> None:
    published = ("comments/Comments?status=published", 200, {"comments": [review("7", title="secret", department="Ward 9")]})
    removed = ("comments/Comments?status=removed", 200, {"comments": [review("7", title="secret", department="Ward 9")]})
    frame, _ = rows(NHSUK, document(removed, published) if removed_first else document(published, removed))
    row = frame.row(0, named=True)
    assert frame.height == 1
    assert row["is_removed"]
    assert row["version_at"] is None, "a removal is new when it lands, whatever lastUpdated says"
    assert [row[name] for name in ("title", "body", "ratings", "service_names")] == [None] * 4


def test_nothing_holds_up_a_removal() -> None:
    entries = [review("7", status="removed", dateSubmitted="last Tuesday", visit={"month": 13, "year": 1}), review("", status="removed")]
    (part,) = read_parts(NHSUK, io.BytesIO(json.dumps({"comments": entries}).encode()), "page.json")
    mapped = [Mapping(NHSUK, part.headers).apply(frame) for frame in part.frames]
    assert [(one.frame["story_id"].to_list(), one.problems.height) for one in mapped] == [(["7"], 0)]
    assert [line["line_number"] for line in part.unreadable] == [2], "without its number it can remove nothing"


# -- files that are no answers ------------------------------------------------------------


@pytest.mark.parametrize("feed", [CARE_OPINION, NHSUK], ids=["care_opinion", "nhsuk"])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"<!DOCTYPE html><html>Log in</html>", "not_json"),
        (b"PK\x03\x04\xff\xfe", "not_json"),
        (b'[{"id": 1, "title": "broken of', "broken_json"),
        (b'{"request": "opinions", "status": 200}\n', "broken_json"),
        (b'{"request": "opinions", "status": 200, "answer": "[{"}\n', "broken_json"),
        (b'{"unrelated": 1}', "wrong_feed"),
    ],
)
def test_refused_with_a_sentence(feed: Feed, content: bytes, code: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        rows(feed, content)
    assert refusal.value.code == code


def test_pages_of_the_other_feed_are_refused() -> None:
    with pytest.raises(SubmissionRejected, match="wrong_feed"):
        rows(NHSUK, page(story(1)))
    with pytest.raises(SubmissionRejected, match="wrong_feed"):
        rows(CARE_OPINION, json.dumps({"comments": [review("7")]}).encode())


@given(st.lists(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=5), max_size=5))
def test_landed_answers_can_be_had_back(answers: list[Any]) -> None:
    sent = [json.dumps([answer], ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass") for answer in answers]
    target = io.BytesIO()
    for content, answer in zip(sent, answers, strict=True):
        write_answer(target, Answer("opinions?skip=0", 200, content, [answer]))
    assert [json.loads(line)["answer"].encode("utf-8") for line in target.getvalue().splitlines()] == sent
    if answers:
        assert [landed.document for landed in read_answers(target, "a.jsonl")] == [[answer] for answer in answers]
