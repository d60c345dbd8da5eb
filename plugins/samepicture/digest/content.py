"""What a digest says. Every figure is one of the page, and links to it there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import polars as pl

from samepicture.digest.comparing import Figures, evidence_of, new_evidence, special_key, special_of
from samepicture.digest.reading import Read
from samepicture.page import words
from samepicture.page.content import Content, content
from samepicture.page.evidence import key_of
from samepicture.page.organisations import Organisation
from samepicture.page.reading import Material
from samepicture.page.rendering import FOLDER, INDEX
from samepicture.page.signals import ORDER

MOST = 10
"""Of one kind; the rest is counted."""
SOON = timedelta(days=28)
FIRST = "This is the first digest here: from the next one on, it says what is new."


@dataclass(frozen=True)
class Item:
    """A sentence, and where on the page it stands."""

    text: str
    path: str


@dataclass(frozen=True)
class Section:
    """Sentences of one kind."""

    title: str
    items: Sequence[Item]
    otherwise: str = "Nothing new."
    """What is said where there are none."""


@dataclass(frozen=True)
class Digest:
    """All that one directorate is told of one week."""

    directorate: str
    week: date
    """Its Monday."""
    made_of: str
    """Of when the figures are."""
    fresh: str
    """What came in the week."""
    chapters: Sequence[tuple[str, Sequence[Section]]]
    figures: Figures
    """To be compared with, by the next."""

    @property
    def title(self) -> str:
        """The subject of the mail."""
        return f"Same Picture: {words.day(self.week)} to {words.day(self.week + timedelta(days=6))}"


def compose(read: Read, directorate: str, week: date, before: Figures | None) -> Digest:
    """What there is to say of a week, beside the figures of the digest before."""
    material = read.material
    said = content(material)
    late = _late_answers(material)
    followed = any(page.signals for page in said.of_organisations)
    figures = Figures(
        evidence_of(material["theme_evidence"]),
        sorted(key for page in said.of_organisations for key in special_of(page.organisation.code, page.signals)),
        {_answer_key(row): row["answered_by_agreed_date_share"] for row in late},
    )
    changed = [
        Section("Themes with most new evidence", _new_evidence(material, said, before), FIRST if before is None else "Nothing new."),
        Section("New special causes", _special(said, before, new=True), FIRST if before is None else "Nothing new."),
        Section(
            "Complaints answered after the agreed day", _answers(late, said, before), "None, in the newest quarter of which it can be said."
        ),
    ]
    special = [
        Section(
            "Measures that changed beyond chance",
            _special(said, before),
            "None: ups and downs are those of chance." if followed else "No measure is followed over time yet.",
        )
    ]
    if read.outside is not None:
        special.append(
            Section(
                "Organisations unlike the others, beyond chance",
                _cut([_outside(each, said) for each in read.outside]),
                "None. Outside is a reason to ask, not a verdict on care.",
            )
        )
    due = [
        Section("Healthwatch recommendations", _recommendations(material), "None is late, or due within four weeks."),
        Section("Actions", _actions(material, said), "None is late, or due within four weeks."),
        Section("Feeds", _feeds(material), "None is late."),
    ]
    return Digest(
        directorate,
        week,
        f"Made of what was published on {words.day(material.today)}, {material.built_at:%H:%M} UTC.",
        _fresh(material, week),
        (("What changed", changed), ("What is special cause", special), ("What is due", due)),
        figures,
    )


def _fresh(material: Material, week: date) -> str:
    feeds = material["feed_health"]
    number = 0 if feeds is None else sum(1 for last in feeds["last_loaded_at"] if last is not None and last.date() >= week)
    if not number:
        return f"Nothing was loaded since {words.day(week)}: the figures are those of before."
    return f"Since {words.day(week)} something of {words.some(number, 'feed')} was loaded."


def _new_evidence(material: Material, said: Content, before: Figures | None) -> list[Item]:
    if before is None:
        return []
    items = []
    for each in new_evidence(material["theme_evidence"], before):
        text = f"{each.theme_name}: at least {each.at_least:,} more pieces of feedback in this quarter and the one before"
        organisation = _find(said, each.most_at)
        path = INDEX + "#organisations"
        if organisation:
            text += f", most of them ({each.most:,}) at {organisation.name}"
            path = f"{FOLDER}/{organisation.file_name}?{urlencode({'period': 'all', 'theme': each.theme_code})}#evidence"
        items.append(Item(f"{text}.", path))
    return _cut(items)


def _special(said: Content, before: Figures | None, *, new: bool = False) -> list[Item]:
    if new and before is None:
        return []
    known = set(before.special) if before is not None else set()
    found = [
        (ORDER.index(signal.variation_code), page.organisation.name, signal.title, page.organisation, signal)
        for page in said.of_organisations
        for signal in page.signals or ()
        if signal.variation_code not in (None, "common_cause") and not (new and special_key(page.organisation.code, signal) in known)
    ]
    return _cut(
        [
            Item(f"{name}, {title}: {words.capital(signal.verdict)}. {signal.latest}.", f"{FOLDER}/{organisation.file_name}#signals")
            for _, name, title, organisation, signal in sorted(found, key=lambda each: each[:3])
        ]
    )


def _late_answers(material: Material) -> list[dict[str, Any]]:
    """Rows of published.complaint_timeliness of the newest quarter of each organisation that has some that can be judged; lowest share first."""
    rows = material["complaint_timeliness"]
    if rows is None or rows.is_empty():
        return []
    judged = rows.filter((pl.col("answered_by_agreed_date_decided_count") > 0) & (pl.col("answered_by_agreed_date_share").is_not_null()))
    newest = judged.sort("quarter_start_date").unique("organisation_ods_code", keep="last", maintain_order=True)
    last = rows["quarter_start_date"].max()
    recent = newest.filter(pl.col("quarter_start_date") >= last - timedelta(days=190))  # type: ignore[operator]
    return recent.sort("answered_by_agreed_date_share", "organisation_ods_code").to_dicts()


def _answer_key(row: dict[str, Any]) -> str:
    return f"{row['organisation_ods_code']}|{row['quarter_start_date']}"


def _answers(late: Sequence[dict[str, Any]], said: Content, before: Figures | None) -> list[Item]:
    items = []
    for row in late:
        share = row["answered_by_agreed_date_share"]
        if share >= 1:
            continue
        then = before.answered.get(_answer_key(row)) if before is not None else None
        was = (
            f" ({words.percent(1 - then)} in the digest before)" if then is not None and words.percent(then) != words.percent(share) else ""
        )
        code = row["current_ods_code"] or row["organisation_ods_code"]
        name = words.name(row["organisation_name"], row["organisation_ods_code"])
        text = (
            f"{name}: {words.percent(1 - share)} of {row['answered_by_agreed_date_decided_count']:,} complaints of "
            f"{words.quarter(row['quarter_start_date'])}{was}."
        )
        items.append(
            Item(text, _page_of(said, code, f"?{urlencode({'period': key_of(row['quarter_start_date']), 'theme': 'all'})}#complaints"))
        )
    return _cut(items)


def _outside(each: Any, said: Content) -> Item:
    name = words.name(each.organisation_name, each.organisation_ods_code)
    return Item(
        f"{name}: {'above' if each.is_above else 'below'} the others. {each.metric_name}.", _page_of(said, each.organisation_ods_code)
    )


def _recommendations(material: Material) -> list[Item]:
    rows = _late_or_soon(material, "recommendations", "due")
    return _cut(
        [
            Item(
                f"{_standing(row)}: recommendation {row['recommendation_number'] or ''} of ‘{row['report_title'] or 'a report'}’, "
                f"{row['local_healthwatch_name'] or 'Healthwatch'}, to {row['addressee_name'] or 'nobody named'}.".replace("  ", " "),
                f"{INDEX}#recommendations",
            )
            for row in rows
        ]
    )


def _actions(material: Material, said: Content) -> list[Item]:
    return _cut(
        [
            Item(
                f"{_standing(row)}: ‘{row['title'] or 'an action without a title'}’, {words.name(row['organisation_name'], row['organisation_ods_code'])}, "
                f"{row['owner_role'] or 'no owner named'}.",
                _page_of(said, row["current_ods_code"] or row["organisation_ods_code"], "#promises"),
            )
            for row in _late_or_soon(material, "loop_closure", "open")
        ]
    )


def _feeds(material: Material) -> list[Item]:
    feeds = material["feed_health"]
    if feeds is None:
        return []
    late = feeds.filter(pl.col("is_late") & pl.col("is_active")).sort("feed_name")
    return _cut(
        [
            Item(
                f"Late: {row['feed_name']}, from {row['publisher_name']}, read by {row['owner_directorate_code']}, "
                f"{'last loaded on ' + words.day(row['last_loaded_at'].date()) if row['last_loaded_at'] else 'never loaded'}.",
                f"{INDEX}#missing",
            )
            for row in late.iter_rows(named=True)
        ]
    )


def _late_or_soon(material: Material, table: str, soon: str) -> Iterator[dict[str, Any]]:
    """Rows that are late, the longest overdue first; then those that are due soon."""
    rows = material[table]
    if rows is None or rows.is_empty():
        return iter(())
    wanted = rows.filter(
        (pl.col("status_code") == "late") | ((pl.col("status_code") == soon) & (pl.col("due_date") <= material.today + SOON))
    )
    return wanted.sort("due_date", *(name for name in ("recommendation_id", "action_key") if name in rows.columns)).iter_rows(named=True)


def _standing(row: dict[str, Any]) -> str:
    day = words.day(row["due_date"])
    return (f"Late since {day}" if day else "Late") if row["status_code"] == "late" else f"Due on {day}"


def _find(said: Content, code: str) -> Organisation | None:
    return next((each for each in said.everybody if each.code == code), None)


def _page_of(said: Content, code: str, rest: str = "") -> str:
    organisation = _find(said, code)
    return f"{FOLDER}/{organisation.file_name}{rest}" if organisation else INDEX


def _cut(items: Sequence[Item]) -> list[Item]:
    if len(items) <= MOST:
        return list(items)
    return [*items[:MOST], Item(f"And {len(items) - MOST:,} more.", INDEX)]
