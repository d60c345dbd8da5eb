"""Puts what was read for operators into HTML, in the page's own style and parts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from samepicture.operating.reading import LINES, FeedList, SubmissionList, SubmissionPage
from samepicture.page import words
from samepicture.page.rendering import ASSETS, templates
from samepicture.page.rendering import assets as assets_of_page
from samepicture.timings import STAGES, Timing

STYLES = ("nhsuk-frontend.css", "page.css", "operating.css")
SPANS = {
    "wait": "waited to be judged",
    "judge": "judged",
    "queue": "waited to be loaded",
    "load": "loaded",
    "pending": "waited for a build",
    "build": "built",
    "publish": "published",
}
PROBLEMS = {
    "late": "red",
    "missing": "red",
    "refused": "red",
    "failing": "red",
    "rejecting": "orange",
    "unreconciled": "orange",
    "drifting": "yellow",
}
"""Colours of tags, by kind of problem."""


def feed_list(found: FeedList, root: str) -> str:
    """The page of all feeds; `root` leads from it to the folder of all pages, as `../`."""
    return _html("feeds.jinja", root, found=found)


def submission_list(found: SubmissionList, root: str) -> str:
    """The page of the newest submissions."""
    return _html("submissions.jinja", root, found=found)


def submission(found: SubmissionPage, root: str, *, may_replay: bool = False, asked: str = "") -> str:
    """The page of one submission; `asked` is the run that is to replay it, where somebody has just asked for one."""
    return _html("submission.jinja", root, found=found, may_replay=may_replay, asked=asked)


def message(title: str, sentence: str, root: str) -> str:
    """A page that says one thing."""
    return _html("message.jinja", root, title=title, sentence=sentence)


@cache
def assets() -> Mapping[str, str]:
    """The stylesheets, by name."""
    found = {path.removeprefix(f"{ASSETS}/"): text for path, text in assets_of_page()}
    own = STYLES[-1]
    return {**{name: found[name] for name in STYLES[:-1]}, own: (Path(__file__).parent / ASSETS / own).read_text(encoding="utf-8")}


def minute(moment: datetime | None) -> str:
    """2026-11-25 14:02, in UTC; nothing for None."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else ""


def duration(seconds: float) -> str:
    """0.4 s, 12 s, 3 min 20 s, 5 h 2 min, 3 days 4 h."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, smaller, part in (("days", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            unit = "day" if unit == "days" and whole < 2 * size else unit
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def short(submission_id: str) -> str:
    """What tells a submission from others of its feed."""
    return submission_id.rpartition(".")[2][:8]


def bar(timing: Timing) -> list[tuple[str, float, float]]:
    """Stage, where its part of a bar of 100 begins, and how long it is."""
    parts, begin = [], 0.0
    for stage in STAGES:
        if timing.seconds and (seconds := timing.spans.get(stage, 0.0)):
            width = 100 * seconds / timing.seconds
            parts.append((stage, round(begin, 2), round(width, 2)))
            begin += width
    return parts


def _html(template: str, root: str, **more: Any) -> str:
    html: str = _templates().get_template(template).render(root=root, **more)
    return html


@cache
def _templates() -> Environment:
    found = templates(__package__)
    found.globals.update(
        bar=bar, duration=duration, minute=minute, short=short, some=words.some, SPANS=SPANS, STYLES=STYLES, PROBLEMS=PROBLEMS, LINES=LINES
    )
    return found
