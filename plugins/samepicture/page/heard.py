"""Who is not heard: groups that speak less often than their share of the people, and groups of whom nobody hears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from samepicture.page import words

POPULATIONS = {"registered": "patients registered with a GP", "resident": "residents", "user": "people who used the service"}
GAPS = {
    "no_feedback": "nothing came from it",
    "nobody_known": "it says of nobody which group they belong to",
    "groups_overlap": "its groups overlap, so they have no share",
    "no_population": "how many such people live here, or use the service, is not loaded",
    "too_few": "fewer than 20 people's group is known",
}
DIMENSIONS = {
    "ethnic_2001": "ethnic group",
    "age": "age",
    "gender": "gender",
    "learning_disability": "learning disability",
    "disability": "disability",
    "inclusion": "inclusion health group",
}


@dataclass(frozen=True)
class Group:
    """A group that speaks less than its share."""

    name: str
    dimension: str
    population: str
    heard: Sequence[str]
    """In each source where that is so."""


@dataclass(frozen=True)
class Named:
    """A kind of group, and the names of some of it."""

    dimension: str
    names: str


@dataclass(frozen=True)
class Unknown:
    """A source of which it can't be said whom it leaves out, and why."""

    source: str
    dimension: str
    why: str


@dataclass(frozen=True)
class Place:
    """One place in its latest year with anything heard."""

    name: str
    year: str
    under: Sequence[Group]
    unheard: Sequence[Named]
    withheld: Sequence[Named]
    """Too few spoke in some source for a verdict to be shown: they may be heard too little."""
    unknown: Sequence[Unknown]


def places(rows: pl.DataFrame | None, today: date) -> list[Place] | None:
    """The whole system first; None where there is no such table."""
    if rows is None:
        return None
    found = []
    for part in rows.sort("place_code").partition_by("place_code", maintain_order=True):
        heard = part.filter(pl.col("is_heard_anywhere").fill_null(value=False)) if part["is_heard_anywhere"].any() else part
        found.append(_place(part.filter(pl.col("year_name") == heard["year_name"].max()), today))
    return sorted(found, key=lambda place: (place.name != "The whole system", place.name))


def _place(rows: pl.DataFrame, today: date) -> Place:
    code, name, year, until = rows.select("place_code", "place_name", "year_name", "period_end_date").row(0)
    own = rows.filter(pl.col("group_level_code") == "own")
    unheard = own.filter(~pl.col("is_heard_anywhere"))
    less = rows.filter((pl.col("representation_code") == "under") & ~pl.col("group_code").is_in(unheard["group_code"].implode()))
    said = pl.concat([unheard["group_code"], less["group_code"]])
    withheld = rows.filter(
        pl.col("is_suppressed")
        & pl.col("representation_code").is_null()
        & pl.col("gap_code").is_null()
        & ~pl.col("group_code").is_in(said.implode())
    )
    unknown = (
        own.filter(pl.col("gap_code").is_not_null())
        .sort("source_name", "dimension_code", "gap_code")
        .unique(("source_name", "dimension_code"), keep="first", maintain_order=True)
    )
    return Place(
        name="The whole system" if code == "all" else name or code,
        year=f"{year}{' so far' if until > today else ''}",
        under=[
            _group(part.to_dicts())
            for part in less.sort("representation_index", "source_name").partition_by(
                "dimension_code", "group_code", "denominator_code", maintain_order=True
            )
        ],
        unheard=_named(unheard),
        withheld=_named(withheld),
        unknown=[
            Unknown(row["source_name"], words.plain(row["dimension_code"], DIMENSIONS), words.plain(row["gap_code"], GAPS))
            for row in unknown.iter_rows(named=True)
        ],
    )


def _named(rows: pl.DataFrame) -> list[Named]:
    groups = rows.select("dimension_code", "group_code", "group_name").unique().sort("dimension_code", "group_name")
    return [
        Named(words.plain(part["dimension_code"][0], DIMENSIONS), "; ".join(part["group_name"]))
        for part in groups.partition_by("dimension_code", maintain_order=True)
    ]


def _group(rows: Sequence[dict[str, Any]]) -> Group:
    first = rows[0]
    return Group(
        name=first["group_name"],
        dimension=words.plain(first["dimension_code"], DIMENSIONS),
        population=f"{words.percent(first['population_share'])} of {words.plain(first['denominator_code'], POPULATIONS)}",
        heard=[_heard(row) for row in rows],
    )


def _heard(row: dict[str, Any]) -> str:
    """Of a place no number is published, only that it is less than the group's share."""
    if row["feedback_share"] is None:
        return f"{row['source_name']}: less"
    known = f" (group known for at least {words.percent(row['coverage_tenths'])})" if row["coverage_tenths"] is not None else ""
    return f"{row['source_name']}: {words.percent(row['feedback_share'])}{known}"
