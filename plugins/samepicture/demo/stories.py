"""Invented stories and reviews of Northshire, in the true layouts of Care Opinion and NHS.uk.

Seeded: the same seed gives the same stories. Some hold what the real ones hold and must
not reach the warehouse: screen names, a phone number (from the range kept for fiction), an e-mail.
"""

from __future__ import annotations

import html
import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from samepicture.demo.ics import PRACTICES, TRUSTS

MONTHS = 24
FIRST_STORY, FIRST_REVIEW = 2_000_001, 5_000_001


@dataclass(frozen=True)
class _Plot:
    """What a story says; `tags` are (group, name, polarity)."""

    title: str
    body: str
    criticality: str
    stars: int
    tags: tuple[tuple[str, str, int], ...]


PLOTS = (
    _Plot(
        "Kind from start to finish",
        "The nurse sat down beside me & explained every step. I never felt rushed.",
        "not critical",
        5,
        (("Staff", "kindness", 1), ("Communication", "explained", 1)),
    ),
    _Plot(
        "Nobody told us about going home",
        "Mum was told at noon that she was leaving at two. No medicines, no letter, no transport.",
        "moderately critical",
        2,
        (("Care", "discharge", -1), ("Communication", "information", -1)),
    ),
    _Plot(
        "Four hours & no news",
        "We waited four hours on plastic chairs. Nobody said how long it would be.",
        "mildly critical",
        2,
        (("Access", "waiting time", -1), ("Communication", "not kept informed", -1)),
    ),
    _Plot(
        "The 8 o'clock queue",
        "I rang forty times before anybody answered, and by then the appointments were gone.",
        "moderately critical",
        1,
        (("Access", "appointments", -1), ("Access", "phone", -1)),
    ),
    _Plot(
        "The new online form works",
        "I filled in the form at night and had a call back by ten. Much better than the phone.",
        "not critical",
        5,
        (("Access", "appointments", 1), ("Access", "online", 1)),
    ),
    _Plot(
        "Left in pain",
        "I asked three times for something for the pain and was told to be patient.",
        "strongly critical",
        1,
        (("Care", "pain relief", -1), ("Staff", "not listened to", -1)),
    ),
    _Plot(
        "They listened to my son",
        "My son has autism. They dimmed the lights and let him bring his headphones.",
        "not critical",
        5,
        (("Care", "reasonable adjustments", 1), ("Staff", "listened", 1)),
    ),
    _Plot(
        "No interpreter again",
        "My mother needs an interpreter. It is in her notes, and for the third time nobody had booked one.",
        "moderately critical",
        2,
        (("Communication", "interpreter", -1), ("Care", "reasonable adjustments", -1)),
    ),
    _Plot(
        "Parking",
        "The care was good. Finding a place to park took longer than the appointment.",
        "minimally critical",
        3,
        (("Environment", "parking", -1), ("Care", "good care", 1)),
    ),
    _Plot(
        "Clean & calm",
        "The ward was spotless and quiet at night.",
        "not critical",
        5,
        (("Environment", "cleanliness", 1), ("Environment", "quiet", 1)),
    ),
    _Plot(
        "Spoken over, not to",
        "The doctor talked to my daughter as if I was not there. I am 80, not deaf. Ring her on 07700 900461 if you want to know more.",
        "mildly critical",
        2,
        (("Staff", "attitude", -1), ("Staff", "dignity", -1)),
    ),
    _Plot(
        "One team, at last",
        "The hospital, the surgery and the district nurse had all read the same plan. Write to me at visitor@example.org.",
        "not critical",
        5,
        (("Care", "coordination", 1), ("Communication", "information", 1)),
    ),
)
ROLES = (
    "the patient",
    "the patient",
    "the patient",
    "a service user",
    "a relative",
    "a carer",
    "a parent/guardian",
    "a friend",
    "a staff member posting for a patient/service user",
)
AGES = ("16-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+", None)
PROGRESS = (
    ("Story has a response", 1),
    ("Story has a response", 2),
    ("Unread story", 0),
    ("Story heard", 0),
    ("Change planned", 2),
    ("Made change", 3),
)
HOSPITAL_SERVICES = ("100", "110", "180", "300", "430", "501")
"""Treatment function codes, as they follow the site code in Care Opinion's service ids."""
QUESTIONS = ("How likely are you to recommend this service?", "Staff treated me with dignity", "Were you involved in decisions?")


