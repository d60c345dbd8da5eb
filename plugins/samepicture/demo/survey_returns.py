"""Invented survey returns of Northshire, in the true shapes of SurveyMonkey, Qualtrics, LimeSurvey and SmartSurvey.

The same seven questions stand on each platform: the Friends and Family question, why, a grid of
two, what mattered most, age band, site, and one that should not be asked: the e-mail address.
Seeded. Returns hold what the real ones hold and must not reach the warehouse.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from samepicture.demo.stories import PLOTS

MONTHS = 12
OVERALL = "Overall, how was your experience of our service?"
WHY = "Please can you tell us why you gave your answer?"
GRID, ROWS = "How much do you agree?", ("Staff listened to me", "I knew what would happen next")
MATTERED, OTHER = "What mattered most to you?", "Other (please say)"
AGE, SITE, EMAIL = "How old are you?", "Where were you seen?", "What is your e-mail address?"
RATINGS = ("Very good", "Good", "Neither good nor poor", "Poor", "Very poor", "Don't know")
AGREEMENT = ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree")
CHOICES = ("Being listened to", "Short waits", "Clean surroundings")
AGES = ("Under 18", "18 to 25", "26 to 64", "65 to 74", "75 or over", "Prefer not to say")
SITES = ("Northmoor General", "Northmoor Community Hospital")


@dataclass
class Invented:
    """One return; numbers are places in the lists above, from 0. None: not answered."""

    number: int
    sent: datetime
    changed: datetime
    overall: int | None
    why: str | None
    grid: tuple[int | None, int | None]
    mattered: tuple[int, ...]
    other: str | None
    age: int | None
    site: int
    is_complete: bool = True

    @property
    def email(self) -> str:
        """An address of nobody."""
        return f"person{self.number}@example.org"


def invented(count: int, seed: int, last_day: date) -> list[Invented]:
    """Returns over the last year, in the order in which they were sent in."""
    chance = random.Random(seed)
    last = datetime.combine(last_day, time(20), UTC)
    moments = sorted(last - timedelta(minutes=chance.randrange(MONTHS * 30 * 24 * 60)) for _ in range(count))
    return [_one(number, moment, chance) for number, moment in enumerate(moments, 1)]


def _one(number: int, sent: datetime, chance: random.Random) -> Invented:
    plot = chance.choice(PLOTS)
    overall = chance.choices(range(6), (10, 10, 4, 4, 4, 1))[0] if chance.random() < 0.1 else 5 - plot.stars
    is_complete = chance.random() < 0.92
    return Invented(
        number,
        sent,
        sent,
        overall,
        plot.body if is_complete and chance.random() < 0.8 else None,
        (min(plot.stars - 1, 4), chance.choice((None, 0, 2, 3, 4))) if is_complete else (None, None),
        tuple(sorted(chance.sample(range(3), chance.choice((0, 1, 1, 2))))) if is_complete else (),
        "A chair to sit on" if is_complete and chance.random() < 0.1 else None,
        chance.choice((*range(6), None)) if is_complete else None,
        chance.randrange(2),
        is_complete,
    )


# -- SurveyMonkey ---------------------------------------------------------------------------


def surveymonkey_details(survey: str) -> dict[str, Any]:
    """GET /surveys/{id}/details."""

    def question(number: int, family: str, subtype: str, heading: str, answers: dict[str, Any] | None = None) -> dict[str, Any]:
        found = {"id": f"90{number}", "family": family, "subtype": subtype, "headings": [{"heading": heading}], "position": number}
        return found | ({"answers": answers} if answers else {})

    def items(number: int, kind: int, texts: tuple[str, ...]) -> list[dict[str, Any]]:
        return [{"id": f"90{number}{kind}{place}", "text": text, "position": place + 1} for place, text in enumerate(texts)]

    questions = [
        question(1, "single_choice", "vertical", f"<strong>{OVERALL}</strong>", {"choices": items(1, 0, RATINGS)}),
        question(2, "open_ended", "essay", WHY),
        question(3, "matrix", "rating", GRID, {"rows": items(3, 1, ROWS), "choices": items(3, 0, AGREEMENT)}),
        question(4, "multiple_choice", "vertical", MATTERED, {"choices": items(4, 0, CHOICES), "other": {"id": "90409", "text": OTHER}}),
        question(5, "single_choice", "menu", AGE, {"choices": items(5, 0, AGES)}),
        question(6, "single_choice", "menu", SITE, {"choices": items(6, 0, SITES)}),
        question(7, "open_ended", "single", EMAIL),
    ]
    return {"id": survey, "title": "Northmoor inpatient survey", "language": "en", "pages": [{"id": "801", "questions": questions}]}


def surveymonkey_response(survey: str, item: Invented) -> dict[str, Any]:
    """One of /surveys/{id}/responses/bulk."""
    answers: list[tuple[int, list[dict[str, Any]]]] = [
        (1, [{"choice_id": f"9010{item.overall}"}] if item.overall is not None else []),
        (2, [{"text": item.why, "tag_data": []}] if item.why else []),
        (3, [{"row_id": f"9031{row}", "choice_id": f"9030{given}"} for row, given in enumerate(item.grid) if given is not None]),
        (
            4,
            [{"choice_id": f"9040{place}"} for place in item.mattered]
            + ([{"other_id": "90409", "text": item.other}] if item.other else []),
        ),
        (5, [{"choice_id": f"9050{item.age}"}] if item.age is not None else []),
        (6, [{"choice_id": f"9060{item.site}"}]),
        (7, [{"text": item.email, "tag_data": []}] if item.is_complete else []),
    ]
    return {
        "id": f"1180{item.number:05d}",
        "recipient_id": "",
        "collection_mode": "default",
        "response_status": "completed" if item.is_complete else "partial",
        "custom_value": f"MRN{item.number}",
        "first_name": "Jo",
        "last_name": "Invented",
        "email_address": item.email,
        "ip_address": "192.0.2.44",
        "metadata": {"contact": {}},
        "collector_id": "4150001",
        "survey_id": survey,
        "custom_variables": {"nhs": "999 123 4567"},
        "edit_url": "https://survey.example/r/?sm=invented",
        "total_time": 60,
        "date_modified": item.changed.isoformat(),
        "date_created": (item.sent - timedelta(seconds=60)).isoformat(),
        "pages": [{"id": "801", "questions": [{"id": f"90{number}", "answers": given} for number, given in answers if given]}],
    }


# -- Qualtrics ------------------------------------------------------------------------------


def qualtrics_definition(survey: str) -> dict[str, Any]:
    """`result` of GET /survey-definitions/{id}."""

    def items(texts: tuple[str, ...]) -> dict[str, dict[str, str]]:
        return {str(place): {"Display": text} for place, text in enumerate(texts, 1)}

    def question(number: int, kind: str, selector: str, text: str, **more: Any) -> dict[str, Any]:
        return {"QuestionID": f"QID{number}", "QuestionType": kind, "Selector": selector, "QuestionText": text, **more}

    questions = [
        question(1, "MC", "SAVR", f"<p>{OVERALL}</p>", Choices=items(RATINGS)),
        question(2, "TE", "ML", WHY, Validation={"Settings": {"ForceResponse": "OFF", "Type": "None"}}),
        question(3, "Matrix", "Likert", GRID, Choices=items(ROWS), Answers=items(AGREEMENT)),
        question(4, "MC", "MAVR", MATTERED, Choices=items((*CHOICES, OTHER))),
        question(5, "MC", "DL", AGE, Choices=items(AGES)),
        question(7, "TE", "SL", EMAIL, Validation={"Settings": {"Type": "ContentType", "ContentType": "ValidEmail"}}),
    ]
    return {"SurveyID": survey, "SurveyName": "Northmoor maternity survey", "Questions": {item["QuestionID"]: item for item in questions}}


def qualtrics_response(item: Invented) -> dict[str, Any]:
    """One of an export's `responses`; the site is embedded data, as links to wards bring it."""
    values: dict[str, Any] = {
        "startDate": f"{item.sent - timedelta(seconds=60):%Y-%m-%dT%H:%M:%SZ}",
        "endDate": f"{item.sent:%Y-%m-%dT%H:%M:%SZ}",
        "status": 0,
        "ipAddress": "192.0.2.44",
        "progress": 100 if item.is_complete else 40,
        "duration": 60,
        "finished": int(item.is_complete),
        "recordedDate": f"{item.changed:%Y-%m-%dT%H:%M:%S}.123Z",
        "_recordId": f"R_{item.number:05d}invented",
        "recipientEmail": item.email,
        "recipientFirstName": "Jo",
        "externalDataReference": f"MRN{item.number}",
        "locationLatitude": "53.8",
        "locationLongitude": "-1.5",
        "distributionChannel": "smsinvite" if item.number % 3 else "anonymous",
        "userLanguage": "EN",
        "SiteCode": ("RZN01", "RZN02")[item.site],
        "NhsNumber": "999 123 4567",
    }
    labels: dict[str, Any] = {"status": "IP Address", "finished": str(item.is_complete)}
    if item.overall is not None:
        values["QID1"], labels["QID1"] = item.overall + 1, RATINGS[item.overall]
    if item.why:
        values["QID2_TEXT"] = item.why
    for row, given in enumerate(item.grid, 1):
        if given is not None:
            values[f"QID3_{row}"], labels[f"QID3_{row}"] = given + 1, AGREEMENT[given]
    mattered = [*item.mattered, *([3] if item.other else [])]
    if mattered:
        values["QID4"], labels["QID4"] = [str(place + 1) for place in mattered], [(*CHOICES, OTHER)[place] for place in mattered]
    if item.other:
        values["QID4_4_TEXT"] = item.other
    if item.age is not None:
        values["QID5"], labels["QID5"] = item.age + 1, AGES[item.age]
    if item.is_complete:
        values["QID7_TEXT"] = item.email
    return {"responseId": values["_recordId"], "values": values, "labels": labels, "displayedFields": ["QID1"], "displayedValues": {}}


