"""FHIR questionnaire responses: every form to the same rows, and what is refused."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samepicture.connectors.answers import write_answer
from samepicture.connectors.http import Answer
from samepicture.feed import load_feed
from samepicture.mapping import Mapping
from samepicture.messages import SubmissionRejected
from samepicture.readers import Part, read_parts
from samepicture.settings import PROJECT

FEED = load_feed(PROJECT / "dags" / "feeds" / "survey_response_fhir")
FORM = "https://forms.northshire.example/Questionnaire/f"


def part_of(content: bytes) -> Part:
    (part,) = read_parts(FEED, io.BytesIO(content), "responses")
    part.frames = iter(list(part.frames))
    return part


def rows(content: bytes) -> pl.DataFrame:
    """Read and map, as the judge does."""
    part = part_of(content)
    mapping = Mapping(FEED, part.headers)
    frames = [mapping.apply(frame) for frame in part.frames]
    assert sum(frame.problems.height for frame in frames) == 0
    return pl.concat([frame.frame for frame in frames]) if frames else pl.DataFrame()


def response(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "qr-1",
        "questionnaire": f"{FORM}|2.0",
        "status": "completed",
        "authored": "2026-05-31T23:30:00Z",
        "item": list(items),
        **fields,
    }


def item(link_id: str, *answers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"linkId": link_id, **({"answer": list(answers)} if answers else {}), **fields}


def as_json(*responses: dict[str, Any]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in responses]}).encode()


def as_xml(name: str, value: Any) -> str:
    """A value of FHIR's JSON as an element of its XML."""
    if isinstance(value, list):
        return "".join(as_xml(name, one) for one in value)
    if not isinstance(value, dict):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f"<{name} value={quoteattr(text, {chr(10): '&#10;', chr(13): '&#13;', chr(9): '&#9;'})}/>"
    inside = "".join(as_xml(key, one) for key, one in value.items() if key != "resourceType")
    return (
        f"<{name}><{value['resourceType']}>{inside}</{value['resourceType']}></{name}>"
        if "resourceType" in value
        else f"<{name}>{inside}</{name}>"
    )


def as_xml_bundle(*responses: dict[str, Any]) -> bytes:
    entries = "".join(f"<entry>{as_xml('resource', one)}</entry>" for one in responses)
    return f'<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>{entries}</Bundle>'.encode()


# -- what is read -------------------------------------------------------------------------


def test_each_kind_of_value() -> None:
    frame = rows(
        as_json(
            response(
                item("a", {"valueCoding": {"code": "c", "display": "Words"}}),
                item("b", {"valueString": "My own words."}),
                item("c", {"valueDecimal": 4.50}),
                item("d", {"valueInteger": -3}),
                item("e", {"valueBoolean": False}),
                item("f", {"valueDate": "2026-03"}),
                item("g", {"valueDateTime": "2026-03-01T10:00:00Z"}),
                item("h", {"valueTime": "10:30:00"}),
                item("i", {"valueQuantity": {"value": 2, "unit": "days"}}),
                item("j", {"valueUri": "https://me.example"}),
                item("k", {"valueAttachment": {"title": "photo"}}),
                item("l", {"valueReference": {"reference": "Patient/1"}}),
            )
        )
    )
    found = {row[0]: row[1:] for row in frame.select("question_id", "answer_kind_code", "answer_value", "answer_name", "narrative").rows()}
    assert found == {
        "a": ("choice", "c", "Words", None),
        "b": ("narrative", None, None, "My own words."),
        "c": ("number", "4.5", None, None),
        "d": ("number", "-3", None, None),
        "e": ("boolean", "false", "No", None),
        "f": ("date", "2026-03", None, None),
        "g": ("date", "2026-03-01T10:00:00Z", None, None),
        "h": ("date", "10:30:00", None, None),
        "i": ("number", "2", "2 days", None),
        "j": ("narrative", None, None, "https://me.example"),
    }


def test_items_nest_in_items_and_in_answers_and_repeat() -> None:
    first = [
        item("q1", {"valueBoolean": True, "item": [item("q2", {"valueInteger": 1})]}),
        item("q3", {"valueInteger": 5}, {"valueInteger": 6}),
    ]
    frame = rows(as_json(response(item("g", item=first), item("g", item=[item("q3", {"valueInteger": 7})]))))
    assert frame.select("question_id", "answer_number", "answer_value").rows() == [
        ("q1", 1, "true"),
        ("q2", 1, "1"),
        ("q3", 1, "5"),
        ("q3", 2, "6"),
        ("q3", 3, "7"),  # the group was filled in a second time
    ]