def opinions(count: int, seed: int, last_day: date, base_url: str) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    """Care Opinion opinions, oldest published first, and the tags of each by id (domain: A10)."""
    chance = random.Random(f"care opinion {seed}")
    found, tags = [], {}
    for story_id, submitted in enumerate(_moments(chance, count, last_day), FIRST_STORY):
        plot = chance.choice(PLOTS)
        published = submitted + timedelta(minutes=chance.randrange(20, 60))
        progress, responses = chance.choice(PROGRESS)
        tags[story_id] = [{"name": name, "group": group, "polarity": polarity} for group, name, polarity in plot.tags]
        found.append(
            {
                "id": story_id,
                "author": f"reader{chance.randrange(10, 99)}",
                "authorRoleId": 12,
                "authorRole": chance.choice(ROLES),
                "authorAgeGroup": chance.choice(AGES),
                "submissionRoute": "web",
                "title": plot.title,
                "body": plot.body,
                "criticality": plot.criticality,
                "dateOfSubmission": submitted.isoformat(),
                "progress": progress,
                "dateOfPublication": published.isoformat(timespec="milliseconds"),
                "readBy": [{"name": TRUSTS[0].name, "count": chance.randrange(1, 9)}],
                "source": "co",
                "links": _links(chance, base_url, story_id, plot, responses),
            }
        )
    return found, tags


def _links(chance: random.Random, base_url: str, story_id: int, plot: _Plot, responses: int) -> list[dict[str, Any]]:
    own = f"{base_url}/opinions/{story_id}"
    links: list[dict[str, Any]] = [{"rel": "self", "href": own, "id": str(story_id)}]
    links += [{"rel": rel, "href": f"{own}/{rel}", "id": str(story_id)} for rel in ("responses", "healthservices", "tags")]
    for service in _services(chance):
        score = chance.choice((None, plot.stars))
        links.append({"rel": "healthservice", "href": f"{base_url}/healthservices/{service.lower()}", "id": service, "score": score})
    links += [{"rel": "tag", "href": f"{base_url}/tags/{name.replace(' ', '%20')}", "id": name} for _, name, _ in plot.tags]
    for number in range(responses):
        links.append({"rel": "response", "href": f"{base_url}/responses/{story_id * 10 + number}", "id": str(story_id * 10 + number)})
    return links


def _services(chance: random.Random) -> list[str]:
    """Mostly one service; sometimes a hospital and a practice in one story."""
    trust, practice = chance.choice(TRUSTS).ods_code, chance.choice(PRACTICES).ods_code
    hospital = f"{trust}0{chance.randrange(1, 4)}_{chance.choice(HOSPITAL_SERVICES)}"
    return chance.choice(([hospital], [hospital], [f"{trust}-emergency"], [practice], [practice], [practice, hospital]))


def reviews(count: int, seed: int, last_day: date) -> list[dict[str, Any]]:
    """NHS.uk reviews, oldest first, each as it stands in `comments[]` (domain: A11). Titles are escaped twice, as the source does."""
    chance = random.Random(f"nhs.uk {seed}")
    found = []
    for number, submitted in enumerate(_moments(chance, count, last_day), FIRST_REVIEW):
        plot = chance.choice(PLOTS)
        at_practice = chance.random() < 0.6
        organisation = chance.choice(PRACTICES if at_practice else TRUSTS)
        visit = submitted.date().replace(day=1) - timedelta(days=chance.choice((0, 1)))
        replied = chance.random() < 0.5
        found.append(
            {
                "comment": {
                    "commentId": str(number),
                    "commentRef": f"{number}-1",
                    "responseID": f"{number}R" if replied else None,
                    "odsCode": organisation.ods_code,
                    "commentOriginalURL": f"https://www.nhs.uk/services/reviews/{organisation.ods_code}/{number}",
                    "title": html.escape(html.escape(plot.title)),
                    "commentText": html.escape(plot.body),
                    "dateSubmitted": submitted.isoformat(),
                    "lastUpdated": (submitted + timedelta(days=1)).isoformat(),
                    "sentimentScore": 0,
                    "department": None if at_practice else chance.choice(("Accident and emergency", "Maternity", "Outpatients")),
                    "publisherID": "nhsuk",
                    "publishersCommentRef": f"N{number}",
                    "screenName": f"Reader {chance.randrange(10, 99)}",
                    "status": "published",
                    "removeReportLink": False,
                    "ratings": [{"question": question, "rating": plot.stars} for question in QUESTIONS],
                    "visit": {"month": visit.month, "year": visit.year},
                    "response": _reply(number, submitted + timedelta(days=3)) if replied else None,
                }
            }
        )
    return found


def _reply(number: int, at: datetime) -> dict[str, Any]:
    return {
        "commentId": f"{number}R",
        "commentText": "Thank you for telling us.",
        "dateSubmitted": at.isoformat(),
        "screenName": "Practice manager",
    }


def _moments(chance: random.Random, count: int, last_day: date) -> list[datetime]:
    """That many moments in the 24 months up to the end of `last_day`, in order."""
    end = datetime.combine(last_day, time(22))
    span = MONTHS * 30 * 24 * 60
    return sorted(end - timedelta(minutes=chance.randrange(span), seconds=chance.randrange(60)) for _ in range(count))
