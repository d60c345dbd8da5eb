"""Returns of survey platforms to rows of survey_response: what is the same whatever the platform.

A platform's reader makes `Return`s; `part` turns them into rows, one an answer, as
`reader.options` of feed.yml declares (survey_questions.py).

A question with `column` is no answer of its own: it fills that column on every row of the
return. A question that nobody declared is kept with its text, but for one that asks in the
person's own words who or where they are: such are never read, and told of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any, Literal, TypeVar

import polars as pl
from selectolax.lexbor import LexborHTMLParser

from samepicture.connectors.answers import LandedAnswer, read_answers
from samepicture.feed import Feed
from samepicture.messages import SubmissionWarning, as_shown
from samepicture.readers import LINE, Part
from samepicture.readers.documents import ROWS, utc
from samepicture.records.survey_response import CONTRACT
from samepicture.scales import SCALES
from samepicture.survey_questions import Question, declared

Entry = TypeVar("Entry")
HEADERS = [*CONTRACT.by_name, "version_at", "is_removed"]
PERSONS = (
    r"(?:patient|child|children|baby|babies|son|daughter|mother|mum|father|dad|parent|guardian|carer|partner|husband|wife|spouse"
    r"|relative|family member|next of kin|person|people|individual|respondent|client|resident|service[ -]user)"
)
ASKS_WHO = re.compile(
    r"(?i)\b(?:your|full|first|last|middle|maiden|given|family|preferred|legal|previous|former|sur|fore|nick)[ -]?names?\b"
    rf"|\b{PERSONS}(?:['’]?s|s['’])?[ -]names?\b|\bname(?:s|\(s\))? of (?:[\w'’-]+ ){{0,2}}{PERSONS}s?\b"
    r"|\binitials\b|\bnext of kin\b"
    r"|\bname\s*\??$|address|post ?code|phone|mobile number|e-?mail"
    r"|\bnhs n(o|umber)|\bhospital n(o|umber)|birth|\bdob\b|contact (details|you)|\bsignature\b"
)


@dataclass(frozen=True)
class Answer:
    """One answer, as its platform gives it."""

    question_id: str
    question_text: str
    kind: Literal["choice", "number", "date", "boolean", "narrative"]
    value: str | None = None
    """As coded by the source."""
    name: str | None = None
    """In readable words."""
    words: str | None = None
    """Of a narrative."""
    grid_id: str | None = None
    """The grid that the question is a row of: what feed.yml declares for it holds for each of its rows."""


@dataclass
class Return:
    """What one person sent in, or the news that it is gone."""

    survey_id: str
    response_id: str
    place: int
    """Among the returns of the submission."""
    survey_name: str | None = None
    submitted_at: str | None = None
    """ISO 8601; with its offset, or UTC."""
    modified_at: str | None = None
    is_complete: bool = True
    is_removed: bool = False
    """Deleted at the source, or only a test."""
    channel: str | None = None
    """As the platform names it: what feed.yml's `channels` translates."""
    channel_code: str | None = None
    """What the platform's word means where feed.yml does not say."""
    answers: list[Answer] = field(default_factory=list)
    variables: Mapping[str, Any] = field(default_factory=dict)
    """What came with the link: read only where feed.yml gives it a `column` by its name, for anything may be in it."""
    is_unreadable: bool = False
    """The entry is no return at all."""


def part(feed: Feed, returns: Iterable[Return]) -> Part:
    """The one part of a submission."""
    result = Part("", HEADERS, iter(()))
    result.frames = _Rows(feed, result).frames(returns)
    return result


def plain(markup: Any) -> str:
    """A question's or choice's text without HTML, on one line."""
    text = str(markup or "")
    if "<" in text or "&" in text:
        text = LexborHTMLParser(f"<body>{text}</body>").body.text(separator=" ")  # type: ignore[union-attr]
    return " ".join(text.split())


