"""The HTML itself: texts stay texts, nothing is asked of another host, and everything that is said is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from samepicture.page import rendering
from samepicture.page.content import content
from samepicture.page.edition import write
from samepicture.page.reading import Material
from tests.page.material import LONG_NAME, NASTY, everything, material

ALLOWED_SCRIPT = "../assets/page.js"
TEXTS = st.text(min_size=1, max_size=60) | st.sampled_from(NASTY)


def rendered(said: Material) -> dict[str, str]:
    return dict(rendering.pages(said, content(said), lambda _: "charts/none.svg"))


def nasty(text: str) -> Material:
    return everything(
        theme_evidence=[{"theme_name": text}],
        consented_story=[{"title": text, "body": text, "story_url": text}],
        recommendations=[{"recommendation_text": text, "report_title": text, "report_url": text, "local_healthwatch_name": text}],
        loop_closure=[{"title": text, "owner_role": text, "theme_names": text}],
        known_already=[{"theme_name": text, "source_families": text}],
        text_theme=[{"theme_name": text}],
        engagement_outcome=[{"activity_name": text, "place_name": text, "people_group_names": text, "channel_code": text}],
        feed_health=[{"feed_name": text, "publisher_name": text, "is_late": True}],
        ombudsman_findings=[{"decision_id": text, "decision_url": text}],
        representativeness=[{"group_name": text, "place_code": "p", "place_name": text}],
        answer_coverage=[{"question": text, "missing_source_names": text}],
    )


def skeleton(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Elements and the names of their attributes, in order; how many rows there are hangs on no text."""
    tree = HTMLParser(html)
    return [
        (node.tag, tuple(sorted(node.attributes)))
        for node in tree.css("*")
        if node.tag not in ("a", "li", "span", "details", "summary", "blockquote", "p", "div")
    ]


PLAIN = {path: skeleton(html) for path, html in rendered(nasty("plain")).items()}


@given(text=TEXTS)
@settings(max_examples=25)
def test_a_text_of_somebody_else_is_never_markup(text: str) -> None:
    for path, html in rendered(nasty(text)).items():
        assert skeleton(html) == PLAIN[path], f"{text!r} changes the elements of {path}"
        tree = HTMLParser(html)
        assert [node.attributes.get("src") for node in tree.css("script")] in ([ALLOWED_SCRIPT], [ALLOWED_SCRIPT.removeprefix("../")])
        assert all(not name.startswith("on") and name != "style" for node in tree.css("*") for name in node.attributes)
        for node in tree.css("a"):
            href = node.attributes["href"] or ""
            assert re.match(r"https?://|#|(\.\./)?(index|organisations/\w+)\.html|$", href), href


def test_a_link_of_another_scheme_is_no_link() -> None:
    html = rendered(nasty("javascript:alert(1)"))["organisations/RZN.html"]
    assert "javascript:" in html
    assert 'href="javascript:' not in html


def test_a_file_is_named_by_a_code_only_where_it_looks_like_one() -> None:
    found = rendered(material(complaint_timeliness=[{"current_ods_code": "../../x", "organisation_ods_code": "../../x"}]))
    assert all(re.fullmatch(r"index\.html|organisations/[0-9A-Za-z]+\.html", path) for path in found), list(found)


def test_every_section_is_there_or_says_that_it_is_not_there_yet() -> None:
    html = rendered(
        everything(**{name: None for name in everything().tables if name not in ("feed_health", "answer_coverage", "complaint_timeliness")})
    )
    page = HTMLParser(html["organisations/RZN.html"])
    assert len(page.css("section.sp-section")) == 9
    assert page.text().count("This is not there yet") == 7  # all but complaints and what is missing
    assert "This is not there yet" in html["index.html"]


def test_what_is_withheld_stands_in_words_in_every_cell() -> None:
    found = rendered(everything(theme_evidence=[{"feedback_count": None}], complaint_timeliness=[{"complaint_count": None}]))
    page = HTMLParser(found["organisations/RZN.html"])
    for cell in page.css("td"):
        assert cell.text(strip=True), cell.html
    assert "None" not in page.body.text()


def test_nothing_is_asked_of_another_host(tmp_path: Path) -> None:
    write(everything(), tmp_path / "edition")
    files = [path for path in (tmp_path / "edition").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".html", ".css", ".js", ".svg"}
    for path in files:
        text = path.read_text()
        if path.suffix == ".css":
            assert not re.search(r"url\(\s*['\"]?(https?:)?//|@import|@font-face", text), path
        if path.suffix == ".html":
            tree = HTMLParser(text)
            assert not [
                node for node in tree.css("[src], link") if "//" in (node.attributes.get("src") or node.attributes.get("href") or "")
            ]
            policy = tree.css_first('meta[http-equiv="Content-Security-Policy"]').attributes["content"]
            assert policy == rendering.POLICY
        if path.suffix == ".svg":
            assert "<script" not in text


def test_the_stylesheet_is_that_of_the_macros() -> None:
    """Macros of one version with the styles of another would look right and be wrong."""
    sheet = dict(rendering.assets())["assets/nhsuk-frontend.css"]
    assert sheet.startswith("/*! NHS.UK frontend 10.4.")  # nhsuk-frontend-jinja 0.8.0 is made for 10.4
    for component in ("nhsuk-tag", "nhsuk-skip-link", "nhsuk-button", "nhsuk-table", "nhsuk-details", "nhsuk-select", "nhsuk-inset-text"):
        assert f".{component}" in sheet


def test_long_names_are_whole() -> None:
    html = rendered(material(theme_evidence=[{"organisation_name": LONG_NAME}]))
    assert LONG_NAME in html["index.html"]


def test_the_charts_say_in_words_what_they_show() -> None:
    page = HTMLParser(rendered(everything())["organisations/RZN.html"])
    (chart,) = page.css("img")
    text: Any = chart.attributes["alt"]
    assert text.startswith("Chart: Friends and Family Test: good experience, A&E, April 2025 to June 2026. No real change.")
    assert len(page.css(".sp-signal details tbody tr")) == 15
