"""What each function's sources say of a theme, side by side; and what is known of it already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from samepicture.page import words
from samepicture.page.reading import QUARTERS

FUNCTIONS = {"nursing": "Nursing", "comms": "Comms", "unknown": "Owner not named"}
"""Whose source it is, as column headings."""
UNDATED = "undated"


@dataclass(frozen=True)
class Heard:
    """What one function's sources hold of a theme in a quarter."""

    total: str
    parts: Sequence[str]
    known: int
    """Of the pieces that may be shown; for the bar."""
    width: int = 0
    """Of the bar, 0 to 100: this theme beside the one that this function hears most."""


@dataclass(frozen=True)
class ThemeRow:
    """A theme in a quarter; the cells in the order of the headings."""

    code: str
    name: str
    cells: Sequence[Heard]
    is_both: bool


@dataclass(frozen=True)
class Quarter:
    """A table: a quarter's themes."""

    key: str
    label: str
    rows: Sequence[ThemeRow]


@dataclass(frozen=True)
class ThemeHistory:
    """A table: a theme's quarters."""

    code: str
    name: str
    rows: Sequence[tuple[str, ThemeRow]]


@dataclass(frozen=True)
class Evidence:
    """Both ways to read it."""

    functions: Sequence[str]
    """Column headings."""
    quarters: Sequence[Quarter]
    """Newest first; what bears no date last."""
    themes: Sequence[ThemeHistory]


@dataclass(frozen=True)
class Known:
    """What is known of a theme already."""

    code: str
    name: str
    since: str
    last: str
    pieces: str
    families: str
    done: str


def key_of(quarter: date | None) -> str:
    """A quarter in a link: 2026-04."""
    return f"{quarter:%Y-%m}" if quarter else UNDATED


def evidence(rows: pl.DataFrame | None) -> Evidence | None:
    """Of one organisation; None where there is no such table."""
    if rows is None:
        return None
    if rows.is_empty():
        return Evidence((), (), ())
    codes = [code for code in FUNCTIONS if code != "unknown" or "unknown" in rows["owner_directorate_code"].unique()]
    newest = rows["quarter_start_date"].drop_nulls().unique().sort(descending=True).head(QUARTERS).to_list()
    cells = _cells(rows)
    names = dict(rows.select("theme_code", "theme_name").unique("theme_code", keep="any").iter_rows())
    present: dict[date | None, set[str]] = {}
    for quarter, theme, _ in cells:
        present.setdefault(quarter, set()).add(theme)
    quarters = [_quarter(quarter, present[quarter], codes, cells, names) for quarter in (*newest, None) if quarter in present]
    return Evidence([FUNCTIONS[code] for code in codes], quarters, _histories(quarters))


def _cells(rows: pl.DataFrame) -> dict[tuple[date | None, str, str], Heard]:
    grouped: dict[tuple[date | None, str, str], list[dict[str, Any]]] = {}
    for row in rows.sort("source_family_code", "organisation_ods_code").iter_rows(named=True):
        grouped.setdefault((row["quarter_start_date"], row["theme_code"], row["owner_directorate_code"]), []).append(row)
    return {key: _heard(found) for key, found in grouped.items()}


def _heard(rows: Sequence[dict[str, Any]]) -> Heard:
    counts = [row["feedback_count"] for row in rows]
    parts = [_part(row, is_alone=len(rows) == 1) for row in rows]
    return Heard(words.together(counts), parts, sum(number or 0 for number in counts))


def _part(row: dict[str, Any], *, is_alone: bool) -> str:
    family = words.plain(row["source_family_code"], words.FAMILIES)
    said = f"from {family}" if is_alone else f"{family}:\u00a0{words.count(row['feedback_count'])}"
    if row["feedback_count"] is not None and row["negative_count"] is not None and row["source_family_code"] != "complaints":
        said += f" ({row['negative_count']:,} critical)"
    if row["organisation_ods_code"] != row["today_ods_code"]:
        said += f", as {words.name(row['organisation_name'], row['organisation_ods_code'])}"
    return said


def _quarter(quarter: date | None, themes: set[str], functions: Sequence[str], cells: dict[Any, Heard], names: dict[str, str]) -> Quarter:
    most = {
        code: max((cells[quarter, theme, code].known for theme in themes if (quarter, theme, code) in cells), default=0)
        for code in functions
    }
    has_sources = {code: any((quarter, theme, code) in cells for theme in themes) for code in functions}
    rows = []
    for theme in themes:
        found = [cells.get((quarter, theme, code)) for code in functions]
        shown = [
            Heard(cell.total, cell.parts, cell.known, round(100 * cell.known / most[code]) if most[code] else 0)
            if cell
            else Heard("none" if has_sources[code] else "nothing came from its sources", (), 0)
            for code, cell in zip(functions, found, strict=True)
        ]
        rows.append(
            (
                ThemeRow(theme, names[theme] or theme, shown, is_both=sum(cell is not None for cell in found[:2]) == 2),
                sum(cell.known for cell in shown),
            )
        )
    rows.sort(key=lambda pair: (not pair[0].is_both, -pair[1], pair[0].name))
    return Quarter(key_of(quarter), words.quarter(quarter) if quarter else "Without a date", [row for row, _ in rows])


def _histories(quarters: Sequence[Quarter]) -> list[ThemeHistory]:
    found: dict[str, list[tuple[str, ThemeRow]]] = {}
    for quarter in quarters:
        for row in quarter.rows:
            found.setdefault(row.code, []).append((quarter.label, row))
    return sorted((ThemeHistory(code, rows[0][1].name, rows) for code, rows in found.items()), key=lambda theme: theme.name)


def known(rows: pl.DataFrame | None) -> list[Known] | None:
    """What is known of each theme at one organisation; None where there is no such table."""
    if rows is None:
        return None
    return [_known(row) for row in rows.sort("theme_name", "theme_code").iter_rows(named=True)] if rows.height else []


def _known(row: dict[str, Any]) -> Known:
    families = [words.plain(code.strip(), words.FAMILIES) for code in (row["source_families"] or "").split(",") if code.strip()]
    return Known(
        code=row["theme_code"],
        name=row["theme_name"],
        since=_quarter_of(row["first_quarter_start_date"]) or "not dated",
        last=_quarter_of(row["last_quarter_start_date"]) or "not dated",
        pieces=words.WITHHELD if row["feedback_count"] is None else f"{row['feedback_count']:,}",
        families=words.capital(words.listed(families)) or "nobody yet",
        done=_done(row),
    )


def _quarter_of(first: date | None) -> str:
    return words.quarter(first) if first else ""


def _done(row: dict[str, Any]) -> str:
    if not row["action_count"]:
        return "Nothing that a log of actions names"
    parts = [
        f"{row[column]:,} {said}"
        for column, said in (("open_action_count", "open"), ("done_action_count", "done"), ("told_back_action_count", "told back"))
        if row[column]
    ]
    told = f", last on {words.day(row['last_told_back_date'])}" if row["last_told_back_date"] else ""
    return f"{words.some(row['action_count'], 'action')}: {', '.join(parts) or 'stopped'}{told}"
