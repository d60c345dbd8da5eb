"""Is this month's change real? Control charts as NHS England's Making Data Count reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from samepicture.page import words

POINTS_MIN = 13
"""Fewer months give no verdict (marts.spc)."""
WHY = {
    "outside_limits": "the month lies outside the limits that it usually stays within",
    "trend": "7 months in a row went in one direction",
    "two_of_three": "2 of 3 months in a row lie close to a limit, on the same side",
    "one_side": "7 months in a row lie on the same side of the average",
}
VERDICTS = {
    "concern": ("Change for the worse", "unlikely to be chance"),
    "improvement": ("Change for the better", "unlikely to be chance"),
    "neutral_high": ("Higher than usual", "unlikely to be chance; higher is neither better nor worse"),
    "neutral_low": ("Lower than usual", "unlikely to be chance; lower is neither better nor worse"),
    "common_cause": ("No real change", "ups and downs of this size are chance"),
}
ASSURANCES = {
    "pass": ("P", "Keeps to the better side of its target of {target}, as it goes now"),
    "fail": ("F", "Does not reach its target of {target}, as it goes now"),
    "inconsistent": ("?", "Meets its target of {target} in some months and misses it in others, by chance"),
}
"""Letter of the sign, and a sentence."""
ORDER = ("concern", "improvement", "neutral_high", "neutral_low", "common_cause", None)
"""What asks for attention first."""
KINDS = {"concern": "Worse", "improvement": "Better", "neutral_high": "Unusual", "neutral_low": "Unusual"}
USUAL, WITHHELD_POINT = "Usual variation", "Withheld"


@dataclass(frozen=True)
class Point:
    """A month; None where it is withheld."""

    month: str
    iso: str
    value: float | None
    mean: float | None
    lower: float | None
    upper: float | None
    target: float | None
    kind: str
    shown: str
    """The value in words."""


@dataclass(frozen=True)
class Signal:
    """One measure of one organisation and setting, over time."""

    title: str
    owner: str
    variation_code: str | None
    direction: str
    """H or L, of the icon; empty for common cause."""
    verdict: str
    sentence: str
    assurance: str
    """P, F or ?, of the sign; empty without a target."""
    assured: str
    """The same as a sentence."""
    notes: Sequence[str]
    latest: str
    usual: str
    """Between which limits it usually lies; empty where they are withheld."""
    points: Sequence[Point]
    is_share: bool
    description: str
    """Of the chart, for who can't see it."""

    @property
    def is_drawn(self) -> bool:
        """Enough months are shown for a chart."""
        return sum(point.value is not None for point in self.points) >= POINTS_MIN

    @property
    def is_early(self) -> bool:
        """There is no verdict yet."""
        return self.variation_code is None


def signals(rows: pl.DataFrame | None) -> list[Signal] | None:
    """Of one organisation; what asks for attention first. None where there is no such table."""
    if rows is None:
        return None
    if rows.is_empty():
        return []
    series = rows.sort("month_start_date").partition_by("metric_code", "setting_code", "organisation_ods_code", maintain_order=True)
    found = [_signal(each.to_dicts()) for each in series]
    return sorted(found, key=lambda signal: (ORDER.index(signal.variation_code), signal.title))


