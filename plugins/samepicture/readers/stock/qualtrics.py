"""Qualtrics API v3 exports to survey returns: a collected document, or the JSON of one export (domain: A14).

Of a return only the values of its questions, its state and its times are read: never IP
address, place, names, e-mail or external reference; embedded data only where feed.yml names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from samepicture.connectors.answers import LandedAnswer
from samepicture.feed import Feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import Part
from samepicture.readers.survey import Answer, Described, Return, part, plain, returns

REQUEST = re.compile(r"surveys/(\w+)/(?:export-responses|responses/(\w+))")
GONE = (404, 410)
VALUE = re.compile(r"(QID\d+)(?:_(x?\d+))?(?:_(\d+))?(_TEXT)?")
"""The question; a row of a grid, a field of a form or a choice with text; a column; words. Whatever has more was worked out by Qualtrics."""
TEST_BITS = 1 | 2 | 8
"""Of `status`: preview, test, spam. 4 is imported, 16 was taken offline: both are people's."""
UNREAD = ("DB", "Meta", "Timing", "Captcha", "FileUpload", "Signature")
IDENTIFYING = ("ValidEmail", "ValidPhone", "ValidZip", "ValidUSPhone", "ValidUSZip")
PERSONAL = (
    "ipAddress",
    "recipientEmail",
    "recipientFirstName",
    "recipientLastName",
    "externalDataReference",
    "locationLatitude",
    "locationLongitude",
)
CHANNELS = {
    "email": "email",
    "sms": "sms",
    "smsinvite": "sms",
    "offline": "in_person",
    "qr": "online",
    "anonymous": "online",
    "social": "online",
}


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part. Raises SubmissionRejected where the bytes are no answers of this API."""
    yield part(feed, _returns(stream, file_name))


def _returns(stream: IO[bytes], file_name: str) -> Iterator[Return]:
    surveys: dict[str, Described] = {}

    def entries(answer: LandedAnswer) -> Iterator[tuple[str, str | None, Any]]:
        match = REQUEST.match(answer.request)
        if match and match[2]:
            if answer.status in GONE:
                yield match[1], match[2], None
            return
        document = answer.document if isinstance(answer.document, dict) else {}
        result = document.get("result")
        if isinstance(document.get("responses"), list):
            for record in document["responses"]:
                values = record.get("values") if isinstance(record, dict) else None
                known = isinstance(values, dict) and (record.get("responseId") or values.get("_recordId"))
                yield match[1] if match else "", str(known) if known else None, record
        elif isinstance(result, dict) and isinstance(result.get("Questions"), dict):
            surveys[str(result.get("SurveyID"))] = Described(plain(result.get("SurveyName")), result["Questions"])
        else:
            raise SubmissionRejected(
                "wrong_feed", f"The file {file_name} holds no answers as Qualtrics gives them: it may belong to another feed."
            )

    def make(asked_id: str, response_id: str, place: int, record: dict[str, Any]) -> Return:
        survey_id = asked_id or str(record.get("surveyId") or "")
        return _return(survey_id, response_id, place, record, surveys.get(survey_id, Described()))

    yield from returns(stream, file_name, entries, make)


def _return(survey_id: str, response_id: str, place: int, record: dict[str, Any], survey: Described) -> Return:
    values: dict[str, Any] = record["values"]
    labels = record.get("labels") or {}
    status, channel = values.get("status"), str(values.get("distributionChannel") or "").casefold()
    return Return(
        survey_id,
        f"{survey_id}/{response_id}",
        place,
        survey_name=survey.title,
        submitted_at=values.get("endDate"),
        modified_at=values.get("recordedDate"),
        is_complete=str(values.get("finished")).casefold() in ("1", "true"),
        is_removed=isinstance(status, int) and bool(status & TEST_BITS),
        channel=channel,
        channel_code=CHANNELS.get(channel),
        answers=[answer for key, value in values.items() for answer in _answers(key, value, labels.get(key), survey)],
        variables={name: value for name, value in values.items() if name not in PERSONAL and not name.startswith("QID")},
    )


def _answers(key: str, value: Any, label: Any, survey: Described) -> Iterator[Answer]:
    match = VALUE.fullmatch(key)
    if match is None or value in (None, "", []):
        return
    question = survey.questions.get(match[1], {})
    if question.get("QuestionType") in UNREAD or _content(question) in IDENTIFYING:
        return
    at = [item for item in (match[2], match[3]) if item]
    choices = question.get("Choices") or {}
    row = _display(choices, at[0]) if at else None
    text = " - ".join(filter(None, (plain(question.get("QuestionText")), row)))
    is_words = bool(match[4])
    is_other = is_words and question.get("QuestionType") == "MC"  # 'other, please say', beside its choice
    own_id = match[1] if is_other else "_".join((match[1], *at))
    grid_id = match[1] if at else None
    kind: Any = "narrative" if is_words and question.get("QuestionType") != "TE" else _kind(question, value, label)
    names = label if isinstance(label, list) else [label]
    for place, item in enumerate(value if isinstance(value, list) else [value]):
        name = str(names[place]) if place < len(names) and names[place] is not None else _named(question, str(item))
        if kind == "narrative":
            yield Answer(own_id, text, "narrative", words=str(item), grid_id=grid_id)
        else:
            yield Answer(own_id, text, kind, value=str(item), name=plain(name) if kind == "choice" and name else None, grid_id=grid_id)


def _kind(question: dict[str, Any], value: Any, label: Any) -> Any:
    match question.get("QuestionType"):
        case "MC" | "Matrix" | "DD":
            return "choice"
        case "TE":
            return {"ValidNumber": "number", "ValidDate": "date"}.get(_content(question), "narrative")
        case "Slider" | "CS" | "RO":
            return "number"
    if label is not None:  # no definition: the answer has to speak for itself
        return "choice"
    return "number" if isinstance(value, (int, float)) else "narrative"


def _content(question: dict[str, Any]) -> str:
    validation = question.get("Validation")
    settings = validation.get("Settings") if isinstance(validation, dict) else None
    return str(settings.get("ContentType") or "") if isinstance(settings, dict) else ""


def _named(question: dict[str, Any], value: str) -> str | None:
    """The words of a coded answer where the export brings no labels: codes are recoded places."""
    recoded = question.get("RecodeValues")
    places = {str(code): place for place, code in recoded.items()} if isinstance(recoded, dict) else {}
    found = question.get("Answers") if question.get("QuestionType") == "Matrix" else question.get("Choices")
    return _display(found or {}, places.get(value, value))


def _display(items: Any, place: str) -> str | None:
    item = items.get(place) if isinstance(items, dict) else None
    return plain(item.get("Display")) if isinstance(item, dict) else None