# -- LimeSurvey -----------------------------------------------------------------------------


def limesurvey_questions(survey: int) -> list[dict[str, Any]]:
    """Result of list_questions: questions and their subquestions in one list."""

    def question(number: int, code: str, kind: str, text: str, parent: int = 0, other: str = "N") -> dict[str, Any]:
        return {
            "id": number,
            "qid": number,
            "parent_qid": parent,
            "sid": survey,
            "type": kind,
            "title": code,
            "question": text,
            "other": other,
        }

    return [
        question(1, "FFT", "L", f"<p>{OVERALL}</p>"),
        question(2, "WHY", "T", WHY),
        question(3, "AGREE", "F", GRID),
        *(question(30 + place, f"SQ00{place}", "T", text, 3) for place, text in enumerate(ROWS, 1)),
        question(4, "MATTERED", "M", MATTERED, other="Y"),
        *(question(40 + place, f"SQ00{place}", "T", text, 4) for place, text in enumerate(CHOICES, 1)),
        question(5, "AGE", "!", AGE),
        question(6, "SITE", "L", SITE),
        question(7, "EMAIL", "S", EMAIL),
    ]


def limesurvey_options(number: int) -> Any:
    """`answeroptions` of get_question_properties; LimeSurvey has words in place of a table where there are none."""
    texts = {1: RATINGS, 3: AGREEMENT, 5: AGES, 6: SITES}.get(number)
    if texts is None:
        return "No available answer options"
    return {f"A{place}": {"answer": text, "assessment_value": "0", "order": str(place)} for place, text in enumerate(texts, 1)}


