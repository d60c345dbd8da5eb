"""Who is not heard: groups that speak less often than their share of the people, and groups of whom nobody hears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
DIMENSIONS = {"ethnic_2001": "ethnic group", "age": "age", "gender": "gender", "learning_disability": "learning disability", "disability": "disability", "inclusion": "inclusion health group"}


@dataclass(frozen=True)
class Group:
    """A group that speaks less than its share in one source."""

    name: str
    dimension: str
    source: str
    share: str
    population: str
    times: str
    coverage: str


@dataclass(frozen=True)
class Unheard:
    """A kind of group, and those of it that no source heard."""

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
    until: str
    under: Sequence[Group]
    unheard: Sequence[Unheard]
    unknown: Sequence[Unknown]


def places(rows: pl.DataFrame | None) -> list[Place] | None:
    """The whole system first; None where there is no such table."""
    if rows is None:
        return None
    found = []
    for part in rows.sort("place_code").partition_by("place_code", maintain_order=True):
        heard = part.filter(pl.col("is_heard_anywhere").fill_null(value=False)) if part["is_heard_anywhere"].any() else part
        found.append(_place(part.filter(pl.col("year_name") == heard["year_name"].max())))
    return sorted(found, key=lambda place: (place.name != "The whole system", place.name))


def _place(rows: pl.DataFrame) -> Place:
    code, year, until = rows.select("place_code", "year_name", "period_end_date").row(0)
    own = rows.filter(pl.col("group_level_code") == "own")
    under = rows.filter(pl.col("representation_code") == "under").sort("representation_index", "source_name", "group_name")
    unheard = own.filter(~pl.col("is_heard_anywhere")).select("dimension_code", "group_name").unique().sort("dimension_code", "group_name")
    unknown = own.filter(pl.col("gap_code").is_not_null()).select("source_name", "dimension_code", "gap_code").unique().sort("source_name", "dimension_code", "gap_code")
    return Place(
        name="The whole system" if code == "all" else words.capital(code.replace("_", " ")),
        year=year,
        until=words.day(until),
        under=[
            Group(
                name=row["group_name"],
                dimension=words.plain(row["dimension_code"], DIMENSIONS),
                source=row["source_name"],
                share=words.percent(row["feedback_share"]),
                population=f"{words.percent(row['population_share'])} of {words.plain(row['denominator_code'], POPULATIONS)}",
                times=_times(row["representation_index"]),
                coverage=f"{words.percent(row['coverage'])} known",
            )
            for row in under.iter_rows(named=True)
        ],
        unheard=[
            Unheard(words.plain(part["dimension_code"][0], DIMENSIONS), words.listed(part["group_name"].to_list()))
            for part in unheard.partition_by("dimension_code", maintain_order=True)
        ],
        unknown=[
            Unknown(row["source_name"], words.plain(row["dimension_code"], DIMENSIONS), words.plain(row["gap_code"], GAPS))
            for row in unknown.unique(("source_name", "dimension_code"), keep="first", maintain_order=True).iter_rows(named=True)
        ],
    )


def _times(index: float | None) -> str:
    if index is None:
        return words.WITHHELD_WITH
    return "not at all" if index == 0 else f"{index:.1f} times their share"
