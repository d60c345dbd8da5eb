"""LimeSurvey RemoteControl 2 answers to survey returns: a collected document (domain: A14).

Only columns of questions, state and times are read: never token, IP address, referring page,
names or e-mail. Its moments are local time without an offset, and taken as UTC.
A survey without date stamps says 1980 for all of them: such a return has no date, and is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from samepicture.connectors.answers import LandedAnswer
from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import Part
from samepicture.readers.survey import Answer, Return, part, plain, returns

REQUEST = re.compile(r"(\w+)/(\d+)(?:/(\d+))?")
HEADING = re.compile(r"([A-Za-z]\w*)(?:\[([^\]]*)\])?(?:\[(\d+)\])?")
"""Question code; subquestion, place in a ranking, 'other' or 'comment'; scale of two."""
UNREAD = "X|."
TEXT, NUMBER, DATE, SEVERAL, RANKING = "STUQ;", "NK:*", "D", "MP", "R"
"""Types of questions by their letter."""
FIXED = {
    "Y": {"Y": "Yes", "N": "No"},
    "G": {"M": "Male", "F": "Female"},
    "C": {"Y": "Yes", "N": "No", "U": "Uncertain"},
    "E": {"I": "Increase", "S": "Same", "D": "Decrease"},
}
"""Types whose answers LimeSurvey itself names."""
NO_STAMP = "1980-01-01"


@dataclass
class _Question:
    type: str
    text: str
    rows: dict[str, str] = field(default_factory=dict)
    """Code of a subquestion to its text."""
    options: dict[str, str] = field(default_factory=dict)
    """Code of an answer to its text."""


@dataclass
class _Survey:
    title: str | None = None
    questions: dict[str, _Question] = field(default_factory=dict)
    """By code."""
    codes: dict[str, str] = field(default_factory=dict)
    """Number of a question to its code."""


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part. Raises SubmissionRejected where the bytes are no answers of this API."""
    yield part(feed, _returns(stream, file_name))


def _returns(stream: IO[bytes], file_name: str) -> Iterator[Return]:
    surveys: dict[str, _Survey] = {}

    def entries(answer: LandedAnswer) -> Iterator[tuple[str, str | None, Any]]:
        match = REQUEST.match(answer.request)
        found = _responses(answer.document) if match and match[1] == "export_responses" else []
        if match is None or found is None:
            raise SubmissionRejected(
                "wrong_feed", f"The file {file_name} holds no answers as LimeSurvey gives them: it may belong to another feed."
            )
        method, survey_id, item = match.groups()
        survey = surveys.setdefault(survey_id, _Survey())
        if method == "export_responses":
            for record in found:
                while isinstance(record, dict) and len(record) == 1 and isinstance(next(iter(record.values())), dict):
                    (record,) = record.values()  # before version 4 each stood under its id
                known = isinstance(record, dict) and record.get("id")
                yield survey_id, str(record["id"]) if known else None, record
        elif method == "removed":
            yield survey_id, item, None
        elif method == "get_language_properties":
            survey.title = plain(_table(answer.document).get("surveyls_title"))
        elif method == "list_questions":
            _describe(survey, answer.document)
        elif method == "get_question_properties" and survey.codes.get(item or "") in survey.questions:
            survey.questions[survey.codes[item or ""]].options = _options(_table(answer.document).get("answeroptions"))

    def make(survey_id: str, response_id: str, place: int, record: dict[str, Any]) -> Return:
        return _return(survey_id, response_id, place, record, surveys[survey_id])

    yield from returns(stream, file_name, entries, make)


def _table(document: Any) -> dict[str, Any]:
    return document if isinstance(document, dict) else {}


def _responses(document: Any) -> list[Any] | None:
    """The responses of an export, which may be none; None where it is no export."""
    found = (document.get("responses") or []) if isinstance(document, dict) else None
    return found if isinstance(found, list) else None


def _describe(survey: _Survey, listed: Any) -> None:
    found = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    number = {id(item): str(item.get("qid") or item.get("id")) for item in found}
    for item in found:
        if str(item.get("parent_qid") or "0") == "0":
            survey.codes[number[id(item)]] = str(item.get("title"))
            survey.questions[str(item.get("title"))] = _Question(str(item.get("type")), plain(item.get("question")))
    for item in found:
        parent = survey.codes.get(str(item.get("parent_qid") or "0"))
        if parent is not None:
            survey.questions[parent].rows[str(item.get("title"))] = plain(item.get("question"))


def _options(found: Any) -> dict[str, str]:
    """Answers by code; LimeSurvey has words in place of a table where there are none."""
    items = found.items() if isinstance(found, dict) else ()
    return {str(code): plain(option.get("answer") if isinstance(option, dict) else option) for code, option in items}


def _return(survey_id: str, response_id: str, place: int, record: dict[str, Any], survey: _Survey) -> Return:
    submitted = _moment(record.get("submitdate"))
    return Return(
        survey_id,
        f"{survey_id}/{response_id}",
        place,
        survey_name=survey.title,
        submitted_at=submitted or _moment(record.get("datestamp")) or _moment(record.get("startdate")),
        modified_at=_moment(record.get("datestamp")) or submitted,
        is_complete=bool(record.get("submitdate")),
        channel_code="online",
        answers=[answer for heading, value in record.items() for answer in _answers(heading, value, survey)],
    )


def _moment(value: Any) -> str | None:
    return None if not value or str(value).startswith(NO_STAMP) else str(value)


def _answers(heading: str, value: Any, survey: _Survey) -> Iterator[Answer]:
    match = HEADING.fullmatch(heading)
    question = survey.questions.get(match[1]) if match else None
    if match is None or question is None or question.type in UNREAD or value in (None, ""):
        return
    code, row, side = match.groups()
    given = str(value)
    if row is not None and (row in ("other", "comment") or (question.type == "P" and row.endswith("comment"))):
        yield Answer(code, question.text, "narrative", words=given)
    elif question.type in SEVERAL:
        if given == "Y":
            yield Answer(code, question.text, "choice", value=row, name=question.rows.get(row or ""))
    elif question.type in RANKING:
        yield Answer(f"{code}_{row}", f"{question.text} - {row}", "choice", given, question.options.get(given), grid_id=code)
    elif given != "-oth-":  # its words stand beside it
        at = [item for item in (row, side) if item]
        text = " - ".join(filter(None, (question.text, _row(question, row))))
        own_id, grid_id = "_".join((code, *at)), code if at else None
        if question.type in TEXT:
            yield Answer(own_id, text, "narrative", words=given, grid_id=grid_id)
        elif question.type in NUMBER:
            yield Answer(own_id, text, "number", value=given, grid_id=grid_id)
        elif question.type in DATE:
            yield Answer(own_id, text, "date", value=given, grid_id=grid_id)
        else:
            name = (FIXED.get(question.type) or question.options).get(given)
            yield Answer(own_id, text, "choice", value=given, name=name, grid_id=grid_id)


def _row(question: _Question, row: str | None) -> str | None:
    """A grid of texts or numbers has a subquestion either way: SQ001_SQ002."""
    texts = [question.rows.get(item, "") for item in (row or "").split("_")]
    return " - ".join(filter(None, texts)) or row