def limesurvey_response(item: Invented) -> dict[str, Any]:
    """One of an export's `responses`: codes for headings, short answers."""
    sent = f"{item.sent:%Y-%m-%d %H:%M:%S}"

    def code(place: int | None) -> str:
        return "" if place is None else f"A{place + 1}"

    return {
        "id": str(item.number),
        "submitdate": sent if item.is_complete else None,
        "lastpage": "1",
        "startlanguage": "en",
        "seed": "1",
        "token": f"tok{item.number}",
        "startdate": sent,
        "datestamp": f"{item.changed:%Y-%m-%d %H:%M:%S}",
        "ipaddr": "192.0.2.44",
        "refurl": f"https://example.org/?mail={item.email}",
        "FFT": code(item.overall),
        "WHY": item.why or "",
        **{f"AGREE[SQ00{row}]": code(given) for row, given in enumerate(item.grid, 1)},
        **{f"MATTERED[SQ00{place + 1}]": "Y" if place in item.mattered else "" for place in range(3)},
        "MATTERED[other]": item.other or "",
        "AGE": code(item.age),
        "SITE": code(item.site),
        "EMAIL": item.email,
    }


# -- SmartSurvey ----------------------------------------------------------------------------


def smartsurvey_response(survey: int, item: Invented) -> dict[str, Any]:
    """One of /surveys/{id}/responses?include_labels=true."""

    def choice(number: int, place: int, text: str, kind: str = "radio") -> dict[str, Any]:
        return {"id": 1, "type": kind, "choice_id": 70 + 10 * number + place, "choice_title": text}

    def question(number: int, kind: str, title: str, answers: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": 5000 + number, "type": kind, "title": title, "answers": answers}

    mattered = [choice(4, place, CHOICES[place], "checkbox") for place in item.mattered]
    other = [{"id": 1, "type": "other", "choice_id": 119, "choice_title": OTHER, "value": item.other}] if item.other else []
    agreed = [
        {
            "id": 4,
            "type": "matrix_col",
            "row_id": 81 + row,
            "row_title": ROWS[row],
            "column_id": 91 + given,
            "column_title": AGREEMENT[given],
        }
        for row, given in enumerate(item.grid)
        if given is not None
    ]
    questions = [
        question(1, "single_choice", OVERALL, [choice(1, item.overall, RATINGS[item.overall])] if item.overall is not None else []),
        question(2, "open_ended", WHY, [{"id": 2, "type": "text", "value": item.why}] if item.why else []),
        question(3, "matrix", GRID, agreed),
        question(4, "multiple_choice", MATTERED, mattered + other),
        question(5, "single_choice", AGE, [choice(5, item.age, AGES[item.age])] if item.age is not None else []),
        question(6, "single_choice", SITE, [choice(6, item.site, SITES[item.site])]),
        question(7, "open_ended", EMAIL, [{"id": 2, "type": "text", "value": item.email}] if item.is_complete else []),
    ]
    return {
        "id": 30_000 + item.number,
        "survey_id": survey,
        "tracking_link_id": 1 + item.number % 2,
        "date_started": f"{item.sent - timedelta(seconds=60):%Y-%m-%dT%H:%M:%SZ}",
        "date_ended": f"{item.sent:%Y-%m-%dT%H:%M:%SZ}",
        "date_modified": f"{item.changed:%Y-%m-%dT%H:%M:%SZ}",
        "status": "completed" if item.is_complete else "partial",
        "contact_name": "Jo Invented",
        "contact_email": item.email,
        "ip_address": "192.0.2.44",
        "variables": [{"id": 701, "name": "email", "value": item.email}],
        "pages": [{"id": 9001, "questions": questions}],
    }