def test_the_response_itself() -> None:
    frame = rows(as_json(response(item("a", {"valueInteger": 1}), authored="2026-06-01T00:30:00+01:00", status="in-progress")))
    row = frame.row(0, named=True)
    assert (row["survey_id"], row["response_pseudonym"], row["is_complete"]) == (FORM, "qr-1", False)
    assert (row["submitted_at"].isoformat(), row["submitted_date"]) == ("2026-05-31T23:30:00+00:00", date(2026, 5, 31))


@pytest.mark.parametrize(("status", "complete"), [("completed", True), ("amended", True), ("in-progress", False), ("stopped", False)])
def test_status_says_whether_it_is_complete(status: str, complete: bool) -> None:
    assert rows(as_json(response(item("a", {"valueInteger": 1}), status=status)))["is_complete"].to_list() == [complete]


def test_entered_in_error_takes_it_away_without_its_words() -> None:
    frame = rows(as_json(response(item("a", {"valueString": "wrong patient"}), status="entered-in-error")))
    assert frame.select("response_pseudonym", "question_id", "narrative", "is_removed").rows() == [("qr-1", None, None, True)]


def test_people_are_never_read() -> None:
    person = {"reference": "Patient/9434765919", "display": "Ann Invented"}
    found = rows(as_json(response(item("a", {"valueInteger": 1}), subject=person, author=person, source=person, encounter=person)))
    assert "Ann" not in str(found.to_dicts())
    assert "9434765919" not in str(found.to_dicts())


@pytest.mark.parametrize("link_id", ["date_of_birth", "dateOfBirth", "nhs_number", "patientSurname"])
def test_a_question_without_text_may_still_ask_who(link_id: str) -> None:
    part = part_of(as_json(response(item("a", {"valueInteger": 1}), item(link_id, {"valueString": "Invented"}))))
    assert [row for frame in part.frames for row in frame["question_id"]] == ["a"]
    assert [(warning.code, warning.value) for warning in part.warnings] == [("identifying_question", link_id)]


def test_text_is_a_code_where_feed_yml_says_so() -> None:
    frame = rows(as_json(response(item("1.1", {"valueString": "Very good"}), item("9.1", {"valueString": "45 to 54"}))))
    assert frame.select("answer_kind_code", "score", "narrative", "age_band_code").rows() == [("scale", 1.0, None, "45-54")]


def test_the_last_copy_counts() -> None:
    first, second = (response(item("a", {"valueInteger": n})) for n in (1, 2))
    part = part_of(as_json(first, response(item("a", {"valueInteger": 9}), id="qr-2"), second))
    assert [frame.select("line_number", "answer_value").rows() for frame in part.frames] == [[(2, "9"), (3, "2")]]
    assert [(warning.code, warning.count) for warning in part.warnings] == [("repeated_response", 1)]


def test_other_resources_are_told_of_and_not_read() -> None:
    part = part_of(as_json(response(item("a", {"valueInteger": 1})), {"resourceType": "Patient", "name": [{"text": "Ann Invented"}]}))
    assert sum(frame.height for frame in part.frames) == 1
    assert [(warning.code, warning.value) for warning in part.warnings] == [("other_resource", "Patient")]


