"""FHIR R4 QuestionnaireResponse to survey answers: JSON, NDJSON, XML, a Bundle, or a poll's landed answers (domain: A14).

The question's id is its linkId, wherever it is nested; a repeated group or answer counts
on. Whom the response is about, who filled it in and for whom (subject, author, source,
encounter) are never read. Text is a narrative, unless feed.yml declares the question with
a scale or column. `reader.options` are those of every survey (survey_questions.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

from samepicture.feed import Feed
from samepicture.messages import SubmissionWarning
from samepicture.readers import LINE, Part
from samepicture.readers.fhir import each, number, objects, resources, text
from samepicture.readers.survey import Answer, Return, part, plain
from samepicture.survey_questions import Question, declared

KIND = "QuestionnaireResponse"
LEVELS_MAX = 20
"""Items inside items; a form that nests deeper is damaged or made to do harm."""
FINISHED = ("completed", "amended")
REMOVED = "entered-in-error"
UNREAD = ("valueAttachment", "valueReference")
WORDS = ("valueString", "valueUri")
"""An address of the web may be somebody's own: it goes the way of words, which are redacted."""
DATES = ("valueDate", "valueDateTime", "valueTime")
NUMBERS = ("valueDecimal", "valueInteger")


class TooDeep(Exception):
    """Items are nested deeper than LEVELS_MAX."""


def read(stream: IO[bytes], file_name: str, feed: Feed) -> Iterator[Part]:
    """One part with a row an answer; each response is one record. Raises SubmissionRejected (readers/fhir.py)."""
    last = {}  # pages of a search overlap, and a file may hold a response and its amendment
    for place, response in enumerate(resources(stream, file_name, KIND, Counter()), 1):
        last[_key(response, place)] = place
    reading = _Reading(feed, last)
    reading.part = part(feed, reading.returns(stream, file_name))
    yield reading.part


class _Reading:
    """One submission under way."""

    part: Part

    def __init__(self, feed: Feed, last: dict[Any, int]) -> None:
        self._questions = declared(feed.reader.options).by_id
        self._last = last

    def returns(self, stream: IO[bytes], file_name: str) -> Iterator[Return]:
        """The last copy of each response, in order."""
        stream.seek(0)
        others, unread, repeated = Counter[str](), Counter[str](), 0
        for place, response in enumerate(resources(stream, file_name, KIND, others), 1):
            if self._last[_key(response, place)] != place:
                repeated += 1
                continue
            try:
                yield self._return(response, place, unread)
            except TooDeep:
                sentence = f"The response has items nested more than {LEVELS_MAX} deep: check the form and export it again."
                self.part.unreadable.append({LINE: place, "code": "nested_too_deeply", "sentence": sentence})
        self.part.warnings += _warnings(others, unread, repeated)

    def _return(self, response: dict[str, Any], place: int, unread: Counter[str]) -> Return:
        meta = response.get("meta")
        status = text(response.get("status"))
        return Return(
            survey_id=(text(response.get("questionnaire")) or "").split("|")[0],
            response_id=_id(response) or "",
            place=place,
            submitted_at=text(response.get("authored")),
            modified_at=text(meta.get("lastUpdated")) if isinstance(meta, dict) else None,
            is_complete=status in FINISHED,
            is_removed=status == REMOVED,
            answers=[] if status == REMOVED else list(self._answers(response, unread)),
        )

    def _answers(self, response: dict[str, Any], unread: Counter[str]) -> Iterator[Answer]:
        """Every answer in the order of the form: items inside items, and inside answers."""
        waiting = [(item, 1) for item in reversed(objects(response.get("item")))]
        while waiting:
            item, level = waiting.pop()
            if level > LEVELS_MAX:
                raise TooDeep
            inside = objects(item.get("item"))
            for given in objects(item.get("answer")):
                inside += objects(given.get("item"))
                answer = self._answer(item, given, unread)
                if answer is not None:
                    yield answer
            waiting += [(child, level + 1) for child in reversed(inside)]

    def _answer(self, item: dict[str, Any], given: dict[str, Any], unread: Counter[str]) -> Answer | None:
        name = next((name for name in given if name.startswith("value")), None)
        if name is None:  # only a place for items
            return None
        if name in UNREAD:
            unread[name] += 1
            return None
        question_id = text(item.get("linkId")) or ""
        question = question_id, plain(text(item.get("text"))) or _in_words(question_id)
        value = given[name]
        shown = text(value)
        if name == "valueCoding" and isinstance(value, dict):
            return Answer(*question, "choice", text(value.get("code")), text(value.get("display")))
        if name == "valueQuantity" and isinstance(value, dict):
            measured, unit = number(value.get("value")), text(value.get("unit")) or text(value.get("code"))
            return Answer(*question, "number", measured, f"{measured} {unit}" if unit else None)
        if shown is None:
            unread[name] += 1
            return None
        if name == "valueBoolean":
            return Answer(*question, "boolean", shown, "Yes" if shown == "true" else "No")
        if name in NUMBERS:
            return Answer(*question, "number", number(value))
        if name in DATES:
            return Answer(*question, "date", shown)
        if name in WORDS:
            known = self._questions.get(question_id, Question())
            if known.scale or known.column:
                return Answer(*question, "choice", name=shown)
            return Answer(*question, "narrative", words=shown)
        unread[name] += 1
        return None


def _key(response: dict[str, Any], place: int) -> object:
    """What makes a response the same one; without an id, each is its own (and will be rejected)."""
    found = _id(response)
    return place if found is None else (text(response.get("questionnaire")), found)


def _in_words(link_id: str) -> str:
    """In place of a question's text: date_of_birth and dateOfBirth ask who somebody is, though nobody wrote it out."""
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9.]+", " ", link_id).split())


def _id(response: dict[str, Any]) -> str | None:
    """Its id at the server, else its business identifier."""
    return text(response.get("id")) or next((text(one.get("value")) for one in objects(each(response.get("identifier")))), None)


def _type(name: str) -> str:
    """The name of a type as a warning may quote it; whatever else stands in its place is not."""
    return name if re.fullmatch(r"[A-Za-z]{1,40}", name) else "(no name of a type)"


def _warnings(others: Counter[str], unread: Counter[str], repeated: int) -> Iterator[SubmissionWarning]:
    for kind, count in others.items():
        sentence = "The file holds other resources beside the responses: they are not read. Leave them out if they name people."
        yield SubmissionWarning("other_resource", sentence, None, _type(kind), count)
    for name, count in unread.items():
        sentence = "Answers of this kind are not read: files and references stay where they are."
        yield SubmissionWarning("unread_answer", sentence, None, _type(name), count)
    if repeated:
        sentence = "A response stands in the submission more than once: the last copy counts."
        yield SubmissionWarning("repeated_response", sentence, count=repeated)
