"""SmartSurvey API v1 answers to survey returns: a collected document, or one page of responses (domain: A14).

Of a return only its answers, state and times are read: never contact data, saved names, IP
address or links; variables only where feed.yml names them. A response brings its questions' texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from samepicture.connectors.answers import LandedAnswer
from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import Part
from samepicture.readers.survey import Answer, Return, part, plain, returns

REQUEST = re.compile(r"surveys/(\d+)(/responses)?(?:/(\d+))?")
GONE = (404, 410)
TEXT = ("text", "essay", "other", "comment")


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part. Raises SubmissionRejected where the bytes are no answers of this API."""
    yield part(feed, _returns(stream, file_name))


def records(document: Any) -> list[Any] | None:
    """The responses of a page: a list in version 1, `records` in an envelope in version 2; None where it is neither."""
    found = document.get("records") if isinstance(document, dict) else document
    return found if isinstance(found, list) else None


def _returns(stream: IO[bytes], file_name: str) -> Iterator[Return]:
    titles: dict[str, str] = {}

    def entries(answer: LandedAnswer) -> Iterator[tuple[str, str | None, Any]]:
        match = REQUEST.match(answer.request)
        if match and match[3]:
            if answer.status in GONE:
                yield match[1], match[3], None
        elif (found := records(answer.document)) is not None:
            for record in found:
                known = isinstance(record, dict) and record.get("id")
                survey_id = (match[1] if match else str(record.get("survey_id"))) if known else ""
                yield survey_id, str(record["id"]) if known else None, record
        elif match and isinstance(answer.document, dict) and answer.document.get("title"):
            titles[match[1]] = plain(answer.document["title"])
        else:
            raise SubmissionRejected(
                "wrong_feed", f"The file {file_name} holds no answers as SmartSurvey gives them: it may belong to another feed."
            )

    def make(survey_id: str, response_id: str, place: int, record: dict[str, Any]) -> Return:
        return _return(survey_id, response_id, place, record, titles.get(survey_id))

    yield from returns(stream, file_name, entries, make)


def _return(survey_id: str, response_id: str, place: int, record: dict[str, Any], title: str | None) -> Return:
    variables = [variable for variable in record.get("variables") or [] if isinstance(variable, dict)]
    return Return(
        survey_id,
        f"{survey_id}/{response_id}",
        place,
        survey_name=title,
        submitted_at=record.get("date_ended") or record.get("date_started"),
        modified_at=record.get("date_modified") or record.get("date_ended"),
        is_complete=record.get("status") == "completed",
        channel=str(record.get("tracking_link_id") or ""),
        channel_code="online",
        answers=[
            answer
            for page in record.get("pages") or []
            for question in page.get("questions") or []
            for answer in _answers(question, question.get("answers") or [])
        ],
        variables={str(variable.get("name")): variable.get("value") for variable in variables},
    )


def _answers(question: dict[str, Any], given: list[dict[str, Any]]) -> Iterator[Answer]:
    question_id, title = str(question.get("id")), plain(question.get("title"))
    is_text = str(question.get("type") or "").startswith("open")
    for answer in given:
        words, choice = answer.get("value"), answer.get("choice_id")
        if answer.get("row_id"):
            own_id, text = f"{question_id}_{answer['row_id']}", f"{title} - {plain(answer.get('row_title'))}"
            if answer.get("column_id") and answer.get("type") not in TEXT:
                yield Answer(own_id, text, "choice", str(answer["column_id"]), plain(answer.get("column_title")), grid_id=question_id)
            elif words:
                yield Answer(own_id, text, "narrative", words=str(words), grid_id=question_id)
        elif is_text and choice and words:  # one of the boxes below a question
            text = " - ".join(filter(None, (title, plain(answer.get("choice_title")))))
            yield Answer(f"{question_id}_{choice}", text, "narrative", words=str(words), grid_id=question_id)
        elif is_text or answer.get("type") in TEXT or not (choice or answer.get("choice_title")):
            if words:
                yield Answer(question_id, title, "narrative", words=str(words))
        else:
            yield Answer(question_id, title, "choice", str(choice) if choice else None, plain(answer.get("choice_title")) or None)
