"""What is new since the digest before: it kept what it was made of, published figures alone.

A difference of 1 to 4 is withheld, as such a count is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from samepicture.page.signals import Signal

FEW = 5
"""Fewer are not told (dbt/macros/suppression.sql)."""
QUARTERS = 2
"""Evidence of this quarter and the one before is compared."""
CELL = ("theme_code", "today_ods_code", "organisation_ods_code", "quarter_start_date", "source_family_code", "owner_directorate_code")


@dataclass(frozen=True)
class Figures:
    """What a digest was made of. A count or share that is withheld is None."""

    evidence: Mapping[str, int | None]
    """By cell of published.theme_evidence."""
    special: Sequence[str]
    """Special causes that there were."""
    answered: Mapping[str, float | None]
    """Share of complaints answered by the agreed day, by organisation and quarter."""

    def as_json(self) -> str:
        """To be kept."""
        return json.dumps({"evidence": self.evidence, "special": self.special, "answered": self.answered})

    @classmethod
    def from_json(cls, text: str) -> Figures:
        """What was kept."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class NewEvidence:
    """Of one theme."""

    theme_code: str
    theme_name: str
    at_least: int
    most_at: str
    """The code of the organisation with the most of it; empty where that is too few to tell."""
    most: int


def evidence_of(rows: pl.DataFrame | None) -> dict[str, int | None]:
    """The cells of the newest quarters."""
    if rows is None or rows.is_empty():
        return {}
    return {_key(row): row["feedback_count"] for row in _newest(rows).iter_rows(named=True)}


def special_of(organisation: str, signals: Sequence[Signal] | None) -> list[str]:
    """A key for each special cause; it stays the same as long as the measure lies on that side."""
    return [special_key(organisation, signal) for signal in signals or () if signal.variation_code not in (None, "common_cause")]


def special_key(organisation: str, signal: Signal) -> str:
    """Of one of them."""
    return f"{organisation}|{signal.title}|{signal.variation_code}"


def new_evidence(rows: pl.DataFrame | None, before: Figures) -> list[NewEvidence]:
    """Themes with the most new evidence first; none where the new pieces are few.

    A cell counts by what it gained, or whole where it was not there; one that was withheld does
    not count, for what it gained can't be said.
    """
    if rows is None or rows.is_empty():
        return []
    gained = [
        (row["theme_code"], row["theme_name"], row["today_ods_code"], gain)
        for row in _newest(rows).iter_rows(named=True)
        if (gain := _gain(row["feedback_count"], _key(row), before)) > 0
    ]
    if not gained:
        return []
    of_theme: dict[str, list[tuple[str, str, str, int]]] = {}
    for each in gained:
        of_theme.setdefault(each[0], []).append(each)
    found = [_of_theme(each) for each in of_theme.values()]
    return sorted((each for each in found if each.at_least >= FEW), key=lambda each: (-each.at_least, each.theme_name))


def _of_theme(gained: Sequence[tuple[str, str, str, int]]) -> NewEvidence:
    by_organisation: dict[str, int] = {}
    for _, _, organisation, gain in gained:
        by_organisation[organisation] = by_organisation.get(organisation, 0) + gain
    most_at, most = max(by_organisation.items(), key=lambda item: (item[1], item[0]))
    code, name = gained[0][:2]
    shown = most >= FEW
    return NewEvidence(code, name, sum(by_organisation.values()), most_at if shown else "", most if shown else 0)


def _gain(now: int | None, key: str, before: Figures) -> int:
    if now is None:
        return 0
    if key not in before.evidence:
        return now
    then = before.evidence[key]
    return now - then if then is not None else 0


def _newest(rows: pl.DataFrame) -> pl.DataFrame:
    with_today = rows.with_columns(pl.coalesce("current_ods_code", "organisation_ods_code").alias("today_ods_code"))
    newest = rows["quarter_start_date"].drop_nulls().unique().sort(descending=True).head(QUARTERS)
    return with_today.filter(pl.col("quarter_start_date").is_in(newest.implode()))


def _key(row: Mapping[str, Any]) -> str:
    return "|".join(str(row[column]) for column in CELL)
