"""Invents decisions of the Parliamentary and Health Service Ombudsman, one JSON object a line, as they are harvested."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta

from samepicture.demo.cases import LAST_DAY
from samepicture.demo.ics import TRUSTS

OUTCOMES = ("Upheld", "Partly upheld", "Not upheld", "Closed after initial enquiries")
ABOUT = (
    "nobody said when her father would go home",
    "his medicines were late",
    "the wait for the operation",
    "how staff spoke to her mother",
    "notes that went from one service to the next without her",
)


def decisions_jsonl(seed: int = 1, rows: int = 24, last_day: date = LAST_DAY) -> bytes:
    """`rows` decisions of the last two years; some are on a provider that is not named, and the last has no date."""
    chance = random.Random(f"{seed}-ombudsman")
    lines = []
    for number in range(1, rows + 1):
        outcomes = chance.choices(OUTCOMES, weights=(2, 3, 3, 6), k=1) * chance.choice((1, 1, 2, 3))
        if len(outcomes) == 3 and outcomes[0] != OUTCOMES[3]:
            outcomes[2] = "Not upheld"
        organisation = chance.choice([*(trust.name for trust in TRUSTS), "An independent provider in the Northmoor area"])
        reference = f"P-99{number:04d}"
        is_report = outcomes[0] != OUTCOMES[3]
        words = f"The Complaint:\n1. Mrs A complains about {chance.choice(ABOUT)}.\n\nOur Decision:\n2. {outcomes[0]}: we give our reasons below."
        if outcomes[0] in OUTCOMES[:2]:
            words += "\n\nRecommendations:\n9. The organisation should apologise, and say what it will change."
        day = last_day - timedelta(days=chance.randrange(1, 720))
        lines.append(
            {
                "_id": f"UK/PHSO/{reference}",
                "title": f"{reference} - {organisation}",
                "text": words,
                "date": None if number == rows else day.isoformat(),
                "url": f"https://decisions.ombudsman.example/decision/{number}",
                "complaint_type": "",
                "organisation": organisation,
                "outcome": "; ".join(outcomes),
                "decision_type": "Report" if is_report else "Assessment",
                "case_reference": reference,
            }
        )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