# -- forms --------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=30).map(
        lambda words: {"valueString": words}
    ),
    st.booleans().map(lambda value: {"valueBoolean": value}),
    st.integers(-(10**9), 10**9).map(lambda value: {"valueInteger": value}),
    st.decimals(-1000, 1000, places=3).map(lambda value: {"valueDecimal": float(value)}),
    st.dates(date(1950, 1, 1)).map(lambda value: {"valueDate": value.isoformat()}),
    st.sampled_from("abc").map(lambda code: {"valueCoding": {"code": code, "display": code.upper()}}),
    st.integers(0, 99).map(lambda value: {"valueQuantity": {"value": value, "unit": "kg"}}),
)
ITEMS: Any = st.recursive(
    st.builds(lambda name, answers: item(name, *answers), st.sampled_from("pqrs"), st.lists(SCALARS, min_size=1, max_size=3)),
    lambda inner: st.builds(lambda name, items: item(name, item=items), st.sampled_from("pqrs"), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=6,
)
RESPONSES = st.lists(ITEMS, min_size=1, max_size=3).map(lambda items: response(*items))


@settings(max_examples=40, deadline=None)
@given(st.lists(RESPONSES, min_size=1, max_size=4))
def test_every_form_gives_the_same_rows(made: list[dict[str, Any]]) -> None:
    responses = [{**one, "id": f"qr-{n}"} for n, one in enumerate(made)]
    bundle = as_json(*responses)
    expected = rows(bundle)
    landed = io.BytesIO()
    write_answer(landed, Answer("QuestionnaireResponse?_count=9", 200, bundle, json.loads(bundle)))
    forms = {
        "ndjson": b"\n".join(json.dumps(one).encode() for one in responses),
        "indented": json.dumps(json.loads(bundle), indent=1).encode("utf-8-sig"),
        "landed": landed.getvalue(),
        "xml": as_xml_bundle(*responses),
    }
    for content in forms.values():
        assert rows(content).equals(expected)


def test_a_single_resource() -> None:
    one = response(item("a", {"valueInteger": 1}))
    xml = as_xml("resource", one).removeprefix("<resource>").removesuffix("</resource>")
    single = xml.replace("<QuestionnaireResponse>", '<QuestionnaireResponse xmlns="http://hl7.org/fhir">').encode()
    assert rows(json.dumps(one).encode()).equals(rows(single))
    assert rows(single).height == 1


# -- what is refused ----------------------------------------------------------------------

LAUGHS = b'<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><QuestionnaireResponse xmlns="http://hl7.org/fhir"><id value="&b;"/></QuestionnaireResponse>'
OUTSIDE = b'<!DOCTYPE b SYSTEM "file:///etc/passwd"><QuestionnaireResponse xmlns="http://hl7.org/fhir"/>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"  \n", "empty_file"),
        (b"PK\x03\x04", "not_fhir"),
        (b"<html><body>Log in</body></html>", "not_fhir"),
        (b'{"resourceType": "QuestionnaireResponse", "id": ', "broken_json"),
        (json.dumps(response()).encode() + b'\n{"resourceType": "Questionn', "broken_json"),
        (b'<QuestionnaireResponse xmlns="http://hl7.org/fhir"><id value="1"/>', "broken_xml"),
        (b'{"resourceType": "Patient"}', "wrong_feed"),
        (b'<Patient xmlns="http://hl7.org/fhir"/>', "wrong_feed"),
        (LAUGHS, "entities_declared"),
        (OUTSIDE, "entities_declared"),
        (b'{"item":[' * 100_000, "nested_too_deeply"),
        (b'<QuestionnaireResponse xmlns="http://hl7.org/fhir">' + b"<item>" * 100_000, "nested_too_deeply"),
    ],
)
def test_refused_with_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        rows(content)
    assert refusal.value.code == code
    assert len(refusal.value.sentence) > 40


@pytest.mark.parametrize("form", [as_json, as_xml_bundle])
def test_a_response_of_too_many_levels_is_one_rejected_record(form: Any) -> None:
    deep = item("a", {"valueInteger": 1})
    for _ in range(25):
        deep = item("g", item=[deep])
    part = part_of(form(response(deep), response(item("a", {"valueInteger": 1}), id="qr-2")))
    assert [frame["line_number"].to_list() for frame in part.frames] == [[2]]
    assert [(line["line_number"], line["code"]) for line in part.unreadable] == [(1, "nested_too_deeply")]


def test_an_empty_search_is_no_error() -> None:
    assert list(part_of(b'{"resourceType": "Bundle", "type": "searchset", "total": 0}').frames) == []


# -- real examples ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("UKCore-QuestionnaireResponse-InpatientSurvey-Example.xml", 5),  # of 7: date and country of birth are not read
        ("UKCore-QuestionnaireResponse-FitnessForWork-Example.xml", 3),
        ("GPReg-QuestionnaireResponse-Example.json", None),
        ("NationalProxy-QuestionnaireResponse-ProxyAccessRequest-Example.json", None),
    ],
)
def test_published_examples(published: Path, name: str, answers: int | None) -> None:
    path = published / "fhir" / name
    if not path.is_file():
        pytest.skip(f"{name} is not here")
    frame = rows(path.read_bytes())
    assert frame.height == (answers or frame.height)
    assert frame.height > 0
    assert frame["survey_id"].null_count() == frame["submitted_date"].null_count() == 0
    assert frame.select("question_id", "answer_number").is_unique().all()


def test_options_that_are_wrong_are_told() -> None:
    broken = replace(FEED, reader=replace(FEED.reader, options={"questions": {"1.1": {"scale": "no_such"}}}))
    with pytest.raises(ValueError, match="no_such"):
        list(read_parts(broken, io.BytesIO(as_json(response(item("a", {"valueInteger": 1})))), "responses"))
