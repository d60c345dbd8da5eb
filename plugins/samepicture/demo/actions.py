"""Invents the log of improvement actions, in this project's own CSV template: they answer the invented reports and activities."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from datetime import date, timedelta

from samepicture.demo.cases import LAST_DAY
from samepicture.demo.healthwatch import Report, reports
from samepicture.demo.ics import ICB, TRUSTS

HEADER = (
    "Action number",
    "Organisation code",
    "Title of action",
    "What people said",
    "What we did",
    "Themes answered",
    "Kind of change",
    "Owner (role or team)",
    "Name of owner",
    "Recommendations answered",
    "Activities answered",
    "Heard also in",
    "Agreed on",
    "Due by",
    "Done on",
    "Status",
    "Date told back",
    "How told back",
    "Measured again on",
    "What was found",
)
IDEAS = (
    ("T08; T02", "Information", "Leaflet on going home", "Nobody told us when we could go home.", "Discharge lead"),
    ("T01", "System", "Phone lines open earlier", "Nobody gets through on the phone at eight in the morning.", "Outpatient team"),
    ("T09", "Physical", "Chairs with arms in the clinic", "The chairs are too low to get up from.", "Estates"),
    ("T11; T03", "Relational", "Families train the ward", "Families know the person and are not asked.", "Ward managers' forum"),
    (
        "T16; T02",
        "Information",
        "Interpreter booked with the appointment",
        "Letters come in English only, and too late.",
        "Primary care team",
    ),
    ("T04", "Relational", "Reception staff learn from complaints", "It depends on who is at the desk.", "Front of house"),
    ("T12", "System", "Later bus to the clinic", "The last bus leaves before the clinic ends.", "Transport group"),
    ("T06; T09", "Physical", "Hot meal after six", "Whoever comes in late gets a sandwich.", "Catering"),
)
CHANNELS = ("Letter", "E-mail", "Event", "Website", "In person")
DONE, ONGOING, STOPPED = "Done", "In progress", "Stopped"


def actions_csv(seed: int = 1, rows: int = 60, last_day: date = LAST_DAY) -> bytes:
    """The whole log up to `last_day`; three rows are bad: done before it was agreed, no title, an owner by name."""
    chance = random.Random(f"{seed}-actions")
    made = list(_actions(chance, rows, last_day))
    early, untitled, named = made[4], made[9], made[14]
    early["Done on"], early["Status"] = _written(date.fromisoformat("2024-01-02")), DONE
    untitled["Title of action"] = ""
    named["Owner (role or team)"] = "Dr Invented"
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, HEADER, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(made)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _actions(chance: random.Random, rows: int, last_day: date) -> Iterator[dict[str, str]]:
    old = [report for report in reports(last_day=last_day) if report.published < last_day - timedelta(days=60)]
    codes = {organisation.name: organisation.ods_code for organisation in (*TRUSTS, ICB)}
    for number in range(1, rows + 1):
        themes, kind, title, said, owner = chance.choice(IDEAS)
        report = chance.choice(old) if number % 2 else None
        organisation = codes.get(report.provider, ICB.ods_code) if report else chance.choice(list(codes.values()))
        first = report.published if report else last_day - timedelta(days=700)
        agreed = first + timedelta(days=chance.randrange(10, 50 if report else 600))
        due = agreed + timedelta(days=chance.choice((60, 90, 180)))
        done = agreed + timedelta(days=chance.randrange(20, 260))
        is_stopped = chance.random() < 0.1
        is_done = not is_stopped and done <= last_day
        told = (done if is_done else agreed) + timedelta(days=chance.randrange(5, 100))
        is_told = (is_done or is_stopped) and chance.random() < 0.5 and told <= last_day
        again = done + timedelta(days=120)
        is_measured = is_done and again <= last_day and chance.random() < 0.4
        yield {
            "Action number": f"A{number:03d}",
            "Organisation code": organisation,
            "Title of action": title,
            "What people said": said,
            "What we did": f"{title}, in use." if is_done else f"{title}: begun.",
            "Themes answered": themes,
            "Kind of change": kind,
            "Owner (role or team)": owner,
            "Name of owner": "",
            "Recommendations answered": _recommendation(report, chance) if report else "",
            "Activities answered": "",
            "Heard also in": chance.choice(("Complaints", "Complaints; Stories", "Surveys", "Engagement", "")),
            "Agreed on": _written(agreed),
            "Due by": _written(due),
            "Done on": _written(done) if is_done else "",
            "Status": DONE if is_done else STOPPED if is_stopped else ONGOING,
            "Date told back": _written(told) if is_told else "",
            "How told back": chance.choice(CHANNELS) if is_told and chance.random() < 0.9 else "",
            "Measured again on": _written(again) if is_measured else "",
            "What was found": chance.choice(("Improved", "Improved", "Unchanged", "Worse")) if is_measured else "",
        }


def _recommendation(report: Report, chance: random.Random) -> str:
    """The report's address as somebody copies it, and the number of one of its recommendations."""
    site = report.healthwatch.lower().replace(" ", "")
    return f"https://{site}.example{report.path}#{chance.randrange(1, len(report.topic.asks) + 1)}"


def _written(day: date) -> str:
    return f"{day:%d/%m/%Y}"
