"""How codes, numbers and days are said to people who are no analysts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

WITHHELD = "withheld"
"""A number of fewer than 5 people, or one that would give such a number away: the tables do not tell which."""

FAMILIES = {
    "complaints": "complaints and PALS",
    "stories": "stories and reviews",
    "surveys": "surveys",
    "healthwatch": "Healthwatch",
    "engagement": "engagement",
    "staff": "staff",
    "safety": "safety",
    "inspection": "inspections",
}
SETTINGS = {
    "inpatient": "inpatients and day cases",
    "outpatient": "outpatients",
    "ae": "A&E",
    "ambulance": "ambulance and patient transport",
    "community": "community services",
    "mental_health": "mental health",
    "maternity": "maternity",
    "maternity_antenatal": "maternity, before birth",
    "maternity_birth": "maternity, birth",
    "maternity_postnatal_ward": "maternity, ward after birth",
    "maternity_postnatal_community": "maternity, at home after birth",
    "gp": "general practice",
    "dental": "dentists",
    "all": "",
}
METRICS = {
    "complaints_new": "New complaints each month",
    "complaints_acknowledged_in_time": "Complaints acknowledged within 3 working days",
    "fft_positive": "Friends and Family Test: good experience",
    "stories_negative": "Critical stories and reviews each month",
}
PUBLISHERS = {
    "care_opinion": "Care Opinion",
    "nhsuk": "NHS.uk",
    "phso": "Parliamentary and Health Service Ombudsman",
    "lgsco": "Local Government and Social Care Ombudsman",
}
CHANNELS = {
    "in_person": "in person",
    "email": "by email",
    "letter": "by letter",
    "website": "on the website",
    "event": "at an event",
    "phone": "by phone",
    "text": "by text message",
    "social_media": "on social media",
}
MONTHS = "January February March April May June July August September October November December".split()
SMALL_WORDS = {"and", "of", "the", "for", "in", "on", "at", "with", "by", "to", "upon", "under"}
CAPITALS = {"NHS", "GP", "ICB", "PCN", "CIC", "HMP", "UK", "II", "III", "IV"}


def plain(code: str | None, known: dict[str, str]) -> str:
    """A code in words; one that nobody foresaw as it is, without its underscores."""
    return known.get(code or "", (code or "").replace("_", " "))


def day(value: date | None) -> str:
    """1 July 2026, the day not parted from its month; nothing for None."""
    return f"{value.day}\u00a0{MONTHS[value.month - 1]} {value.year}" if value else ""


def month(value: date) -> str:
    """July 2026."""
    return f"{MONTHS[value.month - 1]} {value.year}"


def quarter(first: date) -> str:
    """April to June 2026, of a quarter's first day."""
    return f"{MONTHS[first.month - 1]} to {MONTHS[first.month + 1]} {first.year}"


def quarter_of(value: date) -> date:
    """The first day of the quarter in which a day lies."""
    return value.replace(month=value.month - (value.month - 1) % 3, day=1)


def percent(share: float | None) -> str:
    """45%, of a share from 0 to 1; None is withheld."""
    return WITHHELD if share is None else f"{100 * share:.0f}%"


def count(value: int | None) -> str:
    """1,234; None is withheld."""
    return WITHHELD if value is None else f"{value:,}"


def together(counts: Sequence[int | None]) -> str:
    """The sum of counts, of which some may be withheld."""
    shown = [number for number in counts if number is not None]
    if not shown:
        return WITHHELD
    return f"{sum(shown):,}" + (" and more, withheld" if len(shown) < len(counts) else "")


def some(number: int, one: str, many: str = "") -> str:
    """1 promise, 2 promises."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(items: Iterable[str]) -> str:
    """A, B and C."""
    found = list(items)
    return " and ".join(part for part in (", ".join(found[:-1]), *found[-1:]) if part)


def capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def name(text: str | None, code: str) -> str:
    """An organisation's name as people write it: the registers shout. Without a name, its code."""
    if not text:
        return f"Organisation {code} (name not known)"
    if text != text.upper():
        return text
    words = re.split(r"(\s+|[-/(])", text)
    return capital(
        "".join(word if word in CAPITALS else word.lower() if word.lower() in SMALL_WORDS else word.capitalize() for word in words)
    )


def link(url: Any) -> str:
    """An address of the web, or nothing: a text of somebody else's may be any scheme."""
    try:
        parts = urlsplit(str(url or ""))
    except ValueError:
        return ""
    return str(url) if parts.scheme in ("http", "https") and parts.hostname else ""
