"""What a digest says of invented material: what is new, what is withheld, where each figure leads."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.digest.comparing import FEW, Figures, evidence_of, new_evidence
from samepicture.digest.content import MOST, Digest, compose
from samepicture.digest.message import message
from samepicture.digest.reading import Outside, Read
from samepicture.page.content import content
from samepicture.page.reading import Material
from samepicture.page.rendering import pages
from samepicture.settings import SettingError
from tests.page.material import BUILT_AT, EARLIER, NASTY, QUARTER, everything, frame, material, series

WEEK = date(2026, 6, 29)
URL = "https://intranet.example.org/same-picture/"
NONE = Figures({}, [], {})
EASTVALE = {"organisation_ods_code": "RZE", "organisation_name": "EASTVALE HOSPITALS NHS TRUST", "current_ods_code": "RZE"}


def digest(found: Material, before: Figures | None = NONE, outside: list[Outside] | None = None) -> Digest:
    return compose(Read(found, outside), "nursing", WEEK, before)


def section(found: Digest, title: str) -> list[str]:
    (section,) = [section for _, sections in found.chapters for section in sections if section.title == title]
    return [item.text.replace("\u00a0", " ") for item in section.items] or [section.otherwise]


def evidence(**counts: int | None) -> list[dict[str, Any]]:
    """A cell for each source family."""
    return [{"source_family_code": family, "feedback_count": count} for family, count in counts.items()]


# -- new evidence -------------------------------------------------------------------------------

NEW = "Themes with most new evidence"


def figures(rows: list[dict[str, Any]]) -> Figures:
    return Figures(evidence_of(frame("theme_evidence", rows)), [], {})


def test_what_a_theme_gained_is_told_with_where_most_of_it_is() -> None:
    before = figures([*evidence(complaints=12, stories=7), {**EASTVALE, "feedback_count": 9}])
    now = [*evidence(complaints=20, stories=9, surveys=6), {**EASTVALE, "feedback_count": 12}]
    found = digest(material(theme_evidence=now), before)
    assert section(found, NEW) == [
        "Coordination, discharge and transitions: at least 19 more pieces of feedback in this quarter and the one before, "
        "most of them (16) at Northmoor Hospitals NHS Foundation Trust."
    ]
    assert found.chapters[0][1][0].items[0].path == "organisations/RZN.html?period=all&theme=T08#evidence"


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (12, 16),  # 4 more are too few to tell
        (None, 20),  # was withheld: what it gained can't be said
        (20, None),
        (20, 12),  # some were erased
        (12, 12),
    ],
)
def test_few_and_withheld_gains_are_not_told(then: int | None, now: int | None) -> None:
    found = digest(material(theme_evidence=evidence(complaints=now)), figures(evidence(complaints=then)))
    assert section(found, NEW) == ["Nothing new."]


def test_where_few_of_many_came_is_not_told() -> None:
    now = [*evidence(complaints=16), {**EASTVALE, "feedback_count": 12}]
    before = figures([*evidence(complaints=12), {**EASTVALE, "feedback_count": 9}])
    assert section(digest(material(theme_evidence=now), before), NEW) == [
        "Coordination, discharge and transitions: at least 7 more pieces of feedback in this quarter and the one before."
    ]


def test_a_new_quarter_is_new_and_older_ones_are_not_compared() -> None:
    long_ago = {"quarter_start_date": date(2025, 10, 1), "feedback_count": 50}
    before = figures([long_ago, {"quarter_start_date": EARLIER, "feedback_count": 30}])
    now = [
        {**long_ago, "feedback_count": 90},
        {"quarter_start_date": EARLIER, "feedback_count": 30},
        {"quarter_start_date": QUARTER, "feedback_count": 8},
    ]
    assert "at least 8 more" in section(digest(material(theme_evidence=now), before), NEW)[0]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["T01", "T02"]),
            st.sampled_from(["RZN", "RZE"]),
            st.one_of(st.none(), st.integers(5, 30)),
            st.one_of(st.none(), st.integers(5, 30)),
        ),
        max_size=12,
    )
)
def test_no_figure_that_is_told_is_small(cells: list[tuple[str, str, int | None, int | None]]) -> None:
    def rows(which: int) -> list[dict[str, Any]]:
        return [
            {"theme_code": cell[0], "organisation_ods_code": cell[1], "current_ods_code": cell[1], "source_family_code": str(place), "feedback_count": cell[which]}
            for place, cell in enumerate(cells)
        ]  # fmt: skip

    for each in new_evidence(frame("theme_evidence", rows(3)), figures(rows(2))):
        gained = {
            (place, theme): now - then
            for place, (theme, _, then, now) in enumerate(cells)
            if then is not None and now is not None and now > then
        }
        assert each.at_least == sum(gain for (_, theme), gain in gained.items() if theme == each.theme_code)
        assert each.at_least >= FEW
        assert each.most == 0 or FEW <= each.most <= each.at_least


# -- special causes -----------------------------------------------------------------------------

SPECIAL = "Measures that changed beyond chance"


def concern(**others: Any) -> list[dict[str, Any]]:
    return series(15, variation_code="concern", special_cause_code="outside_limits", **others)


def test_a_special_cause_is_new_once_and_stays_listed() -> None:
    found = material(
        spc=[
            *concern(),
            *series(15, setting_code="inpatient", variation_code="improvement", special_cause_code="trend"),
            *series(15, setting_code="gp"),
        ]
    )
    first = digest(found)
    said = [
        "Northmoor Hospitals NHS Foundation Trust, Friends and Family Test: good experience, A&E: Change for the worse. June 2026: 82.0%.",
        "Northmoor Hospitals NHS Foundation Trust, Friends and Family Test: good experience, inpatients and day cases: Change for the better. June 2026: 82.0%.",
    ]
    assert section(first, "New special causes") == section(first, SPECIAL) == said
    again = digest(found, first.figures)
    assert section(again, "New special causes") == ["Nothing new."]
    assert section(again, SPECIAL) == said
    turned = digest(material(spc=series(15, variation_code="improvement", special_cause_code="trend")), first.figures)
    assert "Change for the better" in section(turned, "New special causes")[0]


def test_a_value_that_is_withheld_stays_so() -> None:
    rows = concern()
    rows[-1] |= {"value": None, "is_suppressed": True}
    assert section(digest(material(spc=rows)), SPECIAL) == [
        "Northmoor Hospitals NHS Foundation Trust, Friends and Family Test: good experience, A&E: Change for the worse. June 2026: withheld."
    ]


# -- late and due -------------------------------------------------------------------------------


def test_complaints_answered_late_beside_the_digest_before() -> None:
    title = "Complaints answered after the agreed day"
    rows = [
        {"quarter_start_date": QUARTER, "answered_by_agreed_date_share": 0.7},
        {"quarter_start_date": EARLIER, "answered_by_agreed_date_share": 0.1},
        {**EASTVALE, "answered_by_agreed_date_share": None},
        {**EASTVALE, "organisation_ods_code": "RZX", "current_ods_code": "RZX", "answered_by_agreed_date_share": 1.0},
    ]
    first = digest(material(complaint_timeliness=rows))
    assert section(first, title) == ["Northmoor Hospitals NHS Foundation Trust: 30% of 30 complaints of April to June 2026."]
    rows[0]["answered_by_agreed_date_share"] = 0.6
    second = digest(material(complaint_timeliness=rows), first.figures)
    assert section(second, title) == [
        "Northmoor Hospitals NHS Foundation Trust: 40% of 30 complaints of April to June 2026 (30% in the digest before)."
    ]
    assert second.chapters[0][1][2].items[0].path == "organisations/RZN.html?period=2026-04&theme=all#complaints"


def test_late_ones_come_before_what_is_due_soon_and_what_is_far_off_waits() -> None:
    today = BUILT_AT.date()
    soon, far = today + timedelta(days=28), today + timedelta(days=29)
    recommendations = [
        {"recommendation_id": "far", "status_code": "due", "due_date": far},
        {"recommendation_id": "soon", "status_code": "due", "due_date": soon, "recommendation_number": 2},
        {"recommendation_id": "late"},
        {"recommendation_id": "done", "status_code": "answered"},
    ]
    actions = [{"action_key": "1"}, {"action_key": "2", "status_code": "open", "due_date": far}, {"action_key": "3", "status_code": "done"}]
    feeds = [{}, {"feed_id": "a", "feed_name": "Stories", "is_late": True}, {"feed_id": "b", "is_late": True, "is_active": False}]
    found = digest(material(recommendations=recommendations, loop_closure=actions, feed_health=feeds))
    assert section(found, "Healthwatch recommendations") == [
        "Late since 1 March 2026: recommendation 1 of ‘Leaving hospital’, Healthwatch Northmoor, to Northmoor Hospitals NHS Foundation Trust.",
        "Due on 7 August 2026: recommendation 2 of ‘Leaving hospital’, Healthwatch Northmoor, to Northmoor Hospitals NHS Foundation Trust.",
    ]
    assert section(found, "Actions") == [
        "Late since 17 May 2026: ‘Hot meal after six’, Northmoor Hospitals NHS Foundation Trust, Catering."
    ]
    assert section(found, "Feeds") == [
        "Late: Stories, from Northmoor Hospitals NHS Foundation Trust, read by nursing, last loaded on 9 July 2026."
    ]


def test_what_is_too_much_for_a_mail_is_counted() -> None:
    found = digest(material(loop_closure=[{"action_key": str(number)} for number in range(MOST + 3)]))
    assert section(found, "Actions")[-1] == "And 3 more."
    assert len(section(found, "Actions")) == MOST + 1


# -- nothing, and the first ----------------------------------------------------------------------


def test_empty_sections_say_so() -> None:
    text = message(digest(material()), URL).text
    for sentence in ("Nothing new.", "None is late.", "No measure is followed over time yet.", "None is late, or due within four weeks."):
        assert f"- {sentence}" in text
    assert section(digest(material(spc=series(15))), SPECIAL) == ["None: ups and downs are those of chance."]


def test_the_first_digest_says_that_it_is() -> None:
    found = digest(material(theme_evidence=evidence(complaints=50), spc=concern()), None)
    assert (
        section(found, NEW)
        == section(found, "New special causes")
        == ["This is the first digest here: from the next one on, it says what is new."]
    )
    assert "Change for the worse" in section(found, SPECIAL)[0]


def test_a_week_without_data_says_so() -> None:
    assert digest(material(feed_health=[{}])).fresh.replace("\u00a0", " ") == "Since 29 June 2026 something of 1 feed was loaded."
    quiet = replace(material(feed_health=[{}]))
    found = compose(Read(quiet, None), "comms", date(2026, 7, 13), NONE)
    assert found.fresh.replace("\u00a0", " ") == "Nothing was loaded since 13 July 2026: the figures are those of before."


def test_funnels_are_told_to_whom_may_see_them() -> None:
    outside = [Outside("New complaints a year per 1000 registered patients", "P1", "MOOR END SURGERY", True)]
    assert section(digest(material(), NONE, outside), "Organisations unlike the others, beyond chance") == [
        "Moor End Surgery: above the others. New complaints a year per 1000 registered patients."
    ]
    assert "unlike the others" not in message(digest(material()), URL).text


# -- the mail ------------------------------------------------------------------------------------


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        self.links += [value or "" for name, value in attributes if name == "href"]
        self.ids |= {value or "" for name, value in attributes if name == "id"}

    def handle_data(self, data: str) -> None:
        self.text += data


def full() -> Material:
    return everything(spc=concern(), theme_evidence=evidence(complaints=30), loop_closure=[{"title": " ".join(NASTY)}])


def test_every_figure_leads_to_its_place_on_the_page() -> None:
    found = full()
    written = message(digest(found), URL)
    html, page_of = Links(), dict(pages(found, content(found), lambda signal: "x.svg"))
    html.feed(written.html)
    assert len(html.links) > 5
    for link in html.links:
        assert link.startswith(URL)
        assert link in written.text
        path, _, anchor = link.removeprefix(URL).partition("#")
        there = Links()
        there.feed(page_of[path.split("?")[0]])
        assert not anchor or anchor in there.ids, link


def test_the_mail_fetches_nothing_and_runs_nothing() -> None:
    html = Links()
    html.feed(message(digest(full()), URL).html)
    assert html.tags <= {"html", "head", "meta", "title", "body", "h1", "h2", "h3", "p", "ul", "li", "a"}
    assert html.attributes <= {"lang", "charset", "href"}
    assert "<script>alert(1)</script>" in html.text, "it is there as a text"


def test_text_and_html_say_the_same() -> None:
    written = message(digest(full()), URL)
    html = Links()
    html.feed(written.html)
    said = re.sub(r"\s+", " ", html.text.replace("\u00a0", " "))
    lines = [line.removeprefix("- ") for line in written.text.splitlines() if line.startswith("- ")]
    assert lines
    for line in lines:
        assert re.sub(r"\s+", " ", line).strip() in said


def test_no_word_of_a_patient_is_in_it() -> None:
    written = message(digest(everything(consented_story=[{"title": "zqx title", "body": "zqx body"}])), URL)
    assert "zqx" not in written.text + written.html


def test_without_an_address_there_are_no_links() -> None:
    written = message(digest(full()), None)
    assert "href" not in written.html
    assert "ask your data team where it is" in written.text
    with pytest.raises(SettingError, match="SAMEPICTURE_PAGE_URL"):
        message(digest(full()), "javascript:alert(1)")