@dataclass
class Described:
    """What a platform says of a survey itself."""

    title: str | None = None
    questions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Question id to the question as the API describes it."""


def shaped(place: int, make: Callable[[], Return]) -> Return:
    """The return that `make` gives, or the news that an entry has not the shape of one (a text in place of its pages)."""
    try:
        return make()
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return Return("", "", place, is_unreadable=True)


def returns(
    stream: IO[bytes],
    file_name: str,
    entries: Callable[[LandedAnswer], Iterator[tuple[str, str | None, Any]]],
    make: Callable[[str, str, int, Any], Return],
) -> Iterator[Return]:
    """The returns of a document of landed answers, the last copy of each.

    `entries` gives of each answer the survey's id, the return's id (None where an entry has
    none) and the entry itself (None where the source took it away); `make` a return of them.
    """
    for place, (survey_id, response_id, record) in latest(
        partial(read_answers, stream, file_name), entries, lambda entry: entry[1] and entry[:2]
    ):
        if response_id is None:
            yield Return("", "", place, is_unreadable=True)
        elif record is None:
            yield Return(survey_id, f"{survey_id}/{response_id}", place, is_removed=True)
        else:
            yield shaped(place, partial(make, survey_id, response_id, place, record))


def latest(
    answers: Callable[[], Iterator[LandedAnswer]],
    entries: Callable[[LandedAnswer], Iterator[Entry]],
    key: Callable[[Entry], Hashable],
    look: Callable[[Entry], object] = lambda _: None,
) -> Iterator[tuple[int, Entry]]:
    """Place and entry of the last copy of each entry of a document, which is read twice; keys alone are held.

    `look` sees every entry before the first is given.

    Copies come where pages overlap, or a list was read again because it had changed. A key
    of None is nobody's: each such entry stands for itself.
    """
    last: dict[Hashable, int] = {}
    for place, entry in enumerate(_each(answers(), entries), 1):
        look(entry)
        if (found := key(entry)) is not None:
            last[found] = place
    for place, entry in enumerate(_each(answers(), entries), 1):
        if last.get(key(entry), place) == place:
            yield place, entry


def _each(answers: Iterator[LandedAnswer], entries: Callable[[LandedAnswer], Iterator[Entry]]) -> Iterator[Entry]:
    for answer in answers:
        yield from entries(answer)


class _Rows:
    """The rows of one submission, and what is told about them."""

    def __init__(self, feed: Feed, part: Part) -> None:
        self._part = part
        self._declared = declared(feed.reader.options)
        self._unknown: Counter[tuple[str, str]] = Counter()
        self._identifying: Counter[str] = Counter()

    def frames(self, returns: Iterable[Return]) -> Iterator[pl.DataFrame]:
        schema: dict[str, Any] = {LINE: pl.Int64, **dict.fromkeys(HEADERS, pl.String)}
        rows: list[dict[str, Any]] = []
        for item in returns:
            rows += self._rows(item)
            if len(rows) >= ROWS:  # never inside a return: it is judged as a whole
                yield pl.DataFrame(rows, schema=schema)
                rows = []
        if rows:
            yield pl.DataFrame(rows, schema=schema)
        self._warn()

    def _rows(self, item: Return) -> list[dict[str, Any]]:
        if item.is_unreadable:
            sentence = "An entry of the answer is not a return: collect it again, and tell the data team if it stays so."
            self._part.unreadable.append({LINE: item.place, "code": "unreadable_record", "sentence": sentence})
            return []
        submitted = utc(item.submitted_at)
        whole: dict[str, Any] = {
            LINE: item.place,
            "survey_id": item.survey_id,
            "response_pseudonym": item.response_id,
            "survey_name": item.survey_name,
            "version_at": utc(item.modified_at),
        }
        removed = [{**whole, "is_removed": "true"}]
        if item.is_removed:
            return removed
        whole |= {
            "is_complete": "true" if item.is_complete else "false",
            "submitted_at": submitted,
            "submitted_date": None if submitted is None else submitted[:10],
            **self._declared.columns,
        }
        channel = self._declared.channels.get((item.channel or "").casefold(), item.channel_code)
        whole["channel_code"] = channel or whole.get("channel_code")
        for name, value in item.variables.items():
            question = self._declared.by_id.get(name, Question())
            if question.column and value not in (None, ""):
                whole[question.column] = self._recoded(Answer(name, name, "choice", str(value)), question)
        answers: list[dict[str, Any]] = []
        for answer in item.answers:
            question = self._question(answer)
            if question.ignore:
                continue
            if question.column:
                whole[question.column] = self._recoded(answer, question)
                continue
            try:
                answers.append(_row(answer, question))
            except ValueError:
                self._off_scale(item.place, answer, question)
                return []
        if not answers:  # an earlier version may have had some
            return removed
        numbers = Counter[str]()
        for row in answers:
            numbers[row["question_id"]] += 1
            row["answer_number"] = str(numbers[row["question_id"]])
        return [{**whole, **row} for row in answers]

    def _question(self, answer: Answer) -> Question:
        found = self._declared.by_id.get(answer.question_id) or self._declared.by_id.get(answer.grid_id or "")
        if found is not None:
            return found
        if answer.kind != "choice" and ASKS_WHO.search(answer.question_text):
            self._identifying[answer.question_id] += 1
            return Question(ignore=True)
        return Question()

    def _recoded(self, answer: Answer, question: Question) -> str | None:
        found = [given for given in (answer.name, answer.value, answer.words) if given is not None]
        if not question.values:
            return found[0] if found else None
        for given in found:
            if given.strip().casefold() in question.values:
                return question.values[given.strip().casefold()] or None
        # Somebody's own words ('other, please say') are not quoted, however short.
        self._unknown[(str(question.column), found[0] if found and answer.words is None else "(own words)")] += 1
        return None

    def _off_scale(self, place: int, answer: Answer, question: Question) -> None:
        sentence = (
            f"The answer to question {answer.question_id} is none of the scale {question.scale}: if the survey's answers have changed, "
            "tell the data team, who declare them in feed.yml; else correct the answer."
        )
        self._part.unreadable.append({LINE: place, "code": "score_off_its_scale", "sentence": sentence})

    def _warn(self) -> None:
        values = as_shown(pl.Series([value for _, value in self._unknown], dtype=pl.String))
        self._part.warnings += [
            SubmissionWarning(
                "unknown_code", "This answer is not one that the feed knows: tell the data team what it means.", column, value, n
            )
            for (column, _), value, n in zip(self._unknown, values, self._unknown.values(), strict=True)
        ]
        self._part.warnings += [
            SubmissionWarning(
                "identifying_question",
                "This question asks who or where somebody is, so its answers are not read: take it out of the survey, or declare it in feed.yml.",
                None,
                question,
                count,
            )
            for question, count in self._identifying.items()
        ]


def _row(answer: Answer, question: Question) -> dict[str, Any]:
    """One answer's own columns. Raises ValueError for an answer that is not on its scale."""
    row: dict[str, Any] = {
        "question_id": answer.question_id,
        "question_text": answer.question_text,
        "question_code": question.code,
        "answer_kind_code": answer.kind,
        "answer_value": answer.value,
        "answer_name": answer.name,
        "narrative": answer.words,
    }
    if question.scale is None or answer.kind == "narrative":  # 'other, please say' under a scale
        return row
    scale = SCALES[question.scale]
    given = answer.name if answer.name is not None else answer.value
    score = scale.score(question.values.get((given or "").strip().casefold(), given or ""))
    normalised = scale.normalised(score)
    return row | {
        "answer_kind_code": "scale",
        "scale_code": question.scale,
        "scale_direction_code": scale.direction,
        "score": None if score is None else str(score),
        "normalised_score": None if normalised is None else str(normalised),
    }
