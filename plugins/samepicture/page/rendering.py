"""Puts what is said into HTML: one page of the whole system, one of each organisation."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import files, version
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import ChainableUndefined, Environment, PackageLoader, StrictUndefined

from samepicture.page import charts, complaints, coverage, evidence, glance, heard, promises, signals, stories, words
from samepicture.page.organisations import Organisation, Slices, organisations, slices
from samepicture.page.reading import Material

HERE = Path(__file__).parent
OWN_ASSETS = ("page.css", "page.js")
STYLESHEET = "nhsuk-frontend.css"
WEB_FONTS = re.compile(r"@font-face\{[^}]*\}|/\*# sourceMappingURL=[^*]*\*/")
"""Of the stylesheet: fonts that another host serves, and a file that is not here."""
COMPONENTS = {"skip_link": "skip-link", "header": "header", "breadcrumb": "breadcrumb", "tag": "tag", "select": "select", "button": "button"}
"""Of NHS.UK frontend, by the name under which templates call them."""
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'"
"""Nothing comes from another host, and no text of a story could run as a script."""
INDEX, FOLDER, ASSETS = "index.html", "organisations", "assets"

Draw = Callable[[signals.Signal], str]


@dataclass(frozen=True)
class System:
    """What the page of the whole system says."""

    organisations: Sequence[tuple[Organisation, str, str]]
    """With what changed beyond chance, and how promises stand."""
    recommendations: Sequence[promises.Recommendation] | None
    places: Sequence[heard.Place] | None
    coverage: coverage.Coverage
    glance: Sequence[str]


@dataclass(frozen=True)
class OnePage:
    """What the page of one organisation says."""

    organisation: Organisation
    evidence: evidence.Evidence | None
    signals: Sequence[tuple[signals.Signal, str]] | None
    """With the chart's path; empty for a series that is not drawn."""
    in_time: Sequence[complaints.Row] | None
    ended: Sequence[complaints.Row] | None
    findings: Sequence[complaints.Finding] | None
    stories: Sequence[stories.Story] | None
    known: Sequence[evidence.Known] | None
    promises: Sequence[promises.Promise] | None
    recommendations: Sequence[promises.Recommendation] | None
    activities: Sequence[promises.Activity] | None
    coverage: coverage.Coverage
    glance: Sequence[str]


def pages(material: Material, draw: Draw) -> Iterator[tuple[str, str]]:
    """Path and HTML of each page; `draw` draws a signal, and says where the drawing lies."""
    everybody = organisations(material)
    cut = slices(material)
    found_signals = {each.code: signals.signals(cut.of("spc", each.code)) for each in everybody}
    found_promises = {each.code: promises.promises(cut.of("loop_closure", each.code)) for each in everybody}
    all_stories = stories.stories(material["consented_story"], _codes(cut, everybody), _theme_names(material))
    names = {each.name.lower() for each in everybody}
    options = [each for each in everybody]
    for each in everybody:
        page = _one(material, cut, each, found_signals[each.code], found_promises[each.code], all_stories, names - {each.name.lower()}, draw)
        yield f"{FOLDER}/{each.file_name}", _html("organisation.jinja", material, "../", everybody=options, page=page, choices=_choices(page))
    system = _system(material, everybody, found_signals, found_promises)
    yield INDEX, _html("system.jinja", material, "", everybody=options, page=system, choices=_all_choices(material))


def assets() -> Iterator[tuple[str, str]]:
    """Path and content of the stylesheets and the script."""
    found = next(path for path in files("wagtail-nhsuk-frontend") or () if path.match("css/nhsuk-frontend-*.min.css"))
    release = found.name.removeprefix("nhsuk-frontend-").removesuffix(".min.css")
    notice = f"/*! NHS.UK frontend {release}, MIT licence, https://github.com/nhsuk/nhsuk-frontend */\n"
    yield f"{ASSETS}/{STYLESHEET}", notice + WEB_FONTS.sub("", Path(str(found.locate())).read_text(encoding="utf-8"))
    for name in OWN_ASSETS:
        yield f"{ASSETS}/{name}", (HERE / ASSETS / name).read_text(encoding="utf-8")


