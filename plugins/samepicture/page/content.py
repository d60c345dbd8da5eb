"""What each page says: every section of the whole system, and of one organisation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from samepicture.page import glance, words
from samepicture.page.complaints import Finding, Row, ended, findings, in_time
from samepicture.page.coverage import Coverage, coverage
from samepicture.page.evidence import UNDATED, Evidence, Known, evidence, key_of, known
from samepicture.page.heard import Place, places
from samepicture.page.organisations import Organisation, Slices, organisations, slices
from samepicture.page.promises import (
    Activity,
    Promise,
    Recommendation,
    activities,
    addressed_to,
    promises,
    recommendations,
)
from samepicture.page.reading import QUARTERS, Material
from samepicture.page.signals import Signal, signals
from samepicture.page.stories import Story, stories
from samepicture.page.texts import TextQuarter, texts


@dataclass(frozen=True)
class Choices:
    """Periods, newest first, and themes, by name: each its value in a link, and its text."""

    periods: Sequence[tuple[str, str]]
    themes: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class OrganisationPage:
    """Sections of one organisation; None where what a section is made of is not published."""

    organisation: Organisation
    glance: Sequence[str]
    evidence: Evidence | None
    signals: Sequence[Signal] | None
    in_time: Sequence[Row] | None
    ended: Sequence[Row] | None
    findings: Sequence[Finding] | None
    stories: Sequence[Story] | None
    texts: Sequence[TextQuarter] | None
    known: Sequence[Known] | None
    promises: Sequence[Promise] | None
    recommendations: Sequence[Recommendation] | None
    activities: Sequence[Activity] | None
    coverage: Coverage

    @property
    def choices(self) -> Choices:
        """Of what this page has."""
        quarters = {quarter.key: quarter.label for quarter in self.evidence.quarters} if self.evidence else {}
        quarters |= {quarter.key: quarter.label for quarter in self.texts or ()}
        themes = {theme.code: theme.name for theme in self.evidence.themes} if self.evidence else {}
        themes |= {each.code: each.name for each in self.known or ()}
        themes |= {found.code: found.name for quarter in self.texts or () for found in quarter.rows}
        newest_first = sorted(quarters.items(), key=lambda item: (item[0] != UNDATED, item[0]), reverse=True)
        return Choices(newest_first, sorted(themes.items(), key=lambda item: item[1]))


@dataclass(frozen=True)
class InShort:
    """An organisation on the page of the whole system."""

    organisation: Organisation
    changed: str
    promised: str


@dataclass(frozen=True)
class SystemPage:
    """Sections of the whole system."""

    glance: Sequence[str]
    telling: Sequence[InShort]
    others: Sequence[Organisation]
    """Of whom there is nothing to say in short."""
    places: Sequence[Place] | None
    recommendations: Sequence[Recommendation] | None
    coverage: Coverage
    choices: Choices


@dataclass(frozen=True)
class Content:
    """All pages."""

    everybody: Sequence[Organisation]
    system: SystemPage
    of_organisations: Sequence[OrganisationPage]


def content(material: Material) -> Content:
    """What there is to say of what was read."""
    everybody = organisations(material)
    cut = slices(material)
    told = stories(material["consented_story"], _known_as(cut, everybody))
    names = {each.name.lower() for each in everybody}
    pages = [
        _of_organisation(material, cut, each, told[each.code] if told is not None else None, names - {each.name.lower()})
        for each in everybody
    ]
    return Content(everybody, _of_system(material, pages), pages)


def _of_organisation(
    material: Material, cut: Slices, organisation: Organisation, told: Sequence[Story] | None, others: Collection[str]
) -> OrganisationPage:
    code = organisation.code
    heard, moves, promised = (
        evidence(cut.of("theme_evidence", code)),
        signals(cut.of("spc", code)),
        promises(cut.of("loop_closure", code)),
    )
    recommended = recommendations(addressed_to(material["recommendations"], [organisation.name]))
    covered = coverage(material["feed_health"], material["answer_coverage"], others)
    return OrganisationPage(
        organisation=organisation,
        glance=[
            *glance.of_evidence(heard),
            *glance.of_signals(moves),
            *glance.of_promises(promised),
            *glance.of_recommendations(recommended),
            *glance.of_coverage(covered),
        ],
        evidence=heard,
        signals=moves,
        in_time=in_time(cut.of("complaint_timeliness", code)),
        ended=ended(cut.of("complaint_outcome", code)),
        findings=findings(cut.of("ombudsman_findings", code)),
        stories=told,
        texts=texts(cut.of("text_theme", code)),
        known=known(cut.of("known_already", code)),
        promises=promised,
        recommendations=recommended,
        activities=activities(cut.of("engagement_outcome", code)),
        coverage=covered,
    )


def _of_system(material: Material, pages: Sequence[OrganisationPage]) -> SystemPage:
    covered = coverage(material["feed_health"], material["answer_coverage"])
    recommended = recommendations(material["recommendations"])
    telling = [page for page in pages if page.promises or glance.of_changes(page.signals)]
    evidenced = material["theme_evidence"]
    newest = (
        evidenced["quarter_start_date"].drop_nulls().unique().sort(descending=True).head(QUARTERS).to_list()
        if evidenced is not None
        else []
    )
    return SystemPage(
        glance=[
            *glance.of_promises([promise for page in pages for promise in page.promises or ()]),
            *glance.of_recommendations(recommended),
            *glance.of_coverage(covered),
        ],
        telling=[
            InShort(page.organisation, glance.in_short(page.signals), " ".join(glance.of_promises(page.promises)) or "None recorded")
            for page in telling
        ],
        others=[page.organisation for page in pages if page not in telling],
        places=places(material["representativeness"], material.today),
        recommendations=recommended,
        coverage=covered,
        choices=Choices(
            [(key_of(quarter), words.quarter(quarter)) for quarter in newest],
            sorted(_theme_names(material).items(), key=lambda item: item[1]),
        ),
    )


def _known_as(cut: Slices, everybody: Sequence[Organisation]) -> dict[str, set[str]]:
    """The codes under which each organisation was known in what is published."""
    return {
        each.code: {each.code}.union(
            *(
                frame["organisation_ods_code"].drop_nulls().unique()
                for table in ("theme_evidence", "spc")
                if (frame := cut.of(table, each.code)) is not None and frame.height
            )
        )
        for each in everybody
    }


def _theme_names(material: Material) -> Mapping[str, str]:
    frames = [
        frame.select("theme_code", "theme_name") for table in ("theme_evidence", "known_already") if (frame := material[table]) is not None
    ]
    return dict(pl.concat(frames, how="vertical_relaxed").unique("theme_code").iter_rows()) if frames else {}
