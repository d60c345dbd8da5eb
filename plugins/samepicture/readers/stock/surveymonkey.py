"""SurveyMonkey API v3 answers to survey returns: a collected document, or one page of bulk answers (domain: A14).

Of a return only its answers, state and times are read: never e-mail, names, IP address, custom
value or the links that open it; custom variables only where feed.yml names them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Any

from samepicture.connectors.answers import LandedAnswer
from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import Part
from samepicture.readers.fhir import objects
from samepicture.readers.survey import Answer, Described, Return, part, plain, returns

REQUEST = re.compile(r"surveys/(\d+)/(details|responses/bulk|responses/(\d+))")
GONE = (404, 410)
TESTS = ("preview", "survey_preview")
UNREAD = ("demographic", "presentation", "file_upload")
"""Families of questions that ask for name and address, that ask nothing, and that take files."""


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part. Raises SubmissionRejected where the bytes are no answers of this API."""
    yield part(feed, _returns(stream, file_name))


def _returns(stream: IO[bytes], file_name: str) -> Iterator[Return]:
    surveys: dict[str, Described] = {}

    def entries(answer: LandedAnswer) -> Iterator[tuple[str, str | None, Any]]:
        match = REQUEST.match(answer.request)
        if match and match[3]:
            if answer.status in GONE:
                yield match[1], match[3], None
        elif isinstance(answer.document, dict) and isinstance(answer.document.get("data"), list):
            for record in answer.document["data"]:
                known = isinstance(record, dict) and record.get("id")
                survey_id = (match[1] if match else str(record.get("survey_id"))) if known else ""
                yield survey_id, str(record["id"]) if known else None, record
        elif isinstance(answer.document, dict) and isinstance(answer.document.get("pages"), list):
            surveys[str(answer.document.get("id"))] = _survey(answer.document)
        else:
            raise SubmissionRejected(
                "wrong_feed", f"The file {file_name} holds no answers as SurveyMonkey gives them: it may belong to another feed."
            )

    def make(survey_id: str, response_id: str, place: int, record: dict[str, Any]) -> Return:
        return _return(survey_id, response_id, place, record, surveys.get(survey_id, Described()))

    yield from returns(stream, file_name, entries, make)


def _survey(details: dict[str, Any]) -> Described:
    questions = [question for page in objects(details["pages"]) for question in objects(page.get("questions"))]
    return Described(plain(details.get("title")), {str(question.get("id")): question for question in questions})


def _return(survey_id: str, response_id: str, place: int, record: dict[str, Any], survey: Described) -> Return:
    answers = [
        answer
        for page in record.get("pages") or []
        for question in page.get("questions") or []
        for answer in _answers(str(question.get("id")), question.get("answers") or [], survey.questions.get(str(question.get("id")), {}))
    ]
    return Return(
        survey_id,
        f"{survey_id}/{response_id}",
        place,
        survey_name=survey.title,
        submitted_at=_submitted(record),
        modified_at=record.get("date_modified"),
        is_complete=record.get("response_status") == "completed",
        is_removed=record.get("collection_mode") in TESTS,
        channel=str(record.get("collector_id") or ""),
        channel_code="online",
        answers=answers,
        variables=dict(record.get("custom_variables") or {}),
    )


def _submitted(record: dict[str, Any]) -> str | None:
    """When it was sent in: the API tells when it was begun, how long it took, and when it was last changed."""
    changed: str | None = record.get("date_modified")
    try:
        sent = datetime.fromisoformat(record["date_created"]) + timedelta(seconds=float(record.get("total_time") or 0))
        return min(sent, datetime.fromisoformat(str(changed))).isoformat()
    except (KeyError, TypeError, ValueError, OverflowError):
        return changed


def _answers(question_id: str, given: list[dict[str, Any]], question: dict[str, Any]) -> Iterator[Answer]:
    if question.get("family") in UNREAD:
        return
    heading = plain(" ".join(str(heading.get("heading") or "") for heading in question.get("headings") or []))
    parts = question.get("answers") or {}
    texts = {str(item.get("id")): plain(item.get("text")) for kind in ("choices", "rows", "cols") for item in parts.get(kind) or []}
    for column in parts.get("cols") or []:  # a matrix of menus
        texts.update({str(item.get("id")): plain(item.get("text")) for item in column.get("choices") or []})
    for answer in given:
        at = [str(answer[key]) for key in ("row_id", "col_id") if answer.get(key)]
        own_id = "_".join((question_id, *at))
        text = " - ".join(filter(None, (heading, *(texts.get(item) for item in at))))
        grid_id = question_id if at else None
        if answer.get("choice_id"):
            choice = str(answer["choice_id"])
            yield Answer(own_id, text, "choice", value=choice, name=texts.get(choice), grid_id=grid_id)
        elif answer.get("text") and (answer.get("other_id") or _kind(question) == "narrative"):
            yield Answer(own_id, text, "narrative", words=str(answer["text"]), grid_id=grid_id)
        elif answer.get("text"):
            yield Answer(own_id, text, _kind(question), value=str(answer["text"]), grid_id=grid_id)


def _kind(question: dict[str, Any]) -> Any:
    if question.get("family") == "datetime":
        return "date"
    return "number" if question.get("family") == "slider" or question.get("subtype") in ("numerical", "slider") else "narrative"