def _one(
    material: Material,
    cut: Slices,
    organisation: Organisation,
    found_signals: list[signals.Signal] | None,
    found_promises: list[promises.Promise] | None,
    all_stories: Mapping[str, list[stories.Story]] | None,
    others: Collection[str],
    draw: Draw,
) -> OnePage:
    code = organisation.code
    found_evidence = evidence.evidence(cut.of("theme_evidence", code))
    recommendations = promises.recommendations(promises.addressed_to(material["recommendations"], [organisation.name]))
    covered = coverage.coverage(material["feed_health"], material["answer_coverage"], others)
    return OnePage(
        organisation=organisation,
        evidence=found_evidence,
        signals=[(each, draw(each) if each.is_drawn else "") for each in found_signals] if found_signals is not None else None,
        in_time=complaints.in_time(cut.of("complaint_timeliness", code)),
        ended=complaints.ended(cut.of("complaint_outcome", code)),
        findings=complaints.findings(cut.of("ombudsman_findings", code)),
        stories=all_stories[code] if all_stories is not None else None,
        known=evidence.known(cut.of("known_already", code)),
        promises=found_promises,
        recommendations=recommendations,
        activities=promises.activities(cut.of("engagement_outcome", code)),
        coverage=covered,
        glance=[
            *glance.of_evidence(found_evidence),
            *glance.of_signals(found_signals),
            *glance.of_promises(found_promises),
            *glance.of_recommendations(recommendations),
            *glance.of_coverage(covered),
        ],
    )


def _system(
    material: Material,
    everybody: Sequence[Organisation],
    found_signals: Mapping[str, list[signals.Signal] | None],
    found_promises: Mapping[str, list[promises.Promise] | None],
) -> System:
    covered = coverage.coverage(material["feed_health"], material["answer_coverage"])
    recommendations = promises.recommendations(material["recommendations"])
    return System(
        organisations=[
            (
                each,
                " ".join(glance.of_signals(found_signals[each.code])) or "No measure over time",
                " ".join(glance.of_promises(found_promises[each.code])) or "None recorded",
            )
            for each in everybody
        ],
        recommendations=recommendations,
        places=heard.places(material["representativeness"]),
        coverage=covered,
        glance=[
            *glance.of_promises([promise for found in found_promises.values() for promise in found or ()]),
            *glance.of_recommendations(recommendations),
            *glance.of_coverage(covered),
        ],
    )


def _codes(cut: Slices, everybody: Sequence[Organisation]) -> dict[str, set[str]]:
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


def _theme_names(material: Material) -> dict[str, str]:
    frames = [frame for table in ("theme_evidence", "known_already") if (frame := material[table]) is not None]
    return dict(pl.concat([frame.select("theme_code", "theme_name") for frame in frames]).unique("theme_code").iter_rows()) if frames else {}


def _choices(page: OnePage) -> dict[str, list[tuple[str, str]]]:
    """Periods and themes of one organisation, as value and text."""
    quarters = {quarter.key: quarter.label for quarter in page.evidence.quarters} if page.evidence else {}
    themes = {theme.code: theme.name for theme in page.evidence.themes} if page.evidence else {}
    themes |= {known.code: known.name for known in page.known or ()}
    return {"periods": list(quarters.items()), "themes": sorted(themes.items(), key=lambda item: item[1])}


def _all_choices(material: Material) -> dict[str, list[tuple[str, str]]]:
    frame = material["theme_evidence"]
    newest = frame["quarter_start_date"].drop_nulls().unique().sort(descending=True).head(8).to_list() if frame is not None else []
    return {
        "periods": [(evidence.key_of(quarter), words.quarter(quarter)) for quarter in newest],
        "themes": sorted(_theme_names(material).items(), key=lambda item: item[1]),
    }


def _html(template: str, material: Material, root: str, **said: Any) -> str:
    return _templates().get_template(template).render(
        root=root, today=words.day(material.today), at=f"{material.built_at:%H:%M}", policy=POLICY, folder=FOLDER, assets=ASSETS, **said
    )


@cache
def _templates() -> Environment:
    """Every text is escaped. NHS.UK frontend's macros come from an environment of their own, for they count on missing values."""
    nhsuk = Environment(loader=PackageLoader("nhsuk_frontend_jinja"), undefined=ChainableUndefined, autoescape=True)
    own = Environment(loader=PackageLoader("samepicture.page"), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    for name, folder in COMPONENTS.items():
        module: Any = nhsuk.get_template(f"nhsuk/components/{folder}/macro.jinja").module
        macro = "".join(part.capitalize() if place else part for place, part in enumerate(folder.split("-")))
        own.globals[name] = getattr(module, macro)
    own.globals.update(complaints=complaints, words=words, frontend=version("nhsuk-frontend-jinja"))
    return own