def _signal(rows: Sequence[dict[str, Any]]) -> Signal:
    latest = rows[-1]
    is_share = latest["unit_code"] == "proportion"
    setting = words.plain(latest["setting_code"], words.SETTINGS)
    title = words.plain(latest["metric_code"], words.METRICS) if latest["metric_code"] in words.METRICS else latest["metric_name"]
    title += f", {setting}" if setting else ""
    if latest["organisation_ods_code"] != latest["today_ods_code"]:
        title += f", as {words.name(latest['organisation_name'], latest['organisation_ods_code'])}"
    points = [_point(row, is_share=is_share) for row in rows]
    variation = latest["variation_code"]
    verdict, sentence = _verdict(latest, len(rows))
    withheld = sum(point.value is None for point in points)
    assurance, assured = ASSURANCES.get(latest["assurance_code"] or "", ("", ""))
    usual = ""
    if latest["lower_limit"] is not None and len(rows) >= POINTS_MIN:
        usual = f"{_said(_cut(latest['lower_limit'], is_share=is_share), is_share=is_share)} to {_said(_cut(latest['upper_limit'], is_share=is_share), is_share=is_share)}"
    shown = [point for point in points if point.value is not None]
    return Signal(
        title=title,
        owner=latest["owner_directorate_code"] or "",
        variation_code=variation,
        direction=_direction(latest),
        verdict=verdict,
        sentence=sentence,
        assurance=assurance,
        assured=assured.format(target=_said(latest["target_value"], is_share=is_share)),
        notes=[*_phases(rows), *_withheld(withheld, len(points))],
        latest=f"{points[-1].month}: {points[-1].shown}",
        usual=usual,
        points=points,
        is_share=is_share,
        description=f"{title}, {points[0].month} to {points[-1].month}. {verdict}. "
        + (f"Latest shown: {shown[-1].month}, {shown[-1].shown}. " if shown else "")
        + (f"It usually lies between {usual}. " if usual else "")
        + "All values are in the table below the chart.",
    )


def _point(row: dict[str, Any], *, is_share: bool) -> Point:
    value = row["value"]
    return Point(
        month=words.month(row["month_start_date"]),
        iso=row["month_start_date"].isoformat(),
        value=value,
        mean=row["mean_value"],
        lower=_cut(row["lower_limit"], is_share=is_share),
        upper=_cut(row["upper_limit"], is_share=is_share),
        target=row["target_value"],
        kind=KINDS.get(row["variation_code"] or "", USUAL) if value is not None else WITHHELD_POINT,
        shown=_said(value, is_share=is_share) if value is not None else words.WITHHELD,
    )


def _cut(limit: float | None, *, is_share: bool) -> float | None:
    """A limit beyond what can be is drawn where it ends: below 0, or above 100%."""
    if limit is None:
        return None
    return min(max(limit, 0.0), 1.0) if is_share else max(limit, 0.0)


def _said(value: float | None, *, is_share: bool) -> str:
    if value is None:
        return words.WITHHELD
    return f"{100 * value:.1f}%" if is_share else f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _verdict(latest: dict[str, Any], months: int) -> tuple[str, str]:
    variation = latest["variation_code"]
    if variation is None:
        return "Too early to say", f"{words.some(months, 'month')} so far; {POINTS_MIN} are needed before a change can be told from chance."
    verdict, sentence = VERDICTS[variation]
    why = WHY.get(latest["special_cause_code"] or "")
    return verdict, words.capital(f"{sentence}: {why}." if why else f"{sentence}.")


def _direction(latest: dict[str, Any]) -> str:
    variation, better = latest["variation_code"], latest["improvement_direction_code"]
    if variation in ("neutral_high", "neutral_low"):
        return "H" if variation == "neutral_high" else "L"
    if variation not in ("concern", "improvement") or better not in ("up", "down"):
        return ""
    return "H" if (variation == "improvement") == (better == "up") else "L"


def _phases(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Where average and limits begin anew, because somebody declared it, and why."""
    begun = {row["phase_start_date"]: row["phase_reason"] for row in rows if row["phase_start_date"]}
    return [
        f"Average and limits begin anew in {words.month(first)}: {reason or 'no reason given'}." for first, reason in sorted(begun.items())
    ]


def _withheld(withheld: int, months: int) -> list[str]:
    notes = []
    if withheld:
        notes.append(
            f"{withheld} of {months} months are withheld, because fewer than 5 people stand behind them or behind a month of the same quarter. "
            "Average and limits go with them, for the months could be worked out from these."
        )
    return notes
